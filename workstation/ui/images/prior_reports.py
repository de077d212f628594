"""The signed reports of the priors of the open case: read when they are asked for, the last impression by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from resources.translation import language, tr
from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.services.prior_report import PriorReport
from workstation.services.prior_service import ComparePriors
from workstation.services.reading_session import ReadingSession
from workstation.ui.images.prior_cards import date_words
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.prior_dialogs import PriorReportDialog


class Ask(Protocol):
    """Reads a report in the background."""

    def __call__(
        self,
        work: Callable[[], PriorReport | None],
        read: Callable[[PriorReport | None], None],
        doubted: Callable[[PriorStudy], None],
    ) -> None:
        """``read`` takes the report, ``doubted`` the prior whose images name another person."""
        ...  # fmt: skip


class PriorReports:
    """Nothing of a report is shown unless the person of it is certain, or the reader answered for what contradicts."""

    def __init__(self, page: ReadingPage, priors: ComparePriors, session: ReadingSession, ask: Ask) -> None:
        self._page, self._priors, self._session, self._ask = page, priors, session, ask
        self.impression_of = ""
        """Study Instance UID of whose impression is shown or asked for"""
        self.dialog: PriorReportDialog | None = None

    def show(self, prior: PriorStudy, is_free: Callable[[], bool]) -> None:
        """Fetch and show the signed report of a prior, unless something else is asked or shown by then."""
        persons, study, priors = self._session.persons, self._session.study, self._priors
        if not persons.may_be_shown(prior):
            self._say_whose(prior)
            return
        tongue, word = language(), persons.word(prior.study_instance_uid)

        def read(report: PriorReport | None) -> None:
            if report is None:
                self._page.toast.emit(tr("There is no signed report"))
            elif is_free():
                title = tr("Report of {date} {what}", date=date_words(prior.study_date), what=prior.description)
                self.dialog = dialog = PriorReportDialog(self._page, title, report)
                dialog.finished.connect(self._gone)
                dialog.open()

        self._ask(lambda: priors.report(prior, study, tongue, word), read, self._say_whose)

    def show_impression(self, known: tuple[PriorStudy, ...]) -> None:
        """Show what the newest signed report of certainly the same patient concluded, nothing where there is none."""
        strip, study, priors = self._page.priors, self._session.study, self._priors
        strip.show_impression("", "")
        newest = next((one for one in known if one.reported and one.relation is PriorRelation.SAME_PATIENT), None)
        self.impression_of = "" if newest is None else newest.study_instance_uid
        if newest is None:
            return
        tongue = language()

        def read(report: PriorReport | None) -> None:
            if report is not None and report.impression and self.impression_of == newest.study_instance_uid:
                heading = tr("Last impression {date}", date=date_words(newest.study_date))
                strip.show_impression(heading, report.impression)

        def doubted(_prior: PriorStudy) -> None:
            """Its images name another person: the next one is asked for as soon as that is known."""

        self._ask(lambda: priors.report(newest, study, tongue, detail="prior impression"), read, doubted)

    def forget(self) -> None:
        """The case is put away."""
        self.impression_of = ""
        if self.dialog is not None:
            self.dialog.reject()

    def _say_whose(self, _prior: PriorStudy) -> None:
        self._page.toast.emit(tr("Confirm first that it is the same person: open its images"))

    def _gone(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()
