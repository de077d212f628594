"""
The desk: the one case a reader has open, shared by the reading and the report page.

Pages listen to its signals and never call a service themselves. How a case is opened, how its report leaves and what is
sent afterwards are parts of their own, which tell the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from workstation.domain.access import Actor
from workstation.domain.errors import WorkstationError
from workstation.domain.report import Person, Report
from workstation.domain.report_content import says_other
from workstation.domain.report_state import ReturnCode
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.citing import CitingOfCase
from workstation.services.jobs import JobRunner, Pool
from workstation.services.open_report import Changed
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.ui.case_opening import CaseOpening
from workstation.ui.delivery_rounds import DeliveryRounds
from workstation.ui.desk_jobs import DeskJobs
from workstation.ui.desk_services import DeskServices
from workstation.ui.draft_keeper import DraftKeeper
from workstation.ui.handing_over import HandingOver
from workstation.ui.pending import Pending


class CaseDesk(QObject):
    """Holds at most one ``ReadingSession``; signals tell facts in the past tense."""

    opening = Signal(object)
    """``WorklistRow``: work has begun; show where the images will be."""
    opened = Signal(object)
    """``ReadingSession``"""
    refused = Signal(object, object)
    """``WorklistRow``, ``WorkstationError``: somebody else was faster, or the hub does not answer."""
    closing = Signal()
    """The open case is about to be put away: what is being written goes into it now, before it is saved."""
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
    place_wanted = Signal(str)
    """Field of the report, finding or form that somebody is led to, because it lacks something"""
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
        self._actor = actor
        self._session: ReadingSession | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._revealing: ReadingSession | None = None
        self._jobs = DeskJobs(jobs)
        self._drafts = DraftKeeper(services.save_draft, jobs)
        self._drafts.setParent(self)
        self._drafts.saved.connect(self.draft_saved)
        self._drafts.failed.connect(self.draft_failed)
        self._opening = CaseOpening(
            self, services.open_case, services.release, self._jobs, take=self._take, open_row=self._open_row
        )
        self._opening.begun.connect(self.opening)
        self._opening.refused.connect(self.refused)
        self._opening.put_back.connect(self.put_back)
        self._opening.kept.connect(self.kept)
        self._handing = HandingOver(
            self, services, self._jobs, self._drafts, session=lambda: self._session, actor=actor
        )
        self._handing.submitted.connect(self.submitted)
        self._handing.returned.connect(self.returned)
        self._handing.given_up.connect(self.given_up)
        self._handing.signed.connect(self.signed)
        self._handing.sign_failed.connect(self.sign_failed)
        self._handing.not_handed_over.connect(self.not_handed_over)
        self._handing.busy_changed.connect(self.busy_changed)
        self._rounds = DeliveryRounds(self, services.deliver, self._jobs, actor)
        self._rounds.delivered.connect(self.delivered)
        self._rounds.undelivered.connect(self.undelivered)
        self._rounds.failed.connect(self.failed)
        self._handing.handed_over.connect(self._rounds.deliver)

    @property
    def session(self) -> ReadingSession | None:
        """Return the open case."""
        return self._session

    @property
    def is_free(self) -> bool:
        """Tell whether no case is open and none is on its way to being open."""
        return self._session is None and not self._opening.is_running

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
    def citing(self) -> CitingOfCase | None:
        """Return what looks up the evidence of other studies; None without a case and where nothing is cited."""
        session, cite = self._session, self._services.sign.cite
        return None if session is None or cite is None else CitingOfCase(cite, session.study.patient)

    @property
    def busy(self) -> bool:
        """Tell whether the report is on its way out of this desk."""
        return self._handing.busy

    @property
    def has_unsaved(self) -> bool:
        """Tell whether a draft is not on disk yet."""
        return self._drafts.has_unsaved

    def start(self) -> None:
        """Begin to deliver what waits in the outbox."""
        self._rounds.start()

    def stop(self) -> None:
        """Save and stop; the window is going away or the person signs out. Late answers are dropped."""
        self._rounds.stop()
        self._opening.cancel()
        self.close()
        self._drafts.close()
        self._jobs.stop()

    def put_back_unopened(self) -> None:
        """
        Give back a case whose opening was cut short by ``stop``, so that it waits under nobody's name.

        Blocks until everything that was under way has ended: run it off the main thread, before the session ends.
        """
        self._opening.put_back_unopened()
        self._jobs.wait()

    def open(self, row: WorklistRow, *, read_only: bool = False) -> None:
        """Open a case in the background; the case that was open is saved first."""
        actor = self._actor()
        if actor is None or self._jobs.stopped:
            return
        left = self._session
        self.close()
        if left is not None and left.claim is not None and left.row.ups_instance_uid != row.ups_instance_uid:
            self.kept.emit(left.row)
        self._opening.begin(row, actor, read_only=read_only)

    def close(self) -> None:
        """Put the open case away; its draft is on disk, or kept and tried again when the disk refuses."""
        if self._session is None:
            return
        self.closing.emit()
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
        if session is not None and session.row.ups_instance_uid == ups_instance_uid and not self.busy:
            self.close()

    def holds_back(self, ups_instance_uid: str) -> bool:
        """Tell whether this case's report is on its way out, so that it cannot be given back."""
        row = self._open_row()
        return self.busy and row is not None and row.ups_instance_uid == ups_instance_uid

    def go_on_with_other(self) -> None:
        """Go on with the version that was passed over; every page shows the case anew."""
        session = self._session
        if session is not None and session.passed_over is not None and not session.read_only and not self.busy:
            session.go_on_with_other()
            self.opened.emit(session)

    def submit(self, pin: str = "") -> None:
        """Hand the report to a senior, signed by its author where a PIN comes with it."""
        self._handing.submit(pin)

    def send_back(self, reason: str, codes: tuple[ReturnCode, ...] = ()) -> None:
        """Return a preliminary report to its author."""
        self._handing.send_back(reason, codes)

    def give_up(self, act: Callable[[Report, Claim], Report]) -> None:
        """Let the report leave this desk unsigned by ``act``, which cancels it at the hub."""
        self._handing.give_up(act)

    def sign(self, pin: str) -> None:
        """Sign the open report, once; ``sign_failed`` keeps everything as it was."""
        self._handing.sign(pin)

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
        self._jobs.submit(Pool.IO, lambda _job: self._services.reveal(report), on_success=done, on_error=failed)

    def deliver(self) -> None:
        """Send what waits in the outbox; rounds never overlap."""
        self._rounds.deliver()

    # inside

    def _open_row(self) -> WorklistRow | None:
        return self._session.row if self._session is not None else None

    def _take(self, case: OpenedCase, actor: Actor) -> None:
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

    def _on_change(self, change: Changed) -> None:
        session = self._session
        if session is not None and change not in {Changed.STATE, Changed.PRIORS} and not session.read_only:
            self._drafts.touch(session.report)
        self.changed.emit(change)
