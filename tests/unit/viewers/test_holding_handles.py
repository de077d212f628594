"""Choosing an annotation changes no number, and a dragged end stays in the plane of the others."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.viewers import FRAME_OF_REFERENCE, STUDY, annotation, axial_plane, image, uids
from viewers.scene.annotations import Annotations
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.tools.actions import EditAnnotation, SelectAnnotation
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList
from workstation.domain.geometry import Point

VIEWPORT = (800.0, 640.0)
"""The 100 x 80 mm image fills it: 8 pixels a millimetre."""


def reconstruction(notes: Annotations, series: str, heights: range) -> StackScene:
    """Return a stack of axial slices at these heights in mm, one reconstruction of an acquisition."""
    images = [image(np.zeros((80, 100), np.int16), axial_plane(z), uid=f"{series}.{z}") for z in heights]
    scene = StackScene(
        [StackSlot(one.sop_instance_uid, plane=one.plane) for one in images],
        annotations=notes,
        new_uid=uids(),
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        series_instance_uid=series,
    )
    for number, one in enumerate(images):
        scene.put(number, one)
    return scene


def shown(scene: StackScene) -> SliceView:
    view = scene.view(VIEWPORT)
    assert view is not None
    return view


def dragged(scene: StackScene, start: tuple[float, float], *way: tuple[float, float]) -> list[object]:
    """Press at a (column, row), go the way in (column, row) and let go at its end; return what the tool asks for."""
    hand = Navigator()
    hand.choose(ToolName.DISTANCE)
    places = [shown(scene).transform.apply(*one) for one in (start, *way)]

    def at(kind: PointerKind, place: tuple[float, float]) -> tuple[object, ...]:
        return hand.handle(PointerEvent(kind, *place, Button.LEFT, Modifier.NONE), scene, VIEWPORT)

    done = [*at(PointerKind.PRESS, places[0])]
    for place in places[1:]:
        done += at(PointerKind.MOVE, place)
    return [*done, *at(PointerKind.RELEASE, places[-1])]


def numbers(item: Annotation) -> dict[str, float]:
    return {one.name.value: one.value for one in item.measures}


@pytest.mark.parametrize(
    ("kind", "points", "grabbed", "to", "expected"),
    [
        (AnnotationKind.LENGTH, [(40, 40), (43, 40)], (43, 40), (44, 40), {"length": 4.0}),
        (
            AnnotationKind.BIDIRECTIONAL,
            [(40, 20), (44, 20), (42, 18), (42, 22)],
            (44, 20),
            (45, 20),
            {"long_axis": 5.0, "short_axis": 4.0},
        ),
        (AnnotationKind.ANGLE, [(60, 60), (60, 64), (64, 64)], (60, 60), (60, 61), {"angle": 90.0}),
    ],
)
def test_an_end_dragged_on_the_thick_slices_stays_in_the_thin_slice_it_was_measured_on(
    kind: AnnotationKind,
    points: list[tuple[float, float]],
    grabbed: tuple[float, float],
    to: tuple[float, float],
    expected: dict[str, float],
) -> None:
    """The thin slice lies at 22 mm, the thick one of 5 mm at 20: 4 mm became the 4.47 of a line across both."""
    notes = Annotations(STUDY)
    thin, thick = (reconstruction(notes, *one) for one in (("1.5", range(41)), ("1.6", range(0, 45, 5))))
    thin.scroll_to(22)
    drawn = annotation(kind, image(plane=axial_plane(22), uid="1.5.22"), [(x, y, 22.0) for x, y in points])
    notes.add(STUDY, drawn)
    thick.scroll_to(4)

    (asked,) = [one for one in dragged(thick, grabbed, to) if isinstance(one, EditAnnotation)]

    assert numbers(asked.annotation) == pytest.approx(expected)
    assert [z for _x, _y, z in asked.annotation.points_lps_mm] == pytest.approx([22.0] * len(points))
    notes.edit(STUDY, asked.annotation)
    assert [one.uid for one in thin.visible_annotations(shown(thin))] == [drawn.uid], "it is whole where it was drawn"


def of_ten_mm(kind: AnnotationKind, points: list[Point]) -> tuple[StackScene, Annotation]:
    notes = Annotations(STUDY)
    scene = reconstruction(notes, "1.5", range(3))
    scene.scroll_to(0)
    drawn = annotation(kind, image(plane=axial_plane(0), uid="1.5.0"), points)
    notes.add(STUDY, drawn)
    return scene, drawn


@pytest.mark.parametrize("off", [(0.0, 0.0), (0.75, 0.25)])
def test_choosing_a_length_by_its_end_changes_no_number_though_the_hand_trembled(off: tuple[float, float]) -> None:
    scene, drawn = of_ten_mm(AnnotationKind.LENGTH, [(20.0, 40.0, 0.0), (30.0, 40.0, 0.0)])
    at = 30 + off[0], 40 + off[1]
    done = dragged(scene, at, (at[0] + 0.25, at[1] + 0.25))  # 2 pixels of the screen
    assert done[0] == SelectAnnotation(drawn.uid)
    assert not [one for one in done if isinstance(one, EditAnnotation)]


@pytest.mark.parametrize(
    ("kind", "points", "grabbed", "expected"),
    [
        (AnnotationKind.LENGTH, [(20, 40, 0), (30, 40, 0)], (30, 40), {"length": 12.0}),
        # semi-axes of 10 and 5 mm; the first is lengthened to 12 from either of its ends: pi * 12 * 5
        (AnnotationKind.ELLIPSE, [(40, 40, 0), (50, 40, 0), (40, 45, 0)], (50, 40), {"area": 188.495559}),
        (
            AnnotationKind.RECTANGLE,
            [(20, 20, 0), (30, 20, 0), (30, 40, 0), (20, 40, 0)],
            (30, 40),
            {"area": 240.0, "perimeter": 64.0},
        ),
    ],
)
def test_an_end_taken_beside_its_handle_goes_as_far_as_the_hand_and_does_not_jump_under_it(
    kind: AnnotationKind,
    points: list[Point],
    grabbed: tuple[float, float],
    expected: dict[str, float],
) -> None:
    scene, _drawn = of_ten_mm(kind, points)
    at = grabbed[0] + 0.75, grabbed[1]  # 6 pixels of the screen beside the handle
    (asked,) = [one for one in dragged(scene, at, (at[0] + 2.0, at[1])) if isinstance(one, EditAnnotation)]
    assert numbers(asked.annotation) == pytest.approx(expected)


def test_the_left_end_of_an_ellipse_drawn_outwards_makes_it_wider() -> None:
    scene, _drawn = of_ten_mm(AnnotationKind.ELLIPSE, [(40, 40, 0), (50, 40, 0), (40, 45, 0)])
    (asked,) = [one for one in dragged(scene, (30, 40), (28, 40)) if isinstance(one, EditAnnotation)]
    assert numbers(asked.annotation)["area"] == pytest.approx(188.495559)


def test_an_edit_that_changes_nothing_is_no_act_of_the_reader() -> None:
    """Kept unchanged, the words of a length counted as an act, and the next undo took back nothing."""
    scene, drawn = of_ten_mm(AnnotationKind.LENGTH, [(20.0, 40.0, 0.0), (30.0, 40.0, 0.0)])
    heard: list[AnnotationList] = []
    scene.annotations.watch(heard.append)
    scene.annotations.edit(STUDY, drawn)
    assert heard == []
