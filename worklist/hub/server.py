"""Serving a hub with uvicorn, from the command line or inside another process."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from resources.translation import tr
from worklist.hub.archive import check_archive
from workstation.domain.errors import StorageError, WorkstationError

if TYPE_CHECKING:
    import uvicorn

    from worklist.hub.settings import HubSettings
    from workstation.domain.dispatch import Carriers, RouteChecks
    from workstation.domain.ports import Clock
    from workstation.domain.shared_document import Judges
    from workstation.domain.signed_judging import ReportJudge

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8600
_START_TIMEOUT_S: Final = 60.0


def run_hub(
    settings: HubSettings,
    host: str = LOOPBACK,
    port: int = DEFAULT_PORT,
    *,
    carriers: Carriers | None = None,
    judges: Judges | None = None,
    checks: RouteChecks | None = None,
    signatures: ReportJudge | None = None,
    notice: str = "",
) -> None:
    """
    Serve a hub until it is interrupted; with ``carriers`` it sends signed reports to the sites.

    ``notice`` is told beside the address, once it can be served.

    Raises:
        WorkstationError: demo users beyond loopback, or the port is taken.
        StorageError: database, data folder or external archive cannot be used.
    """
    if settings.demo_users and not is_loopback(host):
        raise WorkstationError(
            tr("Demo users are for this machine only"),
            hint=tr("Leave out --demo-users, or listen on 127.0.0.1."),
            detail="demo users beyond loopback",
        )
    listener = listen(host, port)
    with listener:
        server = _server(settings, carriers=carriers, judges=judges, checks=checks, signatures=signatures)
        check_archive(settings.data_dir, settings.archive_url or "")
        address = listener.getsockname()
        print(f"http://{_shown(address[0])}:{address[1]}", flush=True)  # noqa: T201 - the command's output
        if notice:
            print(notice, file=sys.stderr, flush=True)  # noqa: T201 - ditto
        password = server.config.app.state.accounts.ensure_first_admin()  # type: ignore[union-attr]  # our FastAPI app
        if password is not None:
            print(tr("First account: admin, password {password}", password=password), flush=True)  # noqa: T201 - ditto
        asyncio.run(server.serve(sockets=[listener]))


class EmbeddedHub:
    """A hub inside this process on a free loopback port; for the demonstration and for tests."""

    def __init__(
        self,
        settings: HubSettings,
        *,
        clock: Clock | None = None,
        carriers: Carriers | None = None,
        judges: Judges | None = None,
        checks: RouteChecks | None = None,
        signatures: ReportJudge | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._carriers = carriers
        self._judges = judges
        self._checks = checks
        self._signatures = signatures
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Return the hub's address; RuntimeError before ``start``."""
        if self._listener is None:
            raise RuntimeError("the hub is not started")
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def start(self) -> str:
        """Open database and archive, serve, and return the address once it answers."""
        self._server = server = _server(
            self._settings, self._clock, self._carriers, self._judges, self._checks, self._signatures
        )
        self._listener = listener = listen(LOOPBACK, 0)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), name="hub", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise StorageError(tr("The hub did not start"), detail="uvicorn did not start")
            time.sleep(0.01)
        return self.url

    def stop(self) -> None:
        """Finish running requests, close database and archive; harmless when not started."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=_START_TIMEOUT_S)
        if self._listener is not None:
            self._listener.close()
        self._server = self._thread = self._listener = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def is_loopback(host: str) -> bool:
    """Tell whether an address is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """
    Return a bound socket with TCP_NODELAY, which accepted connections inherit.

    Small answers would otherwise wait 40 ms for a delayed acknowledgement.

    Raises:
        WorkstationError: the port is taken or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY itself only where the protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as exc:
        listener.close()
        taken = exc.errno in {errno.EADDRINUSE, errno.EACCES}
        raise WorkstationError(
            tr("The hub cannot listen on {address}", address=f"{host}:{port}"),
            hint=tr("Another program may use the port; choose another with --port.")
            if taken
            else tr("Give --host an address of this machine, such as 127.0.0.1."),
            detail=str(exc),
        ) from exc
    return listener


def _server(
    settings: HubSettings,
    clock: Clock | None = None,
    carriers: Carriers | None = None,
    judges: Judges | None = None,
    checks: RouteChecks | None = None,
    signatures: ReportJudge | None = None,
) -> uvicorn.Server:
    import uvicorn  # noqa: PLC0415 - the command line starts without it

    from worklist.hub.app import create_hub  # noqa: PLC0415 - ditto
    from worklist.hub.http_protocol import GuardedProtocol  # noqa: PLC0415 - ditto

    config = uvicorn.Config(
        create_hub(settings, clock=clock, carriers=carriers, judges=judges, checks=checks, signatures=signatures),
        http=GuardedProtocol,
        log_config=None,
        access_log=False,  # addresses of studies do not belong into a log
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    return uvicorn.Server(config)


def _shown(address: str) -> str:
    return f"[{address}]" if ":" in address else address
