"""The size of a finding as components of its FHIR R4 Observation: each number under the code that says what it is."""

from __future__ import annotations

from typing import Any

from workstation.dicom.sr.size_words import size_numbers
from workstation.domain.finding_size import FindingSize
from workstation.exchange.routes.fhir_fields import UCUM, concept


def size_components(size: FindingSize) -> list[dict[str, Any]]:
    """Return axes and diameters; a diameter has the public code beside the one that says which it is."""
    found = []
    for one in size_numbers(size):
        wider = [] if one.wider is None else concept(one.wider)["coding"]
        named = {"coding": [*concept(one.code)["coding"], *wider], "text": one.code.meaning}
        quantity = {"value": round(one.value_mm, 1), "unit": "mm", "system": UCUM, "code": "mm"}
        found.append({"code": named, "valueQuantity": quantity})
    return found
