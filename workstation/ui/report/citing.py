"""Asks for what a report cites while its sign dialog is open, before the PIN."""

from __future__ import annotations

from PySide6.QtCore import QObject
from shiboken6 import isValid

from workstation.domain.report import Report
from workstation.services.citing import CitingOfCase, Evidence
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.sign_dialog import SignDialog


class CitingInDialog(QObject):
    """Belongs to one sign dialog and goes with it."""

    def __init__(self, dialog: SignDialog, report: Report, cite: CitingOfCase, jobs: JobRunner) -> None:
        super().__init__(dialog)
        self._box, self._report, self._cite, self._jobs = dialog.cited, report, cite, jobs
        self._box.again.connect(self.look)
        self._box.without.connect(self._go_without)
        if cite.concerns(report):
            self.look()

    def look(self) -> None:
        """Ask the hub; the dialog tells what it answers."""
        self._box.show_looking()

        def answered(told: Evidence) -> None:
            if not isValid(self):
                return  # the dialog was closed meanwhile
            if told.unknown:
                self._box.show_unknown(told.unknown)
            else:
                self._box.show_known(told.studies)

        self._jobs.submit(Pool.IO, lambda _job: self._cite.look(self._report), on_success=answered)

    def _go_without(self) -> None:
        self._cite.go_without(self._report)
        self._box.show_without()
