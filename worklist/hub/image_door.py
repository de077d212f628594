"""
The shortest way out for images that are asked for again and again: stored files, as stored.

A series is some hundred small requests, of which routing, dependencies and answer objects cost several times
what reading the file costs. What is known here already (a running session, an index row, a file on this
machine) is answered here; everything else, and every refusal, is the route's.

Beside the DICOMweb route there is ``/api/studies/…/series/…/images?instances=UID,UID…``: several images in one
answer, each behind a line ``UID SIZE DIGEST`` in the order asked for. An image that cannot be had on this short
way is left out, so that it is asked for by itself; no route stands behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fastapi.concurrency import run_in_threadpool

from worklist.hub.auth import token_digest
from worklist.hub.errors import HubError
from worklist.hub.media_types import AS_STORED, DICOM
from worklist.hub.wado import WHOLE_FILE, StoredInstance, WadoService
from workstation.domain.errors import WorkstationError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from worklist.hub.context import HubContext
    from workstation.domain.access import Actor

TOGETHER: Final = 32
"""The most images of one answer"""
_WANTED: Final = f"{DICOM}; transfer-syntax={AS_STORED}".encode()
_UID: Final = "[0-9.]{1,64}"
_PATH: Final = re.compile(rf"/dicom-web/studies/({_UID})/series/({_UID})/instances/({_UID})")
_TOGETHER_PATH: Final = re.compile(rf"/api/studies/({_UID})/series/({_UID})/images")
_TOGETHER_QUERY: Final = re.compile(rf"instances=({_UID}(?:,{_UID}){{0,{TOGETHER - 1}}})")
_Headers = list[tuple[bytes, bytes]]


class ImageDoor:
    """ASGI middleware before all others; what it does not answer passes through untouched."""

    def __init__(self, app: ASGIApp, context: HubContext, wado: WadoService) -> None:
        self._app = app
        self._context = context
        self._wado = wado

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http" and scope["method"] == "GET":
            if (one := _PATH.fullmatch(scope["path"])) is not None:
                answered = await self._one(scope, send, *one.groups())
            elif (several := _TOGETHER_PATH.fullmatch(scope["path"])) is not None:
                answered = await self._together(scope, send, *several.groups())
            else:
                answered = False
            if answered:
                return
        await self._app(scope, receive, send)

    async def _one(self, scope: Scope, send: Send, study: str, series: str, instance: str) -> bool:
        headers = dict(scope["headers"])
        if scope["query_string"] or headers.get(b"accept") != _WANTED or b"if-none-match" in headers:
            return False
        actor, stored = self._actor(headers), self._wado.known(study, series, instance)
        if actor is None or stored is None or not _may_have(actor, stored) or stored.size > WHOLE_FILE:
            return False
        content = await run_in_threadpool(_read, self._wado.stored_path(stored))
        if content is None:
            return False
        digests = [(name.lower().encode(), value.encode()) for name, value in stored.digests.items()]
        host = headers.get(b"host", b"").decode("latin-1")
        location = f"{scope['scheme']}://{host}/dicom-web{stored.path}"
        told: _Headers = [
            *digests,
            (b"cache-control", b"private"),
            (b"content-location", location.encode()),
            (b"content-length", str(len(content)).encode()),
            (b"content-type", f"{DICOM}; transfer-syntax={stored.transfer_syntax_uid}".encode()),
        ]
        await _answer(send, told, [content])
        return True

    async def _together(self, scope: Scope, send: Send, study: str, series: str) -> bool:
        asked = _TOGETHER_QUERY.fullmatch(scope["query_string"].decode("latin-1"))
        actor = self._actor(dict(scope["headers"]))
        if asked is None or actor is None:
            return False
        parts = await run_in_threadpool(self._parts, actor, study, series, asked[1].split(","))
        length = sum(map(len, parts))
        told: _Headers = [
            (b"cache-control", b"private"),
            (b"content-length", str(length).encode()),
            (b"content-type", b"application/octet-stream"),
        ]
        await _answer(send, told, parts)
        return True

    def _parts(self, actor: Actor, study: str, series: str, instances: list[str]) -> list[bytes]:
        """Return heads and files in turn, as many as fit into one answer."""
        parts: list[bytes] = []
        size = 0
        for uid in instances:
            stored = self._stored(actor, study, series, uid)
            if stored is None or size + stored.size > WHOLE_FILE:
                continue
            content = _read(self._wado.stored_path(stored))
            if content is None:
                continue
            digest = f"blake3:{stored.blake3}" if stored.blake3 else f"sha256:{stored.key.digest}"
            parts += [f"{uid} {len(content)} {digest}\n".encode(), content]
            size += stored.size
        return parts

    def _stored(self, actor: Actor, study: str, series: str, uid: str) -> StoredInstance | None:
        found = self._wado.known(study, series, uid)
        if found is None:
            try:
                return self._wado.instance(actor, study, series, uid)
            except (HubError, WorkstationError):
                return None
        return found if _may_have(actor, found) else None

    def _actor(self, headers: dict[bytes, bytes]) -> Actor | None:
        """Return who asks, None where the route must look."""
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme != b"Bearer":
            return None
        return self._context.sessions.actor(token_digest(token.decode("latin-1")), self._context.clock.now())


def _may_have(actor: Actor, stored: StoredInstance) -> bool:
    return bool(stored.site_id) and actor.may_see_site(stored.site_id)


async def _answer(send: Send, headers: _Headers, parts: list[bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": parts[-1] if parts else b""})


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError:
        return None  # the route tells what is wrong
