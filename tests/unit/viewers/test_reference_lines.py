"""Pictures that cross show each other as lines, and those lines stand where the slice is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.helpers.fusion import turned
from tests.helpers.linking import AXIAL, CORONAL, HERE, SIZE, THERE, linked, mpr, stack
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.linking import reference_line
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume


def test_an_axial_slice_is_a_level_line_on_a_coronal_one_at_its_height() -> None:
    """Coronal rows run to the feet from H 20: the slice at 5 mm is row 15 of it, from column 10 to 40."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((10.5, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (30, 40), coronal, np.eye(4))

    assert line is not None
    ends = sorted(line)
    # image pixel 15 has its centre at viewport pixel 15.5
    assert ends[0] == pytest.approx((10.5, 15.5))
    assert ends[1] == pytest.approx((40.5, 15.5))


def test_a_line_ends_at_the_edge_of_the_picture() -> None:
    """The axial slice is wider than the coronal picture on both sides."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((-100.0, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (300, 40), coronal, np.eye(4))

    assert line is not None
    assert sorted(line) == [pytest.approx((0.0, 15.5)), pytest.approx((60.0, 15.5))]


def test_a_turned_picture_turns_its_lines() -> None:
    """The same line in a picture turned by a quarter: from top to bottom at 50 - 15.5 from the left."""
    plane = ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0))
    coronal = SliceView((60, 50), (50.0, 60.0), Camera(rotation_deg=90.0), plane)
    axial = ImagePlane((-100.0, 0.0, 5.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (300, 40), coronal, np.eye(4))

    assert line is not None
    assert sorted(line) == [pytest.approx((34.5, 0.0)), pytest.approx((34.5, 60.0))]


def test_a_registered_slice_is_drawn_where_the_registration_puts_it() -> None:
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    axial = ImagePlane((0.0, 0.0, 105.0), *AXIAL, (1.0, 1.0))

    line = reference_line(axial, (60, 40), coronal, turned((0, 0, 0), (0, 0, -100)))

    assert line is not None
    assert {round(y, 6) for _, y in line} == {15.5}


@pytest.mark.parametrize(
    "origin",
    [
        (0.0, 0.0, 60.0),  # above the coronal picture
        (0.0, 100.0, 5.0),  # behind the coronal plane
        (500.0, 0.0, 5.0),  # beside the coronal picture
    ],
)
def test_pictures_that_do_not_meet_have_no_line(origin: Point) -> None:
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))

    assert reference_line(ImagePlane(origin, *AXIAL, (1.0, 1.0)), (40, 40), coronal, np.eye(4)) is None
    placeless = SliceView((60, 50), (60.0, 50.0), Camera())
    assert reference_line(ImagePlane(origin, *AXIAL, (1.0, 1.0)), (40, 40), placeless, np.eye(4)) is None


def test_an_upright_line_outside_the_width_is_clipped_away() -> None:
    """A sagittal slice left of the coronal picture."""
    coronal = SliceView((60, 50), (60.0, 50.0), Camera(), ImagePlane((0.0, 8.0, 20.0), *CORONAL, (1.0, 1.0)))
    sagittal = ImagePlane((-30.0, 0.0, 20.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))

    assert reference_line(sagittal, (40, 40), coronal, np.eye(4)) is None


def lines(scene: Scene) -> list[str]:
    return [stroke.token for stroke in scene.frame(SIZE).overlay.guides]


def test_linked_pictures_show_each_other_as_lines_in_the_colour_of_their_plane() -> None:
    axial, coronal = stack([5.0, 10.0]), stack([8.0], axes=CORONAL, series="1.6")
    for n in range(2):
        coronal.put(0, SliceImage(np.zeros((80, 100), np.int16), ImagePlane((0, 8, 40.0 + n), *CORONAL, (1.0, 1.0))))
    group, _ = linked(axial, coronal)

    assert (lines(coronal), lines(axial)) == (["plane.axial"], ["plane.coronal"])
    group.show_reference_lines = False
    assert lines(coronal) == []
    group.show_reference_lines = True
    group.set_linked(axial, linked=False)
    assert (lines(coronal), lines(axial)) == ([], [])
    group.set_linked(axial, linked=True)
    group.leave(axial)
    assert (lines(coronal), lines(axial)) == ([], [])


def test_parallel_pictures_unrelated_ones_and_those_without_pixels_draw_no_lines() -> None:
    axial, parallel = stack([5.0]), stack([5.0], series="1.6")
    foreign = stack([8.0], axes=CORONAL, frame=THERE, series="1.7")
    missing = stack([8.0], axes=CORONAL, series="1.8", missing=True)
    linked(axial, parallel, foreign, missing)

    assert lines(axial) == []


def test_planes_of_one_volume_are_drawn_by_their_crosshair_only() -> None:
    axial, coronal = mpr(MprPlane.AXIAL), mpr(MprPlane.CORONAL)
    group, _ = linked(axial, coronal)

    assert group.reference_lines(axial, axial.view(SIZE)) == ()


def test_oblique_pictures_have_a_colour_of_their_own() -> None:
    angle = math.radians(40)
    tilted = stack([3.0], axes=((1.0, 0.0, 0.0), (0.0, math.cos(angle), math.sin(angle))), series="1.6")
    axial = stack([5.0])
    linked(axial, tilted)

    assert lines(axial) == ["plane.3d"]


def thick(frame: str = HERE) -> Volume:
    return Volume(np.zeros((6, 20, 20), dtype=np.int16), np.diag([1.0, 1.0, 5.0, 1.0]), frame, "1.5")


def height_of_level_line(scene: MprScene) -> float:
    """Return the height in mm at which the crosshair's level line stands in a coronal or sagittal picture."""
    view = scene.view(SIZE)
    strokes = scene.frame(SIZE).overlay.crosshair
    level = next(one for one in strokes if one.token == "plane.axial")
    return view.lps_of(*level.start)[2]


def test_the_level_line_of_the_crosshair_stands_on_the_thick_slice_that_is_shown() -> None:
    # slices of 5 mm at 0, 5, ... 25; the middle of the volume, 12.5 mm, lies between two of them
    axial = stack([5.0 * n for n in range(6)])
    coronal = MprScene(thick(), MprPlane.CORONAL, annotations=Annotations("1.2.3"), new_uid=uids())
    group, _ = linked(axial, coronal)
    assert coronal.crosshair == (9.5, 9.5, 12.5)

    for index, mm in ((3, 15.0), (1, 5.0)):
        axial.scroll_to(index)
        group.follow(axial)
        assert height_of_level_line(coronal) == pytest.approx(mm)

    coronal.scroll_to(2)  # the reader looks further in front; the line goes on with the slice
    axial.scroll_to(4)
    group.follow(axial)
    assert coronal.index == 2
    assert height_of_level_line(coronal) == pytest.approx(20.0)

    group.show_point((4.0, 2.0, 11.9), coronal)  # a click between two slices: 10 mm is the one that is shown
    assert axial.index == 2
    assert height_of_level_line(coronal) == pytest.approx(10.0)
    assert coronal.crosshair == (4.0, 2.0, 11.9)


@pytest.mark.parametrize(
    ("origin", "pixel", "step"),
    [((-345.51, -345.51, -622.0), 3.455, 3.375), ((689.56, -530.75, 553.8056), 3.502, 3.031),
     ((505.4124, 415.94, -654.5572), 2.21, 2.812), ((-524.0, 525.75, -601.0), 2.931, 3.975)],
)  # fmt: skip
def test_all_planes_of_an_even_volume_follow_the_slice_that_is_shown(origin: Point, pixel: float, step: float) -> None:
    # the middle of 110 x 200 x 200 voxels lies half a voxel from the layers beside it: a rounding must not decide
    affine = np.diag([pixel, pixel, step, 1.0])
    affine[:3, 3] = origin
    voxels = Volume(np.zeros((110, 200, 200), dtype=np.int16), affine, HERE, "1.5")
    axial, coronal, sagittal = (
        MprScene(voxels, plane, annotations=Annotations("1.2.3"), new_uid=uids()) for plane in MprPlane
    )
    shown = stack([origin[2] + step * n for n in range(110)])
    group, _ = linked(shown, axial, coronal, sagittal)
    shown.scroll_to(54)

    for plane in (axial, coronal, sagittal):
        group.bring(shown, plane)

    assert axial.index == 54
    for plane in (coronal, sagittal):
        assert height_of_level_line(plane) == pytest.approx(origin[2] + 54 * step)
