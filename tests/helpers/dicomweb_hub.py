"""A hub that is only DICOMweb: real database, real accounts, real archive, real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import insert

from tests.helpers.orthanc import free_port
from worklist.hub.archive import Archive, open_archive
from worklist.hub.audit import HubAudit
from worklist.hub.auth import token_digest
from worklist.hub.context import HubContext, SystemClock
from worklist.hub.database import open_database
from worklist.hub.dicomweb import create_router
from worklist.hub.discovery import Discovery
from worklist.hub.errors import HubError
from worklist.hub.image_door import ImageDoor
from worklist.hub.session_cache import SessionCache
from worklist.hub.tables import accounts, sessions, sites
from worklist.hub.wado import WadoService
from workstation.domain.access import Role
from workstation.domain.errors import NotPermitted

_ACCOUNTS = {
    "tech-a": (Role.TECHNICIAN, "site-a"),
    "tech-b": (Role.TECHNICIAN, "site-b"),
    "reader": (Role.READER, None),
    "worker": (Role.WORKER, None),
    "admin": (Role.ADMIN, None),
}
JSON = "application/dicom+json"
AS_STORED = "application/dicom; transfer-syntax=*"


@dataclass(frozen=True)
class DicomwebHub:
    """The application and what lies behind it."""

    app: FastAPI
    context: HubContext
    archive: Archive
    address: str
    open_clients: ExitStack

    def client(self, user: str) -> httpx.Client:
        """Return a client signed in as one of the accounts; the hub closes it."""
        headers = {"Authorization": f"Bearer token of {user}"}
        return self.open_clients.enter_context(httpx.Client(base_url=self.address, headers=headers, timeout=60))

    def actions(self) -> list[str]:
        with self.context.read() as connection:
            return [event.action.value for event in self.context.audit.events(connection)]


@contextmanager
def dicomweb_hub(
    data_dir: Path,
    archive_url: str = "",
    database_url: str | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[DicomwebHub]:
    """Open a hub in a folder; closes its database and archive."""
    data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_database(data_dir, database_url)
    clock = SystemClock()
    context = HubContext(engine, clock, HubAudit(engine, clock), data_dir, SessionCache(monotonic))
    archive = open_archive(data_dir, archive_url)
    with context.write() as connection:
        connection.execute(insert(sites), [{"site_id": s, "name": s} for s in ("site-a", "site-b")])
        for user, (role, site_id) in _ACCOUNTS.items():
            connection.execute(
                insert(accounts).values(
                    user_id=user, password_hash="", display_name=user, role=role.value, site_id=site_id, enabled=True
                )
            )
            connection.execute(
                insert(sessions).values(
                    token_sha256=token_digest(f"token of {user}"),
                    user_id=user,
                    created_at=clock.now(),
                    expires_at=clock.now() + timedelta(hours=1),
                )
            )
    app = FastAPI()
    app.state.hub = context
    discovery = Discovery(context, archive)
    app.state.wado = wado = WadoService(context, archive, discovery)
    app.include_router(create_router(context, archive, discovery, wado))
    app.add_middleware(ImageDoor, context=context, wado=wado)

    @app.exception_handler(HubError)
    def refuse(_: Request, exc: HubError) -> JSONResponse:
        return JSONResponse(exc.body(), exc.status, exc.headers)

    @app.exception_handler(NotPermitted)
    def forbid(_: Request, exc: NotPermitted) -> JSONResponse:
        return JSONResponse({"error": "not_permitted", "message": exc.user_text}, 403)

    try:
        with listening(app) as address, ExitStack() as clients:
            yield DicomwebHub(app, context, archive, address, clients)
    finally:
        archive.close()
        engine.dispose()


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Serve an application on loopback in a thread; yield its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise AssertionError("the server did not start")
            thread.join(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def store(client: httpx.Client, files: Sequence[bytes], study: str = "") -> httpx.Response:
    """Send files in one STOW-RS request."""
    boundary = "a-boundary"
    parts = [b"--%s\r\nContent-Type: application/dicom\r\n\r\n%s\r\n" % (boundary.encode(), file) for file in files]
    return client.post(
        f"/dicom-web/studies/{study}".rstrip("/"),
        content=b"".join(parts) + b"--%s--\r\n" % boundary.encode(),
        headers={
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": JSON,
        },
    )


def reasons(answer: httpx.Response) -> list[int]:
    """Return the failure reasons of a STOW-RS answer."""
    body: dict[str, Any] = answer.json()
    items = body.get("00081198", {}).get("Value", []) + body.get("0008119A", {}).get("Value", [])
    return [entry["00081197"]["Value"][0] for entry in items]


def stored_uids(answer: httpx.Response) -> list[str]:
    """Return the SOP Instance UIDs that a STOW-RS answer confirms."""
    return [entry["00081155"]["Value"][0] for entry in answer.json().get("00081199", {}).get("Value", [])]


def values(results: list[dict[str, Any]], tag: str) -> list[Any]:
    """Return the first value of an attribute in each result."""
    return [(result.get(tag, {}).get("Value") or [None])[0] for result in results]
