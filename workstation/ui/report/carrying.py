"""Offers the text of a withdrawn report to the right study: whose it is stands side by side, and is typed once."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from resources.translation import tr, trn
from workstation.domain.errors import WorkstationError
from workstation.domain.study import Study
from workstation.domain.template import FieldType
from workstation.services.carry_over import (
    CarriedText,
    CarryOver,
    Withdrawn,
    identity_word,
    may_take_over,
    take_over,
    without_field,
)
from workstation.services.jobs import JobRunner, Pool
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import Dialog
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.page import Page
from workstation.ui.patient_words import name_or_placeholder, sex_word
from workstation.ui.widgets.labels import label

_KEY: Final = "report-carrying"


class CarryDialog(Dialog):
    """Shows both studies and asks for the identity of the right one; Enter takes over once it is typed."""

    confirmed = Signal(str)

    def __init__(self, parent: QWidget | None, withdrawn: Withdrawn, right: Study) -> None:
        super().__init__(parent, tr("Take over the text of the withdrawn report"), icon="file-copy")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(label(tr("Withdrawn from"), "caption", "bad"), 0, 1)
        grid.addWidget(label(tr("To this study"), "caption", "ok"), 0, 2)
        for row, (name, wrong, own) in enumerate(_facts(withdrawn.study, right), 1):
            grid.addWidget(label(name, "body", "t3"), row, 0)
            grid.addWidget(label(wrong, "body", "t2", wrap=True), row, 1)
            grid.addWidget(label(own, "body", "t0", wrap=True), row, 2)
        self.body.addLayout(grid)
        left = tr(
            "Only words are taken over. Findings, drawings, measurements, key images, categories, numbers and choices "
            "belong to the other images and stay behind."
        )
        self.body.addWidget(label(left, "body", "t1", wrap=True))
        asked = tr("Type the Patient ID of this study") if right.patient.patient_id.strip() else _other_identity(right)
        self.body.addWidget(label(asked, "caption", "t3"))
        self.typed = QLineEdit()
        self.typed.setAccessibleName(asked)
        self._wanted = identity_word(right).casefold()
        self.typed.textChanged.connect(self._ready)
        self.body.addWidget(self.typed)
        self.add_hint(tr("Each field holds the signature up until you have confirmed or changed it."))
        self._act = self.set_primary(tr("Take over"), icon="file-copy")
        self._ready()
        self.typed.setFocus()

    def accept(self) -> None:
        """Hand over and close once the identity is typed."""
        if self._is_named():
            super().accept()
            self.confirmed.emit(self.typed.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take over by Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
            return
        super().keyPressEvent(event)

    def _is_named(self) -> bool:
        return self.typed.text().strip().casefold() == self._wanted

    def _ready(self) -> None:
        named = self._is_named()
        self._act.enable(named, "" if named else tr("Type it as it stands above"))


class Carrying(QObject):
    """Belongs to one report page; keeps what was withdrawn until it is taken over, from case to case."""

    def __init__(self, page: Page, desk: CaseDesk, jobs: JobRunner, carry: CarryOver | None) -> None:
        super().__init__(page)
        self._page, self._desk, self._jobs, self._carry = page, desk, jobs, carry
        self._withdrawn: Withdrawn | None = None
        self.dialog: CarryDialog | None = None
        desk.closed.connect(self._closed)

    def offer(self, withdrawn: Withdrawn) -> None:
        """Keep the text of a report that was just withdrawn."""
        if self._carry is not None:
            self._withdrawn = withdrawn

    def may(self, session: ReadingSession) -> bool:
        """Tell whether the text may be offered for the open case."""
        return may_take_over(self._withdrawn, session)

    def ask(self) -> None:
        """Ask whose study this is, then take the text over."""
        session, withdrawn = self._desk.session, self._withdrawn
        if session is None or withdrawn is None or self.dialog is not None or not self.may(session):
            return
        dialog = CarryDialog(self._page, withdrawn, session.study)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(lambda typed: self._take(session, withdrawn, typed))
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    def _take(self, session: ReadingSession, withdrawn: Withdrawn, typed: str) -> None:
        carry = self._carry
        if carry is None:
            return

        def arrived(carried: CarriedText) -> None:
            if self._desk.session is session and not session.content_locked:
                self._put(session, carried)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self._desk.session is session:
                self._tell(Severity.DEGRADED, error.user_text, error.hint)

        self._jobs.submit(Pool.IO, lambda _job: carry(withdrawn, session, typed), on_success=arrived, on_error=failed)

    def _put(self, session: ReadingSession, carried: CarriedText) -> None:
        template = carried.template or session.template
        if not any(item.type is FieldType.TEXT for item in template.fields):
            self._tell(
                Severity.DEGRADED,
                tr("This template has no field for the words"),
                tr("Choose another one and take them over again."),
            )
            return
        self._withdrawn = None  # before the report says that it changed, so that it is not offered again
        taken = take_over(carried, session)
        said = trn("{count} field was taken over", "{count} fields were taken over", len(taken))
        told = [tr("Check each against these images, then confirm it with Ctrl+D.")]
        strange = without_field(carried, session.template)
        if strange:
            told.insert(
                0,
                trn(
                    "{count} field is not in this template: its words stand below the findings.",
                    "{count} fields are not in this template: their words stand below the findings.",
                    len(strange),
                ),
            )
        self._tell(Severity.NEWS, said, " ".join(told))

    def _closed(self) -> None:
        self._page.notices.clear_notice(_KEY)
        if self.dialog is not None:
            self.dialog.reject()

    def _forget(self, _result: int) -> None:
        self.dialog = None

    def _tell(self, severity: Severity, title: str, text: str) -> None:
        self._page.notices.show_notice(Notice(_KEY, severity, title, text))


def _facts(wrong: Study, right: Study) -> list[tuple[str, str, str]]:
    def told(study: Study) -> tuple[str, ...]:
        patient = study.patient
        born = " · ".join(part for part in (sex_word(patient.sex), patient.birth_date) if part)
        exam = " · ".join(part for part in (study.study_date, study.description) if part)
        return name_or_placeholder(patient.name), patient.patient_id, born, study.accession_number, exam

    names = (tr("Patient name"), tr("Patient ID"), tr("Sex, birth date"), tr("Accession number"), tr("Examination"))
    return [(name, one or "—", other or "—") for name, one, other in zip(names, told(wrong), told(right), strict=True)]


def _other_identity(study: Study) -> str:
    if study.accession_number.strip():
        return tr("Type the accession number of this study")
    return tr("Type the date of this study as eight digits")
