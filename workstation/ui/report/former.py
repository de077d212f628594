"""Joins the previous report to the open case: found, confirmed where in doubt, read, copied with a mark."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import PriorRelation, PriorStudy, day_of
from workstation.domain.template import FieldType
from workstation.domain.text_link import LinkKind, TextLink
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.open_report import Changed
from workstation.services.prior_report import PriorReport
from workstation.services.prior_service import ComparePriors, PersonInDoubt
from workstation.services.reading_session import ReadingSession
from workstation.services.unchanged_claim import measured_changes, unchanged_sentence
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.patient_words import case_words
from workstation.ui.person_question import PersonQuestion
from workstation.ui.prior_dialogs import SamePersonDialog
from workstation.ui.report.former_panel import FormerSection
from workstation.ui.report.writing import ReportWriting
from workstation.ui.widgets.worklist_words import modality_word

_SENTENCE: Final = re.compile(r"[^\s。；;][^。；;\n]*?(?:[。；;]|\.(?=\s)|(?=\n)|$)")
"""Up to its full stop; a point inside a number ends nothing"""


class FormerReports(QObject):
    """Asks for nothing before somebody wants to see it; whatever fails costs the previous report only."""

    def __init__(
        self, page: ReportPage, desk: CaseDesk, jobs: JobRunner, writing: ReportWriting, priors: ComparePriors | None
    ) -> None:
        super().__init__(page)
        self._page, self._desk, self._jobs, self._writing, self._priors = page, desk, jobs, writing, priors
        self._session: ReadingSession | None = None
        self._known: tuple[PriorStudy, ...] = ()
        self._shown: PriorStudy | None = None
        self._running: JobHandle[Any] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._picked = False
        self._question = None if priors is None else PersonQuestion(page, jobs, priors, self._failed)
        self.contradicted: ConfirmDialog | None = None
        """Asks whether "no change" is written against what was measured"""
        page.former_requested.connect(self.show)
        page.former.chosen.connect(self.pick)
        page.former.person_asked.connect(self.pick)
        page.former.copy_asked.connect(self._copy)
        page.former.unchanged_asked.connect(self._say_unchanged)
        page.closing.connect(self.forget)
        desk.closed.connect(self.forget)
        desk.opened.connect(self._opened)

    @property
    def dialog(self) -> SamePersonDialog | None:
        """Return the question that is asked now."""
        return None if self._question is None else self._question.dialog

    def forget(self) -> None:
        """Let the former case go: nothing of it stays on screen."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        if self._running is not None:
            self._running.cancel()
        if self._question is not None:
            self._question.forget()
        if self.contradicted is not None:
            self.contradicted.reject()
        self._session, self._running, self._shown, self._known = None, None, None, ()
        self._writing.prior_date = ""
        self._page.former.show_studies((), 0)
        self._page.former.show_message("")

    def _opened(self, _session: ReadingSession) -> None:
        self.forget()
        if self._page.former_is_beside:
            self.show()

    def show(self) -> None:
        """Find the earlier reports and show the newest of certainly the same person; of others nothing is asked."""
        session, priors, panel = self._desk.session, self._priors, self._page.former
        if session is None or session is self._session:
            return
        if priors is None:
            panel.show_message(tr("Earlier reports cannot be asked for here"))
            return
        self._session = session
        panel.show_message(tr("Looking for earlier reports…"))
        ups, study = session.row.ups_instance_uid, session.study

        def found(known: tuple[PriorStudy, ...]) -> None:
            self._known = session.persons.hear(known)
            self._unsubscribe()
            self._unsubscribe = session.subscribe(self._session_changed)
            self._begin()

        self._run(partial(priors.earlier, ups, study), found)

    def _begin(self) -> None:
        """Show the newest report of certainly the same person; where there is none, offer to say who it is of."""
        session, panel = self._session, self._page.former
        if session is None:
            return
        self._picked = False
        at = next((n for n, one in enumerate(self._known) if session.persons.may_be_shown(one)), None)
        panel.show_studies([self._name(one) for one in self._known], at or 0)
        if at is not None:
            self.choose(at)
        elif self._known:
            panel.show_message(tr("Confirm first that it is the same person"), asks=True)
        else:
            panel.show_message(tr("There is no earlier report of this patient"))

    def _session_changed(self, change: Changed) -> None:
        """Show who the studies are of since somebody said so, here or on another page; hide what is doubted now."""
        session = self._session
        if session is None or change not in {Changed.PRIORS, Changed.PERSONS, Changed.STATE}:
            return
        self._known = tuple(session.persons.judged(one) for one in self._known)
        studies = self._page.former.studies
        for at, one in enumerate(self._known):
            studies.setItemText(at, self._name(one))
        if self._shown is not None and not session.persons.may_be_shown(self._shown):
            self._shown, self._writing.prior_date = None, ""
            self._begin()

    def _name(self, one: PriorStudy) -> str:
        """Return a study by its name; who may be another person is told, whether it was confirmed or not."""
        name = _name(one)
        if one.relation is PriorRelation.SAME_PATIENT or self._session is None:
            return name
        is_said = self._session.persons.may_be_shown(one)
        return f"{name} · {tr('confirmed') if is_said else tr('possibly the same')}"

    def pick(self, at: int) -> None:
        """Read the earlier report that the reader picked."""
        self._picked = True
        self.choose(at)

    def choose(self, at: int) -> None:
        """Read one of the earlier reports; who may be another person is asked about first."""
        session, priors = self._session, self._priors
        if session is None or priors is None or at >= len(self._known):
            return
        prior = self._known[at]
        if not session.persons.may_be_shown(prior):
            self._ask_person(prior)
            return
        tongue, panel, study = session.report.language, self._page.former, session.study
        word = session.persons.word(prior.study_instance_uid)
        panel.show_message(tr("Fetching the report…"))
        self._shown = None

        def read(report: PriorReport | None) -> None:
            if report is None:
                panel.show_message(tr("This study has no signed report"))
                return
            self._shown = prior
            self._writing.prior_date = prior.study_date
            keys = report.keys or ("",) * len(report.lines)
            sections = [FormerSection(key, *line) for key, line in zip(keys, report.lines, strict=True)]
            panel.show_report(report.title, report.signed, sections, writable=not session.read_only)

        self._run(partial(priors.report, prior, study, tongue, word), read)

    def _ask_person(self, prior: PriorStudy, *, by_images: bool = False) -> None:
        """Ask about a study that was picked; what is shown of another one stays until it is answered."""
        session = self._session
        if session is not None and self._question is not None:
            go_on = partial(self._choose, prior.study_instance_uid)
            self._question.ask(session, prior, go_on, self._back, by_images=by_images)

    def _choose(self, uid: str) -> None:
        at = next((n for n, one in enumerate(self._known) if one.study_instance_uid == uid), None)
        if at is not None:
            self._page.former.studies.setCurrentIndex(at)
            self.choose(at)

    def _back(self) -> None:
        """Nobody said who it is of: show again which report is on screen, or that none is."""
        shown = None if self._shown is None else self._shown.study_instance_uid
        at = next((n for n, one in enumerate(self._known) if one.study_instance_uid == shown), None)
        if at is not None:
            self._page.former.studies.setCurrentIndex(at)
        else:
            self._begin()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._session = None  # asking once more is a matter of opening the panel again
        self._shown = None
        self._page.former.show_message(f"{error.user_text}\n\n{error.hint}".strip())

    def _run(self, work: Any, done: Any) -> None:  # noqa: ANN401 - a service's call and what takes its answer
        session = self._session

        def arrived(answer: object) -> None:
            if self._session is session:
                done(answer)

        def failed(error: Exception) -> None:
            if self._session is not session:
                if not isinstance(error, WorkstationError):
                    raise error
            elif isinstance(error, PersonInDoubt):
                self._doubted(error)
            else:
                self._failed(error)

        self._running = self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)

    def _doubted(self, error: PersonInDoubt) -> None:
        """Its images name another person than the hub said: who picked it is asked, by itself the next one is shown."""
        session, uid = self._session, error.prior.study_instance_uid
        if session is None:
            return
        self._known = session.persons.hear(self._known, {uid: error.told})
        self._page.former.show_message(tr("Confirm first that it is the same person"), asks=True)
        if self._picked:
            self._ask_person(
                next((one for one in self._known if one.study_instance_uid == uid), error.prior), by_images=True
            )
        else:
            self._begin()

    # carrying forward

    def _copy(self, section: FormerSection) -> None:
        session, prior = self._session, self._shown
        if session is None or prior is None or session.read_only:
            return
        texts = {item.key: item for item in session.template.fields if item.type is FieldType.TEXT}
        field = self._writing.field_in_use()
        key = section.key if section.key in texts else (field[0] if field is not None else "")
        if not key:
            self._page.toast.emit(tr("Put the cursor into a text first"))
            return
        there = session.report.values.get(key, "").rstrip()
        phrase = texts[key].normal_phrase
        is_untouched = not there or (phrase is not None and there == phrase.get(session.report.language))
        begin = 0 if is_untouched else len(there) + 1
        session.set_value(key, section.text if is_untouched else f"{there}\n{section.text}")
        source = _day(prior) or "—"
        session.tie(
            [
                TextLink(key, LinkKind.COPY, prior.study_instance_uid, words, begin + at, source)
                for at, words in _sentences(section.text)
            ]
        )
        self._page.locate(key)

    def _say_unchanged(self) -> None:
        session, prior = self._session, self._shown
        if session is None or prior is None or self.contradicted is not None:
            return
        changes = measured_changes(session.report, prior.study_instance_uid)
        if not changes:
            self._write_unchanged(session, prior)
            return
        self.contradicted = dialog = ConfirmDialog(
            self._page,
            tr("Measured otherwise"),
            tr("The comparison with {day} shows a change beyond what measuring again may change:", day=_day(prior)),
            tr("Write “no change” all the same"),
            lines=changes,
            hint=tr("The check before signing will ask about it again."),
            danger=True,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.name_case(case_words(session.row))
        dialog.accepted.connect(partial(self._write_unchanged, session, prior))
        dialog.finished.connect(self._contradiction_gone)
        dialog.open()

    def _write_unchanged(self, session: ReadingSession, prior: PriorStudy) -> None:
        if self._desk.session is not session or session.read_only:
            return
        said, field = unchanged_sentence(session.report.language, _day(prior)), self._writing.field_in_use()
        if field is None or not self._writing.put(said):
            self._page.toast.emit(tr("Put the cursor into a text first"))
            return
        at = session.report.values.get(field[0], "").find(said)
        if at >= 0:  # the reader's own words, but they rely on that study: it may turn out to be another person's
            session.untie([TextLink(field[0], LinkKind.COPY, prior.study_instance_uid, said, at, _day(prior))])

    def _contradiction_gone(self, _result: int) -> None:
        self.contradicted = None


def _sentences(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match.group(0)) for match in _SENTENCE.finditer(text) if match.group(0).strip()]


def _day(prior: PriorStudy) -> str:
    day = day_of(prior.study_date)
    return "" if day is None else day.isoformat()


def _name(prior: PriorStudy) -> str:
    return " · ".join(part for part in (_day(prior), modality_word(prior), prior.description, prior.site_name) if part)
