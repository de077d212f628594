"""Rounds in which the desk sends what waits in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import WorkstationError
from workstation.services.delivery_service import DeliverReports, DeliveryOutcome
from workstation.services.jobs import Pool
from workstation.ui.desk_jobs import DeskJobs

DELIVERY_INTERVAL_MS: Final = 5000


class DeliveryRounds(QObject):
    """One round after the other while somebody is signed in."""

    delivered = Signal(object)
    """``DeliveryOutcome`` of a round in which something moved, or began or ceased to wait for its time stamp"""
    undelivered = Signal(object, str)
    """``WorkstationError`` and Study Instance UID: the hub did not take a signed report, its text is a draft again"""
    failed = Signal(object)
    """``WorkstationError``"""

    def __init__(
        self, parent: QObject, deliver: DeliverReports, jobs: DeskJobs, actor: Callable[[], Actor | None]
    ) -> None:
        super().__init__(parent)
        self._deliver, self._jobs, self._actor = deliver, jobs, actor
        self._running = False
        self._without_stamp = (0, 0)
        self._timer = QTimer(self)
        self._timer.setInterval(DELIVERY_INTERVAL_MS)
        self._timer.timeout.connect(self.deliver)

    def start(self) -> None:
        """Begin to deliver, now and after every pause."""
        self._timer.start()
        self.deliver()

    def stop(self) -> None:
        """Begin no further round."""
        self._timer.stop()

    def deliver(self) -> None:
        """Send what waits in the outbox; rounds never overlap."""
        if self._running or self._actor() is None:
            return
        self._running = True
        # not on the one database thread: a slow line must never hold up saving a draft
        self._jobs.submit(Pool.IO, self._deliver, on_success=self._done, on_error=self._refused)

    def _done(self, outcome: DeliveryOutcome) -> None:
        self._running = False
        is_news = outcome.delivered or outcome.refused or outcome.stamped
        if is_news or (outcome.held, outcome.unstamped) != self._without_stamp:
            self._without_stamp = outcome.held, outcome.unstamped
            self.delivered.emit(outcome)
        if outcome.refused:
            error = _undelivered(outcome)
            self.undelivered.emit(error, outcome.study_instance_uid)
            self.failed.emit(error)

    def _refused(self, error: Exception) -> None:
        self._running = False
        if not isinstance(error, WorkstationError):
            raise error
        self.failed.emit(error)


def _undelivered(outcome: DeliveryOutcome) -> WorkstationError:
    return WorkstationError(
        tr("The centre did not take a signed report: {reason}", reason=outcome.reason),
        hint=outcome.hint
        or tr("It is kept on this machine, and its text is your draft again. Claim the case before you sign."),
    )
