"""Volumes from decoded slices: the right place for every voxel, and refusals in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from resources.translation import use_language
from tests.helpers.jobs import RecordingJob
from workstation.domain.errors import JobCancelled, MissingGeometry, NotAVolume
from workstation.domain.frames import Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.services.image_service import (
    BuiltVolume,
    PlacedSlice,
    build_volume,
    first_series,
    is_image_series,
    series_warnings,
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.22"


def plane(z: float, *, x: float = -10.0) -> ImagePlane:
    return ImagePlane((x, -20.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.8))


def slices(*heights: float) -> list[PlacedSlice]:
    return [PlacedSlice(np.full((4, 6), round(z * 10), dtype=np.int16), plane(z)) for z in heights]


def build(given: list[PlacedSlice]) -> BuiltVolume:
    return build_volume(given, frame_of_reference_uid="1.9", series_instance_uid="1.2", job=RecordingJob())


def test_slices_in_any_order_become_one_volume_from_feet_to_head() -> None:
    built = build(slices(5.0, 1.0, 3.0))
    assert built.order == (1, 2, 0)
    assert built.volume.voxels[:, 0, 0].tolist() == [10, 30, 50]
    assert (built.volume.voxels.dtype, built.volume.spacing_mm) == (np.dtype(np.int16), (0.5, 0.8, 2.0))
    # column 2, row 3, layer 1: x = -10 + 2 * 0.5, y = -20 + 3 * 0.8, z = 1 + 2
    assert built.volume.lps_of((2, 3, 1)).tolist() == pytest.approx([-9.0, -17.6, 3.0])


def test_values_beyond_int16_are_kept_as_they_are() -> None:
    wide = [PlacedSlice(one.pixels.astype(np.float32) + 0.25, one.plane) for one in slices(1.0, 2.0, 3.0)]
    built = build(wide)
    assert built.volume.voxels[:, 0, 0].tolist() == [10.25, 20.25, 30.25]


def test_a_tilted_gantry_makes_a_sheared_grid_with_every_voxel_in_its_place() -> None:
    built = build([PlacedSlice(s.pixels, plane(z, x=-10 + 0.25 * z)) for z, s in enumerate(slices(0.0, 1.0, 2.0))])
    assert built.volume.lps_of((0, 0, 2)).tolist() == pytest.approx([-9.5, -20.0, 2.0])
    assert [warning.code for warning in built.warnings] == ["tilt"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (slices(1.0, 2.0, 3.0, 7.0), "Slices are missing in 1 place,"),
        (slices(1.0, 2.0, 2.0, 3.0), "at the same position"),
        ([PlacedSlice(s.pixels, plane(z, x=-10 + z * z)) for z, s in enumerate(slices(0.0, 1.0, 2.0))], "tilted"),
        ([*slices(1.0, 2.0), PlacedSlice(np.zeros((9, 9), dtype=np.int16), plane(3.0))], "different sizes"),
        ([PlacedSlice(np.zeros((4, 6, 3), dtype=np.uint8), plane(1.0))], "Colour"),
        (slices(1.0), "A single image"),
    ],
)
def test_what_is_no_regular_stack_is_refused_with_its_reason(given: list[PlacedSlice], words: str) -> None:
    with pytest.raises(NotAVolume) as refused:
        build(given)
    assert words in refused.value.user_text
    assert refused.value.hint == "The images can be read one by one; there is no reconstruction in other planes."


def test_slices_without_a_position_are_refused() -> None:
    with pytest.raises(MissingGeometry):
        build([*slices(1.0, 2.0), PlacedSlice(np.zeros((4, 6), dtype=np.int16), None)])


def test_a_cancelled_build_stops() -> None:
    job = RecordingJob()
    job.cancelled.set()
    with pytest.raises(JobCancelled):
        build_volume(slices(1.0, 2.0), frame_of_reference_uid="1", series_instance_uid="2", job=job)


def series(uid: str, modality: str, count: int, *, frames: int = 1, sop_class: str = CT) -> Series:
    instances = tuple(
        Instance(f"{uid}.{n}", sop_class, n, rows=4, columns=6, plane=plane(float(n)), number_of_frames=frames)
        for n in range(count)
    )
    return Series(uid, modality, instances=instances)


def test_the_marks_series_comes_first_then_the_longest_ct() -> None:
    found = (series("1", "SR", 9, sop_class=SR), series("2", "MR", 8), series("3", "CT", 2), series("4", "CT", 5))
    study = Study("1.2", Patient("P", "N"), series=found)
    assert [(one.series_instance_uid if one else "") for one in (first_series(study), first_series(study, "3"))] == [
        "4",
        "3",
    ]
    assert first_series(Study("1.2", Patient("P", "N"), series=found[:1])) is None


def test_reports_and_documents_are_no_image_series() -> None:
    pdf = series("5", "CT", 1, sop_class="1.2.840.10008.5.1.4.1.1.104.1")
    assert [is_image_series(one) for one in (pdf, series("1", "SR", 1, sop_class=SR), series("2", "CT", 1))] == [
        False,
        False,
        True,
    ]


def test_a_regular_stack_and_a_film_of_one_place_raise_no_doubt() -> None:
    film = ImageStack(
        tuple(StackFrame(FrameRef("6.0", n), plane(1.0)) for n in (1, 2, 3)), cine=Cine((40.0, 40.0, 40.0))
    )
    assert series_warnings(replace(series("6", "MR", 1, frames=3), stacks=(film,))) == ()
    assert series_warnings(series("2", "CT", 3)) == ()


def test_a_gap_between_the_frames_of_one_object_is_told() -> None:
    stack = ImageStack(tuple(StackFrame(FrameRef("6.0", n), plane(float(z))) for n, z in enumerate((0, 1, 2, 5), 1)))
    doubts = series_warnings(replace(series("6", "MR", 1, frames=4), stacks=(stack,)))
    assert [warning.code for warning in doubts] == ["gap"]
