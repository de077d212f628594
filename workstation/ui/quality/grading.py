"""Asks for a grade of a study's images and gives it to the hub, off the window's thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QHBoxLayout
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.image_quality import GivenGrade, ImageGrade, ImageGrading, standing
from workstation.domain.quality_ports import QualityPort
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.notice import Severity
from workstation.ui.pages.page import Page
from workstation.ui.quality.grade_dialog import GradeDialog
from workstation.ui.quality.words import grade_words
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import Panel, label

_KEY = "grade"


class Grading(QObject):
    """One page's way to a grade; ``done(grade)`` is told the one that stands afterwards."""

    def __init__(self, page: Page, quality: QualityPort, jobs: JobRunner) -> None:
        super().__init__(page)
        self._page, self._quality, self._jobs = page, quality, jobs
        self.dialog: GradeDialog | None = None

    def ask(self, ups_instance_uid: str, who: str, done: Callable[[ImageGrade], object]) -> None:
        """Fetch what was given so far and open the form."""

        def show(grades: tuple[GivenGrade, ...]) -> None:
            dialog = self.dialog = GradeDialog(self._page, who, grades)
            dialog.graded.connect(lambda grading: self._give(ups_instance_uid, grading, done))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._run(lambda: self._quality.grades(ups_instance_uid), show)

    def _give(self, ups_instance_uid: str, grading: ImageGrading, done: Callable[[ImageGrade], object]) -> None:
        def given(grades: tuple[GivenGrade, ...]) -> None:
            stands = standing(grades)
            if stands is not None:
                done(stands.grading.grade)
                self._page.toast.emit(tr("Graded; it counts: {grade}", grade=grade_words(stands.grading.grade)))

        self._run(lambda: self._quality.grade(ups_instance_uid, grading), given)

    def _run(
        self, work: Callable[[], tuple[GivenGrade, ...]], done: Callable[[tuple[GivenGrade, ...]], object]
    ) -> None:
        def arrived(grades: tuple[GivenGrade, ...]) -> None:
            if isValid(self):
                self._page.notices.clear_notice(_KEY)
                done(grades)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                self._page.show_error(error, key=_KEY, severity=Severity.DEGRADED)

        self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)


class GradePanel(Panel):
    """Beside the report: the grade that stands, and the way to give one."""

    def __init__(self) -> None:
        super().__init__(tr("Image grade"), icon="image-edit")
        row = QHBoxLayout()
        self.said = label("", "body", "t1", wrap=True)
        row.addWidget(self.said, 1)
        self.give = Button(tr("Grade…"), "secondary", small=True)
        row.addWidget(self.give)
        self.body.addLayout(row)
        self.hide()

    def show_grade(self, grade: str) -> None:
        """Show the grade that the worklist has, empty for none."""
        known = grade in set(ImageGrade)
        self.said.setText(grade_words(ImageGrade(grade)) if known else grade or tr("Nobody has graded the images"))
        self.show()
