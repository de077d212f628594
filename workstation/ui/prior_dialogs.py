"""Asks whether another Patient ID is the same person or another series the same part, shows a prior's report."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.anatomy import PAIRED, anatomy_of
from workstation.domain.hanging import PriorStudy
from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import asked_about
from workstation.domain.study import Patient, Series, Study
from workstation.domain.told_fields import day_words
from workstation.services.prior_report import PriorReport
from workstation.ui.dialogs import Dialog
from workstation.ui.patient_words import name_or_placeholder, sex_word
from workstation.ui.person_words import against_words, id_words
from workstation.ui.widgets.labels import label
from workstation.ui.widgets.long_text import LongText
from workstation.ui.widgets.worklist_words import modality_word

_LONG: Final = 10_000
"""Letters of one part of a report that are laid out little by little; a report that somebody dictated is shorter."""


class SamePersonDialog(Dialog):
    """The reader's own word that two studies are of one person; it is recorded."""

    def __init__(
        self, parent: QWidget | None, study: Study, prior: PriorStudy, date: str, *, by_images: bool = False
    ) -> None:
        """``by_images``: it is asked (again) because the images say otherwise than the list did."""
        super().__init__(parent, tr("Is this the same person?"), icon="error-warning", tone="warn")
        who = study.patient
        if by_images:
            self.body.addWidget(label(tr("The images say otherwise than the list did:"), "body", "warn", wrap=True))
        self.body.addWidget(label(_person_doubt(prior, who), "body", "t1", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        told = _told_by_hub() if prior.patient is None else _told(prior.patient)
        mine, captions = _told(who), (tr("Patient name"), tr("Birth date"), tr("Sex"), tr("Patient ID"))
        rows = (
            ("", tr("This case"), tr("Other study")),
            *zip(captions, mine, told, strict=True),
            *_issuers(prior),
            (tr("Site"), study.institution, prior.site_name),
            (tr("Study"), study.description, f"{date} {modality_word(prior)} {prior.description}".strip()),
        )
        order = (Contradiction.NAME, Contradiction.BIRTH_DATE, Contradiction.SEX, Contradiction.PATIENT_ID)
        doubtful = {at for at, one in enumerate(order, 1) if one in prior.against}
        for at, row in enumerate(rows):
            for column, words in enumerate(row):
                stands_out = column == 2 and (at in doubtful or words == tr("another one") or row in _issuers(prior))
                tone = "t2" if column == 0 or at == 0 else ("warn" if stands_out else "t0")
                grid.addWidget(label(words, "body", tone, wrap=column > 0), at, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.body.addLayout(grid)
        self.add_hint(tr("Compare both with the request or ask the sender. Your answer is recorded with your name."))
        self.set_primary(tr("Same person: open"), danger=True)


def _person_doubt(prior: PriorStudy, patient: Patient) -> str:
    against = asked_about(prior)
    if not against:
        if prior.issuers is None or ("" in prior.issuers and any(prior.issuers)):
            return tr("The Patient ID does not prove it: not both studies say who issued it.")
        return tr("The Patient ID does not prove it: {why}.", why=id_words(prior, patient))
    if Contradiction.PATIENT_ID not in against:
        why = against_words(against)
        return tr("The Patient ID does not prove it: {why}. It may be mistyped or given out twice.", why=why)
    if len(against) > 1:
        return tr("Nothing proves it: {why}.", why=against_words(against))
    return tr("The Patient IDs do not say so: name, birth date and sex agree, the ID comes from another register.")


def _issuers(prior: PriorStudy) -> tuple[tuple[str, str, str], ...]:
    """Return who issued both IDs where that is not the same, else nothing."""
    here, there = prior.issuers or ("", "")
    return ((tr("Issuer of the ID"), here or tr("not stated"), there or tr("not stated")),) if here != there else ()


def _told(patient: Patient) -> tuple[str, str, str, str]:
    return (
        name_or_placeholder(patient.name),
        day_words(patient.birth_date) or patient.birth_date or "—",
        sex_word(patient.sex) or "—",
        patient.patient_id or "—",
    )


def _told_by_hub() -> tuple[str, str, str, str]:
    return tr("the same"), tr("the same"), tr("the same"), tr("another one")


class SamePartDialog(Dialog):
    """The reader's own word that two series show the same part of the body, before they are linked."""

    def __init__(self, parent: QWidget | None, mine: tuple[Study, Series], other: tuple[Study, Series]) -> None:
        super().__init__(parent, tr("Do both show the same part of the body?"), icon="error-warning", tone="warn")
        text = tr("Their labels do not prove it. Linked images scroll together: slices of one place must belong to it.")
        self.body.addWidget(label(text, "body", "t1", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        rows = [("", tr("This case"), tr("Other study"))]
        cells = [_part_words(*mine), _part_words(*other)]
        captions = (tr("Body part"), tr("Side"), tr("Study"), tr("Series"))
        paired = any(anatomy_of(*one).regions & PAIRED for one in (mine, other))
        rows += [
            (caption, one, two)
            for caption, one, two in zip(captions, *cells, strict=True)
            if paired or caption != captions[1]
        ]
        for at, row in enumerate(rows):
            for column, words in enumerate(row):
                tone = "t2" if column == 0 or at == 0 else "t0"
                grid.addWidget(label(words, "body", tone, wrap=column > 0), at, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.body.addLayout(grid)
        self.add_hint(tr("Look at both pictures. L parts them again."))
        self.set_primary(tr("Same part: link"), danger=True)


def _part_words(study: Study, series: Series) -> tuple[str, str, str, str]:
    shown, unknown = anatomy_of(study, series), tr("not stated")
    sides = tr(", ").join(
        words for side, words in (("L", tr("left side")), ("R", tr("right side"))) if side in shown.sides
    )
    return shown.words, sides or unknown, study.description or unknown, series.description or unknown


class PriorReportDialog(Dialog):
    """A prior's signed report as text, to read and to copy from."""

    def __init__(self, parent: QWidget | None, title: str, report: PriorReport) -> None:
        super().__init__(parent, title, icon="file-text", tone="acc", width=640)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(4)
        column.addWidget(label(report.title, "h2", "t0", wrap=True))
        if report.signed:
            column.addWidget(label(tr("Signed by {who}", who=report.signed), "caption", "t2"))
        for caption, text in report.lines:
            column.addSpacing(6)
            column.addWidget(label(caption, "caption", "t3"))
            if len(text) > _LONG:
                long = LongText(text)
                long.setAccessibleName(caption)
                column.addWidget(long, 1)
                continue
            words = label(text, "body", "t1", wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(words)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setMinimumHeight(360)
        area.setWidget(inner)
        self.body.addWidget(area, 1)
        self.cancel.hide()
        self.set_primary(tr("Close"))
