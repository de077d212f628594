"""Whose certificate could sign now: a token's driver may take seconds to say so, and is asked in a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.services.jobs import JobRunner, Pool

EVERY_MS: Final = 2_000
"""How often a token is looked for while somebody waits for it."""


class CertificateWatch(QObject):
    """
    Asks for the subject of a person's certificate off the window's thread.

    ``told(subject)`` comes while it watches, empty where there is none: a token may be plugged in or pulled out.
    """

    told = Signal(str)

    def __init__(
        self, parent: QObject, ask: Callable[[str], str], jobs: JobRunner, *, every_ms: int = EVERY_MS
    ) -> None:
        super().__init__(parent)
        self._ask, self._jobs = ask, jobs
        self._user_id = ""
        self._asking = False
        self._timer = QTimer(self)
        self._timer.setInterval(every_ms)
        self._timer.timeout.connect(self._look)

    @property
    def asking(self) -> bool:
        """Tell whether an answer is awaited."""
        return self._asking

    def ask(self, user_id: str, then: Callable[[str], None]) -> None:
        """Call ``then`` with the subject, empty where the person has no certificate here."""
        self._asking = True

        def answered(subject: str) -> None:
            if isValid(self):
                self._asking = False
                then(subject)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                self._asking = False
                raise error
            answered("")

        def work(_job: JobContext) -> str:
            return self._ask(user_id)

        self._jobs.submit(Pool.IO, work, on_success=answered, on_error=failed)

    def watch(self, user_id: str) -> None:
        """Tell the subject now and again, until ``rest``."""
        self._user_id = user_id
        self._timer.start()
        self._look()

    def rest(self) -> None:
        """Watch no longer: what is on its way is told to nobody."""
        self._user_id = ""
        self._timer.stop()

    def _look(self) -> None:
        if self._asking or not self._user_id:
            return
        user_id = self._user_id
        self.ask(user_id, lambda subject: self.told.emit(subject) if user_id == self._user_id else None)
