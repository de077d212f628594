"""A volume seen from outside: sides, cuts and presets are what they claim to be."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import FRAME_OF_REFERENCE, SERIES, uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera, PixelTransform
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.tools.actions import Refuse, Repaint, Scroll, TurnVolume, Zoom
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from viewers.scene.transfer_functions import (
    TRANSFER_FUNCTIONS,
    TransferFunction,
    VolumePreset,
    presets_for,
    transfer_function,
)
from viewers.scene.volume_cuts import CutPlane, Scissors, inside_polygon, outline_of, removed
from viewers.scene.volume_edits import VolumeEdits
from viewers.scene.volume_request import VolumeRequest
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.volume_view import VolumeView
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

VIEWPORT = (600.0, 600.0)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


def scene(data: Volume | None = None) -> VolumeScene:
    return VolumeScene(data or volume(), annotations=Annotations("1"), new_uid=uids())


def request(of: VolumeScene) -> VolumeRequest:
    source = of.frame(VIEWPORT).source
    assert isinstance(source, VolumeRequest)
    return source


# looking --------------------------------------------------------------------------------------


def test_a_volume_is_first_seen_from_the_front_with_the_patients_left_on_the_right() -> None:
    assert scene().view(VIEWPORT).letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    assert VolumeView().forward == (0.0, 1.0, 0.0)


def test_dragging_to_the_right_brings_the_patients_right_side_to_the_front() -> None:
    looked = scene()
    looked.turn(math.radians(90), 0.0)
    # the front went to the screen's right, so the patient's right faces the reader
    assert looked.view(VIEWPORT).letters() == {"left": "P", "right": "A", "top": "H", "bottom": "F"}
    assert looked.looking.forward == pytest.approx((1.0, 0.0, 0.0))


def test_dragging_down_brings_the_head_to_the_front() -> None:
    looked = scene()
    looked.turn(0.0, math.radians(90))
    assert looked.view(VIEWPORT).letters() == {"left": "R", "right": "L", "top": "P", "bottom": "A"}
    assert looked.looking.forward == pytest.approx((0.0, 0.0, -1.0))


def test_no_measurement_is_drawn_on_a_3d_picture_though_the_plane_through_its_middle_cuts_it() -> None:
    sphere = Annotation(
        uid="2.25.1",
        tracking_uid="2.25.1",
        kind=AnnotationKind.SPHERE,
        author="reader",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        series_instance_uid=SERIES,
        points_lps_mm=((20.0, 15.0, 10.0), (25.0, 15.0, 10.0)),
    )
    notes = Annotations("1", [sphere])
    seen = VolumeScene(volume(), annotations=notes, new_uid=uids())
    coronal = MprScene(volume(), MprPlane.CORONAL, annotations=notes, new_uid=uids())
    assert len(coronal.frame(VIEWPORT).overlay.callipers) == 1
    assert seen.frame(VIEWPORT).overlay.callipers == ()
    assert seen.visible_annotations(seen.view(VIEWPORT)) == ()


def test_ten_thousand_small_turns_keep_the_picture_undistorted() -> None:
    view = VolumeView()
    for n in range(10_000):
        view = view.turned(0.013, 0.007 if n % 2 else -0.005)
    right, down = np.asarray(view.right), np.asarray(view.down)
    assert float(right @ right) == pytest.approx(1.0, abs=1e-12)
    assert float(down @ down) == pytest.approx(1.0, abs=1e-12)
    assert float(right @ down) == pytest.approx(0.0, abs=1e-12)


def test_a_3d_picture_is_never_mirrored() -> None:
    looked = scene()
    looked.set_camera(Camera().flipped_horizontally().rotated(90))
    assert looked.view(VIEWPORT).letters() == {"left": "R", "right": "L", "top": "H", "bottom": "F"}


def test_the_picture_is_asked_for_at_the_screens_own_pixels_about_the_same_middle() -> None:
    looked = scene()
    shown = request(looked).displayed(looked.view(VIEWPORT).transform, (600, 600))
    assert shown.size == (600, 600)
    assert shown.plane.lps_of(299.5, 299.5) == pytest.approx(looked.centre)
    coarse = shown.coarser((150, 150))
    assert coarse.plane.lps_of(74.5, 74.5) == pytest.approx(looked.centre)
    assert coarse.plane.spacing_mm[0] == pytest.approx(4 * shown.plane.spacing_mm[0])


def test_equal_views_are_equal_requests() -> None:
    looked = scene()
    assert request(looked) == request(looked)
    before = request(looked)
    looked.turn(0.1, 0.0)
    assert request(looked) != before


# presets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "seen", "hidden"),
    [
        (VolumePreset.BONE, (300.0, 1000.0), (-1000.0, -800.0, 0.0, 60.0)),
        (VolumePreset.VESSELS, (250.0, 400.0), (-1000.0, 0.0, 60.0)),
        (VolumePreset.SKIN, (-100.0, 50.0), (-1000.0, -800.0)),
        (VolumePreset.LUNG, (-850.0, -750.0), (-1000.0, 0.0, 60.0, 1000.0)),
    ],
)
def test_a_preset_shows_its_tissue_and_hides_the_others(
    preset: VolumePreset, seen: tuple[float, ...], hidden: tuple[float, ...]
) -> None:
    function = TRANSFER_FUNCTIONS[preset]
    values, opacities = zip(*function.opacity, strict=True)
    assert all(np.interp(value, values, opacities) > 0.005 for value in seen)
    assert [float(np.interp(value, values, opacities)) for value in hidden] == [0.0] * len(hidden)
    assert function.rationale


def test_only_hounsfield_units_have_tissue_presets() -> None:
    assert presets_for("HU") == tuple(VolumePreset)
    assert presets_for("") == (VolumePreset.MIP,)
    other = scene(Volume(volume().voxels, np.eye(4), "1", "2", unit=""))
    with pytest.raises(ValueError, match="Hounsfield"):
        other.choose(VolumePreset.BONE)
    other.next_preset()
    assert other.preset is VolumePreset.MIP


def test_a_projection_goes_through_the_window() -> None:
    function = transfer_function(VolumePreset.MIP, 99.0, Window(40, 400))
    assert function.color == ((-160.0, (0.0, 0.0, 0.0)), (240.0, (1.0, 1.0, 1.0)))
    assert function.is_projection


def test_a_pet_is_projected_dark_on_light_and_the_key_for_inverting_turns_it_round() -> None:
    pet = VolumeScene(volume(), annotations=Annotations("1.2.3"), new_uid=uids(), modality="PT")
    pet.choose(VolumePreset.MIP)
    function = request(pet).function
    assert [rgb for _value, rgb in function.color] == [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)]
    assert function.background == (1.0, 1.0, 1.0)
    pet.toggle_invert()
    assert request(pet).function.background == (0.0, 0.0, 0.0)


def test_thresholds_move_in_steps_and_return_with_the_next_preset() -> None:
    looked = scene()
    looked.move_threshold(2)
    assert request(looked).function.opacity[0] == (210.0, 0.0)
    said = [line.text for line in looked.frame(VIEWPORT).overlay.captions]
    assert "Bones +50 HU without couch (traces may remain)" in said
    looked.next_preset()
    assert looked.preset is VolumePreset.VESSELS
    assert looked.shift == 0.0


def test_only_a_projection_names_a_window_and_no_3d_picture_names_a_plane() -> None:
    looked = scene()
    shaded = " ".join(line.text for line in looked.frame(VIEWPORT).overlay.captions)
    assert "W 600" not in shaded
    assert "coronal" not in shaded.casefold()
    looked.choose(VolumePreset.MIP)
    assert "W 600  L 200" in [line.text for line in looked.frame(VIEWPORT).overlay.captions]


def test_a_broken_transfer_function_does_not_exist() -> None:
    with pytest.raises(ValueError, match="ascend"):
        TransferFunction(((1.0, 0.0), (0.0, 1.0)), ((0.0, (0, 0, 0)), (1.0, (1, 1, 1))), "")
    with pytest.raises(ValueError, match="0 to 1"):
        TransferFunction(((0.0, 0.0), (1.0, 2.0)), ((0.0, (0, 0, 0)), (1.0, (1, 1, 1))), "")


# cutting --------------------------------------------------------------------------------------


def test_the_wheel_moves_a_cut_plane_that_keeps_its_direction() -> None:
    looked = scene()
    assert looked.index == 0
    assert looked.scroll_by(10)
    # the volume is 30 mm deep: ten steps of 2 mm go 5 mm beyond the middle
    (front,) = request(looked).planes
    assert front.normal == (0.0, 1.0, 0.0)
    assert front.origin == pytest.approx((19.5, 19.5, 9.5))
    looked.turn(1.0, 0.0)
    looked.scroll_by(1)
    assert request(looked).planes[0].normal == (0.0, 1.0, 0.0)
    assert looked.index == 11
    looked.scroll_to(99)
    assert looked.index == 15
    looked.scroll_to(0)
    assert request(looked).planes == ()
    assert not looked.scroll_to(-5)


def cut_from_two_sides() -> VolumeScene:
    """Return a volume 40 x 40 x 20 mm wide, cut from the front and from the patient's right."""
    looked = scene()
    looked.scroll_by(5)
    looked.turn(math.radians(90), 0.0)
    assert looked.add_plane() == ""
    return looked


def test_several_planes_cut_at_once_and_the_wheel_moves_the_one_in_the_hand() -> None:
    looked = cut_from_two_sides()
    front, side = request(looked).planes
    assert front.normal == pytest.approx((0.0, 1.0, 0.0))
    assert side.normal == pytest.approx((1.0, 0.0, 0.0))
    assert side.origin == pytest.approx(looked.centre)
    looked.scroll_by(2)
    moved = request(looked).planes
    assert moved[0] == front
    assert moved[1].origin[0] - side.origin[0] == pytest.approx(4.0)
    assert looked.next_plane() == ""
    looked.scroll_by(1)
    assert request(looked).planes[1] == moved[1]
    assert request(looked).planes[0].origin[1] - front.origin[1] == pytest.approx(2.0)


def test_the_planes_come_into_the_hand_round_and_round_from_the_first() -> None:
    edits = VolumeEdits()
    assert edits.following() == edits
    for n in range(3):
        edits = edits.with_another(CutPlane((float(n), 0.0, 0.0), (1.0, 0.0, 0.0)))
    left = edits.without_front()
    assert (left.held, left.front) == (2, None)
    held = []
    for _ in range(4):
        left = left.following()
        held.append(left.held)
    assert held == [0, 1, 0, 1]


def test_a_plane_begins_where_the_crosshair_is() -> None:
    looked = scene()
    looked.show_point((3.0, 8.0, 2.0))
    looked.add_plane()
    (plane,) = request(looked).planes
    assert plane.origin[1] == pytest.approx(8.0)


def test_a_flipped_plane_removes_the_other_side() -> None:
    looked = scene()
    assert looked.flip_plane() == "There is no cut plane yet: the wheel begins one."
    looked.scroll_by(5)
    before = request(looked).planes[0]
    index = looked.index
    assert looked.flip_plane() == ""
    (after,) = request(looked).planes
    assert (after.origin, after.normal) == (before.origin, (-0.0, -1.0, -0.0))
    assert looked.index == looked.count - 1 - index
    assert looked.undo_cut()
    assert request(looked).planes == (before,)


def test_a_plane_is_taken_away_alone_and_comes_back_by_undo() -> None:
    looked = cut_from_two_sides()
    front, side = request(looked).planes
    assert looked.remove_plane() == ""
    assert request(looked).planes == (front,)
    assert looked.edits.front == front  # the wheel goes on with the one that is left
    assert looked.undo_cut()
    assert request(looked).planes == (front, side)
    looked.scroll_to(0)
    assert request(looked).planes == (front,)
    assert looked.remove_plane() == "There is no cut plane yet: the wheel begins one."
    assert looked.next_plane() == ""
    assert looked.remove_plane() == ""
    assert request(looked).planes == ()
    assert looked.next_plane() == "There is no cut plane yet: the wheel begins one."


def test_planes_and_scissors_are_undone_in_the_order_in_which_they_cut() -> None:
    looked = cut_from_two_sides()
    for x, y in ((250, 250), (350, 250), (350, 350)):
        looked.draw_outline(x, y)
    looked.cut_outline(VIEWPORT)
    found = []
    for _ in range(3):
        found.append((len(request(looked).planes), len(request(looked).scissors)))
        assert looked.undo_cut()
    assert found == [(2, 1), (2, 0), (1, 0)]
    assert looked.edits == VolumeEdits()
    assert not looked.undo_cut()


def test_what_was_brought_back_is_cut_again_until_something_else_is_cut() -> None:
    looked = cut_from_two_sides()
    both = looked.edits
    assert not looked.redo_cut()
    assert looked.undo_cut()
    assert looked.undo_cut()
    assert (looked.redo_cut(), looked.redo_cut(), looked.redo_cut()) == (True, True, False)
    assert looked.edits == both
    assert looked.undo_cut()
    looked.flip_plane()
    assert not looked.redo_cut()


def test_a_seventh_plane_is_refused_in_words() -> None:
    looked = scene()
    assert [looked.add_plane() for _ in range(7)] == [""] * 6 + ["No more than 6 cut planes."]
    assert len(request(looked).planes) == 6
    looked.scroll_to(0)
    looked.add_plane()
    full = VolumeEdits(looked.edits.planes, held=6)
    with pytest.raises(ValueError, match="7 cut planes"):
        full.with_another(full.planes[0])


def test_of_several_planes_the_one_in_the_hand_is_named_and_outlined() -> None:
    looked = scene()
    looked.scroll_by(5)
    assert looked.frame(VIEWPORT).overlay.guides == ()
    looked.turn(math.radians(90), 0.0)
    looked.add_plane()
    looked.turn(math.radians(-45), 0.0)
    assert any("cut plane 2 of 2" in one.text for one in looked.frame(VIEWPORT).overlay.captions)
    assert [stroke.dashed for stroke in looked.frame(VIEWPORT).overlay.guides] == [True] * 4
    looked.scroll_to(0)
    looked.add_plane()
    looked.scroll_to(0)
    assert looked.frame(VIEWPORT).overlay.guides == ()


def test_a_plane_cuts_a_box_in_a_polygon_in_order() -> None:
    corners = np.array([(i, j, k) for i in (0.0, 2.0) for j in (0.0, 2.0) for k in (0.0, 2.0)])
    square = outline_of(CutPlane((0.0, 0.0, 1.0), (0.0, 0.0, 1.0)), corners)
    assert sorted(tuple(one.tolist()) for one in square) == [(0, 0, 1), (0, 2, 1), (2, 0, 1), (2, 2, 1)]
    sides = [float(np.linalg.norm(a - b)) for a, b in zip(square, [*square[1:], square[0]], strict=True)]
    assert sides == pytest.approx([2.0] * 4)
    hexagon = outline_of(CutPlane((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), corners)
    assert len(hexagon) == 6
    assert outline_of(CutPlane((9.0, 9.0, 9.0), (1.0, 0.0, 0.0)), corners) == []


def test_scissors_remove_what_projects_into_their_outline() -> None:
    cut = Scissors(
        (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), ((2.5, -2.5), (5.5, -2.5), (5.5, -0.5), (2.5, -0.5))
    )
    gone = removed((cut,), (4, 3, 8), np.eye(4))
    expected = np.zeros((4, 3, 8), dtype=bool)
    # seen from the front: x 3 to 5 and, downwards negative, z 1 to 2, through every row
    expected[1:3, :, 3:6] = True
    assert gone.tolist() == expected.tolist()


def test_scissors_know_tilted_and_turned_grids() -> None:
    matrix = np.array([[0, 0, 2.0, 1.0], [1.5, 0, 0.5, 0], [0, -1.0, 0, 4.0], [0, 0, 0, 1.0]])
    cut = Scissors((3.0, 1.0, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, -1.0), ((-2.0, -4.0), (3.0, -3.0), (1.0, 0.0)))
    gone = removed((cut,), (5, 6, 7), matrix)
    for k, j, i in np.ndindex(5, 6, 7):
        place = np.array(matrix @ (i, j, k, 1))[:3] - (3.0, 1.0, 0.0)
        u, v = float(place @ (0.6, 0.8, 0.0)), -float(place[2])
        edges = np.array(cut.outline_mm)
        # cells of the mask are 5 micrometres here: only points on the very edge may differ
        rims = []
        for (x1, y1), (x2, y2) in zip(edges, np.roll(edges, -1, 0), strict=True):
            rims.append(abs((x2 - x1) * (v - y1) - (y2 - y1) * (u - x1)) / math.hypot(x2 - x1, y2 - y1))
        if min(rims) > 0.05:
            inside = bool(inside_polygon(edges, np.array([u]), np.array([v]))[0])
            assert gone[k, j, i] == inside


def test_a_polygon_is_even_odd() -> None:
    star = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)])
    x, y = np.array([2.0, 5.0, 3.9, -0.1]), np.array([2.0, 2.0, 0.1, 2.0])
    assert inside_polygon(star, x, y).tolist() == [True, False, True, False]


def test_scissors_need_an_area() -> None:
    with pytest.raises(ValueError, match="three points"):
        Scissors((0, 0, 0), (1, 0, 0), (0, 1, 0), ((0, 0), (1, 1)))
    looked = scene()
    looked.draw_outline(1, 1)
    assert not looked.cut_outline(VIEWPORT)
    assert request(looked).scissors == ()


def test_cuts_come_back_one_by_one_and_reset_is_undone_too() -> None:
    looked = scene()
    for _ in range(2):
        for x, y in ((250, 250), (350, 250), (350, 350), (351, 351)):
            looked.draw_outline(x, y)
        assert len(looked.outline) == 3
        assert looked.cut_outline(VIEWPORT)
    assert len(request(looked).scissors) == 2
    looked.reset()
    assert looked.edits == VolumeEdits()
    assert looked.undo_cut()
    assert len(request(looked).scissors) == 2
    assert looked.undo_cut()
    assert looked.undo_cut()
    assert not looked.undo_cut()


def test_an_outline_is_kept_in_patient_millimetres() -> None:
    looked = scene()
    looked.set_camera(Camera(zoom=2.0, pan=(30.0, -10.0)))
    view = looked.view(VIEWPORT)
    corners = [(10.0, 14.5, 12.0), (25.0, 14.5, 12.0), (25.0, 14.5, 5.0)]
    for corner in corners:
        looked.draw_outline(*view.viewport_of(corner))
    looked.cut_outline(VIEWPORT)
    (cut,) = request(looked).scissors
    assert cut.outline_mm[0] == pytest.approx((10.0 - 19.5, -(12.0 - 9.5)))
    assert cut.outline_mm[2] == pytest.approx((25.0 - 19.5, -(5.0 - 9.5)))


# the hand -------------------------------------------------------------------------------------


def press(x: float, y: float, modifiers: Modifier = Modifier.NONE) -> PointerEvent:
    return PointerEvent(PointerKind.PRESS, x, y, Button.LEFT, modifiers)


def move(x: float, y: float, modifiers: Modifier = Modifier.NONE) -> PointerEvent:
    return PointerEvent(PointerKind.MOVE, x, y, Button.LEFT, modifiers)


def test_the_left_button_turns_the_body() -> None:
    looked, navigator = scene(), Navigator()
    navigator.handle(press(100, 100), looked, VIEWPORT)
    (turned,) = navigator.handle(move(250, 100), looked, VIEWPORT)
    assert isinstance(turned, TurnVolume)
    assert turned.across == pytest.approx(math.pi / 4)
    navigator.handle(PointerEvent(PointerKind.RELEASE, 250, 100, Button.LEFT), looked, VIEWPORT)
    assert navigator.handle(move(300, 300), looked, VIEWPORT) == ()
    assert navigator.handle(PointerEvent(PointerKind.WHEEL, 1, 1, notches=-3), looked, VIEWPORT) == (Scroll(3),)


def test_scissors_follow_the_hand_and_cut_when_it_lets_go() -> None:
    looked, navigator = scene(), Navigator()
    looked.hold_scissors(held=True)
    navigator.handle(press(200, 200), looked, VIEWPORT)
    for x, y in ((400, 200), (400, 400), (200, 400)):
        assert navigator.handle(move(x, y), looked, VIEWPORT) == (Repaint(),)
    assert [stroke.dashed for stroke in looked.frame(VIEWPORT).overlay.guides] == [False, False, False, True]
    navigator.handle(PointerEvent(PointerKind.RELEASE, 200, 400, Button.LEFT), looked, VIEWPORT)
    assert len(looked.edits.scissors) == 1
    assert looked.outline == ()


@pytest.mark.parametrize("tool", [ToolName.DISTANCE, ToolName.ELLIPSE, ToolName.PROBE])
def test_measuring_on_a_3d_picture_is_refused_with_the_reason(tool: ToolName) -> None:
    looked, navigator = scene(), Navigator()
    navigator.choose(tool)
    (refused,) = navigator.handle(press(100, 100), looked, VIEWPORT)
    assert isinstance(refused, Refuse)
    assert refused.text.startswith("A point on a 3D picture is a line")


def test_zoom_stays_zoom_on_a_volume() -> None:
    looked, navigator = scene(), Navigator()
    navigator.choose(ToolName.ZOOM)
    navigator.handle(press(100, 100), looked, VIEWPORT)
    assert [type(a) for a in navigator.handle(move(100, 90), looked, VIEWPORT)] == [Zoom]


def test_nothing_on_a_3d_picture_has_a_value_a_mark_or_a_crosshair() -> None:
    looked = scene()
    looked.show_point((1.0, 2.0, 3.0))
    overlay = looked.frame(VIEWPORT).overlay
    assert (looked.measurable(), looked.value_at(VIEWPORT, 300, 300)) == (None, None)
    assert (overlay.marks, overlay.callipers, overlay.crosshair) == ((), (), ())
    assert looked.crosshair == (1.0, 2.0, 3.0)


def test_coarser_requests_keep_cuts() -> None:
    plane = ImagePlane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1))
    cut = CutPlane((0, 0, 0), (0, 1, 0))
    function = TRANSFER_FUNCTIONS[VolumePreset.BONE]
    asked = VolumeRequest(volume(), plane, (10, 10), function, (cut,), ())
    assert asked.coarser((5, 5)).planes == (cut,)
    assert asked.displayed(PixelTransform(2, 0, 0, 2, 1, 1), (20, 20)).planes == (cut,)


# the couch -------------------------------------------------------------------------------------


def test_the_couch_is_left_out_of_a_ct_said_so_and_shown_on_request() -> None:
    looked = scene()
    assert request(looked).body_only
    looked.toggle_couch()
    assert not request(looked).body_only
    assert "Bones" in [line.text for line in looked.frame(VIEWPORT).overlay.captions]


def test_what_is_no_ct_is_never_searched_for_a_couch() -> None:
    mr = VolumeScene(volume(), annotations=Annotations("1"), new_uid=uids(), modality="MR")
    mr.toggle_couch()
    assert (mr.has_couch, mr.hides_couch, request(mr).body_only) == (False, False, False)
