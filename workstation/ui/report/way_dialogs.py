"""Dialogs of the report's way: each asks what and why, and hands over only what is complete."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from resources.translation import tr
from workstation.domain.report_state import ReportKind, ReturnCode, WithdrawalCode
from workstation.domain.succession import SUCCESSOR_KINDS
from workstation.ui.dialogs import Dialog
from workstation.ui.report.way_words import kind_words, return_words, withdrawal_words
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label

_COLUMNS = 3


class ReasonedDialog(Dialog):
    """A question, perhaps a choice, and a reason; Ctrl+Enter confirms, Enter alone is a new line."""

    confirmed = Signal(str, str)
    """Key of the choice, empty without one, and the reason"""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        question: str,
        act: str,
        *,
        icon: str,
        hint: str,
        choices: Sequence[tuple[str, str]] = (),
        danger: bool = False,
    ) -> None:
        super().__init__(parent, title, icon=icon)
        self.body.addWidget(label(question, "body", "t1", wrap=True))
        self.choice = SegmentedChoice(choices)
        self.choice.chosen.connect(lambda _key: self._ready())
        self.choice.setVisible(bool(choices))
        self._has_choice = bool(choices)
        self.body.addWidget(self.choice)
        self._middle()
        self.body.addWidget(label(tr("Reason"), "caption", "t3"))
        self.reason = GrowingText(least_lines=3)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.body.addWidget(self.reason)
        self.add_hint(hint)
        self._act = self.set_primary(act, icon=icon, danger=danger)
        self._ready()
        self.reason.setFocus()

    def _middle(self) -> None:
        """Add what stands between choice and reason."""

    def missing(self) -> str:
        """Return what still has to be said, empty when nothing is."""
        if self._has_choice and not self.choice.value():
            return tr("Choose what it is first")
        return "" if self.reason.toPlainText().strip() else tr("Write the reason first")

    def accept(self) -> None:
        """Hand over and close; where something is missing nothing happens."""
        if not self.missing():
            super().accept()
            self.confirmed.emit(self.choice.value(), self.reason.toPlainText().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Confirm by Ctrl+Enter."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
            return
        super().keyPressEvent(event)

    def _ready(self) -> None:
        missing = self.missing()
        self._act.enable(not missing, missing)


class SendBackDialog(ReasonedDialog):
    """Sends a report back to its author: coded reasons that are counted, and words that the author reads."""

    def __init__(self, parent: QWidget | None, author: str) -> None:
        self.boxes: dict[ReturnCode, QCheckBox] = {}
        super().__init__(
            parent,
            tr("Send the report back to {author}", author=author),
            tr("What has to be changed? The author sees this text."),
            tr("Send back"),
            icon="arrow-go-back",
            hint=tr("The case goes back to the author; the report and its draft stay as they are."),
        )

    def _middle(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for at, code in enumerate(ReturnCode):
            box = QCheckBox(return_words(code))
            self.boxes[code] = box
            grid.addWidget(box, at // _COLUMNS, at % _COLUMNS)
        self.body.addLayout(grid)

    @property
    def codes(self) -> tuple[ReturnCode, ...]:
        """Return the coded reasons, in their order."""
        return tuple(code for code, box in self.boxes.items() if box.isChecked())


def follow_up_dialog(parent: QWidget | None) -> ReasonedDialog:
    """Return the dialog that begins what follows a signed report."""
    return ReasonedDialog(
        parent,
        tr("Change a signed report"),
        tr(
            "An addendum adds words. A correction replaces the report because of an error, "
            "an amendment because its interpretation has changed."
        ),
        tr("Begin"),
        icon="file-edit",
        hint=tr("The signed report holds and stays readable until the new one is signed; the sender then gets both."),
        choices=[(kind.value, kind_words(kind)) for kind in SUCCESSOR_KINDS],
    )


def withdraw_dialog(parent: QWidget | None, patient: str) -> ReasonedDialog:
    """Return the dialog that declares a signed report to be of the wrong patient or study."""
    return ReasonedDialog(
        parent,
        tr("Withdraw the report"),
        tr("Nothing of the signed report of {patient} will hold, with all its addenda.", patient=patient),
        tr("Withdraw"),
        icon="error-warning",
        hint=tr("The sender is told, a rejection note is stored, and the case has to be read anew."),
        choices=[(code.value, withdrawal_words(code)) for code in WithdrawalCode],
        danger=True,
    )


def cancel_dialog(parent: QWidget | None, kind: ReportKind) -> ReasonedDialog:
    """Return the dialog that gives up a report before it is signed."""
    is_original = kind is ReportKind.ORIGINAL
    dialog = ReasonedDialog(
        parent,
        tr("Discard this report") if is_original else tr("Discard: {kind}", kind=kind_words(kind)),
        tr("The report is discarded before it was signed; its text stays in the history."),
        tr("Discard report"),
        icon="close",
        hint=tr("The case goes back to the list of open cases.")
        if is_original
        else tr("The signed report goes on to hold."),
        danger=True,
    )
    dialog.cancel.set_text(tr("Keep it"))  # "Cancel" beside it could mean either
    return dialog
