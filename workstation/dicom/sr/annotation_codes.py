"""The codes of annotations: what each number is called and in which unit, both ways."""

from __future__ import annotations

import re
from typing import Final

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import PRIVATE, UNITLESS, dcm, sct
from workstation.domain.annotation import AnnotationKind, MeasureName
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.template import Code
from workstation.domain.voi import Threshold

AS_DRAWN: Final = Code("AS_DRAWN", PRIVATE, "Annotation as it was drawn")
"""Our annotation without loss; the standard's items beside it say the same to everybody else."""
PIXEL_COUNT: Final = Code("PIXEL_COUNT", PRIVATE, "Number of pixels")
METHOD: Final = sct("370129005", "Measurement Method")
BASES: Final = {
    SpacingBasis.DETECTOR: Code("DETECTOR_PLANE", PRIVATE, "Distances at the plane of the detector"),
    SpacingBasis.ESTIMATED: Code("MAGNIFICATION", PRIVATE, "Distances estimated by radiographic magnification"),
    SpacingBasis.CALIBRATED: Code("CALIBRATED", PRIVATE, "Distances calibrated by an object"),
    SpacingBasis.GEOMETRY: Code("GEOMETRY", PRIVATE, "Distances corrected for geometric magnification"),
    SpacingBasis.UNKNOWN: Code("UNCALIBRATED", PRIVATE, "Distances not calibrated"),
    SpacingBasis.ULTRASOUND: Code("US_REGION", PRIVATE, "Distances by the calibration of the ultrasound region"),
}
"""What millimetres on an image without a place in the patient are based on."""
SOURCE_OF_MEASUREMENT: Final = dcm("121112", "Source of Measurement")
OBSERVER_NAME: Final = dcm("121008", "Person Observer Name")

KINDS: Final = {kind: Code(kind.name, PRIVATE, kind.value.capitalize()) for kind in AnnotationKind}

MEASURES: Final = {
    MeasureName.LENGTH: code.LENGTH,
    MeasureName.LONG_AXIS: sct("103339001", "Long axis"),
    MeasureName.SHORT_AXIS: sct("103340004", "Short axis"),
    MeasureName.ANGLE: sct("1483009", "Angle"),
    MeasureName.AREA: code.AREA,
    MeasureName.PERIMETER: sct("131191004", "Perimeter"),
    MeasureName.DIAMETER: code.DIAMETER,
    MeasureName.VOLUME: sct("118565006", "Volume"),
    MeasureName.VALUE: code.PIXEL_VALUE,
    MeasureName.HEART_WIDTH: Code("HEART_WIDTH", PRIVATE, "Width of the heart"),
    MeasureName.CHEST_WIDTH: Code("CHEST_WIDTH", PRIVATE, "Inner width of the chest"),
    MeasureName.RATIO: Code("CARDIOTHORACIC", PRIVATE, "Cardiothoracic ratio"),
    MeasureName.EQUIVALENT_DIAMETER: Code("EQUIV_DIAMETER", PRIVATE, "Diameter of a sphere of the same volume"),
    MeasureName.SOLID_VOLUME: Code("SOLID_VOLUME", PRIVATE, "Volume of the solid part"),
    MeasureName.SOLID_LONG_AXIS: Code("SOLID_LONG_AXIS", PRIVATE, "Long axis of the solid part"),
    MeasureName.SOLID_SHORT_AXIS: Code("SOLID_SHORT_AXIS", PRIVATE, "Short axis of the solid part"),
    MeasureName.METABOLIC_VOLUME: code.METABOLIC_VOLUME,
    MeasureName.LESION_GLYCOLYSIS: code.LESION_GLYCOLYSIS,
}
DERIVATIONS: Final = {
    MeasureName.UPTAKE_MAXIMUM: code.MAXIMUM,
    MeasureName.UPTAKE_PEAK: code.PEAK,
    MeasureName.UPTAKE_MEAN: code.MEAN,
}
"""Uptake values differ by how they were derived; their name is that of the uptake value."""
_UPTAKE_CODES: Final = frozenset(known.value for known in code.UPTAKES.values())
COBB_ANGLE: Final = sct("285285000", "Cobb angle")

_UNITS: Final = {
    "mm2": Code("mm2", "UCUM", "mm2"),
    "mm3": Code("mm3", "UCUM", "mm3"),
    "ml": Code("ml", "UCUM", "ml"),
    "g": Code("g", "UCUM", "g"),
    "cm2": Code("cm2", "UCUM", "cm2"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px2": Code("{pixels2}", "UCUM", "square pixels"),
    "deg": Code("deg", "UCUM", "deg"),
    "1": UNITLESS,
    "": UNITLESS,
}
_FOREIGN_UNITS: Final = {
    "mm": ("mm", 1.0),
    "cm": ("mm", 10.0),
    "mm2": ("mm2", 1.0),
    "cm2": ("mm2", 100.0),
    "mm3": ("mm3", 1.0),
    "cm3": ("mm3", 1000.0),
    "ml": ("mm3", 1000.0),
    "mL": ("mm3", 1000.0),  # UCUM knows the litre by both letters
    "deg": ("deg", 1.0),
    "{pixels}": ("px", 1.0),
    "{pixels2}": ("px2", 1.0),
    "[hnsf'U]": ("HU", 1.0),
    "g/ml{SUVbw}": ("SUV", 1.0),
    "{SUVbw}g/ml": ("SUV", 1.0),
    "g/ml{SUVlbm(Janma)}": ("SUVlbm", 1.0),
    "{SUVlbm(Janma)}g/ml": ("SUVlbm", 1.0),
    "cm2/ml{SUVbsa}": ("SUVbsa", 1.0),
    "{SUVbsa}cm2/ml": ("SUVbsa", 1.0),
    "g/ml{SUVlbm(James128)}": ("SUVlbm(J)", 1.0),
    "g/ml{SUVlbm}": ("SUVlbm(120)", 1.0),
    "g/ml{SUVibw}": ("SUVibw", 1.0),
    "1": ("1", 1.0),
}
_UNITS_ABOVE_THRESHOLD: Final = {
    MeasureName.METABOLIC_VOLUME: {"ml": ("ml", 1.0), "mL": ("ml", 1.0), "cm3": ("ml", 1.0), "mm3": ("ml", 0.001)},
    MeasureName.LESION_GLYCOLYSIS: {"g": ("g", 1.0), "cm2": ("cm2", 1.0)},
}
_RELATIVE: Final = re.compile(r"TH_([0-9.]+(?:e[-+][0-9]+)?)_PCT_MAX")
_ABSOLUTE: Final = re.compile(r"TH_([0-9.]+(?:e[-+][0-9]+)?)")


def measure_code(name: MeasureName, kind: AnnotationKind, unit: str) -> Code:
    """Return what a number is called."""
    if name is MeasureName.ANGLE and kind is AnnotationKind.COBB:
        return COBB_ANGLE
    return code.quantity_name(unit) if name is MeasureName.VALUE or name in DERIVATIONS else MEASURES[name]


def measure_name(value: str, derivation: str = "") -> MeasureName | None:
    """Return what a concept code stands for among our numbers, by its derivation if it has one; None for any other."""
    if derivation:
        is_uptake = value in _UPTAKE_CODES
        return next((name for name, how in DERIVATIONS.items() if is_uptake and how.value == derivation), None)
    if value == COBB_ANGLE.value:
        return MeasureName.ANGLE
    if value in {code.ATTENUATION.value, code.PIXEL_VALUE.value, *_UPTAKE_CODES}:
        return MeasureName.VALUE
    return next((name for name, known in MEASURES.items() if known.value == value), None)


def unit_code(unit: str) -> Code:
    """Return the UCUM code of a unit, "no units" for one that has none."""
    return _UNITS[unit] if unit in _UNITS else code.unit_code(unit)


def unit_of(ucum: str, name: MeasureName | None = None) -> tuple[str, float] | None:
    """Return the unit that a number of ours has and the factor to it from a UCUM code, None for one we do not show."""
    if name in _UNITS_ABOVE_THRESHOLD:
        return _UNITS_ABOVE_THRESHOLD[name].get(ucum)
    pixel = code.pixel_unit_of(ucum) or (ucum[1:-1] if ucum.startswith("{") and ucum.endswith("}") else None)
    return _FOREIGN_UNITS.get(ucum) or (None if pixel is None else (pixel, 1.0))


def threshold_code(threshold: Threshold) -> Code:
    """Return by which method a volume was cut off."""
    if threshold.relative:
        percent = f"{threshold.value * 100:g}"
        return Code(f"TH_{percent}_PCT_MAX", PRIVATE, f"At least {percent} % of the maximum")
    return Code(f"TH_{threshold.value:g}", PRIVATE, f"At least {threshold.value:g}")


def threshold_of(value: str) -> Threshold | None:
    """Return the threshold that a method stands for, None for any other method."""
    if found := _RELATIVE.fullmatch(value):
        return Threshold(float(found[1]) / 100, relative=True)
    found = _ABSOLUTE.fullmatch(value)
    return Threshold(float(found[1])) if found else None
