"""
The worklist as an item model.

A refresh merges by UPS Instance UID and revision: rows are inserted, removed, moved or changed,
never reset, so that selection, scroll and hover stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workstation.domain.workitem import WorklistRow
from workstation.ui.paint import TimerLook, timer_look
from workstation.ui.widgets import worklist_words as words
from workstation.ui.widgets.worklist_columns import COLUMNS, INDEX, Column, Order, title

NEW_FOR_S: Final = 10.0
_MANY_CHANGES: Final = 64
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
            self._places = _places(self._rows)
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
        return self.cell_text(self._rows[index.row()], COLUMNS[index.column()])

    def cell_text(self, row: WorklistRow, column: Column) -> str:
        """Return a cell in words."""
        if column is Column.TIME_LEFT:
            return "" if row.state in words.STOPPED else self.timer_look(row).text
        if column is Column.PATIENT and self.joined:
            return f"{row.patient_name} {words.sex_age(row)}"
        return words.CELLS[column](row)

    def timer_look(self, row: WorklistRow) -> TimerLook:
        """Return how the time left of a case looks now."""
        return timer_look(self.left_s(row), int((row.due - row.arrived).total_seconds()))

    # changes

    def merge(self, rows: Sequence[WorklistRow], *, mark_new: bool) -> None:
        """
        Show these cases; ``mark_new`` puts the dot at those that were not here before.

        ``rows`` come by urgency (``worklist_cases.by_urgency``). Cases that are the same objects
        as before count as unchanged at once, which makes merging 10 000 of them a matter of
        milliseconds; ``worklist_cases.made_ready`` sees to that.
        """
        wanted = self.order.sorted(rows)
        self._by_urgency = rows
        target, before = _places(wanted), _places(self._rows)
        if mark_new:
            self._new |= dict.fromkeys(target.keys() - before.keys(), self.now)
        if self._new:
            self._new = {uid: since for uid, since in self._new.items() if uid in target}
        if target.keys() == before.keys():
            self._reorder(wanted, target)
        elif not self._exchanged(wanted, target, before):
            self._replace_all(wanted)
        self._update(wanted)
        self._places = target

    def _exchanged(self, wanted: list[WorklistRow], target: dict[str, int], before: dict[str, int]) -> bool:
        """Take out what is gone and put in what is new; False, with nothing done, where all at once is faster."""
        runs_gone = list(_runs([at for uid, at in before.items() if uid not in target]))
        runs_new = list(_runs([at for uid, at in target.items() if uid not in before]))
        if len(runs_gone) > _MANY_CHANGES or len(runs_new) > _MANY_CHANGES:
            return False
        for first, last in reversed(runs_gone):
            self.beginRemoveRows(_ROOT, first, last)
            self._changed_to(self._rows[:first] + self._rows[last + 1 :])
            self.endRemoveRows()
        kept = wanted if not runs_new else [row for row in wanted if row.ups_instance_uid in before]
        self._reorder(kept)
        for first, last in runs_new:
            self.beginInsertRows(_ROOT, first, last)
            self._changed_to(self._rows[:first] + wanted[first : last + 1] + self._rows[first:])
            self.endInsertRows()
        return True

    def sort_by(self, order: Order) -> None:
        """Sort anew; the selected case stays selected."""
        self.order = order
        self._reorder(order.sorted(self._by_urgency))

    def tick(self, now: datetime) -> None:
        """Take over the time; the view repaints the timers itself."""
        self.now = now

    def _changed_to(self, rows: list[WorklistRow]) -> None:
        self._rows, self._places = rows, None

    def _reorder(self, wanted: list[WorklistRow], after: dict[str, int] | None = None) -> None:
        """Put the cases that are here into another order; ``wanted`` may already be their next revisions."""
        if all(old is new or old.ups_instance_uid == new.ups_instance_uid
               for old, new in zip(self._rows, wanted, strict=True)):  # fmt: skip
            return
        self.layoutAboutToBeChanged.emit()
        old, before, here = self.persistentIndexList(), self._rows, _places(self._rows)
        if after is None:
            after = _places(wanted)
        moved = [self.index(after[before[i.row()].ups_instance_uid], i.column()) for i in old]
        self._changed_to([before[here[r.ups_instance_uid]] for r in wanted])
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _replace_all(self, wanted: list[WorklistRow]) -> None:
        """Exchange everything in two steps: thousands of single steps would freeze the window."""
        if self._rows:
            self.beginRemoveRows(_ROOT, 0, len(self._rows) - 1)
            self._changed_to([])
            self.endRemoveRows()
        if wanted:
            self.beginInsertRows(_ROOT, 0, len(wanted) - 1)
            self._changed_to(wanted)
            self.endInsertRows()

    def _update(self, wanted: list[WorklistRow]) -> None:
        pairs = enumerate(zip(self._rows, wanted, strict=True))
        changed = [at for at, (old, new) in pairs if old is not new and old != new]
        self._rows = wanted
        runs = list(_runs(changed))
        if len(runs) > _MANY_CHANGES:
            runs = [(changed[0], changed[-1])]
        for first, last in runs:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(COLUMNS) - 1))


def _places(rows: Sequence[WorklistRow]) -> dict[str, int]:
    return {row.ups_instance_uid: at for at, row in enumerate(rows)}


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Join rising numbers into runs: 1 2 3 7 becomes (1, 3) (7, 7)."""
    start = None
    for at, number in enumerate(numbers):
        if start is None:
            start = number
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield start, number
            start = None


TIME_COLUMN: Final = INDEX[Column.TIME_LEFT]
