"""The table stays quick with ten thousand cases and paints no more than it must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, language, use_language
from tests.helpers.fakes_ui import NOW, case
from workstation.domain.workitem import AiState, AiSummary, Priority, ReadingState
from workstation.ui import paint
from workstation.ui.bench_worklist import many_rows, run
from workstation.ui.theme import apply_theme, current_theme
from workstation.ui.widgets.worklist_cases import Cases, made_ready
from workstation.ui.widgets.worklist_cells import WorklistCells, name_and_extra
from workstation.ui.widgets.worklist_columns import (
    INDEX,
    Column,
    Order,
    kept_widths,
    plan_columns,
    title,
    widths_of,
)
from workstation.ui.widgets.worklist_model import WorklistModel
from workstation.ui.widgets.worklist_view import WorklistTable
from workstation.ui.widgets.worklist_words import STATE_LOOK, ai_word, modality_word, state_word, study_time

pytestmark = pytest.mark.gui


class WatchedTable(WorklistTable):
    """Notes which part of it was painted."""

    def __init__(self, model: WorklistModel) -> None:
        super().__init__(model)
        self.painted: list[tuple[int, int]] = []

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        self.painted.append((event.rect().width(), event.rect().height()))
        super().paintEvent(event)


@pytest.fixture
def table(qtbot: QtBot, qapp: QApplication) -> Iterator[WatchedTable]:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    model = WorklistModel()
    model.tick(NOW)
    shown = WatchedTable(model)
    qtbot.addWidget(shown)
    shown.resize(1856, 736)
    shown.show()
    model.merge(made_ready(many_rows(10_000), Cases()).rows, mark_new=False)
    qtbot.waitUntil(lambda: bool(shown.painted))
    quiet = 0
    while quiet < 5:  # layouts, header and a late expose of a slow machine may ask for another round
        shown.painted.clear()
        QApplication.processEvents()
        qtbot.wait(20)
        quiet = 0 if shown.painted else quiet + 1
    shown.painted.clear()
    yield shown
    use_language(before)


def test_the_wheel_paints_only_the_rows_that_come_in(table: WatchedTable) -> None:
    table.verticalScrollBar().setValue(120)
    QApplication.processEvents()
    assert table.painted == [(table.viewport().width(), 120)]


def test_a_second_repaints_the_timers_and_nothing_else(table: WatchedTable) -> None:
    table.tick(NOW + timedelta(seconds=1))
    QApplication.processEvents()
    assert table.painted == [(112, table.viewport().height())]


def test_a_merge_that_was_worked_out_elsewhere_keeps_selection_and_place(table: WatchedTable) -> None:
    cases = made_ready(table.rows.rows(), Cases())
    table.verticalScrollBar().setValue(4000)
    table.selectRow(105)
    chosen, place = table.current_row(), table.anchor()
    new = [case(n, priority=Priority.HIGH, due=NOW - timedelta(days=999)) for n in range(70_000, 70_003)]
    merge = table.rows.planner()(made_ready([*cases.rows, *new], cases).rows)
    assert table.rows.fits(merge)
    table.rows.apply(merge, mark_new=True)
    table.restore_anchor(place)
    assert table.current_row() is chosen
    assert table.anchor() == place
    assert [table.rows.is_new(table.rows.row_at(at)) for at in range(4)] == [True, True, True, False]


def test_a_merge_from_other_rows_is_refused(table: WatchedTable) -> None:
    merge = table.rows.planner()(table.rows.rows())
    table.rows.sort_by(Order(Column.PATIENT))
    assert not table.rows.fits(merge)
    with pytest.raises(ValueError, match="other rows"):
        table.rows.apply(merge, mark_new=False)


def test_every_place_finds_its_case_again_after_sorting(table: WatchedTable) -> None:
    table.select("2.25.4711")
    table.rows.sort_by(Order(Column.PATIENT, descending=True))
    chosen = table.current_row()
    assert chosen is not None
    assert chosen.ups_instance_uid == "2.25.4711"
    assert table.rows.row_at(table.rows.find("2.25.4711")) is chosen


def _picture(
    cells: WorklistCells, column: Column, changes: Mapping[str, object] = MappingProxyType({}), *, ground: str = "bg0"
) -> QImage:
    return cells.picture(case(1, **changes), column, (112, 40), 1.0, ground=ground)


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        (Column.PRIORITY, {}, {"priority": Priority.HIGH}),
        (Column.TIME_LEFT, {}, {"due": NOW}),
        (Column.TIME_LEFT, {}, {"arrived": NOW - timedelta(days=2)}),
        (Column.TIME_LEFT, {}, {"state": ReadingState.FINAL}),
        (Column.STATE, {}, {"state": ReadingState.PRELIMINARY}),
        (Column.AI, {}, {"ai": AiSummary(AiState.FAILED)}),
        (Column.AI, {}, {"ai": AiSummary(AiState.DONE, 3, 4)}),
        (Column.IMAGES, {}, {"images_received": 3}),
        (Column.READER, {"reader_name": "李"}, {"reader_name": "李", "reader_id": "me"}),
        (
            Column.PATIENT,
            {},
            {"state": ReadingState.READING, "reader_id": "li"},
        ),
        (Column.GRADE, {}, {"quality_grade": "丙"}),
        (Column.CRITICAL, {}, {"critical": True}),
        (Column.CRITICAL, {"critical": True}, {"critical": True, "critical_due": NOW}),
    ],
)
def test_a_kept_picture_never_stands_for_another_state(
    qapp: QApplication, column: Column, one: dict[str, object], other: dict[str, object]
) -> None:
    apply_theme(qapp)
    model = WorklistModel()
    model.tick(NOW)
    model.user_id = "me"
    cells = WorklistCells(model)
    assert _picture(cells, column, one) != _picture(cells, column, other)
    assert _picture(cells, column, one) == _picture(WorklistCells(model), column, one)


def test_a_kept_picture_shows_selection_and_the_new_dot(qapp: QApplication) -> None:
    apply_theme(qapp)
    model = WorklistModel()
    model.tick(NOW)
    cells = WorklistCells(model)
    plain = _picture(cells, Column.PATIENT)
    assert plain != _picture(cells, Column.PATIENT, ground="sel")
    model.merge([case(1)], mark_new=True)
    assert plain != _picture(cells, Column.PATIENT)


def test_pictures_are_given_back_when_they_grow_too_many(qapp: QApplication) -> None:
    apply_theme(qapp)
    cells = WorklistCells(WorklistModel())
    for n in range(40):
        cells.picture(case(n), Column.DESCRIPTION, (1000 + n, 500), 1.0, ground="bg0")
    assert cells.kept_bytes <= 48 * 2**20


@pytest.mark.parametrize("width", [1302, 1280 - 64, 1366 - 64, 1920 - 64])
def test_no_header_is_cut_in_english(qapp: QApplication, width: int) -> None:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    plan = plan_columns(width, latin=True)
    words = paint.metrics("caption")
    cut = [title(column) for column, room in plan.widths.items() if words.horizontalAdvance(title(column)) > room - 12]
    use_language(before)
    assert cut == []
    assert sum(plan.widths.values()) == width


@pytest.mark.parametrize(
    ("modality", "beneath", "said"),
    [("PT", "CT", "PET-CT"), ("PT", "MR", "PET-MR"), ("PT", "", "PT"), ("CT", "", "CT")],
)
def test_a_pet_ct_is_named_whole_in_its_column(qapp: QApplication, modality: str, beneath: str, said: str) -> None:
    apply_theme(qapp)
    assert modality_word(case(1, modality=modality, beneath=beneath)) == said
    for width in (1366, 1920):
        padding_px = 8
        room = plan_columns(width - 48).widths[Column.MODALITY] - padding_px
        assert room >= paint.metrics("caption").horizontalAdvance(said)


@pytest.mark.parametrize("latin", [False, True])
def test_a_pet_ct_has_its_frame_in_a_wide_list(qapp: QApplication, latin: bool) -> None:  # noqa: FBT001 - a table
    apply_theme(qapp)
    inside = plan_columns(1920 - 64, latin=latin).widths[Column.MODALITY] - 16
    assert inside >= paint.chip_width("", "PET-CT")


@pytest.mark.parametrize("latin", [False, True])
def test_a_hospital_of_eight_characters_is_read_whole_at_1366_by_768(qapp: QApplication, latin: bool) -> None:  # noqa: FBT001 - a table
    apply_theme(qapp)
    room = plan_columns(1366 - 48, latin=latin).widths
    assert room[Column.SITE] - 16 >= paint.metrics("body").horizontalAdvance("清水镇中心卫生院")
    assert room[Column.DESCRIPTION] - 16 >= paint.metrics("body").horizontalAdvance("双乳 X 线 CC+MLO · 筛查")
    state, ai = (room[one] - 16 for one in (Column.STATE, Column.AI))
    longest = ("Technician check", "Done · read first") if latin else ("技师核对", "已完成 · 阅后揭示")
    assert state >= paint.chip_width("user-search", longest[0])
    assert ai >= 20 + paint.metrics("body").horizontalAdvance(longest[1])


@pytest.mark.parametrize("latin", [False, True])
@pytest.mark.parametrize("day", ["11-21", "2025-12-08"])
@pytest.mark.parametrize(
    "told",
    [
        "颅脑增强 T1+C 平扫及增强扫描",
        "双乳 X 线 CC+MLO · 筛查",
        "头颈 PET-CT · FDG 全身显像",
        "CT Chest w/o contrast, low dose",
    ],
)
def test_what_was_examined_is_read_whole_beside_its_day_at_1366_by_768(
    qapp: QApplication,
    told: str,
    day: str,
    latin: bool,  # noqa: FBT001 - a table
) -> None:
    apply_theme(qapp)
    inside = plan_columns(1366 - 48, latin=latin).widths[Column.DESCRIPTION] - 16
    beside = inside - paint.metrics("caption").horizontalAdvance(day) - 8
    first, second = paint.in_two_lines(told, inside, beside, "caption")
    assert f"{first} {second}".replace(" ", "") == told.replace(" ", "")
    for line, room in ((first, inside), (second, beside)):
        assert paint.metrics("caption").horizontalAdvance(line) <= room


def test_two_lines_break_between_words_and_say_where_they_are_cut(qapp: QApplication) -> None:
    apply_theme(qapp)
    room = paint.metrics("caption").horizontalAdvance("Low dose chest") + 1  # of a fraction of a pixel
    assert paint.in_two_lines("Low dose chest CT", room, room, "caption") == ("Low dose chest", "CT")
    assert paint.in_two_lines("Low dose chestnut", room, room, "caption") == ("Low dose", "chestnut")
    first, second = paint.in_two_lines("Low dose chest CT with and without contrast", room, room, "caption")
    assert (first, second[-1]) == ("Low dose chest", "…")
    # U+20BB7 takes two UTF-16 units, in which Qt counts
    wide = paint.metrics("caption").horizontalAdvance("𠮷𠮷") + 2
    assert paint.in_two_lines("𠮷𠮷𠮷", wide, wide, "caption") == ("𠮷𠮷", "𠮷")


def test_a_description_in_two_lines_lies_within_its_dense_row(qapp: QApplication) -> None:
    apply_theme(qapp)
    cells = WorklistCells(WorklistModel())
    short, long = (
        cells.picture(case(1, description=told), Column.DESCRIPTION, (160, 32), 1.0, ground="bg0")
        for told in ("胸", "颅脑增强 T1+C 平扫及增强扫描与血管成像")
    )
    ground = short.pixelColor(1, 1)
    written = {y for y in range(31) for x in range(160) if long.pixelColor(x, y) != ground}
    assert min(written) >= 1
    assert max(written) <= 29
    assert any(y < 13 for y in written)
    assert any(y > 18 for y in written)


def test_two_studies_of_one_patient_are_told_apart_by_their_days_at_1366_by_768(qapp: QApplication) -> None:
    apply_theme(qapp)
    plan = plan_columns(1366 - 48)
    assert (plan.dated, Column.STUDIED in plan.widths, Column.IMAGES in plan.widths) == (True, False, False)
    room = plan.widths[Column.DESCRIPTION] - 16
    whole = paint.metrics("body").horizontalAdvance("双乳 X 线 CC+MLO · 筛查")
    assert room >= whole + 8 + paint.metrics("body").horizontalAdvance("11-21")

    model = WorklistModel()
    now, before = case(studied=NOW), case(studied=NOW - timedelta(days=348))
    days = [f"{NOW.astimezone():%m-%d}", "2025-12-08"]
    assert [model.cell_text(one, Column.DESCRIPTION) for one in (now, before)] == [now.description] * 2
    model.dated = True
    assert [model.cell_text(one, Column.DESCRIPTION) for one in (now, before)] == [
        f"{now.description} · {day}" for day in days
    ]
    cells = WorklistCells(model)
    pictures = [cells.picture(one, Column.DESCRIPTION, (240, 32), 1.0, ground="bg0") for one in (now, before)]
    assert pictures[0] != pictures[1]
    assert not plan_columns(1920 - 48).dated


def test_a_dragged_column_keeps_its_width_and_the_description_takes_the_rest() -> None:
    own = widths_of(("patient=180", "reader=150", "patient_id=9999", "nonsense=40", "ai=wide"))
    assert own == {Column.PATIENT: 180, Column.READER: 150, Column.PATIENT_ID: 600}
    assert kept_widths(own) == ("patient=180", "patient_id=600", "reader=150")
    plan = plan_columns(1856, own={Column.PATIENT: 180, Column.READER: 150})
    assert (plan.widths[Column.PATIENT], plan.widths[Column.READER]) == (180, 150)
    assert sum(plan.widths.values()) == 1856


def test_dragged_columns_never_push_critical_out_of_sight() -> None:
    greedy = dict.fromkeys((Column.PATIENT, Column.READER, Column.SITE), 600)
    assert plan_columns(1302, own=greedy) == plan_columns(1302)


def test_what_the_person_drags_is_kept_and_a_double_click_gives_it_back(qtbot: QtBot, table: WatchedTable) -> None:
    header, at = table.horizontalHeader(), INDEX[Column.PATIENT]
    planned = table.columnWidth(at)
    with qtbot.waitSignal(table.widths_changed):
        header.resizeSection(at, planned + 30)
    assert kept_widths(table.own_widths) == (f"patient={planned + 30}",)
    assert table.columnWidth(at) == planned + 30
    assert table.horizontalScrollBar().maximum() == 0
    with qtbot.waitSignal(table.widths_changed):
        header.sectionHandleDoubleClicked.emit(at)
    assert table.own_widths == {}
    assert table.columnWidth(at) == planned


def test_critical_stays_in_sight_at_1366_by_768_and_150_percent(table: WatchedTable) -> None:
    table.resize(911 - 64, 400)
    QApplication.processEvents()
    at = INDEX[Column.CRITICAL]
    assert table.columnViewportPosition(at) + table.columnWidth(at) <= table.viewport().width()
    assert table.horizontalScrollBar().maximum() == 0


def test_states_and_a_failed_pre_read_are_told_in_whole_words_at_1366_by_768_and_150_percent(
    qapp: QApplication,
) -> None:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    room = plan_columns(911 - 64, latin=True).widths
    margins, icon = 16, 22
    told = [state for state in ReadingState if state is not ReadingState.PRECHECK]
    words = {state_word(state): paint.chip_width(STATE_LOOK[state][1], state_word(state)) for state in told}
    failed = paint.metrics("body").horizontalAdvance(ai_word(replace(case(1), ai=AiSummary(AiState.FAILED))))
    use_language(before)
    assert [word for word, width in words.items() if width + margins > room[Column.STATE]] == []
    assert failed + icon + margins <= room[Column.AI]


def test_the_bench_tells_its_figures(qapp: QApplication) -> None:
    figures = run(200)["figures"]
    assert {"refresh_ms", "scroll_cpu_ms_p95", "jump_cpu_ms_p95", "table_ms_100k"} <= figures.keys()


def test_focus_lines_frame_the_selected_row_while_keys_move_it(table: WatchedTable) -> None:
    table.selectRow(1)
    table._set_keyboard(keyboard=True)
    picture = table.viewport().grab().toImage()
    accent = current_theme().color("acc")
    at = QPointF(3, 41).toPoint()
    assert picture.pixelColor(at) == accent
    assert INDEX[Column.TIME_LEFT] == 1


def test_a_study_made_in_another_year_than_it_came_says_its_year() -> None:
    taken = NOW - timedelta(days=348)
    assert study_time(case(studied=taken)) == "2025-12-08"
    assert study_time(case(studied=None)) == "—"
    assert study_time(case(studied=NOW)) == f"{NOW.astimezone():%m-%d %H:%M}"


def test_a_name_is_whole_in_english_at_1366_by_768_and_sex_and_age_are_said_shorter_first(qapp: QApplication) -> None:
    before = language()
    use_language(ENGLISH)
    apply_theme(qapp)
    plan = plan_columns(1366 - 48, latin=True)
    assert plan.joined
    row = case(patient_name="Nurlan Aibek", sex="M", birth_date="19770611", studied=None)
    shown = name_and_extra(row, plan.widths[Column.PATIENT] - 16)
    with_room = name_and_extra(row, 400)
    use_language(before)
    assert shown[0] == "Nurlan Aibek"
    assert shown[1].startswith("M ")
    assert with_room[1].startswith("male ")
