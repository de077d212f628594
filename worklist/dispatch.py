"""Routes, dispatches and time-lines of a hub, as its clients see them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient
from workstation.domain.dispatch import Dispatch, Route, RouteStatus, RouteVerdict, TimelineEvent
from workstation.domain.site import Site

_ROUTE: Final = TypeAdapter(Route)
_VERDICT: Final = TypeAdapter(RouteVerdict)
_SITES: Final = TypeAdapter(list[Site])
_ROUTES: Final = TypeAdapter(list[RouteStatus])
_ONE: Final = TypeAdapter(Dispatch)
_ALL: Final = TypeAdapter(list[Dispatch])
_EVENTS: Final = TypeAdapter(list[TimelineEvent])


class HubDispatch:
    """Implements ``DispatchPort`` and ``TimelinePort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def routes(self) -> list[RouteStatus]:
        """Return every route with what stands on it."""
        return self._client.ask(_ROUTES, "GET", "/api/routes")

    def put_route(self, route: Route) -> Route:
        """Make or change a route."""
        body = _ROUTE.dump_python(route, mode="json")
        return self._client.ask(_ROUTE, "PUT", f"/api/routes/{route.route_id}", json=body)

    def check_route(self, route: Route) -> RouteVerdict:
        """Let the hub ask the receiver of a route, saved or not."""
        body = _ROUTE.dump_python(route, mode="json")
        return self._client.ask(_VERDICT, "POST", f"/api/routes/{route.route_id}/check", json=body)

    def sites(self) -> list[Site]:
        """Return the sites that a route may lead to."""
        return self._client.ask(_SITES, "GET", "/api/sites")

    def dispatches(self) -> list[Dispatch]:
        """Return what was put on routes: what needs a person first."""
        return self._client.ask(_ALL, "GET", "/api/dispatches")

    def send_again(self, number: int) -> Dispatch:
        """Try a dead one anew."""
        return self._client.ask(_ONE, "POST", f"/api/dispatches/{number}/retry")

    def give_up(self, number: int, reason: str) -> Dispatch:
        """Let go of a dead one."""
        return self._client.ask(_ONE, "POST", f"/api/dispatches/{number}/give-up", json={"reason": reason})

    def timeline(self, ups_instance_uid: str) -> list[TimelineEvent]:
        """Return what happened to the reports of a case, oldest first."""
        return self._client.ask(_EVENTS, "GET", f"/api/reports/{ups_instance_uid}/timeline")
