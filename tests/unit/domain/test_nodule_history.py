"""One nodule over years: only what readers confirmed is counted, in sizes of one kind, with growth from day to day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers.cases import NOON, ai_finding
from workstation.domain.finding import Decision, Finding, NoduleType, RejectReason
from workstation.domain.follow_up import PairState, SeenNodule, StudyDay, compare
from workstation.domain.follow_up_category import lung_rads_series
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule_history import StudyNodules, Timeline, timeline
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.tracking import GrowthVerdict

PLACE = (1.0, 2.0, 3.0)
FIRST, SECOND = StudyDay("1.1", date(2024, 1, 1)), StudyDay("1.2", date(2025, 1, 1))
CASE, LATER = StudyDay("1.3", date(2025, 7, 1)), StudyDay("1.4", date(2026, 1, 1))


def seen(uid: str, mm: float, mm3: float | None = None, *, axes: float | None = None) -> SeenNodule:
    return SeenNodule(uid, PLACE, mm, axes, mm3, nodule_type=NoduleType.SOLID)


def word(study: StudyDay, uid: str, then: float, now: float, own: str = "own") -> FollowUp:
    return FollowUp(
        study.study_instance_uid,
        NoduleObservation(uid, study.on, PLACE, then),
        NoduleObservation(own, CASE.on, PLACE, now),
        own,
    )


RECORDS = (
    StudyNodules(SECOND, (seen("a", 8.0, 268.0), seen("z", 5.0))),
    StudyNodules(FIRST, (seen("a", 6.0, 113.0), seen("own", 30.0))),
    StudyNodules(LATER, (seen("a", 20.0, 4189.0),)),
    StudyNodules(CASE, (seen("a", 20.0, 4189.0),)),
)


def sizes(found: Timeline) -> list[tuple[str, float]]:
    return [(one.study_instance_uid, one.seen.mean_diameter_mm) for one in found.points]


def test_a_confirmed_pair_brings_every_older_study_in_which_readers_had_confirmed_the_same_nodule() -> None:
    found = timeline(seen("a", 10.0, 524.0), RECORDS, case=CASE, said=(word(SECOND, "a", 8.0, 10.0),))

    assert sizes(found) == [("1.1", 6.0), ("1.2", 8.0), ("1.3", 10.0)]
    assert [(one.days, round(one.diameter_change_mm, 1), one.verdict) for one in found.steps] == [
        (366, 2.0, GrowthVerdict.GROWN), (181, 2.0, GrowthVerdict.GROWN)
    ]  # fmt: skip
    assert found.whole is not None
    # 113 mm³ is too small for volumes: 6 to 10 mm in 547 days, 547 · ln 2 / (3 ln(10 / 6)), and of 11.5 and 8.5 mm;
    # 268 to 524 mm³ in 181 days: 181 · ln 2 / ln 1.955
    assert found.whole.days == 547
    assert found.whole.doubling_days == pytest.approx(247.4, abs=0.1)
    assert found.steps[-1].doubling_days == pytest.approx(187.1, abs=0.1)
    assert found.whole_range_days == pytest.approx((194.3, 362.9), abs=0.5)
    assert found.last_range_days == pytest.approx((140.4, 280.7), abs=0.5)


def test_what_nobody_confirmed_is_not_counted_even_under_the_same_tracking_uid() -> None:
    alone = timeline(seen("a", 10.0), RECORDS, case=CASE)

    assert sizes(alone) == [("1.3", 10.0)]
    assert (alone.steps, alone.whole, alone.whole_range_days, alone.last_range_days) == ((), None, None, None)


def test_a_nodule_of_a_prior_alone_is_told_through_the_priors() -> None:
    assert sizes(timeline(seen("a", 8.0), RECORDS[:2], case=None)) == [("1.1", 6.0), ("1.2", 8.0)]
    assert Timeline().whole is None


def test_the_readers_own_pair_goes_before_equal_tracking_uids_and_counts_where_no_report_tells_of_it() -> None:
    said = (word(SECOND, "z", 5.0, 10.0), word(StudyDay("1.0", date(2023, 1, 1)), "m", 4.0, 10.0))
    found = timeline(seen("z", 10.0), RECORDS, case=CASE, said=said)

    assert sizes(found) == [("1.0", 4.0), ("1.2", 5.0), ("1.3", 10.0)]


def test_sizes_are_means_of_axes_where_the_two_that_are_compared_have_axes() -> None:
    said = (word(FIRST, "a", 6.5, 11.0),)
    axes = (StudyNodules(SECOND, (seen("a", 8.0, axes=8.6),)),)
    assert sizes(timeline(seen("a", 10.0, axes=11.0), axes, case=CASE, said=said)) == [
        ("1.1", 6.5), ("1.2", 8.6), ("1.3", 11.0)
    ]  # fmt: skip
    typed = (StudyNodules(SECOND, (seen("a", 8.0),)),)
    assert sizes(timeline(seen("a", 10.0, axes=11.0), typed, case=CASE, said=said)) == [
        ("1.1", 6.5), ("1.2", 8.0), ("1.3", 11.0)
    ]  # fmt: skip
    sphere = (StudyNodules(SECOND, (seen("a", 8.0, 268.0),)),)  # of its volume alone: a sphere with spheres
    assert sizes(timeline(seen("a", 10.0, 524.0, axes=11.0), sphere, case=CASE, said=said))[-1] == ("1.3", 10.0)


@pytest.mark.parametrize("middle", [(), (StudyNodules(SECOND, (seen("a", 10.0),)),)])
def test_a_nodule_cut_off_by_the_first_scan_never_grows_by_the_sphere_of_what_the_scan_left(
    middle: tuple[StudyNodules, ...],
) -> None:
    """Axes of 10 mm in all studies; of the first volume the scan left 268 mm3, a sphere of 8 mm."""
    cut_off = replace(seen("a", 8.0, 268.0, axes=10.0), growth_limits=(GrowthLimit.CUT_OFF,))
    whole = seen("a", 10.0, 524.0, axes=10.0)
    found = timeline(whole, (StudyNodules(FIRST, (cut_off,)), *middle, StudyNodules(CASE, (whole,))), case=None)

    assert {size for _uid, size in sizes(found)} == {10.0}
    assert [one.verdict for one in found.steps] == [GrowthVerdict.STABLE] * (1 + len(middle))
    assert found.whole is not None
    assert (found.whole.verdict, found.whole.limits) == (GrowthVerdict.STABLE, (GrowthLimit.CUT_OFF,))


def test_the_axes_of_a_cut_off_nodule_are_compared_with_axes_also_where_the_first_size_was_typed() -> None:
    """A middle study with 12 mm by its axes against 12 mm by axes, 10 mm by the sphere, of today."""
    cut_off = replace(seen("a", 9.0, 382.0, axes=12.0), growth_limits=(GrowthLimit.CUT_OFF,))
    whole = seen("a", 10.0, 524.0, axes=12.0)
    records = (StudyNodules(FIRST, (seen("a", 12.0),)), StudyNodules(SECOND, (cut_off,)), StudyNodules(CASE, (whole,)))
    found = timeline(whole, records, case=None)

    assert sizes(found) == [("1.1", 12.0), ("1.2", 12.0), ("1.3", 12.0)]
    assert [one.verdict for one in found.steps] == [GrowthVerdict.STABLE, GrowthVerdict.STABLE]


def test_the_report_takes_every_size_of_the_time_line_in_one_kind() -> None:
    said = word(SECOND, "a", 8.0, 9.9)
    told = timeline(seen("a", 10.0, 524.0), RECORDS, case=CASE, said=(said,)).told_by(said)

    assert (told.prior.mean_diameter_mm, told.prior.volume_mm3) == (8.0, 268.0)
    assert [one.mean_diameter_mm for one in told.others] == [6.0]
    assert [(one.observed_on.year, one.mean_diameter_mm) for one in told.series] == [
        (2024, 6.0), (2025, 8.0), (2025, 10.0)
    ]  # fmt: skip
    assert Timeline().told_by(said) == said


def test_the_category_goes_from_study_to_study_and_stops_where_the_table_gives_none() -> None:
    found = timeline(seen("a", 10.0, 524.0), RECORDS, case=CASE, said=(word(SECOND, "a", 8.0, 10.0),))
    assert [one.category for one in found.points] == ["3", "4B", "4B"]  # a new look at 6 mm; then it grows to 8 mm
    slow = [NoduleObservation("a", date(2024 + n, 1, 1), PLACE, mm) for n, mm in ((0, 6.0), (2, 8.0), (3, 8.0))]
    assert lung_rads_series(NoduleType.SOLID, slow) == ("3", "", "")  # slow growth is the reader's to judge
    observed = [NoduleObservation("a", day, PLACE, mm) for day, mm in ((FIRST.on, 5.0), (date(2024, 7, 1), 8.0))]
    assert lung_rads_series(NoduleType.SOLID, observed) == ("2", "4B")
    assert lung_rads_series(NoduleType.UNSPECIFIED, observed) == ("", "")
    assert lung_rads_series(NoduleType.PART_SOLID, observed)[0] == "2"
    twelve = [NoduleObservation("a", day, PLACE, 12.0) for day in (FIRST.on, date(2024, 7, 1))]
    assert lung_rads_series(NoduleType.PART_SOLID, twelve) == ("", "")  # the solid part was not measured
    untyped = replace(seen("a", 10.0), nodule_type=NoduleType.UNSPECIFIED)
    said = (word(SECOND, "a", 8.0, 10.0),)
    assert timeline(untyped, RECORDS, case=CASE, said=said).points[0].category == "3"
    assert timeline(untyped, (), case=CASE).points[0].category == ""


# the reader's words of several studies in one finding


def followed(*words: FollowUp, uid: str = "a") -> Finding:
    made = ai_finding(1)
    for one in words:
        made = made.followed(one, tracking_uid=uid)
    return made


def test_a_word_about_one_study_leaves_that_about_another() -> None:
    both = followed(word(FIRST, "a", 6.0, 10.0), word(SECOND, "b", 8.0, 10.0))

    assert [one.prior.tracking_uid for one in both.confirmed] == ["b", "a"]  # the newest study first
    assert both.follow_up == both.confirmed[0]
    changed = both.followed(word(SECOND, "c", 8.0, 10.0), tracking_uid="a")
    assert [one.prior.tracking_uid for one in changed.confirmed] == ["c", "a"]
    assert ai_finding(1).confirmed == ()


def test_taking_one_word_back_keeps_the_tracking_uid_that_another_study_shares() -> None:
    both = followed(word(FIRST, "a", 6.0, 10.0), word(SECOND, "b", 8.0, 10.0))

    assert both.parted_from("1.2").tracking_uid == "a"
    assert both.parted_from("1.1").tracking_uid == "b"
    assert both.parted_from("9.9") is both
    only = both.parted_from("1.2")
    assert (only.also, only.parted_from("1.1").tracking_uid, only.parted_from("1.1").follow_up) == ((), "own", None)
    rejected = both.rejected(RejectReason.VESSEL, by="x", at=NOON)
    assert (rejected.confirmed, rejected.tracking_uid) == ((), "own")


def test_sizes_that_the_report_tells_go_when_one_of_the_words_they_rest_on_goes() -> None:
    both = followed(word(FIRST, "a", 6.0, 10.0), word(SECOND, "b", 8.0, 10.0))
    told = both.followed(replace(both.confirmed[0], others=(both.confirmed[1].prior,)), tracking_uid="a")

    assert [len(one.series) for one in told.confirmed] == [3, 2]
    assert [one.others for one in told.parted_from("1.1").confirmed] == [()]
    assert [one.others for one in told.followed(word(FIRST, "c", 6.0, 10.0), tracking_uid="a").confirmed] == [(), ()]
    another = word(StudyDay("1.0", date(2023, 1, 1)), "m", 4.0, 10.0)
    assert len(told.followed(another, tracking_uid="a").confirmed[0].series) == 3


def test_a_size_that_the_reader_changes_goes_into_every_word() -> None:
    both = followed(word(FIRST, "a", 6.0, 10.0), word(SECOND, "b", 8.0, 10.0))
    edited = both.edited(by="x", at=NOON, diameter_mm=12.0)

    assert [one.current.mean_diameter_mm for one in edited.confirmed] == [12.0, 12.0]
    called = both.edited(by="x", at=NOON, nodule_type=NoduleType.SOLID)
    assert [one.current.nodule_type for one in called.confirmed] == [NoduleType.SOLID, NoduleType.SOLID]
    assert [one.prior for one in called.confirmed] == [one.prior for one in both.confirmed]


def test_a_mark_that_takes_the_readers_finding_in_takes_its_words_too() -> None:
    both = followed(word(FIRST, "a", 6.0, 10.0), word(SECOND, "b", 8.0, 10.0))
    own = replace(both, original=None, decision=Decision.ADDED)

    assert ai_finding(2).confirming(own, by="x", at=NOON).confirmed == own.confirmed
    solid = replace(own, nodule_type=NoduleType.SOLID)
    (merged, *_) = ai_finding(2).confirming(solid, by="x", at=NOON).confirmed
    assert merged.current.nodule_type is NoduleType.SOLID
    mine = followed(word(SECOND, "m", 8.0, 10.0))
    assert mine.confirming(own, by="x", at=NOON).confirmed == mine.confirmed


def test_a_pair_that_older_words_carry_is_told_from_one_that_is_only_proposed() -> None:
    def states(carried: tuple[str, ...]) -> list[PairState]:
        lines = compare(
            [seen("a", 10.0)], [seen("a", 8.0)], case=CASE, before=SECOND, prior_to_current=None, confirmed={},
            chosen={}, carried=carried,
        )  # fmt: skip
        return [one.state for one in lines]

    assert states(()) == [PairState.PROPOSED]
    assert states(("a",)) == [PairState.CARRIED]
