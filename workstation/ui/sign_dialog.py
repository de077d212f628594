"""Signing: what, for whom, by whom; PIN and confirmation; a refusal keeps the dialog."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.labels import icon_label, label, rule


@dataclass(frozen=True, slots=True)
class SigningFacts:
    """What the dialog shows before the PIN."""

    patient: str
    study: str
    receiver: str
    digest: str
    signer: str
    certificate: str
    """Subject of the certificate, empty when this machine has none for the signer."""


class SignDialog(Dialog):
    """``sign_requested(pin)`` may come several times; close it with ``accept`` once signed."""

    sign_requested = Signal(str)

    def __init__(self, parent: QWidget | None, facts: SigningFacts) -> None:
        super().__init__(
            parent, tr("Sign report"), icon="quill-pen", tone="acc", width=current_theme().px("dialog.sign")
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        rows = (
            (tr("Patient"), facts.patient),
            (tr("Examination"), facts.study),
            (tr("Receiver"), facts.receiver),
            (tr("Digest of the report"), facts.digest),
            (
                tr("Certificate"),
                facts.certificate or tr("No certificate for {name} on this machine", name=facts.signer),
            ),
        )
        for at, (caption, text) in enumerate(rows):
            grid.addWidget(label(caption, "body", "t3"), at, 0)
            grid.addWidget(label(text, "body", "t1", wrap=True), at, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(rule())
        self.pin = TextField("PIN", secret=True)
        self.pin.changed.connect(lambda _text: self._ready())
        self.body.addWidget(self.pin)
        self.confirm = QCheckBox(tr("I have checked identity, side and conclusion."))
        self.confirm.toggled.connect(lambda _on: self._ready())
        self.body.addWidget(self.confirm)
        note = QHBoxLayout()
        note.setSpacing(8)
        note.addWidget(icon_label("information", "t2", 14))
        note.addWidget(
            label(tr("A signed report cannot be changed; corrections are new documents."), "caption", "t2"), 1
        )
        self.body.addLayout(note)
        self._sign = self.set_primary(tr("Sign and send"), icon="send-plane")
        self._sign.clicked.disconnect()
        self._sign.clicked.connect(self._request)
        self._has_certificate = bool(facts.certificate)
        self._ready()
        self.pin.edit.setFocus()

    @property
    def primary_button(self) -> Button:
        """Return the button that signs."""
        return self._sign

    def say(self, text: str) -> None:
        """Show why it was refused; the dialog stays, the PIN is cleared."""
        self.pin.edit.clear()
        self.pin.say(text)
        self._busy(busy=False)
        self.pin.edit.setFocus()

    def _request(self) -> None:
        self._busy(busy=True)
        self.sign_requested.emit(self.pin.text())

    def _busy(self, *, busy: bool) -> None:
        self.pin.setEnabled(not busy)
        self.confirm.setEnabled(not busy)
        self._sign.set_text(tr("Signing…") if busy else tr("Sign and send"))
        self._sign.setEnabled(not busy)
        if not busy:
            self._ready()

    def _ready(self) -> None:
        if not self._has_certificate:
            self._sign.enable(False, tr("A certificate is needed to sign"))
        elif not self.pin.text():
            self._sign.enable(False, tr("Type the PIN of the certificate"))
        elif not self.confirm.isChecked():
            self._sign.enable(False, tr("Confirm that you have checked the report"))
        else:
            self._sign.enable(True)
