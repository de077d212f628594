"""The grayscale function is the standard's, and a monitor that bends it does not pass."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workstation.domain.grayscale import (
    GrayscaleLimits,
    MonitorCheck,
    expected_luminances,
    jnd_index,
    judge,
    luminance_cd_m2,
)

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


# PS3.14 Annex B, table B-1: first entries and the last one
@pytest.mark.parametrize(("jnd", "luminance"), [(1, 0.0500), (2, 0.0547), (3, 0.0594), (1023, 3993.404)])
def test_the_function_is_that_of_the_standard(jnd: int, luminance: float) -> None:
    assert luminance_cd_m2(jnd) == pytest.approx(luminance, rel=2e-3)


def test_both_formulas_of_the_standard_agree() -> None:
    for jnd in range(1, 1024):
        assert jnd_index(luminance_cd_m2(jnd)) == pytest.approx(jnd, abs=0.6)


@pytest.mark.parametrize("jnd", [0, 1024])
def test_outside_the_function_there_is_no_luminance(jnd: int) -> None:
    with pytest.raises(ValueError, match="JND"):
        luminance_cd_m2(jnd)


@pytest.mark.parametrize("luminance", [0.0, 0.01, 5000.0])
def test_outside_the_function_there_is_no_index(luminance: float) -> None:
    with pytest.raises(ValueError, match="covers"):
        jnd_index(luminance)


def test_a_monitor_that_follows_the_function_passes() -> None:
    found = judge(expected_luminances(1.0, 400.0))

    assert found.passed
    assert found.contrast_error == pytest.approx(0.0, abs=0.01)
    assert found.ratio == pytest.approx(400.0, rel=0.01)


def test_a_gamma_of_2_2_fails_for_its_contrast() -> None:
    gamma = [1.0 + 399.0 * (n / 17) ** 2.2 for n in range(18)]

    found = judge(gamma)

    assert found.failed == ("contrast",)
    assert found.contrast_error > 0.3


def test_an_office_monitor_fails_for_brightness_and_ratio() -> None:
    assert judge(expected_luminances(1.2, 250.0)).failed == ("brightness", "ratio")
    assert judge(expected_luminances(1.2, 250.0), GrayscaleLimits(brightest_cd_m2=200, ratio=200)).passed


def test_luminances_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="rise"):
        judge([1.0, 1.0, 5.0])
    with pytest.raises(ValueError, match="darker"):
        expected_luminances(5.0, 5.0)


def test_a_check_passes_only_when_both_steps_were_seen() -> None:
    assert MonitorCheck("M", NOW, "expert", seen_dark=True, seen_bright=True).passed
    assert not MonitorCheck("M", NOW, "expert", seen_dark=False, seen_bright=True).passed
    assert not MonitorCheck("M", NOW, "expert", seen_dark=True, seen_bright=False).passed
    dim = expected_luminances(1.2, 250.0)
    assert not MonitorCheck("M", NOW, "expert", seen_dark=True, seen_bright=True, measured_cd_m2=dim).passed


@pytest.mark.parametrize("size", [0.0, 0.001, 3.0])
def test_no_monitor_has_impossible_pixels(size: float) -> None:
    with pytest.raises(ValueError, match="pixels"):
        MonitorCheck("M", NOW, "expert", seen_dark=True, seen_bright=True, mm_per_pixel=size)
