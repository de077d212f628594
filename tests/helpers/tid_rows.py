"""
Our own judge of SR templates: TID 2000 and TID 1500, row by row.

Written from the tables in PS3.16 (rows, relation and value types, multiplicity, conditions) and the constraints of
PS3.3 A.35.2, A.35.13 and C.17, none of the product's code; codes of context groups come from pydicom. It answers
with the row that is broken, so that an empty list is a promise and a sentence a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

MANY: Final = 10**6
ENHANCED: Final = "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE_3D: Final = "1.2.840.10008.5.1.4.1.1.88.34"
_UID: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")

Concept = tuple[str, str]
"""Code value and scheme."""


@dataclass(frozen=True)
class Row:
    """One row of a template; ``names`` None allows any concept, ``children`` are the rows below it."""

    number: str
    relation: str
    types: tuple[str, ...]
    names: frozenset[Concept] | None
    least: int = 0
    most: int = MANY
    values: frozenset[Concept] | None = None
    children: tuple[Row, ...] = ()
    closed: bool = False
    """Nothing but ``children`` may stand below"""


def dcm(*values: str) -> frozenset[Concept]:
    return frozenset((value, "DCM") for value in values)


def one(value: str, scheme: str) -> frozenset[Concept]:
    return frozenset({(value, scheme)})


@cache
def cid(number: int) -> frozenset[Concept]:
    """Return the codes of a context group as pydicom carries them."""
    group = getattr(codes, f"cid{number}")
    found = (getattr(group, name) for name in group.dir())
    return frozenset((str(code.value), str(code.scheme_designator)) for code in found)


CONTEXT, MODIFIER, CONTAINS = "HAS OBS CONTEXT", "HAS CONCEPT MOD", "CONTAINS"
INFERRED, PROPERTIES, SELECTED = "INFERRED FROM", "HAS PROPERTIES", "SELECTED FROM"

LANGUAGE = (
    Row("1204/1", MODIFIER, ("CODE",), dcm("121049"), 1, 1,
        children=(Row("1204/2", MODIFIER, ("CODE",), dcm("121046"), 0, 1),), closed=True),
)  # fmt: skip
OBSERVER = (
    Row("1002/1", CONTEXT, ("CODE",), dcm("121005"), 1, MANY, dcm("121006", "121007")),
    Row("1003/1", CONTEXT, ("PNAME",), dcm("121008")),
    Row("1003/2", CONTEXT, ("TEXT",), dcm("121009", "128774")),
    Row("1003/3", CONTEXT, ("CODE",), dcm("121010", "121011")),
    Row("1004/1", CONTEXT, ("UIDREF",), dcm("121012")),
    Row("1004/2", CONTEXT, ("TEXT",), dcm("121013", "121014", "121015", "121016", "121017")),
)
IMAGES = (Row("2001/1", INFERRED, ("IMAGE",), None), Row("2001/2", INFERRED, ("NUM", "SCOORD"), None))


def _tid2000() -> tuple[Row, ...]:
    element = Row("2002/1", CONTAINS, ("CODE", "TEXT"), cid(7002), children=IMAGES, closed=True)
    picture = Row("2001/1", CONTAINS, ("IMAGE",), None)
    return (
        *LANGUAGE,
        Row("2000/2", MODIFIER, ("CODE",), dcm("121058")),
        Row("2000/3", MODIFIER, ("CODE",), dcm("122142")),
        Row("2000/4", MODIFIER, ("CODE",), dcm("123014")),
        *OBSERVER,
        Row("2000/8", CONTAINS, ("CONTAINER",), cid(7001), 1, children=(*OBSERVER[1:], element, picture), closed=True),
    )


PATHS = tuple(Row("320", INFERRED, (kind,), None) for kind in ("SCOORD", "SCOORD3D", "IMAGE", "TCOORD", "NUM"))
NUMBER = Row(
    "300/1", CONTAINS, ("NUM",), None,
    children=(
        Row("300/2", MODIFIER, ("CODE",), None),
        Row("300/3", MODIFIER, ("TEXT",), None),
        Row("310", PROPERTIES, ("NUM", "CODE"), None),
        *PATHS,
    ),
    closed=True,
)  # fmt: skip
ALGORITHM = (
    Row("4019/1", MODIFIER, ("TEXT",), dcm("111001"), 0, 1),
    Row("4019/2", MODIFIER, ("TEXT",), dcm("111003"), 0, 1),
    Row("4019/3", MODIFIER, ("TEXT",), dcm("111002")),
)
SITE = Row(
    "1501/10", MODIFIER, ("CODE",), one("363698007", "SCT"), 0, MANY,
    children=(Row("1501/11", MODIFIER, ("CODE",), one("272741003", "SCT") | one("106233006", "SCT")),), closed=True,
)  # fmt: skip


def _group(need_tracking: int, *more: Row) -> tuple[Row, ...]:
    return (
        Row("1501/1b", CONTEXT, ("TEXT",), one("C67447", "NCIt"), 0, 1),
        Row("1501/2", CONTEXT, ("TEXT",), dcm("112039"), need_tracking, 1),
        Row("1501/3", CONTEXT, ("UIDREF",), dcm("112040"), need_tracking, 1),
        *(Row(row.number, row.relation, row.types, row.names) for row in OBSERVER),
        Row("1501/4", CONTAINS, ("CODE",), dcm("121071"), 0, 1),
        *ALGORITHM,
        SITE,
        Row("1501/9", MODIFIER, ("CODE",), one("370129005", "SCT"), 0, 1),
        *more,
        NUMBER,
        Row("1501/12", CONTAINS, ("CODE",), None),
        Row("1501/13", CONTAINS, ("TEXT",), dcm("121106")),
        Row("1501/14", CONTAINS, ("TEXT",), None),
        Row("1501/15", CONTAINS, ("IMAGE", "SCOORD", "SCOORD3D"), None),
    )


_FLAT = Row("1410/8", CONTAINS, ("SCOORD",), dcm("111030"), 0, 1,
            children=(Row("1410/9", SELECTED, ("IMAGE",), None, 1, 1),), closed=True)  # fmt: skip
_SPACE = Row("1410/8b", CONTAINS, ("SCOORD3D",), dcm("111030"), 0, 1)
_FRAME = Row("1410/10", CONTAINS, ("IMAGE",), dcm("121214"), 0, 1)
_SOURCE_IMAGE = Row("1411/12", CONTAINS, ("IMAGE",), dcm("121233"))
_SOURCE_SERIES = Row("1411/13", CONTAINS, ("UIDREF",), dcm("121232"), 0, 1)
GROUPS: Final = {
    "1501": _group(0),
    "1410": _group(1, _FLAT, _SPACE, _FRAME, _SOURCE_IMAGE),
    "1411": _group(
        1,
        Row("1411/7", CONTAINS, ("SCOORD", "SCOORD3D"), dcm("111030")),
        Row("1411/8", CONTAINS, ("IMAGE",), dcm("121191"), 0, 1),
        Row("1411/10", CONTAINS, ("SCOORD3D",), dcm("121231")),
        _SOURCE_IMAGE,
        _SOURCE_SERIES,
    ),
}
TID1500: Final = (
    *LANGUAGE,
    *OBSERVER,
    Row("1500/4", MODIFIER, ("CODE",), dcm("121058"), 1),
    Row("1600/1", CONTAINS, ("CONTAINER",), dcm("111028"), 0, 1),
    Row("1500/6", CONTAINS, ("CONTAINER",), dcm("126010"), 0, 1,
        children=(Row("1501/1", CONTAINS, ("CONTAINER",), dcm("125007")),), closed=True),
    Row("1500/10", CONTAINS, ("CONTAINER",), dcm("126011"), 0, 1),
    Row("1500/12", CONTAINS, ("CONTAINER",), one("C0034375", "UMLS"), 0, 1,
        children=(Row("1500/13", CONTAINS, ("CODE", "TEXT"), None),), closed=True),
)  # fmt: skip


def faults(ds: Dataset) -> list[str]:
    """Return every row and rule that a TID 2000 or TID 1500 document breaks, empty for none."""
    template = _template(ds)
    found = [*_document(ds), *_constraints(ds)]
    if template == "2000":
        if _name(ds) not in cid(7000):
            found.append("2000/1: the title is none of CID 7000")
        found += _rows(ds, _tid2000(), "2000", closed=True)
        found += _ordered(ds)
    elif template == "1500":
        if _name(ds) not in cid(7021):
            found.append("1500/1: the title is none of CID 7021")
        found += _rows(ds, TID1500, "1500", closed=False)
        if not any(_name(item) in {("126010", "DCM"), ("126011", "DCM"), ("C0034375", "UMLS")} for item in _below(ds)):
            found.append("1500/6: neither measurements nor evaluations")
        for group in _groups(ds):
            found += _measurement_group(group)
    else:
        found.append(f"no template that we judge: {template!r}")
    return [*found, *_observers(ds)]


def _rows(item: Dataset, rows: Sequence[Row], where: str, *, closed: bool) -> Iterator[str]:
    """Yield what is wrong with the items directly and indirectly below one."""
    counts = dict.fromkeys(rows, 0)
    for child in _below(item):
        row = next((row for row in rows if _fits(child, row)), None)
        if row is None:
            near = next((row for row in rows if row.names is not None and _name(child) in row.names), None)
            if near is not None:
                yield f"{near.number}: {_said(child)} should be {near.relation} {'/'.join(near.types)}"
            elif closed:
                yield f"{where}: {_said(child)} has no row"
            continue
        counts[row] += 1
        if row.values is not None and _value(child) not in row.values:
            yield f"{row.number}: value {_value(child)} is not allowed"
        if row.children or row.closed:
            yield from _rows(child, row.children, row.number, closed=row.closed)
    for row, count in counts.items():
        if not row.least <= count <= row.most:
            yield f"{row.number}: {count} times, {row.least} to {row.most} are allowed"


def _fits(child: Dataset, row: Row) -> bool:
    return (
        child.get("RelationshipType") == row.relation
        and child.get("ValueType") in row.types
        and (row.names is None or _name(child) in row.names)
    )


def _ordered(ds: Dataset) -> Iterator[str]:
    """TID 2000: the order is significant; modifiers, then context, then sections."""
    ranks = {MODIFIER: 0, CONTEXT: 1, CONTAINS: 2}
    order = [ranks.get(str(item.get("RelationshipType")), 3) for item in _below(ds)]
    if order != sorted(order):
        yield "2000: the rows stand in another order"


def _observers(ds: Dataset) -> Iterator[str]:
    """TID 1001 to 1004: each observer type brings its own identification."""
    context = [item for item in _below(ds) if item.get("RelationshipType") == CONTEXT]
    kinds = [_value(item) for item in context if _name(item) == ("121005", "DCM")]
    named = [item for item in context if _name(item) == ("121008", "DCM") and str(item.get("PersonName", ""))]
    devices = [item for item in context if _name(item) == ("121012", "DCM")]
    if not kinds:
        yield "1001: no observer"
    if kinds.count(("121006", "DCM")) != len(named):
        yield "1003/1: a person without a name, or a name without a person"
    if kinds.count(("121007", "DCM")) != len(devices):
        yield "1004/1: a device without its UID, or a UID without a device"


def _measurement_group(group: Dataset) -> Iterator[str]:
    template = _template(group)
    if template not in GROUPS:
        yield f"1501: a group of template {template!r}"
        return
    yield from _rows(group, GROUPS[template], template, closed=False)
    names = [(_name(item)[0], str(item.ValueType)) for item in _below(group)]
    held = {name for name, _ in names}
    pair = {"112039", "112040"} & held
    if len(pair) == 1:
        yield "1501/3: tracking identifier and UID come together"
    if template == "1410":
        regions = [name for name in names if name[0] in {"111030", "121214"}]
        if len(regions) != 1:
            yield f"1410/8: {len(regions)} regions, exactly one is needed"
        if "121214" in held and "121233" not in held:
            yield "1410/11: a segment without its source image"
    if template == "1411":
        shapes = held & {"111030", "121191", "121231"}
        if len(shapes) != 1:
            yield f"1411/7: {len(shapes)} kinds of region, exactly one is needed"
        if shapes & {"121191", "121231"} and len(held & {"121232", "121233"}) != 1:
            yield "1411/12: segment or surface need source images or a source series"
        if shapes <= {"111030"} and "121232" in held:
            yield "1411/13: a source series without segment or surface"


_SELECTABLE: Final = {("SCOORD", "IMAGE"), ("TCOORD", "SCOORD"), ("TCOORD", "IMAGE")}
_TYPES: Final = {
    ENHANCED: {"TEXT", "CODE", "NUM", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME", "SCOORD", "TCOORD", "COMPOSITE",
               "IMAGE", "WAVEFORM", "CONTAINER"},
}  # fmt: skip
_TYPES[COMPREHENSIVE_3D] = _TYPES[ENHANCED] | {"SCOORD3D"}
_TYPED: Final[dict[str, Callable[[Dataset], bool]]] = {
    "TEXT": lambda item: bool(str(item.get("TextValue", "")).strip()),
    "CODE": lambda item: _whole(item.get("ConceptCodeSequence")),
    "NUM": lambda item: "MeasuredValueSequence" in item
    and all(_whole(one.get("MeasurementUnitsCodeSequence")) for one in item.MeasuredValueSequence),
    "UIDREF": lambda item: _UID.fullmatch(str(item.get("UID", ""))) is not None and len(str(item.UID)) <= 64,
    "PNAME": lambda item: bool(str(item.get("PersonName", "")).strip("^= ")),
    "IMAGE": lambda item: bool(item.get("ReferencedSOPSequence")),
    "SCOORD": lambda item: bool(item.get("GraphicData")) and "GraphicType" in item,
    "SCOORD3D": lambda item: bool(item.get("GraphicData")) and len(item.GraphicData) % 3 == 0
    and bool(item.get("ReferencedFrameOfReferenceUID")),
    "CONTAINER": lambda item: bool(item.get("ContentSequence")) and "ContinuityOfContent" in item,
}  # fmt: skip


def _constraints(ds: Dataset) -> Iterator[str]:  # noqa: C901 - one branch for each rule
    """PS3.3 A.35.2 and A.35.13: which types and relations a document may hold."""
    allowed = _TYPES.get(str(ds.SOPClassUID))
    if allowed is None:
        yield f"A.35: SOP class {ds.SOPClassUID}"
        return
    for parent, item in _pairs(ds):
        kind, relation = str(item.get("ValueType")), str(item.get("RelationshipType"))
        source = str(parent.get("ValueType"))
        if kind not in allowed:
            yield f"A.35: {kind} in this SOP class"
        if "ReferencedContentItemIdentifier" in item:
            yield "A.35: a reference to another item"
        if relation == INFERRED and source == "CONTAINER":
            yield "A.35: INFERRED FROM below a container"
        if relation == MODIFIER and kind not in {"TEXT", "CODE"}:
            yield f"A.35: a modifier of type {kind}"
        if relation == CONTEXT and source != "CONTAINER" and str(ds.SOPClassUID) == ENHANCED:
            yield "A.35.2: observation context below something other than a container"
        if relation == SELECTED and (source, kind) not in {
            ("SCOORD", "IMAGE"),
            ("TCOORD", "SCOORD"),
            ("TCOORD", "IMAGE"),
        }:
            yield f"A.35: {kind} selected from {source}"
        if relation == CONTAINS and source != "CONTAINER":
            yield f"A.35: {source} contains something"
        if kind != "IMAGE" and not _whole(item.get("ConceptNameCodeSequence")):
            yield f"C.17.3: {kind} without a name"
        if kind in _TYPED and not _TYPED[kind](item):
            yield f"C.17.3: {_said(item)} has no proper value"


def _document(ds: Dataset) -> Iterator[str]:  # noqa: C901 - one branch for each rule
    """PS3.3 C.17.2: flags, observers, evidence."""
    verified = ds.get("VerificationFlag") == "VERIFIED"
    observers = ds.get("VerifyingObserverSequence") or []
    if verified and ds.get("CompletionFlag") != "COMPLETE":
        yield "C.17.2: VERIFIED but not COMPLETE"
    if verified is not bool(observers):
        yield "C.17.2: VERIFIED goes with a verifying observer"
    for observer in observers:
        for needed in ("VerifyingObserverName", "VerifyingOrganization", "VerificationDateTime"):
            if not str(observer.get(needed, "")):
                yield f"C.17.2: {needed} is empty"
    if ds.get("PreliminaryFlag") not in {"PRELIMINARY", "FINAL"}:
        yield "C.17.2: no preliminary flag"
    listed = set(evidence(ds))
    for _, item in _pairs(ds):
        for reference in item.get("ReferencedSOPSequence") or []:
            if str(reference.ReferencedSOPInstanceUID) not in listed:
                yield "C.17.2.3: a referenced object is not listed as evidence"
    for predecessor in ds.get("PredecessorDocumentsSequence") or []:
        if not predecessor.get("ReferencedSeriesSequence"):
            yield "C.17.2: a predecessor without its documents"


def evidence(ds: Dataset) -> list[str]:
    """Return the SOP Instance UIDs of current and other evidence."""
    return [
        str(reference.ReferencedSOPInstanceUID)
        for name in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in ds.get(name) or []
        for series in study.ReferencedSeriesSequence
        for reference in series.ReferencedSOPSequence
    ]


def _pairs(item: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    for child in _below(item):
        yield item, child
        yield from _pairs(child)


def _groups(ds: Dataset) -> Iterator[Dataset]:
    for container in _below(ds):
        if _name(container) == ("126010", "DCM"):
            yield from (item for item in _below(container) if item.get("ValueType") == "CONTAINER")


def _template(item: Dataset) -> str:
    used: Any = item.get("ContentTemplateSequence") or []
    return str(used[0].get("TemplateIdentifier", "")) if used else ""


def _below(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or [])


def _name(item: Dataset) -> Concept:
    return _code(item.get("ConceptNameCodeSequence"))


def _value(item: Dataset) -> Concept:
    return _code(item.get("ConceptCodeSequence"))


def _code(sequence: Any) -> Concept:  # noqa: ANN401 - a pydicom sequence or None
    if not sequence:
        return "", ""
    return str(sequence[0].get("CodeValue", "")), str(sequence[0].get("CodingSchemeDesignator", ""))


def _whole(sequence: Any) -> bool:  # noqa: ANN401 - as above
    return bool(sequence) and all(
        str(sequence[0].get(part, "")) for part in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
    )


def _said(item: Dataset) -> str:
    return f"{item.get('RelationshipType')} {item.get('ValueType')} {_name(item)[0]}"
