"""No wrong side, ever: the letters are compared with picture turning by numpy and with rendered pixels."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.helpers.viewers import image, stack, uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import GrayscaleTransform, Window, to_gray
from viewers.scene.resample import Resampler
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane, Point

NAMED: dict[Point, str] = {
    (1, 0, 0): "L",
    (-1, 0, 0): "R",
    (0, 1, 0): "P",
    (0, -1, 0): "A",
    (0, 0, 1): "H",
    (0, 0, -1): "F",
}
OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
AXIS_ORDERS = [(r, d) for r, d in product(NAMED, NAMED) if np.dot(r, d) == 0]
STEPS = ("none", "horizontal", "vertical", "both")
TURNS = (0, 90, 180, 270)


def turned_letters(right: str, down: str, flip: str, turn: int) -> dict[str, str]:
    """Turn a 3 x 3 card with the letters written on its edges, as one would turn a film."""
    card = np.array([["", OPPOSITE[down], ""], [OPPOSITE[right], "", right], ["", down, ""]])
    if flip in {"horizontal", "both"}:
        card = np.fliplr(card)
    if flip in {"vertical", "both"}:
        card = np.flipud(card)
    card = np.rot90(card, k=-(turn // 90))
    return {"top": card[0, 1], "left": card[1, 0], "right": card[1, 2], "bottom": card[2, 1]}


def camera(flip: str, turn: int) -> Camera:
    result = Camera()
    if flip in {"horizontal", "both"}:
        result = result.flipped_horizontally()
    if flip in {"vertical", "both"}:
        result = result.flipped_vertically()
    return result.rotated(turn)


def test_there_are_24_axial_orders() -> None:
    assert len(AXIS_ORDERS) == 24


@pytest.mark.parametrize(("right", "down"), AXIS_ORDERS)
def test_letters_follow_every_flip_and_turn_of_every_axis_order(right: Point, down: Point) -> None:
    plane = ImagePlane((3.0, -5.0, 7.0), right, down, (0.7, 1.3))
    wrong = []
    for flip, turn in product(STEPS, TURNS):
        view = SliceView((40, 30), (200.0, 150.0), camera(flip, turn), plane)
        expected = turned_letters(NAMED[right], NAMED[down], flip, turn)
        if view.letters() != expected:
            wrong.append((flip, turn, expected, view.letters()))
    assert wrong == []


@pytest.mark.parametrize(("right", "down"), AXIS_ORDERS)
def test_a_bright_pixel_on_the_patients_side_is_painted_beside_that_sides_letter(right: Point, down: Point) -> None:
    """The last column lies towards the patient direction ``right``: that edge must carry its letter."""
    pixels = np.zeros((16, 16), dtype=np.int16)
    pixels[4:12, 15] = 1000
    gray = to_gray(pixels, GrayscaleTransform(Window(centre=500, width=1000)))
    plane = ImagePlane((0.0, 0.0, 0.0), right, down, (1.0, 1.0))
    for flip, turn in product(STEPS, TURNS):
        view = SliceView((16, 16), (64.0, 64.0), camera(flip, turn), plane)
        out = np.empty((64, 64), dtype=np.uint8)
        Resampler().scale(gray, view.transform, out)
        edges = {"left": out[:, 0], "right": out[:, -1], "top": out[0], "bottom": out[-1]}
        brightest = max(edges, key=lambda edge: int(edges[edge].sum()))
        assert NAMED[right] == view.letters()[brightest], (flip, turn)


@pytest.mark.parametrize(
    ("plane", "right", "down"),
    [(MprPlane.AXIAL, "L", "P"), (MprPlane.CORONAL, "L", "F"), (MprPlane.SAGITTAL, "P", "F")],
)
def test_mpr_letters_follow_every_flip_and_turn(plane: MprPlane, right: str, down: str) -> None:
    scene = MprScene(volume(), plane, annotations=Annotations("1"), new_uid=uids())
    for flip, turn in product(STEPS, TURNS):
        scene.set_camera(camera(flip, turn))
        view = scene.view((200.0, 150.0))
        assert turned_letters(right, down, flip, turn) == view.letters()
        written = {letter.text for letter in scene.frame((200.0, 150.0)).overlay.letters}
        assert {right, down, OPPOSITE[right], OPPOSITE[down]} == written


def test_oblique_planes_name_the_stronger_direction_first() -> None:
    tilted = ImagePlane((0.0, 0.0, 0.0), (0.8, 0.6, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))
    assert SliceView((10, 10), (50.0, 50.0), Camera(), tilted).letters() == {
        "left": "RA",
        "right": "LP",
        "top": "H",
        "bottom": "F",
    }


def test_free_rotation_turns_the_letters_with_the_picture() -> None:
    plane = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
    view = SliceView((10, 10), (50.0, 50.0), Camera().rotated(30), plane)
    # turned clockwise by 30 degrees, the patient's left points right and a little down
    assert view.letters() == {"left": "RP", "right": "LA", "top": "AR", "bottom": "PL"}


def test_images_without_a_plane_use_patient_orientation_and_turn_it() -> None:
    def letters(picture: Camera) -> dict[str, str]:
        return SliceView((10, 10), (50.0, 50.0), picture, patient_orientation=("L", "F")).letters()

    for flip, turn in product(STEPS, TURNS):
        assert turned_letters("L", "F", flip, turn) == letters(camera(flip, turn))
    assert letters(Camera().rotated(45)) == {}


def test_unknown_orientation_shows_no_letter_rather_than_a_guess() -> None:
    scene = stack([image()])
    assert scene.frame((200.0, 150.0)).overlay.letters == ()
