"""What was measured at a mark, as items of its measurement group, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import MILLIMETRE, PERCENT, PRIVATE, coded, number, scoord3d, sct
from workstation.dicom.sr.measured_values import measured_value
from workstation.domain.finding import Lobe, MarkEvidence, NoduleType
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit, in_order
from workstation.domain.template import Code

LONG_AXIS: Final = sct("103339001", "Long axis")
SHORT_AXIS: Final = sct("103340004", "Short axis")
VOLUME: Final = sct("118565006", "Volume")
_CUBIC_MILLIMETRE: Final = Code("mm3", "UCUM", "mm3")
_HOUNSFIELD: Final = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
_SOLID_THRESHOLD: Final = Code("SOLID_THRESHOLD", PRIVATE, "Threshold of the solid part")
_SOLID_VOLUME: Final = Code("SOLID_VOLUME", PRIVATE, "Volume of the solid part")
_SOLID_LONG_AXIS: Final = Code("SOLID_LONG_AXIS", PRIVATE, "Long axis of the solid part")
_SOLID_SHORT_AXIS: Final = Code("SOLID_SHORT_AXIS", PRIVATE, "Short axis of the solid part")
_PLEURA_DISTANCE: Final = Code("PLEURA_DISTANCE", PRIVATE, "Distance to the pleura")
NETWORK_DIAMETER: Final = Code("NET_DIAMETER", PRIVATE, "Diameter as the network gave it")
_LOBE_CONFIDENCE: Final = Code("LOBE_CONFIDENCE", PRIVATE, "Confidence of the guessed lobe")
_ATTACHED_TO: Final = Code("ATTACHED_TO", PRIVATE, "Attached to")
_GROWTH_LIMIT: Final = Code("GROWTH_LIMIT", PRIVATE, "Volume not compared over time because of")
_PERCENTILES: Final = (5, 10, 25, 50, 75, 90, 95)
_NUMBERS: Final = (
    ("volume_mm3", VOLUME, _CUBIC_MILLIMETRE),
    ("solid_threshold_hu", _SOLID_THRESHOLD, _HOUNSFIELD),
    ("solid_volume_mm3", _SOLID_VOLUME, _CUBIC_MILLIMETRE),
    ("solid_long_axis_mm", _SOLID_LONG_AXIS, MILLIMETRE),
    ("solid_short_axis_mm", _SOLID_SHORT_AXIS, MILLIMETRE),
    ("pleura_distance_mm", _PLEURA_DISTANCE, MILLIMETRE),
    ("network_diameter_mm", NETWORK_DIAMETER, MILLIMETRE),
)
_SHOWN_IN: Final = {MILLIMETRE: "mm", _CUBIC_MILLIMETRE: "mm3", _HOUNSFIELD: "HU"}
_CONCEPT_MOD: Final = "HAS CONCEPT MOD"


def evidence_items(evidence: MarkEvidence | None, frame_of_reference_uid: str) -> list[Dataset]:
    """Return the items of a mark's group; none for a mark that was not measured."""
    if evidence is None:
        return []
    items = []
    for name, length, ends in (
        (LONG_AXIS, evidence.long_axis_mm, evidence.long_axis_lps_mm),
        (SHORT_AXIS, evidence.short_axis_mm, evidence.short_axis_lps_mm),
    ):
        if length is not None:
            where = [] if ends is None else [_path(ends, frame_of_reference_uid)]
            items.append(number(name, length, MILLIMETRE, children=where))
    for field, name, unit in _NUMBERS:
        value = getattr(evidence, field)
        if value is not None:
            items.append(number(name, value, unit))
    items += [_attenuation(derivation, value) for derivation, value in _attenuations(evidence)]
    if evidence.nodule_type is not NoduleType.UNSPECIFIED:
        items.append(coded(code.ATTENUATION_TYPE, code.NODULE_TYPES[evidence.nodule_type]))
    items += [coded(_ATTACHED_TO, Code(what.upper(), PRIVATE, what.capitalize())) for what in evidence.attachments]
    items += [
        coded(_GROWTH_LIMIT, Code(one.value.upper(), PRIVATE, one.value.replace("_", " ").capitalize()))
        for one in evidence.growth_limits
    ]
    if evidence.lobe is not Lobe.UNSPECIFIED:
        lobe, side = code.SITES[evidence.lobe]
        laterality = coded(code.LATERALITY, side, relationship=_CONCEPT_MOD)
        # a modifier of the group comes before what it modifies
        items.insert(0, coded(code.FINDING_SITE, lobe, relationship=_CONCEPT_MOD, children=[laterality]))
        if evidence.lobe_confidence is not None:
            items.append(number(_LOBE_CONFIDENCE, evidence.lobe_confidence * 100, PERCENT))
    return items


def read_evidence(items: Sequence[Dataset]) -> MarkEvidence | None:
    """Return what a group tells of its mark, other vendors' axes and volumes too; None when it tells nothing."""
    long, short = _number(items, LONG_AXIS, "mm"), _number(items, SHORT_AXIS, "mm")
    lobe = _lobe(items)
    confidence = _number(items, _LOBE_CONFIDENCE, "%")
    found = MarkEvidence(
        long_axis_mm=None if long is None else long[0],
        short_axis_mm=None if short is None else short[0],
        long_axis_lps_mm=None if long is None else long[1],
        short_axis_lps_mm=None if short is None else short[1],
        nodule_type=next(
            (kind for kind, name in code.NODULE_TYPES.items() if name.value in _values(items, code.ATTENUATION_TYPE)),
            NoduleType.UNSPECIFIED,
        ),
        mean_hu=_derived(items, code.MEAN),
        standard_deviation_hu=_derived(items, code.STANDARD_DEVIATION),
        percentiles_hu=tuple(
            (share, value) for share in _PERCENTILES if (value := _derived(items, _percentile(share))) is not None
        ),
        attachments=tuple(value.lower() for value in _values(items, _ATTACHED_TO)),
        growth_limits=in_order(one for one in GrowthLimit if one.value.upper() in _values(items, _GROWTH_LIMIT)),
        lobe=lobe,
        lobe_confidence=None if confidence is None else round(confidence[0] / 100, 12),
        **{
            field: told[0]
            for field, name, unit in _NUMBERS
            if (told := _number(items, name, _SHOWN_IN[unit])) is not None
        },
    )
    return None if found == MarkEvidence() else found


def _attenuations(evidence: MarkEvidence) -> Iterator[tuple[Code, float]]:
    if evidence.mean_hu is not None:
        yield code.MEAN, evidence.mean_hu
    if evidence.standard_deviation_hu is not None:
        yield code.STANDARD_DEVIATION, evidence.standard_deviation_hu
    for share, value in evidence.percentiles_hu:
        yield _percentile(share), value


def _attenuation(derivation: Code, value: float) -> Dataset:
    how = coded(code.DERIVATION, derivation, relationship=_CONCEPT_MOD)
    return number(code.ATTENUATION, value, _HOUNSFIELD, children=[how])


def _percentile(share: int) -> Code:
    return Code(f"PERCENTILE_{share}", PRIVATE, f"Percentile {share}")


def _path(ends: tuple[Point, Point], frame_of_reference_uid: str) -> Dataset:
    return scoord3d(code.PATH, "POLYLINE", ends, frame_of_reference_uid, relationship="INFERRED FROM")


def _named(items: Sequence[Dataset], name: Code) -> Iterator[Dataset]:
    for item in items:
        concept = item.get("ConceptNameCodeSequence")
        if concept and code_value(concept[0]) == name.value:
            yield item


def _values(items: Sequence[Dataset], name: Code) -> list[str]:
    return [code_value(item.ConceptCodeSequence[0]) for item in _named(items, name) if item.get("ConceptCodeSequence")]


def _number(items: Sequence[Dataset], name: Code, unit: str) -> tuple[float, tuple[Point, Point] | None] | None:
    """Return the first number of a name in a unit, and the two ends of the line it was taken along where told."""
    for item in _named(items, name):
        value = measured_value(item, unit)
        if value is None:
            continue
        for child in item.get("ContentSequence") or ():
            if child.get("GraphicType") == "POLYLINE" and len(child.GraphicData) == 6:
                # stored as 32-bit floats
                a, b, c, d, e, f = (round(float(part), 4) for part in child.GraphicData)
                return value, ((a, b, c), (d, e, f))
        return value, None
    return None


def _derived(items: Sequence[Dataset], derivation: Code) -> float | None:
    for item in _named(items, code.ATTENUATION):
        if derivation.value in _values(list(item.get("ContentSequence") or ()), code.DERIVATION):
            return measured_value(item, "HU")
    return None


def _lobe(items: Sequence[Dataset]) -> Lobe:
    for item in _named(items, code.FINDING_SITE):
        sites = _values([item], code.FINDING_SITE)
        sides = _values(list(item.get("ContentSequence") or ()), code.LATERALITY)
        for lobe, (site, side) in code.SITES.items():
            if site.value in sites and side.value in sides:
                return lobe
    return Lobe.UNSPECIFIED
