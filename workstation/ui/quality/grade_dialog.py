"""Grading the images of a study: a grade, and below the best what they lack."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from resources.translation import tr
from workstation.domain.image_quality import GivenGrade, GradeReason, ImageGrade, ImageGrading
from workstation.ui.dialogs import Dialog
from workstation.ui.quality.words import grade_words, reason_words
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label

_COLUMNS: Final = 2


class GradeDialog(Dialog):
    """``graded(ImageGrading)`` once."""

    graded = Signal(object)

    def __init__(self, parent: QWidget | None, who: str, grades: tuple[GivenGrade, ...] = ()) -> None:
        super().__init__(parent, tr("Image grade · {who}", who=who), icon="image-edit")
        self.body.addWidget(label(tr("How good are the images?"), "caption", "t3"))
        self.grade = SegmentedChoice([(grade.value, grade_words(grade)) for grade in ImageGrade])
        self.grade.chosen.connect(lambda _key: self._ready())
        self.body.addWidget(self.grade)
        self.body.addWidget(label(tr("What do they lack? Needed below grade A."), "caption", "t3"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        self.reasons = {reason: QCheckBox(reason_words(reason)) for reason in GradeReason}
        for at, box in enumerate(self.reasons.values()):
            box.toggled.connect(lambda _on: self._ready())
            grid.addWidget(box, at // _COLUMNS, at % _COLUMNS)
        self.body.addLayout(grid)
        self.body.addWidget(label(tr("In words"), "caption", "t3"))
        self.words = GrowingText(least_lines=2)
        self.words.setAccessibleName(tr("In words"))
        self.words.textChanged.connect(self._ready)
        self.body.addWidget(self.words)
        for given in grades[-3:]:
            self.body.addWidget(label(given_words(given), "caption", "t2", wrap=True))
        self.add_hint(tr("A physician's grade stands before a technician's. The result is recognised elsewhere by it."))
        self._give = self.set_primary(tr("Give this grade"), icon="check")
        self._ready()

    def grading(self) -> ImageGrading | None:
        """Return what is chosen, None while something lacks."""
        key = self.grade.value()
        if not key:
            return None
        reasons = tuple(reason for reason, box in self.reasons.items() if box.isChecked())
        try:
            return ImageGrading(ImageGrade(key), reasons, self.words.toPlainText().strip())
        except ValueError:
            return None

    def accept(self) -> None:
        """Hand the grade over and close; while something lacks nothing happens."""
        grading = self.grading()
        if grading is not None:
            super().accept()
            self.graded.emit(grading)

    def _ready(self) -> None:
        missing = tr("Choose a grade") if not self.grade.value() else tr("Say what the images lack")
        self._give.enable(self.grading() is not None, missing)


def given_words(given: GivenGrade) -> str:
    """Return a grade that was given, in one line."""
    reasons = ", ".join(reason_words(reason) for reason in given.grading.reasons)
    parts = (f"{given.at.astimezone():%Y-%m-%d %H:%M}", given.by, grade_words(given.grading.grade), reasons,
             given.grading.words)  # fmt: skip
    return " · ".join(part for part in parts if part)
