"""Planes, slabs and fused ones at the speed of the hand: dear cuts come coarse at once, fully off the main thread."""

from __future__ import annotations

import itertools
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from viewers.qt.surface import painted, rgb_image
from viewers.qt.turn_budget import TurnBudget, shared_budget
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.camera import PixelTransform
from viewers.scene.fusion import FusedLayer, FusionLook, blended
from viewers.scene.fusion_cut import OverlayCut, overlay_cut
from viewers.scene.raster import Gray, GrayscaleTransform, to_gray
from viewers.scene.resample import Resampler, of_blocks
from viewers.scene.reslice import ResliceRequest, coarser, look_of_cut, runs_along_voxels, voxel_factor
from workstation.domain.volume import Volume

_AT_ONCE_S: Final = 0.025
"""A cut that is expected to take longer is coarse first: half of the 50 ms that the window may stand still."""
_COARSE_S: Final = 0.025
_COARSEST: Final = 4
_REST_MS: Final = 100
"""How long nothing moves before the full cut is begun."""
_WORTH_MEASURING: Final = 10_000
_START_S: Final = 8e-9
"""Seconds a sample takes, before any was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A plane and the volume that lies over it: the two are cut together or not at all."""

    request: ResliceRequest
    overlay: Volume | None = None

    def is_like(self, other: _Asked) -> bool:
        return self.overlay is other.overlay and same_cut(self.request, other.request)

    @property
    def kind(self) -> tuple[bool, bool]:
        """Return what decides how long a sample takes."""
        return runs_along_voxels(self.request), self.overlay is not None


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Values of one plane and those of the overlay on the same pixels."""

    asked: _Asked
    values: npt.NDArray[Any]
    overlay: OverlayCut | None


class _Cutter:
    """Cuts planes with what lies over them; threads may share it."""

    def __init__(self) -> None:
        self._base, self._over = VtkReslicer(keeps=True), VtkReslicer(keeps=True)

    def __call__(self, asked: _Asked, request: ResliceRequest) -> _Cut:
        """Cut what was asked for at the pixels of ``request``, which may be coarser."""
        overlay = None
        if asked.overlay is not None:
            overlay = overlay_cut(replace(request, volume=asked.overlay), self._over)
        return _Cut(asked, self._base(request), overlay)

    def forget(self) -> None:
        self._base.forget()
        self._over.forget()


@dataclass(frozen=True, slots=True, eq=False)
class FusedPicture:
    """RGB ``[row, column, 3]`` of a fused plane; every pixel stands for ``factor`` x ``factor`` of those asked for."""

    rgb: npt.NDArray[np.uint8]
    factor: int

    def painted(self, transform: PixelTransform, size: tuple[int, int]) -> QImage:
        """Return it under the transform of the plane's own pixels, in ``(width, height)`` device pixels."""
        return painted(rgb_image(self.rgb), of_blocks(transform, self.factor), size)


class _Relay(QObject):
    """
    Brings full cuts to the viewports that wait for them; one of this process, made on the main thread.

    It holds a viewport's pictures while they are cut. The thread knows a number only: held by it, the pictures of a
    viewport that went meanwhile would end in that thread, and their timer with them.
    """

    finished = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, PlanePictures] = {}
        self._numbers = itertools.count()
        self.finished.connect(self._hand_over)

    def number_for(self, pictures: PlanePictures) -> int:
        """Return the number under which the next cut of these pictures comes back."""
        number = next(self._numbers)
        self.waiting[number] = pictures
        return number

    @Slot(int, object)
    def _hand_over(self, number: int, cut: _Cut | None) -> None:
        pictures = self.waiting.pop(number)
        if cut is not None:
            pictures.take(cut)


class PlanePictures(QObject):
    """
    Pictures of planes for one viewport; used on the main thread.

    Thin planes are cut at the screen's own pixels, slabs at the voxels' finest spacing and then
    scaled: between voxels a projection has nothing to show. A cut expected to take longer than
    ``at_once_s``, or than its share of the ``turn``, comes coarse first; ``sample_s`` is what a sample
    is thought to take until one was measured. ``changed`` tells that a full cut is ready to be painted.

    A fused plane is cut at its own pixels, image and overlay in one go: what is painted over each other always
    comes of the same request.
    """

    changed = Signal()

    def __init__(
        self, sample_s: float = _START_S, at_once_s: float = _AT_ONCE_S, turn: TurnBudget | None = None
    ) -> None:
        super().__init__()
        self._turn = turn or shared_budget()
        self._here, self._background = _Cutter(), _Cutter()
        self._resampler = Resampler()
        self._sample_s = {(along, fused): sample_s * (1 + fused) for along in (True, False) for fused in (True, False)}
        """Along the voxels' rows or across them, fused or alone"""
        self._at_once_s = at_once_s
        self._full: _Cut | None = None
        self._mixed: tuple[_Cut, GrayscaleTransform, FusionLook, FusedPicture] | None = None
        """The last fused picture: a pan, a zoom and a mark need no new one"""
        self._wanted: _Asked | None = None
        self._running: Future[None] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._cut_fully)

    @property
    def is_settled(self) -> bool:
        """Tell whether the last picture was a full one."""
        return self._wanted is None

    def forget(self) -> None:
        """Let go of the last volumes; a cut still under way ends in nothing."""
        self._rest.stop()
        self._full = self._wanted = self._mixed = None
        self._here.forget()
        self._background = _Cutter()  # the old one may be cutting: it goes with its thread's work

    def levels(self, request: ResliceRequest, grayscale: GrayscaleTransform) -> Gray:
        """Return ``[y, x]`` levels of ``request.size``; coarse where a full cut would take too long."""
        self._mixed = None
        cut, factor = self._cut(_Asked(request))
        return self._scaled(to_gray(cut.values, look_of_cut(grayscale)), factor, request.size)

    def fused(self, request: ResliceRequest, layer: FusedLayer, grayscale: GrayscaleTransform) -> FusedPicture:
        """Return a plane with what lies over it; coarse, both of them, where full cuts would take too long."""
        cut, factor = self._cut(_Asked(request, layer.volume))
        last, look = self._mixed, layer.look
        if last is not None and last[0] is cut and last[1:3] == (grayscale, look):
            return last[3]
        if cut.overlay is None:
            raise RuntimeError("an image without its overlay would be taken for one without uptake")
        found = FusedPicture(blended(to_gray(cut.values, look_of_cut(grayscale)), cut.overlay, look), factor)
        self._mixed = cut, grayscale, look, found
        return found

    def _cut(self, asked: _Asked) -> tuple[_Cut, int]:
        """Return the cut to be shown now and how many of the pixels asked for one of its own covers, along a side."""
        request, fine = asked.request, _full_factor(asked.request)
        if self._full is not None and self._full.asked.is_like(asked):
            self._wanted = None
            return self._full, fine
        full = coarser(request, fine)
        expected = samples(full) * self._sample_s[asked.kind]
        allowed_s = min(self._at_once_s, self._turn.share_s())
        self._turn.spend(min(expected, allowed_s))
        if expected <= allowed_s:
            self._wanted = None
            self._rest.stop()
            self._full = self._timed(asked, full)
            return self._full, fine
        if self._wanted is None or not self._wanted.is_like(asked):
            self._wanted = asked
            self._rest.start()
        halved = expected / 2 if request.slab is not None else expected
        factor = fine * min(_COARSEST, math.ceil(math.sqrt(halved / min(_COARSE_S, allowed_s))))
        return self._timed(asked, coarser(request, factor, thinned=True)), factor

    def _scaled(self, gray: Gray, factor: int, size: tuple[int, int]) -> Gray:
        if factor == 1:
            return gray
        out = np.zeros((size[1], size[0]), dtype=np.uint8)
        self._resampler.scale(gray, PixelTransform(factor, 0, 0, factor, factor / 2, factor / 2), out)
        return out

    def _timed(self, asked: _Asked, request: ResliceRequest) -> _Cut:
        started = time.perf_counter()
        cut = self._here(asked, request)
        if samples(request) > _WORTH_MEASURING:
            measured = (time.perf_counter() - started) / samples(request)
            kind = asked.kind
            # a busy moment must not make the next hundred pictures coarse
            self._sample_s[kind] += 0.2 * (min(measured, 10 * self._sample_s[kind]) - self._sample_s[kind])
        return cut

    def _cut_fully(self) -> None:
        asked, cutter = self._wanted, self._background
        if asked is None:
            return
        if self._running is not None and not self._running.done():
            self._rest.start()
            return

        relay = _relay()
        number = relay.number_for(self)

        def work() -> None:
            cut = None
            try:
                cut = cutter(asked, coarser(asked.request, _full_factor(asked.request)))
            finally:
                relay.finished.emit(number, cut)

        self._running = _cutter().submit(work)

    def take(self, cut: _Cut) -> None:
        """Show a full cut if it is still the one that is wanted."""
        if self._wanted is not None and self._wanted.is_like(cut.asked):
            self._full, self._wanted = cut, None
            self.changed.emit()


def _full_factor(request: ResliceRequest) -> int:
    return 1 if request.slab is None else voxel_factor(request)


def samples(request: ResliceRequest) -> int:
    """Return how many positions of the volume a cut reads."""
    return request.size[0] * request.size[1] * (request.slab.count if request.slab is not None else 1)


def same_cut(one: ResliceRequest, other: ResliceRequest) -> bool:
    """Tell whether two requests cut the same values."""
    return one.volume is other.volume and one.plane == other.plane and one.size == other.size and one.slab == other.slab


@cache
def _relay() -> _Relay:
    return _Relay()


@cache
def _cutter() -> ThreadPoolExecutor:
    """Return the one thread of this process that cuts full planes; the reslicer's own threads use the cores."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="planes")
