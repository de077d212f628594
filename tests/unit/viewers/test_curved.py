"""A straightened path keeps lengths along it, values on it and the way back into the patient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.curved import CurvedPath, natural_spline, straighten
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.path_draft import PathDraft
from viewers.scene.reslice import OUTSIDE
from viewers.scene.tools.actions import AddPathPoint, FinishPath, MoveCrosshair, Refuse
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

VIEWPORT = (400.0, 400.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def quarter(radius: float = 30.0, centre: Point = (5.0, 5.0, 10.0), pieces: int = 12) -> CurvedPath:
    """Return a quarter of a circle in the axial plane."""
    angles = [math.pi / 2 * n / pieces for n in range(pieces + 1)]
    x, y, z = centre
    return CurvedPath(tuple((x + radius * math.cos(a), y + radius * math.sin(a), z) for a in angles))


def test_a_quarter_of_a_circle_is_as_long_as_it_is() -> None:
    # pi / 2 * 30 mm = 47.12 mm; a spline with free ends misses by less than a tenth of a per cent
    assert quarter().length_mm == pytest.approx(47.1239, abs=0.05)


def test_points_lie_evenly_along_the_path() -> None:
    points = quarter().positions(0.5)
    assert len(points) == 95
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert gaps.min() == pytest.approx(0.5, abs=0.002)
    assert gaps.max() == pytest.approx(0.5, abs=0.002)
    assert np.hypot(points[:, 0] - 5, points[:, 1] - 5) == pytest.approx(30.0, abs=0.05)


def test_the_path_runs_through_the_points_that_were_clicked() -> None:
    clicked = ((0.0, 0.0, 0.0), (10.0, 3.0, 1.0), (12.0, 9.0, 4.0), (30.0, 12.0, 9.0))
    points = CurvedPath(clicked).positions(0.05)
    for point in clicked:
        assert np.linalg.norm(points - point, axis=1).min() < 0.05


def test_a_natural_spline_of_three_points_is_the_textbook_one() -> None:
    # through (0, 0), (1, 1), (2, 0): M1 = -3, so S(0.5) = 0.6875 and S(1.5) = 0.6875
    at = np.array([0.0, 1.0, 2.0])
    values = np.array([[0.0], [1.0], [0.0]])
    assert natural_spline(at, values, np.array([0.0, 0.5, 1.0, 1.5, 2.0]))[:, 0].tolist() == pytest.approx(
        [0.0, 0.6875, 1.0, 0.6875, 0.0]
    )


def test_two_points_are_a_straight_line_and_show_what_a_plane_shows() -> None:
    data = volume()
    band = straighten(data, CurvedPath(((20.0, 15.0, 2.0), (20.0, 15.0, 17.0))), half_width_mm=5.0)
    assert band.values.shape == (16, 11)
    # rows run up the body, columns from the patient's right to the left: 5 x - 3 y + 7 z
    expected = [[5 * x - 3 * 15 + 7 * z for x in range(15, 26)] for z in range(2, 18)]
    assert band.values.tolist() == expected


def test_every_pixel_of_a_curved_band_shows_the_value_of_its_place() -> None:
    data = volume()
    band = straighten(data, quarter(12.0, (10.0, 8.0, 9.0)), half_width_mm=4.0, turn_deg=30.0)
    x, y, z = (band.places[..., axis] for axis in range(3))
    # the phantom is linear, so that trilinear values are exact
    assert np.abs(band.values - (5 * x - 3 * y + 7 * z)).max() <= 0.5


def test_the_band_stands_perpendicular_to_the_path_and_does_not_twist() -> None:
    band = straighten(volume((20, 60, 60)), quarter(), half_width_mm=3.0)
    across = band.places[:, -1] - band.places[:, 0]
    across /= np.linalg.norm(across, axis=1)[:, None]
    tangents = np.gradient(band.places[:, 3], axis=0)
    tangents /= np.linalg.norm(tangents, axis=1)[:, None]
    assert np.abs((across * tangents).sum(axis=1)).max() < 0.02
    # a path in one plane: the band that begins in that plane stays in it
    assert np.abs(across[:, 2]).max() < 1e-6


def test_half_a_turn_mirrors_the_band() -> None:
    data, path = volume((20, 60, 60)), quarter()
    upright, turned = (straighten(data, path, half_width_mm=3.0, turn_deg=turn) for turn in (0.0, 180.0))
    assert turned.places[:, ::-1] == pytest.approx(upright.places)


def test_beside_the_volume_a_band_is_outside() -> None:
    band = straighten(volume(), CurvedPath(((2.0, 15.0, 2.0), (2.0, 15.0, 17.0))), half_width_mm=5.0)
    assert band.values[3, :2].tolist() == [OUTSIDE, OUTSIDE]
    assert band.values[3, 3] != OUTSIDE


@pytest.mark.parametrize("points", [(), ((0.0, 0.0, 0.0),), ((0.0, 0.0, 0.0), (0.1, 0.0, 0.0))])
def test_a_path_without_length_does_not_exist(points: tuple[Point, ...]) -> None:
    with pytest.raises(ValueError, match="path"):
        CurvedPath(points)


def test_a_path_shorter_than_a_voxel_cannot_be_straightened() -> None:
    with pytest.raises(ValueError, match="shorter"):
        straighten(volume(affine=np.diag([3.0, 3.0, 3.0, 1.0])), CurvedPath(((0, 0, 0), (1, 0, 0))), half_width_mm=5)


# the scene ------------------------------------------------------------------------------------


def curved(data: Volume | None = None, *, modality: str = "CT") -> CurvedScene:
    path = CurvedPath(((20.0, 15.0, 2.0), (20.0, 15.0, 17.0)))
    return CurvedScene(data or volume(), path, annotations=Annotations("1"), new_uid=uids(), modality=modality)


def test_values_and_places_under_the_pointer_are_those_of_the_patient() -> None:
    scene = curved()
    x, y = scene.view(VIEWPORT).transform.apply(40 + 3, 6)
    assert scene.point_at(VIEWPORT, x, y) == pytest.approx((23.0, 15.0, 8.0))
    assert scene.value_at(VIEWPORT, x, y) == (5 * 23 - 3 * 15 + 7 * 8, "HU")
    assert scene.point_at(VIEWPORT, -50, -50) is None
    x, y = scene.view(VIEWPORT).transform.apply(0, 6)
    assert scene.value_at(VIEWPORT, x, y) is None


def test_shift_brings_the_place_under_the_pointer_to_the_planes() -> None:
    scene = curved()
    x, y = scene.view(VIEWPORT).transform.apply(40 - 2, 4)
    event = PointerEvent(PointerKind.MOVE, x, y, modifiers=Modifier.SHIFT)
    (moved,) = Navigator().handle(event, scene, VIEWPORT)
    assert isinstance(moved, MoveCrosshair)
    assert moved.lps_mm == pytest.approx((18.0, 15.0, 6.0))


@pytest.mark.parametrize("tool", [ToolName.DISTANCE, ToolName.ELLIPSE, ToolName.PROBE])
def test_measuring_on_a_bent_picture_is_refused_with_the_reason(tool: ToolName) -> None:
    navigator = Navigator()
    navigator.choose(tool)
    (refused,) = navigator.handle(PointerEvent(PointerKind.PRESS, 200, 200, Button.LEFT), curved(), VIEWPORT)
    assert isinstance(refused, Refuse)
    assert "bent" in refused.text


def test_a_curved_view_says_what_it_is_and_measures_nothing() -> None:
    scene = curved()
    assert scene.scroll_by(3)
    overlay = scene.frame(VIEWPORT).overlay
    words = [line.text for line in overlay.captions]
    assert {"Curved, turned 15°", "Path 15 mm", "MPR interpolated"} <= set(words)
    assert (overlay.scale_bars, overlay.callipers) == ((), ())
    assert (scene.count, scene.index, scene.title) == (36, 3, "Curved")
    assert scene.scroll_to(99)
    assert not scene.scroll_to(99)
    assert scene.slice_step_mm == 1.0


def test_the_crosshair_marks_the_nearest_place_of_the_path() -> None:
    scene = curved()
    assert scene.frame(VIEWPORT).overlay.crosshair == ()
    scene.show_point((25.0, 12.0, 9.2))
    (stroke,) = scene.frame(VIEWPORT).overlay.crosshair
    assert stroke.start[1] == pytest.approx(scene.view(VIEWPORT).transform.apply(0, 7)[1])


def test_windows_of_other_modalities_come_from_the_values() -> None:
    assert curved().window.centre == 40
    scene = curved(modality="MR")
    assert scene.window.width > 100
    assert scene.full_range().width > 300


# drawing --------------------------------------------------------------------------------------


def test_clicks_on_the_planes_draw_a_path_and_a_double_click_ends_it() -> None:
    scene = MprScene(volume(), MprPlane.CORONAL, annotations=Annotations("1"), new_uid=uids())
    navigator = Navigator()
    scene.begin_path()
    view = scene.view(VIEWPORT)
    for point in ((5.0, 15.0, 3.0), (20.0, 15.0, 10.0), (30.0, 15.0, 16.0)):
        x, y = view.viewport_of(point)
        (added,) = navigator.handle(PointerEvent(PointerKind.PRESS, x, y, Button.LEFT), scene, VIEWPORT)
        assert isinstance(added, AddPathPoint)
        assert (added.lps_mm[0], added.lps_mm[2]) == pytest.approx((point[0], point[2]))
        scene.planes.set_path(scene.planes.path.with_point(added.lps_mm))
        navigator.handle(PointerEvent(PointerKind.RELEASE, x, y, Button.LEFT), scene, VIEWPORT)
    way = [s for s in scene.frame(VIEWPORT).overlay.guides if s.token == "overlay.measure"]
    assert len(way) > 5
    double = PointerEvent(PointerKind.DOUBLE, 200, 200, Button.LEFT)
    assert navigator.handle(double, scene, VIEWPORT) == (FinishPath(),)
    path = scene.end_path()
    assert path is not None
    assert len(path.points) == 3
    assert not scene.planes.path.drawing


def test_a_draft_takes_points_back_and_ignores_double_ones() -> None:
    draft = PathDraft().begun().with_point((0, 0, 0)).with_point((0.2, 0, 0))
    assert len(draft.points) == 1
    assert draft.path is None
    draft = draft.with_point((5, 0, 0))
    assert draft.path is not None
    assert draft.without_last().points == ((0, 0, 0),)
    assert not draft.ended().drawing
