"""What a reader sees and gets on the worklist page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, language, use_language
from tests.helpers.fakes_ui import EXPERT, NOW, FakeWorklist, case, evening_list
from workstation.domain.errors import Unreachable, WorkstationError, WrongTransaction
from workstation.domain.workitem import Claim, Priority, ReadingState, WorklistRow, WorklistTab
from workstation.services.jobs import JobRunner
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.notice import Notice
from workstation.ui.pages.take_back_dialog import TakeBackDialog
from workstation.ui.pages.worklist_page import WorklistPage
from workstation.ui.pages.worklist_presenter import WorklistPresenter
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.buttons import Button, Pill

pytestmark = pytest.mark.gui

Open = Callable[..., WorklistPage]


@pytest.fixture
def tongue() -> str:
    return ENGLISH


@pytest.fixture
def jobs(qapp: QApplication, tongue: str) -> Iterator[JobRunner]:
    before = language()
    use_language(tongue)
    apply_theme(qapp)
    runner, main_thread = runner_on_main_thread()
    yield runner
    main_thread.close()
    runner.close()
    use_language(before)


@pytest.fixture
def hub() -> FakeWorklist:
    return FakeWorklist(evening_list())


@pytest.fixture
def page(qtbot: QtBot, jobs: JobRunner, hub: FakeWorklist) -> Iterator[WorklistPage]:
    presenter = WorklistPresenter(
        hub, jobs, actor=lambda: EXPERT, transaction_uid=lambda user, ups: f"{ups}.{len(user)}", now=lambda: NOW
    )
    presenter.set_query(tab=WorklistTab.ALL)  # the evening has cases of every tab
    shown = WorklistPage(presenter)
    qtbot.addWidget(shown)
    shown.resize(1856, 1052)
    shown.show()
    shown.refresh()
    qtbot.waitUntil(lambda: shown.model.rowCount() > 0)
    yield shown
    shown.close_page()


def names(page: WorklistPage) -> list[str]:
    return [row.patient_name for row in page.model.rows()]


def refresh(qtbot: QtBot, page: WorklistPage, hub: FakeWorklist) -> None:
    qtbot.waitUntil(page.filters.refresh.isEnabled)  # while a question is on its way nobody can ask again
    asked = len(hub.queries)
    page.refresh()
    qtbot.waitUntil(lambda: len(hub.queries) > asked and page.filters.refresh.isEnabled())


def test_stat_comes_first_then_the_least_time_left(page: WorklistPage) -> None:
    assert names(page)[:5] == ["陈秀英", "张建国", "谭建军", "周丽华", "Aibek Nurlan"]


def test_tabs_carry_the_numbers_of_the_hub(page: WorklistPage) -> None:
    assert page.tabs.accessibleTabName(0) == "To read 9"
    assert page.tabs.accessibleTabName(5) == "Critical values 1"


def test_double_click_opens_a_free_case_for_reading_in_one_step(qtbot: QtBot, page: WorklistPage) -> None:
    index = page.model.index(page.model.find("2.25.3"), 4)
    with qtbot.waitSignal(page.open_requested) as opened:
        page.table.doubleClicked.emit(index)
    row, read_only = opened.args
    assert (row.patient_name, read_only) == ("周丽华", False)


def test_enter_opens_the_selected_case(qtbot: QtBot, page: WorklistPage) -> None:
    page.table.select("2.25.1")
    with qtbot.waitSignal(page.open_requested) as opened:
        QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args[0].patient_name == "张建国"


def test_the_only_case_of_a_tab_is_reached_and_opened_by_the_keyboard(qtbot: QtBot, page: WorklistPage) -> None:
    page.table.setCurrentIndex(page.model.index(0, 0))
    page.table.clearSelection()
    with qtbot.assertNotEmitted(page.open_requested):
        QTest.keyClick(page.table, Qt.Key.Key_Return)  # nothing was chosen: what opens must be seen first
    chosen = page.table.current_row()
    assert chosen is not None
    with qtbot.waitSignal(page.open_requested) as opened:
        QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args[0] == chosen
    page.table.clearSelection()
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    assert page.table.current_row() == chosen


def test_a_case_that_somebody_reads_opens_read_only_and_names_the_reader(page: WorklistPage) -> None:
    told: list[str] = []
    opened: list[bool] = []
    page.toast.connect(told.append)
    page.open_requested.connect(lambda _row, read_only: opened.append(read_only))
    page.presenter.acts.open(page.model.row_at(page.model.find("2.25.2")))
    assert told == ["Opened read-only: 李文博 is reading this case."]
    assert opened == [True]


def test_the_own_lock_is_taken_up_again(qtbot: QtBot, page: WorklistPage) -> None:
    mine = page.model.row_at(page.model.find("2.25.6"))
    with qtbot.waitSignal(page.open_requested) as opened:
        page.presenter.acts.open(mine)
    assert opened.args[1] is False


def test_take_next_goes_on_to_the_next_case_when_the_race_is_lost(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    hub.lost = {"2.25.1"}
    with qtbot.waitSignal(page.open_requested) as opened:
        page.take_next.click()
    assert opened.args[0].patient_name == "周丽华"
    assert opened.args[0].reader_id == "expert"
    assert hub.claims == [("2.25.3", "2.25.3.6")]


def test_take_next_takes_the_most_urgent_case_of_the_whole_list_whatever_tab_is_open(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    page.presenter.set_query(tab=WorklistTab.SIGNED)
    qtbot.waitUntil(lambda: page.model.find("2.25.1") < 0)
    assert page.take_next.isEnabled()
    with qtbot.waitSignal(page.open_requested) as opened:
        page.take_next.click()
    assert opened.args[0].ups_instance_uid == "2.25.1"
    assert [ups for ups, _uid in hub.claims] == ["2.25.1"]


def test_take_next_takes_what_was_returned_to_the_reader_and_nothing_that_was_returned_to_another(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    mine = case(1, state=ReadingState.RETURNED, reader_id="expert", reader_name="王启明", due=NOW + timedelta(hours=3))
    hub.rows = {mine.ups_instance_uid: mine}
    others = replace(mine, ups_instance_uid="2.25.2", reader_id="li", reader_name="李文博", due=NOW)
    hub.rows[others.ups_instance_uid] = others
    page.presenter.refresh()
    qtbot.waitUntil(lambda: page.model.find("2.25.6") < 0)
    assert page.take_next.isEnabled()
    with qtbot.waitSignal(page.open_requested):
        page.take_next.click()
    assert [ups for ups, _uid in hub.claims] == ["2.25.1"]


@pytest.mark.parametrize("tab", [WorklistTab.TO_READ, WorklistTab.SIGNED, WorklistTab.RETURNED, WorklistTab.ALL])
@pytest.mark.parametrize(("reader", "is_lit"), [("expert", True), ("li", False)])
def test_take_next_is_lit_by_what_was_returned_to_the_reader_and_not_by_what_was_returned_to_another(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist, tab: WorklistTab, reader: str, is_lit: bool  # noqa: FBT001 - a table's column
) -> None:  # fmt: skip
    returned = case(1, state=ReadingState.RETURNED, reader_id=reader, reader_name="王启明")
    signed = case(2, state=ReadingState.FINAL, reader_id=reader, reader_name="王启明")
    hub.rows = {one.ups_instance_uid: one for one in (returned, signed)}
    page.presenter.set_query(tab=tab)
    refresh(qtbot, page, hub)
    assert page.take_next.isEnabled() is is_lit


def test_take_next_finds_the_free_case_behind_hundreds_that_are_still_in_the_pre_read(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    waiting = [case(n, state=ReadingState.AI_RUNNING, due=NOW + timedelta(minutes=n)) for n in range(1, 451)]
    free = case(451, due=NOW + timedelta(minutes=451))
    hub.rows = {one.ups_instance_uid: one for one in (*waiting, free)}
    with qtbot.waitSignal(page.open_requested):
        page.take_next.click()
    assert [ups for ups, _uid in hub.claims] == ["2.25.451"]


def test_release_gives_the_case_back_under_the_same_lock(qtbot: QtBot, page: WorklistPage, hub: FakeWorklist) -> None:
    page.table.select("2.25.6")
    page.preview.release.click()
    qtbot.waitUntil(lambda: bool(hub.released))
    assert hub.released[0].transaction_uid == "2.25.6.6"
    qtbot.waitUntil(lambda: page.model.row_at(page.model.find("2.25.6")).state is ReadingState.READY)


def test_a_case_whose_report_is_on_its_way_is_not_given_back_and_one_given_back_leaves_the_desk(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    said: list[str] = []
    left: list[str] = []
    page.toast.connect(said.append)
    page.presenter.acts.released = left.append
    page.presenter.acts.holds_back = lambda ups: ups == "2.25.6"
    page.table.select("2.25.6")
    page.preview.release.click()
    assert (said, hub.released) == (["The report is on its way"], [])
    page.presenter.acts.holds_back = lambda _ups: False
    page.preview.release.click()
    qtbot.waitUntil(lambda: left == ["2.25.6"])


def test_a_signed_report_that_did_not_arrive_is_said_on_the_list_until_somebody_closes_it(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    page.presenter.tell_undelivered(
        WorkstationError("The centre did not take a signed report", hint="Claim it."), "2.25.9006"
    )
    refresh(qtbot, page, hub)
    told = [(notice.fact, notice.still_works) for notice in page.notices.notices()]
    assert told == [("吴桂兰: The centre did not take a signed report", "Claim it.")]


def test_a_case_held_on_another_machine_is_taken_back_with_a_reason(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    row = hub.rows["2.25.6"]
    menu = page.row_menu(row)
    take_back = next(action for action in menu.actions() if action.text() == "Take back…")
    menu.close()
    take_back.trigger()
    dialog = page.findChild(TakeBackDialog)
    assert isinstance(dialog, TakeBackDialog)

    dialog.accept()
    assert hub.freed == []  # never without a reason
    dialog.reason.setPlainText("昨晚的工作站不再启动")
    dialog.accept()

    qtbot.waitUntil(lambda: hub.freed == [("2.25.6", "昨晚的工作站不再启动")])


def test_a_release_that_did_not_reach_the_hub_says_so_and_is_repeated_on_request(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    def acts() -> list[Notice]:
        return [notice for notice in page.notices.notices() if notice.key.startswith("act")]

    page.table.select("2.25.6")
    hub.down = True
    page.preview.release.click()
    qtbot.waitUntil(lambda: bool(acts()))
    notice = acts()[0]
    assert hub.released == []
    assert notice.fact == "吴桂兰 · QS0000006 was not given back: The hub does not answer."
    assert notice.still_works == "Nothing is lost, and it is not repeated by itself: try again once the hub answers."
    hub.down = False
    refresh(qtbot, page, hub)
    qtbot.waitUntil(lambda: [notice.key for notice in page.notices.notices()] == [notice.key])
    notice = acts()[0]
    assert notice.fact == "吴桂兰 · QS0000006 was not given back"
    assert notice.still_works == "The hub answers again. Nothing was lost and nothing was repeated."
    notice.actions[0].handler()
    qtbot.waitUntil(lambda: [claim.ups_instance_uid for claim in hub.released] == ["2.25.6"])
    qtbot.waitUntil(lambda: acts() == [])


def test_a_case_that_went_back_although_the_answer_was_lost_is_told_as_back(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    """The hub made another workitem of it: giving the same claim back again is refused, and yet all is well."""

    def release(_claim: Claim) -> None:
        if hub.rows.pop("2.25.6", None) is not None:
            raise Unreachable("The answer was lost.")
        raise WrongTransaction("This is not the lock of the case.")

    let_go: list[str] = []
    page.presenter.acts.released = let_go.append
    hub.release = release  # type: ignore[method-assign,assignment] # a hub whose answer does not arrive
    page.table.select("2.25.6")
    page.preview.release.click()
    qtbot.waitUntil(lambda: any(notice.key == "act 2.25.6" for notice in page.notices.notices()))
    assert let_go == []
    next(notice for notice in page.notices.notices() if notice.key == "act 2.25.6").actions[0].handler()
    qtbot.waitUntil(lambda: let_go == ["2.25.6"])
    assert [notice.key for notice in page.notices.notices() if notice.key.startswith("act")] == []


def test_refresh_keeps_selection_and_place_while_rows_come_and_go(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    page.resize(1856, 360)
    QApplication.processEvents()  # the layout settles before the place is noted
    page.table.select("2.25.11")
    page.table.verticalScrollBar().setValue(120)
    first = page.table.anchor()
    hub.rows["2.25.90"] = case(90, priority=Priority.HIGH, due=NOW + timedelta(minutes=5), patient_name="新来")
    del hub.rows["2.25.15"]
    refresh(qtbot, page, hub)
    selected = page.table.current_row()
    assert selected is not None
    assert selected.ups_instance_uid == "2.25.11"
    assert page.table.anchor() == first
    assert "新来" in names(page)
    assert "蒋文斌" not in names(page)


def test_a_refresh_never_resets_the_table(qtbot: QtBot, page: WorklistPage, hub: FakeWorklist) -> None:
    resets: list[int] = []
    page.model.modelReset.connect(partial(resets.append, 1))
    hub.rows["2.25.7"] = case(7, priority=Priority.HIGH, patient_name="改急", revision=2)
    refresh(qtbot, page, hub)
    assert names(page).index("改急") < 3
    assert resets == []


def test_a_new_case_carries_a_dot_until_it_is_hovered(qtbot: QtBot, page: WorklistPage, hub: FakeWorklist) -> None:
    hub.rows["2.25.91"] = case(91)
    refresh(qtbot, page, hub)
    at = page.model.find("2.25.91")
    assert page.model.is_new(page.model.row_at(at))
    assert not page.model.is_new(page.model.row_at(0))
    page.model.seen(at)
    assert not page.model.is_new(page.model.row_at(at))


def test_a_lost_hub_leaves_the_list_and_says_what_still_works(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    hub.down = True
    page.refresh()
    qtbot.waitUntil(lambda: bool(page.notices.notices()))
    notice = page.notices.notices()[0]
    assert notice.fact == "The hub does not answer."
    assert notice.still_works.startswith(
        "The list shows the last known state and asks again by itself; open cases and drafts stay usable."
    )
    assert page.model.rowCount() == 15
    hub.down = False
    refresh(qtbot, page, hub)
    qtbot.waitUntil(lambda: page.notices.notices() == [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"modality": "MG"}, ["赵晓梅"]),
        ({"site_id": "S3"}, ["Aibek Nurlan"]),
        ({"text": "qs0000011"}, ["徐国平"]),
        ({"text": "周丽"}, ["周丽华"]),
        ({"tab": WorklistTab.MINE}, ["吴桂兰"]),
    ],
)
def test_filters_leave_the_matching_cases(
    qtbot: QtBot, page: WorklistPage, changes: dict[str, object], expected: list[str]
) -> None:
    page.presenter.set_query(**changes)
    qtbot.waitUntil(lambda: names(page) == expected)


def test_an_empty_list_says_so_and_offers_to_clear_the_filters(qtbot: QtBot, page: WorklistPage) -> None:
    page.presenter.set_query(text="nobody")
    qtbot.waitUntil(page._clear.isVisible)
    assert page._empty.title.text() == "No case matches the filters"
    page._clear.click()
    qtbot.waitUntil(lambda: page.model.rowCount() == 15)


def test_a_click_on_a_header_sorts_and_a_second_click_turns_round(page: WorklistPage) -> None:
    page.table.horizontalHeader().sectionClicked.emit(7)
    assert [row.modality for row in page.model.rows()][:2] == ["CT", "CT"]
    page.table.horizontalHeader().sectionClicked.emit(7)
    assert [row.modality for row in page.model.rows()][:2] == ["PT", "MG"]


def test_a_narrow_window_hides_columns_but_never_what_safety_needs(page: WorklistPage) -> None:
    page.resize(1318, 700)
    hidden = {at for at in range(17) if page.table.isColumnHidden(at)}
    assert {0, 1, 2, 3, 4, 15, 16} & hidden == set()
    assert {11, 5, 6} <= hidden
    assert page.model.joined
    assert page.table.verticalHeader().defaultSectionSize() == 32
    assert not page.preview.isVisible()


def test_composing_chinese_in_the_search_reaches_no_key(qtbot: QtBot, page: WorklistPage) -> None:
    page.search.setFocus()
    composing = QInputMethodEvent("zhou", [])
    QApplication.sendEvent(page.search, composing)
    assert page.search.text() == ""
    done = QInputMethodEvent()
    done.setCommitString("周")
    QApplication.sendEvent(page.search, done)
    assert page.search.text() == "周"
    qtbot.waitUntil(lambda: names(page) == ["周丽华"])


def test_the_preview_shows_question_and_ai_in_words(page: WorklistPage) -> None:
    page.table.select("2.25.3")
    assert page.preview.name.text() == "周丽华"
    assert page.preview._question.text() == "结节有无增大？"
    assert page.preview._ai_text.text() == "3 marks"
    assert page.preview._dots.accessibleName() == "Best mark: true in about 9 of 10"


def test_every_cell_says_in_words_what_it_paints(page: WorklistPage) -> None:
    row: WorklistRow = page.model.row_at(page.model.find("2.25.10"))
    at = page.model.find(row.ups_instance_uid)
    texts = [page.model.data(page.model.index(at, column)) for column in range(17)]
    assert texts[:6] == ["Routine", "03:22:51", "Receiving", "Queued", "何美玲", "female 58 y"]
    assert texts[12] == "318/640"


@pytest.mark.parametrize("tongue", [CHINESE, ENGLISH])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (1280, 720)])
@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_no_word_on_a_button_is_cut_at_any_size_in_both_languages(
    page: WorklistPage, tmp_path: Path, width: int, height: int, ratio: float, tongue: str
) -> None:
    page.resize(width - 64, height - 28)
    QApplication.processEvents()
    picture = QPixmap(page.size() * ratio)
    picture.setDevicePixelRatio(ratio)
    page.render(picture)
    assert picture.save(str(tmp_path / f"worklist-{tongue}-{width}-{ratio}.png"))
    cut = [
        button.text()
        for button in (*page.findChildren(Button), *page.findChildren(Pill))
        if button.isVisible() and button.width() < button.sizeHint().width()
    ]
    assert cut == []
    assert page.width() == width - 64


def test_a_list_that_the_hub_does_not_renew_says_in_amber_since_when(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    words = page.filters.refreshed
    qtbot.waitUntil(lambda: words.text().startswith("Refreshed "), timeout=5000)
    renewed = words.text().split()[1]
    hub.down = True
    page.presenter.refresh()
    qtbot.waitUntil(lambda: words.text() == f"The list stands at {renewed}", timeout=5000)
    assert words.property("tone") == "warn"
    hub.down = False
    page.presenter.refresh()
    qtbot.waitUntil(lambda: words.text().startswith("Refreshed "), timeout=5000)
    assert words.property("tone") == "t3"


def test_a_tab_without_critical_values_says_so_and_counts_nothing(
    qtbot: QtBot, page: WorklistPage, hub: FakeWorklist
) -> None:
    for uid in [uid for uid, row in hub.rows.items() if row.critical]:
        del hub.rows[uid]
    page.presenter.set_query(tab=WorklistTab.CRITICAL)
    qtbot.waitUntil(lambda: page._empty.title.text() == "No critical values now", timeout=5000)
    assert page.filters.count.text() == ""
