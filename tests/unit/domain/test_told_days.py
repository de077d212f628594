"""A day is told in one form wherever an exam is named, and no day of no calendar is told at all."""

from __future__ import annotations

import pytest

from workstation.domain.told_fields import day_words


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("20261121", "2026-11-21"),
        ("20261121083000", "2026-11-21"),
        (" 20261121 ", "2026-11-21"),
        ("00000000", ""),
        ("20260231", ""),
        ("2026", ""),
        ("", ""),
    ],
)
def test_the_day_of_an_exam_is_told_as_it_stands_in_a_calendar_or_not_at_all(stored: str, told: str) -> None:
    assert day_words(stored) == told
