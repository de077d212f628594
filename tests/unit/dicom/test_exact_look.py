"""The exact numbers of a display are believed where they are those of the standard's attributes, rounded."""

from __future__ import annotations

import pytest

from workstation.dicom.objects.exact_look import ExactLook


def look(centre: float, width: float) -> ExactLook:
    return ExactLook(centre, width, "LINEAR", 1.0, (0.0, 0.0), 0.0, flipped=False, viewport=(1.0, 1.0))


@pytest.mark.parametrize(
    ("exact", "stored"),
    [
        # 16 characters hold 14 digits here; a reader drops the zero at their end
        (3044.7295481497977, "3044.72954814980"),
        (3044.7295481497977, "3044.7295481498"),
        (3.556380477648901, "3.55638047764890"),
        (400.0, "400"),
    ],
)
def test_a_window_that_ends_in_zeros_when_it_is_rounded_is_still_believed(exact: float, stored: str) -> None:
    assert look(40.0, exact).fits("40", stored)
    assert look(exact, 40.0).fits(float(stored), 40.0)


def test_a_window_that_another_system_changed_by_the_last_digit_is_not_believed() -> None:
    assert not look(40.0, 3044.7295481497977).fits("40", "3044.7295481499")
    assert not look(40.0, 400.0).fits("41", "400")
