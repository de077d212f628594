"""How an image was taken, in the words of its corner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.viewers import axial_stack
from viewers.scene.captions import StudyCaptions
from viewers.scene.stack_scene import StackScene
from viewers.scene.technique_words import technique_text, thickness_text
from workstation.domain.technique import UNKNOWN, Technique

MR = Technique(echo_ms=90.5, repetition_ms=4500.0, inversion_ms=2500.0, field_t=3.0)
CT = Technique(thickness_mm=0.625, kvp=120.0, mas=84.6)
THIN = "\N{THIN SPACE}"


@pytest.mark.parametrize(
    ("technique", "modality", "text"),
    [
        (MR, "MR", f"TE 90.5 TR 4500 TI 2500 ms  3{THIN}T"),
        (Technique(field_t=1.494), "MR", f"1.49{THIN}T"),
        (CT, "CT", f"120{THIN}kV  84.6{THIN}mAs"),
        (Technique(kvp=28.0, mas=3.25), "MG", f"28{THIN}kV  3.25{THIN}mAs"),
        (CT, "US", ""),
        (UNKNOWN, "CT", ""),
    ],
)
def test_each_modality_says_what_its_reader_asks_for(technique: Technique, modality: str, text: str) -> None:
    assert technique_text(technique, modality) == text


@pytest.mark.parametrize(("mm", "text"), [(5.0, "T 5.0"), (1.25, "T 1.25"), (0.625, "T 0.625"), (2.5, "T 2.5")])
def test_thickness_keeps_the_places_that_count_and_says_its_unit(mm: float, text: str) -> None:
    assert thickness_text(mm) == f"{text}{THIN}mm"


def taken(captions: StudyCaptions | None = None) -> StackScene:
    scene = axial_stack(3, step_mm=2.0)
    scene.slots = tuple(replace(slot, technique=replace(CT, mas=50.0 + n)) for n, slot in enumerate(scene.slots))
    scene.captions = captions or StudyCaptions(series="S2 Chest", contrast="Contrast medium Omnipaque")
    scene.scroll_to(1)
    return scene


def lines(scene: StackScene, width: float, height: float) -> list[str]:
    return [one.text for one in scene.frame((width, height)).overlay.captions if one.corner.value == "bottom_right"]


def test_the_exposure_is_that_of_the_slice_on_screen() -> None:
    scene = taken()
    facts = f"120{THIN}kV  51{THIN}mAs · Contrast medium Omnipaque"
    assert lines(scene, 800.0, 600.0) == ["S2 Chest", facts, "2 / 3", f"T 0.625{THIN}mm  z 2.0 mm"]
    scene.scroll_to(2)
    assert lines(scene, 800.0, 600.0)[1] == f"120{THIN}kV  52{THIN}mAs · Contrast medium Omnipaque"


def test_a_small_cell_keeps_slice_and_place_and_drops_how_it_was_taken() -> None:
    assert lines(taken(), 400.0, 400.0) == ["2 / 3", f"T 0.625{THIN}mm  z 2.0 mm"]
    assert lines(taken(), 300.0, 300.0) == ["2 / 3"]
