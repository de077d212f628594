"""Who is asking, and whether the role allows the act. Every service method takes the Actor it acts for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from worklist.hub.errors import NotSignedIn
from worklist.hub.tables import accounts, sessions, sites
from workstation.domain.access import Actor, Permission, Role
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted

if TYPE_CHECKING:
    from worklist.hub.context import HubContext


async def signed_in(request: Request) -> Actor:
    """Return the signed-in actor of a request (FastAPI dependency); a thread only where the database is asked."""
    context, token = cast("HubContext", request.app.state.hub), _token(request)
    actor = context.sessions.actor(token_digest(token), context.clock.now())
    if actor is not None:
        return actor
    return await run_in_threadpool(current_actor, request)


def current_actor(request: Request) -> Actor:
    """
    Return the signed-in actor of a request, for routes that run in a thread anyway.

    Raises:
        NotSignedIn: no bearer token, an unknown one, or an ended session (HTTP 401).
    """
    actor = actor_of_token(cast("HubContext", request.app.state.hub), _token(request))
    if actor is None:
        raise NotSignedIn("the session has ended", headers={"WWW-Authenticate": "Bearer"})
    return actor


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("sign in first", headers={"WWW-Authenticate": "Bearer"})
    return token.strip()


def token_digest(token: str) -> str:
    """Return what the database keeps of a token, so that a stolen database opens no session."""
    return hashlib.sha256(token.encode()).hexdigest()


def actor_of_token(context: HubContext, token: str) -> Actor | None:
    """Return whose running session a token opens, None when none does; remembered for a moment."""
    digest, now, known = token_digest(token), context.clock.now(), context.sessions
    actor = known.actor(digest, now)
    if actor is not None:
        return actor
    generation = known.generation
    query = (
        select(accounts, sites.c.name.label("site_name"), sessions.c.expires_at)
        .join(sessions, sessions.c.user_id == accounts.c.user_id)
        .join(sites, sites.c.site_id == accounts.c.site_id, isouter=True)
        .where(
            sessions.c.token_sha256 == digest,
            sessions.c.expires_at > now,
            accounts.c.enabled,
        )
    )
    with context.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    actor = Actor(row.user_id, row.display_name, Role(row.role), row.site_id or "", row.site_name or "", row.title)
    known.keep(digest, actor, row.expires_at, generation)
    return actor


def authorize(actor: Actor, permission: Permission, context: HubContext, *, subject_uid: str = "") -> None:
    """
    Refuse an act that the role does not include, and record the attempt.

    Call it before opening a write transaction: the record is written in one of its own.

    Raises:
        NotPermitted: the role does not include the act (HTTP 403).
    """
    if actor.may(permission):
        return
    context.audit.record(
        None, actor, AuditAction.NOT_PERMITTED, subject_uid=subject_uid, outcome=4, detail=permission.value
    )
    raise NotPermitted(f"{actor.role} may not {permission}", detail=f"{actor.role} {permission}")
