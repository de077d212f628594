"""Key images on the reading page: key K, badge, list, undo, and how the marked images are seen."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import ReadingBench, case, part_of_ct
from viewers.scene.camera import Camera
from viewers.scene.raster import Window
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.key_image import KeyImage
from workstation.ui.images.key_images import KeyImages
from workstation.ui.pages.image_menu import MenuPlace
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(qtbot: QtBot, lidc_0314: Path) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(case(part_of_ct(lidc_0314, 150, 156)))
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


def feature(bench: ReadingBench) -> KeyImages:
    return next(one for one in bench.presenter.images.features if isinstance(one, KeyImages))


def stack(bench: ReadingBench) -> StackScene:
    scene = bench.page.grid.stack
    assert scene is not None
    return scene


def press(bench: ReadingBench, key: Qt.Key, *, shift: bool = False) -> None:
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(canvas, key, held)


def badge(bench: ReadingBench) -> str:
    return stack(bench).frame((800.0, 800.0)).overlay.badge


def keys(bench: ReadingBench) -> tuple[KeyImage, ...]:
    return bench.session.report.key_images


def key_of(bench: ReadingBench, index: int) -> KeyImage:
    series = bench.session.study.series[0]
    one = series.instances[index]
    return KeyImage(series.series_instance_uid, one.sop_class_uid, one.sop_instance_uid)


def test_k_marks_the_image_on_screen_and_k_again_takes_the_mark_away(bench: ReadingBench) -> None:
    stack(bench).scroll_to(2)
    press(bench, Qt.Key.Key_K)

    assert keys(bench) == (key_of(bench, 2),)
    assert badge(bench) == "Key image"
    row = bench.page.series.row(bench.session.study.series[0].series_instance_uid)
    assert row.keys == 1
    assert "1 key image" in row.accessibleName()
    stack(bench).scroll_to(3)
    assert badge(bench) == ""
    stack(bench).scroll_to(2)
    press(bench, Qt.Key.Key_K)
    assert keys(bench) == ()
    assert (badge(bench), row.keys) == ("", 0)


def test_an_image_that_nothing_checked_yet_is_marked_only_once_it_is_whole(bench: ReadingBench) -> None:
    told: list[str] = []
    bench.page.toast.connect(told.append)
    scene = stack(bench)
    scene.scroll_to(2)
    whole = scene.image(2)
    assert whole is not None
    scene.drop(2)
    scene.put(2, replace(whole, is_early=True))
    press(bench, Qt.Key.Key_K)
    assert (keys(bench), told) == ((), ["This image is not checked yet. Wait until the whole object is here."])
    scene.put(2, whole)
    press(bench, Qt.Key.Key_K)
    assert keys(bench) == (key_of(bench, 2),)


def test_the_star_is_painted_on_the_image_and_on_the_thumbnail(bench: ReadingBench) -> None:
    canvas = bench.page.grid.active.canvas
    row = bench.page.series.row(bench.session.study.series[0].series_instance_uid)
    before, thumb_before = canvas.grab().toImage(), row.grab().toImage()
    press(bench, Qt.Key.Key_K)

    assert canvas.grab().toImage() != before
    assert row.grab().toImage() != thumb_before


def test_marks_and_decisions_are_taken_back_in_one_order(bench: ReadingBench) -> None:
    page = bench.page
    stack(bench).scroll_to(1)
    press(bench, Qt.Key.Key_K)
    page.add_requested.emit((0.0, 0.0, -500.0))
    stack(bench).scroll_to(1)
    press(bench, Qt.Key.Key_K)
    assert (len(keys(bench)), len(bench.session.findings.findings)) == (0, 1)

    page.undo_requested.emit()
    assert (len(keys(bench)), len(bench.session.findings.findings)) == (1, 1)
    page.undo_requested.emit()
    assert (len(keys(bench)), len(bench.session.findings.findings)) == (1, 0)
    page.undo_requested.emit()
    assert keys(bench) == ()
    page.redo_requested.emit()
    assert keys(bench) == (key_of(bench, 1),)


def test_the_list_names_each_key_image_leads_there_and_takes_it_out(qtbot: QtBot, bench: ReadingBench) -> None:
    for index in (4, 1):
        stack(bench).scroll_to(index)
        press(bench, Qt.Key.Key_K)
    press(bench, Qt.Key.Key_K, shift=True)
    panel = feature(bench).panel

    assert panel.isVisibleTo(bench.page)
    assert [line.row.words for line in panel.rows] == ["Series 2, image 5", "Series 2, image 2"]
    assert all(line.row.picture is not None for line in panel.rows)
    QTest.mouseClick(panel.rows[0], Qt.MouseButton.LeftButton)
    assert stack(bench).index == 4
    panel.rows[0].remove.click()
    assert keys(bench) == (key_of(bench, 1),)
    qtbot.waitUntil(panel.rows[0].isVisible)
    panel.rows[0].setFocus()
    QTest.keyClick(panel.rows[0], Qt.Key.Key_Return)
    assert stack(bench).index == 1
    press(bench, Qt.Key.Key_K, shift=True)
    assert panel.isHidden()


def test_computed_planes_are_no_key_images_and_say_so(bench: ReadingBench) -> None:
    bench.page.grid.choose_layout("mpr")
    said: list[str] = []
    bench.page.toast.connect(said.append)
    feature(bench).toggle()

    assert said == ["Only images as they were taken can be key images, not computed ones."]
    assert keys(bench) == ()


def test_the_context_menu_offers_the_mark_and_shows_whether_it_is_set(bench: ReadingBench) -> None:
    press(bench, Qt.Key.Key_K)
    menu = QMenu()
    for fill in bench.page.image_menu.entries:
        fill(menu, MenuPlace("stack", 10.0, 10.0, None))
    (entry,) = (action for action in menu.actions() if action.text().startswith("Mark as key image"))

    assert entry.isChecked()


def test_a_marked_image_remembers_window_zoom_and_place_as_they_were_when_the_page_was_left(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    scene = stack(bench)
    scene.scroll_to(2)
    scene.set_window(Window(40.25, 400.5))
    press(bench, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: len(bench.session.report.image_looks) == 1)
    (before,) = bench.session.report.key_pictures
    scene.set_window(Window(-600.125, 1500.0))
    scene.set_camera(Camera(2.5, (10.0, -7.0)))
    scene.toggle_invert()
    bench.page.left.emit()
    (look,) = bench.session.report.image_looks

    assert look.image == key_of(bench, 2)
    assert (look.window_centre, look.window_width, look.inverse) == (-600.125, 1500.0, True)
    assert (look.zoom, look.pan) == (2.5, (10.0, -7.0))
    assert look.viewport == bench.page.grid.frame("stack").canvas.viewport
    assert (look.slope, look.intercept, look.unit) == (1.0, -1000.0, "HU")
    (after,) = bench.session.report.key_pictures
    assert (after.image, after.jpeg_base64 != before.jpeg_base64) == (look.image, True)
    assert QImage.fromData(base64.b64decode(after.jpeg_base64)).size().toTuple() == (360, 360)


def test_an_image_that_is_drawn_on_remembers_how_it_is_seen_and_forgets_with_the_drawing(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    notes, image = bench.presenter.images.annotations, stack(bench).image(3)
    assert notes is not None
    assert image is not None
    assert image.plane is not None
    line = Annotation(
        uid="2.25.5",
        tracking_uid="2.25.5",
        kind=AnnotationKind.LENGTH,
        points_lps_mm=(image.plane.lps_of(10.0, 10.0), image.plane.lps_of(20.0, 10.0)),
        frame_of_reference_uid=stack(bench).frame_of_reference_uid,
        series_instance_uid=stack(bench).series_instance_uid,
        created_at=bench.session.now(),
    )
    notes.add(bench.session.study.study_instance_uid, line)
    qtbot.waitUntil(lambda: [one.image for one in bench.session.report.image_looks] == [key_of(bench, 3)])
    notes.delete(bench.session.study.study_instance_uid, line.uid)
    qtbot.waitUntil(lambda: bench.session.report.image_looks == ())


def test_a_case_opened_again_shows_the_marks_of_its_draft_and_read_only_takes_none(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    stack(bench).scroll_to(2)
    press(bench, Qt.Key.Key_K)
    bench.desk.close()
    assert feature(bench).panel.rows == []
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: bench.page.grid.stack is not None)

    assert keys(bench) == (key_of(bench, 2),)
    stack(bench).scroll_to(2)
    assert stack(bench).is_key
    bench.session.handed_over(replace(bench.session.report))
    said: list[str] = []
    bench.page.toast.connect(said.append)
    press(bench, Qt.Key.Key_K)
    assert keys(bench) == (key_of(bench, 2),)
    assert len(said) == 1


def test_the_report_page_lists_the_key_images_and_leads_to_them(qtbot: QtBot, bench: ReadingBench) -> None:
    report = ReportPage()
    qtbot.addWidget(report)
    ReportPresenter(
        report,
        bench.desk,
        bench.desk_bench.jobs,
        preview=lambda *_args: [],
        certificate_subject=lambda user_id: user_id,
    )
    for index in (4, 1):
        stack(bench).scroll_to(index)
        press(bench, Qt.Key.Key_K)
    gone: list[str] = []
    report.go_to.connect(gone.append)

    assert [link.text() for link in report.key_images.links] == ["Series 2, image 5", "Series 2, image 2"]
    report.key_images.links[0].click()
    assert (gone, stack(bench).index) == (["reading"], 4)
    for index in (4, 1):
        bench.page.key_image_asked.emit(key_of(bench, index))
    assert report.key_images.links == []
    assert report.key_images.isHidden()
    report.close_page()
