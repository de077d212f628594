"""When a result is recognised at other hospitals, and when an exam would be repeated (CLINICAL B10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from workstation.domain.mutual_recognition import (
    ExamFacts,
    RecognisedItem,
    RecognisedResult,
    RecognitionPolicy,
    Refusal,
    RepeatException,
    RepeatReason,
    recognise,
    repeats,
)
from workstation.domain.template import Text

NAME = Text("胸部 CT", "Chest CT")
POLICY = RecognitionPolicy(
    policy_id="alliance",
    version="1.2.0",
    scope=Text("省内", "province"),
    mark="HR",
    grades=("A", "B"),
    diagnostic_choices=("RID12",),
    items=(
        RecognisedItem("ct-chest", NAME, ("CT",), ("CHEST", "胸"), ("增强",), 30),
        RecognisedItem("mg-breast", NAME, ("MG",), (), (), 90),
    ),
)
GOOD = ExamFacts("CT", "胸部平扫", date(2026, 11, 1), is_signed_final=True, grade="A")
TODAY = date(2026, 11, 21)


def test_a_signed_chest_ct_of_good_quality_is_recognised_for_30_days() -> None:
    given = recognise(GOOD, POLICY, today=TODAY)

    assert (given.granted, given.item, given.valid_until) == (True, "ct-chest", date(2026, 12, 1))
    assert (given.policy_id, given.policy_version, given.mark) == ("alliance", "1.2.0", "HR")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(GOOD, is_signed_final=False), (Refusal.NOT_SIGNED,)),
        (replace(GOOD, description="胸部增强"), (Refusal.NOT_LISTED,)),
        (replace(GOOD, modality="MR"), (Refusal.NOT_LISTED,)),
        (replace(GOOD, description="膝关节"), (Refusal.NOT_LISTED,)),
        (replace(GOOD, grade="C"), (Refusal.QUALITY_TOO_LOW,)),
        (replace(GOOD, grade=""), (Refusal.NO_QUALITY,)),
        (replace(GOOD, grade="", quality_code="RID13"), (Refusal.QUALITY_TOO_LOW,)),
        (replace(GOOD, quality_code="RID14"), (Refusal.QUALITY_TOO_LOW,)),  # the reader's doubt weighs more than an A
        (replace(GOOD, studied_on=None), (Refusal.NO_DATE,)),
        (replace(GOOD, studied_on=date(2026, 11, 22)), (Refusal.IN_FUTURE,)),
        (replace(GOOD, studied_on=date(2026, 10, 21)), (Refusal.EXPIRED,)),
        (
            ExamFacts("US", "", None, is_signed_final=False),
            (Refusal.NOT_SIGNED, Refusal.NOT_LISTED, Refusal.NO_QUALITY, Refusal.NO_DATE),
        ),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_granted(facts: ExamFacts, expected: tuple[Refusal, ...]) -> None:
    given = recognise(facts, POLICY, today=TODAY)

    assert (given.granted, given.refusals, given.valid_until) == (False, expected, None)


@pytest.mark.parametrize(
    "facts",
    [
        replace(GOOD, grade="", quality_code="RID12"),
        replace(GOOD, studied_on=date(2026, 10, 22)),  # the last day
        replace(GOOD, studied_on=TODAY),
        replace(GOOD, description="chest CT"),
        ExamFacts("MG", "", TODAY, is_signed_final=True, grade="B"),
    ],
)
def test_what_fulfils_the_rules_is_recognised(facts: ExamFacts) -> None:
    assert recognise(facts, POLICY, today=TODAY).granted


def test_the_mark_stands_until_its_last_day_and_no_refused_result_ever_has_one() -> None:
    given = recognise(GOOD, POLICY, today=TODAY)
    refused = recognise(replace(GOOD, grade="C"), POLICY, today=TODAY)

    assert [given.holds_on(date(2026, 12, day)) for day in (1, 2)] == [True, False]
    assert not refused.holds_on(TODAY)


def result(uid: str, day: int) -> RecognisedResult:
    on = date(2026, 11, day)
    given = recognise(replace(GOOD, studied_on=on), POLICY, today=on)
    return RecognisedResult(uid, "CT", "胸部平扫", on, "县医院", given)


def test_a_repeated_exam_is_found_newest_result_first() -> None:
    found = repeats("CT", "CHEST CT", [result("1", 3), result("2", 9)], POLICY, today=TODAY)

    assert [one.study_instance_uid for one in found] == ["2", "1"]


@pytest.mark.parametrize(("modality", "description"), [("CT", "头颅平扫"), ("CT", "胸部增强"), ("MG", "")])
def test_another_exam_repeats_nothing(modality: str, description: str) -> None:
    assert repeats(modality, description, [result("1", 3)], POLICY, today=TODAY) == ()


def test_a_result_whose_time_is_over_stands_in_nobody_s_way() -> None:
    assert repeats("CT", "胸部平扫", [result("1", 3)], POLICY, today=date(2026, 12, 4)) == ()


def test_another_reason_for_repeating_needs_words() -> None:
    with pytest.raises(ValueError, match="words"):
        RepeatReason(RepeatException.OTHER, " ")

    assert RepeatReason(RepeatException.EMERGENCY).words == ""
