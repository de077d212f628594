"""Every tool draws in the patient, shows what a plane cuts of it, and can be taken by its handles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resources.translation import ENGLISH, use_language
from tests.helpers.viewers import annotation, axial_plane, axial_stack, image, stack, uids, volume
from viewers.scene.annotations import Annotations
from viewers.scene.drawn_annotations import SphereValues
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.tools.actions import Actions, AddAnnotation, AskText, EditAnnotation, Refuse, SeedNodule
from viewers.scene.tools.measuring import FreehandTool, with_uptake
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics

VIEWPORT = (800.0, 640.0)
"""The 100 x 80 mm image fills it: 8 pixels a millimetre."""


def at(hand: Navigator, scene: Scene, kind: PointerKind, x: float, y: float) -> Actions:
    button = Button.NONE if kind is PointerKind.MOVE else Button.LEFT
    return hand.handle(PointerEvent(kind, x, y, button, Modifier.NONE), scene, VIEWPORT)


def strokes(hand: Navigator, scene: Scene, *ends: tuple[tuple[float, float], ...]) -> Actions:
    done: Actions = ()
    for way in ends:
        done += at(hand, scene, PointerKind.PRESS, *way[0])
        for place in way[1:]:
            done += at(hand, scene, PointerKind.MOVE, *place)
        done += at(hand, scene, PointerKind.RELEASE, *way[-1])
    return done


A, B, C, D = (100.0, 100.0), (180.0, 100.0), (140.0, 80.0), (140.0, 140.0)


@pytest.mark.parametrize(
    ("tool", "ends", "expected"),
    [
        (ToolName.BIDIRECTIONAL, ((A, B), (C, D)), {"long_axis": 10.0, "short_axis": 7.5}),
        (ToolName.ANGLE, ((B, A), ((100.0, 200.0),)), {"angle": 90.0}),
        (ToolName.COBB, ((A, B), ((100.0, 200.0), (180.0, 280.0))), {"angle": 45.0}),
        (ToolName.RECTANGLE, (((100.0, 100.0), (260.0, 180.0)),), {"area": 200.0, "perimeter": 60.0}),
        (
            ToolName.CARDIOTHORACIC,
            (((200.0, 200.0), (360.0, 200.0)), ((100.0, 300.0), (500.0, 300.0))),
            {"heart_width": 20.0, "chest_width": 50.0, "ratio": 0.4},
        ),
        (
            ToolName.FREEHAND,
            (((100.0, 100.0), (260.0, 100.0), (260.0, 180.0), (100.0, 180.0)),),
            {"area": 200.0, "perimeter": 60.0},
        ),
    ],
)
def test_every_tool_measures_what_was_drawn(
    tool: ToolName, ends: tuple[tuple[tuple[float, float], ...], ...], expected: dict[str, float]
) -> None:
    hand, scene = Navigator(), axial_stack()
    hand.choose(tool)
    (drawn,) = [one.annotation for one in strokes(hand, scene, *ends) if isinstance(one, AddAnnotation)]
    assert {m.name.value: m.value for m in drawn.measures} == pytest.approx(expected)
    assert drawn.points_px == ()
    assert hand.preview is None


def test_a_sphere_needs_the_volume_and_measures_in_it() -> None:
    hand = Navigator()
    hand.choose(ToolName.SPHERE)
    (refused,) = [one for one in strokes(hand, axial_stack(), (A, B)) if isinstance(one, Refuse)]
    assert refused.hint != ""
    scene = MprScene(volume(), MprPlane.AXIAL, annotations=Annotations("1.2.3"), new_uid=uids())
    view = scene.view(VIEWPORT)
    centre = (400.0, 320.0)
    rim = (400.0 + 4 * (view.px_per_mm or 0.0), 320.0)
    (drawn,) = [one.annotation for one in strokes(hand, scene, (centre, rim)) if isinstance(one, AddAnnotation)]
    found = drawn.measure(MeasureName.DIAMETER)
    assert found is not None
    assert found.value == pytest.approx(8.0)
    assert drawn.statistics is not None


def test_a_sphere_keeps_the_uptake_once_it_stands_and_anew_once_it_was_dragged() -> None:
    hand = Navigator()
    scene = MprScene(volume(), MprPlane.AXIAL, annotations=Annotations("1.2.3"), new_uid=uids())
    peak = Measure(MeasureName.UPTAKE_PEAK, 5.0, "SUV")
    highest = Measure(MeasureName.UPTAKE_MAXIMUM, 8.0, "SUV")
    asked: list[Annotation] = []

    def measures(sphere: Annotation) -> tuple[Measure, ...]:
        asked.append(sphere)
        return (highest, peak)

    scene.sphere_values = SphereValues(lambda _sphere: (), measures)
    hand.choose(ToolName.SPHERE)
    (drawn,) = [one.annotation for one in strokes(hand, scene, ((400.0, 320.0), (430.0, 320.0)))
                if isinstance(one, AddAnnotation)]  # fmt: skip
    assert [one.name for one in drawn.measures[-2:]] == [MeasureName.UPTAKE_MAXIMUM, MeasureName.UPTAKE_PEAK]
    assert len(asked) == 1, "not at every move of the pointer"
    scene.annotations.add("1.2.3", drawn)
    hand.choose(ToolName.DISTANCE)
    (edited,) = [one.annotation for one in strokes(hand, scene, ((430.0, 320.0), (460.0, 320.0)))
                 if isinstance(one, EditAnnotation)]  # fmt: skip
    assert [one.name.value for one in edited.measures] == ["diameter", "volume", "uptake_maximum", "uptake_peak"]
    assert asked[-1].points_lps_mm == edited.points_lps_mm

    told = replace(edited, statistics=Statistics(3.0, 1.0, 0.0, 8.0, 81, "SUV"), measures=())
    assert with_uptake(told, scene).measures == (peak,)
    assert with_uptake(replace(told, kind=AnnotationKind.LENGTH), scene).measures == ()


def test_a_click_asks_for_a_text_and_a_drag_for_an_arrow() -> None:
    hand, scene = Navigator(), axial_stack()
    hand.choose(ToolName.TEXT)
    (text,) = [one.annotation for one in strokes(hand, scene, (A,)) if isinstance(one, AskText)]
    (arrow,) = [one.annotation for one in strokes(hand, scene, (A, B)) if isinstance(one, AskText)]
    assert (text.kind, arrow.kind) == (AnnotationKind.TEXT, AnnotationKind.ARROW)
    assert arrow.points_lps_mm[0] == text.points_lps_mm[0]


def test_a_click_with_the_nodule_tool_names_the_patient_point() -> None:
    hand, scene = Navigator(), axial_stack()
    hand.choose(ToolName.NODULE)
    (seed,) = [one for one in strokes(hand, scene, ((404.0, 324.0),)) if isinstance(one, SeedNodule)]
    assert seed.lps_mm == pytest.approx((50.0, 40.0, 4.0))


def test_scrolling_between_the_two_lines_of_a_cobb_angle_drops_the_first() -> None:
    hand, scene = Navigator(), axial_stack()
    hand.choose(ToolName.COBB)
    strokes(hand, scene, (A, B))
    scene.scroll_by(1)
    assert [one for one in strokes(hand, scene, ((100, 200), (180, 280))) if isinstance(one, AddAnnotation)] == []


def test_a_rectangle_dragged_by_a_corner_stays_a_rectangle() -> None:
    hand, scene = Navigator(), axial_stack()
    hand.choose(ToolName.RECTANGLE)
    (drawn,) = [
        one.annotation for one in strokes(hand, scene, ((100, 100), (260, 180))) if isinstance(one, AddAnnotation)
    ]
    scene.annotations.add("1.2.3", drawn)
    hand.choose(ToolName.WINDOW)
    done = strokes(hand, scene, ((260, 180), (340, 260)))
    (moved,) = [one.annotation for one in done if isinstance(one, EditAnnotation)]
    assert {m.name.value: m.value for m in moved.measures} == pytest.approx({"area": 600.0, "perimeter": 100.0})
    assert moved.uid == drawn.uid


def test_a_length_drawn_on_the_stack_is_cut_on_the_planes_and_whole_on_its_own() -> None:
    """The same annotation on three planes: whole where it lies, a cross where a plane cuts it, nothing elsewhere."""
    notes = Annotations("1.2.3")
    scenes = {plane: MprScene(volume(), plane, annotations=notes, new_uid=uids()) for plane in MprPlane}
    axial = scenes[MprPlane.AXIAL]
    centre = axial.displayed_plane().lps_of(axial.grid.size[0] / 2, axial.grid.size[1] / 2)
    ends = [(centre[0] - 5, centre[1], centre[2]), (centre[0] + 5, centre[1], centre[2])]
    picture = image(plane=axial_plane(centre[2]))
    drawn = annotation(AnnotationKind.LENGTH, picture, ends)
    notes.add("1.2.3", drawn)
    frame = axial.frame_of_reference_uid
    assert drawn.frame_of_reference_uid == frame
    for scene in scenes.values():
        scene.show_point(centre)
    seen = {plane: scene.frame(VIEWPORT).overlay.callipers for plane, scene in scenes.items()}
    assert [c.lines for c in seen[MprPlane.AXIAL]] == [("10.0 mm",)]
    (cross,) = seen[MprPlane.SAGITTAL]
    assert (cross.lines, cross.handles) == ((), ())
    assert cross.outline[2] == pytest.approx(scenes[MprPlane.SAGITTAL].view(VIEWPORT).viewport_of(centre), abs=1e-6)
    scenes[MprPlane.SAGITTAL].show_point((centre[0] + 20, centre[1], centre[2]))
    assert scenes[MprPlane.SAGITTAL].frame(VIEWPORT).overlay.callipers == ()


def test_an_annotation_of_one_image_in_pixels_shows_on_no_other() -> None:
    scene = stack([image(uid="1.1"), image(uid="1.2")])
    scene.scroll_to(0)
    picture = scene.measurable()
    assert picture is not None
    drawn = annotation(AnnotationKind.LENGTH, picture, [(10.0, 10.0), (40.0, 50.0)])  # type: ignore[list-item]  # pixels of an image without a place
    scene.annotations.add("1.2.3", drawn)
    assert [c.lines for c in scene.frame(VIEWPORT).overlay.callipers] == [("50.0 px", "not calibrated")]
    scene.scroll_to(1)
    assert scene.frame(VIEWPORT).overlay.callipers == ()


def test_a_hatching_over_itself_keeps_its_line_under_the_hand_and_is_refused_in_words() -> None:
    use_language(ENGLISH)
    scene, hand = axial_stack(), Navigator()
    hand.choose(ToolName.FREEHAND)
    # quick strokes of 75 mm to and fro, each at a height of its own
    way = [(700.0 if n % 2 else 100.0, 60.0 + 520.0 * (n * 0.618034 % 1)) for n in range(1000)]
    at(hand, scene, PointerKind.PRESS, *way[0])
    for place in way[1:100]:
        at(hand, scene, PointerKind.MOVE, *place)
    early = hand.preview
    assert early is not None
    assert early.measure(MeasureName.AREA) is not None
    for place in way[100:]:
        at(hand, scene, PointerKind.MOVE, *place)
    drawn = hand.preview
    assert drawn is not None
    assert (drawn.kind, len(drawn.points_lps_mm), drawn.measures) == (AnnotationKind.FREEHAND, 1000, ())
    assert scene.frame(VIEWPORT, drawn).overlay.callipers[-1].lines == ()
    (refused,) = at(hand, scene, PointerKind.RELEASE, *way[-1])
    assert isinstance(refused, Refuse)
    assert (refused.text, refused.hint) == (
        "This outline crosses itself too often to enclose a region.",
        "Lead it round the region once.",
    )
    assert hand.preview is None


def led_round(rough_px: float, monkeypatch: pytest.MonkeyPatch) -> Actions:
    """Lead the pointer round 36.25 mm about the middle on a wall of pixels, 80 to a millimetre, in 6000 steps."""
    monkeypatch.setattr(FreehandTool, "_outline", lambda *_args: None)  # what is shown on the way is not asked here
    scene, hand, viewport = axial_stack(), Navigator(), (8000.0, 6400.0)
    hand.choose(ToolName.FREEHAND)
    turn = 2 * np.pi * np.arange(6000) / 6000
    far = 2900 + rough_px * np.where(np.arange(6000) % 2, 1.0, -1.0)
    way = np.stack([4000 + far * np.cos(turn), 3200 + far * np.sin(turn)], axis=1).tolist()
    for n, (x, y) in enumerate(way):
        kind, button = (PointerKind.MOVE, Button.NONE) if n else (PointerKind.PRESS, Button.LEFT)
        hand.handle(PointerEvent(kind, x, y, button, Modifier.NONE), scene, viewport)
    return hand.handle(PointerEvent(PointerKind.RELEASE, x, y, Button.LEFT, Modifier.NONE), scene, viewport)


def test_an_outline_of_more_points_than_a_report_holds_is_thinned_without_changing_its_area(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (drawn,) = [one.annotation for one in led_round(0.0, monkeypatch) if isinstance(one, AddAnnotation)]
    assert 3 <= len(drawn.points_lps_mm) <= 5460
    area = drawn.measure(MeasureName.AREA)
    assert area is not None
    assert area.value == pytest.approx(4128.25, rel=0.004)  # pi * 36.25^2; a rim of 0.1 mm is 0.5 %
    far = [np.hypot(x - 49.5, y - 39.5) for x, y, _z in drawn.points_lps_mm]
    assert (min(far), max(far)) == pytest.approx((36.25, 36.25), abs=0.01)


def test_an_outline_too_long_and_rough_to_be_kept_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    use_language(ENGLISH)
    (refused,) = led_round(40.0, monkeypatch)
    assert refused == Refuse("This outline is too long to be kept.", "Lead it round the region once.")
