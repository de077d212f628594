"""Tools are state machines: the same hand gives the same result, half-done work leaves nothing."""

from __future__ import annotations

import pytest

from tests.helpers.viewers import axial_stack, image, measure_of, stack
from viewers.scene.events import Button, KeyEvent, Modifier, PointerEvent, PointerKind
from viewers.scene.keys import Command, command_for
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.actions import (
    Actions,
    AddAnnotation,
    EditAnnotation,
    MoveCrosshair,
    Refuse,
    Repaint,
    Scroll,
    SelectAnnotation,
)
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName

VIEWPORT = (800.0, 640.0)
"""Eight pixels a millimetre over the 100 x 80 mm test image."""


@pytest.fixture
def scene() -> StackScene:
    return axial_stack(5)


@pytest.fixture
def hand() -> Navigator:
    return Navigator()


def at(
    hand: Navigator,
    scene: StackScene,
    kind: PointerKind,
    x: float,
    y: float,
    button: Button = Button.LEFT,
    modifiers: Modifier = Modifier.NONE,
) -> Actions:
    return hand.handle(PointerEvent(kind, x, y, button, modifiers), scene, VIEWPORT)


def drag(hand: Navigator, scene: StackScene, start: tuple[float, float], end: tuple[float, float]) -> Actions:
    return (
        *at(hand, scene, PointerKind.PRESS, *start),
        *at(hand, scene, PointerKind.MOVE, *end),
        *at(hand, scene, PointerKind.RELEASE, *end),
    )


def kept(actions: Actions) -> list[AddAnnotation]:
    return [action for action in actions if isinstance(action, AddAnnotation)]


def test_a_distance_by_drag_and_by_two_clicks_is_the_same(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.DISTANCE)
    dragged = kept(drag(hand, scene, (100, 100), (124, 132)))[0].annotation
    assert at(hand, scene, PointerKind.PRESS, 100, 100) == ()
    assert at(hand, scene, PointerKind.RELEASE, 100, 100) == ()
    assert at(hand, scene, PointerKind.MOVE, 110, 110, Button.NONE) == (Repaint(),)
    clicked = kept(at(hand, scene, PointerKind.PRESS, 124, 132))[0].annotation
    assert measure_of(dragged) == pytest.approx(5.0)
    assert measure_of(clicked) == pytest.approx(5.0)
    assert dragged.points_lps_mm == clicked.points_lps_mm
    assert hand.preview is None


def test_an_ellipse_spans_the_box_that_was_dragged(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.ELLIPSE)
    measured = kept(drag(hand, scene, (100, 100), (260, 180)))[0].annotation
    # semi-axes 10 mm and 5 mm
    assert measure_of(measured) == pytest.approx(157.08, abs=0.01)


def test_the_probe_keeps_the_value_it_touches(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.PROBE)
    assert measure_of(kept(at(hand, scene, PointerKind.PRESS, 404, 320))[0].annotation) == 50.0


def test_scrolling_away_drops_a_half_drawn_line(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.DISTANCE)
    at(hand, scene, PointerKind.PRESS, 100, 100)
    at(hand, scene, PointerKind.MOVE, 200, 200)
    scene.scroll_by(1)
    assert at(hand, scene, PointerKind.MOVE, 210, 210) == (Repaint(),)
    assert hand.preview is None
    assert at(hand, scene, PointerKind.RELEASE, 210, 210) == ()


def test_a_tiny_ellipse_is_refused_in_words(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.ELLIPSE)
    # between pixel centres, which lie 8 px apart
    refused = drag(hand, scene, (101.5, 101.5), (106.5, 106.5))
    assert [type(action) for action in refused if not isinstance(action, Repaint)] == [Refuse]


@pytest.mark.parametrize(
    ("tool", "units"), [(ToolName.DISTANCE, ["px"]), (ToolName.ELLIPSE, ["px2"]), (ToolName.PROBE, ["HU"])]
)
def test_without_a_place_in_the_patient_pixels_are_counted_and_said_so(
    hand: Navigator, tool: ToolName, units: list[str]
) -> None:
    hand.choose(tool)
    unscaled = stack([image()])
    (drawn,) = kept(drag(hand, unscaled, (100, 100), (200, 200)))
    assert [one.unit for one in drawn.annotation.measures] == units
    assert (drawn.annotation.points_lps_mm, drawn.annotation.referenced_sop_instance_uid) == ((), "1.9")
    hand.cancel()
    unscaled.drop(0)
    assert drag(hand, unscaled, (100, 100), (200, 200)) == ()


def test_measuring_starts_on_the_image(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.DISTANCE)
    scene.set_camera(scene.state.camera.zoomed(0.5))
    assert drag(hand, scene, (10, 10), (300, 300)) == ()


@pytest.mark.parametrize(
    ("tool", "start", "end", "expected"),
    [(ToolName.DISTANCE, (100, 100), (124, 132), 10.0), (ToolName.PROBE, (404, 320), (404, 320), None)],
)
def test_a_handle_can_be_dragged_and_keeps_the_identity(
    hand: Navigator,
    scene: StackScene,
    tool: ToolName,
    start: tuple[float, float],
    end: tuple[float, float],
    expected: float | None,
) -> None:
    hand.choose(tool)
    made = kept(drag(hand, scene, start, end))[0].annotation
    scene.annotations.add("1.2.3", made)
    hand.choose(ToolName.WINDOW)
    done = drag(hand, scene, end, (148, 164))
    assert SelectAnnotation(made.uid) in done
    edited = next(action.annotation for action in done if isinstance(action, EditAnnotation))
    assert (edited.uid, edited.tracking_uid) == (made.uid, made.tracking_uid)
    assert measure_of(edited) == pytest.approx(expected if expected is not None else 18.0)


def placed(
    hand: Navigator, scene: StackScene, tool: ToolName, start: tuple[float, float], end: tuple[float, float]
) -> AddAnnotation:
    hand.choose(tool)
    added = kept(drag(hand, scene, start, end))[0]
    scene.annotations.add(scene.study_instance_uid, added.annotation)
    hand.choose(ToolName.WINDOW)
    return added


def test_a_click_anywhere_on_the_line_chooses_a_distance_and_leaves_it_where_it_is(
    hand: Navigator, scene: StackScene
) -> None:
    added = placed(hand, scene, ToolName.DISTANCE, (100, 100), (300, 100))
    pressed = at(hand, scene, PointerKind.PRESS, 180, 104)
    assert pressed == (SelectAnnotation(added.annotation.uid),)
    at(hand, scene, PointerKind.MOVE, 182, 105)
    assert at(hand, scene, PointerKind.RELEASE, 182, 105) == ()
    assert not any(isinstance(action, SelectAnnotation) for action in at(hand, scene, PointerKind.PRESS, 180, 110))


def test_a_distance_dragged_by_its_line_keeps_its_length_and_identity(hand: Navigator, scene: StackScene) -> None:
    added = placed(hand, scene, ToolName.DISTANCE, (100, 100), (300, 100))
    done = [action for action in drag(hand, scene, (200, 101), (240, 181)) if isinstance(action, EditAnnotation)]
    assert [edit.annotation.uid for edit in done] == [added.annotation.uid]
    assert measure_of(done[0].annotation) == pytest.approx(25.0)
    # 40 and 80 pixels at 8 pixels a millimetre
    moved = [
        tuple(new - old for new, old in zip(after, before, strict=True))
        for before, after in zip(added.annotation.points_lps_mm, done[0].annotation.points_lps_mm, strict=True)
    ]
    assert moved == [pytest.approx((5.0, 10.0, 0.0)), pytest.approx((5.0, 10.0, 0.0))]


def test_an_ellipse_is_chosen_by_its_outline_not_by_its_inside(hand: Navigator, scene: StackScene) -> None:
    added = placed(hand, scene, ToolName.ELLIPSE, (100, 100), (300, 300))
    # 45 degrees along a circle of radius 100 round (200, 200), and its middle
    on_outline = at(hand, scene, PointerKind.PRESS, 270.7, 270.7)
    assert on_outline == (SelectAnnotation(added.annotation.uid),)
    hand.cancel()
    assert at(hand, scene, PointerKind.PRESS, 205, 205) == ()


def test_a_measuring_tool_begins_a_new_line_across_another(hand: Navigator, scene: StackScene) -> None:
    placed(hand, scene, ToolName.DISTANCE, (100, 100), (300, 100))
    hand.choose(ToolName.DISTANCE)
    assert len(kept(drag(hand, scene, (200, 100), (200, 180)))) == 1


def test_an_ellipse_handle_changes_one_axis_only(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.ELLIPSE)
    made = kept(drag(hand, scene, (100, 100), (260, 180)))[0].annotation
    scene.annotations.add("1.2.3", made)
    hand.choose(ToolName.WINDOW)
    done = drag(hand, scene, (260, 140), (340, 155))
    edited = next(action.annotation for action in done if isinstance(action, EditAnnotation))
    # semi-axes 20 mm and 5 mm
    assert measure_of(edited) == pytest.approx(314.16, abs=0.01)


def test_a_click_on_nothing_drops_the_selection(hand: Navigator, scene: StackScene) -> None:
    scene.selected_annotation = "2.25.1"
    assert at(hand, scene, PointerKind.PRESS, 400, 300) == (SelectAnnotation(""),)


def test_the_scroll_tool_needs_six_pixels_a_slice(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.SCROLL)
    at(hand, scene, PointerKind.PRESS, 100, 100)
    assert at(hand, scene, PointerKind.MOVE, 100, 105) == ()
    assert at(hand, scene, PointerKind.MOVE, 100, 112) == (Scroll(2),)
    assert at(hand, scene, PointerKind.MOVE, 100, 106) == (Scroll(-1),)


def test_the_crosshair_tool_follows_only_while_pressed_and_on_the_image(hand: Navigator, scene: StackScene) -> None:
    hand.choose(ToolName.CROSSHAIR)
    assert at(hand, scene, PointerKind.MOVE, 404, 324, Button.NONE) == ()
    pressed = at(hand, scene, PointerKind.PRESS, 404, 324)
    assert isinstance(pressed[0], MoveCrosshair)
    assert pressed[0].lps_mm == pytest.approx((50.0, 40.0, 4.0))
    assert len(at(hand, scene, PointerKind.MOVE, 300, 300)) == 1
    assert at(hand, scene, PointerKind.MOVE, 900, 300) == ()
    at(hand, scene, PointerKind.RELEASE, 300, 300)
    assert at(hand, scene, PointerKind.MOVE, 310, 300, Button.NONE) == ()
    hand.cancel()


def test_a_second_button_does_not_disturb_a_drag(hand: Navigator, scene: StackScene) -> None:
    at(hand, scene, PointerKind.PRESS, 100, 100)
    assert at(hand, scene, PointerKind.PRESS, 100, 100, Button.RIGHT) == ()
    assert len(at(hand, scene, PointerKind.MOVE, 120, 100)) == 1
    assert at(hand, scene, PointerKind.DOUBLE, 120, 100, Button.RIGHT) == ()
    assert at(hand, scene, PointerKind.RELEASE, 120, 100) == ()


@pytest.mark.parametrize(
    ("key", "modifiers", "expected"),
    [
        ("W", Modifier.NONE, Command.TOOL_WINDOW),
        ("Space", Modifier.NONE, Command.RESET),
        ("7", Modifier.NONE, Command.PRESET_7),
        ("7", Modifier.SHIFT, None),
        ("S", Modifier.CTRL, None),
        ("N", Modifier.NONE, None),
        ("", Modifier.NONE, None),
    ],
)
def test_keys_with_modifiers_belong_to_others(key: str, modifiers: Modifier, expected: Command | None) -> None:
    assert command_for(KeyEvent(key, modifiers)) == expected
