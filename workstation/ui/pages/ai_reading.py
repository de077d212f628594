"""Reading with AI beside the images: reading first, the operating point, and rejecting the rest."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import AlgorithmIdentity, RejectReason
from workstation.domain.model import ModelCard
from workstation.domain.outside_use import outside_use_words
from workstation.domain.tally import DecisionTally
from workstation.services.jobs import JobRunner, Pool
from workstation.services.model_service import research_banner
from workstation.services.reading_ai import ReadingAi
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.keymap import shown_key
from workstation.ui.model_dialog import ModelDialog
from workstation.ui.notice import Severity
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.reading_words import lock_words
from workstation.ui.widgets.ai_bar import AiState


class AiReading(QObject):
    """Shows what of the AI may be seen."""

    def __init__(
        self,
        page: ReadingPage,
        desk: CaseDesk,
        jobs: JobRunner,
        reading_ai: ReadingAi | None,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self._jobs = jobs
        self._ai = reading_ai
        self._tally: tuple[str, DecisionTally] | None = None
        """By the SHA-256 of the model; asked for once a case"""
        self._asked = ""
        self._bases: dict[AlgorithmIdentity, tuple[tuple[str, str], ...]] = {}
        """What was measured at the points of each model that was seen since the start, empty until it is known"""
        self._gone = False
        self.dialog: ModelDialog | None = None
        panel = page.findings
        panel.ai.reveal_requested.connect(desk.reveal)
        page.reveal_requested.connect(desk.reveal)
        panel.ai.point_chosen.connect(self._choose)
        panel.ai.limits_asked.connect(self.show_limits)
        panel.rest_rejected.connect(self._reject_rest)
        page.rest_asked.connect(panel.ask_rest)
        desk.reveal_failed.connect(self._stays_hidden)
        page.going_away.connect(self._leave)

    def show(self, session: ReadingSession) -> None:
        """Show the AI as it stands now."""
        findings, shown = session.findings, session.displayed
        algorithm = shown.algorithm
        self._page.findings.show_origin(algorithm)
        marks = [one for one in shown.findings if one.original is not None]
        points = () if algorithm is None else tuple(name for name, _score in reversed(algorithm.operating_points))
        self._page.findings.ai.show_state(
            AiState(
                hidden=findings.ai_hidden,
                algorithm=algorithm is not None,
                points=points,
                bases=() if algorithm is None else self._bases_of(algorithm),
                point=findings.operating_point or _own_point(algorithm),
                below=0 if findings.ai_hidden else len(findings.below),
                marks=len(marks),
                undecided=len(shown.undecided),
                tally=self._tally_words(algorithm),
                banner="" if algorithm is None else _banner(algorithm),
                locked=lock_words(session).reason,
            )
        )
        if algorithm is not None:
            self._ask_tally(session, algorithm)

    def closed(self) -> None:
        """Forget the case."""
        self._tally, self._asked = None, ""

    def show_limits(self) -> None:
        """Show what is known of the model, one click away from its marks."""
        session = self._desk.session
        algorithm = None if session is None else session.displayed.algorithm
        if algorithm is None:
            return
        self.dialog = ModelDialog(self._page, algorithm)
        self.dialog.open()
        if self._ai is not None:
            dialog, known = self.dialog, self._ai
            self._jobs.submit(
                Pool.IO, lambda _job: known.card(algorithm), on_success=dialog.show_card, on_error=self._no_card
            )

    def _no_card(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if self.dialog is not None:
            self.dialog.show_card(None)

    def _choose(self, point: str) -> None:
        session = self._desk.session
        if session is not None:
            algorithm = session.findings.algorithm
            session.review.choose_operating_point("" if point == _own_point(algorithm) else point)

    def _reject_rest(self, reason: RejectReason) -> None:
        session = self._desk.session
        if session is None:
            return
        if session.read_only:
            self._page.toast.emit(lock_words(session).reason)
            return
        count = session.review.reject_rest(RejectReason(reason))
        if count:
            self._page.toast.emit(
                tr(
                    "{count} marks rejected together; {key} takes them all back",
                    count=count,
                    key=shown_key("findings.undo", "Ctrl+Z"),
                )
            )

    def _stays_hidden(self, error: Exception) -> None:
        if isinstance(error, WorkstationError) and not self._gone:
            self._page.show_error(error, key="reveal", severity=Severity.DEGRADED)

    def _leave(self) -> None:
        self._gone = True

    def _bases_of(self, algorithm: AlgorithmIdentity) -> tuple[tuple[str, str], ...]:
        """Return what its maker measured at its points; asked for at the first time, nothing until it comes."""
        model = replace(algorithm, provider="", seconds_s=None, doubts=())
        if self._ai is None or model in self._bases:
            return self._bases.get(model, ())
        self._bases[model] = ()
        known = self._ai

        def arrived(card: ModelCard | None) -> None:
            now = self._desk.session
            if card is not None:
                self._bases[model] = card.bases_of(model.operating_points)
            if card is not None and now is not None and not self._gone:
                self.show(now)

        self._jobs.submit(Pool.IO, lambda _job: known.card(model), on_success=arrived, on_error=_unimportant)
        return ()

    # how often this reader rejects this model's marks

    def _ask_tally(self, session: ReadingSession, algorithm: AlgorithmIdentity) -> None:
        if self._ai is None or self._asked == algorithm.sha256:
            return
        self._asked = algorithm.sha256
        known, user = self._ai, session.reader.user_id

        def arrived(tally: DecisionTally) -> None:
            self._tally = (algorithm.sha256, tally)
            now = self._desk.session
            if now is not None and not self._gone:
                self.show(now)

        self._jobs.submit(
            Pool.IO, lambda _job: known.tally(user, algorithm.sha256), on_success=arrived, on_error=_unimportant
        )

    def _tally_words(self, algorithm: AlgorithmIdentity | None) -> str:
        if algorithm is None or self._tally is None or self._tally[0] != algorithm.sha256:
            return ""
        tally = self._tally[1]
        if not tally.decided:
            return ""
        return tr(
            "You rejected {rejected} of {decided} marks of this model ({cases} cases)",
            rejected=tally.rejected, decided=tally.decided, cases=tally.cases,
        )  # fmt: skip


def _own_point(algorithm: AlgorithmIdentity | None) -> str:
    """Return the name of the model's own operating point, empty where it has no name."""
    if algorithm is None or algorithm.threshold is None:
        return ""
    own = algorithm.threshold
    return next((name for name, score in algorithm.operating_points if abs(score - own) < 1e-9), "")


def _unimportant(error: Exception) -> None:
    """Read on without the figure when it cannot be had; a fault of ours is still told."""
    if not isinstance(error, WorkstationError):
        raise error


def _banner(algorithm: AlgorithmIdentity) -> str:
    """Return what stands over the marks: that the model is for research, and what lay outside its tested use."""
    return "\n".join(filter(None, [research_banner(algorithm), outside_use_words(algorithm.doubts)]))
