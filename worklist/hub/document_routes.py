"""The routes of shared documents. Thin: rights and rules live in the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from worklist.hub.auth import signed_in
from worklist.hub.document_service import DocumentService
from worklist.hub.errors import BadRequest
from workstation.domain.access import Actor
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind, SharedDocument

CurrentActor = Annotated[Actor, Depends(signed_in)]
Site = Annotated[str, Query(max_length=64, description="Empty for what holds at every site")]
IfMatch = Annotated[str, Header(max_length=200, description="ETag of the version that the change follows")]
IfNoneMatch = Annotated[str, Header(max_length=200, description="* where there is no version yet")]


@dataclass(frozen=True, slots=True)
class ContentBody:
    """A document as JSON text."""

    content: Annotated[str, Field(max_length=4_000_000)]


def document_routes(service: DocumentService) -> APIRouter:
    """Return the routes of shared documents."""
    router = APIRouter(prefix="/api", tags=["documents"])

    @router.get("/documents")
    def all_documents(actor: CurrentActor) -> list[DocumentInfo]:
        return service.all(actor)

    @router.get("/documents/{kind}/{name}")
    def read(
        kind: DocumentKind,
        name: str,
        actor: CurrentActor,
        response: Response,
        site: Site = "",
        revision: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
    ) -> SharedDocument:
        found = service.read(actor, _key(kind, name, site), revision)
        response.headers["ETag"] = found.info.tag
        return found

    @router.get("/documents/{kind}/{name}/history")
    def history(kind: DocumentKind, name: str, actor: CurrentActor, site: Site = "") -> list[DocumentInfo]:
        return service.history(actor, _key(kind, name, site))

    @router.put("/documents/{kind}/{name}", responses={412: {}, 428: {}})
    def put(
        kind: DocumentKind,
        name: str,
        actor: CurrentActor,
        body: ContentBody,
        response: Response,
        site: Site = "",
        if_match: IfMatch = "",
        if_none_match: IfNoneMatch = "",
    ) -> DocumentInfo:
        follows = None if if_none_match == "*" and not if_match else if_match
        info = service.put(actor, _key(kind, name, site), body.content, follows)
        response.headers["ETag"] = info.tag
        return info

    @router.delete("/documents/{kind}/{name}", responses={412: {}, 428: {}})
    def withdraw(
        kind: DocumentKind, name: str, actor: CurrentActor, site: Site = "", if_match: IfMatch = ""
    ) -> DocumentInfo:
        return service.withdraw(actor, _key(kind, name, site), if_match)

    return router


def _key(kind: DocumentKind, name: str, site: str) -> DocumentKey:
    try:
        return DocumentKey(kind, name, site)
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc
