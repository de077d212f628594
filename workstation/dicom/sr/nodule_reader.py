"""
The nodules of a measurement report that a person stands behind: what a later study is compared with.

Lenient in: a group without a place in the patient or without a size is left out, never guessed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_reader import read_annotations
from workstation.dicom.sr.common import read_part10
from workstation.dicom.sr.evidence_items import read_evidence
from workstation.dicom.sr.measured_values import measured_value
from workstation.dicom.sr.prior_report import speaks_of_another_study
from workstation.dicom.sr.reader import is_sizeless, read_detections
from workstation.dicom.sr.unnamed_frame import read_frame
from workstation.domain.errors import DecodeError
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.domain.follow_up import SeenNodule, nodule_of_annotation, with_evidence
from workstation.domain.geometry import Point
from workstation.domain.template import Code

_READER: Final = "Reader"
_SAME_SIZE_MM: Final = 1e-3


def read_nodules(part10: bytes) -> tuple[SeenNodule, ...]:
    """
    Return the nodules of a TID 1500 report by a person, each once; none of a report that a device made.

    A finding that the reader accepted brings what the model measured there; one that was edited or
    added its diameter; an outlined nodule or a pair of axes its own numbers. What was measured on another study's
    images is none of this one.

    Raises HostileInput: unreadable. DecodeError: not a structured report.
    """
    ds = read_part10(part10)
    if speaks_of_another_study(ds):
        return ()
    drawn = read_annotations(part10).annotations
    observers = [_value(item) for item in _children(ds) if _is(item, code.OBSERVER_TYPE)]
    if observers and set(observers) == {code.DEVICE.value}:
        return ()
    groups = _groups(ds)
    marks = {_tracking(one): one for one in groups if not _is_by_reader(one)}
    found: dict[str, SeenNodule] = {}
    for group in groups:
        if _is_by_reader(group):
            seen = _nodule(group, marks.get(_tracking(group)))
            if seen is not None:
                found[seen.tracking_uid] = seen
    for annotation in drawn:
        outlined = nodule_of_annotation(annotation)
        if outlined is None or not annotation.points_lps_mm:
            continue
        at = next((one for one in found.values() if _same_place(one, outlined)), None)
        if at is None:
            found[outlined.tracking_uid] = outlined
        elif at.volume_mm3 is None:
            found[at.tracking_uid] = replace(outlined, tracking_uid=at.tracking_uid, nodule_type=at.nodule_type)
    return tuple(found.values())


def read_marks(part10: bytes) -> tuple[SeenNodule, ...]:
    """
    Return the marks in the patient that a device alone proposes and shows, none of them decided; () for other reports.

    A mark without a size is none: nothing can be compared with it.

    Raises HostileInput: unreadable.
    """
    try:
        said = read_detections(part10)
    except DecodeError:
        return ()  # a person's report, or no measurement report at all
    shown = {one.tracking_uid: one for one in said.findings if one.mark and one.mark.shown}
    without_size = {
        uid for group in _groups(read_part10(part10))
        if (uid := _tracking(group)) in shown and is_sizeless(_children(group))
    }  # fmt: skip
    return tuple(_seen_mark(one, said.frame_of_reference_uid) for uid, one in shown.items() if uid not in without_size)


def _seen_mark(finding: Finding, frame_of_reference_uid: str) -> SeenNodule:
    mark = finding.mark
    if mark is None:
        raise AssertionError("only marks in the patient are asked for")
    seen = SeenNodule(
        finding.tracking_uid,
        mark.centre_lps_mm,
        mark.diameter_mm,
        frame_of_reference_uid=frame_of_reference_uid,
        decided=False,
    )
    return seen if mark.evidence is None else with_evidence(seen, mark.evidence)


def read_decided(part10: bytes) -> frozenset[str]:
    """Return the tracking UIDs of the marks that the person of a report decided on, rejected ones too."""
    undecided = code.DECISIONS[Decision.UNDECIDED].value
    return frozenset(
        _tracking(group)
        for group in _groups(read_part10(part10))
        if any(_is(item, code.DECISION) and _value(item) != undecided for item in _children(group))
    )


def _groups(ds: Dataset) -> list[Dataset]:
    parts = [part for part in _children(ds) if _is(part, code.MEASUREMENTS)]
    return [group for part in parts for group in _children(part) if _is(group, code.GROUP)]


def _nodule(group: Dataset, mark: Dataset | None) -> SeenNodule | None:
    items = _children(group)
    uid, place = _tracking(group), _place(items)
    sizes = [value for item in items if _is(item, code.DIAMETER) and (value := measured_value(item, "mm")) is not None]
    if not uid or place is None or not sizes or sizes[0] <= 0:
        return None
    centre, frame = place
    kinds = [_value(item) for item in items if _is(item, code.ATTENUATION_TYPE)]
    kind = next((known for known, name in code.NODULE_TYPES.items() if name.value in kinds), NoduleType.UNSPECIFIED)
    seen = SeenNodule(uid, centre, sizes[0], nodule_type=kind, frame_of_reference_uid=frame)
    measured = _children(mark) if mark is not None else []
    same = [v for item in measured if _is(item, code.DIAMETER) and (v := measured_value(item, "mm")) is not None]
    evidence = read_evidence(measured)
    if evidence is None or not same or abs(same[0] - sizes[0]) > _SAME_SIZE_MM:
        return seen
    return with_evidence(seen, evidence)


def _same_place(one: SeenNodule, other: SeenNodule) -> bool:
    return math.dist(one.centre_lps_mm, other.centre_lps_mm) <= max(one.size_mm, other.size_mm) / 2


def _place(items: list[Dataset]) -> tuple[Point, str] | None:
    for item in items:
        if item.get("ValueType") != "SCOORD3D" or item.get("GraphicType") != "ELLIPSOID":
            continue
        values = [float(value) for value in item.get("GraphicData") or ()]
        if len(values) == 18 and all(math.isfinite(value) for value in values):
            x, y, z = (round(sum(values[n::3]) / 6, 4) for n in range(3))  # stored as 32-bit floats
            return (x, y, z), read_frame(str(item.get("ReferencedFrameOfReferenceUID", "")))
    return None


def _is_by_reader(group: Dataset) -> bool:
    return any(item.get("TextValue") == _READER for item in _children(group) if _is(item, code.SESSION))


def _tracking(group: Dataset) -> str:
    return next((str(item.get("UID", "")) for item in _children(group) if _is(item, code.TRACKING_UID)), "")


def _value(item: Dataset) -> str:
    return code_value(next(iter(item.get("ConceptCodeSequence") or ()), Dataset()))


def _children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or ())


def _is(item: Dataset, name: Code) -> bool:
    concept = next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset())
    return code_value(concept) == name.value
