"""Frames, films and what of a long film is held."""

from __future__ import annotations

import pytest

from workstation.domain.frames import Cine, FrameRef, ImageStack, StackFrame, frames_kept, is_kept
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Patient, Series, Study


def plane(z: float) -> ImagePlane:
    return ImagePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))


def stack(uid: str, *heights: float, label: str = "") -> ImageStack:
    return ImageStack(tuple(StackFrame(FrameRef(uid, n), plane(z)) for n, z in enumerate(heights, start=1)), label)


def test_frames_count_from_one_as_in_dicom() -> None:
    with pytest.raises(ValueError, match="from 1"):
        FrameRef("1.2", 0)


def test_a_film_shows_each_frame_as_long_as_its_vector_says_and_begins_anew() -> None:
    cine = Cine((100.0, 50.0, 200.0))
    assert [cine.place_at(t) for t in (0, 99, 100, 149, 150, 349, 350, 450)] == [0, 0, 1, 1, 2, 2, 0, 1]
    assert [cine.start_ms(n) for n in range(3)] == [0.0, 100.0, 150.0]
    assert round(cine.frames_per_second, 3) == 8.571


def test_a_sweeping_film_goes_back_without_showing_its_ends_twice() -> None:
    cine = Cine((10.0,) * 4, sweeps=True)
    assert [cine.place_at(t) for t in range(0, 120, 10)] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1]


def test_two_frames_cannot_sweep() -> None:
    assert [Cine((10.0, 10.0), sweeps=True).place_at(t) for t in (0, 10, 20, 30)] == [0, 1, 0, 1]


def test_a_frame_without_duration_is_no_film() -> None:
    with pytest.raises(ValueError, match="some time"):
        Cine((10.0, 0.0))


def test_a_reader_sees_every_stack_as_a_series_of_its_own() -> None:
    series = Series(
        "1.9",
        "MR",
        description="DWI",
        instances=(Instance("a", "", 1), Instance("b", "", 2)),
        stacks=(stack("a", 0, 1, label="b 0"), stack("b", 0, 1, label="b 1000")),
    )
    first, second = series.split()
    assert (first.key, first.description, [i.sop_instance_uid for i in first.instances]) == ("1.9", "DWI b 0", ["a"])
    assert (second.key, second.description, len(second.frames)) == ("1.9#1", "DWI b 1000", 2)
    assert len(series.frames) == 4
    assert Series("2", "CT").split() == (Series("2", "CT"),)


def test_the_slice_number_counts_frames_within_their_stack() -> None:
    series = Series("1.9", "MR", instances=(Instance("a", "", 1),), stacks=(stack("a", 0, 2, 4), stack("b", 0, 2, 4)))
    study = Study("1", Patient("7", "X"), series=(series,))
    assert study.slice_number("1.9", (5.0, 5.0, 3.9)) == 3


def test_of_a_long_clip_three_quarters_of_what_is_held_lie_ahead() -> None:
    held = [place for place in range(100) if is_kept(place, 90, 100, 40)]
    assert held == [*range(20), *range(80, 100)]
    assert all(is_kept(place, 5, 30, 40) for place in range(30))


def test_half_a_gigabyte_of_frames_is_held_and_never_fewer_than_sixteen() -> None:
    assert (frames_kept(1 << 20), frames_kept(1 << 30), frames_kept(0)) == (512, 16, 1 << 29)


def test_the_number_of_a_slice_is_that_of_the_slices_and_not_of_the_scout_through_it() -> None:
    axial = [ImagePlane((0.0, 0.0, 5.0 * n), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0)) for n in range(4)]
    scout = ImagePlane((20.0, 0.0, 50.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))
    stacks = tuple(
        ImageStack(tuple(StackFrame(FrameRef(f"1.{name}.{n}"), plane) for n, plane in enumerate(planes)), name)
        for name, planes in (("1", axial), ("2", [scout]))
    )
    instances = tuple(
        Instance(frame.ref.sop_instance_uid, "1.2", 1, rows=8, columns=8, plane=frame.plane)
        for stack in stacks
        for frame in stack.frames
    )
    study = Study("1", Patient("P", "N"), series=(Series("1.5", "CT", instances=instances, stacks=stacks),))
    assert study.slice_number("1.5", (20.0, 10.0, 11.0)) == 3
    assert study.slice_number("1.5", (20.0, 10.0, 90.0)) == 1


def test_a_stack_of_single_images_is_a_series_that_comes_image_by_image() -> None:
    frames = tuple(StackFrame(FrameRef(f"1.{n}")) for n in range(4))
    instances = tuple(Instance(f"1.{n}", "1.2", n, rows=8, columns=8) for n in (3, 2, 1, 0))
    stacks = ImageStack(frames[:2], "b 0"), ImageStack(frames[2:], "b 1000")
    first, second = Series("1.5", "MR", description="DWI", instances=instances, stacks=stacks).split()
    assert [(one.description, one.key, one.stacks) for one in (first, second)] == [
        ("DWI b 0", "1.5", ()),
        ("DWI b 1000", "1.5#1", ()),
    ]
    assert [one.frames for one in (first, second)] == [frames[:2], frames[2:]]
