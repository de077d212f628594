"""Paints the worklist's cells into pictures and keeps them; no widget lies in any cell."""

# ruff: noqa: FBT001 - "selected" is part of the one signature that all cell painters share

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from resources.translation import tr
from workstation.domain.workitem import AiState, Priority, WorklistRow
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.paint import V_CENTRE
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.theme import Theme, current_theme
from workstation.ui.widgets import worklist_words as words
from workstation.ui.widgets.worklist_columns import Column
from workstation.ui.widgets.worklist_model import WorklistModel

_PADDING: Final = 8
_BESIDE: Final = 8
_DATED: Final = 104
"""Least room of a description that gives some of it to the day"""
_TWO_LINES: Final = 30
"""Least height of a cell with two lines: a dense row less its hairline has 31"""
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LOCKED: Final = 0.5
_KEPT_BYTES: Final = 48 * 2**20
"""About 2000 cells at 100 %, some six screens."""
_BAR_STEPS: Final = 176
"""Half pixels of the 88 px bar under a timer."""
_CENTRE: Final = Qt.AlignmentFlag.AlignCenter


class _Look(NamedTuple):
    """Everything a painted cell depends on; equal looks share one picture. A tuple because it is hashed so often."""

    column: Column
    text: str
    extra: object
    width: int
    height: int
    ratio: float
    ground: str
    locked: bool
    theme: Theme


class WorklistCells:
    """
    Paints cells and keeps their pictures, for painting a text anew costs fifty times a copy.

    Call on the main thread.
    """

    def __init__(self, model: WorklistModel) -> None:
        self._model = model
        self._kept: OrderedDict[_Look, QImage] = OrderedDict()
        self.kept_bytes = 0
        """Memory of the kept pictures."""
        self._painters: dict[Column, Callable[[QPainter, QRectF, WorklistRow, bool], None]] = {
            Column.PRIORITY: self._priority,
            Column.TIME_LEFT: self._timer,
            Column.STATE: self._state,
            Column.AI: self._ai,
            Column.PATIENT: self._patient,
            Column.MODALITY: self._modality,
            Column.DESCRIPTION: self._description,
            Column.IMAGES: self._images,
            Column.READER: self._reader,
            Column.GRADE: self._grade,
            Column.CRITICAL: self._critical,
        }

    def picture(self, row: WorklistRow, column: Column, size: tuple[int, int], ratio: float, *, ground: str) -> QImage:
        """
        Return an opaque cell with the hairline under it.

        Args:
            row: the case.
            column: what is shown of it.
            size: width and height in logical pixels.
            ratio: device pixels per logical pixel.
            ground: colour token of the background; ``sel`` means selected.
        """
        locked = words.held_by_other(row, self._model.user_id)
        text = self._model.cell_text(row, column)
        look = _Look(column, text, self._extra(row, column), *size, ratio, ground, locked, current_theme())
        image = self._kept.get(look)
        if image is None:
            image = self._painted(row, look)
            self._keep(look, image)
        else:
            self._kept.move_to_end(look)
        return image

    def _extra(self, row: WorklistRow, column: Column) -> object:
        """Return what the picture of a cell depends on beside its words."""
        if column is Column.PATIENT:
            return self._model.is_new(row)
        if column is Column.READER:
            return row.reader_id == self._model.user_id
        if column is Column.TIME_LEFT and row.state not in words.STOPPED:
            look = self._model.timer_look(row)
            return look.tone, round(look.fraction * _BAR_STEPS)
        return None

    def _keep(self, look: _Look, image: QImage) -> None:
        self._kept[look] = image
        self.kept_bytes += image.sizeInBytes()
        while self.kept_bytes > _KEPT_BYTES:
            self.kept_bytes -= self._kept.popitem(last=False)[1].sizeInBytes()

    def _painted(self, row: WorklistRow, look: _Look) -> QImage:
        theme = current_theme()
        image = QImage(
            math.ceil(look.width * look.ratio), math.ceil(look.height * look.ratio), QImage.Format.Format_RGB32
        )
        image.setDevicePixelRatio(look.ratio)
        image.fill(theme.color(look.ground))
        with QPainter(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(0, 0, look.width, look.height)
            painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), theme.color("row.line"))
            if look.locked:
                painter.setOpacity(_LOCKED)
            inner = box.adjusted(_PADDING, 0, -_PADDING, -1)
            self._cell(painter, inner, row, look.column, selected=look.ground == "sel")
        return image

    def _cell(self, painter: QPainter, box: QRectF, row: WorklistRow, column: Column, *, selected: bool) -> None:
        special = self._painters.get(column)
        if special is not None:
            special(painter, box, row, selected)
        elif column is Column.PRIORS:
            self._plain(painter, box, self._model.cell_text(row, column), "t2", _CENTRE)
        else:
            self._plain(painter, box, self._model.cell_text(row, column), "t2")

    @staticmethod
    def _state(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        kind, icon = words.STATE_LOOK[row.state]
        paint.paint_chip(painter, box, kind, icon, words.state_word(row.state))

    def _description(self, painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        told = words.CELLS[Column.DESCRIPTION](row)
        day = words.study_day(row) if self._model.dated and box.width() >= _DATED else ""
        taken = paint.metrics().horizontalAdvance(day) + _BESIDE if day else 0
        if paint.metrics().horizontalAdvance(told) > box.width() - taken and box.height() >= _TWO_LINES:
            self._in_two_lines(painter, box, told, day)
            return
        paint.text(painter, box, day, tone="t2", align=_RIGHT)
        self._plain(painter, box.adjusted(0, 0, -taken, 0), told, "t1")

    @staticmethod
    def _in_two_lines(painter: QPainter, box: QRectF, told: str, day: str) -> None:
        """Paint what is too long for one line in two smaller ones; the day ends the lower or begins it."""
        width = int(box.width())
        taken = paint.metrics("caption").horizontalAdvance(day) + _BESIDE if day else 0
        middle, line = box.center().y(), _TWO_LINES / 2
        upper = QRectF(box.left(), middle - line, box.width(), line)
        lower = upper.translated(0, line)
        first, second = paint.in_two_lines(told, width, width - taken, "caption")
        paint.text(painter, upper, first, role="caption", tone="t1")
        paint.text(painter, lower, second, role="caption", tone="t1")
        paint.text(painter, lower, day, role="caption", tone="t2", align=_RIGHT if second else V_CENTRE)

    @staticmethod
    def _modality(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        word = words.modality_word(row)
        if paint.chip_width("", word) <= box.width():
            paint.paint_chip(painter, box, "outline", "", word)
        else:  # rather without its frame than cut
            paint.text(painter, box.adjusted(0, 0, _PADDING, 0), word, role="caption", tone="t2")

    def _critical(self, painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        if row.critical:
            shown = self._model.cell_text(row, Column.CRITICAL)
            icon = "alarm-warning" if row.critical_due is None else ""  # the column has no room for icon and time
            paint.paint_chip(painter, box, "bad", icon, shown, weight=600)

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
        paint.timer(painter, box, self._model.timer_look(row))

    def _ai(self, painter: QPainter, box: QRectF, row: WorklistRow, selected: bool) -> None:
        ai = row.ai
        quiet = "t2" if selected else "t3"
        if ai.tells_marks:
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
        name, extra = name_and_extra(row, int(box.width())) if self._model.joined else (row.patient_name, "")
        name = paint.elided(name_or_placeholder(name), int(box.width()))
        paint.text(painter, box, name, tone="t0", weight=500)
        if extra:
            start = box.left() + paint.metrics("body", 500).horizontalAdvance(name) + _BESIDE
            paint.text(
                painter, QRectF(start, box.top(), box.right() - start + _PADDING, box.height()), extra, tone="t2"
            )

    @staticmethod
    def _images(painter: QPainter, box: QRectF, row: WorklistRow, _selected: bool) -> None:
        whole, here = row.images_expected, row.images_received
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if here >= whole:
            paint.text(painter, box, str(here), tone="t2", align=right)
            return
        rest = f"/{whole}"
        upper = QRectF(box.left(), box.center().y() - 12, box.width(), 18)
        paint.text(painter, upper, rest, role="caption", tone="t2", align=right)
        got = upper.adjusted(0, 0, -paint.metrics("caption").horizontalAdvance(rest), 0)
        paint.text(painter, got, str(here), role="caption", tone="t1", align=right)
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


def name_and_extra(row: WorklistRow, width: int) -> tuple[str, str]:
    """Return the name and, beside it, sex and age for ``width`` pixels: these are said shorter before it is cut."""
    name = name_or_placeholder(row.patient_name)
    whole = paint.metrics("body", 500).horizontalAdvance(name)
    body = paint.metrics()
    extra = words.sex_age(row)
    if whole + _BESIDE + body.horizontalAdvance(extra) > width:
        extra = words.sex_age(row, short=True)
    return paint.elided(name, width - (body.horizontalAdvance(extra) + _BESIDE if extra else 0)), extra
