"""What a sphere holds: in the words that stand beside it, and as the numbers that it keeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from resources.translation import tr
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.geometry import Point
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.voi import MTV_THRESHOLDS, MetabolicVolume, VoiStatistics, sphere_voi, voi_statistics
from workstation.domain.volume import Volume


@dataclass(frozen=True, slots=True)
class SphereUptake:
    """What is told of any sphere on one volume: ``words`` beside it, ``measures`` that it keeps."""

    words: Callable[[Annotation], tuple[str, ...]]
    measures: Callable[[Annotation], tuple[Measure, ...]]


def sphere_uptake(volume: Volume, suv: SuvScale | SuvRefusal | None) -> SphereUptake:
    """
    Return what tells of spheres on a volume; each place is measured once, not at every repaint.

    ``volume`` holds uptake values where ``suv`` is a scale (``suv_volume``), the stored unit otherwise: then there
    is no word of SUV but the reason, no metabolic volume and no measure. *Source:* CLINICAL B5.
    """

    @lru_cache(maxsize=64)
    def found(centre: Point, rim: Point) -> VoiStatistics | None:
        try:
            voi = sphere_voi(volume, centre, math.dist(centre, rim))
        except ValueError:  # no radius yet, or drawn beside the image
            return None
        return voi_statistics(volume, voi, MTV_THRESHOLDS if isinstance(suv, SuvScale) else MTV_THRESHOLDS[:1])

    def inside(sphere: Annotation) -> VoiStatistics | None:
        frame = volume.frame_of_reference_uid
        if sphere.kind is not AnnotationKind.SPHERE or not frame or sphere.frame_of_reference_uid != frame:
            return None
        return found(*sphere.points_lps_mm) if sphere.points_lps_mm else None

    def words(sphere: Annotation) -> tuple[str, ...]:
        values = inside(sphere)
        return () if values is None else _lines(values, suv)

    def measures(sphere: Annotation) -> tuple[Measure, ...]:
        values = inside(sphere)
        return _measures(values, suv) if values is not None and isinstance(suv, SuvScale) else ()

    return SphereUptake(words, measures)


def _measures(found: VoiStatistics, suv: SuvScale) -> tuple[Measure, ...]:
    unit = suv.suv_type.measured_unit
    total = "cm2" if suv.suv_type is SuvType.BSA else "g"
    values = (
        Measure(MeasureName.UPTAKE_MAXIMUM, found.maximum, unit),
        Measure(MeasureName.UPTAKE_PEAK, found.peak, unit),
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
        peak=number(found.peak),
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
