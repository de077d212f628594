"""Taking a case back from a machine that does not give it back."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.workitem import WorklistRow
from workstation.ui.patient_words import case_words, name_or_placeholder
from workstation.ui.reason_dialog import ActReasonDialog


class TakeBackDialog(ActReasonDialog):
    """Asks why a case is taken from who holds it; ``is_own`` when that is the same person on another machine."""

    def __init__(self, parent: QWidget | None, row: WorklistRow, *, is_own: bool) -> None:
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
        super().__init__(
            parent,
            tr("Take back the case of {name}", name=name_or_placeholder(row.patient_name)),
            words,
            act=tr("Take the case back"),
            hint=tr("The case is free for everybody afterwards. The reason is kept."),
            icon="lock-unlock",
        )
        self.name_case(case_words(row))
