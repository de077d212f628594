"""Uptake that a reader measured in a volume of interest, as components of one FHIR R4 Observation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from workstation.dicom.sr import codes
from workstation.dicom.sr.annotation_codes import DERIVATIONS, MEASURES, threshold_code, unit_code
from workstation.dicom.sr.common import PRIVATE
from workstation.dicom.sr.uptake_words import threshold_words, uptake_unit, uptake_words
from workstation.domain.annotation import Annotation, Measure, MeasureName
from workstation.domain.report import Report
from workstation.domain.template import Code
from workstation.exchange.routes.fhir_fields import UCUM, concept

Resource = dict[str, Any]

_ABOVE: Final = frozenset({MeasureName.METABOLIC_VOLUME, MeasureName.LESION_GLYCOLYSIS})


def with_uptake(report: Report) -> Iterator[Annotation]:
    """Return the volumes of interest of a report whose uptake was measured, as drawn; only what its reader drew."""
    return (one for one in report.drawn.annotations if not one.origin and uptake_words(one, report.language))


def uptake_observation(observed: Resource, item: Annotation, language: str) -> Resource:
    """Return the Observation of one volume of interest over what every Observation of the report has."""
    unit = uptake_unit(item)
    values = [_component(measure, unit, language) for measure in _measures(item, unit)]
    return {
        **observed,
        "code": concept(codes.GROUP),
        "valueString": uptake_words(item, language),
        "component": values,
    }


def _measures(item: Annotation, unit: str) -> Iterator[Measure]:
    found = item.statistics
    if found is not None and found.unit == unit:
        yield Measure(MeasureName.UPTAKE_MAXIMUM, found.maximum, unit)
        yield Measure(MeasureName.UPTAKE_MEAN, found.mean, unit)
    known = (one for one in item.measures if one.name in DERIVATIONS or one.name in _ABOVE)
    # who reads codes alone takes a peak for that of the region, which this one is not: the words tell it
    yield from (one for one in known if not one.without_maximum)


def _component(measure: Measure, unit: str, language: str) -> Resource:
    """Return one number under two codes: ours says which of the kind it is, DICOM's what kind of number it is."""
    how, above = DERIVATIONS.get(measure.name), measure.threshold
    known = MEASURES[measure.name] if how is None else codes.quantity_name(measure.unit)
    detail = threshold_words(measure, unit, language) if how is None else how.meaning
    key = measure.name.name if above is None else f"{measure.name.name}.{threshold_code(above).value}"
    text = f"{known.meaning}, {detail}" if detail else known.meaning
    named = concept(known, text)
    own = concept(Code(key, PRIVATE, text))["coding"]
    ucum = unit_code(measure.unit).value
    quantity = {"value": round(measure.value, 4), "unit": ucum, "system": UCUM, "code": ucum}
    return {"code": {**named, "coding": [*own, *named["coding"]]}, "valueQuantity": quantity}
