"""The threads of a hub that send signed reports to the sites."""

from __future__ import annotations

import threading
from typing import Final

from worklist.hub.archive import Archive
from worklist.hub.consignments import Consignments
from worklist.hub.context import HubContext
from worklist.hub.dispatcher import Dispatcher
from workstation.domain.dispatch import Carriers

THREADS: Final = 3
"""As many routes are worked on at once, so that one silent receiver does not hold up the others."""
_PATIENCE_S: Final = 5.0


class Dispatching:
    """Runs while the hub does; without carriers it does nothing."""

    def __init__(self, context: HubContext, archive: Archive, carriers: Carriers) -> None:
        self._dispatcher = Dispatcher(context, Consignments(context, archive), carriers)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._dispatcher.run, args=(self._stop,), name=f"dispatch-{number}", daemon=True)
            for number in range(THREADS if carriers else 0)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is being sent, or leave it: what has no receipt is sent again."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_PATIENCE_S)
