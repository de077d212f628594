"""
Free-response ROC by the rule of LUNA16.

A mark hits a nodule when its centre lies within half the nodule's diameter; the best score counts,
further hits are ignored; marks on excluded findings are dropped; everything else is a false mark.
CPM is the mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false marks per scan. Intervals come
from 1 000 bootstrap samples of whole scans with a fixed seed.

*Source:* Setio et al., Medical Image Analysis 42 (2017) 1-13, section 2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

FALSE_MARKS: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
BOOTSTRAPS: Final = 1000
SEED: Final = 20261122
Point = tuple[float, float, float]
Unit = TypeVar("Unit")


@dataclass(frozen=True, slots=True)
class Outline:
    """One reader's outline of one slice, LPS mm; the slice reaches from ``z_mm`` by ``half_mm`` both ways."""

    z_mm: float
    points_xy_mm: tuple[tuple[float, float], ...]
    half_mm: float


@dataclass(frozen=True, slots=True)
class Nodule:
    """A nodule that must be found; ``kind`` and ``location`` name the group it is counted in."""

    centre_lps_mm: Point
    diameter_mm: float
    kind: str = ""
    location: str = ""
    outlines: tuple[Outline, ...] = ()

    def __post_init__(self) -> None:
        if self.diameter_mm <= 0:
            raise ValueError(f"diameter_mm must be positive, got {self.diameter_mm}")


@dataclass(frozen=True, slots=True)
class Scored:
    """A mark of the model."""

    centre_lps_mm: Point
    score: float
    diameter_mm: float


@dataclass(frozen=True, slots=True)
class Case:
    """One scan: what is in it, what is neither right nor wrong, and what the model marked."""

    id: str
    nodules: tuple[Nodule, ...]
    excluded: tuple[Nodule, ...]
    marks: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """
    One scan after matching.

    ``found`` is the best score per nodule (-1 = missed), ``best`` the mark that gave it;
    ``false_marks`` are the scores of the wrong ones, falling.
    """

    case: Case
    found: tuple[float, ...]
    best: tuple[Scored | None, ...] = field(repr=False)
    false_marks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


Hits = Callable[[Scored, Nodule], bool]


def within_radius(mark: Scored, nodule: Nodule) -> bool:
    """Tell whether a mark hits by LUNA16's rule."""
    gap = np.linalg.norm(np.subtract(mark.centre_lps_mm, nodule.centre_lps_mm))
    return bool(gap <= nodule.diameter_mm / 2)


def within_any_outline(mark: Scored, nodule: Nodule) -> bool:
    """Tell whether a mark lies inside any reader's outline: elongated nodules fail the sphere."""
    x, y, z = mark.centre_lps_mm
    return any(abs(z - o.z_mm) <= o.half_mm and _inside(x, y, o.points_xy_mm) for o in nodule.outlines)


def judge(case: Case, hits: Hits = within_radius) -> Judged:
    """Match the marks of one scan."""
    spent: set[int] = set()
    found: list[float] = []
    best: list[Scored | None] = []
    for nodule in case.nodules:
        near = [n for n, mark in enumerate(case.marks) if hits(mark, nodule)]
        spent.update(near)
        winner = max((case.marks[n] for n in near), key=lambda m: m.score, default=None)
        found.append(-1.0 if winner is None else winner.score)
        best.append(winner)
    for nodule in case.excluded:
        spent.update(n for n, mark in enumerate(case.marks) if within_radius(mark, nodule))
    wrong = sorted((m.score for n, m in enumerate(case.marks) if n not in spent), reverse=True)
    return Judged(case, tuple(found), tuple(best), tuple(wrong))


def sensitivities(scans: Sequence[Judged], rates: Sequence[float] = FALSE_MARKS) -> list[float]:
    """Return the sensitivity at each rate of false marks per scan. Raises ValueError without a nodule."""
    found = np.array([s for scan in scans for s in scan.found])
    wrong = np.sort([s for scan in scans for s in scan.false_marks])[::-1]
    if len(found) == 0:
        raise ValueError("there is no nodule to find")
    return _curve(np.sort(found), wrong, len(scans), rates)


def cpm(scans: Sequence[Judged]) -> float:
    """Return the competition performance metric: the mean of the seven sensitivities."""
    return float(np.mean(sensitivities(scans)))


def threshold_at(scans: Sequence[Judged], rate: float) -> float:
    """Return the lowest score at which at most ``rate`` false marks per scan remain."""
    wrong = np.sort([s for scan in scans for s in scan.false_marks])[::-1]
    allowed = int(np.floor(rate * len(scans) + 1e-9))
    return float(np.nextafter(wrong[allowed], np.inf)) if allowed < len(wrong) else 0.0


def sensitivity_above(
    scans: Iterable[Judged], threshold: float, wanted: Callable[[Nodule], bool] = lambda _: True
) -> tuple[int, int]:
    """Return how many of the wanted nodules scored at least ``threshold``, and how many there are."""
    scores = [s for scan in scans for s, nodule in zip(scan.found, scan.case.nodules, strict=True) if wanted(nodule)]
    return sum(s >= threshold for s in scores), len(scores)


def false_marks_above(scans: Sequence[Judged], threshold: float) -> float:
    """Return the false marks per scan at a threshold."""
    return sum(s >= threshold for scan in scans for s in scan.false_marks) / len(scans)


def bootstrap(scans: Sequence[Unit], figure: Callable[[Sequence[Unit]], float]) -> Interval:
    """Return a figure with its 95 % interval over resampled scans; samples where it is undefined are left out."""
    rng = np.random.default_rng(SEED)
    values = []
    for _ in range(BOOTSTRAPS):
        sample = [scans[n] for n in rng.integers(0, len(scans), len(scans))]
        try:
            values.append(figure(sample))
        except ValueError:
            continue
    value = figure(scans)
    if not values:
        return Interval(value, value, value)
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def sensitivity_intervals(scans: Sequence[Judged], rates: Sequence[float] = FALSE_MARKS) -> list[tuple[float, float]]:
    """
    Return the 95 % bootstrap interval of the sensitivity at each rate of false marks per scan, over resampled scans.

    Samples without a nodule are left out. Raises ValueError without a nodule.
    """
    at = sensitivities(scans, rates)
    rng = np.random.default_rng(SEED)
    values = []
    for _ in range(BOOTSTRAPS):
        sample = [scans[n] for n in rng.integers(0, len(scans), len(scans))]
        if any(scan.found for scan in sample):
            values.append(sensitivities(sample, rates))
    low, high = np.percentile(values or [at], [2.5, 97.5], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def gain(scans: Sequence[Judged], before: Sequence[Judged]) -> Interval:
    """
    Return by how much the CPM of ``scans`` is above that of ``before``, both of the same images in the same order.

    Raises ValueError where the images differ.
    """
    pairs = list(zip(scans, before, strict=True))
    if any(now.case.id != then.case.id or now.case.nodules != then.case.nodules for now, then in pairs):
        raise ValueError("only marks on the same images can be compared")

    def above(sample: Sequence[tuple[Judged, Judged]]) -> float:
        return cpm([now for now, _ in sample]) - cpm([then for _, then in sample])

    return bootstrap(pairs, above)


def _curve(
    found: npt.NDArray[np.float64], wrong: npt.NDArray[np.float64], scans: int, rates: Sequence[float]
) -> list[float]:
    """Interpolate sensitivity over the false marks per scan, as LUNA16's script does."""
    thresholds = np.concatenate([[np.inf], np.unique(np.concatenate([found[found >= 0], wrong]))[::-1]])
    hit = (len(found) - np.searchsorted(found, thresholds, side="left")) / len(found)
    false = np.searchsorted(-wrong, -thresholds, side="right") / scans
    return [float(v) for v in np.interp(rates, false, hit)]


def _inside(x: float, y: float, points: tuple[tuple[float, float], ...]) -> bool:
    """Cast a ray: an odd number of edges crossed means inside."""
    inside = False
    before = points[-1]
    for here in points:
        if (here[1] > y) != (before[1] > y):
            crossing = (before[0] - here[0]) * (y - here[1]) / (before[1] - here[1]) + here[0]
            inside ^= x < crossing
        before = here
    return inside
