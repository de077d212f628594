"""
Time stamps that could not be had when a report was signed.

The report is held for a while and stamped as soon as the authority answers; then it goes out as it is, and
says that its stamp is missing. What was delivered is never changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from workstation.dicom.objects.encapsulated import taken_apart, with_pdf
from workstation.domain.errors import SignatureInvalid, TimeStampUnavailable
from workstation.domain.ports import Clock, Delivery, OutboxPort
from workstation.domain.signature import SignedArtefact, SignedPdf

HOLD: Final = timedelta(minutes=10)
"""How long a signed report waits for its time stamp before it is sent without one."""


@dataclass(frozen=True, slots=True)
class StampPending:
    """Stamps what waits in the outbox; ``add`` raises TimeStampUnavailable, SignatureInvalid."""

    outbox: OutboxPort
    add: Callable[[bytes], SignedPdf]
    clock: Clock
    hold: timedelta = HOLD

    def __call__(self, delivery: Delivery) -> bool:
        """Tell whether a report may be sent now: it lacks no time stamp, has just got it, or has waited long enough."""
        report = delivery.report
        waited = self.hold if report.signed_at is None else self.clock.now() - report.signed_at
        for artefact in delivery.artefacts:
            if not artefact.awaits_time_stamp:
                continue
            try:
                # sent once without a stamp, it is never stamped: the other side may hold its bytes already
                over = not timedelta(0) <= waited < self.hold
                settled = replace(artefact, awaits_time_stamp=False) if over else self._stamped(artefact)
            except (TimeStampUnavailable, SignatureInvalid):
                return False
            self.outbox.replace(report.report_uid, settled)
        return True

    def _stamped(self, artefact: SignedArtefact) -> SignedArtefact:
        """Return the object with the stamped PDF; its detached signature covered the former bytes and goes."""
        pdf = self.add(taken_apart(artefact.payload).pdf)
        payload = with_pdf(artefact.payload, pdf.content)
        digest = hashlib.sha256(payload).hexdigest()
        return replace(artefact, payload=payload, sha256=digest, cms="", awaits_time_stamp=False)
