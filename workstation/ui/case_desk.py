"""
The desk: the one case a reader has open, shared by the reading and the report page.

Opens, autosaves, submits, signs and delivers through use cases in background jobs; pages listen to
its signals and never call a service themselves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import language
from workstation.domain.access import Actor
from workstation.domain.errors import AlreadyClaimed, StorageError, WorkstationError
from workstation.domain.ports import Clock, JobContext
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.workitem import WorklistRow
from workstation.services.delivery_service import DeliverReports, DeliveryOutcome
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.reading_session import Changed, OpenedCase, ReadingSession
from workstation.services.report_service import SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.signing_service import SignedReport, SignReport
from workstation.services.study_service import OpenCase, ReleaseCase

AUTOSAVE_PAUSE_MS: Final = 800
DELIVERY_INTERVAL_MS: Final = 5000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeskServices:
    """The use cases the desk carries out, joined in bootstrap."""

    open_case: OpenCase
    save_draft: SaveDraft
    submit: SubmitPreliminary
    send_back: SendReportBack
    sign: SignReport
    deliver: DeliverReports
    release: ReleaseCase
    clock: Clock
    new_uid: Callable[[], str]


class CaseDesk(QObject):
    """Holds at most one ``ReadingSession``; signals tell facts in the past tense."""

    opening = Signal(object)
    """``WorklistRow``: work has begun; show where the images will be."""
    opened = Signal(object)
    """``ReadingSession``"""
    refused = Signal(object, object)
    """``WorklistRow``, ``WorkstationError``: somebody else was faster, or the hub does not answer."""
    closed = Signal()
    changed = Signal(object)
    """``Changed``"""
    draft_saved = Signal(object)
    """``datetime`` of the saved version, UTC"""
    draft_failed = Signal(object)
    submitted = Signal(object)
    returned = Signal(object)
    signed = Signal(object)
    """``SignedReport``: safe in the outbox"""
    sign_failed = Signal(object)
    failed = Signal(object)
    delivered = Signal(object)
    """``DeliveryOutcome`` of a round in which something moved"""

    def __init__(self, services: DeskServices, jobs: JobRunner, actor: Callable[[], Actor | None]) -> None:
        super().__init__()
        self._services = services
        self._jobs = jobs
        self._actor = actor
        self._session: ReadingSession | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._opening: JobHandle[OpenedCase] | None = None
        self._delivering = False
        self._unsaved = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(AUTOSAVE_PAUSE_MS)
        self._pause.timeout.connect(self._save_in_background)
        self._rounds = QTimer(self)
        self._rounds.setInterval(DELIVERY_INTERVAL_MS)
        self._rounds.timeout.connect(self.deliver)

    @property
    def session(self) -> ReadingSession | None:
        """Return the open case."""
        return self._session

    @property
    def signer(self) -> Actor | None:
        """Return who would sign now."""
        return self._actor()

    def start(self) -> None:
        """Begin to deliver what waits in the outbox."""
        self._rounds.start()
        self.deliver()

    def stop(self) -> None:
        """Save and stop; the window is going away."""
        self._rounds.stop()
        self.close()

    def open(self, row: WorklistRow, *, read_only: bool = False) -> None:
        """Open a case in the background; the case that was open is saved first."""
        actor = self._actor()
        if actor is None:
            return
        if self._opening is not None:
            self._opening.cancel()
        self.close()
        self.opening.emit(row)
        self._opening = self._jobs.submit(
            Pool.IO,
            lambda _job: self._services.open_case(row, actor, read_only=read_only, language=language()),
            on_success=lambda case: self._take(case, actor),
            on_error=lambda error: self._refuse(row, error),
        )

    def close(self) -> None:
        """Put the open case away; its draft is on disk when this returns."""
        if self._session is None:
            return
        self.flush()
        self._unsubscribe()
        self._session = None
        self.closed.emit()

    def flush(self) -> None:
        """Write an unsaved draft now; takes a few milliseconds."""
        self._pause.stop()
        if self._session is not None and self._unsaved:
            self._unsaved = False
            try:
                self._services.save_draft(self._session.report)
            except StorageError as error:
                self._unsaved = True
                self.draft_failed.emit(error)

    def release(self) -> None:
        """Give the case back to the list without a report."""
        session = self._session
        if session is None or session.claim is None:
            return
        claim = session.claim
        self.close()
        self._jobs.submit(Pool.IO, lambda _job: self._services.release(claim), on_error=self._tell_failure)

    def submit(self) -> None:
        """Hand the report to a senior."""
        session = self._session
        if session is None or session.claim is None:
            return
        claim, report = session.claim, session.report
        self._pause.stop()

        def done(stored: Report) -> None:
            self._leave(session, stored)
            self.submitted.emit(stored)

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._services.submit(report, session.template, claim),
            on_success=done,
            on_error=self._tell_failure,
        )

    def send_back(self, reason: str) -> None:
        """Return a preliminary report to its author."""
        session = self._session
        if session is None or session.claim is None:
            return
        claim, report = session.claim, session.report
        self._pause.stop()

        def done(stored: Report) -> None:
            self._leave(session, stored)
            self.returned.emit(stored)

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._services.send_back(report, claim, reason),
            on_success=done,
            on_error=self._tell_failure,
        )

    def sign(self, pin: str) -> None:
        """Sign the open report; ``sign_failed`` keeps everything as it was."""
        session, actor = self._session, self._actor()
        if session is None or session.claim is None or actor is None:
            return
        claim = session.claim
        self.flush()
        report = session.report

        def work(_job: JobContext) -> SignedReport:
            return self._services.sign(
                report,
                template=session.template,
                study=session.study,
                row=session.row,
                claim=claim,
                actor=actor,
                pin=pin,
            )

        def done(signed: SignedReport) -> None:
            self._leave(session, signed.report)
            self.signed.emit(signed)
            self.deliver()

        self._jobs.submit(Pool.CPU, work, on_success=done, on_error=self._sign_error)

    def deliver(self) -> None:
        """Send what waits in the outbox; rounds never overlap."""
        if self._delivering or self._actor() is None:
            return
        self._delivering = True

        def done(outcome: DeliveryOutcome) -> None:
            self._delivering = False
            if outcome.delivered or outcome.refused:
                self.delivered.emit(outcome)

        def failed(error: Exception) -> None:
            self._delivering = False
            self._tell_failure(error)

        self._jobs.submit(Pool.DB, self._services.deliver, on_success=done, on_error=failed)

    def _take(self, case: OpenedCase, actor: Actor) -> None:
        self._opening = None
        reader = Person(actor.user_id, actor.display_name, actor.site_name)
        session = ReadingSession(case, reader, clock=self._services.clock, new_uid=self._services.new_uid)
        self._session = session
        self._unsaved = False
        self._unsubscribe = session.subscribe(self._on_change)
        self.opened.emit(session)

    def _refuse(self, row: WorklistRow, error: Exception) -> None:
        self._opening = None
        if not isinstance(error, WorkstationError):
            raise error
        if isinstance(error, AlreadyClaimed):
            _log.info("claim lost: %s", row.ups_instance_uid)
        self.refused.emit(row, error)

    def _on_change(self, change: Changed) -> None:
        session = self._session
        if session is not None and change is not Changed.STATE and session.report.state is not ReportState.FINAL:
            self._unsaved = True
            self._pause.start()
        self.changed.emit(change)

    def _save_in_background(self) -> None:
        if self._session is None or not self._unsaved:
            return
        report = self._session.report
        self._unsaved = False

        def failed(error: Exception) -> None:
            self._unsaved = True
            if not isinstance(error, WorkstationError):
                raise error
            self.draft_failed.emit(error)

        self._jobs.submit(
            Pool.DB,
            lambda _job: self._services.save_draft(report),
            on_success=lambda _none: self.draft_saved.emit(report.updated_at),
            on_error=failed,
        )

    def _leave(self, session: ReadingSession, report: Report) -> None:
        """Take over a report that left this desk; nothing of it is autosaved any more."""
        self._unsaved = False
        self._pause.stop()
        session.claim = None
        session.moved_to(report)

    def _sign_error(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self.sign_failed.emit(error)

    def _tell_failure(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self.failed.emit(error)
