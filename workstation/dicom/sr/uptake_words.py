"""The uptake inside a volume of interest as a report says it, with the numbers that stand beside the picture."""

from __future__ import annotations

from typing import Final

from workstation.domain.annotation import Annotation, Measure, MeasureName
from workstation.domain.suv import SuvType
from workstation.domain.template import Text
from workstation.domain.voi import Threshold
from workstation.domain.voi_words import number

_UNITS: Final = frozenset(one.measured_unit for one in SuvType)
_SHARE: Final = Text("≥{share} % 最大值", "at least {share} % of the maximum")
_LEVEL: Final = Text("{unit} ≥{level}", "{unit} at least {level}")
_NO_PEAK: Final = Text(
    "peak 未测（其 1 cm³ 球大部分位于数据之外）", "no peak (most of its sphere of 1 cm³ lies outside the data)"
)
_WITHOUT_MAXIMUM: Final = Text(
    "peak 未计入最高体素（其 1 cm³ 球大部分位于数据之外）",
    "peak without the highest voxel (most of its sphere of 1 cm³ lies outside the data)",
)
_TOTALS: Final = {"cm2": "cm²"}


def uptake_words(annotation: Annotation, language: str) -> str:
    """
    Return highest, peak and mean uptake with the metabolic volume above the first threshold; empty without uptake.

    Uptake without a peak, or without one round its highest voxel, says why: most of that sphere held no data.
    *Source:* PERCIST 1.0 (peak); EANM procedure guideline 2.0 (volume above a share of the maximum).
    """
    unit = uptake_unit(annotation)
    if not unit:
        return ""
    peak = annotation.measure(MeasureName.UPTAKE_PEAK)
    highest, mean = _told(annotation, MeasureName.UPTAKE_MAXIMUM), _told(annotation, MeasureName.UPTAKE_MEAN)
    named = "SUV" if unit == "SUV" else f"{unit} "
    said = [
        f"{named}{name} {number(value)}"
        for name, value in (("max", highest), ("peak", None if peak is None else peak.value), ("mean", mean))
        if value is not None
    ]
    if peak is None:
        said.append(_NO_PEAK.get(language))
    elif peak.without_maximum:
        said.append(_WITHOUT_MAXIMUM.get(language))
    volume, total = annotation.measure(MeasureName.METABOLIC_VOLUME), annotation.measure(MeasureName.LESION_GLYCOLYSIS)
    is_chinese = language.startswith("zh")
    if volume is not None:
        above = threshold_words(volume, unit, language)
        cut = (f"（{above}）" if is_chinese else f" ({above})") if above else ""
        said.append(f"MTV {volume.value:.2f} ml{cut}")
    if total is not None:
        said.append(f"TLG {number(total.value)} {_TOTALS.get(total.unit, total.unit)}")
    return ("，" if is_chinese else ", ").join(said)


def uptake_unit(annotation: Annotation) -> str:
    """Return the unit of an annotation's uptake values, empty where none were measured."""
    peak = annotation.measure(MeasureName.UPTAKE_PEAK)
    if peak is not None:
        return peak.unit
    if annotation.measure(MeasureName.METABOLIC_VOLUME) is None:
        return ""
    highest, found = annotation.measure(MeasureName.UPTAKE_MAXIMUM), annotation.statistics
    if highest is not None:
        return highest.unit
    return found.unit if found is not None and found.unit in _UNITS else ""


def threshold_words(measure: Measure, unit: str, language: str) -> str:
    """Return above what a volume was taken, ``unit`` naming the uptake value; empty where it was not cut off."""
    match measure.threshold:
        case Threshold(value=value, relative=True):
            return _SHARE.get(language).format(share=f"{value * 100:g}")
        case Threshold(value=value):
            return _LEVEL.get(language).format(unit=unit, level=f"{value:g}")
        case _:
            return ""


def _told(annotation: Annotation, name: MeasureName) -> float | None:
    """Return a number that is the annotation's own where a PET lay over it, and its statistics' on a PET."""
    own, found = annotation.measure(name), annotation.statistics
    if own is not None:
        return own.value
    if found is None or found.unit not in _UNITS:
        return None
    return found.maximum if name is MeasureName.UPTAKE_MAXIMUM else found.mean
