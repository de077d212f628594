"""Routes and dispatches for the administrator: who is sent to, what waits, what was refused, what to do about it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row, Select, and_, case, func, select, update

from worklist.hub.auth import authorize
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.dispatch_desk import ROUTE, note, route_of
from worklist.hub.dispatch_tables import dispatches, routes
from worklist.hub.errors import BadRequest, NoLongerUpdatable, NotFound
from worklist.hub.pet_beneath import beneath
from worklist.hub.tables import cases, sites
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.dispatch import (
    Dispatch,
    DispatchState,
    Route,
    RouteChecks,
    RouteStatus,
    RouteVerdict,
    TimelineStep,
)
from workstation.domain.errors import WorkstationError

MOST_LISTED: Final = 1000
_UNDONE_FIRST: Final = case(
    (dispatches.c.state == DispatchState.DEAD.value, 0), (dispatches.c.state == DispatchState.WAITING.value, 1), else_=2
)


class DispatchService:
    """Needs MANAGE_ROUTES for everything; every change is audited."""

    def __init__(self, context: HubContext, checks: RouteChecks | None = None) -> None:
        self._context = context
        self._checks = checks or {}

    def routes(self, actor: Actor) -> list[RouteStatus]:
        """Return every route with what stands on it, by site."""
        authorize(actor, Permission.MANAGE_ROUTES, self._context)
        counted = (
            select(dispatches.c.route_id, dispatches.c.state, func.count().label("number"))
            .group_by(dispatches.c.route_id, dispatches.c.state)
        )  # fmt: skip
        query = select(routes, sites.c.name.label("site_name")).join(sites, sites.c.site_id == routes.c.site_id)
        with self._context.read() as connection:
            numbers = {(row.route_id, row.state): row.number for row in connection.execute(counted)}
            found = connection.execute(query.order_by(routes.c.site_id, routes.c.route_id)).all()
        return [
            RouteStatus(
                route_of(row),
                row.site_name,
                waiting=numbers.get((row.route_id, DispatchState.WAITING.value), 0),
                dead=numbers.get((row.route_id, DispatchState.DEAD.value), 0),
                delivered=numbers.get((row.route_id, DispatchState.DELIVERED.value), 0),
                trouble=row.trouble,
                held_until=row.held_until,
            )
            for row in found
        ]

    def put_route(self, actor: Actor, route: Route) -> Route:
        """Make a route, or change it; its site and kind stay what they were. Raises BadRequest, NotFound."""
        authorize(actor, Permission.MANAGE_ROUTES, self._context)
        with self._context.write() as connection:
            if connection.execute(select(sites.c.site_id).where(sites.c.site_id == route.site_id)).first() is None:
                raise NotFound("there is no such site")
            document = ROUTE.dump_json(route).decode()
            values = {"enabled": int(route.enabled), "document": document, "held_until": None, "failures": 0}
            before = connection.execute(
                select(routes).where(routes.c.route_id == route.route_id).with_for_update(key_share=True)
            ).first()  # reports may be put on it meanwhile: they do not wait for the audit trail behind this
            if before is None:
                row = {"route_id": route.route_id, "site_id": route.site_id, **values}
                if not insert_once(connection, routes, row):
                    raise NoLongerUpdatable("another request was faster")
            else:
                known = route_of(before)
                if (known.site_id, known.kind) != (route.site_id, route.kind):
                    raise BadRequest("a route keeps its site and its kind; make another one")
                connection.execute(update(routes).where(routes.c.route_id == route.route_id).values(**values))
            self._context.audit.record(
                connection,
                actor,
                AuditAction.ROUTE_CHANGED,
                detail=f"{route.route_id} {route.kind} {'on' if route.enabled else 'off'}",
            )
        return route

    def check_route(self, actor: Actor, route: Route) -> RouteVerdict:
        """Ask the receiver of a route, which need not be saved; nothing of a patient is sent. Raises BadRequest."""
        authorize(actor, Permission.MANAGE_ROUTES, self._context)
        if route.kind not in self._checks:
            raise BadRequest("this hub sends nothing on routes of this kind")
        try:
            verdict = RouteVerdict(works=True, words=self._checks[route.kind](route))
        except WorkstationError as error:
            verdict = RouteVerdict(works=False, words=error.user_text, hint=error.hint)
        outcome = 0 if verdict.works else 4
        told = f"{route.route_id} {route.kind} {route.address}"
        self._context.audit.record(None, actor, AuditAction.ROUTE_CHECKED, outcome=outcome, detail=told)
        return verdict

    def dispatches(
        self, actor: Actor, *, state: DispatchState | None = None, site_id: str = "", limit: int = MOST_LISTED
    ) -> list[Dispatch]:
        """Return dispatches: what needs a person first, then what waits, then the newest of the others."""
        authorize(actor, Permission.MANAGE_ROUTES, self._context)
        query = shown_dispatches().order_by(_UNDONE_FIRST, dispatches.c.number.desc())
        if state is not None:
            query = query.where(dispatches.c.state == state.value)
        if site_id:
            query = query.where(dispatches.c.site_id == site_id)
        with self._context.read() as connection:
            return [dispatch_of(row) for row in connection.execute(query.limit(min(limit, MOST_LISTED)))]

    def send_again(self, actor: Actor, number: int) -> Dispatch:
        """Try a dead one anew from its first attempt. Raises NotFound, NoLongerUpdatable."""
        return self._decide(actor, number, DispatchState.WAITING, "")

    def give_up(self, actor: Actor, number: int, reason: str) -> Dispatch:
        """Let go of a dead one, with a reason; the reports behind it go on. Raises as ``send_again``."""
        if not reason.strip():
            raise BadRequest("a report is given up with a reason")
        return self._decide(actor, number, DispatchState.GIVEN_UP, reason.strip())

    def _decide(self, actor: Actor, number: int, state: DispatchState, reason: str) -> Dispatch:
        authorize(actor, Permission.MANAGE_ROUTES, self._context)
        again = state is DispatchState.WAITING
        this = dispatches.c.number == number
        with self._context.write() as connection:
            row = connection.execute(
                shown_dispatches().where(this).with_for_update(of=dispatches)
            ).first()  # fmt: skip
            if row is None:
                raise NotFound("there is no such dispatch")
            before = dispatch_of(row)
            if before.state is state:
                return before
            if not before.may_become(state):
                raise NoLongerUpdatable(f"a {before.state} dispatch cannot become {state}")
            changes: dict[str, Any] = {"state": state.value, "due_at": self._context.clock.now()}
            connection.execute(
                update(dispatches).where(this).values(**changes, **({"attempts": 0, "refusals": 0} if again else {}))
            )
            if again:  # somebody has mended something: do not wait out a long pause
                connection.execute(
                    update(routes).where(routes.c.route_id == before.route_id).values(held_until=None, failures=0)
                )
            step = TimelineStep.SENT_AGAIN if again else TimelineStep.GIVEN_UP
            note(connection, self._context, number, step, who=actor.display_name, detail=reason)
            after = dispatch_of(connection.execute(shown_dispatches().where(this)).one())
            self._context.audit.record(
                connection,
                actor,
                AuditAction.DISPATCH_SENT_AGAIN if again else AuditAction.DISPATCH_GIVEN_UP,
                subject_uid=before.study_instance_uid,
                detail=f"{before.route_id} {before.control_id} {reason}".strip()[:2000],
            )
        return after


def shown_dispatches() -> Select[Any]:
    """Return the query of dispatches with their route and site."""
    return (
        select(
            dispatches,
            routes.c.document.label("route_document"),
            sites.c.name.label("site_name"),
            cases.c.modality,
            cases.c.studied,
            beneath(),
        )
        .join(cases, cases.c.study_instance_uid == dispatches.c.study_instance_uid)
        .join(routes, routes.c.route_id == dispatches.c.route_id)
        .join(sites, and_(sites.c.site_id == dispatches.c.site_id))
    )


def dispatch_of(row: Row[Any]) -> Dispatch:
    """Return one row as the administrator sees it."""
    route = ROUTE.validate_json(row.route_document)
    return Dispatch(
        number=row.number,
        route_id=row.route_id,
        route_name=route.name,
        kind=route.kind,
        site_id=row.site_id,
        site_name=row.site_name,
        study_instance_uid=row.study_instance_uid,
        report_uid=row.report_uid,
        report_state=row.report_state,
        control_id=row.control_id,
        state=DispatchState(row.state),
        attempts=row.attempts,
        queued_at=row.queued_at,
        due_at=row.due_at,
        reason=row.reason,
        delivered_at=row.delivered_at,
        proof=row.proof,
        modality=row.modality,
        studied=row.studied,
        beneath=row.beneath,
    )
