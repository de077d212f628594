"""Nodules over time: who is who in prior and current, how much one grew, how fast it doubles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.geometry import Point, distance_mm
from workstation.domain.mark import GrowthLimit, in_order
from workstation.domain.nodule import LEAST_FOR_GROWTH_MM, equivalent_diameter_mm
from workstation.domain.observation import NoduleObservation

GATE_MM: Final = 15.0
"""Nodules farther apart after registration are not offered as the same; lungs differ by breath."""
AMBIGUOUS_MM: Final = 5.0
SIGNIFICANT_VOLUME_SHARE: Final = 0.25
"""Below this change of volume the measurement's own error explains it. Source: BTS guideline 2015, 25 %."""
GROWTH_MM: Final = 1.5
"""Change of the mean diameter that counts as growth. Source: ACR Lung-RADS v2022."""
_GROWTH_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class MatchCandidate:
    """
    A pair that may be the same nodule; the reader confirms it, nothing is joined before.

    ``gap_mm`` is the distance after registration. ``ambiguous`` tells that another nodule lies
    nearly as near, so that the pair needs a look.
    """

    prior: NoduleObservation
    current: NoduleObservation
    gap_mm: float
    ambiguous: bool = False
    confirmed: bool = False

    def confirm(self) -> MatchCandidate:
        """Return the pair as confirmed by the reader."""
        return replace(self, confirmed=True)


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs by growing distance, and what stayed alone on either side."""

    pairs: tuple[MatchCandidate, ...]
    only_prior: tuple[NoduleObservation, ...]
    only_current: tuple[NoduleObservation, ...]


class GrowthVerdict(StrEnum):
    """What a change of size amounts to."""

    GROWN = "grown"
    STABLE = "stable"
    SHRUNK = "shrunk"


@dataclass(frozen=True, slots=True)
class Growth:
    """
    The change from prior to current.

    ``doubling_days`` is negative for a shrinking nodule (days to halve), None where it is not
    defined: same day, or no change. ``from_volume`` tells whether volumes or diameters gave it;
    ``limits`` why what is known of volumes was not compared, empty otherwise.
    """

    days: int
    diameter_change_mm: float
    volume_change_mm3: float | None
    volume_change_share: float | None
    doubling_days: float | None
    from_volume: bool
    verdict: GrowthVerdict
    limits: tuple[GrowthLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryInputs:
    """What Lung-RADS, C-Lung-RADS and Fleischner ask about a nodule over time."""

    is_new: bool
    is_growing: bool
    is_slow_growing: bool
    mean_diameter_mm: float
    solid_diameter_mm: float | None
    solid_change_mm: float | None
    days: int | None


def match_nodules(
    prior: Sequence[NoduleObservation],
    current: Sequence[NoduleObservation],
    prior_to_current: npt.NDArray[np.float64],
    *,
    gate_mm: float = GATE_MM,
) -> Matching:
    """
    Pair nodules by distance after registration, nearest first, each at most once.

    ``prior_to_current`` is a 4 x 4 matrix from LPS mm of the prior to LPS mm of the current study.
    A large nodule is allowed its own radius on top of the gate. A pair whose distance some other
    pairing of the same nodule undercuts or follows by 5 mm or less is marked ambiguous.
    """
    if prior_to_current.shape != (4, 4):
        raise ValueError(f"prior_to_current must be 4 x 4, got {prior_to_current.shape}")
    gaps = {
        (p, c): distance_mm(_moved(before.centre_lps_mm, prior_to_current), now.centre_lps_mm)
        for p, before in enumerate(prior)
        for c, now in enumerate(current)
    }
    allowed = {
        (p, c): gap
        for (p, c), gap in gaps.items()
        if gap <= gate_mm + max(prior[p].mean_diameter_mm, current[c].mean_diameter_mm) / 2
    }
    pairs: list[MatchCandidate] = []
    taken_prior: set[int] = set()
    taken_current: set[int] = set()
    for (p, c), gap in sorted(allowed.items(), key=lambda item: (item[1], item[0])):
        if p in taken_prior or c in taken_current:
            continue
        taken_prior.add(p)
        taken_current.add(c)
        rivals = [g for (a, b), g in allowed.items() if (a == p) != (b == c)]
        ambiguous = any(rival <= gap + AMBIGUOUS_MM for rival in rivals)
        pairs.append(MatchCandidate(prior[p], current[c], gap, ambiguous))
    return Matching(
        tuple(pairs),
        tuple(item for n, item in enumerate(prior) if n not in taken_prior),
        tuple(item for n, item in enumerate(current) if n not in taken_current),
    )


def growth(prior: NoduleObservation, current: NoduleObservation) -> Growth:
    """
    Return the change from prior to current. ValueError when the current one is older.

    With both volumes the verdict follows from 25 % of volume, without from 1.5 mm of the mean
    diameter; so it does where a known weakness of either lies in their quotient (``growth_limits_of``).
    """
    days = (current.observed_on - prior.observed_on).days
    if days < 0:
        raise ValueError("the current observation is older than the prior")
    change_mm = current.mean_diameter_mm - prior.mean_diameter_mm
    limits = growth_limits_of(prior, current)
    if prior.volume_mm3 is None or current.volume_mm3 is None or limits:
        doubling = doubling_days_of_diameters(prior.mean_diameter_mm, current.mean_diameter_mm, days)
        verdict = _verdict(round(change_mm, 6), GROWTH_MM)
        return Growth(days, change_mm, None, None, doubling, from_volume=False, verdict=verdict, limits=limits)
    change = current.volume_mm3 - prior.volume_mm3
    share = change / prior.volume_mm3
    doubling = doubling_days(prior.volume_mm3, current.volume_mm3, days)
    verdict = _verdict(share, SIGNIFICANT_VOLUME_SHARE)
    return Growth(days, change_mm, change, share, doubling, from_volume=True, verdict=verdict)


def growth_limits_of(*seen: NoduleObservation) -> tuple[GrowthLimit, ...]:
    """
    Return why volumes of one nodule are not compared (ADR 0017), in the order of the names; empty where they may be.

    The error of each is in their quotient: the outline of a small one, most of its volume, counts as growth, and so
    does the part of a nodule that the scan cut off, or what thick slices put round it. One volume is enough: that a
    second one is missing makes it no better. Empty where no volume is known. What nobody judged (former reports, other
    systems) has no limit but its size and the type that its report says.
    """
    volumes = [one.volume_mm3 for one in seen if one.volume_mm3 is not None]
    if not volumes:
        return ()
    is_small = equivalent_diameter_mm(min(volumes)) < LEAST_FOR_GROWTH_MM
    found = {limit for one in seen for limit in one.limits}
    return in_order(found | {GrowthLimit.TOO_SMALL} if is_small else found)


def doubling_days(prior_mm3: float, current_mm3: float, days: int) -> float | None:
    """
    Return the volume doubling time in days, negative for shrinking, None on the same day or without change.

    Source: Schwartz, Cancer 14 (1961) 1272: t ln 2 / ln(V2 / V1).
    """
    if days <= 0 or prior_mm3 == current_mm3:
        return None
    return days * math.log(2) / math.log(current_mm3 / prior_mm3)


def doubling_days_of_diameters(prior_mm: float, current_mm: float, days: int) -> float | None:
    """Return the doubling time of the volumes of spheres of these diameters; otherwise as ``doubling_days``."""
    return doubling_days(prior_mm**3, current_mm**3, days)


def doubling_range_days(prior: NoduleObservation, current: NoduleObservation) -> tuple[float, float | None] | None:
    """
    Return between which doubling times in days the true one lies, given what measuring again may change.

    That is 25 % of volume, or 1.5 mm of the mean diameter: what does not count as growth. The upper end
    is None where the nodule may not have grown; None altogether on the same day, or where it surely shrank.
    """
    days = (current.observed_on - prior.observed_on).days
    before, now, error = prior.mean_diameter_mm, current.mean_diameter_mm, GROWTH_MM
    if prior.volume_mm3 is None or current.volume_mm3 is None or growth_limits_of(prior, current):
        largest = 3 * math.log((now + error) / before)
        least = 3 * math.log((now - error) / before) if now > error else -math.inf
    else:
        ratio, spread = math.log(current.volume_mm3 / prior.volume_mm3), math.log(1 + SIGNIFICANT_VOLUME_SHARE)
        largest, least = ratio + spread, ratio - spread
    if days <= 0 or largest <= 0:
        return None
    return days * math.log(2) / largest, days * math.log(2) / least if least > 0 else None


def category_inputs(current: NoduleObservation, prior: NoduleObservation | None) -> CategoryInputs:
    """
    Return what the category rules need; without a confirmed prior the nodule is new.

    Growth counts within 12 months; more than 1.5 mm over a longer time is slow growth.
    Source: ACR Lung-RADS v2022.
    """
    if prior is None:
        return CategoryInputs(
            is_new=True,
            is_growing=False,
            is_slow_growing=False,
            mean_diameter_mm=current.mean_diameter_mm,
            solid_diameter_mm=current.solid_diameter_mm,
            solid_change_mm=None,
            days=None,
        )
    found = growth(prior, current)
    more = found.diameter_change_mm > GROWTH_MM
    both = prior.solid_diameter_mm is not None and current.solid_diameter_mm is not None
    return CategoryInputs(
        is_new=False,
        is_growing=more and found.days <= _GROWTH_DAYS,
        is_slow_growing=more and found.days > _GROWTH_DAYS,
        mean_diameter_mm=current.mean_diameter_mm,
        solid_diameter_mm=current.solid_diameter_mm,
        solid_change_mm=(current.solid_diameter_mm or 0) - (prior.solid_diameter_mm or 0) if both else None,
        days=found.days,
    )


def _verdict(change: float, limit: float) -> GrowthVerdict:
    if change > limit:
        return GrowthVerdict.GROWN
    return GrowthVerdict.SHRUNK if change < -limit else GrowthVerdict.STABLE


def _moved(point: Point, matrix: npt.NDArray[np.float64]) -> Point:
    x, y, z = (matrix[:3, :3] @ point + matrix[:3, 3]).tolist()
    return x, y, z
