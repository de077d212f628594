"""What a size is: two axes and their mean, a sphere of the volume, what a network gave, what a reader measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.categories.basis import BasisChange, basis_of, changes
from workstation.domain.categories.values import FindingBasis, Scheme
from workstation.domain.finding import Decision, Finding, FindingList, MarkEvidence, NoduleType
from workstation.domain.finding_size import FindingSize, SizeKind, size_of
from workstation.domain.follow_up import nodule_of_annotation, nodules_of
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.rejection import RejectReason

MARK = replace(cases.mark(), diameter_mm=7.1)
SEGMENTED = replace(MARK, evidence=MarkEvidence(long_axis_mm=10.0, short_axis_mm=6.0, volume_mm3=188.0))
DRAWN = Annotation(
    uid="2.25.5",
    tracking_uid="2.25.6",
    kind=AnnotationKind.NODULE,
    points_lps_mm=((-62.0, 131.0, -520.5), (-52.0, 131.0, -520.5), (-57.0, 128.0, -520.5), (-57.0, 134.0, -520.5)),
    created_at=cases.NOON,
    measures=(
        Measure(MeasureName.LONG_AXIS, 10.0, "mm"),
        Measure(MeasureName.SHORT_AXIS, 6.0, "mm"),
        Measure(MeasureName.EQUIVALENT_DIAMETER, 7.1, "mm"),
        Measure(MeasureName.VOLUME, 188.0, "mm3"),
    ),
)
PAIR = replace(DRAWN, kind=AnnotationKind.BIDIRECTIONAL, measures=DRAWN.measures[:2])


def marked(mark: object = MARK, diameter_mm: float | None = None) -> Finding:
    one = replace(cases.ai_finding(), original=mark, diameter_mm=7.1).accepted(by="x", at=cases.NOON)  # type: ignore[arg-type]
    return one if diameter_mm is None else one.edited(by="x", at=cases.NOON, diameter_mm=diameter_mm)


def added(diameter_mm: float = 8.0) -> Finding:
    return Finding("2.25.9", 3, cases.mark().centre_lps_mm, diameter_mm, Decision.ADDED, decided_by="x")


def on_film(uid: str = "2.25.8", label: str = "mass") -> Finding:
    place = ImagePlace("1.2.3", 1, (1.0, 1.0, 9.0, 9.0))
    return Finding(uid, 4, None, None, Decision.ACCEPTED, ImageMark(place, 0.9, True, label), on_image=place)


def test_a_nodule_of_ten_by_six_by_six_has_a_mean_of_eight_and_seven_by_volume() -> None:
    size = size_of(marked(SEGMENTED))

    assert size == FindingSize(8.0, SizeKind.AXES, 10.0, 6.0, 7.1, 188.0)
    assert size.mean_mm == 8.0


@pytest.mark.parametrize(
    ("finding", "expected", "mean_mm"),
    [
        (marked(), FindingSize(7.1, SizeKind.NETWORK), None),
        (
            marked(replace(MARK, evidence=MarkEvidence(volume_mm3=188.0))),
            FindingSize(7.1, SizeKind.VOLUME, by_volume_mm=7.1, volume_mm3=188.0),
            None,
        ),
        (
            marked(replace(MARK, evidence=MarkEvidence(long_axis_mm=6.0, short_axis_mm=10.0))),
            FindingSize(8.0, SizeKind.AXES, 10.0, 6.0),
            8.0,
        ),
        (marked(SEGMENTED, 9.0), FindingSize(9.0, SizeKind.READER), 9.0),
        (added(), FindingSize(8.0, SizeKind.READER), 8.0),
    ],
)
def test_a_size_says_what_it_is(finding: Finding, expected: FindingSize, mean_mm: float | None) -> None:
    assert size_of(finding) == expected
    assert expected.mean_mm == mean_mm


def test_a_nodule_has_one_mean_diameter_in_the_card_in_the_comparison_and_of_a_drawing() -> None:
    # 17.26 and 15.14 mm: told 17.3 and 15.1, their mean 16.2; 17.26 and 15.16: 17.3 and 15.2, mean 16.25, told 16.3
    for short, mean in ((15.14, 16.2), (15.16, 16.3)):
        evidence = MarkEvidence(long_axis_mm=17.26, short_axis_mm=short, volume_mm3=2482.7)
        found = marked(replace(MARK, evidence=evidence))
        axes = (Measure(MeasureName.LONG_AXIS, 17.26, "mm"), Measure(MeasureName.SHORT_AXIS, short, "mm"))
        size, drawn = size_of(found), nodule_of_annotation(replace(PAIR, measures=axes))
        (followed,) = nodules_of(FindingList("1.2", "1.2.3", "1.5", None, (found,)))

        assert size is not None
        assert drawn is not None
        assert (size.mm, followed.size_mm, drawn.size_mm) == (mean, mean, mean)


def test_a_finding_made_of_a_drawing_keeps_its_axes_by_the_mean_that_is_told() -> None:
    # a draft of yesterday holds the exact mean, 16.21; both find their axes again
    axes = (Measure(MeasureName.LONG_AXIS, 17.26, "mm"), Measure(MeasureName.SHORT_AXIS, 15.16, "mm"))
    drawn = replace(PAIR, measures=axes)

    assert [size_of(added(size), (drawn,)) for size in (16.3, 16.21)] == [
        FindingSize(16.3, SizeKind.AXES, 17.3, 15.2), FindingSize(16.3, SizeKind.AXES, 17.3, 15.2)
    ]  # fmt: skip


def test_a_finding_on_an_image_has_no_size() -> None:
    assert size_of(on_film()) is None


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (DRAWN, FindingSize(8.0, SizeKind.AXES, 10.0, 6.0, 7.1, 188.0, is_drawn_wider=True)),
        (PAIR, FindingSize(8.0, SizeKind.AXES, 10.0, 6.0)),
        (replace(DRAWN, kind=AnnotationKind.RECTANGLE), None),
        (replace(DRAWN, measures=DRAWN.measures[1:]), None),
        (replace(DRAWN, measures=(replace(DRAWN.measures[0], value=12.0), DRAWN.measures[1])), None),
        (replace(DRAWN, points_lps_mm=((0.0, 0.0, 0.0),) * 4), None),
    ],
)
def test_a_finding_made_of_a_drawing_has_its_axes(drawn: Annotation, expected: FindingSize | None) -> None:
    assert size_of(added(), (drawn,)) == (expected or FindingSize(8.0, SizeKind.READER))


def test_axes_on_an_image_without_a_scale_are_no_millimetres_of_a_finding() -> None:
    film = {"points_lps_mm": (), "points_px": ((0.0, 0.0),) * 4, "referenced_sop_instance_uid": "1.2"}
    loose = replace(PAIR, **film, basis=SpacingBasis.UNKNOWN)  # type: ignore[arg-type]

    assert size_of(added(), (loose,)) == FindingSize(8.0, SizeKind.READER)


def test_what_changed_since_a_category_is_told_by_finding() -> None:
    other = replace(cases.ai_finding(2), nodule_type=NoduleType.SOLID).accepted(by="x", at=cases.NOON)
    before = basis_of(Scheme.LUNG_RADS, (marked(SEGMENTED), other, on_film()))
    resized = marked(SEGMENTED, 12.4)

    assert before == (FindingBasis("2.25.1001", 1, 8.0, "unspecified"), FindingBasis("2.25.1002", 2, 16.1, "solid"))
    assert changes(before, basis_of(Scheme.LUNG_RADS, (marked(SEGMENTED), replace(other, number=5)))) == ()
    assert changes(before, basis_of(Scheme.LUNG_RADS, (resized, added()))) == (
        BasisChange(before[0], FindingBasis("2.25.1001", 1, 12.4, "unspecified")),
        BasisChange(before[1], None),
        BasisChange(None, FindingBasis("2.25.9", 3, 8.0, "unspecified")),
    )


def test_boxes_on_films_count_for_the_tables_of_other_organs_and_whole_series_for_none() -> None:
    whole = replace(on_film(), on_image=ImagePlace.whole_series("1.2"))

    assert basis_of(Scheme.BI_RADS, (on_film(), whole)) == (FindingBasis("2.25.8", 4, None, "mass", ()),)
    assert basis_of(Scheme.FLEISCHNER, (on_film(), whole)) == ()


def test_a_mark_that_takes_the_readers_finding_in_is_no_other_finding() -> None:
    own = added()
    both = cases.ai_finding().confirming(own, by="x", at=cases.NOON)

    assert changes(basis_of(Scheme.LUNG_RADS, (own,)), basis_of(Scheme.LUNG_RADS, (both,))) == ()
    rejected = cases.ai_finding().rejected(RejectReason.VESSEL, by="x", at=cases.NOON)
    assert rejected.counts is False


def test_what_our_outline_measured_of_a_small_nodule_is_known_to_be_about_a_millimetre_wider() -> None:
    ours = MarkEvidence(long_axis_mm=10.0, short_axis_mm=6.0, volume_mm3=188.0, network_diameter_mm=6.5)

    def is_wider(evidence: MarkEvidence) -> bool:
        size = size_of(marked(replace(MARK, evidence=evidence)))
        return size is not None and size.is_drawn_wider

    assert is_wider(ours)
    assert is_wider(replace(ours, long_axis_mm=None))  # no axes: told by its volume
    assert not is_wider(replace(ours, network_diameter_mm=None))  # a mask of a model, or another system's volume
    assert not is_wider(replace(ours, volume_mm3=None))
    # a ball of 12 mm has 904.8 mm³
    assert (is_wider(replace(ours, volume_mm3=904.0)), is_wider(replace(ours, volume_mm3=905.0))) == (True, False)


def test_of_what_a_reader_drew_only_the_one_click_outline_is_known_to_be_wider() -> None:
    sizes = [
        size_of(added(), [one])
        for one in (DRAWN, replace(DRAWN, origin="1.2.3"), PAIR, replace(DRAWN, measures=DRAWN.measures[:2]))
    ]

    assert [size is not None and size.is_drawn_wider for size in sizes] == [True, False, False, False]
