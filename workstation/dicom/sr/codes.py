"""
The codes our measurement reports write and read.

Public codes are those of pydicom's dictionaries (a test checks every one); what no public scheme
names has a private code of the scheme 99LIANYUE.
"""

from __future__ import annotations

import re
from typing import Final

from workstation.dicom.coded_value import LONGEST_CODE
from workstation.dicom.sr.common import PRIVATE, UNITLESS, dcm, sct
from workstation.domain.categories.values import Scheme
from workstation.domain.finding import Decision, Lobe, NoduleType
from workstation.domain.rejection import RejectReason
from workstation.domain.template import Code

COMPREHENSIVE_3D_SR: Final = "1.2.840.10008.5.1.4.1.1.88.34"

REPORT_TITLE: Final = dcm("126000", "Imaging Measurement Report")
PROCEDURE_REPORTED: Final = dcm("121058", "Procedure reported")
MEASUREMENTS: Final = dcm("126010", "Imaging Measurements")
QUALITATIVE: Final = Code("C0034375", "UMLS", "Qualitative Evaluations")
GROUP: Final = dcm("125007", "Measurement Group")
SESSION: Final = Code("C67447", "NCIt", "Activity Session")
TRACKING_ID: Final = dcm("112039", "Tracking Identifier")
TRACKING_UID: Final = dcm("112040", "Tracking Unique Identifier")
FINDING: Final = dcm("121071", "Finding")
FINDING_SITE: Final = sct("363698007", "Finding Site")
LATERALITY: Final = sct("272741003", "Laterality")
COMMENT: Final = dcm("121106", "Comment")
ALGORITHM_NAME: Final = dcm("111001", "Algorithm Name")
ALGORITHM_VERSION: Final = dcm("111003", "Algorithm Version")
ALGORITHM_PARAMETERS: Final = dcm("111002", "Algorithm Parameters")
VOLUME_SURFACE: Final = dcm("121231", "Volume Surface")
SERIES: Final = dcm("112002", "Series Instance UID")
SOURCE_SERIES: Final = dcm("121232", "Source series for segmentation")
REFERENCED_SEGMENT: Final = dcm("121191", "Referenced Segment")
IMAGE_REGION: Final = dcm("111030", "Image Region")
PATH: Final = dcm("121055", "Path")
CERTAINTY: Final = dcm("111012", "Certainty of Finding")
DIAMETER: Final = sct("81827009", "Diameter")
LENGTH: Final = sct("410668003", "Length")
AREA: Final = sct("42798000", "Area")
ATTENUATION: Final = dcm("112031", "Attenuation Coefficient")
DERIVATION: Final = dcm("121401", "Derivation")
MEAN: Final = sct("373098007", "Mean")
MAXIMUM: Final = sct("56851009", "Maximum")
MINIMUM: Final = sct("255605001", "Minimum")
PEAK: Final = dcm("126031", "Peak Value Within ROI")
METABOLIC_VOLUME: Final = dcm("126032", "Metabolic Volume")
LESION_GLYCOLYSIS: Final = dcm("126033", "Total Lesion Glycolysis")
STANDARD_DEVIATION: Final = sct("386136009", "Standard Deviation")
SUMMARY: Final = dcm("111017", "CAD Processing and Findings Summary")
WITHOUT_FINDINGS: Final = dcm("111241", "All algorithms succeeded; without findings")
WITH_FINDINGS: Final = dcm("111242", "All algorithms succeeded; with findings")
DEVICE: Final = dcm("121007", "Device")
OBSERVER_TYPE: Final = dcm("121005", "Observer Type")
PROCESSING_EQUIPMENT: Final = dcm("109102", "Processing Equipment")
YES: Final = sct("373066001", "Yes")
NO: Final = sct("373067005", "No")
NODULE: Final = sct("27925004", "Nodule")

SHOWN: Final = Code("SHOWN", PRIVATE, "At or above the operating point")
BEFORE_AI: Final = Code("BEFORE_AI", PRIVATE, "Found before the AI was shown")
ALSO_FOUND: Final = Code("ALSO_FOUND", PRIVATE, "Found by the reader before the mark was accepted")
OWN_DIAMETER: Final = Code("OWN_DIAMETER", PRIVATE, "Diameter as the reader found it")
OUT_OF_TEN: Final = Code("OUT_OF_TEN", PRIVATE, "True findings among ten such marks")
DECISION: Final = Code("DECISION", PRIVATE, "Decision of the reader")
REASON: Final = Code("REJECT_REASON", PRIVATE, "Reason for rejection")
ATTENUATION_TYPE: Final = Code("NODULE_TYPE", PRIVATE, "Nodule attenuation type")
PIXEL_VALUE: Final = Code("PIXEL_VALUE", PRIVATE, "Pixel value")

_BI_RADS: Final = {
    "0": ("397138000", "Mammography assessment (Category 0)"),
    "1": ("397140005", "Mammography assessment (Category 1)"),
    "2": ("397141009", "Mammography assessment (Category 2)"),
    "3": ("397143007", "Mammography assessment (Category 3)"),
    "4A": ("397144001", "Mammography assessment (Category 4)"),
    "4B": ("397144001", "Mammography assessment (Category 4)"),
    "4C": ("397144001", "Mammography assessment (Category 4)"),
    "5": ("397145000", "Mammography assessment (Category 5)"),
}
_PI_RADS: Final = {
    "1": ("RID50289", "PI-RADS 1 - Very low"),
    "2": ("RID50290", "PI-RADS 2 - Low"),
    "3": ("RID50291", "PI-RADS 3 - Intermediate"),
    "4": ("RID50292", "PI-RADS 4 - High"),
    "5": ("RID50293", "PI-RADS 5 - Very high"),
}
CATEGORY_CODES: Final = {
    **{(Scheme.BI_RADS, one): sct(value, meaning) for one, (value, meaning) in _BI_RADS.items()},
    **{(Scheme.PI_RADS, one): Code(value, "RADLEX", meaning) for one, (value, meaning) in _PI_RADS.items()},
}
"""Codes of the categories that a public scheme names (CID 6026 and RadLex)."""

PROCEDURES: Final = {"CT": sct("77477000", "Computed tomography")}
ANY_PROCEDURE: Final = sct("363679005", "Imaging procedure")

MODEL_LABEL: Final = Code("MODEL_LABEL", PRIVATE, "What the model calls the finding")
CHINESE_NAME: Final = Code("CHINESE_NAME", PRIVATE, "Name of the finding in Chinese")
LABELS: Final = {"nodule": NODULE}
_NAMES: Final = {
    Decision.ACCEPTED: "Accepted",
    Decision.EDITED: "Edited",
    Decision.REJECTED: "Rejected",
    Decision.ADDED: "Added",
    Decision.UNDECIDED: "Undecided",
}
DECISIONS: Final = {decision: Code(decision.name, PRIVATE, meaning) for decision, meaning in _NAMES.items()}
REASONS: Final = {
    RejectReason.VESSEL: sct("59820001", "Blood vessel"),
    RejectReason.SCAR_OR_ATELECTASIS: Code("SCAR_ATELECT", PRIVATE, "Scar or atelectasis"),
    RejectReason.LYMPH_NODE: sct("59441001", "Lymph node"),
    RejectReason.ARTEFACT: dcm("111207", "Image artifact(s)"),
    RejectReason.OUTSIDE_LUNG: Code("OUTSIDE_LUNG", PRIVATE, "Outside the lung"),
    RejectReason.OVERLAP: Code("OVERLAP", PRIVATE, "Superimposed structures"),
    RejectReason.NORMAL_STRUCTURE: Code("NORMAL", PRIVATE, "Normal structure"),
    RejectReason.NIPPLE: sct("24142002", "Nipple structure"),
    RejectReason.DEVICE: Code("DEVICE", PRIVATE, "Medical device or foreign body"),
    RejectReason.OLD_CHANGE: Code("OLD_CHANGE", PRIVATE, "Old or known change"),
    RejectReason.GLANDULAR_TISSUE: Code("GLANDULAR", PRIVATE, "Superimposed glandular tissue"),
    RejectReason.BENIGN_CALCIFICATION: Code("BENIGN_CALC", PRIVATE, "Benign or vascular calcification"),
    RejectReason.SKIN: sct("39937001", "Skin structure"),
    RejectReason.NOT_PRESENT: Code("NOT_PRESENT", PRIVATE, "Not present on the images"),
    RejectReason.OTHER_FINDING: Code("OTHER_FINDING", PRIVATE, "Another finding explains it"),
    RejectReason.POOR_QUALITY: Code("POOR_QUALITY", PRIVATE, "Poor image quality"),
    RejectReason.OTHER: Code("OTHER", PRIVATE, "Other reason"),
}
NODULE_TYPES: Final = {
    NoduleType.SOLID: Code("SOLID", PRIVATE, "Solid"),
    NoduleType.PART_SOLID: Code("PART_SOLID", PRIVATE, "Part-solid"),
    NoduleType.GROUND_GLASS: dcm("112120", "Ground glass opacity"),
    NoduleType.CALCIFIED: Code("CALCIFIED", PRIVATE, "Calcified"),
}
_RIGHT: Final = sct("24028007", "Right")
_LEFT: Final = sct("7771000", "Left")
_UPPER: Final = sct("45653009", "Upper lobe of lung")
_LOWER: Final = sct("90572001", "Lower lobe of lung")
SITES: Final = {
    Lobe.RIGHT_UPPER: (_UPPER, _RIGHT),
    Lobe.RIGHT_MIDDLE: (sct("72481006", "Middle lobe of right lung"), _RIGHT),
    Lobe.RIGHT_LOWER: (_LOWER, _RIGHT),
    Lobe.LEFT_UPPER: (_UPPER, _LEFT),
    Lobe.LEFT_LOWER: (_LOWER, _LEFT),
}

_UNITS: Final = {
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "SUV": Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
    "SUVlbm": Code("g/ml{SUVlbm(Janma)}", "UCUM", "Standardized Uptake Value lean body mass (Janmahasatian)"),
    "SUVlbm(J)": Code(
        "g/ml{SUVlbm(James128)}", "UCUM", "Standardized Uptake Value lean body mass (James 128 multiplier)"
    ),
    "SUVlbm(120)": Code("g/ml{SUVlbm}", "UCUM", "Standardized Uptake Value lean body mass (James)"),
    "SUVbsa": Code("cm2/ml{SUVbsa}", "UCUM", "Standardized Uptake Value body surface area"),
    "SUVibw": Code("g/ml{SUVibw}", "UCUM", "Standardized Uptake Value ideal body weight"),
    "mm": Code("mm", "UCUM", "mm"),
    # Units (0054,1001) of PET and nuclear medicine, CID 84 and 85
    "BQML": Code("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "CNTS": Code("{counts}", "UCUM", "Counts"),
    "CPS": Code("{counts}/s", "UCUM", "Counts per second"),
    "%": Code("%", "UCUM", "Percent"),
    "PROPCNTS": Code("{propcounts}", "UCUM", "Proportional to counts"),
    "PROPCPS": Code("{propcounts}/s", "UCUM", "Proportional to counts per second"),
    "MGMINML": Code("mg/min/ml", "UCUM", "Milligrams/minute/milliliter"),
    "UMOLMINML": Code("umol/min/ml", "UCUM", "Micromole/minute/milliliter"),
    "UMOLML": Code("umol/ml", "UCUM", "Micromole/milliliter"),
    "MLMING": Code("ml/min/g", "UCUM", "Milliliter/minute/gram"),
    "MLG": Code("ml/g", "UCUM", "Milliliter/gram"),
    "1CM": Code("/cm", "UCUM", "/Centimeter"),
    # Rescale Type, PS3.3 C.11.1.1.2
    "mOD": Code("{mOD}", "UCUM", "Thousandths of optical density"),
    "MGML": Code("mg/ml", "UCUM", "Milligrams/milliliter"),
    # what makers write of diffusion
    "mm2/s": Code("mm2/s", "UCUM", "Square millimeters per second"),
}
_NOT_IN_BRACES: Final = re.compile(r"[^!-z|~]")
UPTAKES: Final = {
    "SUV": dcm("126401", "SUVbw"),
    "SUVlbm": dcm("126405", "SUVlbm(Janma)"),
    "SUVlbm(J)": dcm("126406", "SUVlbm(James128)"),
    "SUVlbm(120)": dcm("126402", "SUVlbm"),
    "SUVbsa": dcm("126403", "SUVbsa"),
    "SUVibw": dcm("126404", "SUVibw"),
}
"""What an uptake value is, by its unit (CID 7469)."""


def unit_code(unit: str) -> Code:
    """
    Return the UCUM code of a pixel unit, "no units" for none.

    A unit that we do not know becomes an annotation in braces: a value with a unit is never told as a bare number.
    """
    known = _UNITS.get(unit)
    if known is not None or unit in {"", "1"}:
        return known or UNITLESS
    return Code("{" + (_NOT_IN_BRACES.sub("", unit)[: LONGEST_CODE - 2] or "unit") + "}", "UCUM", unit[:64])


def pixel_unit_of(ucum: str) -> str | None:
    """Return the pixel unit of a code that ``unit_code`` makes of a known one, None for others."""
    return next((unit for unit, made in _UNITS.items() if made.value == ucum), None)


def quantity_name(unit: str) -> Code:
    """Return what a pixel of this unit measures."""
    return ATTENUATION if unit == "HU" else UPTAKES.get(unit, PIXEL_VALUE)
