"""
Key Object Selection documents: writing our key images, reading anybody's.

*Source:* PS3.3 A.35.4, C.17.6; PS3.16 TID 2010, CID 7010.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from resources.translation import tr
from workstation.dicom.coded_value import code_value
from workstation.dicom.sr.common import (
    add_equipment,
    add_time,
    container,
    dcm,
    language_items,
    part10,
    patient_and_study,
    person_observer,
    read_part10,
    text,
    uid_from,
)
from workstation.domain.errors import DecodeError
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPurpose
from workstation.domain.report import Person
from workstation.domain.study import Study

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
SERIES_NUMBER: Final = 9004
TITLES: Final = {
    KeyPurpose.OF_INTEREST: dcm("113000", "Of Interest"),
    KeyPurpose.REJECTED_FOR_QUALITY: dcm("113001", "Rejected for Quality Reasons"),
    KeyPurpose.FOR_REFERRING_PROVIDER: dcm("113002", "For Referring Provider"),
    KeyPurpose.FOR_TEACHING: dcm("113004", "For Teaching"),
    KeyPurpose.FOR_CONFERENCE: dcm("113005", "For Conference"),
    KeyPurpose.FOR_PEER_REVIEW: dcm("113008", "For Peer Review"),
}
_REJECTED: Final = frozenset({"113001", "113037", "113038", "113039"})
"""Titles of selections that take objects out of use. Source: PS3.16 CID 7010."""
_DESCRIPTION: Final = dcm("113012", "Key Object Description")


@dataclass(frozen=True, slots=True)
class DisplayState:
    """A presentation state that a key image is to be shown with."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class ReadKeys:
    """What a selection marks; ``missing`` counts the images that the study, as far as it is known, does not hold."""

    keys: KeyImageList
    missing: int = 0


def key_object_selection(
    keys: KeyImageList,
    study: Study,
    *,
    at: datetime,
    author: Person,
    language: str,
    displays: Mapping[KeyImage, DisplayState] | None = None,
) -> bytes:
    """
    Return the key images as a Part 10 KOS; the same marks at the same time give the same bytes.

    ``displays`` are the presentation states under which the reader saw them (PS3.3 table C.18.4-1).
    Raises ValueError for no image, for another study, and for a purpose that needs a coded reason
    (113001, TID 2010 row 2), which the quality pages will bring.
    """
    if not keys.images or keys.study_instance_uid != study.study_instance_uid:
        raise ValueError("a selection holds images of its own study")
    if keys.purpose is KeyPurpose.REJECTED_FOR_QUALITY:
        raise ValueError("a rejection needs a coded reason")
    shown_by = displays or {}
    root = container(
        TITLES[keys.purpose],
        [
            *map(_without_children, language_items(language)),
            *person_observer(author),
            *([text(_DESCRIPTION, keys.note)] if keys.note else []),
            *(_image(image, shown_by.get(image)) for image in keys.images),
        ],
        template="2010",
        relationship="",
    )
    ds = patient_and_study(study)
    digest = hashlib.sha256(root.to_json().encode()).hexdigest()
    ds.SOPClassUID = KEY_OBJECT_SELECTION
    ds.SOPInstanceUID = uid_from(study.study_instance_uid, "key images", digest, at.isoformat())
    ds.Modality = "KO"
    ds.SeriesInstanceUID = uid_from(study.study_instance_uid, "key images", author.user_id)
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Key images"
    ds.ReferencedPerformedProcedureStepSequence = DicomSequence()
    ds.InstanceNumber = 1
    add_equipment(ds, author.organisation)
    add_time(ds, at)
    ds.CurrentRequestedProcedureEvidenceSequence = _evidence(keys, shown_by)
    ds.update(root)
    return part10(ds)


def read_key_objects(data: bytes, study: Study | None = None) -> ReadKeys:
    """
    Read a KOS from anywhere; images that its evidence places in other studies are left out.

    Its evidence shall name every image (PS3.3 C.17.6.2); what it leaves out is looked for in the ``study``.
    Raises HostileInput: unreadable. DecodeError: not a key object selection.
    """
    ds = read_part10(data)
    if str(ds.get("SOPClassUID", "")) != KEY_OBJECT_SELECTION or not ds.get("StudyInstanceUID"):
        raise DecodeError(tr("This object is not a selection of key images"))
    study_uid = str(ds.StudyInstanceUID)
    evidence: dict[str, dict[str, str]] = {}
    for item in ds.get("CurrentRequestedProcedureEvidenceSequence") or ():
        named = evidence.setdefault(str(item.get("StudyInstanceUID", "")), {})
        for series in item.get("ReferencedSeriesSequence") or ():
            for reference in series.get("ReferencedSOPSequence") or ():
                uid = str(reference.get("ReferencedSOPInstanceUID", ""))
                named[uid] = str(series.get("SeriesInstanceUID", ""))
    all_series = study.series if study is not None else ()
    here = {one.sop_instance_uid: each.series_instance_uid for each in all_series for one in each.instances}
    own = evidence.pop(study_uid, {})
    places = {**own, **here}
    title = next(iter(ds.get("ConceptNameCodeSequence") or ()), Dataset())
    value, meaning = code_value(title), str(title.get("CodeMeaning", ""))
    known = {purpose.value: purpose for purpose in KeyPurpose}
    children = list(ds.get("ContentSequence") or ())
    marked = {str(one.get("ReferencedSOPInstanceUID", "")) for child in children for one in _references(child)}
    elsewhere = {uid for named in evidence.values() for uid in named} - places.keys()
    keys = KeyImageList(
        study_instance_uid=study_uid,
        images=tuple(dict.fromkeys(image for child in children for image in _referenced(child, places))),
        purpose=known.get(value, KeyPurpose.OF_INTEREST),
        note="\n".join(str(child.TextValue) for child in children if _is_description(child)),
        title="" if value in known else meaning,
    )
    return ReadKeys(keys, len(marked - elsewhere - (own.keys() if study is None else here.keys())))


def _without_children(item: Dataset) -> Dataset:
    """Take the country from a language: a selection allows no item below a CODE (PS3.3 table A.35.4-2)."""
    if "ContentSequence" in item:
        del item.ContentSequence
    return item


def _image(image: KeyImage, display: DisplayState | None) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = image.sop_class_uid
    reference.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        reference.ReferencedFrameNumber = image.frame
    if display is not None:
        state = Dataset()
        state.ReferencedSOPClassUID = display.sop_class_uid
        state.ReferencedSOPInstanceUID = display.sop_instance_uid
        reference.ReferencedSOPSequence = DicomSequence([state])
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = "IMAGE"
    item.ReferencedSOPSequence = DicomSequence([reference])
    return item


def _evidence(keys: KeyImageList, shown_by: Mapping[KeyImage, DisplayState]) -> DicomSequence:
    series: dict[str, dict[str, str]] = {}
    for image in keys.images:
        series.setdefault(image.series_instance_uid, {})[image.sop_instance_uid] = image.sop_class_uid
        display = shown_by.get(image)
        if display is not None:
            series.setdefault(display.series_instance_uid, {})[display.sop_instance_uid] = display.sop_class_uid
    study = Dataset()
    study.StudyInstanceUID = keys.study_instance_uid
    study.ReferencedSeriesSequence = DicomSequence()
    for series_uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = series_uid
        item.ReferencedSOPSequence = DicomSequence()
        for sop_instance_uid, sop_class_uid in instances.items():
            reference = Dataset()
            reference.ReferencedSOPClassUID = sop_class_uid
            reference.ReferencedSOPInstanceUID = sop_instance_uid
            item.ReferencedSOPSequence.append(reference)
        study.ReferencedSeriesSequence.append(item)
    return DicomSequence([study])


def _referenced(item: Dataset, places: dict[str, str]) -> Iterable[KeyImage]:
    for reference in _references(item):
        uid = str(reference.get("ReferencedSOPInstanceUID", ""))
        if uid not in places:
            continue
        frames = reference.get("ReferencedFrameNumber")
        numbers = [None] if frames is None else [int(n) for n in (frames if _is_several(frames) else [frames])]
        for number in numbers:
            if number is None or number > 0:
                yield KeyImage(places[uid], str(reference.get("ReferencedSOPClassUID", "")), uid, number)


def _references(item: Dataset) -> Iterable[Dataset]:
    return item.get("ReferencedSOPSequence") or () if item.get("ValueType") in {"IMAGE", "COMPOSITE"} else ()


def _is_several(value: object) -> bool:
    return not isinstance(value, int | str | float)


def _is_description(item: Dataset) -> bool:
    name = next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset())
    return code_value(name) == _DESCRIPTION.value and "TextValue" in item


def rejected_by(ds: Dataset) -> set[str]:
    """Return the SOP Instance UIDs that a selection takes out of use, none where it is not for that."""
    title = next(iter(ds.get("ConceptNameCodeSequence") or ()), Dataset())
    if code_value(title) not in _REJECTED:
        return set()
    references = (one for item in ds.get("ContentSequence") or () for one in item.get("ReferencedSOPSequence") or ())
    return {str(one.get("ReferencedSOPInstanceUID", "")) for one in references}
