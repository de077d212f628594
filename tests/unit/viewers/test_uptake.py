"""A PET on screen is told in uptake values: 4000 Bq/ml are SUV 1 here, so that every number can be checked by eye."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.link_group import LinkGroup
from viewers.scene.looks import look_of
from viewers.scene.raster import VoiFunction, Window, to_gray
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.uptake import Uptake
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import ImagePlane
from workstation.domain.key_image import KeyImage
from workstation.domain.suv import SuvScale, SuvType

SIZE = (64.0, 64.0)
PLANE = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (4.0, 4.0))
UPTAKE = Uptake("SUVbw", 1 / 4000)


def pet(series: str = "1.5", uptake: Uptake | None = UPTAKE, modality: str = "PT") -> StackScene:
    scene = StackScene(
        (StackSlot("1.1", plane=PLANE),), annotations=Annotations("1.2"), new_uid=uids(), modality=modality,
        frame_of_reference_uid="1.3", series_instance_uid=series,
    )  # fmt: skip
    pixels = np.full((64, 64), 10000.0, np.float32)
    scene.put(0, SliceImage(pixels, PLANE, "1.1", "1.3", padding=(-8000.0, -8000.0), unit="Bq/ml", voi=Window(1, 2)))
    scene.uptake = uptake
    return scene


def captions(scene: StackScene) -> list[str]:
    return [line.text for line in scene.frame((600.0, 600.0)).overlay.captions]


def test_a_pet_is_shown_dark_on_light_from_suv_0_to_5_until_the_reader_changes_it() -> None:
    scene = pet()

    assert scene.voi == Window(10000.0, 20000.0, VoiFunction.LINEAR_EXACT)
    assert scene.state.inverted
    assert "SUVbw 0\u20135" in captions(scene)
    scene.set_window(Window(30000.0, 20000.0))
    assert "SUVbw 5\u201310" in captions(scene)
    scene.set_window(Window(1000.0, 1000.0))
    assert "SUVbw 0.12\u20130.38" in captions(scene)
    scene.reset()
    assert (scene.window.width, scene.state.inverted) == (20000.0, True)
    assert not pet(modality="CT").state.inverted


@pytest.mark.parametrize(
    ("key", "top"), [("1", 5.0), ("2", 3.0), ("3", 5.0), ("4", 7.0), ("5", 8.0), ("6", 10.0), ("7", 15.0)]
)
def test_the_digits_choose_the_suv_scales(key: str, top: float) -> None:
    window = pet().preset_window(key)

    assert window is not None
    assert (window.centre, window.width) == (top * 2000, top * 4000)


def test_digits_without_a_scale_choose_nothing_and_without_uptake_values_no_suv_window_exists() -> None:
    assert (pet().preset_window("8"), pet().preset_window("9")) == (None, None)
    plain = pet(uptake=None)
    assert plain.voi == Window(1, 2)
    assert plain.preset_window("2") is None
    assert not any("SUV" in line for line in captions(plain))


def test_probe_and_regions_are_told_in_suv_and_padding_stays_padding() -> None:
    scene = pet()
    scene.probe_at = (32.0, 32.0)
    image = scene.measured()

    assert "2.50 SUV" in captions(scene)
    assert image is not None
    assert (image.unit, float(image.pixels[3, 4]), image.padding) == ("SUV", 2.5, (-2.0, -2.0))
    shown = scene.measurable()
    assert shown is not None
    assert (shown.unit, float(shown.pixels[3, 4])) == ("Bq/ml", 10000.0)
    scene.uptake = None
    assert scene.measured() is shown


def test_values_of_a_pet_without_uptake_say_what_they_are() -> None:
    scene = pet(uptake=None)
    scene.set_window(Window(10000.0, 20000.0))
    assert "W 20000  L 10000 Bq/ml" in captions(scene)
    scene.uptake = UPTAKE
    assert "SUVbw 0\u20135" in captions(scene)
    assert not any("Bq/ml" in line for line in captions(scene))


def test_a_picture_that_is_not_here_yet_names_no_window() -> None:
    scene = StackScene(
        (StackSlot("1.1", plane=PLANE),), annotations=Annotations("1.2"), new_uid=uids(), modality="MG",
        frame_of_reference_uid="1.3", series_instance_uid="1.5",
    )  # fmt: skip
    seen = [scene.has_window]
    assert not any(line.startswith("W ") for line in captions(scene))
    scene.put(0, SliceImage(np.zeros((64, 64), np.int16), PLANE, "1.1", "1.3", voi=Window(2000, 1000)))
    assert [*seen, scene.has_window] == [False, True]
    assert "W 1000  L 2000" in captions(scene)


def test_why_there_are_no_uptake_values_stays_on_the_image() -> None:
    scene = pet(uptake=None)
    scene.set_window(Window(10000.0, 20000.0))
    scene.no_uptake = "No SUV: The patient's weight is missing."
    warned = [line.text for line in scene.frame((600.0, 600.0)).overlay.captions if line.is_warning]
    assert warned == ["No SUV: The patient's weight is missing."]
    scene.uptake = Uptake("SUVbw", 1.0, ("The time of injection was taken from the day of the scan.",))
    assert "The time of injection was taken from the day of the scan." in captions(scene)


def test_two_pets_share_their_uptake_window_and_never_their_stored_values() -> None:
    group, now, before, unknown = LinkGroup(), pet(), pet("1.6", Uptake("SUVbw", 1 / 2000)), pet("1.7", None)
    for scene in (now, before, unknown):
        group.join(scene, lambda: None)

    group.set_window(Window(20000.0, 40000.0), now)

    assert (before.window.centre, before.window.width) == (10000.0, 20000.0)
    assert unknown.voi == Window(1, 2)
    lean = pet("1.8", Uptake("SUVlbm", 1 / 4000))
    group.join(lean, lambda: None)
    group.set_window(Window(40000.0, 80000.0), now)
    assert lean.state.voi is None


def own_factors() -> StackScene:
    """Return two slices of 10 000 Bq/ml, the second acquired one half-life later: SUV 2.5 and 5."""
    scene = StackScene(
        (StackSlot("1.1", plane=PLANE), StackSlot("1.2", plane=PLANE)), annotations=Annotations("1.2"),
        new_uid=uids(), modality="PT", frame_of_reference_uid="1.3", series_instance_uid="1.5",
    )  # fmt: skip
    for n in range(2):
        scene.put(n, SliceImage(np.full((64, 64), 10000.0, np.float32), PLANE, f"1.{n + 1}", "1.3", unit="BQML"))
    places = FrameRef("1.1"), FrameRef("1.2")
    scene.uptake = Uptake.of(SuvScale(SuvType.BW, (1 / 4000, 1 / 2000), places=places))
    return scene


@pytest.mark.parametrize(("index", "value", "level"), [(0, 2.5, 128), (1, 5.0, 255)])
def test_slices_with_factors_of_their_own_are_each_shown_and_told_in_their_own(
    index: int, value: float, level: int
) -> None:
    scene = own_factors()
    scene.scroll_to(index)
    scene.probe_at = (32.0, 32.0)
    image = scene.measured()

    assert image is not None
    assert (image.unit, float(image.pixels[3, 4])) == ("SUV", value)
    assert {"2.50 SUV" if index == 0 else "5 SUV", "SUVbw 0\u20135"} <= set(captions(scene))
    shown = scene.measurable()
    assert shown is not None
    scene.toggle_invert()  # a PET begins dark on light: 0 is black here
    plain = scene.frame((64.0, 64.0)).grayscale
    assert plain is not None
    assert int(to_gray(shown.pixels, plain)[3, 4]) == level


def test_slices_that_do_not_say_which_factor_is_theirs_have_no_uptake() -> None:
    assert Uptake.of(SuvScale(SuvType.BW, (0.5, 0.25))) is None
    assert Uptake.of(SuvScale(SuvType.BW, (0.5, 0.5))) == Uptake("SUVbw", 0.5)


def test_a_slice_that_the_headers_do_not_know_keeps_its_own_unit() -> None:
    scene = own_factors()
    scene.put(0, SliceImage(np.full((64, 64), 10000.0, np.float32), PLANE, "1.9", "1.3", unit="BQML"))
    scene.scroll_to(0)
    scene.probe_at = (32.0, 32.0)
    image = scene.measured()
    assert image is not None
    assert (image.unit, float(image.pixels[3, 4])) == ("BQML", 10000.0)
    assert "10000 BQML" in captions(scene)


def test_a_key_image_of_a_pet_is_kept_in_the_uptake_window_that_is_seen() -> None:
    scene = pet()
    look = look_of(scene, 0, KeyImage("1.5", "1.2.840.10008.5.1.4.1.1.128", "1.1"), (64.0, 64.0))
    assert look is not None
    assert (look.window_centre, look.window_width, look.window_function) == (10000.0, 20000.0, "LINEAR_EXACT")
    assert look.inverse
