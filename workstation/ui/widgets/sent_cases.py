"""The own site's cases with their states: a list that is updated in place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from resources.translation import tr
from workstation.domain.workitem import ReadingState, WorklistRow
from workstation.ui import paint
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, Panel, label
from workstation.ui.widgets.worklist_words import GRADE_TINT, grade_word, modality_word

_ROW: Final = 40
_INDEX = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()


class SentCases(Panel):
    """``chosen(study_instance_uid)`` on click and Enter; ``grade_requested(WorklistRow)`` for the selected one."""

    chosen = Signal(str)
    grade_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Sent studies"))
        self._count = ChipLabel("", "neutral")
        self.header.insertWidget(1, self._count)
        self._count.hide()
        self._model = _Cases()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_CaseDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName(tr("Sent studies"))
        self.list.clicked.connect(self._choose)
        self.list.activated.connect(self._choose)
        self.grade = Button(tr("Grade images…"), "ghost", icon="image-edit", small=True)
        self.grade.clicked.connect(self._grade)
        self.header.addWidget(self.grade)
        self.list.selectionModel().currentChanged.connect(lambda _new, _old: self._may_grade())
        self._may_grade()
        self._empty = label(tr("Nothing sent yet"), "body", "t3")
        self._empty.setContentsMargins(12, 12, 12, 12)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self._empty)
        self.body.addWidget(self.list, 1)
        self.list.hide()

    def show_rows(self, rows: Sequence[WorklistRow]) -> None:
        """Show these cases; selection, focus and scroll position stay."""
        self._model.show_rows(rows)
        self._empty.setVisible(not rows)
        self.list.setVisible(bool(rows))
        self._count.setVisible(bool(rows))
        self._count.show_chip(str(len(rows)), "neutral")
        self._may_grade()

    def state_of(self, study_instance_uid: str) -> str:
        """Return the state word shown for a study; KeyError when it is not listed."""
        return state_chip(self._model.row_of(study_instance_uid).state)[0]

    def count(self) -> int:
        """Return how many cases are listed."""
        return self._model.rowCount()

    def _current(self) -> WorklistRow | None:
        at = self.list.currentIndex()
        return self._model.rows[at.row()] if at.isValid() and at.row() < len(self._model.rows) else None

    def _may_grade(self) -> None:
        row = self._current()
        arriving = row is not None and row.state is ReadingState.RECEIVING
        why = tr("The images are still arriving") if arriving else tr("Choose a study first")
        self.grade.enable(row is not None and not arriving, why)

    def _grade(self) -> None:
        row = self._current()
        if row is not None:
            self.grade_requested.emit(row)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._model.rows[index.row()].study_instance_uid)


class _Cases(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[WorklistRow] = []

    def rowCount(self, parent: _INDEX = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _INDEX, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's type
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            parts = (_who(row), f"{modality_word(row)} {row.description}", _day(row), state_chip(row.state)[0])
            return " · ".join(part for part in parts if part)
        return None

    def row_of(self, study_instance_uid: str) -> WorklistRow:
        for row in self.rows:
            if row.study_instance_uid == study_instance_uid:
                return row
        raise KeyError(study_instance_uid)

    def show_rows(self, rows: Sequence[WorklistRow]) -> None:
        """Take over the new rows with as few moves as the view needs to keep its place."""
        if not self.rows or not rows:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return
        wanted = {row.study_instance_uid for row in rows}
        for at in reversed(range(len(self.rows))):
            if self.rows[at].study_instance_uid not in wanted:
                self.beginRemoveRows(QModelIndex(), at, at)
                del self.rows[at]
                self.endRemoveRows()
        for at, row in enumerate(rows):
            uid = row.study_instance_uid
            old = next((n for n, r in enumerate(self.rows) if r.study_instance_uid == uid), None)
            if old is None:
                self.beginInsertRows(QModelIndex(), at, at)
                self.rows.insert(at, row)
                self.endInsertRows()
                continue
            if old != at:
                self.beginMoveRows(QModelIndex(), old, old, QModelIndex(), at)
                self.rows.insert(at, self.rows.pop(old))
                self.endMoveRows()
            if self.rows[at] != row:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at), self.index(at))


class _CaseDelegate(QStyledItemDelegate):
    def sizeHint(self, _option: QStyleOptionViewItem, _index: _INDEX) -> QSize:
        return QSize(240, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _INDEX) -> None:
        row: WorklistRow = index.data(Qt.ItemDataRole.UserRole)
        theme = current_theme()
        box = QRectF(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, theme.color("sel"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, theme.color("bg2"))
        painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme.color("row.line"))
        quiet = "t2" if state & QStyle.StateFlag.State_Selected else "t3"
        word, kind, icon = state_chip(row.state)
        chip = paint.chip_width(icon, word)
        height = theme.px("chip")
        right = box.right() - 12
        paint.paint_chip(painter, QRectF(right - chip, box.center().y() - height / 2, chip, height), kind, icon, word)
        right -= max(chip, 96) + 12
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        paint.text(painter, QRectF(right - 76, box.top(), 76, _ROW), _clock(row.arrived), role="caption", tone=quiet,
                   align=align)  # fmt: skip
        right -= 84
        images = f"{row.images_received}/{row.images_expected}" if row.images_expected else str(row.images_received)
        paint.text(painter, QRectF(right - 72, box.top(), 72, _ROW), images, role="caption", tone="t2", align=align)
        right -= 84
        if row.quality_grade:
            grade = grade_word(row.quality_grade)
            tinted = paint.chip_width("", grade)
            place = QRectF(right - tinted, box.center().y() - height / 2, tinted, height)
            paint.paint_chip(painter, place, GRADE_TINT.get(row.quality_grade, "neutral"), "", grade)
        right -= 40
        name = min(160, int(box.width() * 0.22))
        left = box.left() + 12
        _two_lines(painter, QRectF(left, box.top(), name, _ROW), name_or_placeholder(row.patient_name), row.patient_id,
                   tones=("t0", quiet))  # fmt: skip
        left += name + 12
        if right > left:
            beside = QRectF(left, box.top(), right - left, _ROW)
            exam = f"{modality_word(row)} · {row.description}"
            _two_lines(painter, beside, exam, _day(row), tones=("t2", quiet))


def _two_lines(painter: QPainter, box: QRectF, upper: str, lower: str, *, tones: tuple[str, str]) -> None:
    """Paint a line over a quiet one; alone it stands in the middle."""
    room = int(box.width())
    if not lower:
        paint.text(painter, box, paint.elided(upper, room), tone=tones[0])
        return
    first = QRectF(box.left(), box.top() + 2, room, _ROW / 2)
    paint.text(painter, first, paint.elided(upper, room), tone=tones[0])
    second = first.translated(0, _ROW / 2 - 2)
    paint.text(painter, second, paint.elided(lower, room, "caption"), role="caption", tone=tones[1])


def state_chip(state: ReadingState) -> tuple[str, str, str]:
    """Return word, chip kind and icon of a reading state."""
    return {
        ReadingState.RECEIVING: (tr("Receiving"), "neutral", "download"),
        ReadingState.AI_RUNNING: (tr("AI pre-read"), "ai", "robot"),
        ReadingState.AI_FAILED: (tr("AI failed"), "warn", "robot"),
        ReadingState.PRECHECK: (tr("Technician check"), "neutral", "user-search"),
        ReadingState.READY: (tr("To read"), "acc", "inbox"),
        ReadingState.READING: (tr("Reading"), "info", "eye"),
        ReadingState.PRELIMINARY: (tr("To review"), "warn", "time"),
        ReadingState.RETURNED: (tr("Returned"), "warn", "arrow-go-back"),
        ReadingState.FINAL: (tr("Signed"), "ok", "check"),
        ReadingState.ACKNOWLEDGED: (tr("Acknowledged"), "ok", "check-double"),
        ReadingState.CANCELLED: (tr("Cancelled"), "neutral", "close"),
    }[state]


def _who(row: WorklistRow) -> str:
    """Return name and ID: there are many of one name, and some of none."""
    return " · ".join(part for part in (name_or_placeholder(row.patient_name), row.patient_id) if part)


def _day(row: WorklistRow) -> str:
    """Return the day of the study: it tells two of one kind of a patient apart."""
    return row.studied.astimezone().strftime("%Y-%m-%d") if row.studied is not None else ""


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M")
