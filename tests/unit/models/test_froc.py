"""The rule by which a detector is judged, against cases worked out by hand."""

from __future__ import annotations

import pytest

from models.evaluation.froc import (
    Case,
    Judged,
    Nodule,
    Outline,
    Scored,
    bootstrap,
    cpm,
    false_marks_above,
    judge,
    sensitivities,
    sensitivity_above,
    sensitivity_intervals,
    threshold_at,
    within_any_outline,
)


def _mark(x: float, score: float) -> Scored:
    return Scored((x, 0.0, 0.0), score, 8.0)


def _case(*marks: Scored, nodules: tuple[Nodule, ...] = (), excluded: tuple[Nodule, ...] = ()) -> Case:
    return Case("a", nodules, excluded, marks)


def test_a_mark_at_half_the_diameter_hits_and_just_beyond_is_false() -> None:
    nodule = Nodule((0.0, 0.0, 0.0), 10.0)

    at_the_edge = judge(_case(_mark(5.0, 0.7), nodules=(nodule,)))
    beyond = judge(_case(_mark(5.1, 0.7), nodules=(nodule,)))

    assert (at_the_edge.found, at_the_edge.false_marks) == ((0.7,), ())
    assert (beyond.found, beyond.false_marks) == ((-1.0,), (0.7,))


def test_the_best_of_several_hits_counts_and_the_others_are_not_false() -> None:
    judged = judge(_case(_mark(1.0, 0.4), _mark(-1.0, 0.9), nodules=(Nodule((0.0, 0.0, 0.0), 10.0),)))

    assert (judged.found, judged.false_marks) == ((0.9,), ())


def test_a_mark_on_an_excluded_finding_is_neither_right_nor_wrong() -> None:
    judged = judge(_case(_mark(40.0, 0.9), _mark(80.0, 0.2), excluded=(Nodule((40.0, 0.0, 0.0), 6.0),)))

    assert judged.false_marks == (0.2,)


def test_an_elongated_nodule_is_hit_inside_a_readers_outline_where_the_sphere_fails() -> None:
    outline = Outline(0.0, ((0.0, -2.0), (30.0, -2.0), (30.0, 2.0), (0.0, 2.0)), 0.5)
    nodule = Nodule((15.0, 0.0, 0.0), 12.0, outlines=(outline,))
    case = _case(_mark(25.0, 0.8), _mark(31.0, 0.3), nodules=(nodule,))

    assert judge(case).found == (-1.0,)
    assert (
        judge(case, within_any_outline).found,
        judge(case, within_any_outline).false_marks,
    ) == ((0.8,), (0.3,))


def _two_scans() -> list[Judged]:
    """Four nodules scored .9 .8 .3 and missed; false marks .85, .5 in one scan and .2 in the other."""
    one = Case("one", (), (), ())
    nodule = Nodule((0.0, 0.0, 0.0), 10.0)
    first = Judged(Case("1", (nodule, nodule), (), ()), (0.9, 0.8), (None, None), (0.85, 0.5))
    second = Judged(Case("2", (nodule, nodule), (), ()), (0.3, -1.0), (None, None), (0.2,))
    assert one.marks == ()
    return [first, second]


def test_sensitivity_at_each_rate_of_false_marks_is_what_counting_by_hand_gives() -> None:
    # thresholds .9: 1/4 at 0 FP; .85: 1/4 at .5; .8: 2/4 at .5; .5: 2/4 at 1; .3: 3/4 at 1; .2: 3/4 at 1.5
    assert sensitivities(_two_scans(), (0.5, 1.0, 2.0, 8.0)) == [0.5, 0.75, 0.75, 0.75]


def test_cpm_is_the_mean_over_the_seven_rates() -> None:
    # 0.125 and 0.25 lie between (0, 1/4) and (0.5, 1/4): 0.25 each; then .5, .75, .75, .75, .75
    assert pytest.approx(cpm(_two_scans())) == (0.25 + 0.25 + 0.5 + 4 * 0.75) / 7


def test_the_operating_threshold_leaves_no_more_false_marks_than_allowed() -> None:
    scans = _two_scans()
    threshold = threshold_at(scans, 1.0)

    assert false_marks_above(scans, threshold) == 1.0
    assert 0.2 < threshold < 0.3
    assert sensitivity_above(scans, threshold) == (3, 4)
    assert threshold_at(scans, 4.0) == 0.0


def test_the_interval_is_the_same_each_time_and_holds_the_value() -> None:
    first, second = bootstrap(_two_scans(), cpm), bootstrap(_two_scans(), cpm)

    assert first == second
    assert first.low <= first.value <= first.high
    assert first.low < first.high


def test_the_band_of_a_curve_holds_what_either_scan_alone_would_give() -> None:
    # at 8 false marks a scan the first scan alone gives 2 of 2, the second 1 of 2, both 3 of 4
    assert sensitivity_intervals(_two_scans(), (8.0,)) == [(0.5, 1.0)]
    with pytest.raises(ValueError, match="no nodule"):
        sensitivity_intervals([judge(_case(_mark(0.0, 0.5)))])


def test_scans_without_a_nodule_have_no_sensitivity() -> None:
    with pytest.raises(ValueError, match="no nodule"):
        sensitivities([judge(_case(_mark(0.0, 0.5)))])


def test_a_nodule_without_size_is_refused() -> None:
    with pytest.raises(ValueError, match="diameter_mm"):
        Nodule((0.0, 0.0, 0.0), 0.0)
