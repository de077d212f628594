"""A day that the reader names is read however it is written, and an exam that nobody knows is asked for by its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers.norm import subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.named_days import named_days
from workstation.domain.norm.values import NormField, NormPrior, Role

PRIORS = (NormPrior("2025-06-01 CT"), NormPrior("2025-12-08 CT 胸部低剂量 LDCT", is_reported=True))


@pytest.mark.parametrize(
    ("words", "readings"),
    [
        ("2025-03-12", {(2025, 3, 12)}),
        ("2025年3月12日", {(2025, 3, 12)}),
        ("２０２５年３月", {(2025, 3, 0)}),
        ("20250312", {(2025, 3, 12)}),
        ("12 March 2025", {(2025, 3, 12)}),
        ("12th of March, 2025", {(2025, 3, 12)}),
        ("March 12, 2025", {(2025, 3, 12)}),
        ("12-Mar-2025", {(2025, 3, 12)}),
        ("2025-Mar-12", {(2025, 3, 12)}),
        ("Sept. 2025", {(2025, 9, 0)}),
        ("12.03.2025", {(2025, 3, 12), (2025, 12, 3)}),
        ("31.12.2025", {(2025, 12, 31)}),
        ("03/12/2025", {(2025, 3, 12), (2025, 12, 3)}),
        ("11/2025", {(2025, 11, 0)}),
        ("二〇二五年三月", {(2025, 3, 0)}),
        ("二零二五年十二月三十一日", {(2025, 12, 31)}),
        ("二〇二五年十月廿八日", {(2025, 10, 28)}),
        ("2025年十月二十日", {(2025, 10, 20)}),
        ("12.03.25", {(2025, 3, 12), (2025, 12, 3), (2012, 3, 25)}),
        ("25年12月8日", {(2025, 12, 8)}),
        ("13/13/2025", set()),
    ],
)
def test_a_day_is_read_however_it_is_written(words: str, readings: set[tuple[int, int, int]]) -> None:
    (one,) = named_days(f"与 {words} CT")
    assert one.readings == readings


@pytest.mark.parametrize("words", ["2019年手术史", "大小 12.3 mm", "3 mm 12/25", "maybe 2025", "近三年三月", ""])
def test_what_names_no_day_is_read_as_none(words: str) -> None:
    assert named_days(words) == ()


def asked(words: str) -> list[str]:
    """Return what is asked about a comparison, on an exam of 21 November 2026."""
    subject = subject_of("右肺上叶结节。" if max(words) >= "\u4e00" else "Right upper lobe nodule.", "")
    field = NormField("comparison", Role.BACKGROUND, words)
    subject = replace(subject, fields=(*subject.fields, field), priors=PRIORS, examined_on=date(2026, 11, 21))
    return [one.quote for one in norm_faults(subject) if one.rule == "unknown_comparison"]


@pytest.mark.parametrize(
    "words",
    [
        "Compared with the CT of 8 December 2025.",
        "Compared with the CT of 08.12.2025.",
        "Compared with the CT of 12/08/2025.",
        "Compared with CT 08.12.25.",
        "与二〇二五年十二月CT比较。",
        "与二〇二五年六月一日、2025-12-08 CT比较。",
        "2019年手术史。与2025-12-08 CT比较。",
        "2019年3月12日术后，与2025-12-08 CT比较。",
        "既往2019年3月行右肺上叶切除术，与2025-12-08 CT比较，无变化。",
        "2019年3月12日患者离岗，与2025-12-08 CT比较。",
        "Compared with CT of December 8, 2025 and after surgery on 3 May 2019.",
        "Lobectomy in March 2019. Compared with 2025-12-08.",
        "本次 2026-11-21 与 2025-12-08 比较。",
    ],
)
def test_a_known_exam_is_found_and_days_of_other_things_are_not_asked_for(words: str) -> None:
    assert asked(words) == []


@pytest.mark.parametrize(
    ("words", "quotes"),
    [
        ("Compared with the CT of 12 March 2025.", ["Compared with the CT of 12 March 2025."]),
        ("与二〇二五年三月CT比较。", ["与二〇二五年三月CT比较。"]),
        ("与2025-12-08、2025-11-08 CT比较。", ["2025-11-08"]),
        ("与2025-12-08及二〇二四年三月CT对比。", ["二〇二四年三月"]),
        ("2025-12-08 CT；2025-11-08 CT；2025-11-08 CT", ["2025-11-08"]),
        ("Compared with CT of December 8, 2025 and March 12, 2025.", ["March 12, 2025"]),
        ("Compared with 2025-12-08, 2025-11-08 and 2024-01-05.", ["2025-11-08", "2024-01-05"]),
        ("与2025-12-08术后、2019-03-12 CT比较，右肺术后改变。", ["2019-03-12"]),
    ],
)
def test_each_exam_that_nobody_knows_is_asked_for_beside_a_known_one(words: str, quotes: list[str]) -> None:
    assert asked(words) == quotes
