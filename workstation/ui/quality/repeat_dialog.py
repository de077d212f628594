"""Why an exam is repeated though a recognised result of it exists."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.mutual_recognition import RepeatException, RepeatReason
from workstation.services.recognition_service import exception_words
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label

MOST_SIGNS: Final = 2000
"""What the centre keeps of the words"""


class RepeatDialog(Dialog):
    """``given(RepeatReason)`` once; cancelling sends nothing. ``afterwards`` asks for a study that has gone already."""

    given = Signal(object)

    def __init__(self, parent: QWidget | None, who: str, exists: str, *, afterwards: bool = False) -> None:
        super().__init__(parent, tr("This repeats a recognised exam · {who}", who=who), icon="file-copy")
        self.body.addWidget(label(exists, "body", "t1", wrap=True))
        self.body.addWidget(label(tr("Why is it repeated?"), "caption", "t3"))
        self.exception = ChoiceBox()
        self.exception.setAccessibleName(tr("Why is it repeated?"))
        self.exception.addItem(tr("Choose a reason"), None)
        for one in RepeatException:
            self.exception.addItem(exception_words(one), one)
        self.exception.currentIndexChanged.connect(lambda _at: self._ready())
        self.body.addWidget(self.exception)
        self.body.addWidget(label(tr("In words"), "caption", "t3"))
        self.words = GrowingText(least_lines=2)
        self.words.setAccessibleName(tr("In words"))
        self.words.textChanged.connect(self._ready)
        self.body.addWidget(self.words)
        with_request = tr("The reason goes to the centre with the request and is kept there.")
        later = tr("The study has been sent already; the reason is kept with it at the centre.")
        self.add_hint(later if afterwards else with_request)
        self._send = (
            self.set_primary(tr("Keep this reason"), icon="check")
            if afterwards
            else self.set_primary(tr("Send with this reason"), icon="send-plane")
        )
        self._ready()

    def reason(self) -> RepeatReason | None:
        """Return what is chosen, None while something lacks."""
        chosen = self.exception.currentData()
        if chosen is None or self._is_long():
            return None
        try:
            return RepeatReason(RepeatException(chosen), self.words.toPlainText().strip())
        except ValueError:
            return None

    def accept(self) -> None:
        """Hand the reason over and close; while something lacks nothing happens."""
        reason = self.reason()
        if reason is not None:
            super().accept()
            self.given.emit(reason)

    def _is_long(self) -> bool:
        return len(self.words.toPlainText().strip()) > MOST_SIGNS

    def _ready(self) -> None:
        lacks = tr("Choose a reason") if self.exception.currentData() is None else tr("Write the reason first")
        if self._is_long():
            lacks = tr("The centre keeps at most {count} characters", count=MOST_SIGNS)
        self._send.enable(self.reason() is not None, lacks)
