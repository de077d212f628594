"""
The manifest: what one signature covers.

The signed PDF carries ``manifest.json`` with the SHA-256 of every other object, of each of their parts
(so that a verifier can say what was altered) and of what surrounds the PDF in its DICOM object.
It holds digests and UIDs, never a name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.objects.encapsulated import encapsulated_pdf, taken_apart
from workstation.dicom.sr.common import read_part10
from workstation.domain.report import Person, Report
from workstation.domain.study import Study

MANIFEST_NAME: Final = "manifest.json"
PRELIMINARY_NAME: Final = "preliminary.pdf"
"""What the author signed, as it travels inside the PDF of the final report."""
_LONGEST_LABEL: Final = 24
_NAMES_VERIFIER: Final = 3
"""The format from which a final report's manifest names its verifier"""


def _tags(*keywords: str) -> frozenset[int]:
    return frozenset(tag for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None)


_PARTS: Final = {
    "patient": _tags("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    "study": _tags("StudyInstanceUID", "AccessionNumber", "StudyDate", "StudyTime", "StudyDescription"),
    "state": _tags("PreliminaryFlag", "CompletionFlag", "VerificationFlag"),
    "people": _tags("VerifyingObserverSequence", "AuthorObserverSequence"),
    "evidence": _tags("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"),
}
_ITEM: Final = _tags(
    "RelationshipType",
    "ValueType",
    "ConceptNameCodeSequence",
    "ConceptCodeSequence",
    "TextValue",
    "UID",
    "PersonName",
    "MeasuredValueSequence",
    "GraphicType",
    "GraphicData",
    "ReferencedFrameOfReferenceUID",
    "ContentTemplateSequence",
    "ContinuityOfContent",
    "ReferencedSOPSequence",
)
_DOCUMENT: Final = _tags("ValueType", "EncapsulatedDocument")
_NAMED: Final = frozenset().union(*_PARTS.values())


def manifest(report: Report, study: Study, objects: Mapping[str, bytes]) -> bytes:
    """Return the manifest of one report as JSON; ``objects`` are Part 10 files by file name."""
    envelope = encapsulated_pdf(report, study, b"")
    read = {name: read_part10(data) for name, data in objects.items()}
    parts = {name: part_digests(ds) for name, ds in read.items()}
    content = {
        "format": _NAMES_VERIFIER,
        "report_uid": report.report_uid,
        "study_instance_uid": report.study_instance_uid,
        "objects": {name: _sha256(data) for name, data in objects.items()},
        "sop_instance_uids": {name: str(ds.SOPInstanceUID) for name, ds in read.items()},
        "parts": parts | {"encapsulated": part_digests(read_part10(envelope))},
        "encapsulated": _sha256(taken_apart(envelope).surroundings),
    }
    if report.verifier is not None:
        content["verifier"] = {key: _sha256(value.encode()) for key, value in _named(report.verifier).items()}
    if report.author_signature is not None:
        signed = report.author_signature
        content["author_signature"] = {"sop_instance_uid": signed.sop_instance_uid, "sha256": signed.sha256}
    return json.dumps(content, indent=1, sort_keys=True).encode()


def names_as_verifier(manifest: Mapping[str, Any], *, name: str, user_id: str) -> bool:
    """
    Tell whether a report's page names this signer as its verifying physician.

    The user id of the certificate decides, its name where it has none. Manifests before format 3 say nothing, and
    neither does a PDF without one; a later one that keeps silent is not believed.
    """
    said = manifest.get("verifier")
    if not isinstance(said, dict):
        written = manifest.get("format", 0)
        return isinstance(written, int) and written < _NAMES_VERIFIER
    return said.get("user_id" if user_id else "name") == _sha256((user_id or name).encode())


def _named(person: Person) -> dict[str, str]:
    return {"user_id": person.user_id, "name": person.name}


def part_digests(ds: Dataset) -> dict[str, str]:
    """
    Return the digest of each part: identity, state, people, evidence, every content item of an SR.

    What has no content items, a display or a segmentation, has all else as one part.
    """
    found = {part: _digest(ds, tags) for part, tags in _PARTS.items()}
    if not _DOCUMENT & ds.keys():
        return found | {"picture": _digest(ds, frozenset(ds.keys()) - _NAMED)}
    for path, item in content_items(ds):
        found[f"content:{path}"] = _digest(item, _ITEM)
    return found


def content_items(ds: Dataset, path: str = "1") -> Iterator[tuple[str, Dataset]]:
    """Yield every content item with its path in the tree, the root first."""
    yield path, ds
    for index, child in enumerate(ds.get("ContentSequence") or (), 1):
        yield from content_items(child, f"{path}.{index}")


def altered_parts(expected: Mapping[str, str], part10: bytes) -> list[str]:
    """
    Name in words the parts of an SR that differ from the digests of the manifest.

    Empty when only technical bytes differ. A file that is no longer readable is named as such.
    """
    try:
        ds = read_part10(part10)
        actual = part_digests(ds)
        items = dict(content_items(ds))
    except Exception:  # noqa: BLE001 - pydicom raises many kinds on damaged bytes
        return [tr("the file itself, which can no longer be read")]
    named = {
        "patient": tr("the patient's identity"),
        "study": tr("the study's identity"),
        "state": tr("the state of the report"),
        "people": tr("the author or the verifying physician"),
        "evidence": tr("the list of images"),
        "picture": tr("what is drawn on the images, or how they are displayed"),
    }
    found: list[str] = []
    for part in sorted(set(expected) | set(actual)):
        if expected.get(part) == actual.get(part):
            continue
        text = named.get(part) or _content_words(items.get(part.removeprefix("content:")))
        if text not in found:
            found.append(text)
    return found


def _content_words(item: Dataset | None) -> str:
    if item is None:
        return tr("a content item was added or removed")
    label, colon, _ = str(item.get("TextValue", "")).replace("：", ": ").partition(": ")
    if colon and len(label) <= _LONGEST_LABEL:
        return tr("the content under “{name}”", name=label)
    concept = item.get("ConceptNameCodeSequence")
    if not concept and "ReferencedSOPSequence" in item:
        return tr("which image is meant")
    return tr("the content under “{name}”", name=str(concept[0].get("CodeMeaning", "")) if concept else "?")


def _digest(ds: Dataset, tags: frozenset[int]) -> str:
    """Digest the named elements as they are encoded, so that nothing is decoded twice."""
    digest = hashlib.sha256()
    for tag in sorted(tags & ds.keys()):
        element: object = ds.get_item(tag)
        value = element.value if isinstance(element, RawDataElement) else None  # still as read from the file
        content = value if isinstance(value, bytes) else json.dumps(ds[tag].to_json_dict(None, 0)).encode()
        digest.update(f"{tag:08X}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
