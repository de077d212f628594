"""What a machine keeps of a hub's documents: one file for each content, named by its digest, and one index."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind, KnownDocuments, SharedDocument
from workstation.storage.data_dir import private_dir
from workstation.storage.files import refused_by_disk, replace_file

_INDEX: Final = "index.json"
_FORM: Final = 1
_MAXIMUM_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class DocumentCache:
    """
    Implements ``DocumentCachePort`` over a folder of its own.

    The index is replaced as a whole after the contents that it names, so a crash leaves the former state or
    the new one. What no longer has its digest counts as not there and is fetched again.
    """

    folder: Path

    def load(self) -> KnownDocuments:
        """Return what is kept and whole. Raises StorageError where the disk refuses to be read."""
        try:
            with (self.folder / _INDEX).open("rb") as file:
                raw = json.loads(file.read(_MAXIMUM_BYTES))
            if raw["form"] != _FORM:
                return KnownDocuments()
            infos = [_info(one) for one in raw["documents"]]
            fetched_at = datetime.fromisoformat(raw["fetched_at"])
        except FileNotFoundError:
            return KnownDocuments()
        except OSError as exc:
            raise refused_by_disk(exc) from exc
        except (ValueError, KeyError, TypeError, RecursionError):
            return KnownDocuments()  # a copy of what the hub has: nothing is lost
        return KnownDocuments(tuple(found for info in infos if (found := self._read(info)) is not None), fetched_at)

    def _read(self, info: DocumentInfo) -> SharedDocument | None:
        try:
            return SharedDocument(info, (self.folder / f"{info.sha256}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def keep(self, known: KnownDocuments) -> None:
        """Keep exactly this. Raises DiskFull, StorageError; the former state stays then."""
        private_dir(self.folder)
        for one in known.documents:
            path = self.folder / f"{one.info.sha256}.json"
            if self._read(one.info) is None:
                replace_file(path, one.content.encode())
        index = {
            "form": _FORM,
            "fetched_at": known.fetched_at.isoformat() if known.fetched_at is not None else "",
            "documents": [_raw(one.info) for one in known.documents],
        }
        replace_file(self.folder / _INDEX, json.dumps(index, ensure_ascii=False, indent=1).encode())
        wanted = {f"{one.info.sha256}.json" for one in known.documents} | {_INDEX}
        for path in self.folder.glob("*.json"):
            if path.name not in wanted:
                with contextlib.suppress(OSError):  # an old copy takes space and does no harm
                    path.unlink()


def cache_folder(data_dir: Path, hub_url: str) -> Path:
    """Return where the documents of one hub are kept: those of another never head a report of this one."""
    return data_dir / "hub-documents" / hashlib.sha256(hub_url.encode()).hexdigest()[:16]


def _info(raw: dict[str, Any]) -> DocumentInfo:
    return DocumentInfo(
        DocumentKey(DocumentKind(raw["kind"]), raw["name"], raw["site_id"]),
        int(raw["revision"]),
        str(raw["version"]),
        _digest(raw["sha256"]),
        datetime.fromisoformat(raw["changed_at"]),
        str(raw["changed_by"]),
    )


def _digest(value: str) -> str:
    """Return a digest, which names a file: nothing else gets that far. Raises ValueError."""
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise ValueError("no digest")
    return value


def _raw(info: DocumentInfo) -> dict[str, object]:
    return {
        "kind": info.key.kind.value,
        "name": info.key.name,
        "site_id": info.key.site_id,
        "revision": info.revision,
        "version": info.version,
        "sha256": info.sha256,
        "changed_at": info.changed_at.isoformat(),
        "changed_by": info.changed_by,
    }
