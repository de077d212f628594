"""What the size of a finding is: the mean of two axes, the diameter of a sphere of its volume, or one number alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.categories.values import mean_diameter_mm, mean_of_axes_mm, rounded
from workstation.domain.finding import Finding, Mark
from workstation.domain.geometry import distance_mm
from workstation.domain.mark import WIDER_COUNTS_MM

_SAME_MM = 0.05
_DRAWN = frozenset({AnnotationKind.NODULE, AnnotationKind.BIDIRECTIONAL})


class SizeKind(StrEnum):
    """What the number is."""

    AXES = "axes"
    """The mean of long and short axis."""
    VOLUME = "volume"
    """The diameter of a sphere of the segmented volume; no axes were measured."""
    NETWORK = "network"
    """What a network gave; nothing was segmented."""
    READER = "reader"
    """What the reader measured or typed as the mean diameter."""


@dataclass(frozen=True, slots=True)
class FindingSize:
    """
    The size of a finding in mm.

    ``mm`` is what ``kind`` says. Axes are there with AXES only; ``by_volume_mm`` and ``volume_mm3`` where a volume
    was measured.
    """

    mm: float
    kind: SizeKind
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    by_volume_mm: float | None = None
    volume_mm3: float | None = None
    is_drawn_wider: bool = False
    """Whether our outline gave it and it is so small that the known bias of that counts, about +1 mm (ADR 0017)"""

    @property
    def mean_mm(self) -> float | None:
        """Return the size as the tables of nodules want it, None where no person and no axes told it."""
        return self.mm if self.kind in {SizeKind.AXES, SizeKind.READER} else None


def size_of(finding: Finding, drawn: Iterable[Annotation] = ()) -> FindingSize | None:
    """
    Return the size of a finding, None for one on an image.

    ``drawn`` are the annotations of the report: a finding made of an outlined nodule or a pair of axes has their axes.
    """
    if finding.diameter_mm is None:
        return None
    mark = finding.mark
    if mark is None or finding.diameter_mm != mark.diameter_mm:
        return _drawn_size(finding, drawn) or FindingSize(finding.diameter_mm, SizeKind.READER)
    return size_of_mark(mark)


def size_of_mark(mark: Mark) -> FindingSize:
    """Return the size of what a detector marked."""
    volume = mark.volume_mm3
    by_volume = None if volume is None else mark.diameter_mm
    wider = mark.evidence is not None and mark.evidence.is_drawn_wider
    if mark.long_axis_mm and mark.short_axis_mm:
        axes = _of_axes(mark.long_axis_mm, mark.short_axis_mm, by_volume, volume)
        return replace(axes, is_drawn_wider=wider)
    kind = SizeKind.NETWORK if volume is None else SizeKind.VOLUME
    return FindingSize(mark.diameter_mm, kind, by_volume_mm=by_volume, volume_mm3=volume, is_drawn_wider=wider)


def _of_axes(first_mm: float, second_mm: float, by_volume_mm: float | None, volume_mm3: float | None) -> FindingSize:
    short, long = sorted((first_mm, second_mm))
    mean = mean_diameter_mm(long, short)
    return FindingSize(mean, SizeKind.AXES, rounded(long, 1), rounded(short, 1), by_volume_mm, volume_mm3)


def _drawn_size(finding: Finding, drawn: Iterable[Annotation]) -> FindingSize | None:
    """Return the size of the drawing that the finding was made of: it lies there, and its mean is the finding's."""
    centre, size = finding.centre_lps_mm, finding.diameter_mm
    for one in drawn:
        long, short = one.measure(MeasureName.LONG_AXIS), one.measure(MeasureName.SHORT_AXIS)
        is_drawn = one.kind in _DRAWN and bool(one.points_lps_mm)
        if long is None or short is None or not is_drawn or centre is None or size is None:
            continue
        (ax, ay, az), (bx, by, bz) = one.points_lps_mm[:2]
        middle = ((ax + bx) / 2, (ay + by) / 2, (az + bz) / 2)
        exact, told = (long.value + short.value) / 2, mean_of_axes_mm(long.value, short.value)
        if short.value <= 0 or min(abs(exact - size), abs(told - size)) > _SAME_MM:  # former drafts keep the exact one
            continue
        if distance_mm(middle, centre) <= size / 2:
            around, volume = one.measure(MeasureName.EQUIVALENT_DIAMETER), one.measure(MeasureName.VOLUME)
            axes = _of_axes(
                long.value,
                short.value,
                None if around is None else around.value,
                None if volume is None else volume.value,
            )
            is_ours = one.kind is AnnotationKind.NODULE and not one.origin
            return replace(axes, is_drawn_wider=is_ours and around is not None and around.value < WIDER_COUNTS_MM)
    return None
