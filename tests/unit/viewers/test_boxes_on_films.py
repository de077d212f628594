"""Boxes of models lie on exactly their image, wherever flips, turns and zoom put it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.films import on_film
from tests.helpers.viewers import image, stack
from viewers.scene import marks
from viewers.scene.camera import Camera
from viewers.scene.events import Button, PointerEvent, PointerKind
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools import actions
from viewers.scene.tools.boxes import box_round
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.finding import Decision, Finding, FindingList, RejectReason

VIEWPORT = (400.0, 400.0)


def films(*uids: str) -> StackScene:
    """Return films of 100 columns and 80 rows without a place in the patient."""
    scene = stack([replace(image(uid=uid), frame_of_reference_uid="") for uid in uids])
    scene.frame_of_reference_uid = ""
    scene.scroll_to(0)
    return scene


def drawn(scene: StackScene, *found: Finding) -> tuple[marks.MarkOutline, ...]:
    scene.findings = replace(FindingList(scene.study_instance_uid), findings=found)
    view = scene.view(VIEWPORT)
    assert view is not None
    return scene.marks(view)


def test_a_box_is_drawn_on_its_own_image_and_on_no_other() -> None:
    scene = films("1.9.1", "1.9.2")

    assert drawn(scene, on_film(sop="1.9.2")) == ()
    scene.scroll_to(1)
    assert [one.tracking_uid for one in drawn(scene, on_film(sop="1.9.2"))] == ["2.25.1"]


def test_a_finding_on_the_whole_image_claims_no_place() -> None:
    assert drawn(films("1.9"), on_film(box=None)) == ()


def test_another_studys_boxes_are_never_drawn() -> None:
    scene = films("1.9")
    scene.findings = FindingList("9.9", findings=(on_film(),))
    view = scene.view(VIEWPORT)
    assert view is not None
    assert scene.marks(view) == ()


@pytest.mark.parametrize(
    ("camera", "upper_left", "lower_right"),
    [
        # 100 x 80 pixels over 400 x 320 viewport pixels: 4 to one, 40 above, pixel centres at half a pixel
        (Camera(), (42.0, 122.0), (122.0, 282.0)),
        (Camera(flipped=True), (358.0, 122.0), (278.0, 282.0)),
        (Camera(zoom=2.0), (-116.0, 44.0), (44.0, 364.0)),
        (Camera(pan=(7.0, -9.0)), (49.0, 113.0), (129.0, 273.0)),
        # a quarter turn clockwise: the row runs down, the column to the left
        (Camera(rotation_deg=90.0), (278.0, 42.0), (118.0, 122.0)),
    ],
)
def test_flips_turns_and_zoom_keep_a_box_on_its_place(
    camera: Camera, upper_left: tuple[float, float], lower_right: tuple[float, float]
) -> None:
    scene = films("1.9")
    scene.set_camera(camera)

    (box,) = drawn(scene, on_film())

    assert box.corners[0] == pytest.approx(upper_left)
    assert box.corners[2] == pytest.approx(lower_right)


def test_the_box_follows_the_pixels_it_was_made_on() -> None:
    """What is painted inside the box is what the model marked, under an odd turn as well."""
    scene = films("1.9")
    scene.set_camera(Camera(zoom=1.7, pan=(11.0, 4.0), rotation_deg=33.0, flipped=True))
    view = scene.view(VIEWPORT)
    assert view is not None

    (box,) = drawn(scene, on_film())

    back = [view.inverse.apply(*corner) for corner in box.corners]
    np.testing.assert_allclose(back, [(10, 20), (30, 20), (30, 60), (10, 60)], atol=1e-9)
    assert box.contains(box.x, box.y)


def test_a_box_says_what_it_is_and_takes_the_click_inside_it() -> None:
    scene = films("1.9")

    (box,) = drawn(scene, on_film())

    assert (box.label, box.style.dashed) == ("? 1 · mass", True)
    assert box.bounds == pytest.approx((42.0, 122.0, 122.0, 282.0))
    assert scene.finding_at(VIEWPORT, 44, 280) == "2.25.1"
    assert scene.finding_at(VIEWPORT, 30, 280) == ""
    assert marks.label_text(on_film(), detailed=False) == "? 1"


def test_a_rejected_box_shows_when_asked_for_and_a_decided_one_is_whole() -> None:
    scene, at = films("1.9"), replace(on_film(), decision=Decision.ACCEPTED)
    rejected = replace(on_film(), decision=Decision.REJECTED, reject_reason=RejectReason.VESSEL)

    assert drawn(scene, rejected) == ()
    scene.show_rejected = True
    assert drawn(scene, rejected)[0].style.shape is marks.MarkShape.CROSSED_BOX
    assert not drawn(scene, at)[0].style.dashed


def test_hidden_marks_hide_boxes_as_well() -> None:
    scene = films("1.9")
    scene.show_marks = False

    assert drawn(scene, on_film()) == ()


def test_a_finding_without_a_size_cuts_no_plane() -> None:
    assert marks.cut_radius_mm(on_film(), 0.0, slice_step_mm=1.0) is None


def hand(scene: StackScene, *way: tuple[float, float], tool: ToolName = ToolName.WINDOW) -> actions.Actions:
    """Press at the first place, move along and release at the last; return what the release asks for."""
    navigator = Navigator()
    navigator.choose(tool)
    for number, (x, y) in enumerate(way):
        kind = PointerKind.PRESS if number == 0 else PointerKind.MOVE
        navigator.handle(PointerEvent(kind, x, y, Button.LEFT), scene, VIEWPORT)
    return navigator.handle(PointerEvent(PointerKind.RELEASE, *way[-1], Button.LEFT), scene, VIEWPORT)


def chosen(camera: Camera | None = None) -> StackScene:
    """Return a film with the box (10, 20, 30, 60) chosen; 4 viewport pixels to one, see above."""
    scene = films("1.9")
    scene.findings = replace(FindingList(scene.study_instance_uid), findings=(on_film(),))
    scene.selected_finding = "2.25.1"
    scene.set_camera(camera or Camera())
    return scene


@pytest.mark.parametrize(
    ("way", "box"),
    [
        # the lower right corner, 10 pixels to the right and 5 up
        (((122.0, 282.0), (140.0, 270.0), (162.0, 262.0)), (10.0, 20.0, 40.0, 55.0)),
        # the upper left corner, beyond the lower right one: two pixels are left
        (((42.0, 122.0), (300.0, 350.0)), (28.0, 58.0, 30.0, 60.0)),
        # the left rim: the whole box, as far as the image reaches
        (((42.0, 200.0), (62.0, 208.0)), (15.0, 22.0, 35.0, 62.0)),
        (((42.0, 200.0), (-900.0, 200.0)), (-0.5, 20.0, 19.5, 60.0)),
    ],
)
def test_a_corner_resizes_a_box_and_its_rim_moves_it_within_the_image(
    way: tuple[tuple[float, float], ...], box: tuple[float, float, float, float]
) -> None:
    scene = chosen()

    (moved,) = hand(scene, *way)

    assert isinstance(moved, actions.MoveBox)
    assert moved.tracking_uid == "2.25.1"
    assert moved.box_px == pytest.approx(box)
    assert scene.dragged_box is None


def test_a_box_is_dragged_on_a_mirrored_film_towards_the_pointer() -> None:
    # mirrored, the left rim of the stored box lies at 358 of 400
    (moved,) = hand(chosen(Camera(flipped=True)), (358.0, 200.0), (318.0, 200.0))

    assert isinstance(moved, actions.MoveBox)
    assert moved.box_px == pytest.approx((20.0, 20.0, 40.0, 60.0))


def test_the_box_follows_the_pointer_and_is_left_where_it_was_when_the_drag_is_dropped() -> None:
    scene, navigator = chosen(), Navigator()
    for kind, x in ((PointerKind.PRESS, 122.0), (PointerKind.MOVE, 162.0)):
        navigator.handle(PointerEvent(kind, x, 282.0, Button.LEFT), scene, VIEWPORT)
    view = scene.view(VIEWPORT)
    assert view is not None
    assert scene.marks(view)[0].corners[2] == pytest.approx((162.0, 282.0))

    navigator.cancel()

    assert scene.marks(view)[0].corners[2] == pytest.approx((122.0, 282.0))


def held(scene: StackScene, navigator: Navigator, kind: PointerKind, x: float, y: float) -> actions.Actions:
    return navigator.handle(PointerEvent(kind, x, y, Button.LEFT), scene, VIEWPORT)


def test_a_box_follows_the_pointer_on_the_image_though_the_picture_is_panned_under_it() -> None:
    scene, navigator = chosen(), Navigator()
    held(scene, navigator, PointerKind.PRESS, 122.0, 282.0)
    scene.set_camera(Camera(pan=(40.0, -20.0)))
    held(scene, navigator, PointerKind.MOVE, 202.0, 242.0)  # 10 pixels to the right and 5 up, and what was panned

    (moved,) = held(scene, navigator, PointerKind.RELEASE, 202.0, 242.0)

    assert isinstance(moved, actions.MoveBox)
    assert moved.box_px == pytest.approx((10.0, 20.0, 40.0, 55.0))


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_box_stays_where_it_was_when_another_image_comes_under_the_hand(*, is_moved: bool) -> None:
    scene, navigator = films("1.9", "1.9.2"), Navigator()
    scene.findings = replace(FindingList(scene.study_instance_uid), findings=(on_film(),))
    scene.selected_finding = "2.25.1"
    held(scene, navigator, PointerKind.PRESS, 122.0, 282.0)
    held(scene, navigator, PointerKind.MOVE, 162.0, 262.0)
    scene.scroll_to(1)
    if is_moved:
        held(scene, navigator, PointerKind.MOVE, 172.0, 262.0)

    assert held(scene, navigator, PointerKind.RELEASE, 172.0, 262.0) == ()
    assert scene.dragged_box is None


def test_only_rim_and_corners_of_the_chosen_box_are_taken_hold_of() -> None:
    inside, other = chosen(), chosen()
    other.selected_finding = ""

    assert hand(chosen(), (122.0, 282.0), (123.0, 282.0)) == (actions.ClickFinding("2.25.1"),)
    assert hand(inside, (80.0, 200.0), (120.0, 200.0)) == ()
    assert hand(other, (122.0, 282.0), (162.0, 262.0)) == ()
    drawn_over = hand(chosen(), (122.0, 282.0), (162.0, 262.0), tool=ToolName.RECTANGLE)
    assert not any(isinstance(one, actions.MoveBox) for one in drawn_over)


def test_a_new_box_lies_wholly_on_its_image() -> None:
    assert box_round((50.0, 40.0), (160, 320)) == (40.0, 30.0, 60.0, 50.0)
    assert box_round((0.0, 319.0), (160, 320)) == (-0.5, 299.5, 19.5, 319.5)
