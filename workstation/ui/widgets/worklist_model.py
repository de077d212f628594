"""
The worklist as an item model.

A refresh merges by UPS Instance UID and revision: rows are inserted, removed, moved or changed,
never reset, so that selection, scroll and hover stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workstation.domain.workitem import WorklistRow
from workstation.ui.paint import TimerLook, timer_look
from workstation.ui.patient_words import isolated
from workstation.ui.widgets import worklist_words as words
from workstation.ui.widgets.worklist_columns import COLUMNS, INDEX, Column, Order, title
from workstation.ui.widgets.worklist_merge import Merge, merge_of

NEW_FOR_S: Final = 10.0
_Index = QModelIndex | QPersistentModelIndex
_ROOT: Final = QModelIndex()


class WorklistModel(QAbstractTableModel):
    """Rows of the list in display order. Call everything on the main thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[WorklistRow] = []
        self._by_urgency: Sequence[WorklistRow] = ()
        self._places: dict[str, int] | None = None
        """Row of each UPS Instance UID, made when it is asked for."""
        self._new: dict[str, datetime] = {}
        self.order = Order()
        self.user_id = ""
        self.joined = False
        self.dated = False
        self.now = datetime.now(UTC)

    # what the delegate and the page ask

    def row_at(self, row: int) -> WorklistRow:
        """Return the case in a row."""
        return self._rows[row]

    def rows(self) -> tuple[WorklistRow, ...]:
        """Return all cases in display order."""
        return tuple(self._rows)

    def find(self, ups_instance_uid: str) -> int:
        """Return the row of a case, -1 when it is not in the list."""
        if self._places is None:
            self._places = {row.ups_instance_uid: at for at, row in enumerate(self._rows)}
        return self._places.get(ups_instance_uid, -1)

    def is_new(self, row: WorklistRow) -> bool:
        """Tell whether the case arrived since the last look and nobody hovered it yet."""
        since = self._new.get(row.ups_instance_uid)
        return since is not None and (self.now - since).total_seconds() < NEW_FOR_S

    def seen(self, row: int) -> None:
        """Take the new mark away: the person hovered the row."""
        if 0 <= row < len(self._rows):
            self._new.pop(self._rows[row].ups_instance_uid, None)

    def left_s(self, row: WorklistRow) -> int:
        """Return the seconds left until a case is due."""
        return int((row.due - self.now).total_seconds())

    @property
    def has_critical(self) -> bool:
        """Tell whether a critical value of any case is counted down."""
        return any(row.critical_due is not None for row in self._rows)

    # Qt

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of cases."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """Return a column's title."""
        if orientation is Qt.Orientation.Horizontal and role in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        }:
            return title(COLUMNS[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return a cell in words, for screen readers, tooltips and copying; the delegate paints."""
        if role not in {
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        }:
            return None
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and column is Column.PATIENT:
            # in a narrow list no column tells which of two patients of one name it is
            who = (isolated(row.patient_name), words.sex_age(row), words.birth_day(row.birth_date), row.patient_id)
            return " · ".join(part for part in who if part)
        return self.cell_text(row, column)

    def cell_text(self, row: WorklistRow, column: Column) -> str:
        """Return a cell in words."""
        if column is Column.TIME_LEFT:
            return "" if row.state in words.STOPPED else self.timer_look(row).text
        if column is Column.CRITICAL and row.critical_due is not None:
            return critical_left(int((row.critical_due - self.now).total_seconds()))
        if column is Column.PATIENT and self.joined:
            return f"{isolated(row.patient_name)} {words.sex_age(row)}"
        if column is Column.DESCRIPTION and self.dated:
            return " · ".join(filter(None, (words.CELLS[column](row), words.study_day(row))))
        return words.CELLS[column](row)

    def timer_look(self, row: WorklistRow) -> TimerLook:
        """Return how the time left of a case looks now."""
        return timer_look(self.left_s(row), int((row.due - row.arrived).total_seconds()))

    # changes

    def planner(self) -> Callable[[Sequence[WorklistRow]], Merge]:
        """Return what works out a merge from the present rows and order; call the result in a job."""
        before, order = self._rows, self.order
        return lambda rows: merge_of(before, rows, order)

    def fits(self, merge: Merge) -> bool:
        """Tell whether rows and order are still those that a merge starts from."""
        return merge.before is self._rows and merge.order == self.order

    def merge(self, rows: Sequence[WorklistRow], *, mark_new: bool) -> None:
        """Show these cases, which come by urgency; thousands of them take long here, see ``planner``."""
        self.apply(self.planner()(rows), mark_new=mark_new)

    def apply(self, merge: Merge, *, mark_new: bool) -> None:
        """
        Carry out a merge; ``mark_new`` puts the dot at the cases that were not here before.

        Raises:
            ValueError: rows or order changed since it was worked out (``fits`` tells).
        """
        if not self.fits(merge):
            raise ValueError("the merge starts from other rows")
        if mark_new:
            self._new |= dict.fromkeys(merge.arrived, self.now)
        self._new = {uid: since for uid, since in self._new.items() if uid in merge.places}
        if merge.all_at_once:
            self._replace_all(merge.wanted)
        else:
            self._step(merge)
        self._rows, self._places, self._by_urgency = merge.wanted, merge.places, merge.by_urgency
        for first, last in merge.changed:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))

    def _step(self, merge: Merge) -> None:
        for first, last in reversed(merge.gone):
            self.beginRemoveRows(_ROOT, first, last)
            self._take_over(self._rows[:first] + self._rows[last + 1 :])
            self.endRemoveRows()
        if merge.kept is not None:
            self._reorder(merge.kept)
        for first, last in merge.new:
            self.beginInsertRows(_ROOT, first, last)
            self._take_over(self._rows[:first] + merge.wanted[first : last + 1] + self._rows[first:])
            self.endInsertRows()

    def sort_by(self, order: Order) -> None:
        """Sort anew; the selected case stays selected."""
        self.order = order
        self._reorder(order.sorted(self._by_urgency))

    def tick(self, now: datetime) -> None:
        """Take over the time; the view repaints the timers itself."""
        self.now = now

    def _take_over(self, rows: list[WorklistRow]) -> None:
        self._rows, self._places = rows, None

    def _reorder(self, wanted: list[WorklistRow]) -> None:
        """Put the cases that are here into another order."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        uids = [self._rows[index.row()].ups_instance_uid for index in old]
        self._take_over(wanted)
        moved = [self.index(self.find(uid), index.column()) for uid, index in zip(uids, old, strict=True)]
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _replace_all(self, wanted: list[WorklistRow]) -> None:
        """Exchange everything in two steps: thousands of single steps would freeze the window."""
        if self._rows:
            self.beginRemoveRows(_ROOT, 0, len(self._rows) - 1)
            self._take_over([])
            self.endRemoveRows()
        if wanted:
            self.beginInsertRows(_ROOT, 0, len(wanted) - 1)
            self._take_over(wanted)
            self.endInsertRows()


def critical_left(left_s: int) -> str:
    """Return what is left for a read-back as minutes and seconds, with a plus once it is over; hours say enough."""
    minutes, seconds = divmod(abs(left_s), 60)
    shown = f"{minutes:02d}:{seconds:02d}" if minutes < _MINUTES_SHOWN else f"{minutes // 60} h"
    return f"+{shown}" if left_s < 0 else shown


TIME_COLUMN: Final = INDEX[Column.TIME_LEFT]
CRITICAL_COLUMN: Final = INDEX[Column.CRITICAL]
_MINUTES_SHOWN: Final = 100
