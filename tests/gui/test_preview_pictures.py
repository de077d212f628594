"""The preview strip shows what a case looks like, without holding the list up and without asking twice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.fakes_ui import evening_list
from tests.helpers.hung import JobsByHand
from workstation.domain.errors import Unreachable
from workstation.domain.thumbnail import Thumbnail
from workstation.domain.workitem import AiState, AiSummary, WorklistRow
from workstation.ui.pages.preview_pictures import PreviewPictures
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.preview_strip import PreviewStrip

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    yield
    use_language("zh_CN")


def jpeg() -> bytes:
    held = io.BytesIO()
    Image.new("L", (64, 48), 200).save(held, "JPEG")
    return held.getvalue()


class Hub:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False
        self.count = 4

    def thumbnails(self, study_instance_uid: str, most: int, pixels: int) -> tuple[Thumbnail, ...]:
        assert (most, pixels) == (4, 272)
        self.asked.append(study_instance_uid)
        if self.down:
            raise Unreachable("The hub is not there", hint="Try again.")
        return tuple(
            Thumbnail(f"{study_instance_uid}.{n}", "CT", f"part {n}", 40, jpeg() if n else b"")
            for n in range(self.count)
        )


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def jobs() -> JobsByHand:
    return JobsByHand()


@pytest.fixture
def pictures(hub: Hub, jobs: JobsByHand) -> PreviewPictures:
    return PreviewPictures(hub, jobs)  # type: ignore[arg-type] # its jobs run when the test says so


def row(at: int = 0) -> WorklistRow:
    return replace(evening_list()[at], images_received=100)


def test_only_the_case_that_the_reader_stays_on_is_fetched_and_once(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    shown: list[int] = []
    for at in (0, 1, 2):
        pictures.ask(row(at), lambda found: shown.append(len(found or ())))
    qtbot.waitUntil(lambda: bool(jobs.waiting))
    jobs.run()
    assert hub.asked == [row(2).study_instance_uid]
    assert shown == [0, 0, 0, 4]
    pictures.ask(row(2), lambda found: shown.append(len(found or ())))  # the list came anew
    pictures.ask(row(0), lambda _found: None)
    pictures.ask(row(2), lambda found: shown.append(len(found or ())))
    assert (shown[4:], len(hub.asked)) == ([4, 4], 1)


def test_a_case_that_grew_is_asked_for_anew_and_what_is_forgotten_is_gone(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    for received in (100, 140):
        pictures.ask(replace(row(), images_received=received), lambda _found: None)
        qtbot.waitUntil(lambda: bool(jobs.waiting))
        jobs.run()
    assert len(hub.asked) == 2
    pictures.forget()
    pictures.ask(replace(row(), images_received=140), lambda _found: None)
    qtbot.waitUntil(lambda: bool(jobs.waiting))
    jobs.run()
    assert len(hub.asked) == 3


def test_a_case_that_grows_keeps_its_pictures_until_the_new_ones_are_here(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    pictures.ask(row(), lambda _found: None)
    qtbot.waitUntil(lambda: bool(jobs.waiting))
    jobs.run()
    shown: list[int] = []
    pictures.ask(replace(row(), images_received=140), lambda found: shown.append(len(found or ())))
    assert shown == [4]


def test_an_answer_without_pictures_is_not_kept_and_what_failed_is_asked_for_when_the_list_comes_anew(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    shown: list[int] = []

    def ask_again() -> None:
        pictures.ask(row(), lambda found: shown.append(-1 if found is None else len(found)))
        qtbot.waitUntil(lambda: bool(jobs.waiting))
        jobs.run()

    hub.count = 0  # the case is in the list before its images can be found
    ask_again()
    hub.down = True
    ask_again()
    hub.count, hub.down = 4, False
    ask_again()
    assert [one for one in shown if one] == [-1, 4]
    assert len(hub.asked) == 3


def test_a_study_without_anything_to_draw_is_asked_for_twice_however_often_the_list_comes_anew(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    hub.count = 1  # a series that has no picture
    for _refresh in range(5):
        pictures.ask(row(), lambda _found: None)
        qtbot.wait(250)
        jobs.run()
    assert len(hub.asked) == 2
    hub.count = 4
    pictures.ask(replace(row(), images_received=140), lambda _found: None)
    qtbot.waitUntil(lambda: bool(jobs.waiting))
    jobs.run()
    assert len(hub.asked) == 3


def test_pictures_take_the_room_that_the_words_leave(qtbot: QtBot) -> None:
    strip = PreviewStrip()
    qtbot.addWidget(strip)
    none = replace(row(), ai=AiSummary(AiState.NOT_APPLICABLE))
    done = replace(row(), ai=AiSummary(AiState.DONE, finding_count=3, top_out_of_ten=9))

    def seen(case: WorklistRow, width: int) -> int:
        strip.show_row(case)
        strip.resize(width, 232)
        strip.show_pictures(Hub().thumbnails("1.2", 4, 272))
        return sum(tile.isVisibleTo(strip) for tile in strip.tiles.tiles) if strip.tiles.isVisibleTo(strip) else 0

    strip.show()
    assert [seen(none, 1856), seen(done, 1856), seen(none, 1302), seen(done, 1302)] == [4, 4, 3, 1]
    assert (strip._ai.isVisibleTo(strip), seen(none, 1856), strip._ai.isVisibleTo(strip)) == (True, 4, False)
    strip.show_pictures(())
    assert not strip.tiles.isVisibleTo(strip)


def test_a_hub_that_is_away_is_said_beside_the_case(
    qtbot: QtBot, hub: Hub, jobs: JobsByHand, pictures: PreviewPictures
) -> None:
    strip = PreviewStrip()
    qtbot.addWidget(strip)
    strip.resize(1856, 232)
    strip.show()
    hub.down = True
    strip.show_row(row())
    pictures.ask(row(), strip.show_pictures)
    qtbot.waitUntil(lambda: bool(jobs.waiting))
    jobs.run()
    assert strip.tiles.isVisibleTo(strip)
    assert strip.tiles._failed.text() == "The pictures could not be fetched; the case can be opened."
