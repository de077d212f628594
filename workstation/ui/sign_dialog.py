"""Signing: what, for whom, by whom; PIN and confirmation; a refusal keeps the dialog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.icons import icon_pixmap
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.cited_box import CitedBox
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.labels import ElidedLabel, icon_label, label, rule

_FACT_WIDTH: Final = 392
_MOST_ANSWERS: Final = 2


@dataclass(frozen=True, slots=True)
class SigningFacts:
    """What the dialog shows before the PIN."""

    patient: str
    """Name, sex, age and ID"""
    study: str
    """What was examined, on which day, under which number"""
    receiver: str
    conclusion: str
    """The impression, which the signer confirms to have checked"""
    signer: str
    preliminary: bool = False
    """The author signs what is handed to a senior."""
    recognition: str = ""
    """Whether the report will carry the mark of mutual recognition, and why not; empty where nobody knows"""
    answered: tuple[str, ...] = ()
    """What is signed although a check held it up: fault, who answered for it and why"""


class SignDialog(Dialog):
    """
    ``sign_requested(pin)`` may come several times; close it with ``accept`` once signed.

    The certificate is told by ``show_certificate``, whenever it is known or changes.
    """

    sign_requested = Signal(str)
    certificate_changed = Signal(str)
    """The subject of the certificate that would sign now, empty without one"""
    refused = Signal()
    """The signature was not made: the tries of the PIN may be fewer"""

    def __init__(self, parent: QWidget | None, facts: SigningFacts) -> None:
        title = tr("Sign and submit for review") if facts.preliminary else tr("Sign report")
        super().__init__(parent, title, icon="quill-pen", tone="acc", width=current_theme().px("dialog.sign"))
        self._facts = facts
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnMinimumWidth(0, 76)
        rows = (
            (tr("Patient"), facts.patient, "t0"),
            (tr("Examination"), facts.study, "t1"),
            (tr("Receiver"), facts.receiver, "t1"),
            (tr("Impression"), facts.conclusion, "t0"),
            *([(tr("Recognition"), facts.recognition, "t2")] if facts.recognition else []),
            *([(tr("Overridden"), _listed(facts.answered), "warn")] if facts.answered else []),
        )
        for at, (caption, text, tone) in enumerate(rows):
            grid.addWidget(label(caption, "body", "t2"), at, 0, Qt.AlignmentFlag.AlignTop)
            fact = label(text, "body", tone, wrap=True)
            if caption == tr("Overridden"):
                fact.setToolTip("\n".join(facts.answered))
            fact.setFixedWidth(_FACT_WIDTH)  # a wrapped text tells its height only for a known width
            fact.setMinimumHeight(fact.heightForWidth(_FACT_WIDTH))
            grid.addWidget(fact, at, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.cited = CitedBox()
        self.cited.changed.connect(self._cited_changed)
        self.body.addWidget(self.cited)
        self.body.addWidget(rule())
        self.body.addLayout(self._certificate())
        self.pin = TextField("PIN", secret=True)
        self.pin.changed.connect(lambda _text: self._ready())
        self.body.addWidget(self.pin)
        self.pin.edit.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        self.confirm = QCheckBox(tr("I have checked identity, side and conclusion."))
        self.confirm.toggled.connect(lambda _on: self._ready())
        self.body.addWidget(self.confirm)
        note = QHBoxLayout()
        note.setSpacing(8)
        note.addWidget(icon_label("information", "t2", 14))
        fixed = tr("A signed report cannot be changed; corrections are new documents.")
        if facts.preliminary:
            fixed = tr("Your signature stays with the preliminary report; the final one is its verifier's.")
        note.addWidget(label(fixed, "caption", "t2", wrap=True), 1)
        self.body.addLayout(note)
        self._sign = self.set_primary(self._offer(), icon="send-plane")
        self._sign.clicked.disconnect()
        self._sign.clicked.connect(self._request)
        self._is_signing = False
        self._certificate_known: str | None = None
        self._ready()
        QWidget.setTabOrder(self.pin.edit, self.confirm)
        QWidget.setTabOrder(self.confirm, self.cancel)
        QWidget.setTabOrder(self.cancel, self._sign)
        self.pin.edit.setFocus()

    def _certificate(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(tr("Certificate"), "caption", "t2"))
        box = _CertificateBox()
        row = QHBoxLayout(box)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(12)
        self._shield = icon_label("shield-keyhole", "t2", 18)
        self.certificate = ElidedLabel(tr("Looking for your certificate…"), "body", "t2")
        row.addWidget(self._shield)
        row.addWidget(self.certificate, 1)
        column.addWidget(box)
        self._column = column
        return column

    def put_details(self, details: QWidget) -> None:
        """Put what is known of the certificate below it; the dialog has its whole height before it is seen."""
        self._column.addWidget(details)

    def show_subject(self, words: str, tone: str) -> None:
        """Say more fully whose certificate it is, while there is one; ``tone`` colours its shield."""
        if self._certificate_known:
            icon = "shield-keyhole" if tone == "ok" else "error-warning"
            self._shield.setPixmap(icon_pixmap(icon, tone, 18, 2.0))
            self.certificate.show_text(words, "t0")

    def show_certificate(self, subject: str) -> None:
        """Show whose certificate would sign; empty where this machine has none, as when a token was pulled out."""
        if subject == self._certificate_known or self._is_signing:
            return
        self._certificate_known = subject
        missing = tr("No certificate for {name} on this machine", name=self._facts.signer)
        icon, tone = ("shield-keyhole", "ok") if subject else ("error-warning", "bad")
        self._shield.setPixmap(icon_pixmap(icon, tone, 18, 2.0))
        self.certificate.show_text(subject or missing, "t0" if subject else "bad")
        self._ready()
        self.certificate_changed.emit(subject)

    def _offer(self) -> str:
        return tr("Sign and submit") if self._facts.preliminary else tr("Sign and send")

    @property
    def primary_button(self) -> Button:
        """Return the button that signs."""
        return self._sign

    @property
    def signing(self) -> bool:
        """Tell whether the signature is being made."""
        return self._is_signing

    def say(self, text: str) -> None:
        """Show why it was refused; the dialog stays, the PIN is cleared."""
        self.pin.edit.clear()
        self._busy(busy=False)
        self.pin.say(text)
        self.pin.edit.setFocus()
        self.refused.emit()

    def reject(self) -> None:
        """Close, but not while the signature is being made: nobody could tell whether it was."""
        if not self._is_signing:
            super().reject()

    def _cited_changed(self) -> None:
        self._ready()
        if self.isVisible():
            self.stand_in_the_middle()

    def _request(self) -> None:
        if self._is_signing or not self._sign.isEnabled():
            return
        self._busy(busy=True)
        self.sign_requested.emit(self.pin.text())

    def _busy(self, *, busy: bool) -> None:
        self._is_signing = busy
        self.cancel.enable(not busy, tr("The signature is being made"))
        self.pin.setEnabled(not busy)
        self.confirm.setEnabled(not busy)
        self.cited.setEnabled(not busy)
        self._sign.set_text(tr("Signing…") if busy else self._offer())
        self._sign.setEnabled(not busy)
        if not busy:
            self._ready()

    def _ready(self) -> None:
        if self._certificate_known is None:
            self._sign.enable(False, tr("Looking for your certificate…"))
        elif not self._certificate_known:
            self._sign.enable(False, tr("A certificate is needed to sign"))
        elif self.cited.holds_up:
            self._sign.enable(False, self.cited.holds_up)
        elif not self.pin.text():
            self._sign.enable(False, tr("Type the PIN of the certificate"))
        elif not self.confirm.isChecked():
            self._sign.enable(False, tr("Confirm that you have checked the report"))
        else:
            self._sign.enable(True)


def _listed(lines: tuple[str, ...]) -> str:
    rest = len(lines) - _MOST_ANSWERS
    more = [tr("and {count} more", count=rest)] if rest > 0 else []
    return "\n".join([*(f"· {line}" for line in lines[:_MOST_ANSWERS]), *more])


class _CertificateBox(QWidget):
    """40 px with the look of a field; there is one certificate, so that there is nothing to choose."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(40)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and border."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("line2"))
        painter.setBrush(theme.color("bg0"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
