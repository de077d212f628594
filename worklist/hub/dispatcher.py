"""
Sending what the dispatch desk wrote down: at least once, in order per study, and provably.

A route is worked on by one thread of one process at a time: it is leased, and the lease of a killed
process runs out. A row becomes delivered only in the transaction that records the receiver's proof, so
a crash anywhere before it repeats the delivery under the same control id and UIDs. That it may have
arrived is written down before each attempt, where it is also asked whether it still should.
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, or_, select, update

from resources.translation import tr
from worklist.hub.consignments import Consignments
from worklist.hub.context import HubContext
from worklist.hub.dispatch_desk import is_outdated, note, route_of, supersede_one
from worklist.hub.dispatch_patience import is_overdue, told_reason
from worklist.hub.dispatch_tables import dispatches, routes
from workstation.domain.audit import AuditAction
from workstation.domain.dispatch import Carrier, DispatchState, Receipt, RetryPolicy, Route, RouteKind, TimelineStep
from workstation.domain.errors import (
    SourceError,
    StorageError,
    Undeliverable,
    Unreachable,
    WorkstationError,
)
from workstation.domain.report import Report

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=10)
"""Longer than a single delivery can take; renewed before each."""
POLICY: Final = RetryPolicy()
POLL_S: Final = 1.0
_WAITING: Final = DispatchState.WAITING.value
_DEAD: Final = DispatchState.DEAD.value
_SUPERSEDED: Final = DispatchState.SUPERSEDED.value


@dataclass(frozen=True)
class Dispatcher:
    """
    Works the routes off; any number of these may run on one database.

    ``step`` is told each point that a crash may fall between, for the tests that crash there.
    """

    context: HubContext
    consignments: Consignments
    carriers: Mapping[RouteKind, Carrier]
    policy: RetryPolicy = POLICY
    lease: timedelta = LEASE
    step: Callable[[str], object] = lambda _name: None
    spread: Callable[[], float] = random.random

    def run(self, stop: threading.Event, *, poll_s: float = POLL_S) -> None:
        """Send until told to stop; what goes wrong is recorded with the row and never ends the loop."""
        while not stop.is_set():
            try:
                worked = self.run_once(stop)
            except Exception:
                log.exception("the dispatcher goes on after a fault of its own")
                worked = False
            if not worked:
                stop.wait(poll_s)

    def run_once(self, stop: threading.Event | None = None) -> bool:
        """Work off one route that has something to send; return whether there was one."""
        owner = uuid.uuid4().hex
        route = self._leased(owner)
        if route is None:
            return False
        self.step("leased")
        try:
            while (stop is None or not stop.is_set()) and (now := self._renewed(route.route_id, owner)):
                row = self._next(route.route_id)
                if row is None or not self._sent(row, now):
                    break
        finally:
            self._let_go(route.route_id, owner)
        return True

    def _leased(self, owner: str) -> Route | None:
        now = self.context.clock.now()
        query = (
            select(routes)
            .where(
                routes.c.enabled == 1,
                or_(routes.c.held_until.is_(None), routes.c.held_until <= now),
                or_(routes.c.lease_until.is_(None), routes.c.lease_until <= now),
                exists().where(dispatches.c.route_id == routes.c.route_id, _sendable(now)),
            )
            .order_by(routes.c.route_id)
            .limit(1)
        )
        with self.context.read() as connection:
            if connection.execute(query).first() is None:
                return None  # the write lock is for those who have work
        with self.context.write() as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            self._lease_it(connection, row.route_id, owner)
            return route_of(row)

    def _lease_it(self, connection: Connection, route_id: str, owner: str) -> None:
        until = self.context.clock.now() + self.lease
        connection.execute(
            update(routes).where(routes.c.route_id == route_id).values(lease_owner=owner, lease_until=until)
        )

    def _renewed(self, route_id: str, owner: str) -> Route | None:
        """Renew the lease; return the route as it is now, None where it was lost, held or switched off meanwhile."""
        now = self.context.clock.now()
        mine = (
            routes.c.route_id == route_id,
            routes.c.lease_owner == owner,
            routes.c.enabled == 1,
            or_(routes.c.held_until.is_(None), routes.c.held_until <= now),
        )
        with self.context.write() as connection:
            renewed = connection.execute(
                update(routes).where(*mine).values(lease_until=now + self.lease).returning(routes.c.document)
            ).first()
        return None if renewed is None else route_of(renewed)

    def _let_go(self, route_id: str, owner: str) -> None:
        with self.context.write() as connection:
            connection.execute(
                update(routes)
                .where(routes.c.route_id == route_id, routes.c.lease_owner == owner)
                .values(lease_owner="", lease_until=None)
            )

    def _next(self, route_id: str) -> Row[Any] | None:
        query = (
            select(dispatches)
            .where(dispatches.c.route_id == route_id, _sendable(self.context.clock.now()))
            .order_by(dispatches.c.number)
            .limit(1)
        )
        with self.context.read() as connection:
            return connection.execute(query).first()

    def _sent(self, row: Row[Any], route: Route) -> bool:
        """Try one delivery and record what came of it; return whether the route itself works."""
        try:
            consignment = self.consignments.of(row)
            self.step("built")
            if not self._begun(row, route, consignment.report):
                return True
            receipt = self.carriers[route.kind].carry(consignment, route)
            self.step("carried")
        except Undeliverable as error:
            self._failed(row, route, error, dead=True)
        except Unreachable as error:
            self._failed(row, route, error, dead=is_overdue(self.context, self.policy, row, error), holds_route=True)
            return False
        except (SourceError, StorageError) as error:
            self._failed(row, route, error, dead=self._refused_often(row, route))
        except Exception as exc:  # a fault of ours with this one report must not stop the others
            log.exception("dispatch %d could not be built or sent", row.number)
            fault = WorkstationError(tr("A fault of the dispatcher itself"), detail=type(exc).__name__)
            self._failed(row, route, fault, dead=self._refused_often(row, route))
        else:
            self._delivered(row, receipt)
            self.step("recorded")
        return True

    def _begun(self, row: Row[Any], route: Route, report: Report) -> bool:
        """Write down that it may arrive from now on; false where something took its place while it was built."""
        with self.context.write() as connection:
            if is_outdated(connection, route, report):
                supersede_one(connection, self.context, row)
                return False
            return self._changed(connection, row, {"attempts": row.attempts + 1})

    def _refused_often(self, row: Row[Any], route: Route) -> bool:
        """Tell whether a person has to decide; attempts over a line that was cut do not count."""
        return bool(row.refusals + 1 >= (route.most_attempts or self.policy.most_attempts))

    def _delivered(self, row: Row[Any], receipt: Receipt) -> None:
        now = self.context.clock.now()
        values = {
            "state": DispatchState.DELIVERED.value,
            "attempts": row.attempts + 1,
            "delivered_at": now,
            "reason": "",
            "proof": receipt.proof[:2000],
        }
        with self.context.write() as connection:
            changed = self._changed(connection, row, values, _WAITING, _SUPERSEDED)  # what was under way has arrived
            connection.execute(
                update(routes).where(routes.c.route_id == row.route_id).values(failures=0, held_until=None, trouble="")
            )
            if not changed:
                return
            note(connection, self.context, row.number, TimelineStep.DELIVERED, detail=receipt.proof)
            self._audit(connection, row, AuditAction.DISPATCH_DELIVERED)

    def _failed(
        self, row: Row[Any], route: Route, error: WorkstationError, *, dead: bool, holds_route: bool = False
    ) -> None:
        reason = told_reason(error)
        log.info("dispatch %d on %s: %s", row.number, route.route_id, error.detail or type(error).__name__)
        now = self.context.clock.now()
        with self.context.write() as connection:
            failures = 0
            if holds_route:
                failures = (
                    1
                    + connection.execute(
                        select(routes.c.failures).where(routes.c.route_id == route.route_id)
                    ).scalar_one()
                )
                until = now + self.policy.delay(failures, self.spread())
                connection.execute(
                    update(routes)
                    .where(routes.c.route_id == route.route_id)
                    .values(failures=failures, held_until=until, trouble=reason)
                )
            pause = self.policy.delay(row.refusals + 1, self.spread())
            values = {
                "state": _DEAD if dead else _WAITING,
                "attempts": row.attempts + 1,
                "refusals": row.refusals + (not holds_route),
                "due_at": now if holds_route else now + pause,  # a held route holds all that is on it
                "reason": reason,
            }
            if not self._changed(connection, row, values):
                return
            if dead:
                note(connection, self.context, row.number, TimelineStep.DEAD, detail=reason)
                self._audit(connection, row, AuditAction.DISPATCH_DEAD, outcome=8)
            elif reason != row.reason:  # a line that is cut for days is told once
                note(connection, self.context, row.number, TimelineStep.FAILED, detail=reason)

    def _changed(self, connection: Connection, row: Row[Any], values: dict[str, Any], *states: str) -> bool:
        this = and_(dispatches.c.number == row.number, dispatches.c.state.in_(states or (_WAITING,)))
        return bool(connection.execute(update(dispatches).where(this).values(**values)).rowcount)

    def _audit(self, connection: Connection, row: Row[Any], action: AuditAction, *, outcome: int = 0) -> None:
        self.context.audit.record(
            connection,
            None,
            action,
            subject_uid=row.study_instance_uid,
            outcome=outcome,
            detail=f"{row.route_id} {row.control_id}",
        )


def _sendable(now: object) -> ColumnElement[bool]:
    """
    Due, and nothing earlier of the same study waits on the route: a correction never overtakes.

    A dead letter holds back the later versions of its own report only.
    """
    earlier = dispatches.alias("earlier")
    held_back = exists().where(
        earlier.c.route_id == dispatches.c.route_id,
        earlier.c.study_instance_uid == dispatches.c.study_instance_uid,
        earlier.c.number < dispatches.c.number,
        or_(
            earlier.c.state == _WAITING,
            and_(earlier.c.state == _DEAD, earlier.c.report_root == dispatches.c.report_root),
        ),
    )
    return and_(dispatches.c.state == _WAITING, dispatches.c.due_at <= now, ~held_back)
