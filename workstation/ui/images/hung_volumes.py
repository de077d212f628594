"""The volumes that cells of a stage are cut from: shared between cells, bounded, let go with the stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from resources.translation import tr, trn
from viewers.scene.fusion import FusionLook, default_look
from viewers.scene.image import SliceImage
from workstation.domain.errors import WorkstationError
from workstation.domain.frames import FrameRef, frames_kept
from workstation.domain.ports import JobContext
from workstation.domain.suv import SuvType
from workstation.services.fusion_service import PreparedOverlay, PrepareOverlay
from workstation.services.image_service import BuiltVolume, PlacedSlice, build_volume
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.hanging_words import one_image_alone
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.cut_scenes import on_voxels
from workstation.ui.images.volume_building import warm_up_planes

HELD_BYTES: Final = 1024 << 20
"""Voxels of hung series together; the series on screen has its volume anyway and does not count."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class HungVolume:
    """The volume of one hung series, as far as it is here."""

    stack: CellStack
    """Its slices; the scene of this stack is not on screen"""
    built: BuiltVolume | None = None
    refusal: str = ""
    """Why there is no volume, or no overlay of it"""
    is_short: bool = False
    """Whether it was refused for slices that could not be fetched: they may come yet"""
    prepared: PreparedOverlay | None = None
    """What may lie over other images: uptake values of a PET, everything else in its own unit"""
    is_overlay: bool = False
    """Whether it lies over the images of a cell"""
    first_look: FusionLook | None = None
    """How it lies over them where the protocol does not say"""
    is_borrowed: bool = False
    """Whether it is the volume of the series on screen"""

    @property
    def refs(self) -> tuple[FrameRef, ...]:
        """Return its frames, which are what makes it this volume and no other."""
        return tuple(self.stack.refs)

    @property
    def size(self) -> int:
        """Return the bytes that its voxels take, or will take."""
        if self.built is not None:
            return self.built.volume.voxels.nbytes
        return sum(image.pixels.nbytes for image in self.images.values())

    @property
    def images(self) -> dict[int, SliceImage]:
        """Return the slices that are here, in display order."""
        scene = self.stack.scene
        return {n: image for n in sorted(scene.arrived) if (image := scene.image(n)) is not None}

    @property
    def comes_and_goes(self) -> bool:
        """Tell whether it has more frames than are held at once."""
        first = next(iter(self.images.values()), None)
        is_on_demand = first is not None and self.stack.scene.is_on_demand
        return first is not None and is_on_demand and frames_kept(first.pixels.nbytes) < len(self.stack.refs)

    @property
    def is_here(self) -> bool:
        """Tell whether every slice arrived or failed."""
        return len(self.stack.scene.arrived | self.stack.failed.keys()) >= len(self.stack.refs)

    @property
    def progress(self) -> str:
        """Return how far it is, in words."""
        count, here = len(self.stack.refs), len(self.stack.scene.arrived)
        if here < count:
            if self.is_here:
                return _not_fetched(len(self.stack.failed))
            return tr("{here} of {count} slices", here=here, count=count)
        return tr("Building the volume…")


class HungVolumes(QObject):
    """Builds off the main thread what the cells of the stage on screen need, each once; main thread only."""

    built = Signal(object)
    """``HungVolume`` whose ``built`` is set"""
    refused = Signal(object)
    """``HungVolume`` whose ``refusal`` is set"""
    prepared = Signal(object)
    """``HungVolume`` whose ``prepared`` is set, anew after another uptake value was chosen"""

    def __init__(self, parent: QObject, jobs: JobRunner, prepare: PrepareOverlay | None) -> None:
        super().__init__(parent)
        self._jobs, self._prepare = jobs, prepare
        self._held: dict[tuple[FrameRef, ...], HungVolume] = {}
        self._running: dict[HungVolume, JobHandle[BuiltVolume] | JobHandle[tuple[PreparedOverlay, FusionLook]]] = {}
        self.uptake: Callable[[], SuvType] = lambda: SuvType.BW
        """Which uptake value the case is told in"""

    @property
    def held(self) -> Sequence[HungVolume]:
        """Return the volumes of the stage on screen, built or not."""
        return tuple(self._held.values())

    def of(self, stack: CellStack) -> HungVolume:
        """Return the volume of a stack's frames: the one that is held, else a new one that waits for its slices."""
        return self._held.get(tuple(stack.refs)) or HungVolume(stack)

    def hold(self, wanted: Sequence[HungVolume]) -> None:
        """
        Hold these and let all others go, also those that are being built.

        What was refused is asked anew: beside others it may have been too large.
        """
        self._held = {one.refs: one for one in wanted}
        for one in wanted:
            if one.built is not None or not one.is_borrowed:
                one.refusal, one.is_short = "", False
        for gone in [one for one in self._running if one not in wanted]:
            self._running.pop(gone).cancel()

    def close(self) -> None:
        """Let everything go."""
        self.hold(())

    def give_back(self, hung: HungVolume) -> None:
        """Let a volume that was to be borrowed be built after all: its series is no longer the one on screen."""
        if hung.built is None and hung.is_borrowed:
            hung.is_borrowed, hung.refusal = False, ""

    def lend(self, hung: HungVolume, built: BuiltVolume | None, refusal: str) -> None:
        """Take the volume of the series on screen, or the reason why it has none."""
        if hung.built is not None and not hung.is_borrowed:
            return
        hung.is_borrowed = True
        if built is not None and hung.built is not built:
            self._take(hung, built)
        elif refusal and not hung.refusal:
            self._refuse(hung, refusal)

    def begin(self, hung: HungVolume) -> None:
        """Build a volume whose slices are all here, or say why it cannot be; nothing happens before."""
        stack = hung.stack
        if hung.is_short and not stack.failed:
            hung.refusal, hung.is_short = "", False
        if hung.refusal or hung in self._running:
            return
        if hung.built is not None:
            self._prepare_overlay(hung)
        elif hung.is_borrowed:
            return
        elif hung.comes_and_goes:
            self._refuse(hung, tr("Too many frames to be held at once: they make no volume"))
        elif not hung.is_here:
            return
        elif stack.failed:
            hung.is_short = True
            self._refuse(hung, _not_fetched(len(stack.failed)))
        elif len(stack.refs) < 2:
            self._refuse(hung, one_image_alone())
        elif (wanted := sum(one.size for one in self.held if not one.is_borrowed)) > HELD_BYTES:
            self._refuse(hung, tr("Too large to be shown as a volume beside the others: {size} MB of {most} MB",
                                  size=wanted >> 20, most=HELD_BYTES >> 20))  # fmt: skip
        else:
            self._build(hung)

    def prepare_anew(self) -> None:
        """Tell the overlays in the uptake value that was chosen now."""
        for hung in self.held:
            if hung.built is not None:
                running = self._running.pop(hung, None)
                if running is not None:
                    running.cancel()
                hung.refusal = ""
                self._prepare_overlay(hung, again=True)

    def _build(self, hung: HungVolume) -> None:
        stack = hung.stack
        images = list(hung.images.values())
        slices = [PlacedSlice(image.pixels, image.plane, image.padding) for image in images]
        uid, frame, unit = stack.series.series_instance_uid, stack.scene.frame_of_reference_uid, images[0].unit
        number = stack.scene.stack_number

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

        self._running[hung] = self._jobs.submit(
            Pool.CPU,
            work,
            on_success=lambda built: self._built(hung, built),
            on_error=lambda error: self._failed(hung, error),
        )

    def _built(self, hung: HungVolume, built: BuiltVolume) -> None:
        self._running.pop(hung, None)
        images = hung.images
        for layer, index in enumerate(built.order):
            shared = on_voxels(images[index], built.volume, layer)
            if shared is not None:
                hung.stack.put(index, shared)
        self._take(hung, built)

    def _take(self, hung: HungVolume, built: BuiltVolume) -> None:
        hung.built, hung.refusal = built, ""
        self.built.emit(hung)
        self._prepare_overlay(hung)

    def _failed(self, hung: HungVolume, error: Exception) -> None:
        self._running.pop(hung, None)
        hung.prepared = None  # in another uptake value than the case is told in now
        if not isinstance(error, WorkstationError):
            self._refuse(hung, tr("This view could not be made: a fault of the program"))
            raise error
        self._refuse(hung, error.user_text)

    def _refuse(self, hung: HungVolume, why: str) -> None:
        hung.refusal = why
        self.refused.emit(hung)

    def _prepare_overlay(self, hung: HungVolume, *, again: bool = False) -> None:
        built, stack = hung.built, hung.stack
        is_wanted = hung.is_overlay or (self._prepare is not None and stack.series.modality == "PT")
        if built is None or not is_wanted or hung in self._running or (hung.prepared is not None and not again):
            return
        prepare, wanted = self._prepare, self.uptake()

        def work(job: JobContext) -> tuple[PreparedOverlay, FusionLook]:
            found = PreparedOverlay(built.volume) if prepare is None else prepare(
                built.volume,
                study_instance_uid=stack.study.study_instance_uid,
                modality=stack.series.modality,
                job=job,
                wanted=wanted,
            )  # fmt: skip
            job.raise_if_cancelled()
            return found, default_look(found.volume, found.suv)

        def take(found: tuple[PreparedOverlay, FusionLook]) -> None:
            self._running.pop(hung, None)
            hung.prepared, hung.first_look = found
            self.prepared.emit(hung)

        self._running[hung] = self._jobs.submit(
            Pool.IO, work, on_success=take, on_error=lambda error: self._failed(hung, error)
        )


def _not_fetched(count: int) -> str:
    return trn("{count} slice could not be fetched; a volume needs all of them",
               "{count} slices could not be fetched; a volume needs all of them", count)  # fmt: skip
