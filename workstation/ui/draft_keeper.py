"""
Keeps what was typed until it is on disk: saves after each pause, tries again, never goes backwards.

Writes happen in the background and, when a case is put away, on the main thread. Both go through
one lock and one running number, so that an older version never overwrites a newer one and no late
write brings back the draft of a report that has left the desk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.domain.errors import StorageError, WorkstationError
from workstation.domain.report import Report
from workstation.services.jobs import JobRunner, Pool

AUTOSAVE_PAUSE_MS: Final = 800
RETRY_MS: Final = 5000


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    report: Report


class DraftKeeper(QObject):
    """``touch`` for each change; ``flush`` before the case is put away; ``forget`` once it left the desk."""

    saved = Signal(object)
    """``datetime`` of the saved version, UTC"""
    failed = Signal(object)
    """``WorkstationError``; the version is kept and tried again"""

    def __init__(self, save: Callable[[Report], None], jobs: JobRunner) -> None:
        super().__init__()
        self._save = save
        self._jobs = jobs
        self._number = 0
        self._unsaved: dict[str, _Version] = {}
        self._written: dict[str, int] = {}
        self._writing = threading.Lock()
        self._open = True
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._save_in_background)

    def touch(self, report: Report) -> None:
        """Take note of a new version and save it after a pause."""
        self._number += 1
        self._unsaved[report.study_instance_uid] = _Version(self._number, report)
        self._pause.start(AUTOSAVE_PAUSE_MS)

    def unsaved(self, study_instance_uid: str) -> Report | None:
        """Return the version of a study that is not on disk yet."""
        version = self._unsaved.get(study_instance_uid)
        return None if version is None else version.report

    @property
    def has_unsaved(self) -> bool:
        """Tell whether anything is not on disk yet."""
        return bool(self._unsaved)

    def flush(self) -> bool:
        """Write everything now, a few milliseconds; False when the disk refused, which ``failed`` has told."""
        self._pause.stop()
        for version in tuple(self._unsaved.values()):
            try:
                self._write(version)
            except StorageError as error:
                self._pause.start(RETRY_MS)
                self.failed.emit(error)
                return False
            self._done(version)
        return True

    def forget(self, study_instance_uid: str) -> None:
        """Write nothing of this study any more; waits for a write that is on its way."""
        with self._writing:
            self._unsaved.pop(study_instance_uid, None)
            self._written[study_instance_uid] = self._number

    def close(self) -> None:
        """Write what is left and stop."""
        self.flush()
        self._open = False
        self._pause.stop()

    def _save_in_background(self) -> None:
        for version in tuple(self._unsaved.values()):
            self._submit(version)

    def _submit(self, version: _Version) -> None:
        self._jobs.submit(
            Pool.DB,
            lambda _job: self._write(version),
            on_success=lambda _none: self._done(version),
            on_error=self._retry,
        )

    def _write(self, version: _Version) -> None:
        study = version.report.study_instance_uid
        with self._writing:
            if self._written.get(study, 0) < version.number:
                self._save(version.report)
                self._written[study] = version.number

    def _done(self, version: _Version) -> None:
        study = version.report.study_instance_uid
        if not self._open or study not in self._unsaved:
            return
        if self._unsaved[study].number == version.number:
            del self._unsaved[study]
        self.saved.emit(version.report.updated_at)

    def _retry(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if self._open:
            self._pause.start(RETRY_MS)
            self.failed.emit(error)
