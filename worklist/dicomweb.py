"""The hub's DICOMweb doors: QIDO-RS, WADO-RS and STOW-RS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Final

import httpx
import pydicom
from pydantic_core import from_json
from pydicom.errors import InvalidDicomError

from resources.translation import tr
from worklist import multipart
from worklist.dicom_json import JSON, Attributes, items, number, text
from worklist.early_frame import early_frame
from worklist.errors import misunderstood, refusal
from worklist.http import HubClient
from worklist.multipart import cut_short
from worklist.promised import keeps, promised_by, require_kept
from workstation.dicom.images.assemble import study_from_json
from workstation.domain.errors import DiskFull, IntegrityMismatch, NotPermitted, Refused, WorkstationError
from workstation.domain.study import Study
from workstation.domain.workitem import OutputReference

PART10: Final = "application/dicom"
STOW_INSTANCES: Final = 10
"""INTEROP section 1: 1 to 10 instances a POST; 300 in one take three times as long."""
STOW_BYTES: Final = 32 << 20

_HEAD_BYTES: Final = 16384
_DUPLICATE: Final = 0x0111
"""Failure reason of a SOP Instance that is stored with other content (PS3.7 C.5.7)."""
_PROCESSING_FAILURE: Final = 0x0110


@dataclass(frozen=True, slots=True)
class StowAnswer:
    """What the Store Instances response says of every instance; ``failed`` maps SOP Instance UID to reason."""

    stored: tuple[OutputReference, ...]
    failed: dict[str, int]

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the instances whose UID the hub holds with other content."""
        return tuple(uid for uid, reason in self.failed.items() if reason == _DUPLICATE)


@dataclass(frozen=True, slots=True)
class _Identity:
    study: str
    series: str
    sop_class: str
    sop_instance: str

    @property
    def reference(self) -> OutputReference:
        return OutputReference(self.study, self.series, self.sop_class, self.sop_instance)


class HubImages:
    """Implements ``RetrievePort``, ``Together`` and ``StorePort``; QIDO-RS searches beside them."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    # RetrievePort

    def study(self, study_instance_uid: str) -> Study:
        """Return the study's structure with planes where the metadata gives them."""
        path = f"/dicom-web/studies/{study_instance_uid}/metadata"
        return study_from_json(_array(self._client.request("GET", path, headers={"Accept": JSON})))

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        """
        Return one Part 10 file as stored. Raises Unreachable, Refused, IntegrityMismatch.

        Checked: that it came whole, the digest, which the hub sends with every file as stored, and that
        the file is the instance that was asked for.
        """
        path = f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/instances/{sop_instance_uid}"
        answer = self._client.fetch(path, headers={"Accept": f"{PART10}; transfer-syntax=*"})
        part10, promised = _only_part(answer.content, answer.headers)
        require_kept(part10, promised)
        if not _is_instance(part10, sop_instance_uid):
            raise cut_short("another SOP Instance UID than asked for")
        return part10

    def instances(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uids: Sequence[str]
    ) -> Iterator[tuple[str, bytes | IntegrityMismatch]]:
        """Implement ``Together``; none goes unchecked. Raises Unreachable, Refused."""
        path = f"/api/studies/{study_instance_uid}/series/{series_instance_uid}/images"
        wanted = set(sop_instance_uids)
        for line, part10 in self._client.fetch_parts(f"{path}?instances={','.join(sop_instance_uids)}"):
            uid, _size, promised = (*line.split(), "")[:3]
            if uid not in wanted:
                raise misunderstood(f"{path}: an image that nobody waits for")
            wanted.discard(uid)
            is_right = keeps(part10, promised) and _is_instance(part10, uid)
            yield uid, part10 if is_right else cut_short("the digest or the SOP Instance UID differs")

    def frame(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str, frame_number: int
    ) -> bytes | None:
        """Implement ``EarlyFrames``. Raises Unreachable, Refused."""
        path = f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/instances/{sop_instance_uid}"
        return early_frame(self._client, path, sop_instance_uid, frame_number)

    def picture(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str, frame_number: int, pixels: int
    ) -> bytes:
        """Return a frame as the hub draws it, a JPEG of at most ``pixels`` a side. Raises Unreachable, Refused."""
        path = f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/instances/{sop_instance_uid}"
        size = f"{pixels},{pixels}"
        return self._client.request(
            "GET",
            f"{path}/frames/{frame_number}/rendered",
            query={"viewport": size},
            headers={"Accept": "image/jpeg"},
        ).content

    # StorePort

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        """Store instances; identical bytes again are success. Raises Unreachable, Refused, IntegrityMismatch."""
        stored: list[OutputReference] = []
        for batch in _batches(part10_files):
            answer = self.stow(study_instance_uid, batch)
            if answer.failed:
                raise stow_failure(answer)
            stored += answer.stored
        return stored

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        """Return the SOP Instance UIDs of ``{uid: sha256 of the file}`` that the hub lacks."""
        lacking, conflicts = self.compare(study_instance_uid, digests)
        return lacking | conflicts

    def compare(self, study_instance_uid: str, digests: dict[str, str]) -> tuple[set[str], set[str]]:
        """Return which instances the hub lacks and which it holds with other content."""
        path = f"/api/requests/{study_instance_uid}/missing"
        answer = self._client.request("POST", path, json={"instances": digests}).json()
        try:
            return set(answer["missing"]), set(answer.get("conflicts", ()))
        except (KeyError, TypeError) as exc:
            raise misunderstood(path) from exc

    def stow(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> StowAnswer:
        """
        Store up to ten instances in one POST and return the verdict on each.

        An instance that the response dataset does not list as referenced counts as failed:
        only the hub's word makes it stored.
        """
        sent = {identity.sop_instance: identity for identity in map(_identity, part10_files)}
        if len(sent) != len(part10_files):
            raise ValueError("one SOP Instance UID twice in one POST")
        body, content_type = multipart.encode(part10_files, PART10)
        path = f"/dicom-web/studies/{study_instance_uid}"
        response = self._client.raw("POST", path, content=body, headers={"Content-Type": content_type, "Accept": JSON})
        dataset = _dataset(response)
        if dataset is None:
            raise refusal(response, doing=f"POST {path}") if response.is_error else misunderstood(f"POST {path}")
        failed = {text(item, "00081155"): number(item, "00081197") for item in items(dataset, "00081198")}
        referenced = {text(item, "00081155") for item in items(dataset, "00081199")}
        if response.is_error and not failed:
            raise refusal(response, doing=f"POST {path}")
        for uid in sent:
            if uid not in referenced:
                failed.setdefault(uid, 0)
        stored = tuple(sent[uid].reference for uid in sent if uid in referenced)
        doubtful = {uid for uid, reason in failed.items() if reason == _PROCESSING_FAILURE and uid in sent}
        if doubtful:
            digests = {
                identity.sop_instance: hashlib.sha256(file).hexdigest()
                for identity, file in zip(sent.values(), part10_files, strict=True)
                if identity.sop_instance in doubtful
            }
            failed |= dict.fromkeys(self._conflicting(study_instance_uid, digests), _DUPLICATE)
        return StowAnswer(stored, failed)

    def _conflicting(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        """Tell a conflict from another processing failure; STOW-RS has one reason for both."""
        try:
            return self.compare(study_instance_uid, digests)[1]
        except (Refused, NotPermitted):
            return set(digests)  # not ours to ask: the graver meaning, which nobody retries blindly

    # QIDO-RS

    def search_studies(self, **match: str) -> list[Attributes]:
        """Return studies as DICOM JSON; keys are attribute keywords, ``limit``, ``offset``, ``includefield``."""
        return self._search("/dicom-web/studies", match)

    def search_series(self, study_instance_uid: str, **match: str) -> list[Attributes]:
        """Return the series of a study as DICOM JSON."""
        return self._search(f"/dicom-web/studies/{study_instance_uid}/series", match)

    def search_instances(self, study_instance_uid: str, series_instance_uid: str, **match: str) -> list[Attributes]:
        """Return the instances of a series as DICOM JSON."""
        return self._search(f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/instances", match)

    def _search(self, path: str, match: dict[str, str]) -> list[Attributes]:
        response = self._client.request("GET", path, query=match, headers={"Accept": JSON})
        return [] if response.status_code == HTTPStatus.NO_CONTENT or not response.content else _array(response)


def stow_failure(answer: StowAnswer) -> WorkstationError:
    """Return the error for instances that were not stored."""
    detail = ", ".join(f"{uid} {reason:04X}" for uid, reason in answer.failed.items())
    if answer.conflicts:
        return IntegrityMismatch(
            tr("The hub already holds an image with the same identity but other content"),
            hint=tr(
                "Nothing was overwritten. Check at the scanner which images are right and tell your administrator."
            ),
            detail=detail,
        )
    if any(reason & 0xFF00 == 0xA700 for reason in answer.failed.values()):
        return DiskFull(
            tr("The hub's disk is full"),
            hint=tr("What was stored before is intact. Tell your administrator; sending resumes by itself afterwards."),
            detail=detail,
        )
    return Refused(
        tr("The hub did not take {count} of the images", count=len(answer.failed)),
        hint=tr("They stay on this machine. Tell your administrator; broken files are listed in the hub's quarantine."),
        detail=detail,
    )


def _batches(files: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for file in files:
        if batch and (len(batch) == STOW_INSTANCES or size + len(file) > STOW_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += len(file)
    if batch:
        yield batch


def _identity(part10: bytes) -> _Identity:
    try:
        head = pydicom.dcmread(
            BytesIO(part10),
            stop_before_pixels=True,
            specific_tags=["StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID"],
        )
        return _Identity(
            str(head.StudyInstanceUID),
            str(head.SeriesInstanceUID),
            str(head.SOPClassUID),
            str(head.SOPInstanceUID),
        )
    except (InvalidDicomError, AttributeError, EOFError, ValueError, OSError) as exc:
        raise cut_short(f"no readable Part 10 file: {type(exc).__name__}") from exc


def _is_instance(part10: bytes, sop_instance_uid: str) -> bool:
    """Tell whether a file is the named instance; the encoded element is looked for before the file is parsed."""
    value = sop_instance_uid.encode("ascii")
    value += b"\0" * (len(value) % 2)
    element = b"\x08\x00\x18\x00UI" + len(value).to_bytes(2, "little") + value
    return element in part10[:_HEAD_BYTES] or _identity(part10).sop_instance == sop_instance_uid


def _only_part(content: bytes, headers: Mapping[str, str]) -> tuple[bytes, str]:
    content_type = headers.get("content-type", "")
    if not content_type.startswith("multipart/"):
        return content, promised_by(headers)
    parts = multipart.decode(content, content_type)
    if len(parts) != 1:
        raise cut_short(f"{len(parts)} parts where one was asked for")
    return parts[0].body, promised_by(parts[0].headers) or promised_by(headers)


def _array(response: httpx.Response) -> list[Attributes]:
    try:
        found = from_json(response.content)  # as json.loads does, in half the time
    except ValueError as exc:
        raise misunderstood(f"{response.request.url.path}: no JSON") from exc
    if not isinstance(found, list):
        raise misunderstood(f"{response.request.url.path}: no array")
    return found


def _dataset(response: httpx.Response) -> Attributes | None:
    try:
        found = response.json()
    except ValueError:
        return None
    if isinstance(found, list):
        found = found[0] if found else {}
    if not isinstance(found, dict) or "error" in found:
        return None
    return found
