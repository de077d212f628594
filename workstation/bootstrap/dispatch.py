"""Carriers for the hub, and ``lianyue dispatch``: routes, dead letters, sending again."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from resources.translation import tr
from workstation.bootstrap.adapters import Hub, connect
from workstation.bootstrap.console import password_for
from workstation.bootstrap.templates import template_library
from workstation.domain.dispatch import Carriers, Dispatch, DispatchState, Route, RouteChecks
from workstation.domain.errors import WorkstationError

_ROUTE: Final = TypeAdapter(Route)
_UNDONE: Final = frozenset({DispatchState.WAITING, DispatchState.DEAD})


@contextlib.contextmanager
def hub_carriers(
    data_dir: Path,
    drop: Path | None = None,
    commitment: tuple[str, int] | None = None,
    commitment_tls: tuple[str, int] | None = None,
) -> Iterator[Carriers]:
    """Return what carries reports away from a hub, until the end of the context; its certificates lie in ``tls``."""
    from workstation.exchange.routes.carriers import carriers
    from workstation.exchange.routes.commitment_listener import CommitmentListener
    from workstation.exchange.routes.secure_lines import SecureLines

    host, port = commitment or ("", None)
    listener, lines, secure = CommitmentListener(port, host), SecureLines(data_dir / "tls"), None
    if commitment_tls is not None:
        secure = CommitmentListener(commitment_tls[1], commitment_tls[0], lines=lines)
    try:
        yield carriers(template_library(data_dir).get, drop or data_dir / "drop", listener, lines, secure)
    finally:
        for one in filter(None, (listener, secure)):
            one.stop()


def hub_route_checks(data_dir: Path, drop: Path | None = None) -> RouteChecks:
    """Return what asks the receivers of routes, with the certificates and folders that the carriers use."""
    from workstation.exchange.routes.route_checks import route_checks
    from workstation.exchange.routes.secure_lines import SecureLines

    return route_checks(drop or data_dir / "drop", SecureLines(data_dir / "tls"))


def run_dispatch_command(options: argparse.Namespace) -> int:
    """List, send again, give up; list and change routes. 1 where something waits for a person."""
    with connect(options.hub) as hub:
        hub.session.sign_in(options.user, password_for(options.user, options.hub))
        try:
            return _act(hub, options)
        finally:
            hub.session.sign_out()


def _act(hub: Hub, options: argparse.Namespace) -> int:
    if options.action == "list":
        return _listed(hub.dispatch.dispatches(), everything=options.all)
    if options.action == "routes":
        for status in hub.dispatch.routes():
            route = status.route
            mark = "on" if route.enabled else "off"
            counts = f"waiting {status.waiting} dead {status.dead} delivered {status.delivered}"
            print(f"{route.route_id:20} {route.site_id:12} {route.kind:8} {mark:3} {counts}  {status.trouble}".rstrip())
        return 0
    if not options.item:
        raise WorkstationError(tr("Name what is meant"), hint="lianyue dispatch retry 12 | route FILE.json")
    if options.action == "route":
        for name in options.item:
            print(hub.dispatch.put_route(_read(Path(name))).route_id)
        return 0
    for number in map(_number, options.item):
        again = options.action == "retry"
        done = hub.dispatch.send_again(number) if again else hub.dispatch.give_up(number, options.reason)
        print(_line(done))
    return 0


def _listed(found: list[Dispatch], *, everything: bool) -> int:
    for one in found:
        if everything or one.state in _UNDONE:
            print(_line(one))
    return int(any(one.state is DispatchState.DEAD for one in found))


def _line(one: Dispatch) -> str:
    told = one.reason or one.proof
    at = one.queued_at.astimezone().isoformat(timespec="minutes")
    return f"{one.number:6} {one.state:10} {one.route_id:20} {at} x{one.attempts} {one.report_uid} {told}".rstrip()


def _number(text: str) -> int:
    if not text.isdecimal():
        raise WorkstationError(tr("{text} is no number of a dispatch", text=text), hint="lianyue dispatch list")
    return int(text)


def _read(path: Path) -> Route:
    try:
        return _ROUTE.validate_json(path.read_bytes())
    except OSError as exc:
        raise WorkstationError(tr("{path} cannot be read", path=path), detail=type(exc).__name__) from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise WorkstationError(
            tr("{path} describes no route: {reason}", path=path, reason=f"{place} {first['msg']}".strip()),
            detail="route file",
        ) from exc
