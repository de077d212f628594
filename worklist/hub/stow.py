"""
STOW-RS: taking instances in (PS3.18 10.5).

Per instance: inspect, keep the file for good, and only then enter the row. A kill at any point leaves
either nothing that counts or a whole instance; sending again is always safe.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from blake3 import blake3
from sqlalchemy import Row

from worklist.hub.archive import Archive, InstanceKey, new_file, storage_error
from worklist.hub.auth import authorize
from worklist.hub.charset_rules import charset_rules, told_settings
from worklist.hub.context import HubContext
from worklist.hub.discovery import Discovery
from worklist.hub.errors import SignatureRefused
from worklist.hub.identity import require_whole
from worklist.hub.instance_json import dataset_to_json, read_header
from worklist.hub.instances import InstanceIndex, NewInstance, Registered
from worklist.hub.late_stamp_rows import stamp_named
from worklist.hub.multipart import parse_content_type
from workstation.dicom.quarantine import InspectedInstance, Quarantine, inspect_part10
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import (
    DecodeError,
    DiskFull,
    IntegrityMismatch,
    UnsupportedTransferSyntax,
    WorkstationError,
)
from workstation.domain.report import ReportState
from workstation.domain.scanner_charset import CharsetRule

FitCheck = Callable[[Actor, InspectedInstance, Path], None]
"""Of who stores, an object and its file: raises SignatureRefused where it must not stand there."""
MAX_PART_BYTES: Final = 2 * 1024**3
MAX_BODY_BYTES: Final = 16 * 1024**3
QUARANTINE_BYTES: Final = 2 * 1024**3
"""The oldest refused files beyond this are deleted; the reasons stay."""

PROCESSING_FAILURE: Final = 0x0110
NOT_AUTHORISED: Final = 0x0124
OUT_OF_RESOURCES: Final = 0xA700
DOES_NOT_MATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
TRANSFER_SYNTAX: Final = 0xC122

_RESULT_CLASSES: Final = (
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports and key object selections
    "1.2.840.10008.5.1.4.1.1.66.4",  # segmentations
    "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated documents
    "1.2.840.10008.5.1.4.1.1.11.",  # presentation states
)
_BATCH: Final = 16
_REFUSED: Final = {
    Registered.DIFFERENT_BYTES: "the SOP Instance UID is stored with different bytes",
    Registered.OTHER_PATIENT: "the study belongs to another patient",
    Registered.OTHER_STUDY: "the series belongs to another study",
    Registered.OTHER_SITE: "the study belongs to another site",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part; ``reason`` 0 is success."""

    reason: int
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class _Taken:
    """An instance whose file is durable and whose row is not yet written."""

    instance: NewInstance
    site_id: str


@dataclass(slots=True)
class _Part:
    path: Path
    handle: int
    media_type: str
    digest: Any = field(default_factory=hashlib.sha256)
    fast: blake3 = field(default_factory=blake3)
    size: int = 0
    full: bool = False


class Intake:
    """
    Takes the parts of one request, in order; a sink of ``MultipartReader``.

    Every method may run in any thread, one at a time. ``close`` must be called whatever happens.
    """

    def __init__(
        self,
        context: HubContext,
        archive: Archive,
        discovery: Discovery,
        actor: Actor,
        *,
        study_instance_uid: str = "",
        require_fit: FitCheck | None = None,
    ) -> None:
        if not actor.may(Permission.SEND_STUDY):
            authorize(actor, Permission.STORE_RESULT, context, subject_uid=study_instance_uid)
        self._context = context
        self._archive = archive
        self._actor = actor
        self._study = study_instance_uid
        self._require_fit = require_fit
        self._index = InstanceIndex(context)
        self._discovery = discovery
        self._quarantine = Quarantine(context.data_dir / "quarantine")
        self._sites: dict[str, str | None] = {}
        self._rules: dict[str, tuple[CharsetRule, ...]] = {}
        self._taken: list[_Taken] = []
        self._part: _Part | None = None
        self._set_aside_any = False
        self.outcomes: list[Outcome] = []

    def begin(self, headers: Mapping[str, str]) -> None:
        """Open a temporary file of our own naming for the next part."""
        media_type = parse_content_type(headers.get("content-type", "application/dicom"))[0]
        try:
            handle, path = new_file(self._archive.incoming)
        except DiskFull:
            self._part = _Part(Path(), -1, media_type, full=True)
            return
        self._part = _Part(path, handle, media_type)

    def write(self, data: bytes | memoryview) -> None:
        """Append to the part; a full disk fails this part and lets the others try."""
        part = self._part
        if part is None or part.full:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(part.handle, view) :]
        except OSError as exc:
            if not isinstance(storage_error(exc), DiskFull):
                raise storage_error(exc) from exc
            part.full = True
            return
        part.digest.update(data)
        part.fast.update(data)
        part.size += len(data)

    def end(self) -> None:
        """Take the finished part in."""
        part = self._part
        self._part = None
        if part is None:
            return
        try:
            if part.handle >= 0:
                os.close(part.handle)
            if part.full:
                self.outcomes.append(Outcome(OUT_OF_RESOURCES))
            else:
                self._take(part)
        finally:
            if part.handle >= 0:
                part.path.unlink(missing_ok=True)
        if len(self._taken) >= _BATCH:
            self.flush()

    def close(self) -> None:
        """Drop an unfinished part; what was taken before it stays. Bring the quarantine back into its bounds."""
        if self._part is not None and self._part.handle >= 0:
            os.close(self._part.handle)
            self._part.path.unlink(missing_ok=True)
        self._part = None
        if self._set_aside_any:
            self._trim()

    def _trim(self) -> None:
        self._set_aside_any = False
        for digest in self._quarantine.trim(QUARANTINE_BYTES):
            self._context.audit.record(
                None, None, AuditAction.INSTANCE_QUARANTINED, outcome=4, detail=f"dropped, quarantine is full; {digest}"
            )

    def _take(self, part: _Part) -> None:
        digest = part.digest.hexdigest()
        seen: InspectedInstance | None = None
        try:
            if part.media_type != "application/dicom":
                self._set_aside(part, digest, CANNOT_UNDERSTAND, f"a part of type {part.media_type[:64]}", None)
                return
            seen = inspect_part10(part.path)
            site_id = self._site_for(seen)
            if site_id is None:
                self.outcomes.append(_outcome(NOT_AUTHORISED, seen))
                return
            if self._study and seen.study_instance_uid != self._study:
                self.outcomes.append(_outcome(DOES_NOT_MATCH, seen))
                return
            attributes, _ = dataset_to_json(read_header(part.path), bulk_path(seen), self._rules_of(site_id))
            require_whole(attributes)
            instance = NewInstance(seen, attributes, digest, part.size, part.fast.hexdigest())
            with self._context.read() as connection:
                existing = self._index.existing(connection, seen.sop_instance_uid)
                owner = self._index.owner(connection, seen.study_instance_uid)
                awaited = stamp_named(connection, seen.sop_instance_uid)
            if self._already(instance, site_id, existing, owner) or self._has_no_place(seen, part.path, awaited):
                return
            key = InstanceKey(seen.study_instance_uid, seen.series_instance_uid, seen.sop_instance_uid, digest)
            self._archive.put(part.path, key)
            self._taken.append(_Taken(instance, site_id))
        except IntegrityMismatch as exc:
            self._conflict(part.path, digest, seen, exc.detail or _REFUSED[Registered.DIFFERENT_BYTES])
        except UnsupportedTransferSyntax as exc:
            self._set_aside(part, digest, TRANSFER_SYNTAX, exc.detail, seen)
        except DecodeError as exc:
            code = DOES_NOT_MATCH if "differs" in exc.detail else CANNOT_UNDERSTAND
            self._set_aside(part, digest, code, exc.detail, seen)
        except DiskFull:
            self.outcomes.append(_outcome(OUT_OF_RESOURCES, seen))
        except WorkstationError:
            self.outcomes.append(_outcome(PROCESSING_FAILURE, seen))

    def _rules_of(self, site_id: str) -> tuple[CharsetRule, ...]:
        if site_id not in self._rules:
            with self._context.read() as connection:
                self._rules[site_id] = charset_rules(connection, site_id)
        return self._rules[site_id]

    def _site_for(self, seen: InspectedInstance) -> str | None:
        """Return the site that will own the instance, None where this actor may not store it."""
        study = seen.study_instance_uid
        if study not in self._sites:
            self._discovery.refresh(study)
            self._sites[study] = self._owner(study)
        owner = self._sites[study]
        if self._actor.may(Permission.SEND_STUDY):
            allowed = owner is None or (bool(owner) and owner == self._actor.site_id)
            site_id = self._actor.site_id
        else:
            is_result = seen.sop_class_uid.startswith(_RESULT_CLASSES)
            allowed = is_result and owner is not None and self._actor.may_see_site(owner)
            site_id = owner or ""
        if allowed:
            return site_id
        self._not_permitted(seen)
        return None

    def _not_permitted(self, seen: InspectedInstance) -> None:
        self._context.audit.record(
            None,
            self._actor,
            AuditAction.NOT_PERMITTED,
            subject_uid=seen.study_instance_uid,
            outcome=4,
            detail=f"store {seen.sop_class_uid}",
        )

    def _owner(self, study: str) -> str | None:
        with self._context.read() as connection:
            return self._index.owner(connection, study)

    def _already(self, instance: NewInstance, site_id: str, existing: str | None, owner: str | None) -> bool:
        """Answer what the index can tell before anything is written."""
        seen = instance.inspected
        if owner and site_id and owner != site_id:  # another site was faster: whether the bytes agree is not told
            self._not_permitted(seen)
            self.outcomes.append(_outcome(NOT_AUTHORISED, seen))
            return True
        if existing is None:
            return False
        if existing != instance.digest:
            raise IntegrityMismatch("", detail=_REFUSED[Registered.DIFFERENT_BYTES])
        key = InstanceKey(seen.study_instance_uid, seen.series_instance_uid, seen.sop_instance_uid, existing)
        path = self._archive.path(key)
        if path is not None and not path.exists():
            return False  # the file was lost: these are its bytes, keep them again
        self.outcomes.append(_outcome(0, seen))
        return True

    def _has_no_place(self, seen: InspectedInstance, path: Path, awaited: Row[Any] | None) -> bool:
        """
        Refuse what bears the name of a report's stamped version and may not stand there.

        Where the report was withdrawn nobody is to find it beside the note; else it has to be that version, for what
        is stored is never replaced. The judge has audited why it is not.
        """
        if awaited is None:
            return False
        if awaited.state != ReportState.FINAL.value:
            self._context.audit.record(
                None,
                self._actor,
                AuditAction.NOT_PERMITTED,
                subject_uid=seen.study_instance_uid,
                outcome=4,
                detail="store a time stamp of a report that holds no more",
            )
            self.outcomes.append(_outcome(NOT_AUTHORISED, seen))
            return True
        try:
            if self._require_fit is not None:
                self._require_fit(self._actor, seen, path)
        except SignatureRefused:
            self.outcomes.append(_outcome(NOT_AUTHORISED, seen))
            return True
        return False

    def flush(self) -> None:
        """Enter the rows of everything whose file is durable, in one transaction."""
        # one order for everybody: two requests with the same instances never wait for each other in a ring
        taken, self._taken = sorted(self._taken, key=lambda t: t.instance.inspected.sop_instance_uid), []
        if not taken:
            return
        refused: list[tuple[NewInstance, Registered]] = []
        stored = Counter[str]()
        known: set[tuple[str, ...]] = set()
        with self._context.write() as connection:
            for item in taken:
                nested = connection.begin_nested()
                result = self._index.register(connection, item.instance, site_id=item.site_id, known=known)
                if result in {Registered.NEW, Registered.SAME}:
                    nested.commit()
                    stored[item.instance.inspected.study_instance_uid] += result is Registered.NEW
                else:
                    nested.rollback()
                    refused.append((item.instance, result))
            for study, count in stored.items():
                if count:
                    read = [one.instance for one in taken if one.instance.inspected.study_instance_uid == study]
                    self._context.audit.record(
                        connection,
                        self._actor,
                        AuditAction.INSTANCES_STORED,
                        subject_uid=study,
                        detail=f"{count} instances{told_settings(one.attributes for one in read)}",
                    )
        wrong = {id(instance) for instance, _ in refused}
        self.outcomes.extend(_outcome(0, t.instance.inspected) for t in taken if id(t.instance) not in wrong)
        for instance, result in refused:
            seen = instance.inspected
            if result is Registered.OTHER_SITE:
                self._not_permitted(seen)
                self.outcomes.append(_outcome(NOT_AUTHORISED, seen))
                continue
            key = InstanceKey(seen.study_instance_uid, seen.series_instance_uid, seen.sop_instance_uid, instance.digest)
            source = self._archive.path(key)
            self._conflict(source, instance.digest, seen, _REFUSED[result])

    def _conflict(self, source: Path | None, digest: str, seen: InspectedInstance | None, reason: str) -> None:
        """Refuse an instance that contradicts what is stored; the stored one stays as it is."""
        uid = seen.sop_instance_uid if seen else ""
        self._set_aside_any = True
        if source is not None and source.exists():
            self._quarantine.keep(source, digest, reason=reason, actor=self._actor.user_id, sop_instance_uid=uid)
        self._context.audit.record(
            None, self._actor, AuditAction.INSTANCE_CONFLICT, subject_uid=uid, outcome=8, detail=f"{reason}; {digest}"
        )
        self.outcomes.append(_outcome(PROCESSING_FAILURE, seen))

    def _set_aside(self, part: _Part, digest: str, code: int, reason: str, seen: InspectedInstance | None) -> None:
        uid = seen.sop_instance_uid if seen else ""
        self._set_aside_any = True
        try:
            self._quarantine.keep(part.path, digest, reason=reason, actor=self._actor.user_id, sop_instance_uid=uid)
        except OSError as exc:
            if not isinstance(storage_error(exc), DiskFull):
                raise storage_error(exc) from exc
        self._context.audit.record(
            None,
            self._actor,
            AuditAction.INSTANCE_QUARANTINED,
            subject_uid=uid,
            outcome=4,
            detail=f"{reason}; {digest}",
        )
        self.outcomes.append(_outcome(code, seen))


def bulk_path(seen: InspectedInstance) -> str:
    """Return the path below the service root under which an instance's bulk values are found."""
    return (
        f"/studies/{seen.study_instance_uid}/series/{seen.series_instance_uid}"
        f"/instances/{seen.sop_instance_uid}/bulkdata/"
    )


def response(outcomes: list[Outcome], root: str, study_instance_uid: str = "") -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the response dataset of PS3.18 Annex I.2 as DICOM JSON."""
    good = [o for o in outcomes if o.reason == 0]
    failed = [o for o in outcomes if o.reason and o.sop_instance_uid]
    others = [o for o in outcomes if o.reason and not o.sop_instance_uid]
    study = study_instance_uid or (good[0].study_instance_uid if len({o.study_instance_uid for o in good}) == 1 else "")
    body: dict[str, Any] = {
        "00081190": {"vr": "UR", "Value": [f"{root}/studies/{study}"]} if study and good else {"vr": "UR"}
    }
    if failed:
        body["00081198"] = {"vr": "SQ", "Value": [_reference(o) | _reason(o) for o in failed]}
    if good:
        body["00081199"] = {"vr": "SQ", "Value": [_reference(o) | _url(o, root) for o in good]}
    if others:
        body["0008119A"] = {"vr": "SQ", "Value": [_reason(o) for o in others]}
    if good:
        return (202 if failed or others else 200), body
    if outcomes and all(o.reason == OUT_OF_RESOURCES for o in outcomes):
        return 507, body
    return 409, body


def _outcome(reason: int, seen: InspectedInstance | None) -> Outcome:
    if seen is None:
        return Outcome(reason)
    return Outcome(reason, seen.sop_class_uid, seen.sop_instance_uid, seen.series_instance_uid, seen.study_instance_uid)


def _reference(outcome: Outcome) -> dict[str, Any]:
    return {
        "00081150": {"vr": "UI", "Value": [outcome.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [outcome.sop_instance_uid]},
    }


def _reason(outcome: Outcome) -> dict[str, Any]:
    return {"00081197": {"vr": "US", "Value": [outcome.reason]}}


def _url(outcome: Outcome, root: str) -> dict[str, Any]:
    url = (
        f"{root}/studies/{outcome.study_instance_uid}/series/{outcome.series_instance_uid}"
        f"/instances/{outcome.sop_instance_uid}"
    )
    return {"00081190": {"vr": "UR", "Value": [url]}}
