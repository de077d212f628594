"""A reader opens an ultrasound examination: clips are listed one by one, play, stop, and are painted in colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers import cases
from tests.helpers.files import FolderImages
from tests.helpers.reading import Case, ReadingBench
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.measuring import measured
from workstation.bootstrap.frame_stream import FrameStream, OnFailed, OnLine, OnSlice
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.annotation import AnnotationKind
from workstation.domain.finding import FindingList
from workstation.domain.study import Series, Study
from workstation.ui.images.annotation_table import AnnotationTable
from workstation.ui.images.cine import CinePlayback
from workstation.ui.images.comparison import Comparison
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import STACK

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("allow_warnings")]


class Clips:
    """Streams of real frames from a folder."""

    def __init__(self, images: FolderImages) -> None:
        self._images = images

    def __call__(
        self, study: Study, series: Series, on_slice: OnSlice, on_failed: OnFailed, on_line: OnLine
    ) -> FrameStream:
        return FrameStream(
            self._images, study.study_instance_uid, series, on_slice, on_failed, on_line, decode=decode_for_display
        )


@pytest.fixture
def page(qtbot: QtBot, shared_data: Path) -> Iterator[ReadingPage]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    images = FolderImages(shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame")
    study = next(one for one in images.studies if "US" in one.modalities)
    row = replace(cases.row(), study_instance_uid=study.study_instance_uid, ups_instance_uid="1.2.8")
    nothing: dict[str, tuple[SliceImage, ...]] = {}
    bench = ReadingBench(Case(row, study, FindingList(study.study_instance_uid, "", "", None, ()), nothing))
    bench.page.close_page()
    made = ReadingPage()
    ReadingPresenter(made, bench.desk, bench.desk_bench.jobs, open_stream=Clips(images))
    qtbot.addWidget(made)
    made.resize(1872, 1052)
    made.show()
    bench.page = made
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(made.is_complete)
    yield made
    bench.close()


def test_a_clip_plays_and_stops_by_key(qtbot: QtBot, page: ReadingPage) -> None:
    frame = page.grid.frame(STACK)
    stack = page.grid.stack
    assert stack is not None
    assert (stack.count, stack.index, len(stack.arrived)) == (8, 0, 8)
    seen: list[int] = []
    frame.scrolled.connect(seen.append)

    frame.canvas.setFocus()
    QTest.keyClick(frame.canvas, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: len(set(seen)) == 8)
    assert page.view_commands.action("view.cine").isChecked()

    QTest.keyClick(frame.canvas, Qt.Key.Key_C)
    assert not page.view_commands.action("view.cine").isChecked()


def test_the_wheel_stops_a_clip(qtbot: QtBot, page: ReadingPage) -> None:
    frame = page.grid.frame(STACK)
    page.view_commands.action("view.cine").trigger()
    qtbot.waitUntil(lambda: frame.scene is not None and frame.scene.index > 0)
    assert frame.scene is not None
    frame.scroll_to((frame.scene.index + 4) % 8)
    qtbot.waitUntil(lambda: not page.view_commands.action("view.cine").isChecked())


def playback(page: ReadingPage) -> CinePlayback:
    found = page.findChild(CinePlayback)
    assert found is not None
    return found


def two_clips(qtbot: QtBot, page: ReadingPage) -> tuple[StackScene, StackScene]:
    """Put both clips of the examination beside each other and wait for their frames."""
    page.view_commands.action("layout.1x2").trigger()
    keys = page.grid.visible_keys()
    assert len(keys) == 2
    found = [page.grid.frame(key).scene for key in keys]
    one, other = found
    assert isinstance(one, StackScene)
    assert isinstance(other, StackScene)
    qtbot.waitUntil(lambda: len(one.arrived) == one.count and len(other.arrived) == other.count)
    return one, other


def test_the_clips_of_one_series_stand_beside_each_other_and_change_places(qtbot: QtBot, page: ReadingPage) -> None:
    one, other = two_clips(qtbot, page)
    assert one.series_instance_uid == other.series_instance_uid
    first, second = (one.slots[0].sop_instance_uid, other.slots[0].sop_instance_uid)
    assert first != second
    page.series_requested.emit(list(page.series._rows)[1])

    def shown() -> list[str]:
        scenes = [page.grid.frame(key).scene for key in page.grid.visible_keys()]
        return [scene.slots[0].sop_instance_uid for scene in scenes if isinstance(scene, StackScene)]

    qtbot.waitUntil(lambda: shown() == [second, second])
    page.view_commands.action("layout.1x2").trigger()
    assert shown() == [second, first]
    comparison = page.findChild(Comparison)
    assert comparison is not None
    stage = comparison.capture.stage("clips")
    assert stage is not None
    assert [cell.selector.stack for cell in stage.cells] == [1, 0]


def test_clips_beside_each_other_play_together_each_at_its_own_speed(qtbot: QtBot, page: ReadingPage) -> None:
    one, other = two_clips(qtbot, page)
    assert one.cine is not None
    assert other.cine is not None
    seen: dict[str, set[int]] = {key: set() for key in page.grid.visible_keys()}
    page.grid.viewport_scrolled.connect(lambda key, index: seen[key].add(index))

    page.view_commands.action("view.cine_all").trigger()
    assert playback(page).playing == frozenset(page.grid.visible_keys())
    qtbot.waitUntil(lambda: [len(found) for found in seen.values()] == [one.count, other.count])

    page.view_commands.action("view.cine_all").trigger()
    assert playback(page).playing == frozenset()


def test_the_key_plays_the_active_cell_and_leaves_the_other_alone(qtbot: QtBot, page: ReadingPage) -> None:
    one, _other = two_clips(qtbot, page)
    first, second = page.grid.visible_keys()
    page.grid.activate(second)
    page.view_commands.action("view.cine").trigger()
    assert playback(page).playing == {second}
    page.grid.activate(first)
    assert not page.view_commands.action("view.cine").isChecked()
    page.grid.frame(first).header.play_clicked.emit()
    assert playback(page).playing == {first, second}
    page.grid.frame(first).scroll_to((one.index + 4) % one.count)  # the wheel stops this one
    qtbot.waitUntil(lambda: playback(page).playing == {second})


def test_a_clip_stops_when_its_cell_shows_something_else_or_is_no_longer_seen(qtbot: QtBot, page: ReadingPage) -> None:
    two_clips(qtbot, page)
    first, second = page.grid.visible_keys()
    page.view_commands.action("view.cine_all").trigger()
    page.grid.set_scenes({second: None})
    qtbot.waitUntil(lambda: playback(page).playing == {first})

    page.view_commands.action("layout.one").trigger()
    page.view_commands.action("layout.1x2").trigger()
    page.grid.activate(second)
    playback(page).toggle(second)
    page.view_commands.action("layout.one").trigger()
    qtbot.waitUntil(lambda: second not in playback(page).playing)


def test_every_clip_of_an_examination_is_listed_and_painted_in_its_colours(qtbot: QtBot, page: ReadingPage) -> None:
    stack = page.grid.stack
    assert stack is not None
    assert [row.facts.facts for row in page.series._rows.values()] == ["US · 8 frames", "US · 8 frames"]
    image = page.grid.frame(STACK).canvas.grab().toImage()
    places = [(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)]
    colours = {image.pixelColor(x, y).hsvSaturation() > 60 for x, y in places}
    assert colours == {True, False}


def test_a_jump_to_a_measurement_brings_its_clip_and_frame_and_is_listed_by_that_number(
    qtbot: QtBot, page: ReadingPage
) -> None:
    table = page.findChild(AnnotationTable)
    assert table is not None
    images = table._images
    case = images.case
    assert case is not None
    parts = case.image_series()
    first, second = next(
        (one.key, other.key) for one, other in pairwise(parts) if one.series_instance_uid == other.series_instance_uid
    )
    images.show_series(second)
    qtbot.waitUntil(page.is_complete)
    stack = page.grid.stack
    assert stack is not None
    page.grid.frame(STACK).scroll_to(3)
    qtbot.waitUntil(lambda: stack.measurable() is not None)
    measurable = stack.measurable()
    assert measurable is not None
    drawn = measured(AnnotationKind.LENGTH, stack, measurable, [(10.0, 10.0), (40.0, 10.0)], uid="1.2.77")
    case.annotations.add(case.session.study.study_instance_uid, drawn)
    assert [one.place.rpartition(":")[2] for one in table._rows()] == ["4"]
    images.show_series(first)
    qtbot.waitUntil(page.is_complete)
    table.jump("1.2.77")
    assert images.shown is not None
    assert images.shown.key == second
    assert page.grid.stack is not None
    assert page.grid.stack.index == 3
