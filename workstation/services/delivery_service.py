"""Bringing signed reports back to the hub, at least once and with one effect."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from resources.translation import tr
from workstation.domain.errors import (
    CriticalOpen,
    IntegrityMismatch,
    NotPermitted,
    Refused,
    SourceError,
    StorageError,
    WorklistError,
    WorkstationError,
)
from workstation.domain.ports import (
    AuditPort,
    Clock,
    Delivery,
    DraftPort,
    JobContext,
    OutboxPort,
    ReportPort,
    SessionPort,
    StorePort,
)
from workstation.domain.report import Report, ReportState
from workstation.services.claim_check import CheckClaim
from workstation.services.late_stamps import StampRound
from workstation.services.report_service import RecordDecisions

_FIRST_RETRY_S = 2.0
_LAST_RETRY_S = 60.0
_STAMP_RETRY_S = 20.0
_REFUSED_RETRY_S = 24 * 3600.0
"""A refusal does not mend itself; its signer has been told"""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What one round of delivering came to."""

    delivered: int
    waiting: int
    refused: int
    reason: str = ""
    """What the hub said to the last one that it refused"""
    study_instance_uid: str = field(default="", compare=False)
    """The study of that report"""
    held: int = 0
    """How many of those that wait lack their time stamp"""
    stamped: int = 0
    """How many delivered reports got the time stamp that they lacked"""
    unstamped: int = 0
    """How many delivered reports, whoever signed them, still lack it"""
    hint: str = field(default="", compare=False)
    """What to do about it, empty where its text is a draft again"""


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
    drafts: DraftPort
    check_claim: CheckClaim
    new_uid: Callable[[], str]
    may_go: Callable[[Delivery], bool] = lambda _delivery: True
    """Holds back what still waits for its time stamp (``StampPending``)."""
    add_late_stamps: Callable[[JobContext], StampRound] = lambda _job: StampRound()
    """Sees to what was delivered without one (``AddLateStamps``)."""
    wants_time_stamps: bool = True
    """Whether a report that goes without one waits for it; the hub is told."""

    def __call__(self, job: JobContext) -> DeliveryOutcome:
        """Try every due delivery of the signed-in senior; the others wait for their owner."""
        delivered = waiting = refused = held = 0
        reason = study = hint = ""
        actor = self.session.actor
        for delivery in self.outbox.pending():
            job.raise_if_cancelled()
            verifier = delivery.report.verifier
            is_mine = actor is not None and verifier is not None and verifier.user_id == actor.user_id
            if not is_mine or delivery.retry_at > self.clock.now():
                waiting += 1
                held += is_mine and any(one.awaits_time_stamp for one in delivery.artefacts)
                continue
            try:
                if not self.may_go(delivery):
                    self._hold(delivery)
                    waiting, held = waiting + 1, held + 1
                    continue
                self._deliver(delivery)
                delivered += 1
            except CriticalOpen as error:  # mended by a read-back: it goes by itself, and its signer is told once
                is_news = not delivery.refused
                refused, waiting, hint = refused + is_news, waiting + (not is_news), error.hint
                reason, study = error.user_text, delivery.report.study_instance_uid
                retry_at = self.clock.now() + timedelta(seconds=_STAMP_RETRY_S)
                reasons = f"{error.user_text}. {error.hint}"
                self.outbox.failed(delivery.report.report_uid, reasons, retry_at=retry_at, refused=True)
            except (WorklistError, NotPermitted) as error:
                refused, reason, study = refused + 1, error.user_text, delivery.report.study_instance_uid
                self._put_back(delivery, error)
            except IntegrityMismatch as error:
                refused, reason, study = refused + 1, error.user_text, delivery.report.study_instance_uid
                self._failed(delivery, error)
            except (SourceError, StorageError) as error:
                waiting += 1
                self._failed(delivery, error)
        late = self.add_late_stamps(job)
        return DeliveryOutcome(delivered, waiting, refused, reason, study, held, late.stamped, len(late.waiting), hint)

    def _hold(self, delivery: Delivery) -> None:
        reason = tr("Its time stamp is pending: the time-stamping authority does not answer")
        retry_at = self.clock.now() + timedelta(seconds=_STAMP_RETRY_S)
        self.outbox.failed(delivery.report.report_uid, reason, retry_at=retry_at)

    def _deliver(self, delivery: Delivery) -> None:
        report = delivery.report
        if report.verifier is not None:
            self.check_claim(delivery.claim, report.verifier.user_id)  # nothing is stored for a case that is another's
        self.reports.check_final(report, delivery.claim)  # nor for a report that the hub's rules do not take
        outputs = self.store.store(report.study_instance_uid, [artefact.payload for artefact in delivery.artefacts])
        stored = {output.sop_instance_uid for output in outputs}
        absent = [a.sop_instance_uid for a in delivery.artefacts if a.sop_instance_uid not in stored]
        if absent:
            raise SourceError("The hub did not confirm every signed object", detail=f"unconfirmed: {absent}")
        self.reports.finalise(report, delivery.claim, outputs, wants_time_stamp=self.wants_time_stamps)
        try:
            RecordDecisions(self.audit)(report)  # with the delivery, because signing works without the line
        except NotPermitted as exc:  # the report itself was taken: its text must not become a draft again
            raise Refused(exc.user_text, hint=exc.hint, detail=exc.detail) from exc
        self.outbox.confirmed(report.report_uid)

    def _put_back(self, delivery: Delivery, error: WorkstationError) -> None:
        """Make the text of a report that the hub will hardly take a draft again, so that its writer finds it."""
        report = delivery.report
        user_id = report.verifier.user_id if report.verifier is not None else report.author.user_id
        is_back = delivery.refused
        with contextlib.suppress(StorageError):  # a disk that is full now: the signed report still holds the text
            if not is_back and self.drafts.load(report.study_instance_uid, user_id) is None:
                self.drafts.save(unsigned(report, self.new_uid()))
            is_back = True
        retry_at = self.clock.now() + timedelta(seconds=_REFUSED_RETRY_S)
        self.outbox.failed(report.report_uid, error.user_text, retry_at=retry_at, refused=is_back)

    def _failed(self, delivery: Delivery, error: WorkstationError) -> None:
        delay_s = min(_LAST_RETRY_S, _FIRST_RETRY_S * 2**delivery.attempts) * random.uniform(0.5, 1.0)
        self.outbox.failed(
            delivery.report.report_uid, error.user_text, retry_at=self.clock.now() + timedelta(seconds=delay_s)
        )


def unsigned(report: Report, report_uid: str) -> Report:
    """Return the text as it stood before it was signed; under its own UID it could never be signed again."""
    junior = report.verifier is not None and report.verifier.user_id != report.author.user_id
    return replace(
        report,
        report_uid=report_uid,
        state=ReportState.PRELIMINARY if junior else ReportState.DRAFTED,
        revision=max(0, report.revision - 1),
        verifier=None,
        signed_at=None,
    )
