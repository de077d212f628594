"""A new list comes into the table in the fewest steps and in the order a reader relies on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.helpers.fakes_ui import NOW, case
from workstation.domain.workitem import AiState, AiSummary, Priority, WorklistQuery, WorklistRow
from workstation.ui.widgets.worklist_cases import Cases, by_urgency, made_ready
from workstation.ui.widgets.worklist_columns import Column, Order
from workstation.ui.widgets.worklist_merge import Merge, merge_of


def uids(rows: Sequence[WorklistRow]) -> list[str]:
    return [row.ups_instance_uid.removeprefix("2.25.") for row in rows]


def carried_out(merge: Merge) -> list[WorklistRow]:
    """Return what stands after the steps, taken literally."""
    rows = list(merge.before)
    for first, last in reversed(merge.gone):
        del rows[first : last + 1]
    if merge.kept is not None:
        rows = list(merge.kept)
    for first, last in merge.new:
        rows[first:first] = merge.wanted[first : last + 1]
    for first, last in merge.changed:
        rows[first : last + 1] = merge.wanted[first : last + 1]
    return rows


def test_stat_stands_first_and_within_it_the_least_time_left() -> None:
    rows = [case(1), case(2, priority=Priority.HIGH), case(3), case(4, priority=Priority.HIGH, due=NOW)]
    assert uids(Order().sorted(by_urgency(rows))) == ["4", "2", "1", "3"]


def test_a_second_click_turns_ties_round_too() -> None:
    rows = by_urgency([case(1), case(2), case(3, modality="MR")])
    order = Order().clicked(Column.MODALITY)
    assert uids(order.sorted(rows)) == ["1", "2", "3"]
    assert uids(order.clicked(Column.MODALITY).sorted(rows)) == ["3", "2", "1"]


@pytest.mark.parametrize(("asked", "found"), [("PT", ["1"]), ("CT", ["1", "2"]), ("MR", ["3"])])
def test_a_pet_ct_is_found_as_a_pet_and_as_a_ct(asked: str, found: list[str]) -> None:
    cases = made_ready([case(1, modality="PT", beneath="CT"), case(2, modality="CT"), case(3, modality="MR")], Cases())
    assert uids(cases.passing(WorklistQuery(modality=asked), NOW)) == found


def test_an_equal_case_of_the_next_answer_is_the_former_object() -> None:
    before = made_ready([case(1), case(2)], Cases())
    after = made_ready([case(2), case(1, revision=1)], before)
    assert uids(after.rows) == ["1", "2"]
    assert after.rows[1] is before.rows[1]
    assert after.rows[0].revision == 1


def test_an_answer_without_news_asks_for_no_step() -> None:
    before = made_ready([case(n) for n in range(1, 9)], Cases())
    merge = merge_of(list(before.rows), made_ready([case(n) for n in range(1, 9)], before).rows, Order())
    assert (merge.gone, merge.kept, merge.new, merge.changed) == ([], None, [], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1, 2, 3, 4, 5], [1, 3, 5]),
        ([1, 3, 5], [1, 2, 3, 4, 5, 6]),
        ([2, 4, 6, 8], [1, 3, 4, 5, 8, 9]),
        ([1, 2, 3], [4, 5, 6]),
        ([], [1, 2]),
        ([1, 2], []),
    ],
)
def test_the_steps_lead_to_the_new_list(before: list[int], after: list[int]) -> None:
    merge = merge_of([case(n) for n in before], [case(n) for n in after], Order())
    assert not merge.all_at_once
    assert uids(carried_out(merge)) == [str(n) for n in after]
    assert merge.arrived == {f"2.25.{n}" for n in set(after) - set(before)}


def test_a_case_that_turns_stat_moves_up_and_is_marked_changed() -> None:
    before = [case(n) for n in range(1, 6)]
    after = [*before[:3], replace(before[3], priority=Priority.HIGH), before[4]]
    merge = merge_of(before, after, Order())
    assert merge.kept is not None
    assert uids(merge.kept) == ["4", "1", "2", "3", "5"]
    assert merge.changed == [(0, 0)]
    assert carried_out(merge) == merge.wanted


def test_very_many_scattered_changes_are_made_at_once() -> None:
    before = [case(n, due=NOW + timedelta(minutes=n)) for n in range(200)]
    assert merge_of(before, before[::2], Order()).all_at_once


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (WorklistQuery(text="ZJG"), ["1"]),
        (WorklistQuery(text="张建"), ["1"]),
        (WorklistQuery(text="qs0000002"), ["2"]),
        (WorklistQuery(text="建国zjg"), []),
        (WorklistQuery(modality="DX"), ["2"]),
        (WorklistQuery(site_id="S9"), ["3"]),
        (WorklistQuery(with_ai_findings=True), ["1", "3"]),
        (WorklistQuery(modality="CT", site_id="S9"), ["3"]),
        (WorklistQuery(), ["1", "2", "3"]),
    ],
)
def test_filters_leave_the_cases_that_match_all_of_them(query: WorklistQuery, expected: list[str]) -> None:
    cases = made_ready(
        [
            case(1, patient_name="张建国", pinyin_initials="zjg"),
            case(2, modality="DX", ai=AiSummary(AiState.DONE, 0)),
            case(3, site_id="S9"),
        ],
        Cases(),
    )
    assert uids(cases.passing(query, NOW)) == expected


def test_today_means_the_readers_day_not_that_of_utc() -> None:
    beijing = timezone(timedelta(hours=8))
    today = datetime(2026, 11, 22, 0, 30, tzinfo=beijing)
    late = case(1, arrived=datetime(2026, 11, 21, 15, 59, tzinfo=UTC))
    midnight = case(2, arrived=datetime(2026, 11, 21, 16, 0, tzinfo=UTC))
    tomorrow = case(3, arrived=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    cases = made_ready([late, midnight, tomorrow], Cases())
    assert uids(cases.passing(WorklistQuery(today_only=True), today)) == ["2"]
