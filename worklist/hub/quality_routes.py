"""The JSON routes of the quality manager. Thin: rights and rules live in the service."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, Field

from worklist.hub.auth import signed_in
from worklist.hub.errors import BadRequest
from worklist.hub.quality_service import QualityService
from workstation.domain.access import Actor
from workstation.domain.quality import QualityFigures, QualityQuery

CurrentActor = Annotated[Actor, Depends(signed_in)]
Key = Annotated[str, Field(max_length=64)]


def asked(
    since: Annotated[AwareDatetime, Query()],
    until: Annotated[AwareDatetime, Query()],
    site_id: Key = "",
    reader_id: Key = "",
    modality: Key = "",
) -> QualityQuery:
    """Return the question of a request. Raises BadRequest for a period that ends before it begins."""
    try:
        return QualityQuery(since, until, site_id, reader_id, modality)
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc


def quality_routes(service: QualityService) -> APIRouter:
    """Return the routes of the figures."""
    router = APIRouter(prefix="/api/quality", tags=["quality"])

    @router.get("/figures")
    def figures(actor: CurrentActor, query: Annotated[QualityQuery, Depends(asked)]) -> QualityFigures:
        return service.figures(actor, query)

    @router.post("/exported", status_code=204)
    def exported(actor: CurrentActor, query: Annotated[QualityQuery, Depends(asked)]) -> Response:
        service.exported(actor, query)
        return Response(status_code=204)

    return router
