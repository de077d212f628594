"""The priors of the open case: found, fetched ahead, listed, put beside it, their reports read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import language, tr
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import Hung, PriorRelation, PriorStudy, Stage, day_of
from workstation.domain.one_person import is_one_person
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.services.jobs import JobHandle, Pool
from workstation.services.prior_report import PriorReport
from workstation.services.prior_service import CasePriors, to_compare
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.hung_stage import doubt_of, is_later
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.prior_alignment import PriorAlignment
from workstation.ui.images.prior_words import detail_words, standing_words
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, NoticeAction, Severity, in_one_line
from workstation.ui.person_words import why_doubtful
from workstation.ui.prior_dialogs import PriorReportDialog, SamePersonDialog
from workstation.ui.widgets.prior_strip import PriorFacts
from workstation.ui.widgets.worklist_words import modality_word

T = TypeVar("T")
_NOTICE: Final = "priors"
_PERSONS: Final = "persons"


class Priors(QObject):
    """Nothing of it holds the case up: whatever fails costs the priors only, and is said."""

    listed = Signal()
    """More is known of the priors: all that may be opened without a question are in ``certain``"""

    def __init__(self, context: FeatureContext, hanging: Hanging, alignment: PriorAlignment) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._comparing = context.comparing
        self._hanging, self._alignment = hanging, alignment
        self._strip = context.page.priors
        self._case: OpenImages | None = None
        self._forget()
        hanging.doubt_of = self._doubt
        alignment.is_confirmed = lambda uid: uid in self._confirmed
        hanging.changed.connect(self._show)
        alignment.changed.connect(self._show_links)
        hanging.stack_settled.connect(lambda _stack: self._show_links())
        images = self._images
        images.case_opened.connect(self._opened)
        images.case_closed.connect(self._closed)
        images.series_shown.connect(self._shown)
        images.series_settled.connect(self._settled)
        strip = self._strip
        strip.opened.connect(self.open)
        strip.report_asked.connect(self.ask_report)
        strip.toggle_asked.connect(self.toggle)
        strip.link_asked.connect(self._link)
        strip.register_asked.connect(alignment.propose)
        commands, area = self._page.view_commands, tr("Images")
        commands.of_images(
            Command("priors.toggle", tr("Prior beside the case"), "layout-column", "O", self.toggle, area)
        )
        commands.of_images(Command("priors.strip", tr("List of priors"), "history", "Shift+O", self._expand, area))
        for name in ("priors.toggle", "priors.strip"):
            self._page.header.menu.addAction(commands.action(name))

    def _forget(self) -> None:
        self._priors = CasePriors(())
        self._ready: dict[str, Study] = {}
        self._jobs_running: list[JobHandle[Any]] = []
        self._ahead_job: JobHandle[bool] | None = None
        self._line_is_free = False
        self._before: tuple[Stage, tuple[Hung, ...]] | None = None
        self.dialog: SamePersonDialog | PriorReportDialog | None = None

    # a case comes and goes

    def _opened(self, case: OpenImages) -> None:
        self._forget()
        self._case = case
        self._strip.clear()
        self.find()

    def _closed(self) -> None:
        for job in (*self._jobs_running, self._ahead_job):
            if job is not None:
                job.cancel()
        if self.dialog is not None:
            self.dialog.reject()
        self._forget()
        self._case = None
        self._strip.clear()
        if self._comparing is not None:
            self._comparing.ahead.forget()

    @property
    def _confirmed(self) -> set[str]:
        return set() if self._case is None else self._case.session.confirmed_persons

    @property
    def certain(self) -> tuple[PriorStudy, ...]:
        """Return the studies that are certainly of the same person, or were confirmed to be, newest first."""
        return tuple(
            one
            for one in self._priors.known
            if one.relation is PriorRelation.SAME_PATIENT or one.study_instance_uid in self._confirmed
        )

    def find(self) -> None:
        """Ask for the priors in the background."""
        case, comparing = self._case, self._comparing
        if case is None or comparing is None:
            return
        self._page.notices.clear_notice(_NOTICE)
        study, ups = case.session.study, case.session.row.ups_instance_uid

        def work(job: JobContext) -> CasePriors:
            return comparing.priors.find(ups, study, comparing.protocols.all(), job)

        self._run(work, self._found, self._not_found)

    def _run(
        self, work: Callable[[JobContext], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        self._jobs_running.append(self._jobs.submit(Pool.IO, work, on_success=done, on_error=failed))

    def _found(self, priors: CasePriors) -> None:
        if self._case is None:
            return
        self._priors = priors
        self._ready = {one.study_instance_uid: one for one in priors.ready}
        self._note_known()
        if priors.failure is not None:
            self._not_found(priors.failure)
        touched = self._page.grid.touched
        self._hanging.set_priors(priors.ready, and_hang=bool(priors.ready) and not touched)
        if priors.ready and touched:
            self._page.toast.emit(
                tr("A prior is here: {key} puts it beside the case", key=shown_key("priors.toggle", "O"))
            )
        QTimer.singleShot(0, self, self._list)  # hanging them is work enough for one turn

    def _note_known(self) -> None:
        """Let the report know what it may be compared with: what may be another person's is none of it."""
        if self._case is not None:
            session, listed = self._case.session, {one.study_instance_uid for one in self.certain}
            session.know_priors(to_compare(self._priors, session.study, self._confirmed), listed=listed)

    def _list(self) -> None:
        if self._case is not None:
            self._show()
            self._last_impression()
            self._fetch_ahead()
            self.listed.emit()

    def _not_found(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.notices.show_notice(
            Notice(_NOTICE, Severity.DEGRADED, tr("Priors could not be fetched"),
                   in_one_line(error.user_text, tr("The case itself can be read.")),
                   actions=(NoticeAction(tr("Try again"), self.find, "refresh"),))
        )  # fmt: skip

    # fetching ahead gives way to the images on screen

    def _shown(self, _shown: ShownSeries) -> None:
        self._line_is_free = False

    def _settled(self, _shown: ShownSeries) -> None:
        self._line_is_free = True
        self._show_links()
        self._fetch_ahead()

    def _fetch_ahead(self) -> None:
        comparing, ahead = self._comparing, self._priors.ahead
        if comparing is None or not ahead or not self._line_is_free or self._ahead_job is not None:
            return

        def ended(_value: object) -> None:
            self._ahead_job = None

        def broke(error: Exception) -> None:
            self._ahead_job = None
            self._not_found(error)

        self._ahead_job = self._jobs.submit(
            Pool.IO,
            lambda job: comparing.ahead.fetch_ahead(ahead, job, lambda: self._line_is_free),
            on_success=ended,
            on_error=broke,
        )

    # showing

    def _show(self) -> None:
        current = self._hanging.current
        if current is None:
            return
        shown = {one.stack.study.study_instance_uid for one in self._hanging.prior_cells() if one.stack is not None}
        shown = shown if self._hanging.is_on_screen else set()
        self._strip.show_priors([self._facts(one, one.study_instance_uid in shown, current)
                                 for one in self._priors.known])  # fmt: skip
        self._show_links()
        if shown and self._hanging.two_persons:
            self._page.notices.show_notice(
                Notice(_PERSONS, Severity.LOST, self._hanging.two_persons,
                       tr("Compare names before you compare images."),
                       actions=(NoticeAction(tr("Take the prior away"), self.toggle),))
            )  # fmt: skip
        else:
            self._page.notices.clear_notice(_PERSONS)

    def _show_links(self) -> None:
        alignment = self._alignment
        self._strip.show_beside(
            beside=alignment.pair() is not None, can_link=alignment.is_linkable, linked=alignment.linked
        )

    def _facts(self, one: PriorStudy, is_shown: bool, current: Study) -> PriorFacts:  # noqa: FBT001 - one of its facts
        doubtful = one.relation is PriorRelation.POSSIBLY_SAME and one.study_instance_uid not in self._confirmed
        if one.relation is PriorRelation.SAME_PATIENT:
            relation = tr("same patient")
        else:
            relation = tr("possibly the same") if doubtful else tr("confirmed by you")
        return PriorFacts(
            uid=one.study_instance_uid,
            date=_date(one.study_date),
            modality=modality_word(one),
            description=one.description,
            site=one.site_name,
            relation=relation,
            doubtful=one.relation is PriorRelation.POSSIBLY_SAME,
            why=why_doubtful(one.against),
            reported=one.reported,
            standing=standing_words(one),
            detail=detail_words(one, with_marks=self._case is not None and not self._case.session.ai_hidden),
            is_shown=is_shown,
            is_later=is_later(one.study_date, current.study_date),
        )

    def _doubt(self, study: Study) -> str:
        current = self._hanging.current
        if current is None:
            return ""
        return doubt_of(study, current, by_the_readers_word=study.study_instance_uid in self._confirmed)

    def _expand(self) -> None:
        self._strip.set_expanded(expanded=not self._strip.is_expanded)

    # beside the case

    def toggle(self) -> None:
        """Put the newest prior that may hang beside the case, or take priors away."""
        hanging = self._hanging
        if hanging.is_on_screen and hanging.prior_cells():
            self._take_away()
        elif hanging.priors:
            self._before = hanging.arrangement
            with_prior = next((one for one in hanging.stages if one.priors_needed), None)
            if with_prior is not None:
                hanging.show_stage(with_prior)
            else:
                self._beside(hanging.priors[0])
        elif self._priors.known:
            key = shown_key("priors.strip", "Shift+O")
            self._page.toast.emit(
                tr("No prior shows this part and side for certain: {key} lists them all to be opened", key=key)
            )
        else:
            self._page.toast.emit(tr("No comparable prior"))

    def _take_away(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            self._hanging.show_hung(*before)
        else:
            self._hanging.show_alone()

    def open(self, uid: str) -> None:
        """Show a prior's images beside the case; who may be another person is asked about first."""
        prior, comparing = self._prior(uid), self._comparing
        current = self._hanging.current
        if prior is None or comparing is None or current is None:
            return
        if uid in self._ready:
            self._opened_prior(self._ready[uid])
            return
        if prior.relation is PriorRelation.POSSIBLY_SAME and uid not in self._confirmed:
            self._ask_person(current, prior)
            return
        self._open(prior, same_person=prior.relation is PriorRelation.POSSIBLY_SAME)

    def _ask_person(self, current: Study, prior: PriorStudy) -> None:
        if self.dialog is not None:
            return
        self.dialog = dialog = SamePersonDialog(self._page, current, prior, _date(prior.study_date))
        dialog.accepted.connect(partial(self._open, prior, same_person=True))
        dialog.finished.connect(self._dialog_gone)
        dialog.open()

    def _dialog_gone(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _open(self, prior: PriorStudy, *, same_person: bool) -> None:
        comparing = self._comparing
        if comparing is None:
            return

        def opened(study: Study) -> None:
            current = self._hanging.current
            if current is None:
                return
            if same_person:
                self._confirmed.add(prior.study_instance_uid)
                self._note_known()
                self.listed.emit()
            elif not is_one_person(current.patient, study.patient):
                self._doubted(study, current)
                return
            self._ready[prior.study_instance_uid] = study
            self._opened_prior(study)

        self._run(lambda _job: comparing.priors.open(prior, same_person=same_person), opened, self._not_found)

    def _doubted(self, study: Study, current: Study) -> None:
        """Ask about a study whose own images name another person than the hub said; nothing of it is shown."""
        self._priors = self._priors.doubted(study, current.patient)
        self._note_known()
        self._show()
        prior = self._prior(study.study_instance_uid)
        if prior is not None:
            self._ask_person(current, prior)

    def _opened_prior(self, study: Study) -> None:
        if self._case is None:
            return
        rest = [one for one in self._hanging.priors if one.study_instance_uid != study.study_instance_uid]
        self._hanging.set_priors([study, *rest], and_hang=False)
        self._before = self._before or self._hanging.arrangement
        self._beside(self._hanging.priors[0])

    def _beside(self, prior: Study) -> None:
        """Hang the case's series on screen and the prior's most alike."""
        hanging, shown = self._hanging, self._images.shown
        with_prior = next((one for one in hanging.stages if one.priors_needed == 1), None)
        if with_prior is not None:
            hanging.show_stage(with_prior)
            if hanging.prior_cells():
                return
        if shown is not None:
            hanging.beside(prior)

    def _prior(self, uid: str) -> PriorStudy | None:
        return next((one for one in self._priors.known if one.study_instance_uid == uid), None)

    def _link(self) -> None:
        if not self._alignment.toggle():
            self._page.view_commands.action("view.link").trigger()

    # reports

    def ask_report(self, uid: str) -> None:
        """Fetch and show the signed report of a prior."""
        prior, comparing = self._prior(uid), self._comparing
        if prior is None or comparing is None:
            return
        if prior.relation is PriorRelation.POSSIBLY_SAME and uid not in self._confirmed:
            self._page.toast.emit(tr("Confirm first that it is the same person: open its images"))
            return
        tongue = language()

        def read(report: PriorReport | None) -> None:
            if report is None:
                self._page.toast.emit(tr("There is no signed report"))
            elif self.dialog is None and self._case is not None:
                title = tr("Report of {date} {what}", date=_date(prior.study_date), what=prior.description)
                self.dialog = dialog = PriorReportDialog(self._page, title, report)
                dialog.finished.connect(self._dialog_gone)
                dialog.open()

        self._run(lambda _job: comparing.priors.report(prior, tongue), read, self._not_found)

    def _last_impression(self) -> None:
        """Show what the newest signed report of certainly the same patient concluded."""
        comparing = self._comparing
        newest = next((one for one in self._priors.known
                       if one.reported and one.relation is PriorRelation.SAME_PATIENT), None)  # fmt: skip
        if newest is None or comparing is None:
            return
        tongue = language()

        def read(report: PriorReport | None) -> None:
            if report is not None and report.impression and self._case is not None:
                heading = tr("Last impression {date}", date=_date(newest.study_date))
                self._strip.show_impression(heading, report.impression)

        self._run(lambda _job: comparing.priors.report(newest, tongue), read, self._not_found)


def _date(text: str) -> str:
    day = day_of(text)
    return day.isoformat() if day is not None else tr("no date")
