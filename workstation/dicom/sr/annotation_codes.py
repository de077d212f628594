"""The codes of annotations: what each number is called and in which unit, both ways."""

from __future__ import annotations

from typing import Final

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import PRIVATE, UNITLESS, dcm, sct
from workstation.domain.annotation import AnnotationKind, MeasureName
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.template import Code

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
}
COBB_ANGLE: Final = sct("285285000", "Cobb angle")

_UNITS: Final = {
    "mm2": Code("mm2", "UCUM", "mm2"),
    "mm3": Code("mm3", "UCUM", "mm3"),
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
    "1": ("1", 1.0),
}


def measure_code(name: MeasureName, kind: AnnotationKind, unit: str) -> Code:
    """Return what a number is called."""
    if name is MeasureName.ANGLE and kind is AnnotationKind.COBB:
        return COBB_ANGLE
    return code.quantity_name(unit) if name is MeasureName.VALUE else MEASURES[name]


def measure_name(value: str) -> MeasureName | None:
    """Return what a concept code stands for among our numbers, None for any other."""
    if value == COBB_ANGLE.value:
        return MeasureName.ANGLE
    if value in {code.ATTENUATION.value, code.PIXEL_VALUE.value}:
        return MeasureName.VALUE
    return next((name for name, known in MEASURES.items() if known.value == value), None)


def unit_code(unit: str) -> Code:
    """Return the UCUM code of a unit, "no units" for one that has none."""
    return _UNITS[unit] if unit in _UNITS else code.unit_code(unit)


def unit_of(ucum: str) -> tuple[str, float] | None:
    """Return our unit and the factor to it from a UCUM code, None for one we do not show."""
    return _FOREIGN_UNITS.get(ucum)
