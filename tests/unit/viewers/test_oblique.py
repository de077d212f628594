"""Turned planes, thick slabs and tilted grids show what geometry says, to the letter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.crosshair_arms import arm_at, arms
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.oblique import ObliqueFrame, PlaneSet, rotation_about, turn_between
from viewers.scene.overlay import Stroke
from viewers.scene.reslice import OUTSIDE, ResliceRequest, reslice
from viewers.scene.slab import THICKNESSES_MM, Projection, Slab
from viewers.scene.tilt import grid_facts
from viewers.scene.tools.actions import ChangeSlab, SetWindow, TurnPlanes
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.volume import Volume

VIEWPORT = (800.0, 640.0)
PIVOT = (10.0, 12.0, 9.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def linked(data: Volume | None = None) -> dict[MprPlane, MprScene]:
    """Return the three scenes of one volume, crosshair on PIVOT."""
    planes, source = PlaneSet(), data or volume()
    scenes = {
        plane: MprScene(source, plane, annotations=Annotations("1"), new_uid=uids(), planes=planes)
        for plane in MprPlane
    }
    for scene in scenes.values():
        scene.show_point(PIVOT)
    return scenes


def words(scene: MprScene) -> list[str]:
    return [line.text for line in scene.frame(VIEWPORT).overlay.captions]


def warnings(scene: MprScene) -> list[str]:
    return [line.text for line in scene.frame(VIEWPORT).overlay.captions if line.is_warning]


# turning ----------------------------------------------------------------------------------------


def test_a_quarter_turn_about_the_body_axis_makes_the_coronal_plane_sagittal() -> None:
    scenes = linked()
    scenes[MprPlane.AXIAL].turn(math.radians(90))
    shown = scenes[MprPlane.CORONAL].displayed_plane()
    assert shown.right == pytest.approx((0.0, 1.0, 0.0))
    assert shown.down == pytest.approx((0.0, 0.0, -1.0))
    assert scenes[MprPlane.CORONAL].view(VIEWPORT).letters() == {"left": "A", "right": "P", "top": "H", "bottom": "F"}
    assert scenes[MprPlane.AXIAL].displayed_plane().right == (1.0, 0.0, 0.0)


def test_letters_follow_a_plane_turned_by_thirty_degrees() -> None:
    scenes = linked()
    scenes[MprPlane.AXIAL].turn(math.radians(30))
    assert scenes[MprPlane.CORONAL].view(VIEWPORT).letters() == {
        "left": "RA",
        "right": "LP",
        "top": "H",
        "bottom": "F",
    }
    # the sagittal plane's right pointed to P and turns towards R
    assert scenes[MprPlane.SAGITTAL].view(VIEWPORT).letters()["right"] == "PR"
    assert scenes[MprPlane.CORONAL].title == "Coronal turned"
    assert scenes[MprPlane.AXIAL].title == "Axial"


@pytest.mark.parametrize("only", [None, MprPlane.SAGITTAL])
def test_the_other_planes_stay_perpendicular_unless_one_is_turned_alone(only: MprPlane | None) -> None:
    frame = ObliqueFrame().turned(MprPlane.AXIAL, PIVOT, math.radians(20), only=only)
    coronal, sagittal = frame.normal(MprPlane.CORONAL), frame.normal(MprPlane.SAGITTAL)
    between = math.degrees(math.acos(float(np.dot(coronal, sagittal))))
    assert between == pytest.approx(90.0 if only is None else 70.0)
    assert frame.normal(MprPlane.AXIAL) == (0.0, 0.0, 1.0)


def test_double_oblique_turns_add_up_as_rotations_in_their_order() -> None:
    frame = ObliqueFrame().turned(MprPlane.AXIAL, PIVOT, math.radians(30))
    frame = frame.turned(MprPlane.CORONAL, PIVOT, math.radians(40))
    # 30 degrees about head, then 40 about the turned coronal normal (-sin 30, cos 30, 0)
    turn = rotation_about((-0.5, math.sqrt(3) / 2, 0.0), math.radians(40))
    assert frame.normal(MprPlane.AXIAL) == pytest.approx(tuple(turn @ (0, 0, 1)))
    assert frame.normal(MprPlane.CORONAL) == pytest.approx((-0.5, math.sqrt(3) / 2, 0.0))


def test_the_crosshair_stays_in_its_place_on_the_screen_while_planes_turn() -> None:
    scenes = linked()
    before = {plane: scene.view(VIEWPORT).viewport_of(PIVOT) for plane, scene in scenes.items()}
    scenes[MprPlane.SAGITTAL].turn(math.radians(25))
    scenes[MprPlane.CORONAL].turn(math.radians(-50), only=MprPlane.AXIAL)
    for plane, scene in scenes.items():
        assert scene.view(VIEWPORT).viewport_of(PIVOT) == pytest.approx(before[plane])
        assert scene.displayed_plane().distance_mm(PIVOT) == pytest.approx(0.0, abs=1e-9)


def test_a_turned_plane_scrolls_along_its_own_normal() -> None:
    scenes = linked()
    scenes[MprPlane.AXIAL].turn(math.radians(30))
    coronal = scenes[MprPlane.CORONAL]
    first = coronal.displayed_plane()
    assert coronal.scroll_by(3)
    assert coronal.displayed_plane().normal == pytest.approx(first.normal)
    crosshair = coronal.crosshair
    assert crosshair is not None
    assert first.distance_mm(crosshair) == pytest.approx(3.0, abs=0.51)
    assert coronal.displayed_plane().distance_mm(crosshair) == pytest.approx(0.0, abs=1e-9)


def test_a_turned_plane_reaches_every_corner_of_the_volume() -> None:
    scenes = linked(volume((20, 30, 40)))
    scenes[MprPlane.AXIAL].turn(math.radians(45))
    # 40 x 30 mm seen along the diagonal: (40 + 30) / sqrt 2 = 49.5 mm
    assert scenes[MprPlane.CORONAL].count == 49


def test_upright_planes_return_and_show_acquired_pixels_again() -> None:
    scenes = linked()
    scenes[MprPlane.CORONAL].turn(0.4)
    assert warnings(scenes[MprPlane.AXIAL]) == ["MPR interpolated"]
    scenes[MprPlane.SAGITTAL].stand_upright()
    assert all(scene.pose.is_standard for scene in scenes.values())
    assert warnings(scenes[MprPlane.AXIAL]) == []


def test_reset_returns_planes_and_slab() -> None:
    scene = linked()[MprPlane.AXIAL]
    scene.set_slab(Slab(Projection.MINIP, 5.0))
    scene.planes.change(scene.planes.frame.turned(MprPlane.CORONAL, PIVOT, 0.3))
    scene.reset()
    assert scene.pose.is_standard
    assert not scene.slab.is_thick


def test_a_turned_plane_shows_the_voxels_that_lie_there() -> None:
    scenes = linked()
    scenes[MprPlane.AXIAL].turn(math.radians(30))
    coronal = scenes[MprPlane.CORONAL]
    picture = coronal.measurable()
    for column, row in ((12, 4), (17, 9), (20, 12)):
        x, y, z = coronal.displayed_plane().lps_of(column, row)
        # the phantom is linear, so that trilinear values are exact: 5 x - 3 y + 7 z
        assert picture.pixels[row, column] == pytest.approx(5 * x - 3 * y + 7 * z, abs=0.51)


# arms -------------------------------------------------------------------------------------------


def test_arms_are_where_the_other_planes_cut_and_turn_with_them() -> None:
    scenes = linked()
    axial = scenes[MprPlane.AXIAL]
    axial.turn(math.radians(30))
    found = {arm.plane: arm.direction for arm in arms(axial.view(VIEWPORT), MprPlane.AXIAL, axial.planes.frame)}
    x, y = found[MprPlane.CORONAL]
    assert abs(y / x) == pytest.approx(math.tan(math.radians(30)))
    x, y = found[MprPlane.SAGITTAL]
    assert abs(x / y) == pytest.approx(math.tan(math.radians(30)))


def test_a_plane_turned_parallel_has_no_arm() -> None:
    axial = linked()[MprPlane.AXIAL]
    frame = ObliqueFrame().turned(MprPlane.CORONAL, PIVOT, math.radians(90), only=MprPlane.SAGITTAL)
    assert [arm.plane for arm in arms(axial.view(VIEWPORT), MprPlane.AXIAL, frame)] == [MprPlane.CORONAL]


def test_a_grip_is_taken_with_any_tool_and_an_arm_only_with_the_crosshair() -> None:
    axial = linked()[MprPlane.AXIAL]
    view = axial.view(VIEWPORT)
    x, y = view.viewport_of(PIVOT)
    crossing = arms(view, MprPlane.AXIAL, axial.planes.frame)
    grip, arm, centre = (x + 0.3 * 640, y + 2), (x + 100, y - 3), (x + 10, y)
    assert arm_at(view, PIVOT, crossing, grip, whole=False) is MprPlane.CORONAL
    assert arm_at(view, PIVOT, crossing, arm, whole=False) is None
    assert arm_at(view, PIVOT, crossing, arm, whole=True) is MprPlane.CORONAL
    assert arm_at(view, PIVOT, crossing, centre, whole=True) is None
    assert arm_at(view, PIVOT, crossing, (x + 90, y + 90), whole=True) is None


@pytest.mark.parametrize(("modifier", "only"), [(Modifier.NONE, None), (Modifier.CTRL, MprPlane.CORONAL)])
def test_dragging_an_arm_turns_by_the_angle_of_the_hand(modifier: Modifier, only: MprPlane | None) -> None:
    axial = linked()[MprPlane.AXIAL]
    x, y = axial.view(VIEWPORT).viewport_of(PIVOT)
    navigator = Navigator()
    navigator.choose(ToolName.CROSSHAIR)
    assert navigator.handle(PointerEvent(PointerKind.PRESS, x + 150, y, Button.LEFT), axial, VIEWPORT)
    turned = navigator.handle(PointerEvent(PointerKind.MOVE, x + 150, y + 150, Button.LEFT, modifier), axial, VIEWPORT)
    assert len(turned) == 1
    assert isinstance(turned[0], TurnPlanes)
    assert turned[0].radians == pytest.approx(math.radians(45))
    assert turned[0].only is only
    navigator.handle(PointerEvent(PointerKind.RELEASE, x + 150, y + 150, Button.LEFT), axial, VIEWPORT)
    assert not navigator.handle(PointerEvent(PointerKind.MOVE, x, y + 150), axial, VIEWPORT)


def test_a_window_drag_beside_the_grips_stays_a_window_drag() -> None:
    axial = linked()[MprPlane.AXIAL]
    x, y = axial.view(VIEWPORT).viewport_of(PIVOT)
    navigator = Navigator()
    navigator.handle(PointerEvent(PointerKind.PRESS, x + 100, y, Button.LEFT), axial, VIEWPORT)
    dragged = navigator.handle(PointerEvent(PointerKind.MOVE, x + 130, y + 5, Button.LEFT), axial, VIEWPORT)
    assert [type(action) for action in dragged] == [SetWindow]


def test_an_angle_is_measured_the_short_way_round() -> None:
    plane = linked()[MprPlane.AXIAL].displayed_plane()
    turn = turn_between(plane, (0, 0, 0), (-1.0, -0.1, 0), (-1.0, 0.1, 0))
    assert math.degrees(turn) == pytest.approx(-11.42, abs=0.01)


# slabs ------------------------------------------------------------------------------------------


def noisy() -> Volume:
    voxels = np.random.default_rng(4).integers(-1000, 1000, (20, 30, 40)).astype(np.int16)
    return Volume(voxels, np.eye(4), "1.2.3", "1.2.4")


def shown(scene: MprScene) -> list[list[int]]:
    """Return the values of the displayed slab."""
    image = scene.measurable()
    values: list[list[int]] = image.part(slice(0, image.rows), slice(0, image.columns)).tolist()
    return values


@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize(("thickness_mm", "first", "last"), [(5.0, 7, 12), (3.0, 8, 11), (39.0, 0, 20)])
def test_an_axial_slab_is_the_projection_of_its_layers(
    projection: Projection, thickness_mm: float, first: int, last: int
) -> None:
    data = noisy()
    scene = linked(data)[MprPlane.AXIAL]
    scene.set_slab(Slab(projection, thickness_mm))
    layers = data.voxels[first:last].astype(np.float64)
    expected = {
        Projection.MIP: layers.max(axis=0),
        Projection.MINIP: layers.min(axis=0),
        Projection.MEAN: np.rint(layers.mean(axis=0)),
    }[projection]
    assert shown(scene) == expected.astype(np.int16).tolist()


def test_a_slab_over_the_rim_counts_only_what_lies_in_the_volume() -> None:
    data = noisy()
    scene = linked(data)[MprPlane.AXIAL]
    scene.scroll_to(0)
    scene.set_slab(Slab(Projection.MEAN, 5.0))
    expected = np.rint(data.voxels[:3].astype(np.float64).mean(axis=0)).astype(np.int16)
    assert shown(scene) == expected.tolist()
    scene.set_slab(Slab(Projection.MINIP, 5.0))
    assert shown(scene) == data.voxels[:3].min(axis=0).tolist()


def test_beside_the_volume_a_slab_is_outside() -> None:
    scene = linked()[MprPlane.AXIAL]
    scene.set_slab(Slab(Projection.MIP, 5.0))
    far = ResliceRequest(scene.volume, scene.displayed_plane(), (60, 4), Slab(Projection.MIP, 5.0).sampling(1.0))
    assert reslice(far)[0, 45:].tolist() == [OUTSIDE] * 15


def test_keys_make_a_slab_thicker_and_thinner_and_go_round_the_projections() -> None:
    plane = Slab()
    assert plane.text() == ""
    assert plane.thicker(-1) == plane
    thick = plane.thicker()
    assert thick.text() == "MIP 2 mm"
    assert thick.thicker(4).text() == "MIP 10 mm"
    assert thick.thicker(99).thickness_mm == THICKNESSES_MM[-1]
    assert not thick.thicker(-1).is_thick
    assert [s.text() for s in (plane.following(), plane.following().following())] == ["MIP 10 mm", "MinIP 10 mm"]
    assert plane.following().following().following().following() == plane
    with pytest.raises(ValueError, match="outside"):
        Slab(Projection.MIP, 0.0)


def test_samples_of_a_slab_share_its_thickness_and_thin_out_evenly() -> None:
    sampling = Slab(Projection.MIP, 10.0).sampling(0.8)
    assert sampling is not None
    assert sampling.count == 13
    assert sampling.spacing_mm == pytest.approx(10 / 13)
    assert sampling.offsets_mm.sum() == pytest.approx(0.0)
    thinned = sampling.thinned(2)
    assert thinned.count == 7
    assert thinned.count * thinned.spacing_mm == pytest.approx(10.0)


def test_the_wheel_with_alt_changes_the_slab() -> None:
    axial = linked()[MprPlane.AXIAL]
    wheel = PointerEvent(PointerKind.WHEEL, 1, 1, modifiers=Modifier.ALT, notches=2)
    assert Navigator().handle(wheel, axial, VIEWPORT) == (ChangeSlab(2),)


def test_a_slab_says_its_thickness_and_is_never_called_acquired() -> None:
    axial = linked()[MprPlane.AXIAL]
    assert warnings(axial) == []
    axial.set_slab(Slab(Projection.MIP, 10.0))
    assert "MIP 10 mm" in words(axial)
    assert warnings(axial) == ["MPR interpolated"]
    assert axial.slice_step_mm == 10.0


def test_the_value_under_the_pointer_of_a_slab_is_that_of_the_projection() -> None:
    data = noisy()
    axial = linked(data)[MprPlane.AXIAL]
    x, y = axial.view(VIEWPORT).viewport_of((11.0, 13.0, 9.0))
    assert axial.value_at(VIEWPORT, x, y) == (float(data.voxels[9, 13, 11]), "HU")
    axial.set_slab(Slab(Projection.MIP, 5.0))
    assert axial.value_at(VIEWPORT, x, y) == (float(data.voxels[7:12, 13, 11].max()), "HU")


def test_limits_of_a_slab_are_dashed_lines_in_the_planes_that_cut_it() -> None:
    scenes = linked()
    scenes[MprPlane.CORONAL].set_slab(Slab(Projection.MIP, 8.0))
    view = scenes[MprPlane.AXIAL].view(VIEWPORT)
    dashed: list[Stroke] = [s for s in scenes[MprPlane.AXIAL].frame(VIEWPORT).overlay.guides if s.dashed]
    y, scale = view.viewport_of(PIVOT)[1], view.px_per_mm
    assert scale is not None
    assert {s.token for s in dashed} == {"plane.coronal"}
    assert sorted({round(s.start[1], 3) for s in dashed}) == [round(y - 4 * scale, 3), round(y + 4 * scale, 3)]


# tilted and unequal grids -------------------------------------------------------------------------


def tilted(degrees: float) -> Volume:
    shear = math.tan(math.radians(degrees)) * 5.0
    return volume(affine=np.array([[0.5, 0, 0, 0], [0, 0.5, shear, 0], [0, 0, 5.0, 0], [0, 0, 0, 1.0]]))


def test_a_tilted_gantry_is_corrected_and_said_on_screen() -> None:
    data = tilted(15.0)
    assert grid_facts(data).tilt_deg == pytest.approx(15.0)
    scenes = linked(data)
    for scene in scenes.values():
        assert warnings(scene) == ["MPR interpolated", "Tilt corrected 15°"]


def test_a_tilted_volume_shows_patient_points_where_they_are() -> None:
    data = tilted(20.0)
    sagittal = linked(data)[MprPlane.SAGITTAL]
    target = data.lps_of((20, 16, 10))
    point = (float(target[0]), float(target[1]), float(target[2]))
    sagittal.show_point(point)
    x, y = sagittal.view(VIEWPORT).viewport_of(point)
    assert sagittal.value_at(VIEWPORT, x, y) == (float(data.voxels[10, 16, 20]), "HU")


def test_unequal_voxels_say_what_they_are_resampled_to_and_how_far_apart_the_slices_were() -> None:
    thick = linked(volume(affine=np.diag([0.7, 0.7, 2.5, 1.0])))[MprPlane.CORONAL]
    assert "Resampled to 0.70 mm, acquired 2.5 mm apart" in words(thick)
    assert thick.displayed_plane().spacing_mm == pytest.approx((0.7, 0.7))
    assert "Isotropic 1.00 mm" in words(linked()[MprPlane.CORONAL])


def test_an_upright_volume_has_no_tilt() -> None:
    assert grid_facts(volume()).tilt_deg == 0.0
    assert grid_facts(volume()).warnings() == ()
