"""
What the numbers and options of a template mean to machines: concept, modifiers, value and UCUM unit.

SR and FHIR take them from here, so they cannot disagree. A number of which no public scheme names the quantity has a
private concept made of its template and field; its meaning is the English label.
*Source:* PS3.16 TID 2001 (numbers below what is inferred from them), TID 10013 (dose); codes of pydicom's dictionaries.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.sr.codes import DERIVATION, DIAMETER, FINDING_SITE, LENGTH, MAXIMUM, MEAN
from workstation.dicom.sr.common import PRIVATE, UNITLESS, coded, dcm, number, sct
from workstation.domain.report import Report
from workstation.domain.template import Choice, Code, FieldType, TemplateField

CID_7002: Final = frozenset({"121069", "121077", "121075", "121065", "121073", "121071", "11329-0", "55115-0"})
"""Concept names that TID 2002 allows for an element; they say what part a field plays, not what it measures."""
SUV: Final = dcm("126400", "Standardized Uptake Value")
VOLUME: Final = sct("118565006", "Volume")
THICKNESS: Final = Code("59089-3", "LN", "Thickness")
LIVER: Final = sct("10200004", "Liver")

Modifiers = tuple[tuple[Code, Code], ...]
QUANTITIES: Final[dict[str, tuple[Code, Modifiers]]] = {
    "dlp": (dcm("113838", "DLP"), ()),
    "ctdivol": (dcm("113830", "Mean CTDIvol"), ()),
    "dominant_long_mm": (sct("103339001", "Long axis"), ()),
    "dominant_short_mm": (sct("103340004", "Short axis"), ()),
    "haemorrhage_ml": (VOLUME, ((FINDING_SITE, sct("12738006", "Brain")),)),
    "volume_ml": (VOLUME, ((FINDING_SITE, sct("41216001", "Prostate")),)),
    "activity_mbq": (dcm("113507", "Administered activity"), ()),
    "liver_suv": (SUV, ((DERIVATION, MEAN), (FINDING_SITE, LIVER))),
    "blood_pool_suv": (SUV, ((DERIVATION, MEAN), (FINDING_SITE, sct("87612001", "Blood")))),
    "suvmax": (SUV, ((DERIVATION, MAXIMUM),)),
    "liver_mm": (LENGTH, ((FINDING_SITE, LIVER),)),
    "gallbladder_wall_mm": (THICKNESS, ((FINDING_SITE, sct("28231008", "Gallbladder")),)),
    "cbd_mm": (DIAMETER, ((FINDING_SITE, sct("79741001", "Common bile duct")),)),
    "spleen_mm": (LENGTH, ((FINDING_SITE, sct("78961009", "Spleen")),)),
}
"""The quantities of the shipped templates by the key of their field; which kind of SUV it is the field leaves open."""


@dataclass(frozen=True, slots=True)
class TemplateNumber:
    """A filled number of a template."""

    item: TemplateField
    concept: Code
    modifiers: Modifiers
    value: float
    unit: Code

    @property
    def site(self) -> Code | None:
        """Return where it was measured, None where the concept says it or nothing does."""
        return next((value for name, value in self.modifiers if name == FINDING_SITE), None)


def template_number(item: TemplateField, report: Report) -> TemplateNumber | None:
    """Return what a NUMBER field measures; None where it is no number field or holds no finite number."""
    if item.type is not FieldType.NUMBER:
        return None
    try:
        value = float(report.values.get(item.key, ""))
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    concept, modifiers = QUANTITIES.get(item.key) or (field_concept(item, report.template_id), ())
    return TemplateNumber(item, concept, modifiers, value, _unit(item.unit))


def number_items(item: TemplateField, report: Report) -> list[Dataset]:
    """Return the NUM item from which the words of a number field are inferred (TID 2001), none for any other field."""
    found = template_number(item, report)
    if found is None:
        return []
    modifiers = [coded(name, value, relationship="HAS CONCEPT MOD") for name, value in found.modifiers]
    return [number(found.concept, found.value, found.unit, relationship="INFERRED FROM", children=modifiers)]


def chosen(item: TemplateField, report: Report) -> Choice | None:
    """Return the option that a CHOICE field has, None where none is chosen."""
    value = report.values.get(item.key, "").strip()
    return next((choice for choice in item.choices if choice.key == value), None)


def field_concept(item: TemplateField, template_id: str) -> Code:
    """Return the concept under which other systems keep what a field says: its own one, else a private one."""
    if item.concept is not None and item.concept.value not in CID_7002:
        return item.concept
    return Code(f"F{zlib.crc32(f'{template_id}/{item.key}'.encode()):08X}", PRIVATE, item.label.en[:64])


def _unit(unit: str) -> Code:
    return UNITLESS if unit == UNITLESS.value else Code(unit, "UCUM", unit)
