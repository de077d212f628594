"""Critical values: the clock runs from the recognition until somebody reads it back, and nothing told is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workstation.domain.critical import (
    LEVELS,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalSource,
    CriticalStage,
    CriticalState,
    CriticalValue,
    Dismissal,
    Party,
    PartySignature,
    repeats,
)
from workstation.domain.critical_clock import NotificationShare, critical_timer, notification_share

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
READER = Party("li", "李医生", "reader", "县医院")
TECHNICIAN = Party("chen", "陈技师", "technician", "乡卫生院")


def later(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def value(**changes: Any) -> CriticalValue:  # noqa: ANN401 - any field of the value
    return replace(
        CriticalValue(
            "2.25.1", "1.2.3", "1.2.4", "sah", LEVELS[1], "蛛网膜下腔出血", CriticalSource.READER, READER, AT
        ),
        **changes,
    )


def call(minutes: float, outcome: CallOutcome = CallOutcome.REACHED, read_back: str = "", uid: str = "1") -> CallRecord:
    return CallRecord(
        uid, READER, "王护士", "护士", "010-1", later(minutes), CallMethod.PHONE, outcome, "蛛网膜下腔出血",
        bool(read_back), read_back,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "stage", "left_s", "fraction"),
    [
        (0, CriticalStage.RUNNING, 600, 1.0),
        (4.99, CriticalStage.RUNNING, 300.6, 0.501),
        (5, CriticalStage.REMINDED, 300, 0.5),
        (9.99, CriticalStage.REMINDED, 0.6, 0.001),
        (10, CriticalStage.ESCALATED, 0, 0.0),
        (25, CriticalStage.ESCALATED, -900, 0.0),
        (-1, CriticalStage.RUNNING, 660, 1.0),
    ],
)
def test_the_clock_reminds_after_five_minutes_and_escalates_after_ten(
    minutes: float, stage: CriticalStage, left_s: float, fraction: float
) -> None:
    timer = critical_timer(value(), later(minutes))
    assert timer.stage is stage
    assert (timer.left_s, timer.fraction_left) == pytest.approx((left_s, fraction))


def test_the_clock_stands_at_the_read_back_and_not_at_the_call() -> None:
    told = value().called(call(3))
    assert (told.state, critical_timer(told, later(6)).stage) == (CriticalState.CALLED, CriticalStage.REMINDED)
    repeated = told.called(call(7, read_back="蛛网膜下腔出血，已知晓", uid="2"))
    timer = critical_timer(repeated, later(30))
    assert (timer.stage, timer.left_s) == (CriticalStage.NOTIFIED, 180)
    assert repeated.read_back_text == "蛛网膜下腔出血，已知晓"
    assert critical_timer(value().dismissed(Dismissal(READER, later(1), "术后改变")), later(20)).stage is (
        CriticalStage.DISMISSED
    )


def test_nobody_answering_leaves_it_recognised_and_keeps_the_attempt() -> None:
    tried = value().called(call(1, CallOutcome.NO_ANSWER)).called(call(2, uid="2")).called(call(3, uid="3"))
    assert (tried.state, len(tried.calls), tried.revision) == (CriticalState.CALLED, 3, 3)
    assert value().called(call(1, CallOutcome.BUSY)).state is CriticalState.RECOGNISED


def test_a_call_told_twice_is_kept_once() -> None:
    assert value().called(call(1)).called(call(1)) == value().called(call(1))


def test_both_sides_sign_and_their_signatures_break_when_a_word_is_changed() -> None:
    done = value().called(call(2, read_back="重复")).acknowledged(TECHNICIAN, later(4), "已通知病房")
    assert (done.state, done.is_signed_by_both, done.confirmed_at) == (CriticalState.CONFIRMED, True, later(2))
    assert done.received is not None
    assert done.notified is not None
    assert (done.acknowledgement, value().acknowledgement) == ("已通知病房", "")
    assert (done.received.party, done.received.holds, done.notified.party) == (TECHNICIAN, True, READER)
    assert not replace(done.received, statement=done.received.statement + " ").holds
    assert not replace(done.received, at=later(3)).holds
    assert not PartySignature(READER, AT, "x").holds


def test_the_earliest_read_back_counts_also_when_it_is_told_late() -> None:
    acknowledged = value().acknowledged(TECHNICIAN, later(8), "知晓")
    assert acknowledged.confirmed_at == later(8)
    told_late = acknowledged.called(call(3, read_back="护士复述"))
    assert (told_late.confirmed_at, told_late.read_back_text) == (later(3), "护士复述")
    second = told_late.called(call(5, read_back="再次", uid="2"))
    assert (second.confirmed_at, second.notified) == (later(3), told_late.notified)
    assert second.acknowledged(TECHNICIAN, later(9), "又") == second


def test_it_is_closed_only_after_a_read_back_and_closing_signs() -> None:
    with pytest.raises(ValueError, match="after its read-back"):
        value().called(call(1)).closed(READER, later(2))
    closed = value().acknowledged(TECHNICIAN, later(2), "知晓").closed(READER, later(3))
    assert (closed.state, closed.closed_at, closed.closed_by) == (CriticalState.CLOSED, later(3), READER)
    assert closed.is_signed_by_both
    assert closed.closed(READER, later(4)) == closed
    called = value().called(call(1, read_back="复述")).closed(READER, later(2))
    assert called.notified is not None
    assert called.notified.at == later(1)


def test_what_is_told_after_closing_or_dismissing_is_kept_and_changes_no_state() -> None:
    closed = value().called(call(1, read_back="复述")).closed(READER, later(2))
    late = closed.called(call(1.5, uid="2")).acknowledged(TECHNICIAN, later(3), "知晓")
    assert (late.state, len(late.calls), late.is_signed_by_both) == (CriticalState.CLOSED, 2, True)
    dismissed = value().dismissed(Dismissal(READER, later(1), "误报"))
    assert dismissed.dismissed(Dismissal(READER, later(2), "再次")) == dismissed
    kept = dismissed.called(call(0.5, read_back="复述"))
    assert (kept.state, len(kept.calls), kept.confirmed_at) == (CriticalState.DISMISSED, 1, None)
    with pytest.raises(ValueError, match="dismissed"):
        dismissed.acknowledged(TECHNICIAN, later(2), "知晓")


def test_what_was_read_back_cannot_be_dismissed() -> None:
    with pytest.raises(ValueError, match="cannot be dismissed"):
        value().called(call(1, read_back="复述")).dismissed(Dismissal(READER, later(2), "误报"))


def test_reminder_and_escalation_are_written_down_once() -> None:
    assert value().timed(later(4)) == value()
    reminded = value().timed(later(5))
    assert (reminded.reminded_at, reminded.escalated_at) == (later(5), None)
    both = reminded.timed(later(11))
    assert (both.reminded_at, both.escalated_at, both.revision) == (later(5), later(11), 2)
    assert both.timed(later(12)) == both
    assert [one.next_at for one in (value(), reminded, both)] == [later(5), later(10), None]
    assert value().called(call(1, read_back="复述")).next_at is None
    assert value().called(call(1, read_back="复述")).timed(later(30)).escalated_at is None


def test_what_is_open_blocks_and_what_is_listed_waits() -> None:
    confirmed = value().called(call(1, read_back="复述"))
    assert [(v.is_open, v.is_listed) for v in (value(), confirmed, confirmed.closed(READER, later(2)))] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert value().due == later(10)
    assert not value().is_signed_by_both


@pytest.mark.parametrize(
    "broken",
    [
        lambda: value(text=" "),
        lambda: value(remind_after_s=601),
        lambda: value(remind_after_s=0),
        lambda: replace(call(1), receiver=" "),
        lambda: replace(call(1), content=""),
        lambda: replace(call(1), read_back=True),
        lambda: replace(call(1, CallOutcome.NO_ANSWER), read_back=True, read_back_text="复述"),
        lambda: Dismissal(READER, AT, " "),
        lambda: value().acknowledged(TECHNICIAN, AT, "\t"),
    ],
)
def test_a_record_without_its_words_is_refused(broken: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        broken()  # type: ignore[operator]  # a table of calls


def test_the_indicator_counts_what_both_sides_signed_within_ten_minutes() -> None:
    values = [
        value().called(call(10, read_back="复述")).acknowledged(TECHNICIAN, later(30), "知晓"),
        value().called(call(10.1, read_back="复述")).acknowledged(TECHNICIAN, later(30), "知晓"),
        value().called(call(1)),
        value().acknowledged(TECHNICIAN, later(9), "知晓").closed(READER, later(60)),
        value().dismissed(Dismissal(READER, later(1), "误报")),
    ]
    assert notification_share(values) == NotificationShare(4, 2, 1)
    assert notification_share(values).share == 0.5
    assert notification_share(values, within=timedelta(minutes=11)).in_time == 3
    assert notification_share([]).share is None


def test_a_call_that_the_receiver_never_signed_is_told_beside_the_indicator_and_not_in_it() -> None:
    by_telephone = value().called(call(2, read_back="复述"))
    nobody_closed = value().acknowledged(TECHNICIAN, later(2), "知晓")
    late = value().called(call(11, read_back="复述"))
    assert notification_share([by_telephone, by_telephone.closed(READER, later(3)), nobody_closed, late]) == (
        NotificationShare(4, 0, 0, 3)
    )


def test_a_call_that_the_hub_heard_of_long_after_it_needs_the_receiver_s_word_of_that_time() -> None:
    soon = replace(call(2, read_back="复述"), recorded_at=later(11))
    long_after = replace(call(2, read_back="复述"), recorded_at=later(300))
    assert (soon.delay, soon.is_told_late) == (timedelta(minutes=9), False)
    assert (long_after.delay, long_after.is_told_late) == (timedelta(minutes=298), True)
    assert call(2).delay == timedelta(0)
    values = [
        value().called(soon).acknowledged(TECHNICIAN, later(30), "知晓"),
        value().called(long_after).acknowledged(TECHNICIAN, later(310), "知晓"),
        value().called(long_after).acknowledged(TECHNICIAN, later(5), "知晓"),
    ]
    assert notification_share(values) == NotificationShare(3, 2, 0, 0, 1)


@pytest.mark.parametrize(
    ("words", "repeated"),
    [("知晓", True), ("heard it", True), (".", False), ("。", False), ("OK", False), ("x", False)],
)
def test_a_full_stop_repeats_nothing(words: str, repeated: bool) -> None:  # noqa: FBT001 - a table
    assert repeats(words) is repeated
