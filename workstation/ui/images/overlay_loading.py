"""Brings a second series to the point where it can be laid over the one on screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from resources.translation import tr
from viewers.scene.fusion import FusionLook, default_look
from viewers.scene.image import SliceImage
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.suv import SuvType
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay, PrepareOverlay
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.images.volume_building import VolumeBuilding
from workstation.ui.slice_feed import OpenStream, SliceFeed


@dataclass(frozen=True, slots=True, eq=False)
class LoadedOverlay:
    """A series ready to be laid over another, and how it is shown at first."""

    shown: ShownSeries
    prepared: PreparedOverlay
    look: FusionLook


class OverlayLoading(QObject):
    """One overlay at a time: slices, volume, uptake values; all signals on the main thread."""

    told = Signal(str)
    """What it is doing, in words"""
    ready = Signal(object)
    """``LoadedOverlay``"""
    failed = Signal(object)
    """``WorkstationError``"""

    def __init__(self, parent: QObject, jobs: JobRunner, open_stream: OpenStream, prepare: PrepareOverlay) -> None:
        super().__init__(parent)
        self._jobs, self._open_stream, self._prepare = jobs, open_stream, prepare
        self._case: OpenImages | None = None
        self._shown: ShownSeries | None = None
        self._job: JobHandle[tuple[PreparedOverlay, FusionLook]] | None = None
        self._wanted = SuvType.BW
        self._feed = SliceFeed(self)
        self._feed.arrived.connect(self._arrived)
        self._feed.failed.connect(self._slices_failed)
        self._feed.settled.connect(self._settled)
        self._volumes = VolumeBuilding(self, jobs)
        self._volumes.built.connect(self._built)
        self._volumes.refused.connect(lambda _shown, error: self.failed.emit(error))

    def start(self, case: OpenImages, key: str, wanted: SuvType = SuvType.BW) -> None:
        """Fetch what is missing of a series and prepare it; whatever ran before is dropped."""
        self.close()
        shown = case.open(key)
        if shown is None:
            return
        self._case, self._shown, self._wanted = case, shown, wanted
        shown.failed.clear()
        missing = shown.missing if shown.built is None else ()
        self._tell_progress(shown)
        if missing:
            self._feed.start(case.session.study, shown.series, missing, self._open_stream)
        else:
            self._settled()

    def close(self) -> None:
        """Stop; nothing that is still under way arrives."""
        self._feed.close()
        self._volumes.drop()
        if self._job is not None:
            self._job.cancel()
        self._case = self._shown = self._job = None

    def _arrived(self, batch: list[tuple[int, SliceImage]]) -> None:
        case, shown = self._case, self._shown
        if case is None or shown is None:
            return
        is_first = not shown.scene.arrived
        for at, (index, image) in enumerate(batch):
            shown.scene.put(index, image)
            if not image.is_early and (index == 0 or (is_first and at == 0)):
                case.place_in_frame(shown.scene, image.frame_of_reference_uid, is_first=index == 0)
        self._tell_progress(shown)

    def _tell_progress(self, shown: ShownSeries) -> None:
        here = len(shown.scene.arrived)
        self.told.emit(tr("Fetching {here} of {count} slices", here=here, count=shown.scene.count))

    def _slices_failed(self, failures: list[tuple[int, Exception]]) -> None:
        for index, error in failures:
            if not isinstance(error, WorkstationError):
                raise error
            if self._shown is not None:
                self._shown.failed[index] = error.user_text
                self._shown.scene.fail(index, error.user_text)

    def _settled(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if shown.built is not None:
            self._built(shown)
        elif shown.failed:
            why = next(iter(shown.failed.values()))
            text = tr("The overlay is not complete: {why}", why=why)
            self.failed.emit(WorkstationError(text, hint=tr("Every slice is needed; try again.")))
        elif shown.refusal:
            self.failed.emit(WorkstationError(shown.refusal))
        elif shown.scene.count < 2:
            self.failed.emit(WorkstationError(tr("One image alone cannot be laid over another series.")))
        else:
            self.told.emit(tr("Building the volume…"))
            self._volumes.start(shown)

    def _built(self, shown: ShownSeries) -> None:
        if shown is not self._shown:
            return
        self.told.emit(tr("Preparing the overlay…"))
        volume, wanted = _volume(shown), self._wanted

        def work(job: JobContext) -> tuple[PreparedOverlay, FusionLook]:
            prepared = self._prepared(shown, volume, job, wanted)
            job.raise_if_cancelled()
            return prepared, default_look(prepared.volume, prepared.suv)

        self._job = self._jobs.submit(Pool.IO, work, on_success=lambda found: self._take(shown, *found))

    def _prepared(self, shown: ShownSeries, volume: Volume, job: JobContext, wanted: SuvType) -> PreparedOverlay:
        return self._prepare(
            volume,
            study_instance_uid=shown.scene.study_instance_uid,
            modality=shown.series.modality,
            job=job,
            wanted=wanted,
        )

    def _take(self, shown: ShownSeries, prepared: PreparedOverlay, look: FusionLook) -> None:
        self._job = None
        if self._wanted is SuvType.BW:
            shown.prepared = prepared
        self.ready.emit(LoadedOverlay(shown, prepared, look))


def _volume(shown: ShownSeries) -> Volume:
    if shown.built is None:
        raise ValueError("the volume of the series is not built")
    return shown.built.volume
