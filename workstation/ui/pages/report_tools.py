"""
What helps a report along beside its form: another template, a category, and the norm gate while one types.

The gate runs off the main thread after a pause; its newest answer counts. At signing it is asked once more, for the
very report that is going to be signed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu

from resources.categories import scheme_name
from resources.translation import language, tr
from workstation.domain.categories.basis import basis_of
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.norm.category_rules import CATEGORY_FORM
from workstation.domain.norm.gate import open_faults
from workstation.domain.norm.values import NormFault
from workstation.domain.report import Person, Report
from workstation.domain.template import ReportTemplate
from workstation.services.breast_lesions import breast_lesions
from workstation.services.category_age import changed_findings
from workstation.services.category_forms import form_of, lesions_of
from workstation.services.category_renewal import renewal, renewal_words
from workstation.services.critical_addendum import fill_from_record
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.norm_answers import answers
from workstation.services.norm_gate import describe_fault, faults_of
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.category_dialog import CategoryDialog
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.norm_dialog import NormDialog, ToldFault
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.patient_words import case_words

CHECK_PAUSE_MS: Final = 400
Faults = tuple[NormFault, ...]


class ReportTools(QObject):
    """Belongs to one report page; ``faults_changed`` whenever the gate has looked again."""

    faults_changed = Signal()

    def __init__(self, page: ReportPage, desk: CaseDesk, jobs: JobRunner) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self._jobs = jobs
        self._faults: Faults = ()
        self._looked_at: Report | None = None
        """The very report that these are the faults of"""
        self._checking: JobHandle[Faults] | None = None
        self.dialog: CategoryDialog | NormDialog | ConfirmDialog | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(CHECK_PAUSE_MS)
        self._pause.timeout.connect(self._check)
        page.tools.template_requested.connect(self._choose_template)
        page.tools.category_requested.connect(self.ask_category)
        page.tools.category_dropped.connect(self._drop_category)
        page.closing.connect(self.stop)
        desk.changed.connect(self._changed)
        desk.opened.connect(self._opened)
        desk.closed.connect(self.stop)
        if desk.session is not None:
            self._opened(desk.session)

    def _opened(self, _session: ReadingSession) -> None:
        self._faults, self._looked_at = (), None
        self._changed(None)

    def _changed(self, _change: object) -> None:
        session = self._desk.session
        if session is None:
            return
        report, template = session.report, session.template
        self._page.tools.show_report(
            f"{template.title.get(language())} · {template.template_id} v{template.version}",
            [(scheme, scheme_name(scheme, language())) for scheme in template.categories],
            report.categories,
            [item.critical.text.get(language()) for item in template.critical(report.values) if item.critical],
            outdated=frozenset(
                one.result.scheme for one in report.categories if changed_findings(one, report.findings.reported)
            ),
            read_only=session.content_locked,
        )
        self._page.form.show_required(report.values)
        self._pause.start()

    def stop(self) -> None:
        """Look no more, and forget what was found."""
        self._pause.stop()
        self._faults, self._looked_at = (), None
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    # the gate

    @property
    def looking(self) -> bool:
        """Tell whether the gate has yet to look at the report as it stands."""
        session = self._desk.session
        return session is not None and not session.read_only and self._looked_at is not session.report

    def open_faults(self) -> Faults:
        """Return each fault that nobody has answered for."""
        session = self._desk.session
        if session is None or session.read_only:
            return ()
        return open_faults(self._faults, session.report.answers_of(self._signer(session).user_id))

    def sentences(self) -> list[tuple[str, str]]:
        """Return place and sentence of each fault that nobody has answered for; the place names field and words."""
        session = self._desk.session
        if session is None:
            return []
        return [(_place(fault), describe_fault(fault, session.template)) for fault in self.open_faults()]

    def _check(self) -> None:
        session = self._desk.session
        if session is None or session.read_only:
            return
        if self._checking is not None:
            self._checking.cancel()
        report, template, study, row = session.report, session.template, session.study, session.row
        signer = self._signer(session)

        def show(faults: Faults) -> None:
            if self._desk.session is session:
                self._faults, self._looked_at = faults, report
                self.faults_changed.emit()

        self._checking = self._jobs.submit(
            Pool.CPU, lambda _job: faults_of(report, template, study, row, signer=signer), on_success=show
        )

    def _signer(self, session: ReadingSession) -> Person:
        actor = self._desk.signer
        return session.reader if actor is None else Person(actor.user_id, actor.display_name, actor.site_name)

    def hold_up(self, go_on: Callable[[], None]) -> bool:
        """Ask the gate for the report as it stands; where it finds faults, show them and return True."""
        session = self._desk.session
        if session is None:
            return False
        signer = self._signer(session)
        faults = faults_of(session.report, session.template, session.study, session.row, signer=signer)
        self._faults, self._looked_at = faults, session.report
        self.faults_changed.emit()
        if not faults:
            return False
        session.held_up(faults)
        self._looked_at = session.report
        former = [
            one for one in session.report.former_answers(signer.user_id) if any(one.covers(fault) for fault in faults)
        ]
        dialog = NormDialog(
            self._page,
            [ToldFault(fault.kind, describe_fault(fault, session.template), _place(fault)) for fault in faults],
            answers(former, session.template),
        )
        dialog.name_case(case_words(session.row))

        def answer(reason: str) -> None:
            if self._desk.session is session and not session.read_only:
                session.answer_for(faults, reason)
                go_on()

        dialog.answered.connect(answer)
        dialog.located.connect(self._page.locate_requested)
        self._show(dialog)
        return True

    # template and category

    def _choose_template(self) -> None:
        session = self._desk.session
        if session is None or session.content_locked:
            return
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for template in self._desk.templates():
            action = menu.addAction(template.title.get(language()))
            action.setCheckable(True)
            action.setChecked(template.template_id == session.template.template_id)
            action.triggered.connect(lambda _on=False, template=template: self.use_template(template))
        self._page.tools.pop_up(menu)

    def use_template(self, template: ReportTemplate) -> None:
        """Go on under another template; asks first where filled fields would no longer be shown."""
        session = self._desk.session
        if session is None or session.content_locked or template.template_id == session.template.template_id:
            return
        shown = {item.key for item in template.fields}
        lost = [
            item.label.get(language())
            for item in session.template.fields
            if item.key not in shown and session.report.values.get(item.key, "").strip()
        ]

        def take() -> None:
            if self._desk.session is session and not session.content_locked:
                session.choose_template(template)
                fill_from_record(session)

        if not lost:
            take()
            return
        dialog = ConfirmDialog(
            self._page,
            tr("Change the template?"),
            tr("These fields are filled and do not exist there. They are kept, and come back with the template."),
            tr("Change template"),
            lines=lost,
        )
        dialog.accepted.connect(take)
        self._show(dialog)

    def ask_category(self, scheme: str = "") -> None:
        """Open the form of a table, the first one of the template where none is named."""
        session = self._desk.session
        if session is None or session.content_locked or not session.template.categories:
            return
        wanted = Scheme(scheme or session.template.categories[0])
        former = next((one for one in session.report.categories if one.result.scheme is wanted), None)
        reported = session.findings.reported
        basis = basis_of(wanted, reported)
        study = session.study
        renewed = None if former is None else renewal(former, reported, study)
        dialog = CategoryDialog(
            self._page,
            form_of(wanted),
            lesions=breast_lesions(reported, study) if wanted is Scheme.BI_RADS else lesions_of(wanted, reported),
            inputs=() if renewed is None else renewed.inputs,
            changed="" if former is None else renewal_words(former, reported, study, language()),
            unsure=() if renewed is None else renewed.unsure,
            report_language=session.report.language,
            chosen_by=session.reader.user_id,
            now=session.now,
        )

        def take(category: AssignedCategory) -> None:
            if self._desk.session is session and not session.content_locked:
                session.set_category(replace(category, basis=basis))

        dialog.category_chosen.connect(take)
        self._show(dialog)

    def _drop_category(self, scheme: str) -> None:
        session = self._desk.session
        if session is not None and not session.content_locked:
            session.drop_category(Scheme(scheme))

    def _show(self, dialog: CategoryDialog | NormDialog | ConfirmDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.open()

    def _forget(self, dialog: CategoryDialog | NormDialog | ConfirmDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()


def _place(fault: NormFault) -> str:
    """Return the field and the words to go to, or the form of a category alone."""
    has_words = fault.target and fault.quote and not fault.target.startswith(CATEGORY_FORM)
    return f"{fault.target}\n{fault.quote}" if has_words else fault.target
