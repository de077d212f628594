"""HTTP to a site's server: credentials by name, no environment proxies, and failures told apart."""

from __future__ import annotations

import os
import ssl
from typing import Final

import httpx

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Route
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.exchange.routes.hl7v2 import told_without_patient
from workstation.exchange.routes.secure_lines import SecureLines, line_failure

CONNECT_TIMEOUT_S: Final = 10.0
_MAY_PASS: Final = frozenset({401, 403, 408, 423, 425, 429})
"""Credentials may be mended and queues may empty without anybody touching the report."""


def secret(route: Route) -> str:
    """Return the route's secret, empty where it has none. Raises Refused where it is not set in this process."""
    if not route.secret_name:
        return ""
    value = os.environ.get(f"LIANYUE_ROUTE_{route.secret_name}", "")
    if not value:
        raise Refused(
            tr("The password of this route is not set on the hub"),
            hint=tr("Set the environment variable {name} and start the hub again.",
                    name=f"LIANYUE_ROUTE_{route.secret_name}"),
            detail="no secret",
        )  # fmt: skip
    return value


def client(route: Route, lines: SecureLines) -> httpx.Client:
    """Return a client for one delivery. Raises Refused, NotTrusted."""
    password = secret(route)
    headers = {"Authorization": f"Bearer {password}"} if password and not route.user else {}
    return httpx.Client(
        base_url=route.address.rstrip("/") + "/",
        verify=lines.calling(route),
        auth=(route.user, password) if route.user else None,
        headers=headers,
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(route.answer_timeout_s, connect=min(CONNECT_TIMEOUT_S, route.answer_timeout_s)),
    )


def sent(line: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Return the whole answer. Raises NotTrusted, Unreachable."""
    try:
        return line.send(request)
    except httpx.TransportError as exc:
        cause: BaseException | None = exc
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise line_failure(cause, request.url.host, greeting=isinstance(exc, httpx.ConnectError)) from exc
        raise Unreachable(
            tr("The receiver does not answer"), hint=tr("It is tried again until it does."), detail=type(exc).__name__
        ) from exc


def require_success(answer: httpx.Response, consignment: Consignment, words: str) -> None:
    """Return for 2xx. Raises Undeliverable for what will not pass by itself, Refused for what may."""
    if answer.is_success:
        return
    reason = told_without_patient(words, consignment) or answer.reason_phrase
    passing = answer.status_code in _MAY_PASS or answer.is_server_error
    kind = Refused if passing else Undeliverable
    raise kind(
        tr("The receiver refused the report ({code}): {reason}", code=answer.status_code, reason=reason),
        detail=f"HTTP {answer.status_code}",
    )
