"""Differences between two documents: nothing invented, nothing left out, readable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.cases import NOON, complete_values, report, study, template
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme
from workstation.services.report_difference import Change, Piece, differences, pieces

SAME, ADDED, REMOVED = Change.SAME, Change.ADDED, Change.REMOVED


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("右肺上叶结节", "左肺上叶结节", [(REMOVED, "右"), (ADDED, "左"), (SAME, "肺上叶结节")]),
        ("直径 8 mm", "直径 8.5 mm", [(SAME, "直径 "), (REMOVED, "8"), (ADDED, "8.5"), (SAME, " mm")]),
        ("", "未见异常", [(ADDED, "未见异常")]),
        ("未见异常", "", [(REMOVED, "未见异常")]),
        ("一样", "一样", [(SAME, "一样")]),
        ("", "", []),
    ],
)
def test_what_was_taken_out_and_what_came_in(before: str, after: str, expected: list[tuple[Change, str]]) -> None:
    assert [(piece.change, piece.text) for piece in pieces(before, after)] == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_come_back_whole_from_the_pieces(before: str, after: str) -> None:
    found = pieces(before, after)

    assert "".join(piece.text for piece in found if piece.change is not ADDED) == before
    assert "".join(piece.text for piece in found if piece.change is not REMOVED) == after


def test_two_changes_with_one_sign_between_are_read_as_one() -> None:
    assert pieces("甲，乙", "丙，丁") == (Piece(REMOVED, "甲，乙"), Piece(ADDED, "丙，丁"))


def test_fields_stand_in_the_order_of_the_template_with_what_it_does_not_know_after_them() -> None:
    before = report(values={**complete_values(), "unknown": "x"})
    result = CategoryResult(Scheme.LUNG_RADS, "v2022", "3", "rule", "management")
    after = report(values={**complete_values(), "impression": "另一句"}).with_category(
        AssignedCategory(result, "3", "", "", "expert", NOON), at=NOON
    )

    found = differences(before, after, template(), study())

    changed = [(one.before, one.after) for one in found if one.is_changed]
    assert changed[-2:] == [("x", ""), ("", "3")]
    assert (complete_values()["impression"], "另一句") in [(before.strip(), after) for before, after in changed]
    assert all(one.before or one.after for one in found)
    assert differences(before, replace(before), template()) != ()
    assert not any(one.is_changed for one in differences(before, before, template(), study()))
