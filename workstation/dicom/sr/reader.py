"""
Reading AI results: our own exactly, other vendors' TID 1500 as far as they say what we show.

Lenient in: a group without a place in the patient or on an image is skipped, an unknown item is ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import read_part10
from workstation.dicom.sr.evidence_items import read_evidence
from workstation.dicom.sr.finding_items import read_named
from workstation.dicom.sr.image_regions import read_place
from workstation.dicom.sr.measured_values import measured_value, unknown_units
from workstation.dicom.sr.measurement_report import READER_SESSION
from workstation.dicom.sr.unnamed_frame import read_frame
from workstation.domain.errors import DecodeError
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImageMark
from workstation.domain.outside_use import doubt
from workstation.domain.template import Code

DEFAULT_DIAMETER_MM: Final = 5.0
"""Drawn size of a foreign mark that gives a point and no size; readers are told that it is none."""
_SIZES: Final = (code.DIAMETER, Code("103339001", "SCT", "Long axis"), code.LENGTH)
_SCORES: Final = (code.CERTAINTY, Code("111047", "DCM", "Probability of cancer"))


def read_detections(part10: bytes) -> FindingList:
    """
    Read a TID 1500 report as undecided findings, each with its mark as ``original``.

    Positions are LPS millimetres. A number in a unit that is not known here is left out, and ``doubts`` of the
    algorithm tell the unit; so do they where a mark has no size (it is drawn with 5 mm). ``algorithm`` is None when
    the object does not name one.

    Raises DecodeError: not a measurement report, or one that a person made. HostileInput: unreadable.
    """
    ds = read_part10(part10)
    try:
        return _finding_list(ds)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as exc:
        raise DecodeError(
            tr("The AI result of this study cannot be read"),
            hint=tr("Read the study without AI marks."),
            detail=f"{type(exc).__name__}: {exc}"[:300],
        ) from exc


def _finding_list(ds: Dataset) -> FindingList:
    if not _is(ds, code.REPORT_TITLE) and _template(ds) != "1500":
        raise DecodeError(tr("This object is not a measurement report"))
    children = _children(ds)
    observers = [_value(item) for item in children if _is(item, code.OBSERVER_TYPE)]
    if observers and code.DEVICE.value not in observers:
        raise DecodeError(tr("This measurement report was made by a person, not by a model"))
    groups = [
        group
        for part in children
        if _is(part, code.MEASUREMENTS)
        for group in _children(part)
        if _is(group, code.GROUP) and READER_SESSION not in _texts(group, code.SESSION)
    ]
    findings: list[Finding] = []
    kept: list[Dataset] = []
    frame, series = "", ""
    for group in groups:
        finding = _finding(group, len(findings) + 1)
        if finding is None:
            continue
        findings.append(finding)
        kept.append(group)
        frame = frame or read_frame(
            _first(str(item.get("ReferencedFrameOfReferenceUID", "")) for item in _children(group))
        )
        series = series or _first(str(item.UID) for item in _children(group) if _is(item, code.SOURCE_SERIES))
    algorithm = _algorithm(ds, groups)
    return FindingList(
        study_instance_uid=str(ds.StudyInstanceUID),
        series_instance_uid=series or _evidence_series(ds),
        frame_of_reference_uid=frame,
        algorithm=None if algorithm is None else replace(algorithm, doubts=(*algorithm.doubts, *_unread(kept))),
        findings=tuple(findings),
    )


def _unread(groups: list[Dataset]) -> tuple[str, ...]:
    """Return as doubts which units nobody here knows, and that some marks have no size."""
    units = dict.fromkeys(unit for group in groups for unit in unknown_units(_children(group)))
    sizeless = ["no_size"] if any(is_sizeless(_children(group)) for group in groups) else []
    return (*(doubt("unit", unit) for unit in units), *sizeless)


def is_sizeless(items: list[Dataset]) -> bool:
    """Tell whether a group marks a place in the patient and neither says nor draws how large it is."""
    where = _centre_and_diameter(items)
    return where is not None and where[1] is None and _size_mm(items) is None


def _finding(group: Dataset, position: int) -> Finding | None:
    items = _children(group)
    tracking = _first(str(item.UID) for item in items if _is(item, code.TRACKING_UID))
    if not tracking:
        return None
    identifier = _first(_texts(group, code.TRACKING_ID))
    rank = int(identifier) if identifier.isascii() and identifier.isdigit() else position
    where = _centre_and_diameter(items)
    if where is None:
        return _on_image(items, tracking, rank)
    centre, drawn_mm = where
    label, meaning = read_named(items)
    diameter_mm = _size_mm(items) or drawn_mm or DEFAULT_DIAMETER_MM
    mark = Mark(
        centre_lps_mm=centre,
        diameter_mm=diameter_mm,
        score=_score(items) or 0.0,
        shown=_shown(items),
        label=label,
        out_of_ten=_out_of_ten(items),
        evidence=read_evidence(items),
        meaning=meaning,
    )
    return Finding(
        tracking_uid=tracking,
        number=rank,
        centre_lps_mm=centre,
        diameter_mm=diameter_mm,
        decision=Decision.UNDECIDED,
        original=mark,
    )


def _on_image(items: list[Dataset], tracking: str, rank: int) -> Finding | None:
    """Return what a group says of one image; a whole image needs a score, else it is only where something was seen."""
    place, score = read_place(items), _score(items)
    if place is None or (place.box_px is None and score is None):
        return None
    label, meaning = read_named(items)
    mark = ImageMark(place, score or 0.0, _shown(items), label, _out_of_ten(items), meaning)
    return Finding(tracking, rank, None, None, Decision.UNDECIDED, mark, on_image=place)


def _size_mm(items: list[Dataset]) -> float | None:
    return next((value for name in _SIZES for value in _numbers(items, name, "mm") if value > 0), None)


def _score(items: list[Dataset]) -> float | None:
    percent = next((value for name in _SCORES for value in _numbers(items, name, "%")), None)
    return None if percent is None else min(max(round(percent / 100, 12), 0.0), 1.0)


def _shown(items: list[Dataset]) -> bool:
    return next((_value(item) == code.YES.value for item in items if _is(item, code.SHOWN)), True)


def _out_of_ten(items: list[Dataset]) -> int | None:
    told = next(iter(_numbers(items, code.OUT_OF_TEN, "1")), None)
    return None if told is None else round(told)


def _centre_and_diameter(items: list[Dataset]) -> tuple[Point, float | None] | None:
    """Return the centre of the first region in patient space and the size it draws, if any."""
    for item in items:
        if item.get("ValueType") != "SCOORD3D" or len(item.GraphicData) < 3:
            continue
        values = [float(value) for value in item.GraphicData]
        points = [(x, y, z) for x, y, z in zip(values[::3], values[1::3], values[2::3], strict=False)]
        if not all(math.isfinite(value) for value in values):
            continue
        if item.GraphicType in {"POLYGON", "POLYLINE"} and len(points) > 2 and points[0] == points[-1]:
            points.pop()  # a closed contour names its first point twice
        if item.GraphicType in {"ELLIPSOID", "ELLIPSE"}:
            diameter = max(math.dist(a, b) for a, b in zip(points[::2], points[1::2], strict=False))
        else:
            diameter = max((math.dist(a, b) for a in points for b in points), default=0.0)
        x, y, z = (round(sum(axis) / len(points), 4) for axis in zip(*points, strict=True))  # stored as 32-bit floats
        return (x, y, z), diameter or None
    return None


def _algorithm(ds: Dataset, groups: list[Dataset]) -> AlgorithmIdentity | None:
    for item in ds.get("ContributingEquipmentSequence") or ():
        purposes = item.get("PurposeOfReferenceCodeSequence") or ()
        if any(code_value(purpose) == code.PROCESSING_EQUIPMENT.value for purpose in purposes):
            described = str(item.get("ContributionDescription", ""))
            return _identity(
                str(item.get("ManufacturerModelName", "")),
                _joined(item.get("SoftwareVersions", "")),
                dict(pair.partition("=")[::2] for pair in described.split("; ") if "=" in pair),
                str(item.get("Manufacturer", "")),
            )
    for place in [*groups, *(item for group in groups for item in _children(group)), ds]:
        name, version = _first(_texts(place, code.ALGORITHM_NAME)), _first(_texts(place, code.ALGORITHM_VERSION))
        if name:
            found = dict(t.partition("=")[::2] for t in _texts(place, code.ALGORITHM_PARAMETERS) if "=" in t)
            return _identity(name, version, found, str(ds.get("Manufacturer", "")))
    return None


def _identity(name: str, version: str, found: dict[str, str], manufacturer: str) -> AlgorithmIdentity:
    return AlgorithmIdentity(
        name=name,
        version=version,
        sha256=found.get("sha256", ""),
        provider=found.get("provider", ""),
        threshold=_float(found.get("threshold")),
        seconds_s=_float(found.get("seconds")),
        manufacturer=found.get("manufacturer", manufacturer),
        operating_points=_points(found.get("operating_points", "")),
        doubts=tuple(filter(None, found.get("outside_tested_use", "").split(","))),
    )


def _points(text: str) -> tuple[tuple[str, float], ...]:
    """Read ``name:score`` pairs; what is no score in [0, 1] is left out."""
    pairs = [(name, _float(score)) for name, _, score in (part.partition(":") for part in text.split(","))]
    known = [(name, score) for name, score in pairs if name and score is not None and 0 <= score <= 1]
    return tuple(sorted(known, key=lambda point: point[1]))


def _evidence_series(ds: Dataset) -> str:
    for study in ds.get("CurrentRequestedProcedureEvidenceSequence") or ():
        for series in study.ReferencedSeriesSequence:
            return str(series.SeriesInstanceUID)
    return ""


def _children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence") or ())


def _is(item: Dataset, name: Code) -> bool:
    concept = item.get("ConceptNameCodeSequence")
    return bool(concept) and code_value(concept[0]) == name.value


def _template(ds: Dataset) -> str:
    used = ds.get("ContentTemplateSequence")
    return str(used[0].get("TemplateIdentifier", "")) if used else ""


def _value(item: Dataset) -> str:
    return code_value(item.ConceptCodeSequence[0])


def _texts(item: Dataset, name: Code) -> list[str]:
    return [str(child.TextValue) for child in _children(item) if _is(child, name) and "TextValue" in child]


def _numbers(items: list[Dataset], name: Code, unit: str) -> Iterator[float]:
    return (value for item in items if _is(item, name) and (value := measured_value(item, unit)) is not None)


def _float(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _joined(value: object) -> str:
    return (
        value if isinstance(value, str) else "\\".join(str(part) for part in value) if isinstance(value, list) else ""
    )


def _first(found: Iterator[str] | list[str]) -> str:
    return next((text for text in found if text), "")
