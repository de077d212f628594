"""
The sides of a straightened path are named where they are true, and not where a bend gives one edge two of them.

Worked out by hand: of a quarter of a circle about z from (35, 5) to (5, 35) the first millimetre runs to the back (P)
with the patient's left (L) at the right of the band, the last one to the right (R) with the back (P) there.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.curved import CurvedPath
from viewers.scene.curved_scene import CurvedScene
from workstation.domain.geometry import Point

VIEWPORT = (400.0, 400.0)
DATA = volume((24, 60, 60))


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def scene_of(*points: Point, turn_deg: float = 0.0, camera: Camera | None = None) -> CurvedScene:
    scene = CurvedScene(DATA, CurvedPath(points), annotations=Annotations("1"), new_uid=uids())
    scene.scroll_to(round(turn_deg / 5))
    scene.state = replace(scene.state, camera=camera or Camera())
    return scene


def quarter(turn_deg: float = 0.0, camera: Camera | None = None) -> CurvedScene:
    angles = [math.pi / 2 * n / 12 for n in range(13)]
    points = [(5 + 30 * math.cos(a), 5 + 30 * math.sin(a), 12.0) for a in angles]
    return scene_of(*points, turn_deg=turn_deg, camera=camera)


def letters(scene: CurvedScene) -> dict[str, str]:
    """Return the letters by the edge of the viewport that they stand at."""
    edges = {(14.0, 200.0): "left", (386.0, 200.0): "right", (200.0, 14.0): "top", (200.0, 386.0): "bottom"}
    return {edges[one.x, one.y]: one.text for one in scene.frame(VIEWPORT).overlay.letters}


def words(scene: CurvedScene) -> set[str]:
    return {line.text for line in scene.frame(VIEWPORT).overlay.captions}


UP = (30.0, 30.0, 2.0), (30.0, 30.0, 22.0)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        # drawn from the feet to the head: the feet are at the top
        (Camera(), {"left": "R", "right": "L", "top": "F", "bottom": "H"}),
        (Camera(flipped=True), {"left": "L", "right": "R", "top": "F", "bottom": "H"}),
        (Camera(rotation_deg=180.0), {"left": "L", "right": "R", "top": "H", "bottom": "F"}),
        (Camera(rotation_deg=90.0), {"left": "H", "right": "F", "top": "R", "bottom": "L"}),
        (Camera(rotation_deg=90.0, flipped=True), {"left": "H", "right": "F", "top": "L", "bottom": "R"}),
    ],
)
def test_a_straight_path_has_the_letters_of_a_plane_however_it_is_displayed(
    camera: Camera, expected: dict[str, str]
) -> None:
    scene = scene_of(*UP, camera=camera)
    assert letters(scene) == expected
    assert "Path 20 mm" in words(scene)


def test_turned_by_a_quarter_about_the_path_the_sides_are_front_and_back() -> None:
    # to the head, turned from left about it: z x x = y, to the back
    assert letters(scene_of(*UP, turn_deg=90.0)) == {"left": "A", "right": "P", "top": "F", "bottom": "H"}


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        (Camera(), {"top": "A", "bottom": "R"}),
        (Camera(flipped=True), {"top": "A", "bottom": "R"}),
        (Camera(rotation_deg=180.0), {"top": "R", "bottom": "A"}),
        (Camera(rotation_deg=90.0), {"left": "R", "right": "A"}),
    ],
)
def test_where_a_path_bends_by_a_right_angle_its_ends_are_named_and_its_sides_are_not(
    camera: Camera, expected: dict[str, str]
) -> None:
    scene = quarter(camera=camera)
    assert {edge: text[0] for edge, text in letters(scene).items()} == expected
    assert "Path 47 mm, sides change along it" in words(scene)


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        # the band stands upright on the circle: P x L = F at its right all along
        (Camera(), {"left": "H", "right": "F", "top": "A", "bottom": "R"}),
        (Camera(flipped=True), {"left": "F", "right": "H", "top": "A", "bottom": "R"}),
    ],
)
def test_sides_that_hold_all_along_a_bent_path_are_named(camera: Camera, expected: dict[str, str]) -> None:
    scene = quarter(turn_deg=90.0, camera=camera)
    assert {edge: text[0] for edge, text in letters(scene).items()} == expected
    assert "Path 47 mm" in words(scene)


def test_of_a_part_of_the_path_the_letters_are_those_of_what_is_on_screen() -> None:
    zoomed = Camera(zoom=8.0)
    rows = quarter().view(VIEWPORT).size[1]
    step_px = quarter(camera=zoomed).view(VIEWPORT).magnification
    first = quarter(camera=replace(zoomed, pan=(0.0, step_px * rows / 2)))  # its first row in the middle
    last = quarter(camera=replace(zoomed, pan=(0.0, -step_px * rows / 2)))
    assert {edge: text[0] for edge, text in letters(first).items()} == {
        "left": "R", "right": "L", "top": "A", "bottom": "P"
    }  # fmt: skip
    assert {edge: text[0] for edge, text in letters(last).items()} == {
        "left": "A", "right": "P", "top": "L", "bottom": "R"
    }  # fmt: skip


def test_every_letter_names_where_the_patient_points_at_its_edge_lie() -> None:
    axis = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "H": (2, 1), "F": (2, -1)}
    steps = {"left": (-3.0, 0.0), "right": (3.0, 0.0), "top": (0.0, -3.0), "bottom": (0.0, 3.0)}
    scene = quarter(turn_deg=90.0, camera=Camera(flipped=True, rotation_deg=180.0))
    view, named = scene.view(VIEWPORT), letters(scene)
    inside = {
        "left": (40, 10),
        "right": (40, 10),
        "top": (40, len(scene._straightened().places) - 8),
        "bottom": (40, 8),
    }
    assert set(named) == set(steps)
    for edge, (dx, dy) in steps.items():
        x, y = view.transform.apply(*inside[edge])
        here, there = scene.point_at(VIEWPORT, x, y), scene.point_at(VIEWPORT, x + 4 * dx, y + 4 * dy)
        assert here is not None
        assert there is not None
        index, sign = axis[named[edge][0]]
        assert (there[index] - here[index]) * sign > 0, edge
