"""How a report leaves the desk: submitted, sent back, given up or signed, one act at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, SignalInstance

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import ReportError, SignatureInvalid, WorkstationError
from workstation.domain.report import Report
from workstation.domain.report_state import ReturnCode
from workstation.domain.workitem import Claim
from workstation.services.jobs import Pool
from workstation.services.reading_session import ReadingSession
from workstation.services.signing_service import SignedReport
from workstation.ui.desk_jobs import DeskJobs
from workstation.ui.desk_services import DeskServices
from workstation.ui.draft_keeper import DraftKeeper


class HandingOver(QObject):
    """Carries out what is asked of an open session; each act needs its claim, and what fails leaves it as it was."""

    submitted = Signal(object)
    returned = Signal(object)
    given_up = Signal(object)
    """``Report`` that was cancelled before it was signed"""
    signed = Signal(object)
    """``SignedReport``: safe in the outbox"""
    sign_failed = Signal(object)
    not_handed_over = Signal(object, object)
    """``WorkstationError`` and the act to repeat: the report is still here as it was"""
    busy_changed = Signal(bool)
    """True while the report is being submitted, sent back or signed; nothing else may be done with it then."""
    handed_over = Signal()
    """A report has left: what waits in the outbox may go"""

    def __init__(
        self,
        parent: QObject,
        services: DeskServices,
        jobs: DeskJobs,
        drafts: DraftKeeper,
        *,
        session: Callable[[], ReadingSession | None],
        actor: Callable[[], Actor | None],
    ) -> None:
        super().__init__(parent)
        self._services, self._jobs, self._drafts = services, jobs, drafts
        self._open_session, self._actor = session, actor
        self._busy = False

    @property
    def busy(self) -> bool:
        """Tell whether the report is on its way out of this desk."""
        return self._busy

    def submit(self, pin: str = "") -> None:
        """Hand the report to a senior, signed by its author where a PIN comes with it."""
        held, actor = self._held(), self._actor()
        if held is None or actor is None:
            return
        session, claim, report = held

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
                self._tell(self.submit, error)

        self._hand_over(session, Pool.IO, signed_and_submitted, told=self.submitted, failed=failed)

    def send_back(self, reason: str, codes: tuple[ReturnCode, ...] = ()) -> None:
        """Return a preliminary report to its author."""
        held = self._held()
        if held is None:
            return
        session, claim, report = held
        self._hand_over(
            session,
            Pool.IO,
            lambda: self._services.send_back(report, claim, reason, codes),
            told=self.returned,
            failed=partial(self._tell, partial(self.send_back, reason, codes)),
        )

    def give_up(self, act: Callable[[Report, Claim], Report]) -> None:
        """Let the report leave this desk unsigned by ``act``, which cancels it at the hub."""
        held = self._held()
        if held is None:
            return
        session, claim, report = held
        self._hand_over(
            session,
            Pool.IO,
            lambda: act(report, claim),
            told=self.given_up,
            failed=partial(self._tell, partial(self.give_up, act)),
        )

    def sign(self, pin: str) -> None:
        """Sign the open report, once; ``sign_failed`` keeps everything as it was."""
        held, actor = self._held(), self._actor()
        if held is None or actor is None:
            return
        session, claim, report = held

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

        self._hand_over(session, Pool.CPU, checked_and_signed, told=self.signed, failed=self._not_signed)

    def _held(self) -> tuple[ReadingSession, Claim, Report] | None:
        """Return what may be handed over now; None without a claim, and while it is on its way out."""
        session = self._open_session()
        if session is None or session.claim is None or self._busy:
            return None
        return session, session.claim, session.report

    def _hand_over(
        self,
        session: ReadingSession,
        pool: Pool,
        act: Callable[[], Report] | Callable[[], SignedReport],
        *,
        told: SignalInstance,
        failed: Callable[[Exception], None],
    ) -> None:
        """Let the report leave this desk; the draft is on disk first, and a second request is ignored."""
        self._set_busy(busy=True)
        self._drafts.flush()

        def done(left: Report | SignedReport) -> None:
            self._drafts.forget(session.report.study_instance_uid)
            session.handed_over(left.report if isinstance(left, SignedReport) else left)
            self._set_busy(busy=False)
            told.emit(left)
            self.handed_over.emit()

        def refused(error: Exception) -> None:
            self._set_busy(busy=False)
            failed(error)

        self._jobs.submit(pool, lambda _job: act(), on_success=done, on_error=refused)

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self.busy_changed.emit(busy)

    def _not_signed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):  # the dialog must not wait for ever beside the crash page
            unsigned = tr("The report could not be signed")
            self.sign_failed.emit(ReportError(unsigned, hint=tr("Nothing was sent, and the draft is kept.")))
            raise error
        self.sign_failed.emit(error)

    def _tell(self, act: Callable[[], None], error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self.not_handed_over.emit(error, act)
