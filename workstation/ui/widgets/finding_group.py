"""The fields that are asked for each finding, for the finding at hand: one key each, then the next one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.template import TemplateField
from workstation.ui.widgets.buttons import IconButton, SegmentedChoice
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.form_field import is_wide
from workstation.ui.widgets.labels import label
from workstation.ui.widgets.nodule_table import NoduleRow, NoduleTable

_PLAIN: Final = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})
_AWAY: Final = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})
_STEPS: Final = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}


class FindingGroup(QWidget):
    """
    Shows what was said of the current row of the table and asks for changes by ``said(uid, key, option)``.

    A digit takes the option of that number and goes on to the next field, behind the last one to the next finding;
    Delete takes the answer away, Page Up and Page Down change the finding.
    """

    said = Signal(str, str, str)

    def __init__(self, items: Sequence[TemplateField], table: NoduleTable, *, read_only: bool) -> None:
        super().__init__()
        self._items = tuple(items)
        self._table = table
        self._read_only = read_only
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        self._title = label("", "caption", "t2")
        head.addWidget(self._title, 1)
        self._back = IconButton("arrow-up", tr("Previous finding"), key="PgUp", px=14, side=24)
        self._on = IconButton("arrow-down", tr("Next finding"), key="PgDown", px=14, side=24)
        for button, step in ((self._back, -1), (self._on, 1)):
            button.clicked.connect(partial(self._step, step))
            head.addWidget(button)
        column.addLayout(head)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self._captions: dict[str, QLabel] = {}
        self.editors: dict[str, SegmentedChoice | ChoiceBox] = {}
        for at, item in enumerate(self._items):
            caption = label(item.label.get(language()), "caption", "t3")
            editor = self._made(item)
            editor.setAccessibleName(item.label.get(language()))
            editor.setToolTip(tr("Number of the option: choose; Delete: no answer; Page Down: next finding"))
            editor.setEnabled(not read_only)
            grid.addWidget(caption, at, 0)
            grid.addWidget(editor, at, 1)
            self._captions[item.key], self.editors[item.key] = caption, editor
        column.addLayout(grid)
        table.current_changed.connect(lambda _at: self.refresh())
        table.current_lost.connect(self._let_go)
        self.refresh()

    def _made(self, item: TemplateField) -> SegmentedChoice | ChoiceBox:
        choices = [(choice.key, choice.label.get(language())) for choice in item.choices]
        if not is_wide(choices):
            segmented = SegmentedChoice(choices)
            segmented.chosen.connect(partial(self._clicked, item.key))
            return segmented
        box = ChoiceBox()
        for key, text in (("", "—"), *choices):
            box.addItem(text, key)
        box.activated.connect(lambda _at: self._pick(item.key, str(box.currentData() or "")))
        box.installEventFilter(self)  # it would look for an entry that begins with the digit
        return box

    def refresh(self) -> None:
        """Show the current row of the table."""
        row, count = self._row(), len(self._table.rows())
        if row is None:
            self.hide()
            return
        at = min(self._table.current, count - 1)
        self._title.setText(tr("Finding {number} ({at} of {count})", number=row.number, at=at + 1, count=count))
        self._back.setEnabled(at > 0)
        self._on.setEnabled(at + 1 < count)
        if self.parent() is not None:  # without one it would be a window of its own
            self.show()
        for item in self._items:
            editor = self.editors[item.key]
            for one in (editor, self._captions[item.key]):
                one.setHidden(item.key not in row.asked)
            option = row.options.get(item.key, "")
            if isinstance(editor, SegmentedChoice):
                editor.choose(option)
            else:
                editor.setCurrentIndex(max(0, editor.findData(option)))

    def take_focus(self, key: str = "") -> None:
        """Put the cursor into a field, the first one where none is named."""
        keys = self._asked()
        wanted = key if key in keys else next(iter(keys), "")
        editor = self.editors.get(wanted)
        if isinstance(editor, SegmentedChoice):
            editor.take_focus()
        elif editor is not None:
            editor.setFocus(Qt.FocusReason.TabFocusReason)

    def _row(self) -> NoduleRow | None:
        rows = self._table.rows()
        return rows[min(self._table.current, len(rows) - 1)] if rows else None

    def _asked(self) -> tuple[str, ...]:
        row = self._row()
        return () if row is None else tuple(item.key for item in self._items if item.key in row.asked)

    def _clicked(self, key: str, option: str) -> None:
        row = self._row()
        self._pick(key, "" if row is not None and row.options.get(key) == option else option)

    def _pick(self, key: str, option: str) -> None:
        row = self._row()
        if row is not None and not self._read_only and row.options.get(key, "") != option:
            self.said.emit(row.tracking_uid, key, option)

    def _step(self, step: int) -> bool:
        key = self._focused()
        moved = self._table.go_to(self._table.current + step)
        if moved and key:
            self.take_focus(key)
        return moved

    def _let_go(self) -> None:
        """Take the cursor out of the fields, so that a number meant for the finding that went goes to no other one."""
        if self._focused():
            self._table.setFocus()

    def _focused(self) -> str:
        return next((key for key, one in self.editors.items() if one.hasFocus() or _has_focus(one)), "")

    # keys

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the group from being shortcuts of the window."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the keys of the group before a list of options searches with them."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and self._is_ours(event):
            self.keyPressEvent(event)
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by number, take an answer away, go to another finding."""
        key, at = Qt.Key(event.key()), self._focused()
        if not self._is_ours(event) or not at:
            super().keyPressEvent(event)
        elif key in _STEPS:
            self._step(_STEPS[key])
        elif key in _AWAY:
            self._pick(at, "")
        else:
            self._choose(at, event.key() - Qt.Key.Key_1)

    def _choose(self, key: str, number: int) -> None:
        item = next(one for one in self._items if one.key == key)
        if self._read_only or not 0 <= number < len(item.choices):
            return
        self._pick(key, item.choices[number].key)
        behind = self._asked()  # what is asked may depend on what was chosen
        rest = behind[behind.index(key) + 1 :]
        if rest:
            self.take_focus(rest[0])
        elif self._table.go_to(self._table.current + 1):
            self.take_focus()

    def _is_ours(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        is_digit = Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9
        return event.modifiers() in _PLAIN and (is_digit or key in _AWAY or key in _STEPS)


def _has_focus(editor: QWidget) -> bool:
    return any(child.hasFocus() for child in editor.findChildren(QWidget))
