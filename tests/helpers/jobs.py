"""A job context for tests: remembers progress and can be cancelled."""

from __future__ import annotations

import threading

from workstation.domain.errors import JobCancelled


class RecordingJob:
    """Implements ``JobContext``."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.cancelled = threading.Event()

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()
        assert 0 <= fraction <= 1
        self.told.append((fraction, text))

    def raise_if_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise JobCancelled
