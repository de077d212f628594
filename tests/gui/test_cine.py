"""A reader opens an ultrasound examination: clips are listed one by one, play, stop, and are painted in colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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
from workstation.bootstrap.frame_stream import FrameStream, OnFailed, OnLine, OnSlice
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.finding import FindingList
from workstation.domain.study import Series, Study
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


def test_every_clip_of_an_examination_is_listed_and_painted_in_its_colours(qtbot: QtBot, page: ReadingPage) -> None:
    stack = page.grid.stack
    assert stack is not None
    assert [row.facts.facts for row in page.series._rows.values()] == ["US · 8 frames", "US · 8 frames"]
    image = page.grid.frame(STACK).canvas.grab().toImage()
    places = [(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)]
    colours = {image.pixelColor(x, y).hsvSaturation() > 60 for x, y in places}
    assert colours == {True, False}
