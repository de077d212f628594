"""The long-running commands without a window: ``lianyue hub`` and ``lianyue worker``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType

from resources.translation import tr
from workstation.bootstrap.adapters import connect, detection_worker
from workstation.bootstrap.console import password_for
from workstation.bootstrap.models import image_shadow_runner, models_in_use, shadow_runner


def run_hub_command(options: argparse.Namespace) -> int:
    """Serve until interrupted, sending signed reports to the sites meanwhile."""
    from worklist.hub.server import run_hub
    from worklist.hub.settings import HubSettings
    from workstation.bootstrap.dispatch import hub_carriers, hub_route_checks
    from workstation.bootstrap.documents import hub_judges
    from workstation.bootstrap.signing import hub_signatures

    films = tuple(options.pre_read_films)
    settings = HubSettings(options.data, options.database, options.archive, options.demo_users, films)
    checks = hub_route_checks(options.data, options.drop)
    with hub_carriers(options.data, options.drop, options.commitment, options.commitment_tls) as carriers:
        run_hub(
            settings,
            options.host,
            options.port,
            carriers=carriers,
            judges=hub_judges(),
            checks=checks,
            signatures=hub_signatures(options.trust),
            notice="" if options.trust is not None else _unchecked_signers(),
        )
    return 0


def _unchecked_signers() -> str:
    return tr("No authority is named (--trust): signed reports are checked to be whole, not by whom they were signed")


def tell(notice: str) -> None:
    """Write a notice where a service's log is kept; one that nobody takes any more costs no study its marks."""
    with suppress(OSError, ValueError):
        print(notice, file=sys.stderr, flush=True)


def run_worker_command(options: argparse.Namespace) -> int:
    """Claim and run AI workitems until interrupted."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    with connect(options.hub) as hub:
        hub.session.sign_in(options.user, password_for(options.user, options.hub))
        in_use = models_in_use(options.provider, tell=tell)
        detector = in_use().detector  # a model that cannot be opened is told now, not with the first study
        if detector is None:
            print(tr("Worker ready on {hub}, but AI is switched off on this machine", hub=options.hub), flush=True)
        else:
            print(tr("Worker ready: {model} on {hub}", model=detector.identity.name, hub=options.hub), flush=True)
        shadows = shadow_runner(provider=options.provider), image_shadow_runner(provider=options.provider)
        detection_worker(hub, in_use, shadow=shadows[0], image_shadow=shadows[1])(stop)
        hub.session.sign_out()
    return 0
