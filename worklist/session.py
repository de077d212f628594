"""Signing in and out at the hub."""

from __future__ import annotations

import contextlib
from http import HTTPStatus

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from resources.translation import tr
from worklist.errors import refusal
from worklist.http import SESSION_PATH, HubClient, understood
from workstation.domain.access import Actor
from workstation.domain.errors import SignInFailed, WorkstationError


@dataclass(frozen=True, slots=True)
class _Opened:
    token: str
    expires_at: str
    actor: Actor


_OPENED = TypeAdapter(_Opened)


class HubSession:
    """Implements ``SessionPort``; every client that shares the ``HubClient`` acts in this session."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._actor: Actor | None = None

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self._actor

    def sign_in(self, user: str, password: str) -> Actor:
        """Open a bearer session. Raises SignInFailed, Unreachable."""
        response = self._client.raw("POST", SESSION_PATH, json={"user": user, "password": password})
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise SignInFailed(
                tr("User name or password is wrong"),
                hint=tr("Check the Caps Lock key and type both again."),
                detail="sign-in refused",
            )
        if response.is_error:
            raise refusal(response, doing=f"POST {SESSION_PATH}")
        opened = understood(_OPENED, response)
        self._client.authorise(opened.token)
        self._actor = opened.actor
        return opened.actor

    def sign_out(self) -> None:
        """End the session; never raises when the hub is gone."""
        if self._client.authorised:
            with contextlib.suppress(WorkstationError):  # the hub forgets the token when it expires
                self._client.request("DELETE", SESSION_PATH)
        self._client.authorise("")
        self._actor = None
