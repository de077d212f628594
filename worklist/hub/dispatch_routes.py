"""The JSON routes of dispatch and time-line. Thin: rights and rules live in the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from worklist.hub.auth import signed_in
from worklist.hub.dispatch_service import MOST_LISTED, DispatchService
from worklist.hub.errors import BadRequest
from worklist.hub.timeline_service import TimelineService
from workstation.domain.access import Actor
from workstation.domain.dispatch import Dispatch, DispatchState, Route, RouteStatus, RouteVerdict, TimelineEvent

CurrentActor = Annotated[Actor, Depends(signed_in)]


@dataclass(frozen=True, slots=True)
class GiveUpBody:
    """Why a report is not sent on a route."""

    reason: Annotated[str, Field(max_length=1000)]


def dispatch_routes(desk: DispatchService, timelines: TimelineService) -> APIRouter:
    """Return the routes of dispatch and time-line."""
    router = APIRouter(prefix="/api", tags=["dispatch"])

    @router.get("/routes")
    def routes(actor: CurrentActor) -> list[RouteStatus]:
        return desk.routes(actor)

    @router.put("/routes/{route_id}")
    def put_route(route_id: str, actor: CurrentActor, body: Route) -> Route:
        if body.route_id != route_id:
            raise BadRequest("the route is another one")
        return desk.put_route(actor, body)

    @router.post("/routes/{route_id}/check")
    def check_route(route_id: str, actor: CurrentActor, body: Route) -> RouteVerdict:
        if body.route_id != route_id:
            raise BadRequest("the route is another one")
        return desk.check_route(actor, body)

    @router.get("/dispatches")
    def dispatches(
        actor: CurrentActor,
        state: DispatchState | None = None,
        site_id: Annotated[str, Field(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    ) -> list[Dispatch]:
        return desk.dispatches(actor, state=state, site_id=site_id, limit=limit)

    @router.post("/dispatches/{number}/retry")
    def send_again(number: int, actor: CurrentActor) -> Dispatch:
        return desk.send_again(actor, number)

    @router.post("/dispatches/{number}/give-up")
    def give_up(number: int, actor: CurrentActor, body: GiveUpBody) -> Dispatch:
        return desk.give_up(actor, number, body.reason)

    @router.get("/reports/{ups_instance_uid}/timeline")
    def timeline(ups_instance_uid: str, actor: CurrentActor) -> list[TimelineEvent]:
        return timelines.timeline(actor, ups_instance_uid)

    return router
