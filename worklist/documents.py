"""The documents that a hub gives to the sites, as its clients see them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from resources.translation import tr
from worklist.http import HubClient, understood
from workstation.domain.errors import IntegrityMismatch
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind, SharedDocument, digest_of
from workstation.domain.site import Site

_INFO: Final = TypeAdapter(DocumentInfo)
_INFOS: Final = TypeAdapter(list[DocumentInfo])
_LISTED: Final = TypeAdapter(list[dict[str, object]])
_KINDS: Final = frozenset(kind.value for kind in DocumentKind)
_SITES: Final = TypeAdapter(list[Site])
_TOLD: Final = TypeAdapter(dict[str, object])


class HubDocuments:
    """Implements ``SharedDocumentPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def all(self) -> list[DocumentInfo]:
        """Return the newest version of all that the person may see; kinds of a newer hub are left out."""
        listed = self._client.ask(_LISTED, "GET", "/api/documents")
        return _INFOS.validate_python([one for one in listed if _kind(one) in _KINDS])

    def read(self, key: DocumentKey, revision: int = 0) -> SharedDocument:
        """Return one version, the newest for 0. Raises IntegrityMismatch."""
        query: dict[str, str | int | bool] = {"site": key.site_id, "revision": revision}
        told = self._client.ask(_TOLD, "GET", _path(key), query=query)
        info, content = _INFO.validate_python(told.get("info")), str(told.get("content", ""))
        if digest_of(content) != info.sha256:
            raise IntegrityMismatch(
                tr("A document of the hub arrived damaged"),
                hint=tr("The one kept before is used; it is fetched again at the next sign-in."),
                detail=f"{key.kind} {key.name}",
            )
        return SharedDocument(info, content)

    def sites(self) -> list[Site]:
        """Return the sites that a document may be for."""
        return self._client.ask(_SITES, "GET", "/api/sites")

    def history(self, key: DocumentKey) -> list[DocumentInfo]:
        """Return every version, newest first."""
        return self._client.ask(_INFOS, "GET", f"{_path(key)}/history", query={"site": key.site_id})

    def put(self, key: DocumentKey, content: str, *, follows: DocumentInfo | None) -> DocumentInfo:
        """Make a content the newest version. Raises NoLongerUpdatable, TemplateViolation."""
        named = {"If-None-Match": "*"} if follows is None else {"If-Match": follows.tag}
        answer = self._client.request(
            "PUT", _path(key), query={"site": key.site_id}, json={"content": content}, headers=named
        )
        return understood(_INFO, answer)

    def withdraw(self, info: DocumentInfo) -> DocumentInfo:
        """Let a document hold no longer. Raises NoLongerUpdatable."""
        query = {"site": info.key.site_id}
        answer = self._client.request("DELETE", _path(info.key), query=query, headers={"If-Match": info.tag})
        return understood(_INFO, answer)


def _kind(info: dict[str, object]) -> object:
    key = info.get("key")
    return key.get("kind") if isinstance(key, dict) else None


def _path(key: DocumentKey) -> str:
    return f"/api/documents/{key.kind.value}/{key.name}"
