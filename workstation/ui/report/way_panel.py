"""The panel of the report's way: what the document is, the words of an addendum, and the acts that are open now."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from resources.translation import tr
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import Panel, label

_HALF_LINE: Final = 140
"""Half of the width that the column beside the form has at 1366 px"""


class WayPanel(Panel):
    """Shows and asks; ``ReportWay`` does."""

    versions_asked = Signal()
    follow_up_asked = Signal()
    withdraw_asked = Signal()
    cancel_asked = Signal()
    readings_asked = Signal()
    double_asked = Signal()
    record_asked = Signal()
    carry_asked = Signal()
    addendum_written = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Versions"), icon="history")
        self.said = label("", "body", "t1", wrap=True)
        self.rule = label("", "body", "warn", wrap=True)
        self.body.addWidget(self.said)
        self.body.addWidget(self.rule)
        self.caption = label(tr("Text of the addendum *"), "caption", "t3")
        self.addendum = GrowingText(least_lines=4)
        self.addendum.setAccessibleName(tr("Text of the addendum"))
        self.addendum.textChanged.connect(lambda: self.addendum_written.emit(self.addendum.toPlainText()))
        self.body.addWidget(self.caption)
        self.body.addWidget(self.addendum)
        self.versions = Button(tr("Versions…"), icon="history", small=True)
        self.follow_up = Button(tr("Change a signed report…"), icon="file-edit", small=True)
        self.withdraw = Button(tr("Withdraw…"), icon="error-warning", small=True)
        self.give_up = Button(tr("Discard…"), icon="close", small=True)
        self.readings = Button(tr("Both readings…"), icon="file-search", small=True)
        self.double = Button(tr("Have it read twice"), icon="file-copy", small=True)
        self.record = Button(tr("From the call record"), icon="phone", small=True)
        self.carry = Button(tr("Take over the withdrawn text…"), icon="file-copy", small=True)
        holder = QWidget()
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._grid.setColumnStretch(1, 1)
        for button, told in (
            (self.versions, self.versions_asked),
            (self.follow_up, self.follow_up_asked),
            (self.withdraw, self.withdraw_asked),
            (self.give_up, self.cancel_asked),
            (self.readings, self.readings_asked),
            (self.double, self.double_asked),
            (self.record, self.record_asked),
            (self.carry, self.carry_asked),
        ):
            button.setParent(holder)  # else showing it opens a window, which takes the keyboard from the images
            button.clicked.connect(told)
        self.body.addWidget(holder)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Show that no case is open."""
        self.hide()

    def show_way(self, said: str, rule: str, *, addendum: str | None, read_only: bool, acts: frozenset[str]) -> None:
        """
        Show what the document is and which of ``acts`` are open.

        ``acts`` name buttons of this panel; ``addendum`` is None where there is no text of one.
        """
        for place, text in ((self.said, said), (self.rule, rule)):
            place.setText(text)
            place.setVisible(bool(text))
        for widget in (self.caption, self.addendum):
            widget.setVisible(addendum is not None)
        self.addendum.setReadOnly(read_only)
        if addendum is not None and addendum != self.addendum.toPlainText() and not self.addendum.composition.active:
            self.addendum.blockSignals(True)
            self.addendum.setPlainText(addendum)
            self.addendum.blockSignals(False)
        names = ("versions", "follow_up", "withdraw", "give_up", "readings", "double", "record", "carry")
        shown = [name for name in names if name in acts]
        for name in names:
            self._grid.removeWidget(self._button(name))
            self._button(name).setVisible(name in acts)
        narrow = [name for name in shown if self._button(name).sizeHint().width() <= _HALF_LINE]
        for at, name in enumerate(narrow):
            self._grid.addWidget(self._button(name), at // 2, at % 2, Qt.AlignmentFlag.AlignLeft)
        # a long word beside another one would push the column beside the form out of the window
        for at, name in enumerate((name for name in shown if name not in narrow), (len(narrow) + 1) // 2):
            self._grid.addWidget(self._button(name), at, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        self.show()

    def _button(self, name: str) -> Button:
        button: Button = getattr(self, name)
        return button
