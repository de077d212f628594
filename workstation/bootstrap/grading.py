"""Grades of images, joined to the report page and to the technician's page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.access import Actor, Permission
from workstation.domain.image_quality import ImageGrade
from workstation.domain.workitem import WorklistRow
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.quality.grading import GradePanel, Grading
from workstation.ui.report.side_column import SidePlace

if TYPE_CHECKING:
    from workstation.domain.quality_ports import QualityPort
    from workstation.services.jobs import JobRunner
    from workstation.services.reading_session import ReadingSession
    from workstation.ui.case_desk import CaseDesk
    from workstation.ui.pages.grassroots_page import GrassrootsPage
    from workstation.ui.pages.report_page import ReportPage


def grade_beside_report(
    page: ReportPage, desk: CaseDesk, quality: QualityPort, jobs: JobRunner, actor: Actor
) -> GradePanel:
    """Show beside the report how the images are graded; the grade given here is the one that is signed with."""
    panel, grading = GradePanel(), Grading(page, quality, jobs)
    page.side.put(SidePlace.VERSIONS, panel)
    panel.give.setVisible(actor.may(Permission.GRADE_IMAGES))

    def given(session: ReadingSession, grade: ImageGrade) -> None:
        session.row = replace(session.row, quality_grade=grade.value)
        if desk.session is session:
            panel.show_grade(grade.value)

    def ask() -> None:
        session = desk.session
        if session is not None:
            who = name_or_placeholder(session.row.patient_name)
            grading.ask(session.row.ups_instance_uid, who, lambda grade: given(session, grade))

    panel.give.clicked.connect(ask)
    desk.opened.connect(lambda session: panel.show_grade(session.row.quality_grade))
    desk.closed.connect(panel.hide)
    if desk.session is not None:
        panel.show_grade(desk.session.row.quality_grade)
    return panel


def grade_sent_cases(page: GrassrootsPage, quality: QualityPort, jobs: JobRunner) -> None:
    """Let the technician grade the studies of the own site."""
    grading = Grading(page, quality, jobs)

    def ask(row: WorklistRow) -> None:
        who = name_or_placeholder(row.patient_name)
        grading.ask(row.ups_instance_uid, who, lambda _grade: page.refresh())

    page.cases.grade_requested.connect(ask)
