"""The check of a monitor, and images in real size after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.viewers import image, stack
from tests.unit.viewers.test_fusion import mpr
from viewers.scene.camera import Camera
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.real_size import real_size
from workstation.domain.errors import DiskFull, WorkstationError
from workstation.domain.grayscale import MonitorCheck, expected_luminances, judge
from workstation.settings import Settings
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.ui.monitor_check import MonitorChecking, MonitorCheckWindow, monitor_name
from workstation.ui.monitor_words import judgement_words, last_check_words
from workstation.ui.settings_dialog import SettingsDialog
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui
AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
GOOD = " ".join(f"{value:.4f}" for value in expected_luminances(1.0, 420.0))


@pytest.fixture
def checking(tmp_path: Path, qapp: QApplication) -> MonitorChecking:
    apply_theme(qapp)
    return MonitorChecking(MonitorCheckFile(tmp_path / "monitors.json"), lambda: "王启明", lambda: AT)


@pytest.fixture
def window(qtbot: QtBot, checking: MonitorChecking) -> MonitorCheckWindow:
    made = MonitorCheckWindow(None, QApplication.primaryScreen(), checking)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitUntil(lambda: made.view.pattern is not None)
    return made


def last(checking: MonitorChecking) -> MonitorCheck | None:
    return checking.checks.last(monitor_name(QApplication.primaryScreen()))


def answer(window: MonitorCheckWindow, dark: str, bright: str, others: str = "yes") -> None:
    for choice, value in zip(window.answers, (dark, bright, others, others, others), strict=True):
        choice.choose(value)
        choice.chosen.emit(value)


def test_the_pattern_stands_on_the_screen_value_for_value(window: MonitorCheckWindow) -> None:
    pattern = window.view.pattern
    assert pattern is not None
    grabbed = window.view.grab().toImage()
    for box in (*pattern.patches, pattern.dark, pattern.bright):
        row, column = box.centre
        assert grabbed.pixelColor(column, row).red() == int(pattern.pixels[row, column])


def test_every_part_of_the_pattern_is_asked_about_and_the_answers_are_kept(
    window: MonitorCheckWindow, checking: MonitorChecking
) -> None:
    assert not window.save.isEnabled()
    assert window.save.toolTip() == "Answer every question first."
    for choice in window.answers[:-1]:
        choice.choose("yes")
        choice.chosen.emit("yes")
    assert not window.save.isEnabled()
    answer(window, "yes", "no")
    window.save.click()
    kept = last(checking)
    assert kept is not None
    assert (kept.seen_dark, kept.seen_bright, kept.passed) == (True, False, False)
    assert (kept.seen_lines, kept.seen_even_ramp, kept.seen_edges) == (True, True, True)
    assert last_check_words(kept).endswith("by 王启明: not passed · not calibrated by a ruler")


@pytest.mark.parametrize("part", ["lines", "ramp", "edges"])
def test_a_monitor_that_blurs_lines_bands_the_ramp_or_hides_an_edge_does_not_pass(
    window: MonitorCheckWindow, checking: MonitorChecking, part: str
) -> None:
    answer(window, "yes", "yes")
    getattr(window, part).choose("no")
    window.save.click()
    kept = last(checking)
    assert kept is not None
    assert not kept.passed


@pytest.mark.parametrize("width", [1366, 1920])
def test_every_question_of_the_check_is_read_whole(window: MonitorCheckWindow, width: int) -> None:
    window.resize(width, 768 if width == 1366 else 1080)
    QApplication.processEvents()
    asked = [one for one in window.findChildren(QLabel) if one.text().endswith("?")]
    assert len(asked) == 5
    for one in asked:
        needed = one.heightForWidth(one.width())
        assert one.height() >= needed, one.text()


def test_a_line_along_100_mm_of_a_ruler_tells_the_size_of_a_pixel(
    window: MonitorCheckWindow, checking: MonitorChecking
) -> None:
    window.ruler.click()
    QTest.mousePress(window.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    QTest.mouseMove(window.view, QPoint(500, 100))
    QTest.mouseRelease(window.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(500, 100))
    assert window.ruled.text() == "pixel 0.2500 mm"
    answer(window, "yes", "yes")
    window.save.click()
    kept = last(checking)
    assert kept is not None
    assert kept.mm_per_pixel == pytest.approx(0.25)
    assert kept.passed


def test_a_line_that_no_monitor_can_have_changes_nothing(window: MonitorCheckWindow) -> None:
    window.ruler.click()
    QTest.mouseClick(window.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(100, 100))
    assert window.ruled.text().startswith("No monitor has such pixels")
    assert window.mm_per_pixel is None


def test_measured_luminances_are_judged_in_words_and_bad_ones_are_not_kept(window: MonitorCheckWindow) -> None:
    answer(window, "yes", "yes")
    window.luminances.setText("1 2 3")
    assert window.judgement.text() == "3 of 18 values"
    assert not window.save.isEnabled()
    window.luminances.setText("1 2 x")
    assert window.judgement.text() == "Numbers in cd/m² that rise from step to step are needed."
    window.luminances.setText(GOOD)
    assert window.judgement.text() == "Meets the limits: contrast within 0 % of the standard, 420 cd/m², ratio 420"
    assert window.save.isEnabled()


def test_what_does_not_hold_is_named_with_its_limit() -> None:
    steps = [1.0 + 10.0 * n for n in range(18)]
    words = judgement_words(judge(steps))
    assert words.startswith("Does not meet the limits: contrast off by ")
    assert "(limit 10 %), only 171 cd/m² (at least 350), ratio only 171 (at least 250)" in words


def test_a_full_disk_is_told_where_the_person_looks(
    window: MonitorCheckWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(check: MonitorCheck) -> None:
        raise DiskFull("The disk is full.", hint="Make room.")

    monkeypatch.setattr(window._checking.checks, "keep", full)
    answer(window, "yes", "yes")
    window.save.click()
    assert window.judgement.text() == "The disk is full. Make room."
    assert window.isVisible()


def test_the_settings_say_when_the_monitor_was_checked(qtbot: QtBot, checking: MonitorChecking) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = SettingsDialog(parent, Settings(), monitors=checking)
    assert dialog.monitor.text() == "This monitor was never checked."
    dialog.check_monitor.click()
    opened = dialog.findChildren(MonitorCheckWindow)
    assert len(opened) == 1
    answer(opened[0], "yes", "yes")
    opened[0].save.click()
    assert dialog.monitor.text().endswith("by 王启明: passed · not calibrated by a ruler")


@pytest.mark.parametrize("plane", list(MprPlane))
def test_in_real_size_ten_millimetres_of_the_patient_are_ten_on_the_ruler(plane: MprPlane) -> None:
    """0.25 mm pixels: 10 mm are 40 pixels."""
    scene, size = mpr(plane), (500.0, 400.0)
    scene.set_camera(Camera(zoom=2.3, rotation_deg=30.0))
    scene.set_camera(real_size(scene, size, 0.25))
    view = scene.view(size)
    assert view.px_per_mm == pytest.approx(4.0)
    assert scene.state.camera.rotation_deg == 30.0


def test_an_image_without_pixel_spacing_is_refused_real_size() -> None:
    scene = stack([replace(image(), plane=None)])
    with pytest.raises(WorkstationError, match="does not say how large"):
        real_size(scene, (500.0, 400.0), 0.25)
    with pytest.raises(WorkstationError, match="too small or too large"):
        real_size(mpr(MprPlane.AXIAL), (500.0, 400.0), 0.0001)
