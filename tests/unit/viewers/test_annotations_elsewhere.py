"""A drawing keeps its place in the patient; its values stay with the images they were read from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.viewers import FRAME_OF_REFERENCE, STUDY, axial_plane, image, uids
from viewers.scene.annotations import Annotations
from viewers.scene.events import PointerEvent, PointerKind
from viewers.scene.measure_annotations import annotate, sphere
from viewers.scene.raster import Window
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.tools.actions import EditAnnotation
from viewers.scene.tools.handles import HandleTool
from viewers.scene.window_sharing import carried
from workstation.domain.annotation import AnnotationKind
from workstation.domain.volume import Volume

SIZE = (400.0, 320.0)
BOX = [(10.0, 10.0, 0.0), (20.0, 10.0, 0.0), (20.0, 20.0, 0.0), (10.0, 20.0, 0.0)]


def series(
    uid: str, value: int, notes: Annotations, frames: int = 1, *, number: int = 0, image_uid: str = ""
) -> StackScene:
    """Return frames of one value at one place, as the phases of a film are."""
    scene = StackScene(
        [StackSlot(image_uid or f"{uid}.1", frame, axial_plane()) for frame in range(frames)],
        annotations=notes,
        new_uid=uids(),
        frame_of_reference_uid=FRAME_OF_REFERENCE,
        series_instance_uid=uid,
        stack_number=number,
    )
    for frame in range(frames):
        pixels = np.full((80, 100), value + frame, np.int16)
        scene.put(frame, replace(image(pixels, axial_plane(), uid=image_uid or f"{uid}.1"), frame_number=frame + 1))
    scene.scroll_to(0)
    return scene


def draw(scene: StackScene, kind: AnnotationKind = AnnotationKind.RECTANGLE, *, stack_number: int = 0) -> None:
    measured = scene.measured()
    assert measured is not None
    points = BOX if kind is AnnotationKind.RECTANGLE else BOX[:1] if kind is AnnotationKind.PROBE else BOX[:2]
    drawn = annotate(
        kind,
        measured,
        points,
        uid="1",
        tracking_uid="2",
        author="w",
        created_at=scene.annotations.now(),
        series_instance_uid=scene.series_instance_uid,
        stack_number=stack_number,
        referenced_frame=scene.frame_number,
    )
    scene.annotations.add(STUDY, drawn)


def lines(scene: StackScene) -> list[tuple[str, ...]]:
    return [one.lines for one in scene.frame(SIZE).overlay.callipers]


@pytest.mark.parametrize(
    ("kind", "here", "elsewhere"),
    [
        (
            AnnotationKind.RECTANGLE,
            ("Mean 40 SD 0 HU", "Min 40 Max 40", "Area 100.0 mm²"),
            ("Area 100.0 mm²", "Values of another series"),
        ),
        (AnnotationKind.PROBE, ("40 HU",), ("Values of another series",)),
        (AnnotationKind.LENGTH, ("10.0 mm",), ("10.0 mm",)),
    ],
)
def test_another_series_shows_the_shape_and_not_the_values_of_a_region(
    kind: AnnotationKind, here: tuple[str, ...], elsewhere: tuple[str, ...]
) -> None:
    """40 HU without contrast must not stand on the arterial phase, where there are 240."""
    notes = Annotations(STUDY)
    plain, arterial = series("1.5", 40, notes), series("1.6", 240, notes)
    draw(plain, kind)
    assert lines(plain) == [here]
    assert lines(arterial) == [elsewhere]


def test_a_region_dragged_on_another_series_has_the_values_of_that_series_and_says_so() -> None:
    notes = Annotations(STUDY)
    plain, arterial = series("1.5", 40, notes), series("1.6", 240, notes)
    draw(plain)
    view = arterial.view(SIZE)
    assert view is not None
    tool, at = HandleTool(), view.viewport_of((15.0, 10.0, 0.0))
    tool.press(PointerEvent(PointerKind.PRESS, *at), arterial, SIZE)
    tool.move(PointerEvent(PointerKind.MOVE, at[0] + 40, at[1]), arterial, SIZE)
    (done,) = tool.release(PointerEvent(PointerKind.RELEASE, at[0] + 40, at[1]), arterial, SIZE)
    assert isinstance(done, EditAnnotation)
    notes.edit(STUDY, done.annotation)
    assert lines(arterial)[0][0] == "Mean 240 SD 0 HU"
    assert lines(plain)[0][-1] == "Values of another series"


def test_a_region_on_one_phase_of_a_film_is_not_drawn_on_the_others() -> None:
    film = series("1.5", 40, Annotations(STUDY), frames=3)
    film.scroll_to(1)
    draw(film)
    shown = []
    for frame in range(3):
        film.scroll_to(frame)
        view = film.view(SIZE)
        assert view is not None
        shown.append((len(lines(film)), len(film.visible_annotations(view))))
    assert shown == [(0, 0), (1, 1), (0, 0)]


@pytest.mark.parametrize("kept_before_stacks_had_numbers", [False, True])
def test_a_region_on_b_0_has_no_values_on_b_1000_of_the_same_series(
    kept_before_stacks_had_numbers: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    notes = Annotations(STUDY)
    b_0 = series("1.5", 10, notes, image_uid="1.5.1")
    b_1000 = series("1.5", 500, notes, number=1, image_uid="1.5.2")
    draw(b_1000, stack_number=0 if kept_before_stacks_had_numbers else 1)
    assert lines(b_1000) == [("Mean 500 SD 0 HU", "Min 500 Max 500", "Area 100.0 mm²")]
    assert lines(b_0) == [("Area 100.0 mm²", "Values of another series")]


def test_a_sphere_in_the_voxels_of_b_0_has_no_values_on_b_1000() -> None:
    notes = Annotations(STUDY)
    b_0, b_1000 = series("1.5", 10, notes), series("1.5", 500, notes, number=1)
    voxels = Volume(np.full((9, 80, 100), 10, np.int16), np.eye(4), FRAME_OF_REFERENCE, "1.5")
    for number in (0, 1):
        notes = Annotations(STUDY)
        b_0.annotations = b_1000.annotations = notes
        drawn = sphere(
            replace(voxels, stack_number=number),
            (20.0, 20.0, 4.0),
            (24.0, 20.0, 4.0),
            uid="1",
            tracking_uid="2",
            author="w",
            created_at=notes.now(),
        )
        notes.add(STUDY, replace(drawn, points_lps_mm=((20.0, 20.0, 0.0), (24.0, 20.0, 0.0))))
        said = [lines(one)[0][-1] for one in (b_0, b_1000)]
        assert [one == "Values of another series" for one in said] == [number != 0, number != 1]


def test_a_window_for_b_0_is_no_window_for_b_1000() -> None:
    notes = Annotations(STUDY)
    b_0, b_1000 = series("1.5", 10, notes), series("1.5", 500, notes, number=1)
    for scene in (b_0, b_1000):
        scene.modality = "MR"
    again = series("1.5", 10, notes)
    again.modality = "MR"
    assert carried(Window(10, 20), b_0, b_1000) is None
    assert carried(Window(10, 20), b_0, again) == Window(10, 20)
