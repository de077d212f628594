"""Other systems' objects on the reading page: listed with whose they are, shown and hidden, never the reader's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers import foreign
from tests.helpers.reading import Case, ReadingBench, case, part_of_ct
from viewers.scene import applied_state
from viewers.scene.image import SliceImage
from viewers.scene.overlay import ForeignShape
from viewers.scene.raster import Window
from viewers.scene.stack_scene import StackScene
from workstation.domain.errors import DecodeError
from workstation.domain.grayscale import MonitorCheck
from workstation.domain.study import Instance, Series
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.services.foreign_objects_service import ForeignObjects, ReadForeignObjects, read_object
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.ui.images.foreign_objects import ForeignObjectsView
from workstation.ui.images.foreign_reading import ForeignReading
from workstation.ui.images.result_places import places_of_results
from workstation.ui.monitor_check import monitor_name
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.histogram_panel import HistogramPanel
from workstation.ui.widgets.side_panel import SidePanel

pytestmark = pytest.mark.gui

STUDY = "1.2.3"
SIZE = (700.0, 600.0)
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 210 297]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
KEY, STATE, STRUCTURES, REPORT, PAGES, BROKEN = "1.2.77.1", "1.2.77.2", "1.2.77.5", "1.2.77.4", "1.2.77.3", "1.2.77.66"


class ForeignBench(ReadingBench):
    """A page that can read other systems' objects from the fakes."""

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        reading = ForeignReading(ReadForeignObjects(self.desk_bench.images), page_pictures)
        made = ReadingPresenter(page, self.desk, self.desk_bench.jobs, open_stream=self.streams, foreign=reading)
        return page, made

    @property
    def view(self) -> ForeignObjectsView:
        return next(one for one in self.presenter.images.features if isinstance(one, ForeignObjectsView))

    @property
    def stack(self) -> StackScene:
        scene = self.page.grid.stack
        assert scene is not None
        return scene


@pytest.fixture(scope="module")
def slices(lidc_0314: Path) -> tuple[SliceImage, ...]:
    return part_of_ct(lidc_0314, 120, 240, 6)


@pytest.fixture(scope="module")
def objects(lidc_0314: Path, slices: tuple[SliceImage, ...]) -> dict[str, bytes]:
    headers = foreign.sources(lidc_0314, 120, 240, 6, STUDY, f"{STUDY}.2")
    plane = slices[10].plane
    assert plane is not None
    z = plane.origin[2]
    square = [[-60.0, -40, z, -20, -40, z, -20, 0, z, -60, 0, z]]
    area = foreign.displayed_area(101, 101, 300, 300)
    return {
        KEY: foreign.key_selection(headers, 4),
        STATE: foreign.presentation(headers, 7, ImageRotation=90, DisplayedAreaSelectionSequence=area),
        STRUCTURES: foreign.structure_set(STUDY, slices[0].frame_of_reference_uid, {"靶区 GTV": square}),
        REPORT: foreign.text_report(STUDY, "右肺上叶结节", "<p>两肺</p><script>x()</script>"),
        PAGES: foreign.document(STUDY, "application/pdf", PDF),
        BROKEN: b"nothing of DICOM",
    }


def with_objects(images: tuple[SliceImage, ...], objects: dict[str, bytes]) -> Case:
    made = case(images)
    frame = images[0].frame_of_reference_uid
    series = [
        replace(one, instances=tuple(replace(each, frame_of_reference_uid=frame) for each in one.instances))
        for one in made.study.series
        if one.modality == "CT"
    ]
    for number, (uid, modality, kind) in enumerate(
        ((KEY, "KO", "88.59"), (STATE, "PR", "11.1"), (STRUCTURES, "RTSTRUCT", "481.3"), (REPORT, "SR", "88.11"),
         (PAGES, "DOC", "104.1"), (BROKEN, "SR", "88.33"))
    ):  # fmt: skip
        one = Instance(uid, f"1.2.840.10008.5.1.4.1.1.{kind}", 1)
        series.append(Series(f"{uid}.1", modality, 50 + number, f"obj {number}", "", (one,)))
    assert set(objects) == {one.instances[0].sop_instance_uid for one in series[1:]}
    return replace(made, study=replace(made.study, series=tuple(series)))


@pytest.fixture
def bench(qtbot: QtBot, slices: tuple[SliceImage, ...], objects: dict[str, bytes]) -> Iterator[ForeignBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ForeignBench(with_objects(slices, objects))
    made.desk_bench.images.files.update(objects)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.has_volume)
    qtbot.waitUntil(lambda: len(made.view.objects) == 5)
    yield made
    made.close()


def take(bench: ForeignBench, found: ForeignObjects) -> None:
    """Show objects as if they had just been read."""
    bench.view._take(found, places_of_results(found, bench.view._stacks(None), SimpleNamespace(raise_if_cancelled=int)))


def words_on(bench: ForeignBench) -> list[str]:
    return [line for shape in shapes(bench.stack) for line in shape.lines]


def shapes(scene: StackScene) -> tuple[ForeignShape, ...]:
    return scene.frame(SIZE).overlay.foreign


def test_every_object_is_listed_with_whose_it_is_and_a_broken_one_with_the_reason(bench: ForeignBench) -> None:
    rows = bench.view.panel.rows

    assert {uid: row.facts.title for uid, row in rows.items()} == {
        KEY: "Key images · For Teaching",
        STATE: "Presentation state · BONE",
        STRUCTURES: "Structures · PLAN 1",
        REPORT: "Document · Diagnostic Imaging Report",
        PAGES: "Document · 外院报告",
        BROKEN: "SR obj 5",
    }
    assert rows[STRUCTURES].facts.source == ("Kodiak", "2026-11-20 10:15")
    assert rows[STATE].facts.source[0] == "Kodiak · Reader 7 · Roe Jane"
    assert rows[BROKEN].facts.failure == "This file is not a readable DICOM object"
    assert bench.view.button.toolTip() == "6 stored objects · 1 not readable"
    assert not bench.view.button.isHidden()
    assert bench.view.panel.isHidden()
    bench.view.button.click()
    assert bench.view.panel.isVisible()
    bench.view.panel.closed.emit()
    assert bench.view.panel.isHidden()


def test_the_list_is_read_with_the_keyboard_which_goes_back_to_the_images(bench: ForeignBench, qtbot: QtBot) -> None:
    canvas = bench.page.grid.active.canvas

    def press(key: Qt.Key) -> QWidget:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)
        now = QApplication.focusWidget()
        assert now is not None
        return now

    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    bench.view.toggle_panel()
    bench.page.series.first().setFocus()  # type: ignore[union-attr] # a case with a series
    eye = press(Qt.Key.Key_F6)
    assert bench.view.panel.isAncestorOf(eye)
    assert eye is not bench.view.panel.shut
    assert bench.view.panel.isAncestorOf(press(Qt.Key.Key_Tab))
    assert press(Qt.Key.Key_F6) is canvas

    bench.view.panel.shut.setFocus()
    assert press(Qt.Key.Key_Space) is canvas
    assert bench.view.panel.isHidden()


@pytest.mark.parametrize(("width", "together"), [(1872, 2), (1366, 1)])
def test_a_panel_that_opens_leaves_the_images_their_room(
    bench: ForeignBench, qtbot: QtBot, width: int, together: int
) -> None:
    page = bench.page
    page.resize(width, 768)
    page.grid.active.canvas.setFocus()
    panels = page.findChildren(SidePanel)
    for command in ("objects.panel", "annotations.table", "view.key_images", "annotations.histogram"):
        page.view_commands.action(command).trigger()
        qtbot.waitUntil(lambda: page.grid.width() >= 480)
    seen = [one for one in panels if one.isVisible()]
    assert len(seen) == together
    assert any(isinstance(one, HistogramPanel) for one in seen)  # what was opened last is what is looked at

    page.hide()
    page.show()
    assert [one for one in panels if one.isVisible()] == seen


def test_a_structure_is_drawn_on_its_slice_in_its_colour_made_light_and_hidden_again(bench: ForeignBench) -> None:
    row = bench.view.panel.rows[STRUCTURES]
    bench.stack.scroll_to(10)
    assert shapes(bench.stack) == ()

    row.eye.click()

    (drawn,) = shapes(bench.stack)
    assert drawn.lines == ("Kodiak · 靶区 GTV",)
    assert drawn.closed
    view = bench.stack.view(SIZE)
    assert view is not None
    corners = [view.lps_of(*point)[:2] for point in drawn.outline]
    assert np.allclose(corners, [(-60, -40), (-20, -40), (-20, 0), (-60, 0)], atol=1e-6)
    assert drawn.colour == (128, 128, 208)
    bench.stack.scroll_to(9)
    assert shapes(bench.stack) == ()
    coronal = bench.page.grid.frame("coronal").scene
    assert coronal is not None
    coronal.show_point((-40.0, -20.0, bench.stack.slots[10].plane.origin[2] if bench.stack.slots[10].plane else 0.0))
    assert [shape.lines for shape in coronal.frame(SIZE).overlay.foreign] == [("Kodiak · 靶区 GTV",), ()]
    row.eye.click()
    bench.stack.scroll_to(10)
    assert shapes(bench.stack) == ()


def test_a_length_on_an_image_of_another_system_is_on_the_planes_cut_through_it_too(bench: ForeignBench) -> None:
    place = bench.stack.slots[10]
    assert place.plane is not None
    # the middles of two pixels of one row
    sr = foreign.length_on_image(STUDY, place.sop_instance_uid, [200.5, 300.5, 240.5, 300.5])
    first, last = place.plane.lps_of(200, 300), place.plane.lps_of(240, 300)

    take(bench, ForeignObjects(STUDY, (read_object(sr, bench.desk_bench.images.the_study),)))

    bench.stack.scroll_to(10)
    assert [shape.lines for shape in shapes(bench.stack)] == [("Kodiak",)]
    coronal = bench.page.grid.frame("coronal").scene
    assert coronal is not None
    coronal.show_point(first)
    (line,) = coronal.frame(SIZE).overlay.foreign
    view = coronal.view(SIZE)
    assert view is not None
    ends = sorted(view.lps_of(*point) for point in line.outline)
    assert np.allclose(ends, sorted([first, last]), atol=1.0)  # a plane of voxels stands for half its thickness
    x, y, z = first
    coronal.show_point((x, y + 5, z))
    assert coronal.frame(SIZE).overlay.foreign == ()


def test_a_key_image_wears_a_badge_and_a_click_leads_to_it(bench: ForeignBench) -> None:
    assert bench.stack.index != 4

    (jump,) = bench.view.panel.rows[KEY].jumps
    assert jump.text() == "Series 2, image 5"
    jump.click()

    assert bench.stack.index == 4
    assert words_on(bench) == ["Key image · For Teaching · Kodiak"]
    bench.stack.scroll_to(5)
    assert words_on(bench) == []


def test_an_image_is_shown_as_it_was_stored_and_one_click_brings_the_readers_view_back(bench: ForeignBench) -> None:
    bench.page.choose_layout("one")
    own = Window(centre=-500, width=1400)
    bench.stack.set_window(own)

    bench.view.panel.rows[STATE].eye.click()

    stack = bench.stack
    assert stack.index == 7
    assert stack.window == Window(centre=300, width=1500)
    view = stack.view(SIZE)
    assert view is not None
    assert stack.state.camera.rotation_deg == 90
    # the square of 200 pixels fills the height of 600: three screen pixels for each of its own
    assert view.magnification == pytest.approx(3.0)
    assert view.inverse.apply(350, 300) == pytest.approx((199.5, 199.5))
    caption = [line.text for line in stack.frame(SIZE).overlay.captions if line.is_warning]
    assert "Shown as stored: BONE" in caption
    line, words = shapes(stack)
    assert [view.inverse.apply(*point) for point in line.outline] == [
        pytest.approx((100, 200)),
        pytest.approx((140, 200)),
    ]
    assert words.lines == ("复查此处",)
    stack.set_window(Window(centre=40, width=400))
    stack.scroll_to(8)
    assert (stack.window, stack.state.camera.rotation_deg) == (own, 0)
    stack.scroll_to(7)
    assert stack.window == Window(centre=300, width=1500)
    (notice,) = [one for one in bench.page.notices.notices() if one.key == "presentation"]
    notice.actions[0].handler()
    assert (stack.window, stack.state.camera.rotation_deg, stack.presentation) == (own, 0, None)
    assert shapes(stack) == ()
    assert not bench.view.panel.rows[STATE].eye.isChecked()


def test_true_size_follows_the_ruler_and_without_one_is_told_not_to_be_shown(
    bench: ForeignBench, lidc_0314: Path, tmp_path: Path
) -> None:
    headers = foreign.sources(lidc_0314, 120, 240, 6, STUDY, f"{STUDY}.2")
    area = foreign.displayed_area(101, 101, 300, 300)
    area[0].PresentationSizeMode = "TRUE SIZE"
    area[0].PresentationPixelSpacing = headers[7].PixelSpacing
    del area[0].PresentationPixelAspectRatio
    content = foreign.presentation(headers, 7, DisplayedAreaSelectionSequence=area)
    made = read_object(content, bench.desk_bench.images.the_study)
    bench.page.choose_layout("one")
    checks = MonitorCheckFile(tmp_path / "monitors.json")
    bench.page.pictures = SimpleNamespace(checks=checks)  # type: ignore[assignment]  # nothing is taken out

    bench.view.present(made)

    why = "true size needs a measured monitor"
    assert f"Not all as stored (BONE): {why}" in [one.text for one in bench.stack.frame(SIZE).overlay.captions]
    (notice,) = [one for one in bench.page.notices.notices() if one.key == "presentation"]
    assert notice.fact == f"Not all as Kodiak stored it (BONE): {why}"

    frame = bench.page.grid.frame("stack")
    name = monitor_name(frame.screen())
    checks.keep(
        MonitorCheck(
            name, datetime(2026, 11, 22, 1, 30, tzinfo=UTC), "x", seen_dark=True, seen_bright=True, mm_per_pixel=0.25
        )
    )
    bench.view.present(made)

    view = bench.stack.view(frame.canvas.viewport)
    assert view is not None
    assert view.px_per_mm == pytest.approx(4.0)
    assert "Shown as stored: BONE" in [one.text for one in bench.stack.frame(frame.canvas.viewport).overlay.captions]


def test_a_state_over_a_large_image_is_made_in_a_job_and_told_once_it_is_shown(
    qtbot: QtBot, bench: ForeignBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applied_state, "_AT_ONCE", 0)
    bench.page.choose_layout("one")

    bench.view.panel.rows[STATE].eye.click()

    assert bench.stack.index == 7
    qtbot.waitUntil(lambda: any(one.key == "presentation" for one in bench.page.notices.notices()))
    (notice,) = [one for one in bench.page.notices.notices() if one.key == "presentation"]
    assert notice.fact.startswith("Shown as ")
    assert bench.stack.state.camera.rotation_deg == 90
    assert not bench.stack.is_state_awaited
    caption = [line.text for line in bench.stack.frame(SIZE).overlay.captions if line.is_warning]
    assert "Shown as stored: BONE" in caption


def test_a_state_that_is_still_being_made_is_given_up_with_its_case(
    bench: ForeignBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()
    monkeypatch.setattr(applied_state, "_AT_ONCE", 0)
    monkeypatch.setattr(applied_state, "presented", lambda image, _look: (go_on.wait(30), image)[1])
    bench.page.choose_layout("one")
    bench.view.panel.rows[STATE].eye.click()
    making = bench.view._running[-1]
    before = making.cancelled

    bench.desk_bench.desk.close()

    assert (before, making.cancelled) == (False, True)
    go_on.set()


@pytest.mark.usefixtures("allow_warnings")
def test_a_state_whose_making_fails_is_told_and_not_called_prepared_for_ever(
    qtbot: QtBot, bench: ForeignBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("x")

    monkeypatch.setattr(applied_state, "_AT_ONCE", 0)
    monkeypatch.setattr(applied_state, "presented", broken)
    bench.page.choose_layout("one")

    bench.view.panel.rows[STATE].eye.click()

    qtbot.waitUntil(lambda: any(one.key == "presentation" for one in bench.page.notices.notices()))
    (notice,) = [one for one in bench.page.notices.notices() if one.key == "presentation"]
    assert notice.fact.startswith("Not shown as ")
    assert notice.fact.endswith("it could not be applied")


def test_the_menu_of_an_image_offers_its_own_states_only(bench: ForeignBench) -> None:
    def offered(index: int) -> list[str]:
        bench.stack.scroll_to(index)
        menu = QMenu()
        bench.view._fill_menu(menu, MenuPlace("stack", 10, 10, None))
        found = [one.text() for sub in menu.findChildren(QMenu) for one in sub.actions()]
        menu.deleteLater()
        return found

    assert offered(6) == []
    assert offered(7) == ["BONE · Kodiak", "My own view"]


def test_a_report_of_another_system_is_read_as_words(bench: ForeignBench) -> None:
    bench.view.panel.rows[REPORT].read.click()

    dialog = bench.view.dialog
    assert dialog is not None
    assert dialog.words.toPlainText() == "Diagnostic Imaging Report\n  Finding: 右肺上叶结节\n  Finding: 两肺"
    assert dialog.words.isReadOnly()
    dialog.reject()
    assert bench.view.dialog is None


def test_a_pdf_of_another_system_is_shown_as_pages(qtbot: QtBot, bench: ForeignBench) -> None:
    bench.view.panel.rows[PAGES].read.click()

    dialog = bench.view.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.paper.page_count == 1)
    dialog.reject()


def test_a_pdf_that_cannot_be_drawn_says_so_in_its_place(
    qtbot: QtBot, bench: ForeignBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_pdf: bytes, _width: int) -> list[np.ndarray]:
        raise DecodeError("The PDF cannot be shown")

    assert bench.view._reading is not None
    monkeypatch.setattr(bench.view, "_reading", replace(bench.view._reading, pictures=broken))
    bench.view.read_object(PAGES)

    dialog = bench.view.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.paper.message() == "The PDF cannot be shown")
    bench.view.read_object(REPORT)
    assert bench.view.dialog is not dialog


def test_foreign_marks_are_no_findings_and_nothing_of_them_enters_the_report(bench: ForeignBench) -> None:
    for row in bench.view.panel.rows.values():
        if not row.eye.isHidden():
            row.eye.click()

    assert bench.session.findings.findings == ()
    assert bench.session.report.drawn.annotations == ()
    assert bench.session.report.findings.findings == ()


def test_the_next_case_shows_nothing_of_the_last(bench: ForeignBench) -> None:
    bench.view.panel.rows[STRUCTURES].eye.click()
    bench.view.read_object(REPORT)
    bench.presenter.images.clear()

    assert (bench.view.objects, bench.view.dialog, bench.view.panel.rows) == ((), None, {})
    assert bench.view.button.isHidden()
    assert not bench.page.view_commands.action("objects.panel").isEnabled()


def test_keys_and_header_menu_open_the_list(qtbot: QtBot, bench: ForeignBench) -> None:
    canvas = bench.page.grid.active.canvas
    with qtbot.waitActive(bench.page):
        bench.page.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    QTest.keyClick(canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)

    assert bench.view.panel.isVisible()
    assert bench.page.view_commands.action("objects.panel") in bench.page.header.menu.actions()
