"""
Is a model still seeing what it was measured on? Its marks and scores by week, beside what the evaluation gave.

Weeks begin on Monday, in UTC. A week with few scans is shown and not judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from workstation.domain.model import DriftLimits, StoredRun

PSI_ALARM: Final = 0.25
"""Above it the distribution has shifted. *Source:* Siddiqi, Credit Risk Scorecards, 2006."""

ENOUGH_SCANS: Final = 10
"""Fewer scans a week say too little about a rate."""

_FLOOR: Final = 1e-4  # an empty bin must not make the index infinite
_BINS: Final = 10
_FIRST_WEEKS: Final = 4
_ENOUGH_MARKS: Final = 20


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one model: scans, shown marks a scan, the median score of these (None without a mark)."""

    monday: date
    scans: int
    marks_per_scan: float
    median_score: float | None

    def outside(self, limits: DriftLimits | None) -> bool:
        """Tell whether enough scans lie outside the limits."""
        if limits is None or self.scans < ENOUGH_SCANS:
            return False
        return not limits.low <= self.marks_per_scan <= limits.high


@dataclass(frozen=True, slots=True)
class DriftReport:
    """
    A model week by week; weeks without a scan are left out.

    ``psi`` compares the scores of the last four weeks with those of the first four, None where
    either has too few marks.
    """

    weeks: tuple[Week, ...]
    limits: DriftLimits | None
    psi: float | None

    @property
    def alarm(self) -> bool:
        """Tell whether somebody should look."""
        shifted = self.psi is not None and self.psi > PSI_ALARM
        return shifted or any(week.outside(self.limits) for week in self.weeks[-1:])


def drift_report(runs: Sequence[StoredRun], limits: DriftLimits | None) -> DriftReport:
    """Sort runs of one model version by week."""
    by_week: dict[date, list[list[float]]] = {}
    for run in runs:
        day = run.at.date()
        scores = list(run.shown_scores)
        by_week.setdefault(day - timedelta(days=day.weekday()), []).append(scores)
    mondays = sorted(by_week)
    weeks = tuple(_week(monday, by_week[monday]) for monday in mondays)
    shift = None
    if len(mondays) > _FIRST_WEEKS:
        first = [score for monday in mondays[:_FIRST_WEEKS] for scan in by_week[monday] for score in scan]
        last_mondays = mondays[max(_FIRST_WEEKS, len(mondays) - _FIRST_WEEKS) :]
        last = [score for monday in last_mondays for scan in by_week[monday] for score in scan]
        if min(len(first), len(last)) >= _ENOUGH_MARKS:
            shift = psi(histogram(first), histogram(last))
    return DriftReport(weeks, limits, shift)


def histogram(scores: Sequence[float], bins: int = _BINS) -> tuple[int, ...]:
    """Count scores of 0..1 in bins of equal width."""
    counts = [0] * bins
    for score in scores:
        counts[min(max(int(score * bins), 0), bins - 1)] += 1
    return tuple(counts)


def psi(before: Sequence[int], now: Sequence[int]) -> float:
    """Return the population stability index of two histograms of the same bins. Raises ValueError."""
    if len(before) != len(now):
        raise ValueError("the histograms have different bins")
    if min((*before, *now), default=0) < 0 or not sum(before) or not sum(now):
        raise ValueError("a histogram needs counts, none of them negative")
    p = [max(count / sum(before), _FLOOR) for count in before]
    q = [max(count / sum(now), _FLOOR) for count in now]
    return sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


def _week(monday: date, scans: list[list[float]]) -> Week:
    scores = [score for scan in scans for score in scan]
    return Week(monday, len(scans), len(scores) / len(scans), median(scores) if scores else None)
