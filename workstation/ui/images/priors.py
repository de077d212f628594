"""The priors of the open case: found, fetched ahead, listed, put beside it, their reports read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import Hung, PriorStudy, Stage
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.services.case_priors import CasePriors, persons_in, to_compare
from workstation.services.jobs import JobHandle, Pool
from workstation.services.open_report import Changed
from workstation.services.prior_persons import PriorPersons
from workstation.services.prior_report import PriorReport
from workstation.services.prior_service import PersonInDoubt
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.prior_alignment import PriorAlignment
from workstation.ui.images.prior_cards import facts_of, red_words
from workstation.ui.images.prior_reports import PriorReports
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, NoticeAction, Severity, in_one_line
from workstation.ui.person_question import PersonQuestion
from workstation.ui.prior_dialogs import PriorReportDialog, SamePersonDialog

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
        comparing = context.comparing
        self.question = (
            None if comparing is None else PersonQuestion(context.page, context.jobs, comparing.priors, self._not_found)
        )
        self._forget()
        hanging.doubt_of = self._doubt
        alignment.is_confirmed = lambda uid: self._persons is not None and self._persons.is_confirmed(uid)
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
        self._is_listed = False
        self._judged_last: object = None
        self._ai_was_hidden = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._reports: PriorReports | None = None

    @property
    def dialog(self) -> SamePersonDialog | PriorReportDialog | None:
        """Return what is asked or shown over the page."""
        if self.question is not None and self.question.dialog is not None:
            return self.question.dialog
        return None if self._reports is None else self._reports.dialog

    # a case comes and goes

    def _opened(self, case: OpenImages) -> None:
        self._unsubscribe()
        self._forget()
        self._case = case
        self._ai_was_hidden = case.session.ai_hidden
        self._unsubscribe = case.session.subscribe(self._session_changed)
        if self._comparing is not None:
            self._reports = PriorReports(self._page, self._comparing.priors, case.session, self._ask_report)
        self._strip.clear()
        self.find()

    def _closed(self) -> None:
        for job in (*self._jobs_running, self._ahead_job):
            if job is not None:
                job.cancel()
        self._unsubscribe()
        if self.question is not None:
            self.question.forget()
        if self._reports is not None:
            self._reports.forget()
        self._forget()
        self._case = None
        self._strip.clear()
        if self._comparing is not None:
            self._comparing.ahead.forget()

    @property
    def _persons(self) -> PriorPersons | None:
        return None if self._case is None else self._case.session.persons

    @property
    def certain(self) -> tuple[PriorStudy, ...]:
        """Return the studies that are certainly of the same person, or were confirmed to be, newest first."""
        persons = self._persons
        return () if persons is None else tuple(one for one in self._priors.known if persons.may_be_shown(one))

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
        known = self._case.session.persons.hear(priors.known, priors.told)
        self._priors, self._is_listed = replace(priors, known=known), True
        self._let_go()
        before, found = self._hanging.priors, {one.study_instance_uid: one for one in priors.ready}
        self._ready |= found
        self._judged_last = self._judgement()
        self._note_known()
        if priors.failure is not None:
            self._not_found(priors.failure)
        self._hang_found(before, found)
        QTimer.singleShot(0, self, self._list)  # hanging them is work enough for one turn

    def _hang_found(self, before: tuple[Study, ...], found: dict[str, Study]) -> None:
        """Hang what was found; what hung ``before`` beyond it stays first, as the reader put it, and on screen."""
        held, touched = {one.study_instance_uid for one in before}, self._page.grid.touched
        if held <= found.keys():
            self._hanging.set_priors(tuple(found.values()), and_hang=bool(found) and not touched)
        else:
            added = [one for uid, one in found.items() if uid not in held]
            self._hanging.set_priors((*before, *added), and_hang=False)
        if touched and not found.keys() <= held:
            self._page.toast.emit(
                tr("A prior is here: {key} puts it beside the case", key=shown_key("priors.toggle", "O"))
            )

    def _note_known(self) -> None:
        """Let the report know what it may be compared with: what may be another person's is none of it."""
        if self._case is not None and self._is_listed:
            session, listed = self._case.session, {one.study_instance_uid for one in self.certain}
            compared = to_compare(self._priors, session.study, session.persons.confirmed, self._ready)
            session.know_priors(tuple(one for one in compared if one.study_instance_uid in listed), listed=listed)

    def _session_changed(self, change: Changed) -> None:
        """Show who priors are of since somebody said so, here or on another page, and the AI once it is revealed."""
        if self._case is None or not self._is_listed:
            return
        if change in {Changed.PRIORS, Changed.PERSONS, Changed.STATE}:
            persons = self._case.session.persons
            self._priors = replace(self._priors, known=tuple(persons.judged(one) for one in self._priors.known))
            judgement = self._judgement()
            if judgement != self._judged_last:
                self._judged_last = judgement
                self._persons_changed()
        if self._case.session.ai_hidden != self._ai_was_hidden:
            self._ai_was_hidden = self._case.session.ai_hidden
            self._show()

    def _judgement(self) -> object:
        """Return all that cards, red words and the report take from who priors are of."""
        persons = self._persons
        return None if persons is None else (
            self.certain, [persons.word_on(one.study_instance_uid) for one in self._priors.known]
        )  # fmt: skip

    def _let_go(self) -> None:
        """Keep nothing of a prior at hand, nor on screen, that may be another person's now."""
        certain = {one.study_instance_uid for one in self.certain}
        self._ready = {uid: one for uid, one in self._ready.items() if uid in certain}
        hung = self._hanging.priors
        if any(one.study_instance_uid not in certain for one in hung):
            self._hanging.set_priors([one for one in hung if one.study_instance_uid in certain], and_hang=False)
            self._hanging.show_alone()

    def _persons_changed(self) -> None:
        certain = {one.study_instance_uid for one in self.certain}
        self._let_go()
        self._note_known()
        self._show()
        if self._reports is not None and self._reports.impression_of and self._reports.impression_of not in certain:
            self._reports.show_impression(self._priors.known)
        self.listed.emit()

    def _list(self) -> None:
        if self._case is not None:
            self._show()
            if self._reports is not None:
                self._reports.show_impression(self._priors.known)
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
        session = self._case.session if self._case is not None else None
        self._strip.show_priors(
            [facts_of(one, current, session, is_shown=one.study_instance_uid in shown) for one in self._priors.known]
            if session is not None
            else ()
        )
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

    def _doubt(self, study: Study) -> str:
        current, session = self._hanging.current, None if self._case is None else self._case.session
        return "" if current is None else red_words(study, self._prior(study.study_instance_uid), current, session)

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
        if prior is None or comparing is None or self._case is None or self._hanging.current is None:
            return
        session = self._case.session
        if uid in self._ready:
            self._opened_prior(self._ready[uid])
            return
        if not session.persons.may_be_shown(prior):
            self._ask_person(prior)
            return
        word, study = session.persons.word(uid), session.study

        def opened(there: Study) -> None:
            if self._case is None or self._case.session is not session:
                return
            self._priors = replace(
                self._priors, known=session.persons.hear(self._priors.known, {uid: persons_in(there)})
            )
            self._ready[uid] = there
            self._note_known()
            self._opened_prior(there)

        self._run(lambda _job: comparing.priors.open(prior, study, word), opened, self._refused(self._ask_again))

    def _ask_person(self, prior: PriorStudy, *, by_images: bool = False) -> None:
        """Ask about a prior before its images open; nothing of it is shown."""
        if self._case is not None and self.question is not None and self.dialog is None:
            uid = prior.study_instance_uid
            self.question.ask(self._case.session, prior, partial(self.open, uid), by_images=by_images)

    def _ask_again(self, prior: PriorStudy) -> None:
        self._ask_person(prior, by_images=True)

    def _refused(self, doubted: Callable[[PriorStudy], None]) -> Callable[[Exception], None]:
        """Return what takes an error: of a prior whose images name another person it is told, ``doubted`` goes on."""
        session = None if self._case is None else self._case.session

        def failed(error: Exception) -> None:
            if not isinstance(error, PersonInDoubt):
                self._not_found(error)
            elif self._case is not None and self._case.session is session:
                uid = error.prior.study_instance_uid
                known = self._case.session.persons.hear(self._priors.known, {uid: error.told} if error.told else {})
                self._priors = replace(self._priors, known=known)
                self._session_changed(Changed.PRIORS)
                doubted(self._prior(uid) or error.prior)

        return failed

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
        prior, reports = self._prior(uid), self._reports
        if prior is not None and reports is not None:
            reports.show(prior, lambda: self._reports is reports and self.dialog is None)

    def _ask_report(
        self,
        work: Callable[[], PriorReport | None],
        read: Callable[[PriorReport | None], None],
        doubted: Callable[[PriorStudy], None],
    ) -> None:
        self._run(lambda _job: work(), read, self._refused(doubted))
