"""What a sphere holds: in the words that stand beside it, and as the numbers that it keeps."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from resources.translation import tr
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.geometry import Point
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.voi import MTV_THRESHOLDS, MetabolicVolume, VoiStatistics, sphere_voi, voi_statistics
from workstation.domain.volume import Volume

_KEPT: Final = 64
"""Places of which the numbers are kept"""
_NONE: Final = "–"


class SphereUptake:
    """
    What is told of any sphere on one volume; each place is measured once, not at every repaint.

    ``volume`` holds uptake values where ``suv`` is a scale (``suv_volume``), the stored unit otherwise: then there
    is no word of SUV but the reason, no metabolic volume and no measure. A job may ask it too. *Source:* CLINICAL B5.
    """

    def __init__(self, volume: Volume, suv: SuvScale | SuvRefusal | None) -> None:
        self._volume, self._suv = volume, suv
        self._found: dict[tuple[Point, Point], VoiStatistics | None] = {}

    def words(self, sphere: Annotation) -> tuple[str, ...]:
        """Return what stands beside a sphere, nothing where it lies elsewhere."""
        values = self._inside(sphere)
        return () if values is None else _lines(values, self._suv)

    def measures(self, sphere: Annotation) -> tuple[Measure, ...]:
        """Return the numbers that a sphere keeps, none without uptake values."""
        values = self._inside(sphere)
        return _measures(values, self._suv) if values is not None and isinstance(self._suv, SuvScale) else ()

    def voxels_to_measure(self, sphere: Annotation) -> int:
        """Return about how many voxels will be measured for ``words``; 0 where that is done or there are none."""
        place = self._place(sphere)
        if place is None or place in self._found:
            return 0
        voxel_mm3 = abs(float(np.linalg.det(self._volume.ijk_to_lps[:3, :3])))
        return min(math.ceil(4 / 3 * math.pi * math.dist(*place) ** 3 / voxel_mm3), self._volume.voxels.size)

    def _place(self, sphere: Annotation) -> tuple[Point, Point] | None:
        frame = self._volume.frame_of_reference_uid
        is_here = sphere.kind is AnnotationKind.SPHERE and frame and sphere.frame_of_reference_uid == frame
        if not is_here or not sphere.points_lps_mm:
            return None
        centre, rim = sphere.points_lps_mm
        return centre, rim

    def _inside(self, sphere: Annotation) -> VoiStatistics | None:
        place = self._place(sphere)
        if place is None:
            return None
        if place not in self._found:
            found = self._measured(*place)
            while len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)), None)
            self._found[place] = found
            return found
        return self._found[place]

    def _measured(self, centre: Point, rim: Point) -> VoiStatistics | None:
        thresholds = MTV_THRESHOLDS if isinstance(self._suv, SuvScale) else MTV_THRESHOLDS[:1]
        try:
            voi = sphere_voi(self._volume, centre, math.dist(centre, rim))
            return voi_statistics(self._volume, voi, thresholds)
        except ValueError:  # no radius yet, drawn beside the image, or over padding alone
            return None


def _measures(found: VoiStatistics, suv: SuvScale) -> tuple[Measure, ...]:
    unit = suv.suv_type.measured_unit
    total = "cm2" if suv.suv_type is SuvType.BSA else "g"
    without = found.peak_without_maximum
    peak = [] if found.peak is None else [Measure(MeasureName.UPTAKE_PEAK, found.peak, unit, without_maximum=without)]
    values = (
        Measure(MeasureName.UPTAKE_MAXIMUM, found.maximum, unit),
        *peak,
        Measure(MeasureName.UPTAKE_MEAN, found.mean, unit),
    )
    volumes = [
        measure
        for one in found.metabolic
        for measure in (
            Measure(MeasureName.METABOLIC_VOLUME, one.volume_ml, "ml", one.threshold),
            Measure(MeasureName.LESION_GLYCOLYSIS, one.total, total, one.threshold),
        )
    ]
    return (*values, *volumes)


def _lines(found: VoiStatistics, suv: SuvScale | SuvRefusal | None) -> tuple[str, ...]:
    is_suv = isinstance(suv, SuvScale)
    label = suv.suv_type.label if isinstance(suv, SuvScale) else ""
    lines = [_values(found, label)]
    lines += [_metabolic(one, label) for one in found.metabolic] if is_suv else []
    if found.peak is None:
        lines.append(tr("No peak: most of its sphere of 1 cm³ lies outside the data"))
    elif found.peak_without_maximum:
        lines.append(tr("Peak without the highest voxel: most of its sphere of 1 cm³ lies outside the data"))
    lines.append(tr("Volume {volume} ml, {count} voxels", volume=f"{found.volume_ml:.2f}", count=found.voxel_count))
    if isinstance(suv, SuvScale):
        lines += [one.text for one in suv.warnings]
    elif suv is not None:
        lines.append(tr("No SUV: {reason}", reason=suv.text))
    return tuple(lines)


def _values(found: VoiStatistics, label: str) -> str:
    unit = "" if label else found.unit
    words = tr(
        "{label} max {maximum}  peak {peak}  mean {mean} {unit}",
        label=label,
        maximum=number(found.maximum),
        peak=_NONE if found.peak is None else number(found.peak),
        mean=number(found.mean),
        unit=unit,
    )
    return words.strip()


def _metabolic(one: MetabolicVolume, label: str) -> str:
    level = f"{one.threshold.value * 100:.0f} %" if one.threshold.relative else f"{label} {one.threshold.value:g}"
    return tr(
        "MTV at {level}: {volume} ml  TLG {total}",
        level=level,
        volume=f"{one.volume_ml:.2f}",
        total=number(one.total),
    )


def number(value: float) -> str:
    """Return a value with as many places as it deserves."""
    size = abs(value)
    return f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}"
