"""Slices arrive while the reader looks: what is shown, what is missing, what went wrong."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench
from tests.helpers.reading_page import opened, press, two_marks
from viewers.scene.image import SliceImage
from workstation.domain.errors import DecodeError, Refused
from workstation.ui.widgets.tiling import STACK, Layout

pytestmark = pytest.mark.gui


def test_the_first_slice_is_shown_while_all_others_are_still_missing(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    page, stream = bench.page, bench.streams.last
    assert (page.has_image(), page.slice_count) == (False, 20)
    stream.deliver(10)
    qtbot.waitUntil(page.has_image)
    assert (page.is_complete(), page.series.progress.here) == (False, 1)
    assert page.series.row("1.2.3.2").has_thumbnail
    assert page.series.row("1.2.3.2").facts.facts == "CT · 20 slices · cached 1"
    assert page.series.row("1.2.3.2").facts.cached.index(True) == 10


def test_scrolling_to_a_missing_slice_says_so_and_fetches_it_next(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    stream = bench.streams.last
    stream.deliver(10)
    qtbot.waitUntil(bench.page.has_image)
    press(bench, Qt.Key.Key_PageUp)
    frame = bench.page.grid.frames[STACK]
    assert frame.scene is not None
    assert frame.scene.frame(frame.canvas.viewport).overlay.message == "Fetching slice 1…"
    assert stream.focused[-1] == 0


def test_three_planes_and_the_stack_appear_once_every_slice_is_here(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver(10)
    qtbot.waitUntil(bench.page.has_image)
    assert bench.page.grid.visible_keys() == (STACK,)
    bench.page.choose_layout(Layout.MPR)
    assert bench.page.grid.visible_keys() == (STACK,)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)
    assert bench.page.grid.visible_keys() == ("axial", "coronal", "sagittal", STACK)


def test_a_reader_at_work_keeps_the_layout_when_the_planes_are_ready(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver(10)
    qtbot.waitUntil(bench.page.has_image)
    press(bench, Qt.Key.Key_Down)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)
    assert bench.page.grid.visible_keys() == (STACK,)
    press(bench, Qt.Key.Key_4, held=Qt.KeyboardModifier.ShiftModifier)
    assert bench.page.grid.layout_choice is Layout.MPR


def test_slices_and_planes_share_one_copy_of_the_pixels(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    stack, axial = bench.page.grid.stack, bench.page.grid.frames["axial"].scene
    assert stack is not None
    image = stack.image(7)
    assert image is not None
    assert image.pixels.base is not None
    assert image.pixels.base is axial.volume.voxels  # type: ignore[union-attr] # the planes' volume


def test_a_series_with_a_gap_stays_a_stack_and_says_why(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    gappy = two_marks((*slices[:5], *slices[9:]))
    bench.open(qtbot.waitUntil, gappy)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.is_complete)
    qtbot.waitUntil(lambda: bool(bench.page.notices.notices()))
    assert "Slices are missing in 1 place," in bench.page.notices.notices()[0].fact
    assert "Slices are missing in 1 place," in bench.page.series.warnings_text()
    frame = bench.page.grid.frames[STACK]
    assert frame.scene is not None
    warned = [c.text for c in frame.scene.frame(frame.canvas.viewport).overlay.captions if c.is_warning]
    assert warned == ["Slices missing"]
    assert not bench.page.has_volume()


def test_failed_slices_are_named_and_only_they_are_fetched_again(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    stream = bench.streams.last
    stream.on_failed(3, Refused("the hub says no"))
    stream.on_failed(7, DecodeError("damaged"))
    stream.deliver(*(n for n in range(20) if n not in {3, 7}))
    qtbot.waitUntil(lambda: bench.page.failed_count == 2)
    notice = bench.page.notices.notices()[0]
    assert notice.fact == "2 slices could not be fetched: 4, 8"
    notice.actions[0].handler()
    again = bench.streams.last
    assert [one.sop_instance_uid for one in again.series.instances] == ["1.2.3.2.3", "1.2.3.2.7"]
    again.deliver(0, 1)
    qtbot.waitUntil(bench.page.is_complete)
    assert bench.page.notices.notices() == []


def test_a_broken_line_is_told_and_taken_back(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    bench.streams.last.on_line(False)
    qtbot.waitUntil(lambda: len(bench.page.notices.notices()) == 1)
    assert bench.page.notices.notices()[0].fact == "The line to the hub is down"
    bench.streams.last.on_line(True)
    qtbot.waitUntil(lambda: bench.page.notices.notices() == [])


def test_reports_and_documents_are_no_images_and_say_so(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.open(qtbot.waitUntil)
    row = bench.page.series.row("1.2.3.4")
    assert (row.facts.is_image, row.facts.facts) == (False, "Report, no images")
    QTest.mouseClick(row, Qt.MouseButton.LeftButton)
    assert len(bench.streams.made) == 1
