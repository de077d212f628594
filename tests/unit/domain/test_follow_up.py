"""Follow-up: who is offered as whom, in which numbers, and what the reader's word changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence, NoduleType, RejectReason
from workstation.domain.follow_up import (
    Compared,
    PairState,
    SeenNodule,
    StudyDay,
    candidates,
    compare,
    nodule_of_annotation,
    nodules_of,
    nodules_of_prior,
)
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.tracking import GrowthVerdict

BEFORE, NOW = StudyDay("1.9", date(2026, 1, 1)), StudyDay("1.3", date(2026, 7, 1))  # 181 days
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)


def seen(
    uid: str,
    centre: Point = (0, 0, 0),
    mm: float = 8.0,
    *,
    axes: float | None = None,
    mm3: float | None = None,
    number: int = 0,
) -> SeenNodule:
    return SeenNodule(uid, centre, mm, axes, mm3, number=number)


def lines_of(
    current: list[SeenNodule],
    prior: list[SeenNodule],
    matrix: np.ndarray | None,
    *,
    confirmed: dict[str, FollowUp] | None = None,
    chosen: dict[str, str] | None = None,
    case: StudyDay = NOW,
) -> tuple[Compared, ...]:
    return compare(
        current, prior, case=case, before=BEFORE, prior_to_current=matrix, confirmed=confirmed or {},
        chosen=chosen or {},
    )  # fmt: skip


def told(lines: tuple[Compared, ...]) -> list[tuple[str, str, PairState]]:
    return [
        (one.current.tracking_uid if one.current else "", one.prior.tracking_uid if one.prior else "", one.state)
        for one in lines
    ]


def moved_by(x: float, y: float, z: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def outlined(centre: Point, *measures: Measure, kind: AnnotationKind = AnnotationKind.NODULE) -> Annotation:
    x, y, z = centre
    points = ((x - 5, y, z), (x + 5, y, z), (x, y - 4, z), (x, y + 4, z))
    return Annotation(
        uid="7.1", tracking_uid="7.1", kind=kind, points_lps_mm=points, frame_of_reference_uid="1.5",
        measures=measures, created_at=AT,
    )  # fmt: skip


AXES = (Measure(MeasureName.LONG_AXIS, 10.0, "mm"), Measure(MeasureName.SHORT_AXIS, 8.0, "mm"))


def test_pairs_new_ones_and_those_that_are_gone_are_all_told_once() -> None:
    lines = lines_of(
        [seen("x", (1, 0, 100)), seen("new", (80, 0, 100))], [seen("gone", (0, 90, 0)), seen("a")], moved_by(0, 0, 100)
    )
    assert told(lines) == [
        ("x", "a", PairState.PROPOSED),
        ("new", "", PairState.NEW),
        ("", "gone", PairState.ONLY_PRIOR),
    ]
    assert [(one.key, one.gap_mm) for one in lines] == [("x", 1.0), ("new", None), ("gone", None)]


def test_nothing_is_paired_by_place_before_the_prior_was_laid_over_the_case() -> None:
    lines = lines_of([seen("x"), seen("kept")], [seen("a"), seen("kept", (50, 0, 0))], None)
    assert told(lines) == [
        ("x", "", PairState.NEW),
        ("kept", "kept", PairState.PROPOSED),
        ("", "a", PairState.ONLY_PRIOR),
    ]
    assert lines[1].gap_mm is None


def test_a_nodule_of_a_prior_that_is_not_aligned_was_not_looked_for_in_the_case() -> None:
    apart = lines_of([seen("x")], [seen("a")], None)
    assert [(one.key, one.is_placed) for one in apart] == [("x", False), ("a", False)]
    laid = lines_of([seen("x")], [seen("a", (0, 90, 0))], np.eye(4))
    assert [(one.key, one.is_placed) for one in laid] == [("x", True), ("a", True)]


def test_axes_are_compared_with_axes_and_a_sphere_with_a_sphere() -> None:
    (both,) = lines_of([seen("x", mm=9, axes=10)], [seen("a", mm=7, axes=8)], np.eye(4))
    (mixed,) = lines_of([seen("x", mm=9, axes=10)], [seen("a", mm=7)], np.eye(4))
    assert both.growth is not None
    assert mixed.growth is not None
    assert (both.growth.diameter_change_mm, mixed.growth.diameter_change_mm) == (2.0, 2.0)
    assert both.follow_up is not None
    assert mixed.follow_up is not None
    assert (both.follow_up.current.mean_diameter_mm, mixed.follow_up.current.mean_diameter_mm) == (10, 9)


def test_the_axes_of_a_cut_off_nodule_are_compared_with_a_typed_size_and_not_the_sphere_of_what_the_scan_left() -> None:
    cut_off = replace(seen("x", mm=8, axes=10, mm3=268), growth_limits=(GrowthLimit.CUT_OFF,))
    (later,) = lines_of([cut_off], [seen("a", mm=10)], np.eye(4))
    (earlier,) = lines_of([seen("x", mm=10)], [replace(cut_off, tracking_uid="a")], np.eye(4))
    for line in (later, earlier):
        assert line.growth is not None
        assert (line.growth.diameter_change_mm, line.growth.verdict) == (0, GrowthVerdict.STABLE)
        assert line.growth.limits == (GrowthLimit.CUT_OFF,)


@pytest.mark.parametrize(
    ("said", "guessed", "limits", "verdict"),
    [
        (NoduleType.GROUND_GLASS, (), (GrowthLimit.SUBSOLID,), GrowthVerdict.STABLE),
        (NoduleType.SOLID, (GrowthLimit.SUBSOLID,), (), GrowthVerdict.GROWN),
        (NoduleType.UNSPECIFIED, (GrowthLimit.SUBSOLID,), (GrowthLimit.SUBSOLID,), GrowthVerdict.STABLE),
    ],
)
@pytest.mark.parametrize("is_outlined", [True, False])
def test_the_volumes_of_a_nodule_are_compared_or_not_by_the_type_that_the_readers_say(
    said: NoduleType,
    guessed: tuple[GrowthLimit, ...],
    limits: tuple[GrowthLimit, ...],
    verdict: GrowthVerdict,
    *,
    is_outlined: bool,
) -> None:
    """10.0 to 10.9 mm: +29 % of volume, more than the 25 % of BTS 2015, less than the 1.5 mm of Lung-RADS."""
    evidence = MarkEvidence(long_axis_mm=11.4, short_axis_mm=10.4, volume_mm3=678.0, growth_limits=guessed)
    mark = Mark((0, 0, 0), 10.9, 0.9, shown=True, evidence=evidence)
    finding = Finding("x", 1, (0, 0, 0), 10.9, Decision.ACCEPTED, mark, nodule_type=said)
    drawn = outlined(
        (0, 0, 0), Measure(MeasureName.LONG_AXIS, 11.4, "mm"), Measure(MeasureName.SHORT_AXIS, 10.4, "mm"),
        Measure(MeasureName.VOLUME, 678.0, "mm3"), Measure(MeasureName.EQUIVALENT_DIAMETER, 10.9, "mm"),
    )  # fmt: skip
    found = nodules_of(FindingList("1.3", findings=(finding,)), [replace(drawn, growth_limits=guessed)] * is_outlined)
    before = replace(seen("a", mm=10, axes=10, mm3=524), nodule_type=said, growth_limits=guessed)
    (line,) = lines_of(list(found), [before], np.eye(4))
    assert line.growth is not None
    assert (line.growth.limits, line.growth.verdict) == (limits, verdict)


def test_what_is_outlined_anew_in_a_prior_keeps_the_type_that_its_report_says() -> None:
    reported = replace(seen("7.1"), nodule_type=NoduleType.GROUND_GLASS)
    pair = replace(outlined((0, 0, 0), *AXES, kind=AnnotationKind.BIDIRECTIONAL), tracking_uid="7.2")
    other = seen("b", (50, 0, 0))
    anew, kept = nodules_of_prior([reported, other], [pair, outlined((0, 0, 0), *AXES)])
    assert (anew.size_mm, anew.nodule_type, kept) == (9.0, NoduleType.GROUND_GLASS, other)
    (alone,) = nodules_of_prior([], [outlined((0, 0, 0), *AXES)])
    assert (alone.tracking_uid, alone.nodule_type) == ("7.1", NoduleType.UNSPECIFIED)


def test_growth_and_its_uncertain_doubling_time_follow_from_the_pair() -> None:
    (line,) = lines_of([seen("x", mm=10, mm3=536)], [seen("a", mm=8, mm3=268)], np.eye(4))
    assert line.growth is not None
    assert (line.growth.days, line.growth.verdict) == (181, GrowthVerdict.GROWN)
    assert line.growth.doubling_days == pytest.approx(181.0)
    # 2.0 x 1.25 and 2.0 / 1.25 in 181 days
    assert [round(one or 0, 1) for one in line.doubling_range_days or ()] == [136.9, 266.9]
    lone = Compared(seen("x"), None, PairState.NEW)
    assert (lone.growth, lone.doubling_range_days) == (None, None)


def test_what_the_reader_confirmed_stays_whatever_lies_nearer() -> None:
    said = FollowUp(
        "1.9", NoduleObservation("b", BEFORE.on, (40, 0, 0), 6), NoduleObservation("x", NOW.on, (0, 0, 0), 8), "x"
    )
    near, far = seen("a"), seen("b", (40, 0, 0))
    assert told(lines_of([seen("x")], [near, far], np.eye(4), confirmed={"x": said})) == [
        ("x", "b", PairState.CONFIRMED),
        ("", "a", PairState.ONLY_PRIOR),
    ]
    # also when the prior's own report cannot be had
    (line,) = lines_of([seen("x")], [], None, confirmed={"x": said})
    assert line.prior is not None
    assert (line.state, line.prior.size_mm) == (PairState.CONFIRMED, 6)
    # and a word about another prior says nothing about this one
    other = replace(said, prior_study_instance_uid="1.7")
    assert told(lines_of([seen("x")], [near], np.eye(4), confirmed={"x": other})) == [("x", "a", PairState.PROPOSED)]


def test_the_reader_may_pair_otherwise_or_not_at_all() -> None:
    prior = [seen("a"), seen("b", (9, 0, 0)), seen("c", (70, 0, 0))]
    lines = lines_of([seen("x")], prior, np.eye(4))
    assert candidates(lines[0], lines, np.eye(4)) == ("a", "b", "c")
    assert candidates(lines[0], lines, None) == ("a", "b", "c")
    assert candidates(lines[1], lines, None) == ()
    assert told(lines_of([seen("x")], prior, np.eye(4), chosen={"x": "b"}))[0] == ("x", "b", PairState.PROPOSED)
    far = lines_of([seen("x")], prior, np.eye(4), chosen={"x": "c"})[0]
    assert (far.gap_mm, far.ambiguous) == (70, True)
    assert told(lines_of([seen("x")], prior, np.eye(4), chosen={"x": ""}))[0] == ("x", "", PairState.NEW)
    assert told(lines_of([seen("x")], prior, np.eye(4), chosen={"x": "9", "y": "a"}))[0][1] == "a"


def test_no_growth_is_told_towards_a_study_that_is_later() -> None:
    (line,) = lines_of([seen("x")], [seen("a")], np.eye(4), case=StudyDay("1.3", date(2025, 1, 1)))
    assert (line.state, line.growth) == (PairState.PROPOSED, None)


def test_rejected_and_hidden_marks_are_not_followed() -> None:
    mark = Mark((0, 0, 0), 6.0, 0.9, shown=True)
    ai = Finding("x", 1, (0, 0, 0), 6.0, Decision.UNDECIDED, mark)
    own = Finding("y", 2, (50, 0, 0), 5.0, Decision.ADDED)
    out = ai.rejected(RejectReason.VESSEL, by="w", at=AT)
    below = replace(ai, tracking_uid="z", original=replace(mark, shown=False))
    found = nodules_of(FindingList("1.3", "1.3.2", "1.5", None, (out, own, below)))
    assert [(one.tracking_uid, one.number, one.decided) for one in found] == [("y", 2, True)]
    assert [one.decided for one in nodules_of(FindingList("1.3", findings=(ai,)))] == [False]


def test_the_measured_outline_gives_the_numbers_then_the_mark_then_the_diameter() -> None:
    evidence = MarkEvidence(long_axis_mm=12.0, short_axis_mm=9.0, volume_mm3=500.0, solid_long_axis_mm=4.0)
    mark = Mark((0, 0, 0), 9.8, 0.9, shown=True, evidence=evidence)
    ai = Finding("x", 1, (0, 0, 0), 9.8, Decision.ACCEPTED, mark)
    (by_mark,) = nodules_of(FindingList("1.3", findings=(ai,)))
    assert (by_mark.size_mm, by_mark.volume_mm3, by_mark.solid_diameter_mm) == (10.5, 500.0, None)
    edited = ai.edited(by="w", at=AT, diameter_mm=7.0)
    (by_hand,) = nodules_of(FindingList("1.3", findings=(edited,)))
    assert (by_hand.size_mm, by_hand.volume_mm3) == (7.0, None)
    drawn = outlined(
        (1, 0, 0), *AXES, Measure(MeasureName.VOLUME, 350.0, "mm3"),
        Measure(MeasureName.EQUIVALENT_DIAMETER, 8.7, "mm"), Measure(MeasureName.SOLID_LONG_AXIS, 5.0, "mm"),
        Measure(MeasureName.SOLID_SHORT_AXIS, 3.0, "mm"),
    )  # fmt: skip
    elsewhere = replace(drawn, points_lps_mm=tuple((x + 40, y, z) for x, y, z in drawn.points_lps_mm))
    (by_outline,) = nodules_of(FindingList("1.3", findings=(ai,)), [elsewhere, drawn])
    assert (by_outline.diameter_mm, by_outline.size_mm, by_outline.volume_mm3) == (8.7, 9.0, 350.0)
    assert by_outline.solid_diameter_mm == 4.0


def test_only_what_has_two_axes_in_millimetres_is_a_nodule() -> None:
    assert nodule_of_annotation(outlined((0, 0, 0), *AXES, kind=AnnotationKind.RECTANGLE)) is None
    assert nodule_of_annotation(outlined((0, 0, 0))) is None
    pixels = tuple(replace(one, unit="px") for one in AXES)
    assert nodule_of_annotation(outlined((0, 0, 0), *pixels)) is None
    without_size = tuple(replace(one, value=0.0) for one in AXES)
    assert nodule_of_annotation(outlined((0, 0, 0), *without_size)) is None
    axes = nodule_of_annotation(outlined((2, 0, 0), *AXES, kind=AnnotationKind.BIDIRECTIONAL))
    assert axes is not None
    assert (axes.diameter_mm, axes.volume_mm3, axes.centre_lps_mm) == (9.0, None, (2, 0, 0))
    on_image = replace(
        outlined((0, 0, 0), *AXES), points_lps_mm=(), points_px=((0, 0), (9, 0), (4, -4), (4, 4)),
        referenced_sop_instance_uid="1.2.3",
    )  # fmt: skip
    assert (
        nodules_of(FindingList("1.3", findings=(Finding("x", 1, (0, 0, 0), 9.0, Decision.ADDED),)), [on_image])[
            0
        ].mean_axis_mm
        is None
    )


def test_sizes_are_positive_and_time_runs_forward() -> None:
    with pytest.raises(ValueError, match="positive"):
        seen("x", mm=0)
    before, now = NoduleObservation("a", BEFORE.on, (0, 0, 0), 6), NoduleObservation("x", NOW.on, (0, 0, 0), 8)
    with pytest.raises(ValueError, match="positive"):
        NoduleObservation("a", BEFORE.on, (0, 0, 0), 6, 0)
    with pytest.raises(ValueError, match="older"):
        FollowUp("1.9", now, before, "x")


def test_a_confirmed_finding_takes_the_tracking_uid_of_the_prior_and_gives_it_back() -> None:
    before, now = NoduleObservation("a", BEFORE.on, (0, 0, 0), 6), NoduleObservation("x", NOW.on, (0, 0, 0), 8, 268)
    own = Finding("x", 1, (0, 0, 0), 8.0, Decision.ADDED)
    followed = own.followed(FollowUp("1.9", before, now, "x"), tracking_uid="a")
    assert (followed.tracking_uid, followed.parted()) == ("a", own)
    assert own.parted() is own
    larger = followed.edited(by="w", at=AT, diameter_mm=9.5)
    assert larger.follow_up is not None
    assert (larger.follow_up.current.mean_diameter_mm, larger.follow_up.current.volume_mm3) == (9.5, None)
    assert own.edited(by="w", at=AT, diameter_mm=9.0).follow_up is None


def test_a_rejected_mark_is_nobodys_follow_up() -> None:
    before, now = NoduleObservation("a", BEFORE.on, (0, 0, 0), 6), NoduleObservation("x", NOW.on, (0, 0, 0), 8)
    ai = Finding("x", 1, (0, 0, 0), 8.0, Decision.ACCEPTED, Mark((0, 0, 0), 8.0, 0.9, shown=True))
    out = ai.followed(FollowUp("1.9", before, now, "x"), tracking_uid="a").rejected(RejectReason.VESSEL, by="w", at=AT)
    assert (out.tracking_uid, out.follow_up) == ("x", None)


def test_two_findings_never_share_a_tracking_uid() -> None:
    one, two = Finding("x", 1, (0, 0, 0), 8.0, Decision.ADDED), Finding("y", 2, (9, 0, 0), 8.0, Decision.ADDED)
    both = FindingList("1.3", findings=(one, two))
    assert [f.tracking_uid for f in both.exchanged("x", replace(one, tracking_uid="a")).findings] == ["a", "y"]
    with pytest.raises(ValueError, match="tracking UID"):
        both.exchanged("x", replace(one, tracking_uid="y"))


def test_a_mark_at_the_place_of_an_own_finding_confirms_it_and_both_origins_stay() -> None:
    mark = Finding("x", 1, (0, 0, 0), 8.0, Decision.UNDECIDED, Mark((0, 0, 0), 8.0, 0.9, shown=True))
    near = Finding("y", 2, (3, 0, 0), 6.0, Decision.ADDED, decided_by="w", decided_at=AT, before_ai=True)
    far = replace(near, tracking_uid="z", number=3, centre_lps_mm=(4.5, 0, 0))
    found = FindingList("1.3", findings=(mark, far, near))
    assert found.own_at(mark) == near
    assert replace(found, findings=(mark, far)).own_at(mark) is None
    merged = mark.confirming(near, by="v", at=AT)
    assert (merged.decision, merged.diameter_mm, merged.centre_lps_mm) == (Decision.EDITED, 6.0, (3, 0, 0))
    assert (merged.tracking_uid, merged.number, merged.original) == ("x", 1, mark.original)
    assert merged.own is not None
    assert (merged.own.tracking_uid, merged.own.found_by, merged.before_ai) == ("y", "w", True)
    assert mark.confirming(replace(near, diameter_mm=8.0), by="v", at=AT).decision is Decision.ACCEPTED


def test_only_a_mark_can_confirm_and_only_what_a_person_added() -> None:
    mark = Finding("x", 1, (0, 0, 0), 8.0, Decision.UNDECIDED, Mark((0, 0, 0), 8.0, 0.9, shown=True))
    own = Finding("y", 2, (3, 0, 0), 6.0, Decision.ADDED)
    merged = mark.confirming(own, by="v", at=AT)
    for wrong, other in ((own, own), (mark, mark)):
        with pytest.raises(ValueError, match="an AI mark confirms"):
            wrong.confirming(other, by="v", at=AT)
    with pytest.raises(ValueError, match="only an AI mark"):
        replace(own, own=merged.own)


def test_a_line_always_has_a_name() -> None:
    assert Compared(None, seen("a"), PairState.ONLY_PRIOR).key == "a"
    assert Compared(None, None, PairState.NEW).key == ""


def test_an_undecided_mark_of_the_prior_is_named_at_its_place_and_never_paired_by_itself() -> None:
    mark = replace(seen("ai", (0, 0, 104)), decided=False)

    def compared(matrix: np.ndarray | None, chosen: dict[str, str]) -> tuple[Compared, ...]:
        return compare(
            [seen("a", (0, 0, 4)), seen("far", (90, 0, 4))], [], case=NOW, before=BEFORE, prior_to_current=matrix,
            confirmed={}, chosen=chosen, undecided=[mark],
        )  # fmt: skip

    assert [(one.is_placed, one.undecided) for one in compared(None, {})] == [(False, None), (False, None)]
    near, far = compared(moved_by(0, 0, -100), {})
    assert (near.state, near.undecided, near.is_placed) == (PairState.NEW, mark, True)
    assert (far.state, far.undecided) == (PairState.NEW, None)
    assert candidates(near, (near, far), moved_by(0, 0, -100)) == ("ai",)

    near, far = compared(moved_by(0, 0, -100), {"a": "ai"})
    assert told((near, far)) == [("a", "ai", PairState.PROPOSED), ("far", "", PairState.NEW)]
    assert near.undecided is None
