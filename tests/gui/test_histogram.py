"""The histogram of a region beside the images, and what a mark says under the pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers import cases
from tests.helpers.comparing import case_of
from tests.helpers.follow_up import CASE, GROWN, UNREPORTED, mark_of, phantom
from tests.helpers.reading import Case, ReadingBench
from viewers.scene.measure_annotations import annotate, sphere
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.finding import FindingList
from workstation.domain.geometry import Point
from workstation.ui.images.histogram import HistogramView
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import STACK

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    study, images = phantom(CASE, "20261121", "1.5", 0.0, (GROWN, 10.5), (UNREPORTED, 8.0))
    plain = case_of(study, images)
    marks = FindingList(CASE, f"{CASE}.2", "1.5", cases.ALGORITHM, (mark_of("1.2.3.7.1", 1, GROWN, 10.5),))
    made = ReadingBench(Case(plain.row, plain.study, marks, plain.images))
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.has_volume)
    made.page.grid.choose_layout("one")
    made.page.jump_to("1.2.3.7.1")
    yield made
    made.close()


def view_of(bench: ReadingBench) -> HistogramView:
    return next(one for one in bench.presenter.images.features if isinstance(one, HistogramView))


def box(bench: ReadingBench, half: float = 2.0) -> Annotation:
    scene = bench.page.grid.stack
    assert scene is not None
    image = scene.measurable()
    assert image is not None
    x, y, z = GROWN
    corners: list[Point] = [(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z)]
    return annotate(
        AnnotationKind.RECTANGLE, image, [*corners, (x - half, y + half, z)], uid="8.1", tracking_uid="8.1",
        author="w", created_at=cases.NOON, series_instance_uid=f"{CASE}.2",
    )  # fmt: skip


def shown(bench: ReadingBench) -> HistogramView:
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    return view_of(bench)


def told(view: HistogramView) -> dict[str, str]:
    rows = view.panel.rows()
    return dict(zip(rows[::2], rows[1::2], strict=True))


def test_the_region_drawn_last_is_counted_in_hounsfield_units(qtbot: QtBot, bench: ReadingBench) -> None:
    view = shown(bench)
    assert view.panel.isVisible()
    assert view.panel.title_text().startswith("Draw or choose")
    drawn = box(bench)
    bench.page.grid.frame(STACK).keep(drawn)
    qtbot.waitUntil(lambda: view.panel.plot.bars is not None)
    assert view.panel.title_text() == "Rectangle ROI · HU · bins of 1"
    assert drawn.statistics is not None
    # 5 x 5 pixels in the middle of a ball of 20 HU
    assert (told(view)["Pixels"], told(view)["Mean"], told(view)["Percentile 50"]) == ("25", "20.0", "20")
    notes = bench.presenter.images.annotations
    assert notes is not None
    notes.delete(CASE, drawn.uid)
    assert view.panel.plot.bars is None


def test_the_region_that_is_chosen_goes_first_and_stays_while_one_scrolls(qtbot: QtBot, bench: ReadingBench) -> None:
    view = shown(bench)
    bench.page.grid.frame(STACK).keep(box(bench))
    scene = bench.page.grid.stack
    assert scene is not None
    volume = scene.measured_volume
    assert volume is not None
    x, y, z = GROWN
    ball = sphere(
        volume, GROWN, (x + 9, y, z), uid="8.2", tracking_uid="8.2", author="w", created_at=cases.NOON
    )  # fmt: skip
    bench.page.grid.frame(STACK).keep(ball)
    qtbot.waitUntil(lambda: view.panel.title_text().startswith("Sphere"))
    assert "Voxels" in told(view)
    scene.selected_annotation = "8.1"
    bench.page.grid.annotation_chosen.emit("8.1")
    qtbot.waitUntil(lambda: view.panel.title_text().startswith("Rectangle"))
    scene.scroll_to(2)
    bench.page.grid.activated.emit(STACK)
    assert view.panel.title_text().startswith("Rectangle")
    view.panel.closed.emit()
    assert view.panel.isHidden()


def test_the_panel_goes_with_the_case(qtbot: QtBot, bench: ReadingBench) -> None:
    view = shown(bench)
    bench.page.grid.frame(STACK).keep(box(bench))
    qtbot.waitUntil(lambda: view.panel.plot.bars is not None)
    view.panel.grab()
    bench.desk.close()
    assert (view.panel.isHidden(), view.panel.plot.bars) == (True, None)


def test_drawing_by_hand_fills_the_histogram(qtbot: QtBot, bench: ReadingBench) -> None:
    view = shown(bench)
    bench.page.grid.choose_tool(ToolName.ELLIPSE)
    canvas = bench.page.grid.active.canvas
    middle = canvas.rect().center()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(canvas, middle + QPoint(30, 30))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(30, 30))
    qtbot.waitUntil(lambda: view.panel.title_text().startswith("Ellipse ROI"))


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_mark_says_under_the_pointer_how_often_such_marks_are_true(qtbot: QtBot, bench: ReadingBench) -> None:
    canvas, scene = bench.page.grid.frame(STACK).canvas, bench.page.grid.stack
    view = None if scene is None else scene.view(canvas.viewport)
    assert view is not None
    at = QPointF(*view.viewport_of(GROWN)).toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    assert QToolTip.text() == "1 · 10.5\u2009mm · Undecided\nTrue in about 7 of 10"
    QToolTip.hideText()


def test_the_same_region_on_another_series_is_counted_anew(qtbot: QtBot, bench: ReadingBench) -> None:
    """Every value of the second series is 7: the numbers of the first must not stay beside its picture."""
    view = shown(bench)
    bench.page.grid.frame(STACK).keep(box(bench))
    qtbot.waitUntil(lambda: view.panel.plot.bars is not None)
    assert told(view)["Mean"] == "20.0"
    first = bench.page.grid.stack
    assert first is not None
    source = first.measurable()
    assert source is not None
    other = StackScene(
        first.slots[first.index : first.index + 1],
        annotations=first.annotations,
        new_uid=first.new_uid,
        frame_of_reference_uid=first.frame_of_reference_uid,
        series_instance_uid=f"{CASE}.9",
    )
    other.put(0, replace(source, pixels=np.full_like(source.pixels, 7)))
    bench.page.grid.frame(STACK).set_scene(other)
    view.show_region()
    qtbot.waitUntil(lambda: told(view)["Mean"] == "7.0")
