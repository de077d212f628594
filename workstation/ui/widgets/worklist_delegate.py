"""Paints the worklist's cells; no widget lies in any cell."""

# ruff: noqa: FBT001 - "selected" is part of the one signature that all cell painters share

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from resources.translation import tr
from workstation.domain.workitem import AiState, Priority, WorklistRow
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.paint import V_CENTRE
from workstation.ui.theme import current_theme
from workstation.ui.widgets import worklist_words as words
from workstation.ui.widgets.worklist_columns import COLUMNS, Column
from workstation.ui.widgets.worklist_model import WorklistModel

_PADDING = 8
_LOCKED = 0.5
_CENTRE = Qt.AlignmentFlag.AlignCenter


class WorklistDelegate(QStyledItemDelegate):
    """One painter for all columns; the page tells it the hovered and the current row."""

    def __init__(self, model: WorklistModel) -> None:
        super().__init__()
        self._model = model
        self.hovered = -1
        self.selected = -1
        self.keyboard = False
        """True while the keyboard moves the selection: the row then carries the two focus lines."""
        self._painters: dict[Column, Callable[[QPainter, QRectF, WorklistRow, bool], None]] = {
            Column.PRIORITY: self._priority,
            Column.TIME_LEFT: self._timer,
            Column.STATE: self._state,
            Column.AI: self._ai,
            Column.PATIENT: self._patient,
            Column.MODALITY: self._modality,
            Column.IMAGES: self._images,
            Column.READER: self._reader,
            Column.GRADE: self._grade,
            Column.CRITICAL: self._critical,
        }

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one cell."""
        theme = current_theme()
        at = index.row()
        row = self._model.row_at(at)
        column = COLUMNS[index.column()]
        box = QRectF(option.rect)
        selected = at == self.selected
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(box, theme.color("sel" if selected else "bg2" if at == self.hovered else "bg0"))
        if selected and self.keyboard:
            painter.fillRect(QRectF(box.left(), box.top(), box.width(), 2), theme.color("acc"))
            painter.fillRect(QRectF(box.left(), box.bottom() - 2, box.width(), 2), theme.color("acc"))
        else:
            painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme.color("row.line"))
        if words.held_by_other(row, self._model.user_id):
            painter.setOpacity(_LOCKED)
        inner = box.adjusted(_PADDING, 0, -_PADDING, -1)
        self._cell(painter, inner, row, column, selected=selected)
        painter.restore()

    def _cell(self, painter: QPainter, box: QRectF, row: WorklistRow, column: Column, *, selected: bool) -> None:
        special = self._painters.get(column)
        if special is not None:
            special(painter, box, row, selected)
        elif column is Column.PRIORS:
            self._plain(painter, box, self._model.cell_text(row, column), "t2", _CENTRE)
        else:
            tone = "t1" if column is Column.DESCRIPTION else "t2"
            self._plain(painter, box, self._model.cell_text(row, column), tone)

    @staticmethod
    def _state(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        kind, icon = words.STATE_LOOK[row.state]
        paint.paint_chip(painter, box, kind, icon, words.state_word(row.state))

    @staticmethod
    def _modality(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        paint.paint_chip(painter, box, "outline", "", row.modality)

    @staticmethod
    def _critical(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        if row.critical:
            paint.paint_chip(painter, box, "bad", "alarm-warning", tr("Critical"), weight=600)

    @staticmethod
    def _plain(painter: QPainter, box: QRectF, value: str, tone: str,
               align: Qt.AlignmentFlag = V_CENTRE) -> None:  # fmt: skip
        shown = paint.elided(value, int(box.width()) + 1) if len(value) > 4 else value
        paint.text(painter, box, shown, tone=tone, align=align)

    @staticmethod
    def _priority(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        theme = current_theme()
        tone = {Priority.HIGH: "bad", Priority.MEDIUM: "warn", Priority.LOW: "t2"}[row.priority]
        left = box.left() - _PADDING
        if row.priority is not Priority.LOW:
            paint.stripe(painter, QRectF(left, box.top(), 8, box.height() + 1), theme.color(tone))
        mark = QRectF(left + 12, box.top(), 14, box.height())
        paint.priority_mark(painter, mark.center(), row.priority)
        paint.text(painter, QRectF(left + 32, box.top(), box.width(), box.height()), words.priority_word(row.priority),
                   tone=tone, weight=None if row.priority is Priority.LOW else 600)  # fmt: skip

    def _timer(self, painter: QPainter, box: QRectF, row: WorklistRow, selected: bool) -> None:
        if row.state in words.STOPPED:
            self._plain(painter, box, tr("Clock stopped"), "t2" if selected else "t3")
            return
        whole = int((row.due - row.arrived).total_seconds())
        paint.timer(painter, box, paint.timer_look(self._model.left_s(row), whole))

    def _ai(self, painter: QPainter, box: QRectF, row: WorklistRow, selected: bool) -> None:
        ai = row.ai
        quiet = "t2" if selected else "t3"
        if ai.state is AiState.DONE and ai.finding_count:
            self._ai_marks(painter, box, row)
            return
        icon, tone = {
            AiState.NOT_APPLICABLE: ("", quiet),
            AiState.QUEUED: ("time", "t2"),
            AiState.RUNNING: ("robot", "t2"),
            AiState.FAILED: ("error-warning", "warn"),
            AiState.DONE: ("checkbox-circle", "t2"),
        }[ai.state]
        left = box.left()
        if icon:
            glyph = "ai" if ai.state is AiState.RUNNING else tone
            paint_icon(painter, QRectF(left, box.center().y() - 7, 14, 14), icon, current_theme().color(glyph))
            left += 20
        text = words.ai_word(row)
        room = QRectF(left, box.top(), box.right() - left, box.height())
        self._plain(painter, room, text, tone)
        if ai.state is AiState.RUNNING:
            start = left + paint.metrics().horizontalAdvance(text) + 8
            width = min(44.0, box.right() - start)
            if width > 12:
                paint.progress(painter, QRectF(start, box.center().y() - 1.5, width, 3), ai.progress, "ai")

    @staticmethod
    def _ai_marks(painter: QPainter, box: QRectF, row: WorklistRow) -> None:
        count = words.marks_word(row.ai.finding_count)
        paint.text(painter, box, count, tone="ai", weight=600)
        left = box.left() + paint.metrics("body", 600).horizontalAdvance(count) + 7
        top = words.top_word(row)
        if top:
            paint.text(painter, QRectF(left, box.top(), box.right() - left, box.height()), top, tone="t2")
            left += paint.metrics().horizontalAdvance(top) + 7
            if left + 39 <= box.right() + _PADDING:
                paint.ten_ticks(painter, left, box.center().y(), row.ai.top_out_of_ten or 0)

    def _patient(self, painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        theme = current_theme()
        if self._model.is_new(row):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("acc"))
            painter.drawEllipse(QRectF(box.left() - 7, box.center().y() - 3, 6, 6))
        extra = words.sex_age(row) if self._model.joined else ""
        extra_width = paint.metrics().horizontalAdvance(extra) + 8 if extra else 0
        name = paint.elided(row.patient_name, int(box.width() - extra_width))
        paint.text(painter, box, name, tone="t0", weight=500)
        if extra:
            start = box.left() + paint.metrics("body", 500).horizontalAdvance(name) + 8
            paint.text(
                painter, QRectF(start, box.top(), box.right() - start + _PADDING, box.height()), extra, tone="t2"
            )

    @staticmethod
    def _images(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        whole, here = row.images_expected, row.images_received
        if here >= whole:
            paint.text(painter, box, str(here), tone="t2")
            return
        got = str(here)
        upper = QRectF(box.left(), box.center().y() - 12, box.width(), 18)
        paint.text(painter, upper, got, role="caption", tone="t1")
        rest = QRectF(upper.left() + paint.metrics("caption").horizontalAdvance(got), upper.top(), 60, 18)
        paint.text(painter, rest, f"/{whole}", role="caption", tone="t2")
        paint.progress(painter, QRectF(box.left(), box.center().y() + 7, box.width(), 3), here / whole, "acc")

    def _reader(self, painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        if not row.reader_name:
            return
        mine = row.reader_id == self._model.user_id
        icon, tone = ("user", "acc") if mine else ("lock", "t2")
        if mine or words.held_by_other(row, self._model.user_id):
            paint_icon(painter, QRectF(box.left(), box.center().y() - 7, 14, 14), icon, current_theme().color(tone))
            box = box.adjusted(19, 0, 0, 0)
        name = tr("{name} (me)", name=row.reader_name) if mine else row.reader_name
        self._plain(painter, box, name, tone)

    def _grade(self, painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        tint = words.GRADE_TINT.get(row.quality_grade)
        if tint is None:
            self._plain(painter, box, "—", "t2")
            return
        paint.paint_chip(painter, box, tint, "", words.grade_word(row.quality_grade))
