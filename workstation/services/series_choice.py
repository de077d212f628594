"""Which series of a study the detector should see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from workstation.domain.study import Instance, Series, Study

MIN_SLICES: Final = 32
_ENOUGH_OF_LONGEST: Final = 0.8  # a short extra series must not replace the whole chest
_THIN_STEP_MM: Final = 0.25  # spacings that differ by less are the same protocol
_LUNG_KERNEL: Final = re.compile(r"lung|肺|b[5-8]0|br[5-9]\d|bl\d\d|yc|fc5\d|bone\+?plus", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    series: Series
    slices: int
    spacing_mm: float
    extent_mm: float


def choose_series(study: Study) -> Series | None:
    """
    Return the CT series to pre-read, None when no series is a stack of at least 32 slices.

    Among those that cover at least 80 % of the longest the thinnest wins, then a lung kernel (by
    the series description), then more slices, then the lower series number.
    """
    found = [c for c in (_candidate(series) for series in study.series) if c is not None]
    longest = max((c.extent_mm for c in found), default=0.0)
    whole = [c for c in found if c.extent_mm >= _ENOUGH_OF_LONGEST * longest]
    return min(whole, key=_rank).series if whole else None


def _rank(candidate: _Candidate) -> tuple[int, bool, int, int, str]:
    series = candidate.series
    return (
        round(candidate.spacing_mm / _THIN_STEP_MM),
        _LUNG_KERNEL.search(series.description) is None,
        -candidate.slices,
        2**31 if series.series_number is None else series.series_number,
        series.series_instance_uid,
    )


def _candidate(series: Series) -> _Candidate | None:
    if series.modality != "CT":
        return None
    if len(series.instances) == 1 and series.instances[0].number_of_frames >= MIN_SLICES:
        # an enhanced CT keeps its spacing inside; it is chosen only where nothing better is known
        return _Candidate(series, series.instances[0].number_of_frames, 1000.0, float("inf"))
    positions = _positions_mm(series.instances)
    if len(positions) < MIN_SLICES:
        return None
    gaps = np.diff(positions)
    return _Candidate(series, len(positions), float(np.median(gaps)), float(positions[-1] - positions[0]))


def _positions_mm(instances: tuple[Instance, ...]) -> list[float]:
    """Return the distinct slice positions along the normal of the first image, rising."""
    planes = [instance.plane for instance in instances if instance.plane is not None]
    if not planes:
        return []
    normal = planes[0].normal
    along = sorted(float(np.dot(plane.origin, normal)) for plane in planes)
    return [p for n, p in enumerate(along) if n == 0 or p - along[n - 1] > 0.01]
