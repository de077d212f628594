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

from tests.gui.test_fusion import FusionBench, corner, fuse, pet_ct
from tests.helpers.reading import Case, ReadingBench, case, part_of_ct, series_of
from viewers.scene.captions import Identity
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import Window
from workstation.domain.suv import SuvType
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import Layout

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
    alone(qtbot, made)
    yield made
    made.close()


def waiter(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return qtbot.waitUntil


def alone(qtbot: QtBot, bench: ReadingBench) -> None:
    """Wait until nothing more arrives, then show the stack alone: the hanging may have brought planes."""
    qtbot.waitUntil(bench.page.has_volume)
    bench.page.grid.choose_layout(Layout.ONE)
    bench.page.grid.active.setFocus()


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
    alone(qtbot, bench)
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


@pytest.fixture
def pet(qtbot: QtBot) -> Iterator[FusionBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = FusionBench(pet_ct())
    made.headers.value = replace(made.headers.value, tracer="FDG", units="BQML")
    qtbot.addWidget(made.page)
    made.page.resize(1280, 720)
    made.page.show()
    made.page.activateWindow()
    made.open(waiter(qtbot))
    yield made
    made.close()


def shown_pet(qtbot: QtBot, pet: FusionBench, said: str) -> None:
    pet.presenter.images.show_series("1.2.3.5")
    pet.streams.last.deliver_all()
    alone(qtbot, pet)
    qtbot.waitUntil(lambda: said in corner(pet))


def test_a_key_tells_a_pet_by_lean_body_mass_and_by_body_surface(qtbot: QtBot, pet: FusionBench) -> None:
    """70 kg, 175 cm, male: 55.857 kg lean (Janmahasatian), 18481 cm2 (Du Bois)."""
    shown_pet(qtbot, pet, "SUVbw 0\u20135")
    assert "FDG · 60.0 min from injection" in corner(pet)
    stack = pet.page.grid.stack
    assert stack is not None
    assert stack.uptake is not None
    by_weight = stack.uptake.factor
    press(pet, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: "SUVlbm 0\u20135" in corner(pet))
    assert stack.uptake.factor / by_weight == pytest.approx(55.857 / 70, rel=1e-4)
    assert stack.uptake.unit == "SUVlbm"  # a region measured now says so, and so does its SR
    qtbot.waitUntil(lambda: stack.measured_volume is not None and stack.measured_volume.unit == "SUVlbm")
    press(pet, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: "SUVbsa 0\u20135" in corner(pet))
    assert stack.uptake.factor / by_weight == pytest.approx(18481 / 70_000, rel=1e-4)
    press(pet, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert stack.uptake.factor == by_weight


def test_without_the_height_the_values_by_body_size_are_refused_with_the_reason(qtbot: QtBot, pet: FusionBench) -> None:
    pet.headers.value = replace(pet.headers.value, patient=replace(pet.headers.value.patient, height_m=None))
    shown_pet(qtbot, pet, "SUVbw 0\u20135")
    said: list[str] = []
    pet.page.toast.connect(said.append)
    press(pet, Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert said == ["No SUVlbm: The patient's height is missing."]
    assert "SUVbw 0\u20135" in corner(pet)
    choice = pet.presenter.images.suv
    choice.fill()
    offered = [(one.text(), one.isEnabled(), one.isChecked()) for one in choice.menu.actions()]
    assert offered == [
        ("SUVbw · SUV by body weight", True, True),
        ("No SUVlbm: The patient's height is missing.", False, False),
        ("No SUVbsa: The patient's height is missing.", False, False),
    ]


def test_a_fused_pet_follows_the_uptake_value(qtbot: QtBot, pet: FusionBench) -> None:
    pet.streams.last.deliver_all()
    qtbot.waitUntil(pet.page.has_volume)
    fuse(qtbot, pet)
    assert pet.layer().label == "SUVbw"
    pet.presenter.images.suv.choose(SuvType.BSA)
    qtbot.waitUntil(lambda: pet.is_fused() and pet.layer().label == "SUVbsa")
