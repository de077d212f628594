"""A presentation state over a large image never holds up the window, and says of every image what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import image, stack
from viewers.scene import applied_state
from viewers.scene.applied_state import turned_like
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene
from workstation.dicom.objects.presentation import (
    COLOUR_STATE,
    GRAYSCALE_STATE,
    PresentationState,
    presentation_state,
)

VIEWPORT = (400.0, 400.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


class Elsewhere:
    """Keeps what is to be done on another thread until the test has it done there."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None], Callable[[], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[], None]) -> None:
        self.waiting.append((work, done, failed))

    def run(self) -> None:
        work, done, failed = self.waiting.pop(0)
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(work)
            if made.exception() is None:
                done(made.result())
            else:
                failed()


def state(kind: str = GRAYSCALE_STATE) -> PresentationState:
    """Return a state of the image 1.9: turned by a quarter, windowed over what was stored."""
    ds, series, one, voi = Dataset(), Dataset(), Dataset(), Dataset()
    one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.9"
    series.ReferencedImageSequence = [one]
    voi.WindowCenter, voi.WindowWidth = "1000", "400"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.ContentLabel = kind, "1.7", "BONE"
    ds.ReferencedSeriesSequence = [series]
    ds.ImageRotation, ds.ImageHorizontalFlip = 90, "N"
    if kind == GRAYSCALE_STATE:
        ds.SoftcopyVOILUTSequence = [voi]
    return presentation_state(ds)


def film(side: int = 1800, value: int = -24) -> SliceImage:
    """Return an image whose stored values begin 1024 above those that it shows."""
    made = image(np.full((side, side), value, np.int16))
    return SliceImage(made.pixels, None, "1.9", rescale=(1.0, -1024.0), stored_range=(0, 4095))


def red(scene: StackScene) -> list[str]:
    return [line.text for line in scene.frame(VIEWPORT).overlay.captions if "stored" in line.text]


def values(scene: StackScene) -> set[int]:
    source = scene.frame(VIEWPORT).source
    assert isinstance(source, SliceImage)
    return {int(source.pixels.min()), int(source.pixels.max())}


def test_a_large_image_is_made_on_another_thread_and_until_then_is_not_called_as_stored() -> None:
    scene, elsewhere = stack([film()]), Elsewhere()
    scene.present(state(), elsewhere)

    assert values(scene) == {-24}
    assert red(scene) == ["Not shown as stored (BONE): it is being prepared"]
    assert (scene.state.camera.rotation_deg, scene.is_state_awaited) == (0.0, True)
    assert len(elsewhere.waiting) == 1  # however often it is painted

    elsewhere.run()
    assert values(scene) == {1000}
    assert red(scene) == ["Shown as stored: BONE"]
    assert (scene.state.camera.rotation_deg, scene.is_state_awaited) == (90.0, False)
    assert (scene.window.centre, elsewhere.waiting) == (1000.0, [])


@pytest.mark.parametrize(
    ("error", "why"),
    [(MemoryError(), "there is not enough memory for it"), (RuntimeError("x"), "it could not be applied")],
)
def test_a_state_that_cannot_be_applied_is_told_and_is_not_prepared_for_ever(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def broken(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(applied_state, "presented", broken)
    scene, elsewhere = stack([film()]), Elsewhere()
    scene.present(state(), elsewhere)
    assert red(scene) == ["Not shown as stored (BONE): it is being prepared"]

    elsewhere.run()
    assert red(scene) == [f"Not shown as stored (BONE): {why}"]
    assert (values(scene), scene.is_state_awaited) == ({-24}, False)


def test_a_reader_who_zoomed_in_while_a_state_was_awaited_stays_at_the_same_place() -> None:
    scene, elsewhere = stack([film()]), Elsewhere()
    scene.present(state(), elsewhere)
    scene.frame(VIEWPORT)
    scene.set_camera(scene.state.camera.zoomed(3.0).panned(50.0, 20.0))
    before = scene.view(VIEWPORT)
    assert before is not None
    middle = before.transform.inverted().apply(200.0, 200.0)
    elsewhere.run()
    after = scene.view(VIEWPORT)

    assert after is not None
    assert (after.camera.zoom, after.camera.rotation_deg) == (3.0, 90.0)
    assert after.transform.inverted().apply(200.0, 200.0) == pytest.approx(middle)


def test_a_viewport_that_changes_its_size_after_an_awaited_state_came_shows_it_as_stored() -> None:
    scene, elsewhere = stack([film()]), Elsewhere()
    scene.present(state(), elsewhere)
    scene.frame(VIEWPORT)
    elsewhere.run()
    scene.frame(VIEWPORT)
    scene.frame((300.0, 300.0))

    assert (scene.state.camera.zoom, scene.state.camera.rotation_deg) == (1.0, 90.0)


@pytest.mark.parametrize(
    ("flipped", "rotation_deg", "pan"),
    [(False, 90.0, (-20.0, 50.0)), (True, 0.0, (-50.0, 20.0)), (True, 90.0, (-20.0, -50.0))],
)
def test_what_a_reader_went_to_stays_in_the_middle_when_the_picture_is_turned(
    *, flipped: bool, rotation_deg: float, pan: tuple[float, float]
) -> None:
    found = turned_like(Camera(2.0, (50.0, 20.0)), Camera(rotation_deg=rotation_deg, flipped=flipped))
    assert (found.zoom, found.rotation_deg, found.flipped) == (2.0, rotation_deg, flipped)
    assert found.pan == pytest.approx(pan)


def test_a_small_image_is_shown_as_stored_at_once() -> None:
    scene, elsewhere = stack([film(64)]), Elsewhere()
    scene.present(state(), elsewhere)
    assert values(scene) == {1000}
    assert (red(scene), elsewhere.waiting) == (["Shown as stored: BONE"], [])


def test_what_was_made_of_an_image_that_came_anew_meanwhile_is_not_shown() -> None:
    scene, elsewhere = stack([film()]), Elsewhere()
    scene.present(state(), elsewhere)
    assert values(scene) == {-24}
    scene.put(0, film(value=76))
    assert values(scene) == {76}
    elsewhere.run()
    assert values(scene) == {76}
    elsewhere.run()
    assert values(scene) == {1100}


@pytest.mark.parametrize(
    ("kind", "pixels", "why"),
    [
        (
            GRAYSCALE_STATE,
            np.full((40, 40, 3), 90, np.uint8),
            "it is a state for grey images, and this one has colours",
        ),
        (COLOUR_STATE, np.full((40, 40), 90, np.int16), "it is a state for colour images, and this one is grey"),
    ],
)
def test_a_state_of_the_other_kind_says_that_only_view_and_annotations_are_as_stored(
    kind: str, pixels: np.ndarray, why: str
) -> None:
    scene = stack([image(pixels)])
    scene.present(state(kind))
    assert values(scene) == {90}
    assert scene.state.camera.rotation_deg == 90.0
    assert red(scene) == [f"Only view and annotations as stored (BONE): {why}"]
    scene.present(None)
    assert (red(scene), scene.partial_state) == ([], "")
