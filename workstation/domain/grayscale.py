"""
The Grayscale Standard Display Function and what a monitor check is judged by.

*Source:* PS3.14 section 7.1 (both interpolation formulas and their coefficients). The acceptance
limits are an editable policy, not part of the standard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final, Protocol

FIRST_JND: Final = 1
LAST_JND: Final = 1023
PATCHES: Final = 18
"""Grey steps of the test pattern, from digital driving level 0 to 255 in steps of 15."""

_A, _B, _C, _D, _E = -1.3011877, -2.5840191e-2, 8.0242636e-2, -1.0320229e-1, 1.3646699e-1
_F, _G, _H, _K, _M = 2.8745620e-2, -2.5468404e-2, -3.1978977e-3, 1.2992634e-4, 1.3635334e-3
_INVERSE: Final = (
    71.498068,
    94.593053,
    41.912053,
    9.8247004,
    0.28175407,
    -1.1878455,
    -0.18014349,
    0.14710899,
    -0.017046845,
)


def luminance_cd_m2(jnd: float) -> float:
    """Return the luminance of a JND index from 1 to 1023. *Source:* PS3.14 7.1, first formula."""
    if not FIRST_JND <= jnd <= LAST_JND:
        raise ValueError(f"a JND index lies in [{FIRST_JND}, {LAST_JND}], got {jnd}")
    x = math.log(jnd)
    above = _A + x * (_C + x * (_E + x * (_G + x * _M)))
    below = 1.0 + x * (_B + x * (_D + x * (_F + x * (_H + x * _K))))
    return math.pow(10.0, above / below)


def jnd_index(luminance: float) -> float:
    """Return the JND index of a luminance in cd/m² from 0.05 to 3993. *Source:* PS3.14 7.1, second formula."""
    if not 0.0499 <= luminance <= 4000.0:
        raise ValueError(f"the function covers 0.05 to 3993 cd/m², got {luminance}")
    x = math.log10(luminance)
    total = 0.0
    for coefficient in reversed(_INVERSE):
        total = total * x + coefficient
    return total


def expected_luminances(darkest: float, brightest: float, count: int = PATCHES) -> tuple[float, ...]:
    """Return what ``count`` equal steps of driving level should give between two luminances in cd/m²."""
    if not darkest < brightest:
        raise ValueError("the darkest step must be darker than the brightest")
    first, last = jnd_index(darkest), jnd_index(brightest)
    steps = (first + (last - first) * n / (count - 1) for n in range(count))
    return tuple(luminance_cd_m2(min(max(step, FIRST_JND), LAST_JND)) for step in steps)


@dataclass(frozen=True, slots=True)
class GrayscaleLimits:
    """
    When a monitor passes; site policy.

    The defaults for diagnostic monitors are recalled from AAPM report 270 and its predecessor TG18 and are not
    part of PS3.14: contrast response within 10 %, at least 350 cd/m², a luminance ratio of at least 250.
    """

    contrast_error: float = 0.10
    brightest_cd_m2: float = 350.0
    ratio: float = 250.0


@dataclass(frozen=True, slots=True)
class GrayscaleJudgement:
    """What measured luminances say. ``contrast_error`` is the largest deviation of a step's contrast per JND."""

    contrast_error: float
    worst_step: int
    brightest_cd_m2: float
    ratio: float
    failed: tuple[str, ...]
    """Stable names of what does not hold: ``contrast``, ``brightness``, ``ratio``."""

    @property
    def passed(self) -> bool:
        """Tell whether every limit holds."""
        return not self.failed


def judge(measured: Sequence[float], limits: GrayscaleLimits | None = None) -> GrayscaleJudgement:
    """
    Compare measured luminances (cd/m², ambient light included, darkest first) with the function.

    The contrast of each step, 2 (b - a) / (b + a) per JND, is set against what the function gives
    for the same step. Raises ValueError when the values do not rise or lie outside the function.
    """
    limits = limits or GrayscaleLimits()
    if len(measured) < 3 or any(b <= a for a, b in pairwise(measured)):
        raise ValueError("luminances must rise from step to step")
    wanted = expected_luminances(measured[0], measured[-1], len(measured))
    errors = [
        abs(_contrast(a, b) / _contrast(c, d) - 1.0)
        for (a, b), (c, d) in zip(pairwise(measured), pairwise(wanted), strict=True)
    ]
    worst = max(range(len(errors)), key=errors.__getitem__)
    ratio = measured[-1] / measured[0]
    holds = {
        "contrast": errors[worst] <= limits.contrast_error,
        "brightness": measured[-1] >= limits.brightest_cd_m2,
        "ratio": ratio >= limits.ratio,
    }
    return GrayscaleJudgement(
        contrast_error=errors[worst],
        worst_step=worst,
        brightest_cd_m2=measured[-1],
        ratio=ratio,
        failed=tuple(name for name, held in holds.items() if not held),
    )


@dataclass(frozen=True, slots=True)
class MonitorCheck:
    """
    The last check of one monitor, by its name and serial number.

    ``mm_per_pixel`` is what a ruler on the screen gave, None before it was calibrated. The others record what the
    person saw on the pattern: the dark and the bright step of five per cent, every line of the line pairs by
    itself, a ramp that rises without bands or jumps, and the white line along all four edges. The last three are
    None in a check that was made before they were asked.
    """

    monitor: str
    checked_at: datetime
    checked_by: str
    seen_dark: bool
    seen_bright: bool
    measured_cd_m2: tuple[float, ...] = field(default=())
    mm_per_pixel: float | None = None
    seen_lines: bool | None = None
    seen_even_ramp: bool | None = None
    seen_edges: bool | None = None

    def __post_init__(self) -> None:
        if self.mm_per_pixel is not None and not 0.02 <= self.mm_per_pixel <= 2.0:
            raise ValueError(f"no monitor has pixels of {self.mm_per_pixel} mm")

    @property
    def passed(self) -> bool:
        """Tell whether all that was asked was seen and, where it was measured, the luminances hold."""
        later = (self.seen_lines, self.seen_even_ramp, self.seen_edges)
        seen = self.seen_dark and self.seen_bright and False not in later
        return seen and (not self.measured_cd_m2 or judge(self.measured_cd_m2).passed)


class MonitorCheckPort(Protocol):
    """Where the last checks of this machine's monitors are kept."""

    def last(self, monitor: str) -> MonitorCheck | None:
        """Return the last check of a monitor, None when it never was."""
        ...

    def keep(self, check: MonitorCheck) -> None:
        """Store a check in place of the monitor's last one. Raises StorageError."""
        ...


def _contrast(low: float, high: float) -> float:
    return 2.0 * (high - low) / (high + low)
