"""Bringing signed reports back to the hub, at least once and with one effect."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from workstation.domain.errors import IntegrityMismatch, SourceError, StorageError, WorklistError, WorkstationError
from workstation.domain.ports import (
    AuditPort,
    Clock,
    Delivery,
    JobContext,
    OutboxPort,
    ReportPort,
    SessionPort,
    StorePort,
)
from workstation.services.report_service import RecordDecisions

_FIRST_RETRY_S = 2.0
_LAST_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What one round of delivering came to."""

    delivered: int
    waiting: int
    refused: int


@dataclass(frozen=True, slots=True)
class DeliverReports:
    """
    Send what waits in the outbox.

    Every step may be repeated: storing identical bytes again succeeds, and the hub records a
    final report once by its UID. So a crash between any two steps loses and doubles nothing.
    """

    outbox: OutboxPort
    store: StorePort
    reports: ReportPort
    session: SessionPort
    audit: AuditPort
    clock: Clock

    def __call__(self, job: JobContext) -> DeliveryOutcome:
        """Try every due delivery of the signed-in senior; the others wait for their owner."""
        delivered = waiting = refused = 0
        actor = self.session.actor
        for delivery in self.outbox.pending():
            job.raise_if_cancelled()
            verifier = delivery.report.verifier
            is_mine = actor is not None and verifier is not None and verifier.user_id == actor.user_id
            if not is_mine or delivery.retry_at > self.clock.now():
                waiting += 1
                continue
            try:
                self._deliver(delivery)
                delivered += 1
            except (IntegrityMismatch, WorklistError) as error:
                refused += 1
                self._failed(delivery, error)
            except (SourceError, StorageError) as error:
                waiting += 1
                self._failed(delivery, error)
        return DeliveryOutcome(delivered, waiting, refused)

    def _deliver(self, delivery: Delivery) -> None:
        report = delivery.report
        outputs = self.store.store(report.study_instance_uid, [artefact.payload for artefact in delivery.artefacts])
        stored = {output.sop_instance_uid for output in outputs}
        absent = [a.sop_instance_uid for a in delivery.artefacts if a.sop_instance_uid not in stored]
        if absent:
            raise SourceError("The hub did not confirm every signed object", detail=f"unconfirmed: {absent}")
        self.reports.finalise(report, delivery.claim, outputs)
        RecordDecisions(self.audit)(report)  # with the delivery, because signing works without the line
        self.outbox.confirmed(report.report_uid)

    def _failed(self, delivery: Delivery, error: WorkstationError) -> None:
        delay_s = min(_LAST_RETRY_S, _FIRST_RETRY_S * 2**delivery.attempts) * random.uniform(0.5, 1.0)
        self.outbox.failed(
            delivery.report.report_uid, error.user_text, retry_at=self.clock.now() + timedelta(seconds=delay_s)
        )
