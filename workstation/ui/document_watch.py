"""Looks now and then whether the hub gives newer documents, and lets new reports begin with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer

from workstation.domain.errors import WorkstationError
from workstation.domain.shared_document import DocumentInfo, KnownDocuments
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.shared_documents import DocumentsInUse

EVERY_MS: Final = 5 * 60_000
"""So often the hub is asked; what it answers is a list of a few hundred bytes"""
_PATIENCE_MS: Final = 1_000
"""So often it is looked whether the report is closed that newer documents wait for"""
Tell = Callable[[tuple[DocumentInfo, ...]], object]


class DocumentWatch(QObject):
    """
    Documents are exchanged while no case is open or on its way only: no form, paper or rules change in mid-report.

    ``waiting(infos)`` is told once newer ones wait, ``taken(infos)`` once they hold, with none where the hub answered
    that those in use are the newest. Ends with ``stop``.
    """

    def __init__(
        self,
        jobs: JobRunner,
        fetch: Callable[[], KnownDocuments],
        in_use: DocumentsInUse,
        is_free: Callable[[], bool],
        *,
        waiting: Tell,
        taken: Tell,
    ) -> None:
        super().__init__()
        self._jobs, self._fetch, self._in_use, self._is_free = jobs, fetch, in_use, is_free
        self._tell_waiting, self._tell_taken = waiting, taken
        self._newest: KnownDocuments | None = None
        self._asking: JobHandle[KnownDocuments] | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(EVERY_MS)
        self._clock.timeout.connect(self.ask)
        self._clock.start()
        self._patience = QTimer(self)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self.take_if_free)

    def ask(self) -> None:
        """Ask the hub what it has now; a hub that does not answer is asked again later and told of elsewhere."""
        if self._asking is None:
            self._asking = self._jobs.submit(
                Pool.IO, lambda _job: self._fetch(), on_success=self._answered, on_error=self._silent
            )

    def _answered(self, known: KnownDocuments) -> None:
        self._asking = None
        newer = self._in_use.newer(known)
        self._newest = known if newer else None
        if not newer:
            self._patience.stop()
            self._tell_taken(())
            return
        if not self.take_if_free():
            self._tell_waiting(newer)
            self._patience.start()

    def _silent(self, error: Exception) -> None:
        self._asking = None
        if not isinstance(error, WorkstationError):
            raise error

    def take_if_free(self) -> bool:
        """Let new reports begin with what waits, if no report is open; tells whether it does now."""
        known = self._newest
        if known is None or not self._is_free():
            return False
        newer = self._in_use.newer(known)
        self._newest = None
        self._patience.stop()
        self._in_use.take(known)
        self._tell_taken(newer)
        return True

    def stop(self) -> None:
        """Look no more."""
        self._clock.stop()
        self._patience.stop()
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._newest = None
