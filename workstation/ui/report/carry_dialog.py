"""Whose withdrawn text goes to which study: side by side, and the right one is typed once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from resources.translation import tr
from workstation.domain.study import Study
from workstation.domain.withdrawn import Withdrawn
from workstation.services.carry_over import identity_word
from workstation.ui.dialogs import Dialog
from workstation.ui.patient_words import name_or_placeholder, sex_word
from workstation.ui.report.way_words import when
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import label


class CarryDialog(Dialog):
    """
    Shows both studies and asks for the identity of the right one; Enter takes over once it is typed.

    ``waiting`` are the texts that may be of this study, the newest first; there is at least one.
    """

    confirmed = Signal(object, str)
    """``Withdrawn`` that was chosen and what was typed"""
    refused = Signal(object)
    """``Withdrawn`` that nobody wants any more"""

    def __init__(self, parent: QWidget | None, waiting: Sequence[Withdrawn], right: Study) -> None:
        super().__init__(parent, tr("Take over the text of the withdrawn report"), icon="file-copy")
        self._study, self.withdrawn = right, waiting[0]
        self.which = ChoiceBox()
        self.which.setAccessibleName(tr("Withdrawn report"))
        for one in waiting:
            self.which.addItem(named(one), one.report.report_uid)
        self.which.setVisible(len(waiting) > 1)
        self.which.currentIndexChanged.connect(lambda at: self._choose(waiting[at]))
        self.body.addWidget(self.which)
        self.why = label("", "body", "t2", wrap=True)
        self.body.addWidget(self.why)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(label(tr("Withdrawn from"), "caption", "bad"), 0, 1)
        grid.addWidget(label(tr("To this study"), "caption", "ok"), 0, 2)
        self._wrong = []
        for row, (name, wrong, own) in enumerate(_facts(self.withdrawn.study, right), 1):
            grid.addWidget(label(name, "body", "t3"), row, 0)
            self._wrong.append(label(wrong, "body", "t2", wrap=True))
            grid.addWidget(self._wrong[-1], row, 1)
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
        self.discard = self.add_left(tr("Discard this text…"))
        self.discard.clicked.connect(self._refuse)
        self._act = self.set_primary(tr("Take over"), icon="file-copy")
        self._choose(self.withdrawn)
        self._ready()
        self.typed.setFocus()

    def _choose(self, withdrawn: Withdrawn) -> None:
        self.withdrawn = withdrawn
        said = tr(
            "Withdrawn on {time}: {reason}", time=when(withdrawn.withdrawn_at), reason=withdrawn.report.ended_reason
        )
        self.why.setText(said)
        for place, (_name, wrong, _own) in zip(self._wrong, _facts(withdrawn.study, self._study), strict=True):
            place.setText(wrong)
        if self.isVisible():
            self.typed.clear()  # the identity was typed for another text
            self.stand_in_the_middle()

    def _refuse(self) -> None:
        self.reject()
        self.refused.emit(self.withdrawn)

    def accept(self) -> None:
        """Hand over and close once the identity is typed."""
        if self._isnamed():
            super().accept()
            self.confirmed.emit(self.withdrawn, self.typed.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take over by Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.accept()
            return
        super().keyPressEvent(event)

    def _isnamed(self) -> bool:
        return self.typed.text().strip().casefold() == self._wanted

    def _ready(self) -> None:
        named = self._isnamed()
        self._act.enable(named, "" if named else tr("Type it as it stands above"))


def named(withdrawn: Withdrawn) -> str:
    """Return whose a withdrawn text was, of which exam, and when it was withdrawn."""
    study = withdrawn.study
    parts = (name_or_placeholder(study.patient.name), study.description, when(withdrawn.withdrawn_at))
    return " · ".join(part for part in parts if part)


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
