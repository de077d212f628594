"""Asks whether a prior is of the case's person: one step for every page that shows something of priors."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.hanging import PriorStudy, day_of
from workstation.services.jobs import JobRunner, Pool
from workstation.services.prior_service import ComparePriors
from workstation.services.reading_session import ReadingSession
from workstation.ui.prior_dialogs import SamePersonDialog


class PersonQuestion(QObject):
    """
    The answer is recorded once, then kept with the session, which tells every page; only then it goes on.

    What cannot be recorded is not confirmed: ``failed`` takes the error.
    """

    def __init__(
        self, page: QWidget, jobs: JobRunner, priors: ComparePriors, failed: Callable[[Exception], None]
    ) -> None:
        super().__init__(page)
        self._page, self._jobs, self._priors, self._failed = page, jobs, priors, failed
        self._asked: object = None
        """Stands for the question under way, until its answer is recorded; None where there is none"""
        self.dialog: SamePersonDialog | None = None

    def ask(
        self,
        session: ReadingSession,
        prior: PriorStudy,
        go_on: Callable[[], None],
        declined: Callable[[], None] = lambda: None,
        *,
        by_images: bool = False,
    ) -> None:
        """Ask about a prior as it is judged; nothing more is asked until the answer is recorded, or could not be."""
        if self._asked is not None:
            return
        self._asked = asked = object()
        day = day_of(prior.study_date)
        date = tr("no date") if day is None else day.isoformat()
        self.dialog = dialog = SamePersonDialog(self._page, session.study, prior, date, by_images=by_images)

        def recorded(_none: None) -> None:
            if self._asked is asked:
                self._asked = None
                session.confirm_person(prior)
                go_on()

        def broke(error: Exception) -> None:
            if self._asked is asked:
                self._asked = None
                self._failed(error)

        def ended(result: int) -> None:
            self.dialog = None
            dialog.deleteLater()
            if self._asked is not asked:
                return
            if result != SamePersonDialog.DialogCode.Accepted:
                self._asked = None
                declined()
                return
            self._jobs.submit(Pool.IO, lambda _job: self._priors.confirm(prior), on_success=recorded, on_error=broke)

        dialog.finished.connect(ended)
        dialog.open()

    def forget(self) -> None:
        """The case is put away: whatever is asked is not answered any more."""
        self._asked = None
        if self.dialog is not None:
            self.dialog.reject()
