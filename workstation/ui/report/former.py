"""Joins the previous report to the open case: found, confirmed where in doubt, read, copied with a mark."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import PriorRelation, PriorStudy, day_of
from workstation.domain.template import FieldType
from workstation.domain.text_link import LinkKind, TextLink
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.prior_report import PriorReport
from workstation.services.prior_service import ComparePriors
from workstation.services.reading_session import ReadingSession
from workstation.services.unchanged_claim import measured_changes, unchanged_sentence
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.patient_words import case_words
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
        self.dialog: SamePersonDialog | None = None
        self.contradicted: ConfirmDialog | None = None
        """Asks whether "no change" is written against what was measured"""
        page.former_requested.connect(self.show)
        page.former.chosen.connect(self.choose)
        page.former.copy_asked.connect(self._copy)
        page.former.unchanged_asked.connect(self._say_unchanged)
        page.closing.connect(self.forget)
        desk.closed.connect(self.forget)
        desk.opened.connect(self._opened)

    def forget(self) -> None:
        """Let the former case go: nothing of it stays on screen."""
        if self._running is not None:
            self._running.cancel()
        for dialog in (self.dialog, self.contradicted):
            if dialog is not None:
                dialog.reject()
        self._session, self._running, self._shown, self._known = None, None, None, ()
        self._writing.prior_date = ""
        self._page.former.show_studies((), 0)
        self._page.former.show_message("")

    def _opened(self, _session: ReadingSession) -> None:
        self.forget()
        if self._page.former_is_beside:
            self.show()

    def show(self) -> None:
        """Find the earlier reports and show the newest."""
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
            self._known = known
            panel.show_studies([_name(one) for one in known], 0)
            if known:
                self.choose(0)
            else:
                panel.show_message(tr("There is no earlier report of this patient"))

        self._run(partial(priors.earlier, ups, study), found)

    def choose(self, at: int) -> None:
        """Read one of the earlier reports; who may be another person is asked about first."""
        session, priors = self._session, self._priors
        if session is None or priors is None or at >= len(self._known):
            return
        prior = self._known[at]
        doubtful = prior.relation is PriorRelation.POSSIBLY_SAME
        if doubtful and prior.study_instance_uid not in session.confirmed_persons:
            self._page.former.show_message(tr("Confirm first that it is the same person"))
            self._ask_person(session, prior)
            return
        self._read(prior, same_person=False)

    def _ask_person(self, session: ReadingSession, prior: PriorStudy) -> None:
        if self.dialog is not None:
            return
        self.dialog = dialog = SamePersonDialog(self._page, session.study, prior, _day(prior))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(partial(self._read, prior, same_person=True))
        dialog.finished.connect(self._dialog_gone)
        dialog.open()

    def _dialog_gone(self, _result: int) -> None:
        self.dialog = None

    def _read(self, prior: PriorStudy, *, same_person: bool) -> None:
        session, priors, panel = self._session, self._priors, self._page.former
        if session is None or priors is None:
            return
        tongue = session.report.language
        said = same_person or prior.study_instance_uid in session.confirmed_persons
        panel.show_message(tr("Fetching the report…"))

        def read(report: PriorReport | None) -> None:
            if said:
                session.confirmed_persons.add(prior.study_instance_uid)
            if report is None:
                panel.show_message(tr("This study has no signed report"))
                return
            self._shown = prior
            self._writing.prior_date = prior.study_date
            keys = report.keys or ("",) * len(report.lines)
            sections = [FormerSection(key, *line) for key, line in zip(keys, report.lines, strict=True)]
            panel.show_report(report.title, report.signed, sections, writable=not session.read_only)

        self._run(partial(priors.former, prior, tongue, same_person=said), read)

    def _run(self, work: Any, done: Any) -> None:  # noqa: ANN401 - a service's call and what takes its answer
        session = self._session

        def arrived(answer: object) -> None:
            if self._session is session:
                done(answer)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self._session is session:
                self._session = None  # asking once more is a matter of opening the panel again
                self._page.former.show_message(f"{error.user_text}\n\n{error.hint}".strip())

        self._running = self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)

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
        if not self._writing.put(unchanged_sentence(session.report.language, _day(prior))):
            self._page.toast.emit(tr("Put the cursor into a text first"))

    def _contradiction_gone(self, _result: int) -> None:
        self.contradicted = None


def _sentences(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match.group(0)) for match in _SENTENCE.finditer(text) if match.group(0).strip()]


def _day(prior: PriorStudy) -> str:
    day = day_of(prior.study_date)
    return "" if day is None else day.isoformat()


def _name(prior: PriorStudy) -> str:
    return " · ".join(part for part in (_day(prior), modality_word(prior), prior.description, prior.site_name) if part)
