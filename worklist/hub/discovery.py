"""Learning of instances that others put into an external archive, so that the index has them too."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from blake3 import blake3
from fastapi import Request

from worklist.hub.archive import Archive, InstanceKey
from worklist.hub.charset_rules import charset_rules
from worklist.hub.context import HubContext
from worklist.hub.identity import require_whole
from worklist.hub.instance_json import dataset_to_json, read_header
from worklist.hub.instances import InstanceIndex, NewInstance, Registered
from workstation.dicom.quarantine import UID_SHAPE, inspect_part10
from workstation.domain.audit import AuditAction
from workstation.domain.errors import WorkstationError
from workstation.domain.scanner_charset import CharsetRule

_FRESH_S: Final = 2.0
"""For so long the archive is not asked again about one study."""
_CONNECTIONS: Final = 4
_MOST_STUDIES: Final = 20
"""A search brings in no more unknown studies than this at once."""


class Discovery:
    """Compares the index with the archive, one study at a time, when somebody asks for the study."""

    def __init__(self, context: HubContext, archive: Archive) -> None:
        self._context = context
        self._archive = archive
        self._index = InstanceIndex(context)
        self._asked: dict[str, float] = {}

    def refresh(self, study_instance_uid: str) -> None:
        """
        Register what the archive has of a study and the index has not.

        Files that cannot be read are left where they are, with an audit record. Raises Unreachable.
        """
        if time.monotonic() - self._asked.get(study_instance_uid, -_FRESH_S) < _FRESH_S:
            return
        with self._context.read() as connection:
            known = self._index.count(connection, study_instance_uid)
        listed = self._archive.listing(study_instance_uid, known)
        if listed is None:
            return
        if len(self._asked) > 10_000:
            self._asked.clear()
        self._asked[study_instance_uid] = time.monotonic()
        with self._context.read() as connection:
            have = self._index.digests(connection, study_instance_uid)
            rules = charset_rules(connection, self._index.owner(connection, study_instance_uid) or "")
        missing = [key for key in listed if key.sop_instance_uid not in have]
        if not missing:
            return
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            read = partial(self._inspected, rules)
            found = [instance for instance in pool.map(read, missing) if instance is not None]
        self._register(study_instance_uid, found)

    def for_path(self, request: Request) -> None:
        """Refresh the study that a request's path names (FastAPI dependency)."""
        names = request.path_params
        study = str(names.get("study") or names.get("study_instance_uid") or "")
        if UID_SHAPE.fullmatch(study):
            self.refresh(study)

    def search(self, match: Mapping[str, str]) -> None:
        """Register the studies that the archive itself finds and the index does not know."""
        for study in self._archive.studies(match)[:_MOST_STUDIES]:
            with self._context.read() as connection:
                known = self._index.count(connection, study)
            if not known:
                self.refresh(study)

    def _inspected(self, rules: Sequence[CharsetRule], key: InstanceKey) -> NewInstance | None:
        try:
            data = self._archive.read(key)
            seen = inspect_part10(data)
            bulk = (
                f"/studies/{seen.study_instance_uid}/series/{seen.series_instance_uid}"
                f"/instances/{seen.sop_instance_uid}/bulkdata/"
            )
            attributes, _ = dataset_to_json(read_header(data), bulk, rules)
            require_whole(attributes)
        except WorkstationError as exc:
            self._context.audit.record(
                None,
                None,
                AuditAction.INSTANCE_QUARANTINED,
                subject_uid=key.sop_instance_uid,
                outcome=4,
                detail=f"left in the archive: {exc.detail}",
            )
            return None
        return NewInstance(seen, attributes, hashlib.sha256(data).hexdigest(), len(data), blake3(data).hexdigest())

    def _register(self, study_instance_uid: str, found: list[NewInstance]) -> None:
        with self._context.write() as connection:
            new = 0
            known: set[tuple[str, ...]] = set()
            for instance in found:
                nested = connection.begin_nested()
                result = self._index.register(connection, instance, site_id="", known=known)
                if result in {Registered.NEW, Registered.SAME}:
                    nested.commit()
                    new += result is Registered.NEW
                else:
                    nested.rollback()
            if new:
                self._context.audit.record(
                    connection,
                    None,
                    AuditAction.STUDY_REGISTERED,
                    subject_uid=study_instance_uid,
                    detail=f"{new} instances found in the archive",
                )
