"""Builds the volume of a complete series off the main thread."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from resources.translation import tr
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.mpr_plane import MprPlane, image_plane, plane_grid
from viewers.scene.reslice import ResliceRequest
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.image_service import BuiltVolume, PlacedSlice, build_volume
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.images.cut_scenes import on_voxels
from workstation.ui.images.shown_series import ShownSeries


class VolumeBuilding(QObject):
    """At most one volume at a time; what another series began is dropped."""

    built = Signal(object)
    """``ShownSeries`` whose ``built`` is set"""
    refused = Signal(object, object)
    """``ShownSeries`` whose ``refusal`` is set, ``WorkstationError``"""

    def __init__(self, parent: QObject, jobs: JobRunner) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: JobHandle[BuiltVolume] | None = None
        self._shown: ShownSeries | None = None

    def start(self, shown: ShownSeries) -> None:
        """Build the volume of a series that is completely here; nothing happens for any other."""
        images = list(shown.images.values())
        if shown.built is not None and not shown.scenes:
            self.built.emit(shown)  # built for another purpose, before it was looked at
        if shown.built is not None or shown.refusal or self._job is not None:
            return
        if shown.comes_and_goes or len(images) < max(2, shown.scene.count):
            self.refuse_early(shown)
            return
        slices = [PlacedSlice(image.pixels, image.plane, image.padding) for image in images]
        uid, frame, unit = shown.series_instance_uid, shown.scene.frame_of_reference_uid, images[0].unit
        number = shown.scene.stack_number

        def work(job: JobContext) -> BuiltVolume:
            built = build_volume(
                slices,
                frame_of_reference_uid=frame,
                series_instance_uid=uid,
                unit=unit,
                stack_number=number,
                job=job,
            )
            slices.clear()
            warm_up_planes(built.volume)
            return built

        self._shown = shown
        self._job = self._jobs.submit(
            Pool.CPU,
            work,
            on_success=lambda built: self.take(shown, built),
            on_error=lambda error: self._failed(shown, error),
        )

    def refuse_early(self, shown: ShownSeries) -> None:
        """Say of a stack that is never here whole that it gets no volume; its first slice is enough to know."""
        if not shown.refusal and shown.comes_and_goes:
            text = tr("Too many frames to be held at once: they make no volume")
            shown.refusal = text
            self.refused.emit(
                shown, WorkstationError(text, hint=tr("Every frame can be read in the stack; planes need all at once."))
            )

    def drop(self) -> None:
        """Stop building."""
        if self._job is not None:
            self._job.cancel()
        self._job = self._shown = None

    def take(self, shown: ShownSeries, built: BuiltVolume) -> None:
        """Give a series its volume."""
        self._job = self._shown = None
        shown.built = built
        for layer, index in enumerate(built.order):
            image = shown.scene.image(index)
            shared = None if image is None else on_voxels(image, built.volume, layer)
            if shared is not None:
                shown.scene.put(index, shared)
        self.built.emit(shown)

    def _failed(self, shown: ShownSeries, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if shown is not self._shown:
            return  # failed while it was being dropped
        self._job = self._shown = None
        shown.refusal = error.user_text
        self.refused.emit(shown, error)


def warm_up_planes(volume: Volume) -> None:
    """Load VTK off the main thread: its first plane takes a second, and it must not be the window's."""
    grid = plane_grid(volume, MprPlane.AXIAL)
    small = replace(volume, voxels=volume.voxels[:2, :2, :2].copy())
    VtkReslicer()(ResliceRequest(small, image_plane(grid, MprPlane.AXIAL, grid.first_mm), (2, 2)))
