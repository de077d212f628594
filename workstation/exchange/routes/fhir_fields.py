"""Numbers and chosen options of a template as FHIR R4 Observations."""

from __future__ import annotations

from typing import Any, Final

from workstation.domain.finding import Finding
from workstation.domain.template import Code
from workstation.exchange.routes.report_body import FieldFact

Resource = dict[str, Any]

SYSTEMS: Final = {"LN": "http://loinc.org", "SCT": "http://snomed.info/sct",
                  "DCM": "http://dicom.nema.org/resources/ontology/DCM",
                  "RADLEX": "http://radlex.org"}  # fmt: skip
UCUM: Final = "http://unitsofmeasure.org"


def concept(code: Code, text: str = "") -> Resource:
    """Return a CodeableConcept; a scheme without a registered system has one of ours."""
    coding = {"system": SYSTEMS.get(code.scheme, f"urn:lianyue:scheme:{code.scheme}"), "code": code.value,
              "display": code.meaning}  # fmt: skip
    return {"coding": [coding], **({"text": text} if text else {})}


def with_traits(observed: Resource, finding: Finding, language: str) -> Resource:
    """Return the Observation of a finding with a component for each field that its template asks for."""
    said = [
        {
            "code": concept(one.concept, one.label.get(language)),
            "valueCodeableConcept": {"text": one.value.get(language)}
            if one.code is None
            else concept(one.code, one.value.get(language)),
        }
        for one in finding.traits
    ]
    return {**observed, "component": [*observed.get("component", ()), *said]} if said else observed


def field_observation(observed: Resource, fact: FieldFact) -> Resource:
    """Return the Observation of one field over what every Observation of the report has."""
    found = {**observed, "code": concept(fact.code, fact.label)}
    if fact.value is not None:
        found["valueQuantity"] = {"value": fact.value, "unit": fact.unit, "system": UCUM, "code": fact.unit}
    elif fact.option is not None:
        found["valueCodeableConcept"] = concept(fact.option, fact.words)
    else:
        found["valueCodeableConcept"] = {"text": fact.words}
    if fact.site is not None:
        found["bodySite"] = concept(fact.site)
    return found
