"""Taking a case back from a machine that does not give it back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.workitem import WorklistRow
from workstation.ui.dialogs import Dialog
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label


class TakeBackDialog(Dialog):
    """Asks why a case is taken from who holds it; ``is_own`` when that is the same person on another machine."""

    def __init__(self, parent: QWidget | None, row: WorklistRow, *, is_own: bool) -> None:
        super().__init__(parent, tr("Take back the case of {name}", name=name_or_placeholder(row.patient_name)))
        self.reason_given: Callable[[str], object] = lambda _reason: None
        if is_own:
            words = tr(
                "You hold this case on another machine. What you have not submitted there stays there as a draft "
                "and cannot be submitted any more."
            )
        else:
            words = tr(
                "{name} holds this case. What is not submitted yet stays a draft on that machine and cannot be "
                "submitted any more. Call before you take it, if you can.",
                name=row.reader_name,
            )
        self.body.addWidget(label(words, "body", "t1", wrap=True))
        self.reason = GrowingText(least_lines=3)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.body.addWidget(self.reason)
        self.add_hint(tr("The case is free for everybody afterwards. The reason is kept."))
        self._go = self.set_primary(tr("Take the case back"), icon="lock-unlock")
        self._ready()
        self.reason.setFocus()

    def accept(self) -> None:
        """Hand the reason over and close; without a reason nothing happens."""
        text = self.reason.toPlainText().strip()
        if text:
            super().accept()
            self.reason_given(text)

    def _ready(self) -> None:
        self._go.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))
