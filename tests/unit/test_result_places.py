"""A reader is brought to the slice that a result of another system lies on, and to none where it lies on none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from workstation.domain.annotation import POINT_COUNTS, Annotation, AnnotationKind
from workstation.domain.errors import JobCancelled
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.structures import FilmOutline, Structure, StructureSet
from workstation.domain.study import Instance, Series
from workstation.domain.technique import Technique
from workstation.services.foreign_objects_service import ForeignObject, ForeignObjects, ObjectKind, Provenance
from workstation.ui.images.result_places import ResultPlace, places_of, places_of_results

CT = "1.2.840.10008.5.1.4.1.1.2"
FRAME = "9"
MIDDLE: Point = (10.0, 10.0, 151.4)


def image(uid: str, plane: ImagePlane | None, *, frame: str = FRAME, **more: object) -> Instance:
    return Instance(uid, CT, 1, rows=500, columns=500, plane=plane, frame_of_reference_uid=frame, **more)  # type: ignore[arg-type] # fields by name


def slices(uid: str, step_mm: float, count: int, frame: str = FRAME) -> Series:
    """Return axial slices of 500 mm from z 0 upwards."""
    planes = [ImagePlane((-250.0, -250.0, step_mm * k), (1, 0, 0), (0, 1, 0), (1, 1)) for k in range(count)]
    return Series(uid, "CT", 2, uid, "", tuple(image(f"{uid}.{k}", one, frame=frame) for k, one in enumerate(planes)))


THICK, THIN = slices("1.2", 3.0, 100), slices("1.3", 1.0, 300)
# a topogram through the mark: y is 10 all over it
SCOUT = Series(
    "1.1", "CT", 1, "Topogram", "", (image("1.1.1", ImagePlane((-250, 10.0, 500), (1, 0, 0), (0, 0, -1), (1, 1))),)
)


def mark(at: Point = MIDDLE, *, series: str = "", sop: str = "", frame: str = FRAME) -> Annotation:
    x, y, z = at
    return Annotation(
        uid="2.1", tracking_uid="2.1", kind=AnnotationKind.SPHERE, points_lps_mm=(at, (x + 6, y, z)),
        frame_of_reference_uid=frame, series_instance_uid=series, referenced_sop_instance_uid=sop,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def ring(z: float, x: float = 10.0) -> np.ndarray:
    return np.array([[x - 5, 5, z], [x + 5, 5, z], [x + 5, 15, z], [x - 5, 15, z]])


def of_marks(*marks: Annotation) -> ForeignObject:
    return ForeignObject("1", ObjectKind.MARKS, Provenance("5", "SR"), marks=marks, is_of_ai=True)


def of_structures(*structures: Structure, sources: frozenset[str] = frozenset(), frame: str = FRAME) -> ForeignObject:
    outlines = StructureSet("6", "x", frame, structures, sources=sources)
    return ForeignObject("1", ObjectKind.SEGMENTS, Provenance("6", "SEG"), outlines=outlines, is_of_ai=True)


def where(one: ForeignObject, *stacks: Series) -> list[tuple[str, int]]:
    return [(place.series.series_instance_uid, place.index) for place in places_of(one, stacks)]


@pytest.mark.parametrize("one", [of_marks(mark()), of_structures(Structure(1, "n", (ring(151.4),)))])
def test_what_names_no_series_lies_on_the_slice_that_holds_it_and_not_on_the_topogram(one: ForeignObject) -> None:
    # 151.4 lies within half a gap of the slice at 150 (number 50) and of that at 151
    assert where(one, SCOUT, THICK) == [("1.2", 50)]
    assert where(one, SCOUT, THICK, THIN) == [("1.3", 151)]
    assert where(one, SCOUT) == [("1.1", 0)]


def test_a_localizer_of_parallel_slices_gives_way_to_the_images_that_are_read() -> None:
    exact = slices("1.4", 151.4, 3)
    localizer = replace(
        exact, instances=tuple(replace(one, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")) for one in exact.instances)
    )
    assert where(of_marks(mark()), exact, THICK) == [("1.4", 1)]
    assert where(of_marks(mark()), localizer, THICK) == [("1.2", 50)]


@pytest.mark.parametrize("named", ["1.2", "1.2.50"])
def test_a_result_that_names_its_series_or_an_image_of_it_lies_there_whatever_else_is_nearer(named: str) -> None:
    outlines = of_structures(Structure(1, "n", (ring(151.4),)), sources=frozenset({named}))
    of_series = mark(series=named) if named == "1.2" else mark(sop=named)
    assert where(outlines, THIN, THICK) == [("1.2", 50)]
    assert where(of_marks(of_series), THIN, THICK) == [("1.2", 50)]


def test_a_result_on_a_series_that_is_not_here_lies_on_any_that_shares_its_frame_of_reference() -> None:
    assert where(of_marks(mark(series="7.7")), slices("1.5", 1.0, 300, "8"), THICK) == [("1.2", 50)]
    assert where(of_marks(mark(frame="")), THICK) == []


@pytest.mark.parametrize(
    "beyond",
    [
        (10.0, 200.0, 5000.0),  # 4.7 m above the last slice
        (10.0, 10.0, 298.6),  # 1.6 mm above it, half a gap is 1.5
        (10.0, 10.0, -1.6),
        (255.0, 10.0, 150.0),  # beside the edge
        (10.0, -251.0, 150.0),
    ],
)
def test_what_lies_beyond_the_images_has_no_place(beyond: Point) -> None:
    assert where(of_marks(mark(beyond)), THICK) == []
    assert where(of_marks(mark(beyond, series="1.2")), THIN, THICK) == []


def test_what_lies_within_half_a_gap_of_the_last_slice_is_on_it() -> None:
    assert where(of_marks(mark((10.0, 10.0, 298.4))), THICK) == [("1.2", 99)]


def test_a_slice_without_neighbours_reaches_as_far_as_it_is_thick() -> None:
    thick = replace(THICK, instances=(replace(THICK.instances[50], technique=Technique(thickness_mm=4.0)),))
    assert where(of_marks(mark((10.0, 10.0, 151.9))), thick) == [("1.2", 0)]
    assert where(of_marks(mark((10.0, 10.0, 152.1))), thick) == []


def test_uneven_slices_leave_no_gap_between_them() -> None:
    uneven = replace(THICK, instances=(*THICK.instances[:2], *THICK.instances[4:]))  # z 0, 3, 12, 15 …
    assert where(of_marks(mark((10.0, 10.0, 7.4))), uneven) == [("1.2", 1)]
    assert where(of_marks(mark((10.0, 10.0, 7.6))), uneven) == [("1.2", 2)]


@pytest.mark.parametrize(
    ("kind", "points", "there"),
    [
        (AnnotationKind.SPHERE, ((10, 10, 150), (22, 10, 150)), (10, 10, 150)),
        (AnnotationKind.ELLIPSE, ((10, 10, 150), (22, 10, 150), (10, 14, 150)), (10, 10, 150)),
        (AnnotationKind.ARROW, ((10, 10, 150), (80, 90, 150)), (10, 10, 150)),
        (AnnotationKind.LENGTH, ((10, 10, 150), (20, 10, 150)), (15, 10, 150)),
        (AnnotationKind.RECTANGLE, ((0, 0, 150), (10, 0, 150), (10, 20, 150), (0, 20, 150)), (5, 10, 150)),
    ],
)
def test_the_crosshair_goes_to_the_centre_of_what_has_one(
    kind: AnnotationKind, points: tuple[Point, ...], there: Point
) -> None:
    assert POINT_COUNTS[kind][0] == len(points)
    (place,) = places_of(of_marks(replace(mark(), kind=kind, points_lps_mm=points)), (THICK,))
    assert place == ResultPlace(THICK, 50, there)


def test_lines_and_points_of_a_structure_have_a_place_as_its_contours_have() -> None:
    line = Structure(1, "vessel", (), open_lines=(np.array([[0.0, 0, 30], [10, 0, 30]]),))
    dot = Structure(2, "isocentre", (), points=np.array([[1.0, 2, 60], [1, 2, 90]]))
    assert [(place.index, place.point_lps_mm) for place in places_of(of_structures(line, dot), (THICK,))] == [
        (10, (5.0, 0.0, 30.0)), (20, (1.0, 2.0, 60.0)),
    ]  # fmt: skip


def film(uid: str, frame: int | None = None, rows: int = 500) -> FilmOutline:
    return FilmOutline(uid, frame, rows, 500, np.array([[1.0, 1], [5, 1], [5, 5]]))


def test_segments_of_films_lie_on_each_film_that_they_are_drawn_on_and_on_none_of_another_size() -> None:
    pa, lateral = (
        Series(f"3.{n}", "DX", n, "", "", (image(f"3.{n}.1", None, frame=""),)) for n in (1, 2)
    )  # fmt: skip
    both = Structure(1, "n", (), on_films=(film("3.1.1"), film("3.2.1"), film("3.9.1")))
    cropped = Structure(2, "m", (), on_films=(film("3.2.1", rows=400),))
    assert places_of(of_structures(both, frame=""), (lateral, pa)) == (ResultPlace(pa, 0), ResultPlace(lateral, 0))
    assert where(of_structures(cropped, frame=""), pa, lateral) == []


def test_marks_on_one_slice_are_one_place_and_no_more_than_twelve_are_shown() -> None:
    assert where(of_marks(mark((10.0, 10.0, 30.0)), mark((80.0, 10.0, 30.4))), THICK) == [("1.2", 10)]
    many = of_marks(*(mark((10.0, 10.0, 3.0 * k)) for k in range(30)))
    assert where(many, THICK) == [("1.2", k) for k in range(12)]


class Token:
    """A job that somebody gave up, or nobody did."""

    def __init__(self, *, cancelled: bool = False) -> None:
        self.cancelled = cancelled

    def raise_if_cancelled(self) -> None:
        if self.cancelled:
            raise JobCancelled


def test_places_are_made_of_other_makers_ai_alone_and_not_for_a_case_that_was_left() -> None:
    theirs = of_marks(mark())
    own = replace(theirs, source=replace(theirs.source, sop_instance_uid="7", is_own=True))
    by_people = replace(theirs, source=replace(theirs.source, sop_instance_uid="8"), is_of_ai=False)
    found = ForeignObjects("1", (theirs, own, by_people))
    assert places_of_results(found, (THICK,), Token()) == {"5": (ResultPlace(THICK, 50, MIDDLE),)}
    with pytest.raises(JobCancelled):
        places_of_results(found, (THICK,), Token(cancelled=True))
