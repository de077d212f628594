"""The quality manager sees figures with their numbers, and a plain word where there are too few cases."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from tests.helpers.cases import FixedClock
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import EXPERT
from tests.helpers.fakes_ui import TECHNICIAN, case
from tests.helpers.fakes_workflow import FakeWorkflow
from tests.helpers.quality import AT, QualityHub
from workstation.bootstrap.grading import grade_beside_report
from workstation.domain.dispatch import TimelineEvent, TimelineStep
from workstation.domain.image_quality import GradeReason, ImageGrade, ImageGrading
from workstation.domain.mutual_recognition import RepeatException, RepeatReason
from workstation.domain.quality import DoubleReadingFigures, SchemeFigures, Share
from workstation.domain.report_version import DoubleReadingState, ReportPolicy
from workstation.domain.workitem import ReadingState
from workstation.services.jobs import JobRunner
from workstation.storage.files import replace_file
from workstation.ui.dispatch_words import shown_detail, step_words
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.page import Page
from workstation.ui.pages.quality_page import QualityPage
from workstation.ui.pages.quality_presenter import QualityPresenter
from workstation.ui.quality.agreement_panel import scheme_words
from workstation.ui.quality.grade_dialog import GradeDialog, given_words
from workstation.ui.quality.grading import GradePanel, Grading
from workstation.ui.quality.periods import Period, days_of, midnight
from workstation.ui.quality.repeat_dialog import RepeatDialog
from workstation.ui.quality.words import duration_words, kappa_words, outcome_words, rule_words
from workstation.ui.widgets.sent_cases import SentCases

pytestmark = pytest.mark.gui

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


class Bed:
    """A page, its presenter, and the hub behind it."""

    def __init__(self, qtbot: QtBot, jobs: JobRunner, hub: QualityHub | None = None) -> None:
        self.hub, self.workflow = hub or QualityHub(), FakeWorkflow()
        self.page = QualityPage()
        qtbot.addWidget(self.page)
        self.page.resize(1600, 1000)
        self.page.show()
        self.presenter = QualityPresenter(self.page, self.hub, self.workflow, jobs, FixedClock(NOW), replace_file)
        qtbot.waitUntil(lambda: self.page.figures is not None or bool(self.page.notices.notices()))


@pytest.fixture
def bed(qtbot: QtBot, jobs: JobRunner) -> Bed:
    return Bed(qtbot, jobs)


def test_a_share_has_its_numbers_and_too_few_cases_are_told_as_such(bed: Bed) -> None:
    norm, critical = bed.page.card("norm"), bed.page.card("critical")

    assert norm.value.text() == "90.0 %"
    assert norm.note.text() == "18 of 20 · 95 % interval 69.9 % to 97.2 %"
    assert critical.value.text() == "Too few cases"
    assert critical.note.text() == (
        "1 of 3 · a share needs 10 cases · 1 still open · 1 read back in time but not signed by both sides"
    )
    assert bed.page.turnaround.texts() == [
        ["STAT", "3", "Too few cases", "Too few cases", "Too few cases · 3/3"],
        ["Urgent", "0", "—", "—", "—"],
        ["Routine", "12", "6 h 0 min", "11 h 0 min", "91.7 % · 11/12"],
    ]


def test_the_rates_of_categories_stand_with_their_definition_and_its_source(bed: Bed) -> None:
    prostate, breast = bed.page.card("pi-rads"), bed.page.card("bi-rads")
    assert prostate.value.text() == "91.7 %"
    assert prostate.note.text() == "11 of 12 · 95 % interval 64.6 % to 98.5 % · 1 more in words only"
    assert breast.value.text() == "Too few cases"
    said = " ".join(one.text() for one in bed.page.findChildren(QLabel))
    assert "Numerator: a coded category" in said
    assert "国卫办医政函〔2024〕150号" in said


def test_rules_returns_grades_and_repeats_are_told_in_words(bed: Bed) -> None:
    page = bed.page

    assert page.rules.texts() == [["Left over from a template", "5", "2", "已与主任核对 ×2"]]
    assert page.returns.texts() == [["Wording", "2"], ["In words only, without a code", "1"]]
    assert page.images.texts()[3:] == [["Grade D, not diagnostic", "0"], ["Lacks: Motion artefact", "3"]]
    assert page.repeats.texts() == [["Emergency", "1"]]


def test_kappa_stands_with_interval_table_and_the_cases_behind_a_field(bed: Bed) -> None:
    panel = bed.page.agreement

    # 6 + 4 of 12 agree, by chance (8 * 6 + 4 * 6) / 144 = 0.5: kappa (10/12 - 1/2) / (1/2) = 2/3
    assert panel.kappa.text() == "κ = 0.67 (95 % interval 0.24 to 1.00), n = 12, same category in 83.3 %"
    assert panel.cases.rowCount() == 12
    field = QPoint(68 + 44 + 10, 44 + 10)  # first reader 2, second reader 3
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=field)
    assert [row[:5] for row in panel.cases.texts()] == [
        ["Q-00000006", "2", "3", "宋佳 / 赵敏", "Decided by a third"],
        ["Q-00000007", "2", "3", "宋佳 / 赵敏", "Decided by a third"],
    ]
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=field)
    assert panel.cases.rowCount() == 12
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert panel.cases.rowCount() == 12


def test_without_pairs_the_page_says_that_kappa_is_not_told(bed: Bed) -> None:
    panel, figures = bed.page.agreement, bed.page.figures
    assert figures is not None
    few = SchemeFigures("lung-rads", figures.double.schemes[0].pairs[:3])
    same = SchemeFigures("lung-rads", figures.double.schemes[0].pairs[:1] * 12)

    panel.show_figures(DoubleReadingFigures(Share(0, 0), 0, ()))
    nothing = panel.kappa.text()
    panel.show_figures(DoubleReadingFigures(Share(3, 3), 0, (few,)))

    assert nothing == "No double reading with a category in this period"
    assert panel.kappa.text() == "3 double readings; kappa needs 10"
    assert kappa_words(same) == "All 12 readings chose one category: kappa says nothing here"
    assert scheme_words("another") == "another"


def test_filters_ask_the_hub_for_just_that(bed: Bed, qtbot: QtBot) -> None:
    filters = bed.page.filters
    filters.site.setCurrentIndex(1)
    filters.reader.setCurrentIndex(1)
    filters.modality.setCurrentIndex(1)
    filters.period.setCurrentIndex(list(Period).index(Period.LAST_MONTH))
    filters.changed.emit()
    qtbot.waitUntil(lambda: len(bed.hub.asked) == 2)

    asked = bed.hub.asked[1]
    assert (asked.site_id, asked.reader_id, asked.modality) == ("qingshui", "expert", "CT")
    assert (asked.since, asked.until) == (midnight(date(2026, 2, 1)), midnight(date(2026, 3, 1)))
    qtbot.waitUntil(lambda: bed.page.told.text() == "2026-02-01 – 2026-02-28")
    assert filters.chosen == (Period.LAST_MONTH, "qingshui", "expert", "CT")


def test_the_table_is_written_after_the_audit_trail_knows(bed: Bed, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(bed.page.toast):
        bed.presenter.save(tmp_path / "q.csv")

    with (tmp_path / "q.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[6][:6] == ["norm", "clean", "share", "0.9", "18", "20"]
    assert bed.hub.saved == bed.hub.asked
    bed.hub.away = True
    bed.presenter.save(tmp_path / "none.csv")
    qtbot.waitUntil(lambda: bool(bed.page.notices.notices()))
    assert not (tmp_path / "none.csv").exists()


def test_rules_are_put_into_force_and_a_half_made_change_survives_a_refresh(bed: Bed, qtbot: QtBot) -> None:
    panel = bed.page.policy
    assert not panel.save.isEnabled()
    panel.second.setChecked(True)
    panel.every.setValue(20)
    bed.page.refresh()
    qtbot.waitUntil(lambda: len(bed.hub.asked) == 2)
    with qtbot.waitSignal(bed.page.toast):
        panel.save.click()

    assert bed.workflow.policies == [ReportPolicy(second_signer=True, double_reading_every=20)]
    assert not panel.save.isEnabled()


def test_a_dead_line_is_told_and_the_next_answer_takes_it_back(qtbot: QtBot, jobs: JobRunner) -> None:
    bed = Bed(qtbot, jobs, QualityHub(away=True))
    assert bed.page.figures is None
    assert not bed.page.export.isEnabled()

    bed.hub.away = False
    bed.page.refresh()

    qtbot.waitUntil(lambda: bed.page.figures is not None)
    assert bed.page.notices.notices() == []


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        (Period.WEEK, date(2026, 2, 27), date(2026, 3, 6)),
        (Period.DAYS_30, date(2026, 2, 4), date(2026, 3, 6)),
        (Period.DAYS_90, date(2025, 12, 6), date(2026, 3, 6)),
        (Period.MONTH, date(2026, 3, 1), date(2026, 3, 6)),
        (Period.LAST_MONTH, date(2026, 2, 1), date(2026, 3, 1)),
        (Period.YEAR, date(2026, 1, 1), date(2026, 3, 6)),
        (Period.LAST_YEAR, date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_periods_follow_the_calendar(period: Period, first: date, after: date) -> None:
    assert days_of(period, date(2026, 3, 5)) == (first, after)


def test_words_of_figures() -> None:
    assert [duration_words(seconds) for seconds in (None, 59.0, 3540.0, 5400.0)] == [
        "Too few cases", "1 min", "59 min", "1 h 30 min",
    ]  # fmt: skip
    assert rule_words("a_rule_of_tomorrow") == "a_rule_of_tomorrow"
    assert [outcome_words(state) for state in DoubleReadingState] == [
        "Being read", "Agreed", "Waits for arbitration", "Decided by a third",
    ]  # fmt: skip


def grade_page(qtbot: QtBot, jobs: JobRunner, hub: QualityHub) -> tuple[Page, Grading]:
    page = Page()
    qtbot.addWidget(page)
    page.show()
    return page, Grading(page, hub, jobs)


def test_a_grade_is_asked_for_with_its_reason_and_given(qtbot: QtBot, jobs: JobRunner) -> None:
    hub, stands = QualityHub(), list[ImageGrade]()
    _page, grading = grade_page(qtbot, jobs, hub)
    grading.ask("2.25.1", "王晓东", stands.append)
    qtbot.waitUntil(lambda: grading.dialog is not None)
    dialog = grading.dialog
    assert isinstance(dialog, GradeDialog)
    dialog.accept()
    assert dialog.grading() is None
    dialog.grade.choose("C")
    assert dialog.grading() is None
    dialog.reasons[GradeReason.OTHER].setChecked(True)
    assert dialog.grading() is None
    dialog.words.setPlainText("躁动")
    dialog.reasons[GradeReason.MOTION].setChecked(True)
    dialog.accept()
    qtbot.waitUntil(lambda: bool(stands))

    assert stands == [ImageGrade.C]
    assert hub.given[0].grading == ImageGrading(ImageGrade.C, (GradeReason.MOTION, GradeReason.OTHER), "躁动")
    local = f"{AT.astimezone():%Y-%m-%d %H:%M}"
    assert given_words(hub.given[0]) == f"{local} · 韩梅 · Grade C · Motion artefact, Other · 躁动"


def test_a_grade_on_a_dead_line_is_told(qtbot: QtBot, jobs: JobRunner) -> None:
    page, grading = grade_page(qtbot, jobs, QualityHub(away=True))

    grading.ask("2.25.1", "王晓东", lambda _grade: None)

    qtbot.waitUntil(lambda: bool(page.notices.notices()))
    assert grading.dialog is None


def test_the_grade_beside_the_report_is_told_in_words(qtbot: QtBot) -> None:
    panel = GradePanel()
    qtbot.addWidget(panel)
    said = []
    for grade in ("", "B", "甲"):
        panel.show_grade(grade)
        said.append(panel.said.text())

    assert said == ["Nobody has graded the images", "Grade B", "甲"]


def test_a_sent_study_is_graded_once_its_images_are_there(qtbot: QtBot) -> None:
    cases = SentCases()
    qtbot.addWidget(cases)
    here, coming = case(1, quality_grade="B"), case(2, state=ReadingState.RECEIVING)
    asked: list[object] = []
    cases.grade_requested.connect(asked.append)
    cases.show_rows([here, coming])
    cases.resize(900, 300)
    cases.show()
    enabled = [cases.grade.isEnabled()]
    for at in (1, 0):
        cases.list.setCurrentIndex(cases.list.model().index(at, 0))
        enabled.append(cases.grade.isEnabled())
    cases.grade.click()

    assert enabled == [False, False, True]
    assert asked == [here]
    assert TECHNICIAN.site_id


def test_a_repeated_exam_needs_its_reason(qtbot: QtBot) -> None:
    dialog = RepeatDialog(None, "王晓东", "A recognised result exists")
    qtbot.addWidget(dialog)
    given: list[object] = []
    dialog.given.connect(given.append)
    dialog.accept()
    dialog.exception.setCurrentIndex(dialog.exception.findData(RepeatException.OTHER))
    dialog.accept()
    nothing = list(given)
    dialog.words.setPlainText("外院片丢失")
    dialog.accept()

    assert nothing == []
    assert given == [RepeatReason(RepeatException.OTHER, "外院片丢失")]


@pytest.mark.parametrize(
    ("step", "who", "receiver", "detail", "words", "shown"),
    [
        ("recognised", "王启明", "", "张力性气胸", "Critical value recognised by 王启明", "张力性气胸"),
        ("tried", "王启明", "李护士", "", "Critical value: 王启明 called, nobody was reached", ""),
        ("called", "王启明", "李护士", "", "Critical value: 王启明 told 李护士, no read-back yet", ""),
        ("read_back", "王启明", "李护士", "气胸", "Critical value: 李护士 read back to 王启明", "“气胸”"),
        ("acknowledged", "韩梅", "清水", "气胸", "Critical value acknowledged by 韩梅, 清水", "“气胸”"),
        ("reminded", "", "", "气胸", "Critical value: reminder, nobody has read it back", ""),
        ("escalated", "", "", "气胸", "Critical value: time is over, escalated", ""),
        ("closed", "王启明", "", "气胸", "Critical value closed by 王启明", ""),
        ("dismissed", "王启明", "", "伪影", "Critical value dismissed by 王启明", "伪影"),
    ],
)
def test_the_time_line_tells_each_critical_act(
    step: str, who: str, receiver: str, detail: str, words: str, shown: str
) -> None:
    event = TimelineEvent(AT, TimelineStep(f"critical_{step}"), who, receiver, detail)

    assert (step_words(event)[0], shown_detail(event)) == (words, shown)


@pytest.mark.parametrize("chosen", ["", "q.csv"])
def test_the_person_chooses_where_the_table_goes(
    bed: Bed, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    path = tmp_path / chosen if chosen else None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (str(path or ""), ""))
    bed.page.export.click()

    qtbot.waitUntil(lambda: path is None or path.exists())
    assert len(bed.hub.saved) == bool(chosen)


def test_the_grade_given_beside_a_report_is_the_one_it_is_signed_with(qtbot: QtBot, jobs: JobRunner) -> None:
    bench, hub = DeskBench(), QualityHub()
    try:
        page, _presenter = bench.page()
        panel = grade_beside_report(page, bench.desk, hub, jobs, EXPERT)
        bench.open(qtbot.waitUntil)
        session = bench.desk.session
        assert session is not None
        said = panel.said.text()
        panel.give.click()
        qtbot.waitUntil(lambda: page.findChild(GradeDialog) is not None)
        dialog = page.findChild(GradeDialog)
        assert isinstance(dialog, GradeDialog)
        dialog.grade.choose("A")
        dialog.accept()
        qtbot.waitUntil(lambda: panel.said.text() == "Grade A")

        assert (said, session.row.quality_grade) == ("Nobody has graded the images", "A")
    finally:
        bench.close()
