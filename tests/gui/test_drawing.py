"""Drawing on the reading page: keys, words, one-click nodules, and what of it reaches the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import ReadingBench, case, part_of_ct
from viewers.scene.image import SliceImage
from viewers.scene.tools.tool import ToolName
from workstation.bootstrap.nodules import measure_nodule
from workstation.domain.annotation import AnnotationKind, Measure, MeasureName
from workstation.domain.finding import Decision
from workstation.domain.geometry import Point
from workstation.ui.images.annotation_table import AnnotationTable
from workstation.ui.images.drawing import Drawing
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

FIRST, LAST = 146, 173
NODULE: Point = (-57.0, 131.0, -520.5)
"""Inside the 15 mm nodule of LIDC-IDRI-0314."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def slices(lidc_0314: Path) -> tuple[SliceImage, ...]:
    return part_of_ct(lidc_0314, FIRST, LAST)


@pytest.fixture
def bench(qtbot: QtBot, slices: tuple[SliceImage, ...]) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(case(slices))
    made.page.measure_nodule = measure_nodule()
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.has_volume)
    made.page.grid.choose_layout("one")
    yield made
    made.close()


def drawing(bench: ReadingBench) -> Drawing:
    return next(one for one in bench.presenter.images.features if isinstance(one, Drawing))


def stroke(bench: ReadingBench, start: QPoint, end: QPoint) -> None:
    canvas = bench.page.grid.active.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def middle(bench: ReadingBench) -> QPoint:
    return bench.page.grid.active.canvas.rect().center()


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Qt.Key.Key_D, ToolName.DISTANCE),
        (Qt.Key.Key_B, ToolName.BIDIRECTIONAL),
        (Qt.Key.Key_A, ToolName.ANGLE),
        (Qt.Key.Key_E, ToolName.ELLIPSE),
        (Qt.Key.Key_R, ToolName.RECTANGLE),
        (Qt.Key.Key_X, ToolName.TEXT),
        (Qt.Key.Key_P, ToolName.PROBE),
        (Qt.Key.Key_Q, ToolName.NODULE),
    ],
)
def test_every_drawing_tool_has_its_key(qtbot: QtBot, bench: ReadingBench, key: Qt.Key, tool: ToolName) -> None:
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, key)
    assert bench.page.grid.active.navigator.tool is tool


def test_one_click_in_a_nodule_outlines_and_measures_it_and_undo_takes_it_back(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    bench.page.grid.nodule_wanted.emit("stack", NODULE)
    qtbot.waitUntil(lambda: len(bench.session.report.annotations) == 1, timeout=60_000)
    (nodule,) = bench.session.report.annotations
    long, size = nodule.measure(MeasureName.LONG_AXIS), nodule.measure(MeasureName.VOLUME)
    assert nodule.kind is AnnotationKind.NODULE
    assert long is not None
    assert size is not None
    # four readers: 12 to 20 mm
    assert 12 < long.value < 20
    assert nodule.author == bench.session.reader.name
    scene = bench.page.grid.stack
    assert scene is not None
    scene.show_point(NODULE)
    drawn = scene.frame((800.0, 800.0)).overlay.callipers
    assert sum(len(one.outline) + sum(len(line) for line in one.others) for one in drawn) > 20
    bench.page.undo_requested.emit()
    assert bench.session.report.annotations == ()


def test_a_measured_nodule_becomes_a_finding_of_the_mean_of_its_axes(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.page.grid.nodule_wanted.emit("stack", NODULE)
    qtbot.waitUntil(lambda: len(bench.session.report.annotations) == 1)
    (nodule,) = bench.session.report.annotations
    scene = bench.page.grid.stack
    assert scene is not None
    scene.selected_annotation = nodule.uid
    menu = QMenu()
    qtbot.addWidget(menu)
    for entries in bench.page.image_menu.entries:
        entries(menu, MenuPlace("stack", 0.0, 0.0, NODULE))

    next(one for one in menu.actions() if one.objectName() == "menu.nodule.finding").trigger()

    added, by_volume = bench.session.findings.findings[-1], nodule.measure(MeasureName.EQUIVALENT_DIAMETER)
    axes = [nodule.measure(name) for name in (MeasureName.LONG_AXIS, MeasureName.SHORT_AXIS)]
    # of the axes as they stand on the screen, to one decimal, as Lung-RADS v2022 takes it
    shown = [Decimal(f"{one.value:.1f}") for one in axes if one is not None]
    mean = float((sum(shown, Decimal(0)) / 2).quantize(Decimal("0.1"), ROUND_HALF_UP))
    assert (added.decision, added.diameter_mm) == (Decision.ADDED, mean)
    assert by_volume is not None
    assert by_volume.value != mean


def test_a_click_beside_every_nodule_is_refused_with_the_reason(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    plane = slices[10].plane
    assert plane is not None
    bench.page.grid.nodule_wanted.emit("stack", plane.lps_of(5.0, 5.0))
    qtbot.waitUntil(lambda: bench.page.notices.notices() != [], timeout=60_000)
    assert bench.session.report.annotations == ()


def test_a_text_is_kept_with_its_words_and_dropped_without(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.page.grid.choose_tool(ToolName.TEXT)
    at = middle(bench)
    stroke(bench, at, at)
    dialog = drawing(bench).dialog
    assert dialog is not None
    dialog.accept()
    assert list(bench.session.report.annotations) == []
    stroke(bench, at, at)
    dialog = drawing(bench).dialog
    assert dialog is not None
    QTest.keyClicks(dialog.field, "adhesion")
    dialog.accept()
    (kept,) = bench.session.report.annotations
    assert (kept.kind, kept.text) == (AnnotationKind.TEXT, "adhesion")


def test_words_written_while_numbers_come_late_take_none_of_them_away(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.page.grid.choose_tool(ToolName.DISTANCE)
    stroke(bench, middle(bench), middle(bench) + QPoint(60, 0))
    (drawn,) = bench.session.report.annotations
    bench.page.grid.text_wanted.emit("stack", drawn)
    dialog = drawing(bench).dialog
    assert dialog is not None
    scene = bench.page.grid.stack
    assert scene is not None
    late = replace(drawn, measures=(*drawn.measures, Measure(MeasureName.VALUE, 4.5, "SUV")))
    scene.annotations.complete(scene.study_instance_uid, late)
    scene.annotations.place_in_frame(scene.study_instance_uid, drawn.frame_of_reference_uid, "1.2.9")
    QTest.keyClicks(dialog.field, "at the hilum")
    dialog.accept()

    (kept,) = bench.session.report.annotations
    assert kept == replace(late, text="at the hilum", frame_of_reference_uid="1.2.9")


@pytest.mark.parametrize("leave", ["close", "stop", "page"])
def test_words_that_are_being_typed_are_kept_when_the_case_closes_around_them(
    qtbot: QtBot, bench: ReadingBench, leave: str
) -> None:
    bench.page.grid.choose_tool(ToolName.TEXT)
    stroke(bench, middle(bench), middle(bench))
    dialog = drawing(bench).dialog
    assert dialog is not None
    QTest.keyClicks(dialog.field, "adhesion")
    session = bench.session

    {"close": bench.desk.close, "stop": bench.desk.stop, "page": bench.page.close_page}[leave]()

    assert [one.text for one in session.report.annotations] == ["adhesion"]
    assert drawing(bench).dialog is None
    if leave != "page":
        assert [one.text for one in next(iter(bench.desk_bench.drafts.kept.values())).annotations] == ["adhesion"]


def test_a_new_case_closes_the_question_for_words_and_cancels_the_nodule(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.page.grid.choose_tool(ToolName.TEXT)
    at = middle(bench)
    stroke(bench, at, at)
    assert drawing(bench).dialog is not None
    bench.presenter.images.clear()
    assert drawing(bench).dialog is None


def test_the_table_lists_what_was_drawn_goes_there_deletes_and_copies(qtbot: QtBot, bench: ReadingBench) -> None:
    table = next(one for one in bench.presenter.images.features if isinstance(one, AnnotationTable))
    bench.page.view_commands.action("annotations.table").trigger()
    assert table.panel.isVisible()
    bench.page.grid.choose_tool(ToolName.DISTANCE)
    stroke(bench, middle(bench), middle(bench) + QPoint(60, 0))
    (kept,) = bench.session.report.annotations
    shown = table.panel.table.item(0, 1)
    assert shown is not None
    assert shown.text() == f"{kept.measures[0].value:.1f} mm"
    scene = bench.page.grid.stack
    assert scene is not None
    here = scene.index
    scene.scroll_to(0)
    table.panel.jump_asked.emit(kept.uid)
    assert (scene.index, scene.selected_annotation) == (here, kept.uid)
    table.copy()
    assert shown.text() in QApplication.clipboard().text()
    table.panel.table.selectRow(0)
    table.panel.delete.click()
    assert (bench.session.report.annotations, table.panel.table.rowCount()) == ((), 0)
