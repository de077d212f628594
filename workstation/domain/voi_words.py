"""What a sphere holds, in the words that stand beside it."""

from __future__ import annotations

import math

from resources.translation import tr
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.suv import SuvRefusal, SuvScale
from workstation.domain.voi import MTV_THRESHOLDS, MetabolicVolume, VoiStatistics, sphere_voi, voi_statistics
from workstation.domain.volume import Volume


def voi_lines(volume: Volume, suv: SuvScale | SuvRefusal | None, sphere: Annotation) -> tuple[str, ...]:
    """
    Return the lines of a SPHERE on a volume; none where it has no place in the volume.

    ``volume`` holds uptake values where ``suv`` is a scale (``suv_volume``), the stored unit otherwise: then there
    is no word of SUV but the reason, and no metabolic volume above fixed uptake values. *Source:* CLINICAL B5.
    """
    if sphere.kind is not AnnotationKind.SPHERE or len(sphere.points_lps_mm) != 2:
        return ()
    if not volume.frame_of_reference_uid or sphere.frame_of_reference_uid != volume.frame_of_reference_uid:
        return ()
    centre, rim = sphere.points_lps_mm
    try:
        voi = sphere_voi(volume, centre, math.dist(centre, rim))
    except ValueError:  # no radius yet, or drawn beside the image
        return ()
    is_suv = isinstance(suv, SuvScale)
    found = voi_statistics(volume, voi, MTV_THRESHOLDS if is_suv else MTV_THRESHOLDS[:1])
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
