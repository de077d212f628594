"""A hub's shared documents in memory, with the same rule of one winner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from workstation.domain.errors import NoLongerUpdatable, WorkstationError
from workstation.domain.shared_document import DocumentInfo, DocumentKey, SharedDocument, digest_of
from workstation.domain.site import Site

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


class FakeHubDocuments:
    """Implements ``SharedDocumentPort``; ``trouble`` is what every call meets, ``person`` who publishes."""

    def __init__(self, sites: Sequence[Site] = (Site("qingshui", "清水镇中心卫生院"),)) -> None:
        self.versions: dict[DocumentKey, list[SharedDocument]] = {}
        self.trouble: WorkstationError | None = None
        self.person = "系统管理员"
        self._sites = tuple(sites)
        self.asked = 0

    def _answer(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble

    def all(self) -> list[DocumentInfo]:
        self._answer()
        return [found[-1].info for found in self.versions.values() if not found[-1].info.withdrawn]

    def read(self, key: DocumentKey, revision: int = 0) -> SharedDocument:
        self._answer()
        return self.versions[key][revision - 1]

    def history(self, key: DocumentKey) -> list[DocumentInfo]:
        return [one.info for one in reversed(self.versions[key])]

    def sites(self) -> Sequence[Site]:
        self._answer()
        return self._sites

    def put(self, key: DocumentKey, content: str, *, follows: DocumentInfo | None, version: str = "") -> DocumentInfo:
        self._answer()
        found = self.versions.get(key, [])
        now = found[-1].info if found and not found[-1].info.withdrawn else None
        if now != follows:
            raise NoLongerUpdatable(f"{found[-1].info.changed_by} has published another version meanwhile")
        info = DocumentInfo(key, len(found) + 1, version, digest_of(content), AT, self.person)
        self.versions[key] = [*found, SharedDocument(info, content)]  # at once: tests look from another thread
        return info

    def withdraw(self, info: DocumentInfo) -> DocumentInfo:
        self._answer()
        found = self.versions[info.key]
        gone = DocumentInfo(info.key, len(found) + 1, info.version, digest_of(""), AT, self.person, withdrawn=True)
        found.append(SharedDocument(gone, ""))
        return gone
