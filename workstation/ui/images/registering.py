"""Registers one series to another in the background and asks the reader whether the result may be used."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.registration import RigidRegistration
from workstation.domain.volume import Volume
from workstation.services.fusion_service import RegisterSeries
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.dialogs import ConfirmDialog


class SeriesRegistering(QObject):
    """One registration at a time; nothing is in force until the reader says so."""

    told = Signal(float)
    """How far it is, from 0 to 1"""
    failed = Signal(object)
    """``WorkstationError``"""
    accepted = Signal(object)
    """``RigidRegistration`` that the reader accepted"""
    rejected = Signal()
    """The reader did not accept it, or a fault of the program ended it"""

    def __init__(self, parent: QWidget, jobs: JobRunner, register: RegisterSeries) -> None:
        super().__init__(parent)
        self._over, self._jobs, self._register = parent, jobs, register
        self._job: JobHandle[RigidRegistration] | None = None
        self.dialog: ConfirmDialog | None = None

    @property
    def is_running(self) -> bool:
        """Tell whether a registration is being computed."""
        return self._job is not None

    def start(self, fixed: Volume, moving: Volume, doubts: tuple[str, ...] = ()) -> None:
        """
        Compute how two volumes lie to each other, unless that is being done.

        ``doubts`` say what is known against it before anything is computed; the reader is asked with them.
        """
        if self._job is not None or self.dialog is not None:
            return

        def work(job: JobContext) -> RigidRegistration:
            return replace(self._register(fixed, moving, job), further_doubts=doubts)

        self.told.emit(0.0)
        self._job = self._jobs.submit(
            Pool.CPU,
            work,
            on_success=self._propose,
            on_error=self._not_registered,
            on_progress=lambda share, _words: self.told.emit(share),
        )

    def stop(self) -> None:
        """Stop computing; a question that stands stays."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def close(self) -> None:
        """Stop and take a question away: its case goes."""
        self.stop()
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.reject()

    def _not_registered(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            self.rejected.emit()
            raise error
        self.failed.emit(error)

    def _propose(self, proposal: RigidRegistration) -> None:
        self._job = None
        self.dialog = dialog = ConfirmDialog(
            self._over,
            tr("Use this registration?"),
            proposal.sentence(),
            tr("Use it"),
            hint=tr("Accepted, it holds for this case only, and the images say so. It can be parted again."),
            danger=bool(proposal.doubts),
        )
        dialog.cancel.set_text(tr("Do not use it"))
        dialog.finished.connect(lambda result: self._decided(dialog, proposal, result))
        dialog.open()

    def _decided(self, dialog: ConfirmDialog, proposal: RigidRegistration, result: int) -> None:
        is_of_this_case = self.dialog is dialog
        self.dialog = None
        dialog.deleteLater()
        if not is_of_this_case:
            return  # the case went while the dialog stood
        if result == QDialog.DialogCode.Accepted:
            self.accepted.emit(proposal.accepted())
        else:
            self.rejected.emit()
