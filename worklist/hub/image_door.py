"""
The shortest way out for an image that is asked for again and again: one stored file, as stored.

A series is some hundred small requests, of which routing, dependencies and answer objects cost several times
what reading the file costs. What is known here already (a running session, an index row, a file on this
machine) is answered here; everything else, and every refusal, is the route's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastapi.concurrency import run_in_threadpool

from worklist.hub.auth import token_digest
from worklist.hub.media_types import AS_STORED, DICOM
from worklist.hub.wado import WHOLE_FILE, StoredInstance, WadoService

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from worklist.hub.context import HubContext

_WANTED: Final = f"{DICOM}; transfer-syntax={AS_STORED}".encode()
_PATH: Final = re.compile(r"/dicom-web/studies/([0-9.]+)/series/([0-9.]+)/instances/([0-9.]+)")


class ImageDoor:
    """ASGI middleware before all others; what it does not answer passes through untouched."""

    def __init__(self, app: ASGIApp, context: HubContext, wado: WadoService) -> None:
        self._app = app
        self._context = context
        self._wado = wado

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        stored = self._asked_for(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        content = None if stored is None else await run_in_threadpool(_read, self._wado.stored_path(stored))
        if stored is None or content is None:
            await self._app(scope, receive, send)
            return
        headers = [
            (b"etag", f'"sha256:{stored.key.digest}"'.encode()),
            (b"cache-control", b"private"),
            (b"content-location", _location(scope, stored).encode()),
            (b"content-length", str(len(content)).encode()),
            (b"content-type", f"{DICOM}; transfer-syntax={stored.transfer_syntax_uid}".encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _asked_for(self, scope: Scope) -> StoredInstance | None:
        """Return what is asked for where the asker may have it, None where the route must look."""
        found = _PATH.fullmatch(scope["path"])
        if found is None or scope["query_string"]:
            return None
        headers = dict(scope["headers"])
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme != b"Bearer" or headers.get(b"accept") != _WANTED or b"if-none-match" in headers:
            return None
        actor = self._context.sessions.actor(token_digest(token.decode("latin-1")), self._context.clock.now())
        stored = self._wado.known(*found.groups())
        if actor is None or stored is None or not stored.site_id or not actor.may_see_site(stored.site_id):
            return None
        return stored if stored.size <= WHOLE_FILE else None


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError:
        return None  # the route tells what is wrong


def _location(scope: Scope, stored: StoredInstance) -> str:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    return f"{scope['scheme']}://{host}/dicom-web{stored.path}"
