"""On which images something was drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.frames import Cine, FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.study import Instance, Patient, Series, Study

CT = "1.2.840.10008.5.1.4.1.1.2"
NODULE_POINTS: tuple[Point, ...] = ((1.0, 1.0, 2.0), (3.0, 1.0, 2.0), (2.0, 0.0, 2.0), (2.0, 2.0, 2.0))


def plane(z: float) -> ImagePlane:
    return ImagePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))


AXIAL = Series(
    "1.2.2",
    "CT",
    instances=tuple(Instance(f"1.2.2.{n}", CT, n, rows=4, columns=5, plane=plane(2.0 * n)) for n in range(4)),
)
FILM = Series(
    "1.2.3",
    "US",
    instances=(Instance("1.2.3.1", "1.2.840.10008.5.1.4.1.1.3.1", 1, rows=4, columns=5, number_of_frames=3),),
    stacks=(ImageStack(tuple(StackFrame(FrameRef("1.2.3.1", n)) for n in (1, 2, 3))),),
)
IMAGES = StudyImages(Study("1.2", Patient("1", "A"), series=(AXIAL, FILM)))


def length(*points: Point) -> Annotation:
    return Annotation(
        uid="1",
        tracking_uid="1",
        kind=AnnotationKind.LENGTH,
        points_lps_mm=points,
        series_instance_uid="1.2.2",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def numbers(annotation: Annotation) -> list[str]:
    return [one.image.sop_instance_uid for one in IMAGES.of(annotation)]


def test_an_image_is_named_with_its_frame_only_where_it_has_several() -> None:
    single, film = IMAGES.get("1.2.2.1"), IMAGES.get("1.2.3.1", 2)
    assert single is not None
    assert film is not None

    assert single.image == KeyImage("1.2.2", CT, "1.2.2.1")
    assert film.image == KeyImage("1.2.3", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.1", 2)
    assert IMAGES.get("9.9") is None
    assert IMAGES.get("1.2.3.1", 4) is None
    assert [one.image.frame for one in IMAGES.frames("1.2.3")] == [1, 2, 3]
    assert IMAGES.frames("9.9") == ()


def test_a_line_lies_on_the_image_it_names_else_on_the_slice_that_holds_all_of_it() -> None:
    in_slice = length((0.0, 0.0, 2.0), (3.0, 0.0, 2.9))

    assert numbers(in_slice) == ["1.2.2.1"]
    assert numbers(replace(in_slice, referenced_sop_instance_uid="1.2.2.3")) == ["1.2.2.3"]
    assert numbers(replace(in_slice, referenced_sop_instance_uid="9.9")) == []
    # half way between two slices: the lower one, as the viewer draws it
    assert numbers(length((0.0, 0.0, 3.0), (3.0, 0.0, 3.0))) == ["1.2.2.1"]


def test_a_line_across_the_slices_lies_on_none_of_them() -> None:
    assert numbers(length((0.0, 0.0, 0.0), (0.0, 0.0, 6.0))) == []
    assert numbers(replace(length((0.0, 0.0, 2.0), (3.0, 0.0, 2.0)), series_instance_uid="9.9")) == []


def test_a_nodule_lies_on_every_slice_that_it_was_outlined_on() -> None:
    rings = tuple(tuple((x, y, z) for x, y, _ in NODULE_POINTS) for z in (2.0, 4.0))
    nodule = replace(length(*NODULE_POINTS[:2]), kind=AnnotationKind.NODULE, points_lps_mm=NODULE_POINTS)

    assert numbers(replace(nodule, contours_lps_mm=rings)) == ["1.2.2.1", "1.2.2.2"]
    assert numbers(nodule) == ["1.2.2.1"]


def test_points_on_pixels_lie_nowhere_in_the_patient_and_one_slice_alone_is_a_millimetre_thick() -> None:
    on_pixels = replace(
        length((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)), points_lps_mm=(), points_px=((1.0, 1.0), (2.0, 2.0)),
        referenced_sop_instance_uid="1.2.3.1", referenced_frame=3,
    )  # fmt: skip
    assert numbers(on_pixels) == ["1.2.3.1"]
    alone = StudyImages(Study("1.2", Patient("1", "A"), series=(replace(AXIAL, instances=AXIAL.instances[:1]),)))
    (only,) = alone.frames("1.2.2")

    assert only.holds(((0.0, 0.0, 0.5),))
    assert not only.holds(((0.0, 0.0, 0.51),))
    assert not only.holds(())
    assert not IMAGES.frames("1.2.3")[0].holds(((0.0, 0.0, 0.0),))


def test_a_series_plays_like_the_first_of_its_stacks_that_is_a_clip() -> None:
    clip = Cine((40.0, 40.0, 40.0))
    still, playing = FILM.stacks[0], replace(FILM.stacks[0], cine=clip)
    assert replace(FILM, stacks=(still, playing)).cine == clip
    assert (FILM.cine, AXIAL.cine) == (None, None)


def test_what_lies_in_space_lies_on_the_slices_of_the_stack_that_it_was_measured_in() -> None:
    names = [f"{b}.{n}" for b in (0, 1000) for n in range(4)]
    images = {
        name: Instance(name, CT, 1, rows=4, columns=5, plane=plane(2.0 * (at % 4))) for at, name in enumerate(names)
    }
    stacks = tuple(
        ImageStack(tuple(StackFrame(FrameRef(name), images[name].plane) for name in part))
        for part in (names[:4], names[4:])
    )
    weighted = Series("1.2.2", "MR", instances=tuple(images.values()), stacks=stacks)
    known = StudyImages(Study("1.2", Patient("1", "A"), series=(weighted,)))
    drawn = length((0.0, 0.0, 2.0), (3.0, 0.0, 2.9))
    assert [one.image.sop_instance_uid for one in known.of(drawn)] == ["0.1"]
    assert [one.image.sop_instance_uid for one in known.of(replace(drawn, stack_number=1))] == ["1000.1"]


def test_a_drawing_kept_before_stacks_had_numbers_lies_on_the_first_stack_that_holds_it() -> None:
    at_mm = {"a": 0.0, "b": 2.0, "c": 20.0, "d": 22.0, "e": 20.0, "f": 22.0}
    images = {name: Instance(name, CT, 1, rows=4, columns=5, plane=plane(z)) for name, z in at_mm.items()}
    stacks = tuple(
        ImageStack(tuple(StackFrame(FrameRef(name), images[name].plane) for name in part))
        for part in ("ab", "cd", "ef")
    )
    split = Series("1.2.2", "MR", instances=tuple(images.values()), stacks=stacks)
    known = StudyImages(Study("1.2", Patient("1", "A"), series=(split,)))

    def named(annotation: Annotation) -> list[str]:
        return [one.image.sop_instance_uid for one in known.of(annotation)]

    old = length((0.0, 0.0, 22.0), (3.0, 0.0, 22.5))
    assert named(old) == ["d"]
    assert named(replace(old, stack_number=2)) == ["f"]
    # a number that was given is believed
    assert named(replace(length((0.0, 0.0, 0.0), (3.0, 0.0, 0.0)), stack_number=1)) == []
    assert named(length((0.0, 0.0, 50.0), (3.0, 0.0, 50.0))) == []
