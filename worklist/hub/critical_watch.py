"""The clock of the critical values: it runs on the hub, whether or not any client does."""

from __future__ import annotations

import logging
import threading
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from worklist.hub.critical_service import CriticalService
from workstation.domain.ports import Clock

LONGEST_WAIT_S: Final = 15.0
"""Another hub on the same database may start a clock that nobody tells us of."""

log = logging.getLogger(__name__)


class CriticalWatch:
    """A thread that sleeps until the next clock is due, writes down what it says, and sleeps again."""

    def __init__(self, service: CriticalService, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="critical-watch", daemon=True)
        service.clock_started = self.wake

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; harmless when not started."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Look at the clocks now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            self._wake.wait(self._look())

    def _look(self) -> float:
        """Write down what is due and return how long nothing else can be, in seconds."""
        try:
            self._service.tick()
            due = self._service.next_due()
        except SQLAlchemyError:  # the database is away for a moment; the clocks are in it and lose nothing
            log.warning("critical values could not be looked at", exc_info=True)
            return LONGEST_WAIT_S
        if due is None:
            return LONGEST_WAIT_S
        return min(LONGEST_WAIT_S, max(0.05, (due - self._clock.now()).total_seconds()))
