"""What a reader's hand finds: turns and mirrorings, other series, the image's own windows, all by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.reading import Case, ReadingBench, case, part_of_ct, series_of
from viewers.scene.captions import Identity
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import Window
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
ALT_SHIFT = ALT | Qt.KeyboardModifier.ShiftModifier


def two_series(images: tuple[SliceImage, ...]) -> Case:
    one = case(images[:4])
    bone = tuple(replace(image, sop_instance_uid=f"{image.sop_instance_uid}.9") for image in images[4:7])
    second = series_of(bone, "1.2.3.3", 3, "骨窗 1.0 mm")
    study = replace(one.study, series=(one.study.series[0], second, *one.study.series[1:]))
    return replace(one, study=study, images={**one.images, second.series_instance_uid: bone})


@pytest.fixture
def bench(qtbot: QtBot, lidc_0314: Path) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(two_series(part_of_ct(lidc_0314, 120, 162, 6)))
    qtbot.addWidget(made.page)
    made.page.resize(1280, 720)
    made.page.show()
    made.page.activateWindow()
    made.open(waiter(qtbot))
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.is_complete)
    yield made
    made.close()


def waiter(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return qtbot.waitUntil


def press(bench: ReadingBench, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key, held)


def letters(bench: ReadingBench) -> dict[str, str]:
    view = bench.page.grid.active.scene.view((300.0, 300.0))  # type: ignore[union-attr]  # a case is open
    assert view is not None
    return view.letters()


def warnings(bench: ReadingBench) -> list[str]:
    scene = bench.page.grid.active.scene
    assert scene is not None
    return [one.text for one in scene.frame((600.0, 600.0)).overlay.captions if one.is_warning]


def test_the_letters_of_the_sides_turn_with_the_picture(bench: ReadingBench) -> None:
    assert letters(bench) == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    press(bench, Qt.Key.Key_R, ALT)
    assert letters(bench) == {"left": "P", "right": "A", "top": "R", "bottom": "L"}
    press(bench, Qt.Key.Key_L, ALT)
    press(bench, Qt.Key.Key_L, ALT)
    assert letters(bench) == {"left": "A", "right": "P", "top": "L", "bottom": "R"}


def test_a_mirrored_picture_says_so_in_red_even_without_corner_text(bench: ReadingBench) -> None:
    assert "Mirrored" not in warnings(bench)
    press(bench, Qt.Key.Key_F, ALT)
    assert letters(bench) == {"left": "L", "right": "R", "top": "A", "bottom": "P"}
    scene = bench.page.grid.active.scene
    assert scene is not None
    scene.identity = Identity.NONE
    assert warnings(bench) == ["Mirrored"]
    press(bench, Qt.Key.Key_F, ALT_SHIFT)  # mirrored twice is turned by half
    assert letters(bench) == {"left": "L", "right": "R", "top": "P", "bottom": "A"}
    assert warnings(bench) == []
    press(bench, Qt.Key.Key_Space)
    assert letters(bench) == {"left": "R", "right": "L", "top": "A", "bottom": "P"}


def test_a_key_brings_the_next_series_and_the_keys_stay_with_the_images(qtbot: QtBot, bench: ReadingBench) -> None:
    said: list[str] = []
    bench.page.toast.connect(said.append)
    press(bench, Qt.Key.Key_Left)
    assert (bench.presenter.images.series_instance_uid, said) == ("1.2.3.2", ["This is the first series."])
    press(bench, Qt.Key.Key_Right)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.is_complete)
    assert bench.presenter.images.series_instance_uid == "1.2.3.3"
    press(bench, Qt.Key.Key_Right)  # the report after it is no series of images
    assert said[1:] == ["This is the last series."]
    press(bench, Qt.Key.Key_Left)
    assert bench.presenter.images.series_instance_uid == "1.2.3.2"
    press(bench, Qt.Key.Key_End)
    assert bench.page.grid.stack is not None
    assert bench.page.grid.stack.index == 3


def test_a_key_goes_round_the_windows_that_the_image_brings(qtbot: QtBot, bench: ReadingBench) -> None:
    grid = bench.page.grid
    said: list[str] = []
    bench.page.toast.connect(said.append)
    stack = grid.stack
    assert stack is not None
    lung, bone = VoiChoice(Window(-600, 1500), "LUNG"), VoiChoice(Window(400, 2000), "BONE")
    image = stack.image(stack.index)
    assert image is not None
    stack.put(stack.index, replace(image, voi=lung.voi, choices=()))
    press(bench, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert said == ["This picture brings no window of its own."]
    stack.put(stack.index, replace(image, voi=lung.voi, choices=(lung, bone)))
    press(bench, Qt.Key.Key_1)
    assert stack.voi == lung.voi
    press(bench, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert stack.voi == bone.voi
    menu = bench.page.header.presets.menu
    menu.aboutToShow.emit()
    offered = {action.text(): action.isChecked() for action in menu.actions() if action.isVisible()}
    menu.aboutToHide.emit()
    assert offered["Image 2: BONE · W 2000  L 400"] is True
    assert offered["Image 1: LUNG · W 1500  L \N{MINUS SIGN}600"] is False
