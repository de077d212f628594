"""Is the model still seeing what it was measured on? Figures to watch from month to month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

PSI_ALARM: Final = 0.25
"""Above it the distribution has shifted. *Source:* Siddiqi, Credit Risk Scorecards, 2006."""

_FLOOR: Final = 1e-4  # an empty bin must not make the index infinite


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of marks by score in bins of equal width over 0..1."""

    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.counts or min(self.counts) < 0:
            raise ValueError("a histogram needs counts that are not negative")


@dataclass(frozen=True, slots=True)
class Drift:
    """Population stability index between then and now, marks per scan then and now."""

    psi: float
    marks_per_scan_before: float
    marks_per_scan_now: float

    @property
    def alarm(self) -> bool:
        """Tell whether somebody should look."""
        return self.psi > PSI_ALARM


def histogram(scores: Sequence[float], bins: int = 10) -> Histogram:
    """Count scores of 0..1."""
    counts, _ = np.histogram(np.clip(np.asarray(scores, dtype=np.float64), 0, 1), bins=bins, range=(0, 1))
    return Histogram(tuple(int(n) for n in counts))


def psi(before: Histogram, now: Histogram) -> float:
    """Return the population stability index of two histograms of the same bins. Raises ValueError."""
    if len(before.counts) != len(now.counts):
        raise ValueError("the histograms have different bins")
    if not sum(before.counts) or not sum(now.counts):
        raise ValueError("a histogram is empty")
    p = np.maximum(np.array(before.counts) / sum(before.counts), _FLOOR)
    q = np.maximum(np.array(now.counts) / sum(now.counts), _FLOOR)
    return float(((q - p) * np.log(q / p)).sum())


def drift(before: Sequence[Sequence[float]], now: Sequence[Sequence[float]]) -> Drift:
    """Compare the scores of marks, scan by scan, of two periods. Raises ValueError when one has no mark."""
    then, later = ([s for scan in period for s in scan] for period in (before, now))
    return Drift(psi(histogram(then), histogram(later)), len(then) / len(before), len(later) / len(now))
