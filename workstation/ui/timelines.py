"""Fills a time-line from the hub and keeps it current while somebody looks at it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

from workstation.domain.dispatch import TimelineEvent, TimelinePort
from workstation.domain.errors import WorkstationError
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.widgets.timeline_panel import TimelinePanel

_EVERY_MS = 15_000


class TimelineFollower(QObject):
    """One panel; it lives as long as its panel does."""

    def __init__(self, panel: TimelinePanel, timelines: TimelinePort, jobs: JobRunner) -> None:
        super().__init__(panel)
        self._panel, self._timelines, self._jobs = panel, timelines, jobs
        self._case = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def follow(self, ups_instance_uid: str) -> None:
        """Show what became of the reports of a case, of none for an empty UID."""
        if not isValid(self):  # the desk outlives a page that spoke another language
            return
        if ups_instance_uid != self._case:
            self._case = ups_instance_uid
            self._panel.show_events(())
        self.refresh()

    def refresh(self) -> None:
        """Ask again."""
        case = self._case
        if not case or not isValid(self):
            return

        def done(events: list[TimelineEvent]) -> None:
            if isValid(self) and case == self._case:
                self._panel.show_events(events)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error  # what was shown stays; the page itself says that the line is dead

        self._jobs.submit(Pool.IO, lambda _job: self._timelines.timeline(case), on_success=done, on_error=failed)

    def _look(self) -> None:
        if self._panel.isVisible():
            self.refresh()
