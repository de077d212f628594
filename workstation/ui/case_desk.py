"""
The desk: the one case a reader has open, shared by the reading and the report page.

Opens, autosaves, submits, signs and delivers through use cases in background jobs; pages listen to
its signals and never call a service themselves.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from resources.translation import language, tr
from workstation.domain.access import Actor
from workstation.domain.errors import AlreadyClaimed, JobCancelled, ReportError, SignatureInvalid, WorkstationError
from workstation.domain.ports import Clock, JobContext
from workstation.domain.report import Person, Report
from workstation.domain.report_content import says_other
from workstation.domain.report_state import ReturnCode
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.author_signing import SignPreliminary
from workstation.services.citing import CiteOthers
from workstation.services.claim_check import CheckClaim
from workstation.services.delivery_service import DeliverReports, DeliveryOutcome
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.open_report import Changed
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.services.report_service import RevealAi, SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.signing_service import SignedReport, SignReport
from workstation.services.study_service import OpenCase, ReleaseCase
from workstation.ui.draft_keeper import DraftKeeper
from workstation.ui.pending import Pending

T = TypeVar("T")
DELIVERY_INTERVAL_MS: Final = 5000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeskServices:
    """The use cases the desk carries out, joined in bootstrap."""

    open_case: OpenCase
    save_draft: SaveDraft
    sign_preliminary: SignPreliminary
    submit: SubmitPreliminary
    send_back: SendReportBack
    sign: SignReport
    check_claim: CheckClaim
    deliver: DeliverReports
    release: ReleaseCase
    reveal: RevealAi
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
    put_back = Signal(object)
    """``WorklistRow`` of a case that was claimed but left before it was open: it is free for others again."""
    kept = Signal(object)
    """``WorklistRow`` of a case that was left and stays under this reader's name."""
    changed = Signal(object)
    """``Changed``"""
    draft_saved = Signal(object)
    """``datetime`` of the saved version, UTC"""
    draft_failed = Signal(object)
    submitted = Signal(object)
    returned = Signal(object)
    given_up = Signal(object)
    """``Report`` that was cancelled before it was signed"""
    signed = Signal(object)
    """``SignedReport``: safe in the outbox"""
    sign_failed = Signal(object)
    reveal_failed = Signal(object)
    """``WorkstationError``: the act could not be recorded, so the AI stays hidden."""
    not_handed_over = Signal(object, object)
    """``WorkstationError`` and the act to repeat: the report is still here as it was"""
    failed = Signal(object)
    busy_changed = Signal(bool)
    """True while the report is being submitted, sent back or signed; nothing else may be done with it then."""
    finding_wanted = Signal(str)
    """Tracking UID of a finding that somebody wants to see on the images"""
    annotation_wanted = Signal(str)
    """UID of an annotation that somebody wants to see on the images"""
    image_wanted = Signal(object)
    """``KeyImage`` that somebody wants to see"""
    delivered = Signal(object)
    """``DeliveryOutcome`` of a round in which something moved, or began or ceased to wait for its time stamp"""
    undelivered = Signal(object, str)
    """``WorkstationError`` and Study Instance UID: the hub did not take a signed report, its text is a draft again"""

    def __init__(
        self,
        services: DeskServices,
        jobs: JobRunner,
        actor: Callable[[], Actor | None],
        *,
        read_first: Callable[[Actor], bool] = lambda _actor: False,
    ) -> None:
        super().__init__()
        self.pending = Pending(self)
        self._read_first = read_first
        self._services = services
        self._jobs = jobs
        self._actor = actor
        self._session: ReadingSession | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._opening: WorklistRow | None = None
        self._fetching: list[tuple[WorklistRow, Actor, JobHandle[OpenedCase]]] = []
        self._running: list[JobHandle[Any]] = []
        self._putting_back: set[str] = set()
        self._after_putting_back: Callable[[], None] = lambda: None
        self._delivering = False
        self._without_stamp = (0, 0)
        self._busy = False
        self._revealing: ReadingSession | None = None
        self._stopped = False
        self._drafts = DraftKeeper(services.save_draft, jobs)
        self._drafts.setParent(self)
        self._drafts.saved.connect(self.draft_saved)
        self._drafts.failed.connect(self.draft_failed)
        self._rounds = QTimer(self)
        self._rounds.setInterval(DELIVERY_INTERVAL_MS)
        self._rounds.timeout.connect(self.deliver)

    @property
    def session(self) -> ReadingSession | None:
        """Return the open case."""
        return self._session

    @property
    def is_free(self) -> bool:
        """Tell whether no case is open and none is on its way to being open."""
        return self._session is None and self._opening is None

    def templates(self) -> tuple[ReportTemplate, ...]:
        """Return the report templates to choose from for the open case, none without one. Raises TemplateViolation."""
        session = self._session
        return self._services.open_case.templates.of_site(session.row.site_id) if session is not None else ()

    @property
    def signer(self) -> Actor | None:
        """Return who would sign now."""
        return self._actor()

    def foreseen_recognition(self) -> str:
        """Return in words whether the report, signed now, is recognised elsewhere; empty where nobody knows."""
        session, recognise = self._session, self._services.sign.recognise
        if session is None or recognise is None:
            return ""
        return recognise.sentence(session.report, session.template, session.study, session.row)

    @property
    def citing(self) -> CiteOthers | None:
        """Return what looks up the evidence of other studies; None where nothing is cited."""
        return self._services.sign.cite

    @property
    def busy(self) -> bool:
        """Tell whether the report is on its way out of this desk."""
        return self._busy

    @property
    def has_unsaved(self) -> bool:
        """Tell whether a draft is not on disk yet."""
        return self._drafts.has_unsaved

    def start(self) -> None:
        """Begin to deliver what waits in the outbox."""
        self._rounds.start()
        self.deliver()

    def stop(self) -> None:
        """Save and stop; the window is going away or the person signs out. Late answers are dropped."""
        self._rounds.stop()
        self._opening = None
        self.close()
        self._drafts.close()
        self._stopped = True

    def put_back_unopened(self) -> None:
        """
        Give back a case whose opening was cut short by ``stop``, so that it waits under nobody's name.

        Blocks until everything that was under way has ended: run it off the main thread, before the session ends.
        """
        for row, actor, opening in self._fetching:
            # an opening that failed or never began holds nothing; without the hub the case stays under Mine
            with contextlib.suppress(WorkstationError, JobCancelled, CancelledError):
                case = opening.result()
                if case.claim is not None and row.reader_id != actor.user_id:
                    self._services.release(case.claim)
        for job in self._running:
            with contextlib.suppress(Exception, CancelledError):  # whoever started it has been told
                job.result()

    def open(self, row: WorklistRow, *, read_only: bool = False) -> None:
        """Open a case in the background; the case that was open is saved first."""
        actor = self._actor()
        if actor is None or self._stopped:
            return
        left = self._session
        self.close()
        if left is not None and left.claim is not None and left.row.ups_instance_uid != row.ups_instance_uid:
            self.kept.emit(left.row)
        self._opening = row = replace(row)  # the object says which request an answer belongs to
        self.opening.emit(row)
        if row.ups_instance_uid not in self._putting_back:
            self._fetch(row, actor, read_only=read_only)
            return
        # the hub is just taking this case back: claim it again only after that
        self._after_putting_back = partial(self._fetch, row, actor, read_only=read_only)

    def _fetch(self, row: WorklistRow, actor: Actor, *, read_only: bool) -> None:
        def work(_job: JobContext) -> OpenedCase:
            if self._opening is not row:
                raise JobCancelled
            return self._services.open_case(row, actor, read_only=read_only, language=language())

        def arrived(case: OpenedCase) -> None:
            self._fetched(row)
            if self._opening is row:
                self._take(case, actor)
            else:
                self._leave(row, case, actor)

        opening = self._submit(Pool.IO, work, on_success=arrived, on_error=lambda error: self._refuse(row, error))
        self._fetching.append((row, actor, opening))

    def _fetched(self, row: WorklistRow) -> None:
        self._fetching = [one for one in self._fetching if one[0] is not row]

    def _leave(self, row: WorklistRow, case: OpenedCase, actor: Actor) -> None:
        """Give back a case that was claimed only for an opening that the reader has left since."""
        wanted = self._opening or (self._session.row if self._session is not None else None)
        if case.claim is None or (wanted is not None and wanted.ups_instance_uid == row.ups_instance_uid):
            return
        if row.reader_id == actor.user_id:  # it was under this reader's name before, and may hold a draft
            self.kept.emit(row)
            return
        claim, ups = case.claim, row.ups_instance_uid
        self._putting_back.add(ups)

        def done(told: SignalInstance) -> None:
            self._putting_back.discard(ups)
            told.emit(row)
            if self._opening is not None and self._opening.ups_instance_uid == ups:
                self._after_putting_back()

        self._submit(
            Pool.IO,
            lambda _job: self._services.release(claim),
            on_success=lambda _none: done(self.put_back),
            on_error=lambda _error: done(self.kept),
        )

    def close(self) -> None:
        """Put the open case away; its draft is on disk, or kept and tried again when the disk refuses."""
        if self._session is None:
            return
        self.flush()
        self._unsubscribe()
        self._session = None
        self.closed.emit()

    def flush(self) -> bool:
        """Write unsaved drafts now, a few milliseconds; False when the disk refuses."""
        return self._drafts.flush()

    def let_go(self, ups_instance_uid: str) -> None:
        """Put the open case away that was given back from the list; its draft stays on disk."""
        session = self._session
        if session is not None and session.row.ups_instance_uid == ups_instance_uid and not self._busy:
            self.close()

    def holds_back(self, ups_instance_uid: str) -> bool:
        """Tell whether this case's report is on its way out, so that it cannot be given back."""
        return self._busy and self._session is not None and self._session.row.ups_instance_uid == ups_instance_uid

    def go_on_with_other(self) -> None:
        """Go on with the version that was passed over; every page shows the case anew."""
        session = self._session
        if session is not None and session.passed_over is not None and not session.read_only and not self._busy:
            session.go_on_with_other()
            self.opened.emit(session)

    def submit(self, pin: str = "") -> None:
        """Hand the report to a senior, signed by its author where a PIN comes with it."""
        session, actor = self._session, self._actor()
        if session is None or session.claim is None or actor is None or self._busy:
            return
        claim, report = session.claim, session.report

        def signed_and_submitted() -> Report:
            written = replace(report, author_signature=None)
            if pin:
                written = self._services.sign_preliminary(
                    written, template=session.template, study=session.study, row=session.row, actor=actor, pin=pin
                )
            return self._services.submit(written, session.template, claim, submitter=session.reader.user_id)

        def failed(error: Exception) -> None:
            if isinstance(error, SignatureInvalid):
                self.sign_failed.emit(error)
            else:
                self._tell_not_handed_over(self.submit, error)

        self._hand_over(
            session,
            Pool.IO,
            signed_and_submitted,
            report_of=lambda stored: stored,
            told=self.submitted,
            failed=failed,
        )

    def send_back(self, reason: str, codes: tuple[ReturnCode, ...] = ()) -> None:
        """Return a preliminary report to its author."""
        session = self._session
        if session is None or session.claim is None or self._busy:
            return
        claim, report = session.claim, session.report
        self._hand_over(
            session,
            Pool.IO,
            lambda: self._services.send_back(report, claim, reason, codes),
            report_of=lambda stored: stored,
            told=self.returned,
            failed=partial(self._tell_not_handed_over, partial(self.send_back, reason, codes)),
        )

    def give_up(self, act: Callable[[Report, Claim], Report]) -> None:
        """Let the report leave this desk unsigned by ``act``, which cancels it at the hub."""
        session = self._session
        if session is None or session.claim is None or self._busy:
            return
        claim, report = session.claim, session.report
        self._hand_over(
            session,
            Pool.IO,
            lambda: act(report, claim),
            report_of=lambda stored: stored,
            told=self.given_up,
            failed=partial(self._tell_not_handed_over, partial(self.give_up, act)),
        )

    def sign(self, pin: str) -> None:
        """Sign the open report, once; ``sign_failed`` keeps everything as it was."""
        session, actor = self._session, self._actor()
        if session is None or session.claim is None or actor is None or self._busy:
            return
        claim, report = session.claim, session.report

        def checked_and_signed() -> SignedReport:
            self._services.check_claim(claim, actor.user_id)
            return self._services.sign(
                report,
                template=session.template,
                study=session.study,
                row=session.row,
                claim=claim,
                actor=actor,
                pin=pin,
            )

        self._hand_over(
            session,
            Pool.CPU,
            checked_and_signed,
            report_of=lambda signed: signed.report,
            told=self.signed,
            failed=self._sign_error,
        )

    def reveal(self) -> None:
        """Show the AI of a read-first case, once the act is recorded; ``failed`` leaves it hidden."""
        session = self._session
        if session is None or not session.ai_hidden or self._revealing is session:
            return
        self._revealing = session

        def done(_none: None) -> None:
            self._revealing = None
            session.review.reveal()

        def failed(error: Exception) -> None:
            self._revealing = None
            if not isinstance(error, WorkstationError):
                raise error
            self.reveal_failed.emit(error)

        report = session.report
        self._submit(Pool.IO, lambda _job: self._services.reveal(report), on_success=done, on_error=failed)

    def deliver(self) -> None:
        """Send what waits in the outbox; rounds never overlap."""
        if self._delivering or self._actor() is None:
            return
        self._delivering = True

        def done(outcome: DeliveryOutcome) -> None:
            self._delivering = False
            is_news = outcome.delivered or outcome.refused or outcome.stamped
            if is_news or (outcome.held, outcome.unstamped) != self._without_stamp:
                self._without_stamp = outcome.held, outcome.unstamped
                self.delivered.emit(outcome)
            if outcome.refused:
                error = _undelivered(outcome)
                self.undelivered.emit(error, outcome.study_instance_uid)
                self.failed.emit(error)

        def failed(error: Exception) -> None:
            self._delivering = False
            self._tell_failure(error)

        # not on the one database thread: a slow line must never hold up saving a draft
        self._submit(Pool.IO, self._services.deliver, on_success=done, on_error=failed)

    # inside

    def _submit(
        self,
        pool: Pool,
        work: Callable[[JobContext], T],
        *,
        on_success: Callable[[T], None] = lambda _value: None,
        on_error: Callable[[Exception], None],
    ) -> JobHandle[T]:
        """Run work in the background; its answer is dropped once the desk has stopped."""

        def succeed(value: T) -> None:
            if not self._stopped:
                on_success(value)

        def fail(error: Exception) -> None:
            if not self._stopped:
                on_error(error)

        job = self._jobs.submit(pool, work, on_success=succeed, on_error=fail)
        self._running = [one for one in self._running if one.future is not None and not one.future.done()] + [job]
        return job

    def _hand_over(
        self,
        session: ReadingSession,
        pool: Pool,
        act: Callable[[], T],
        *,
        report_of: Callable[[T], Report],
        told: SignalInstance,
        failed: Callable[[Exception], None],
    ) -> None:
        """Let the report leave this desk; the draft is on disk first, and a second request is ignored."""
        self._set_busy(busy=True)
        self.flush()

        def done(value: T) -> None:
            self._drafts.forget(session.report.study_instance_uid)
            session.handed_over(report_of(value))
            self._set_busy(busy=False)
            told.emit(value)
            self.deliver()

        def refused(error: Exception) -> None:
            self._set_busy(busy=False)
            failed(error)

        self._submit(pool, lambda _job: act(), on_success=done, on_error=refused)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.busy_changed.emit(busy)

    def _take(self, case: OpenedCase, actor: Actor) -> None:
        self._opening = None
        reader = Person(actor.user_id, actor.display_name, actor.site_name)
        session = ReadingSession(
            self._with_unsaved(case),
            reader,
            clock=self._services.clock,
            new_uid=self._services.new_uid,
            read_first=self._read_first(actor),
        )
        self._session = session
        self._unsubscribe = session.subscribe(self._on_change)
        self.opened.emit(session)

    def _with_unsaved(self, case: OpenedCase) -> OpenedCase:
        """Go on with what was typed before when the disk has not taken it yet."""
        kept = self._drafts.unsaved(case.study.study_instance_uid)
        if kept is None or case.claim is None:
            return case
        if kept.ups_instance_uid != case.report.ups_instance_uid or kept.revision < case.report.revision:
            is_other = kept.kind is case.report.kind and says_other(kept, case.report)
            return replace(case, passed_over=kept) if is_other else case
        return replace(case, report=kept)

    def _refuse(self, row: WorklistRow, error: Exception) -> None:
        self._fetched(row)
        is_awaited = self._opening is row
        if is_awaited:
            self._opening = None
        if not isinstance(error, WorkstationError):
            raise error
        if not is_awaited:
            return  # nobody waits for this case any more
        if isinstance(error, AlreadyClaimed):
            _log.info("claim lost: %s", row.ups_instance_uid)
        self.refused.emit(row, error)

    def _on_change(self, change: Changed) -> None:
        session = self._session
        if session is not None and change is not Changed.STATE and not session.read_only:
            self._drafts.touch(session.report)
        self.changed.emit(change)

    def _sign_error(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):  # the dialog must not wait for ever beside the crash page
            unsigned = tr("The report could not be signed")
            self.sign_failed.emit(ReportError(unsigned, hint=tr("Nothing was sent, and the draft is kept.")))
            raise error
        self.sign_failed.emit(error)

    def _tell_not_handed_over(self, act: Callable[[], None], error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self.not_handed_over.emit(error, act)

    def _tell_failure(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self.failed.emit(error)


def _undelivered(outcome: DeliveryOutcome) -> WorkstationError:
    return WorkstationError(
        tr("The centre did not take a signed report: {reason}", reason=outcome.reason),
        hint=outcome.hint
        or tr("It is kept on this machine, and its text is your draft again. Claim the case before you sign."),
    )
