"""Zoom, pan, flip and wheel while something is drawn or dragged never move a point that the reader has placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.helpers.viewers import axial_stack, image, measure_of, stack
from viewers.scene.camera import Camera
from viewers.scene.events import Button, PointerEvent, PointerKind
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.actions import Action, Actions, AddAnnotation, AskText, EditAnnotation, Repaint
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import Annotation
from workstation.domain.geometry import Point

VIEWPORT = (800.0, 640.0)
"""Eight pixels a millimetre over the 100 x 80 mm test image."""
MOVES: list[Callable[[Camera], Camera]] = [
    lambda camera: camera.zoomed(1.5, from_centre=(-300.0, 120.0)),
    lambda camera: camera.panned(50.0, -40.0),
    lambda camera: camera.flipped_horizontally(),
    lambda camera: camera.rotated(90.0),
]
NAMES = ["zoom", "pan", "flip", "rotate"]


def mm(x: float, y: float) -> Point:
    return x, y, 4.0


def act(hand: Navigator, scene: StackScene, kind: PointerKind, place: tuple[float, float]) -> Actions:
    button = Button.NONE if kind is PointerKind.MOVE else Button.LEFT
    return hand.handle(PointerEvent(kind, *place, button), scene, VIEWPORT)


def view_of(scene: StackScene) -> SliceView:
    view = scene.view(VIEWPORT)
    assert view is not None
    return view


def click(hand: Navigator, scene: StackScene, point: Point) -> Actions:
    """Click where a patient point is on screen now."""
    place = view_of(scene).viewport_of(point)
    return tuple(
        action
        for kind in (PointerKind.MOVE, PointerKind.PRESS, PointerKind.RELEASE)
        for action in act(hand, scene, kind, place)
    )


def made_by(actions: tuple[Action, ...]) -> list[Annotation]:
    return [one.annotation for one in actions if isinstance(one, (AddAnnotation, EditAnnotation, AskText))]


def drawn(scene: StackScene, tool: ToolName, points: list[Point], move: Callable[[Camera], Camera]) -> Annotation:
    """Return what comes of clicks on patient points with a move of the picture after each."""
    hand = Navigator()
    hand.choose(tool)
    done: Actions = ()
    for point in points:
        done += click(hand, scene, point)
        scene.set_camera(move(scene.state.camera))
    (made,) = made_by(done)
    return made


@pytest.mark.parametrize("move", MOVES, ids=NAMES)
@pytest.mark.parametrize(
    ("tool", "points", "expected"),
    [
        (ToolName.DISTANCE, [mm(45, 35), mm(55, 35)], {"length": 10.0}),
        (ToolName.ANGLE, [mm(55, 35), mm(45, 35), mm(45, 45)], {"angle": 90.0}),
        (ToolName.COBB, [mm(45, 35), mm(55, 35), mm(45, 40), mm(55, 50)], {"angle": 45.0}),
        (ToolName.LINES, [mm(45, 35), mm(55, 35), mm(55, 50), mm(45, 40)], {"angle": 45.0}),
        (
            ToolName.CARDIOTHORACIC,
            [mm(46, 35), mm(54, 35), mm(45, 45), mm(61, 45)],
            {"heart_width": 8.0, "chest_width": 16.0, "ratio": 0.5},
        ),
        (
            ToolName.BIDIRECTIONAL,
            [mm(45, 40), mm(55, 40), mm(50, 37), mm(50, 43)],
            {"long_axis": 10.0, "short_axis": 6.0},
        ),
        (ToolName.RECTANGLE, [mm(40, 35), mm(60, 45)], {"area": 200.0, "perimeter": 60.0}),
        (ToolName.ELLIPSE, [mm(40, 35), mm(60, 45)], {"area": 157.08}),
    ],
)
def test_a_reader_may_zoom_pan_and_turn_between_clicks_and_measures_what_was_clicked(
    tool: ToolName, points: list[Point], expected: dict[str, float], move: Callable[[Camera], Camera]
) -> None:
    made = drawn(axial_stack(5), tool, points, move)
    assert {one.name.value: one.value for one in made.measures} == pytest.approx(expected, abs=0.01)


def test_a_reader_may_zoom_between_clicks_on_an_image_without_a_place_in_the_patient() -> None:
    hand, scene = Navigator(), stack([image()])
    hand.choose(ToolName.DISTANCE)
    for kind in (PointerKind.PRESS, PointerKind.RELEASE):
        act(hand, scene, kind, view_of(scene).transform.apply(20.0, 30.0))
    scene.set_camera(scene.state.camera.zoomed(1.5))
    (made,) = made_by(act(hand, scene, PointerKind.PRESS, view_of(scene).transform.apply(50.0, 70.0)))
    assert [pytest.approx(point) for point in made.points_px] == [(20.0, 30.0), (50.0, 70.0)]
    assert measure_of(made) == pytest.approx(50.0)


def test_an_outline_goes_where_the_pointer_was_though_the_picture_is_zoomed_under_it() -> None:
    hand, scene = Navigator(), axial_stack(5)
    hand.choose(ToolName.FREEHAND)
    act(hand, scene, PointerKind.PRESS, view_of(scene).viewport_of(mm(40, 35)))
    for point in (mm(60, 35), mm(60, 45), mm(40, 45)):
        act(hand, scene, PointerKind.MOVE, view_of(scene).viewport_of(point))
        scene.set_camera(scene.state.camera.zoomed(1.1, from_centre=(70.0, 20.0)))
    (made,) = made_by(act(hand, scene, PointerKind.RELEASE, view_of(scene).viewport_of(mm(40, 45))))
    assert measure_of(made) == pytest.approx(200.0)


def test_an_arrow_points_at_where_the_press_was_though_the_picture_is_panned() -> None:
    hand, scene = Navigator(), axial_stack(5)
    hand.choose(ToolName.TEXT)
    act(hand, scene, PointerKind.PRESS, view_of(scene).viewport_of(mm(40, 35)))
    scene.set_camera(scene.state.camera.panned(30.0, 60.0))
    (made,) = made_by(act(hand, scene, PointerKind.RELEASE, view_of(scene).viewport_of(mm(60, 45))))
    assert [pytest.approx(point) for point in made.points_lps_mm] == [mm(40, 35), mm(60, 45)]


def test_a_press_that_did_not_move_is_a_click_though_the_picture_turned_under_it() -> None:
    hand, scene = Navigator(), axial_stack(5)
    hand.choose(ToolName.DISTANCE)
    place = view_of(scene).viewport_of(mm(20, 35))
    act(hand, scene, PointerKind.PRESS, place)
    scene.set_camera(scene.state.camera.flipped_horizontally())
    assert act(hand, scene, PointerKind.RELEASE, place) == ()


@pytest.mark.parametrize("tool", [ToolName.DISTANCE, ToolName.FREEHAND, ToolName.TEXT])
def test_a_drag_that_ends_on_another_slice_draws_nothing(tool: ToolName) -> None:
    hand, scene = Navigator(), axial_stack(5)
    hand.choose(tool)
    act(hand, scene, PointerKind.PRESS, (100.0, 100.0))
    for place in ((150.0, 100.0), (150.0, 150.0)):
        act(hand, scene, PointerKind.MOVE, place)
    scene.scroll_by(1)
    assert act(hand, scene, PointerKind.RELEASE, (200.0, 200.0)) == (Repaint(),)
    assert hand.preview is None


def with_length(scene: StackScene) -> Annotation:
    made = drawn(scene, ToolName.DISTANCE, [mm(45, 35), mm(55, 35)], lambda camera: camera)
    scene.annotations.add("1.2.3", made)
    return made


@pytest.mark.parametrize("grip", [mm(55, 35), mm(50, 35)], ids=["end", "line"])
@pytest.mark.parametrize("is_moved", [True, False], ids=["moved", "released"])
def test_an_end_never_comes_to_lie_on_the_slice_that_the_wheel_brought(grip: Point, *, is_moved: bool) -> None:
    hand, scene = Navigator(), axial_stack(5)
    made = with_length(scene)
    view = view_of(scene)
    act(hand, scene, PointerKind.PRESS, view.viewport_of(grip))
    act(hand, scene, PointerKind.MOVE, view.viewport_of(mm(60, 37)))
    held = hand.preview
    assert held is not None
    scene.scroll_by(1)
    assert scene.frame(VIEWPORT, held).overlay.callipers == (), "not drawn where it does not lie"
    if is_moved:
        assert act(hand, scene, PointerKind.MOVE, view.viewport_of(mm(61, 37))) == (Repaint(),)
    assert made_by(act(hand, scene, PointerKind.RELEASE, view.viewport_of(mm(61, 37)))) == []
    assert scene.annotations.items == (made,)


@pytest.mark.parametrize("move", MOVES, ids=NAMES)
@pytest.mark.parametrize(
    ("grip", "expected"),
    [(mm(55, 35), [mm(45, 35), mm(58, 39)]), (mm(50, 35), [mm(48, 39), mm(58, 39)])],
    ids=["end", "line"],
)
def test_a_dragged_annotation_follows_the_pointer_on_the_image_though_the_picture_moves(
    grip: Point, expected: list[Point], move: Callable[[Camera], Camera]
) -> None:
    hand, scene = Navigator(), axial_stack(5)
    with_length(scene)
    act(hand, scene, PointerKind.PRESS, view_of(scene).viewport_of(grip))
    scene.set_camera(move(scene.state.camera))
    target = view_of(scene).viewport_of((grip[0] + 3, grip[1] + 4, grip[2]))
    act(hand, scene, PointerKind.MOVE, target)
    (edited,) = made_by(act(hand, scene, PointerKind.RELEASE, target))
    assert [pytest.approx(point) for point in edited.points_lps_mm] == expected


def test_a_drawing_begun_on_one_picture_is_never_ended_on_another() -> None:
    """The same slice of another phase, or another series in the same viewport."""
    hand, scene, other = Navigator(), axial_stack(5), axial_stack(5)
    hand.choose(ToolName.DISTANCE)
    click(hand, scene, mm(45, 35))
    other.state = replace(scene.state)
    assert made_by(click(hand, other, mm(55, 35))) == []


def test_what_was_taken_back_while_it_was_dragged_stays_away() -> None:
    hand, scene = Navigator(), axial_stack(5)
    with_length(scene)
    view = view_of(scene)
    act(hand, scene, PointerKind.PRESS, view.viewport_of(mm(55, 35)))
    act(hand, scene, PointerKind.MOVE, view.viewport_of(mm(60, 37)))
    scene.annotations.undo()
    assert act(hand, scene, PointerKind.RELEASE, view.viewport_of(mm(60, 37))) == (Repaint(),)
