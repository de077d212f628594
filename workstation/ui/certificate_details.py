"""What the sign dialog tells of the certificate and of the content before the PIN; asked in a job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QGridLayout, QWidget
from shiboken6 import isValid

from resources.translation import tr, trn
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.report import Report
from workstation.domain.report_content import content_digest
from workstation.domain.signature import CertificateFacts, PinState, Revocation
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.widgets.labels import ElidedLabel, label

if TYPE_CHECKING:
    from workstation.ui.sign_dialog import SignDialog

SOON: Final = timedelta(days=30)
"""So long before its end a certificate is told in amber: a new one takes its authority weeks"""
_SHORT: Final = 16
"""Digits of a digest that are shown, as on the paper"""
_VALIDITY: Final = 2
"""The line that says why nothing is known of a certificate"""
Line = tuple[str, str]
"""Words and the token of their colour"""
Ask = Callable[[str], CertificateFacts | None]


def validity_words(facts: CertificateFacts, now: datetime) -> Line:
    """Return from when to when it is valid, and loudly where that ends soon or is over."""
    first, last = (at.astimezone().strftime("%Y-%m-%d") for at in (facts.valid_from, facts.valid_until))
    span = tr("{first} to {last}", first=first, last=last)
    if now < facts.valid_from:
        return tr("{span}: not valid yet", span=span), "bad"
    if now > facts.valid_until:
        return tr("{span}: expired", span=span), "bad"
    if facts.ends_within(SOON, now):
        days = (facts.valid_until - now).days
        ends = trn("ends in {count} day", "ends in {count} days", days)
        return tr("{span}: {ends}, ask for a new one", span=span, ends=ends), "warn"
    return span, "t1"


def revocation_words(facts: CertificateFacts) -> Line:
    """Return what the lists on this machine say, and of when the newest is."""
    if facts.listed_at is None:
        return tr("Not known: no revocation list of this issuer on this machine"), "warn"
    day = facts.listed_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return {
        Revocation.GOOD: (tr("Not revoked · list of {day}", day=day), "t1"),
        Revocation.OUTDATED: (tr("Not on the list of {day}, but a newer one is due", day=day), "warn"),
        Revocation.REVOKED: (tr("Revoked · list of {day}", day=day), "bad"),
        Revocation.UNKNOWN: (tr("Not known"), "warn"),
    }[facts.revocation]


def pin_words(facts: CertificateFacts) -> Line:
    """Return how many PINs may still be tried."""
    if facts.pin is PinState.LOCKED:
        return tr("Locked: no PIN is tried any more"), "bad"
    if facts.pin is PinState.LAST_TRY:
        return tr("Last try: the next wrong PIN locks it"), "warn"
    tries = "" if facts.tries_left is None else trn("{count} try left", "{count} tries left", facts.tries_left)
    if facts.pin is PinState.LOW:
        wrong = tr("A wrong PIN was typed before")
        return (tr("{tries} · {what}", tries=tries, what=wrong) if tries else wrong), "warn"
    return tries or tr("Not known"), "t1"


def worst_tone(facts: CertificateFacts, now: datetime) -> str:
    """Return the colour of the shield: a green one beside a revoked certificate would be a lie."""
    tones = {tone for _words, tone in (validity_words(facts, now), revocation_words(facts), pin_words(facts))}
    return next((tone for tone in ("bad", "warn") if tone in tones), "ok")


def short_digest(digest: str) -> str:
    """Return the beginning of a digest in groups of four, as the paper prints its own."""
    return " ".join(digest[at : at + 4] for at in range(0, min(_SHORT, len(digest)), 4))


def digest_words(report: Report) -> str:
    """Return the short digest of a report's content, as the sign dialog and the list of versions show it."""
    return f"SHA-256 {short_digest(content_digest(report))} …"


class CertificateDetails(QWidget):
    """Lines under the certificate; they keep their room from the start, so that nothing moves while one types."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, 76)
        grid.setColumnStretch(1, 1)
        captions = (
            tr("Issuer"), tr("Serial number"), tr("Validity"), tr("Revocation"), tr("PIN tries"), tr("Content")
        )  # fmt: skip
        self._lines = [ElidedLabel("…", "caption", "t2") for _ in captions]
        for at, (caption, line) in enumerate(zip(captions, self._lines, strict=True)):
            grid.addWidget(label(caption, "caption", "t2"), at, 0)
            grid.addWidget(line, at, 1)
        note = tr("Of what the report says. The versions of the case show the same for what was signed of it.")
        self._lines[-1].setToolTip(note)

    def show_facts(self, facts: CertificateFacts, now: datetime) -> None:
        """Show what is known of the certificate."""
        issued = [(facts.issuer, "t1"), (facts.serial, "t1")]
        told = [*issued, validity_words(facts, now), revocation_words(facts), pin_words(facts)]
        for line, (text, tone) in zip(self._lines, told, strict=False):
            line.show_text(text, tone)

    def show_nothing(self, reason: str) -> None:
        """Say why nothing is known of a certificate."""
        for line in self._lines[:-1]:
            line.show_text("—", "t2")
        self._lines[_VALIDITY].show_text(reason or "—", "warn")

    def show_content(self, words: str) -> None:
        """Show the digest of what will be signed."""
        self._lines[-1].show_text(words, "t1")

    def lines(self) -> list[str]:
        """Return what the lines say."""
        return [line.text() for line in self._lines]


class DetailsInDialog(QObject):
    """Belongs to one sign dialog and goes with it: asks when the certificate is known, and again after a refusal."""

    def __init__(
        self,
        dialog: SignDialog,
        user_id: str,
        report: Report,
        ask: Ask,
        jobs: JobRunner,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._user_id, self._ask, self._jobs, self._now = dialog, user_id, ask, jobs, now
        self._asked = 0
        self._details = CertificateDetails()
        dialog.put_details(self._details)
        dialog.certificate_changed.connect(self._changed)
        dialog.refused.connect(self.look)
        jobs.submit(Pool.CPU, lambda _job: digest_words(report), on_success=self._show_content)

    def look(self) -> None:
        """Ask for the certificate; only the newest answer counts."""
        self._asked += 1
        number = self._asked

        def work(_job: JobContext) -> CertificateFacts | None:
            return self._ask(self._user_id)

        def answered(facts: CertificateFacts | None) -> None:
            if not isValid(self) or number != self._asked:
                return
            if facts is None:
                self._details.show_nothing("")
            else:
                self._details.show_facts(facts, self._now())
                self._dialog.show_subject(facts.subject, worst_tone(facts, self._now()))

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self) and number == self._asked:
                self._details.show_nothing(error.user_text)

        self._jobs.submit(Pool.IO, work, on_success=answered, on_error=failed)

    def _changed(self, subject: str) -> None:
        if subject:
            self.look()
        else:
            self._asked += 1
            self._details.show_nothing("")

    def _show_content(self, words: str) -> None:
        if isValid(self):
            self._details.show_content(words)
