"""Every axis order, plane, flip and turn: the letter at an edge is the side whose marker is painted there."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from tests.helpers.viewers import image, stack, uids
from tests.unit.viewers.test_orientation_letters import NAMED, OPPOSITE, STEPS, TURNS, camera, turned_letters
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import GrayscaleTransform, Window, to_gray
from viewers.scene.resample import Resampler
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import Point, direction_letters
from workstation.domain.side import SideDoubt
from workstation.domain.volume import Volume

AXIS_ORDERS = [(r, d) for r, d in product(NAMED, NAMED) if np.dot(r, d) == 0]
EDGES = ("left", "right", "top", "bottom")
SPAN = 12
SIDES = {"L": 0, "P": 1, "H": 2}


def marked(right: Point, down: Point, letter: str) -> Volume:
    """
    Return a cube of 1 mm voxels with a bright slab on one side of the patient, in the given order of axes.

    Slices run along ``right x down``; which voxels are bright is decided voxel by voxel from patient coordinates.
    """
    step = np.cross(right, down).astype(float)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, down, step], axis=1)
    matrix[:3, 3] = -matrix[:3, :3].sum(axis=1) * (SPAN - 1) / 2
    index = np.stack(np.meshgrid(*[np.arange(SPAN)] * 3, indexing="ij"), axis=-1)
    points = index @ matrix[:3, :3].T + matrix[:3, 3]
    axis = SIDES[letter] if letter in SIDES else SIDES[OPPOSITE[letter]]
    towards = points[..., axis] * (1 if letter in SIDES else -1)
    voxels = np.where(towards > SPAN / 2 - 2, 1000, 0).astype(np.int16)
    return Volume(np.ascontiguousarray(voxels.transpose(2, 1, 0)), matrix, "1.2", "1.3")


def painted_edge(scene: MprScene, levels: npt.NDArray[np.uint8]) -> str | None:
    out = np.zeros((48, 48), dtype=np.uint8)
    Resampler().scale(levels, scene.view((48.0, 48.0)).transform, out)
    sums = {"left": out[:, :2], "right": out[:, -2:], "top": out[:2], "bottom": out[-2:]}
    bright = {edge: float(part.mean()) for edge, part in sums.items()}
    return max(bright, key=lambda edge: bright[edge])


@pytest.mark.parametrize(("right", "down"), AXIS_ORDERS)
def test_in_every_plane_the_marker_is_painted_beside_its_own_letter(right: Point, down: Point) -> None:
    """24 axis orders x 3 planes x 4 sides x 4 flips x 4 turns: 4608 pictures."""
    wrong = []
    for plane in MprPlane:
        across, along = direction_letters(plane.right), direction_letters(plane.down)
        for letter in (across, OPPOSITE[across], along, OPPOSITE[along]):
            scene = MprScene(marked(right, down, letter), plane, annotations=Annotations("1"), new_uid=uids())
            levels = to_gray(scene.measurable().pixels, GrayscaleTransform(Window(500, 1000)))
            for flip, turn in product(STEPS, TURNS):
                scene.set_camera(camera(flip, turn))
                edge = painted_edge(scene, levels)
                if edge is None or scene.view((48.0, 48.0)).letters()[edge] != letter:
                    wrong.append((plane, letter, flip, turn, edge))
    assert wrong == []


PAIRS = [(NAMED[r], NAMED[d]) for r, d in AXIS_ORDERS]


@pytest.mark.parametrize(("along_row", "along_column"), PAIRS)
def test_radiographs_turn_the_letters_of_their_tag_through_every_flip_and_turn(
    along_row: str, along_column: str
) -> None:
    for flip, turn in product(STEPS, TURNS):
        view = SliceView((40, 30), (200.0, 150.0), camera(flip, turn), patient_orientation=(along_row, along_column))
        assert turned_letters(along_row, along_column, flip, turn) == view.letters(), (flip, turn)


def test_oblique_radiographs_keep_both_letters() -> None:
    """A right anterior oblique: rows towards left and posterior."""
    view = SliceView((40, 30), (200.0, 150.0), Camera().rotated(180), patient_orientation=("LP", "F"))

    assert view.letters() == {"left": "LP", "right": "RA", "top": "F", "bottom": "H"}


@pytest.mark.parametrize("tag", [("LE", "D"), ("DI", "M"), ("L", "R"), ("", "F"), ("PL", "CR")])
def test_what_is_no_human_orientation_gives_no_letter(tag: tuple[str, str]) -> None:
    for flip, turn in product(STEPS, TURNS):
        assert SliceView((40, 30), (200.0, 150.0), camera(flip, turn), patient_orientation=tag).letters() == {}


def test_doubts_about_the_side_stand_on_the_image_in_red() -> None:
    pixels = np.zeros((8, 8), dtype=np.int16)
    one = image(pixels)
    doubtful = type(one)(pixels, side_doubts=(SideDoubt.LATERALITY_MISSING, SideDoubt.ORIENTATION_MISSING))

    captions = stack([doubtful]).frame((600.0, 600.0)).overlay.captions

    assert [line.text for line in captions if line.is_warning][-2:] == [
        "Side not tagged: use the marker in the image",
        "Orientation not tagged: use the marker in the image",
    ]
