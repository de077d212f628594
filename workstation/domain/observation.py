"""One nodule at one time, and the word of a reader that two of them are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit, NoduleType, in_order

SUBSOLID: Final = frozenset({NoduleType.PART_SOLID, NoduleType.GROUND_GLASS})
"""Types of which no volumes are compared over time (ADR 0017)"""


def limits_as_said(limits: Iterable[GrowthLimit], said: NoduleType) -> tuple[GrowthLimit, ...]:
    """
    Return the limits of a volume of a nodule that a person called of a type: that word goes before the tool's guess.

    A ground-glass nodule that the tool takes for solid is subsolid, and a solid one that it takes for part-solid is
    not. Where nobody said a density, the tool's guess stays: calcified stands beside any of them.
    """
    if said is NoduleType.SOLID:
        return in_order(one for one in limits if one is not GrowthLimit.SUBSOLID)
    return in_order({*limits, GrowthLimit.SUBSOLID} if said in SUBSOLID else limits)


@dataclass(frozen=True, slots=True)
class NoduleObservation:
    """
    One nodule at one time.

    ``mean_diameter_mm`` is the mean of long and short axis. ``volume_mm3`` and
    ``solid_diameter_mm`` are None where they were not measured. ``growth_limits`` are the weaknesses of the
    volume as they were measured, ``nodule_type`` what a person called it; ``limits`` follows from both.
    """

    tracking_uid: str
    observed_on: date
    centre_lps_mm: Point
    mean_diameter_mm: float
    volume_mm3: float | None = None
    solid_diameter_mm: float | None = None
    growth_limits: tuple[GrowthLimit, ...] = ()
    nodule_type: NoduleType = NoduleType.UNSPECIFIED

    def __post_init__(self) -> None:
        if self.mean_diameter_mm <= 0 or (self.volume_mm3 is not None and self.volume_mm3 <= 0):
            raise ValueError("diameter and volume are positive")

    @property
    def limits(self) -> tuple[GrowthLimit, ...]:
        """Return the known weaknesses for which the volume is not compared over time (ADR 0017)."""
        return limits_as_said(self.growth_limits, self.nodule_type)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """
    A nodule of this study and of an earlier one that the reader confirmed to be the same.

    Both sizes are of one kind, as they were when the reader confirmed: means of two axes, or
    diameters of spheres. ``own_tracking_uid`` is what the finding was called before it took the
    tracking UID of the prior. ``others`` are the sizes in further studies that the reader took into the
    report, of the same kind, oldest first.
    """

    prior_study_instance_uid: str
    prior: NoduleObservation
    current: NoduleObservation
    own_tracking_uid: str
    others: tuple[NoduleObservation, ...] = ()

    def __post_init__(self) -> None:
        if self.current.observed_on < self.prior.observed_on:
            raise ValueError("the current observation is older than the prior")

    def resized(self, diameter_mm: float) -> FollowUp:
        """Return the pair with the size that the reader gave the current nodule; a volume no longer applies."""
        current = replace(
            self.current, mean_diameter_mm=diameter_mm, volume_mm3=None, solid_diameter_mm=None, growth_limits=()
        )
        return replace(self, current=current)

    def retyped(self, nodule_type: NoduleType) -> FollowUp:
        """Return the pair with the type that the reader says of the current nodule."""
        return replace(self, current=replace(self.current, nodule_type=nodule_type))

    @property
    def series(self) -> tuple[NoduleObservation, ...]:
        """Return every size that the report tells, oldest first; the last one is that of this study."""
        return (*sorted((*self.others, self.prior), key=lambda one: one.observed_on), self.current)
