"""Planes and slabs at the speed of the hand: what is dear is cut coarse at once and fully off the main thread."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.camera import PixelTransform
from viewers.scene.raster import Gray, GrayscaleTransform, to_gray
from viewers.scene.resample import Resampler
from viewers.scene.reslice import OUTSIDE, ResliceRequest, coarser, runs_along_voxels, voxel_factor

_AT_ONCE_S: Final = 0.025
"""A cut that is expected to take longer is coarse first: half of the 50 ms that the window may stand still."""
_COARSE_S: Final = 0.025
_COARSEST: Final = 4
_REST_MS: Final = 100
"""How long nothing moves before the full cut is begun."""
_WORTH_MEASURING: Final = 10_000
_START_S: Final = 8e-9
"""Seconds a sample takes, before any was measured."""
_OUTSIDE_RANGE: Final = (float(OUTSIDE), float(OUTSIDE))


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    request: ResliceRequest
    values: npt.NDArray[Any]


class PlanePictures(QObject):
    """
    Display levels of planes for one viewport; used on the main thread.

    Thin planes are cut at the screen's own pixels, slabs at the voxels' finest spacing and then
    scaled: between voxels a projection has nothing to show. A cut expected to take longer than
    ``at_once_s`` comes coarse first; ``sample_s`` is what a sample is thought to take until one
    was measured. ``changed`` tells that a full cut is ready to be painted.
    """

    changed = Signal()
    _finished = Signal(object)

    def __init__(self, sample_s: float = _START_S, at_once_s: float = _AT_ONCE_S) -> None:
        super().__init__()
        self._reslicer = VtkReslicer(keeps=True)
        self._background = VtkReslicer(keeps=True)
        self._resampler = Resampler()
        self._sample_s = {True: sample_s, False: sample_s}
        """Along the voxels' rows, and across them"""
        self._at_once_s = at_once_s
        self._full: _Cut | None = None
        self._wanted: ResliceRequest | None = None
        self._running: Future[None] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._cut_fully)
        self._finished.connect(self._take)

    @property
    def is_settled(self) -> bool:
        """Tell whether the last picture was a full one."""
        return self._wanted is None

    def forget(self) -> None:
        """Let go of the last volume; a cut still under way ends in nothing."""
        self._rest.stop()
        self._full = self._wanted = None
        self._reslicer.forget()
        self._background = VtkReslicer(keeps=True)  # the old one may be cutting: it goes with its thread's work

    def levels(self, request: ResliceRequest, grayscale: GrayscaleTransform) -> Gray:
        """Return ``[y, x]`` levels of ``request.size``; coarse where a full cut would take too long."""
        outside = GrayscaleTransform(grayscale.voi, grayscale.inverse, _OUTSIDE_RANGE)
        fine = _full_factor(request)
        if self._full is not None and same_cut(self._full.request, request):
            self._wanted = None
            return self._scaled(to_gray(self._full.values, outside), fine, request.size)
        full = coarser(request, fine)
        expected = samples(full) * self._sample_s[runs_along_voxels(request)]
        if expected <= self._at_once_s:
            self._wanted = None
            self._rest.stop()
            self._full = _Cut(request, self._timed(full))
            return self._scaled(to_gray(self._full.values, outside), fine, request.size)
        if self._wanted is None or not same_cut(self._wanted, request):
            self._wanted = request
            self._rest.start()
        halved = expected / 2 if request.slab is not None else expected
        factor = fine * min(_COARSEST, math.ceil(math.sqrt(halved / _COARSE_S)))
        coarse = self._timed(coarser(request, factor, thinned=True))
        return self._scaled(to_gray(coarse, outside), factor, request.size)

    def _scaled(self, gray: Gray, factor: int, size: tuple[int, int]) -> Gray:
        if factor == 1:
            return gray
        out = np.zeros((size[1], size[0]), dtype=np.uint8)
        self._resampler.scale(gray, PixelTransform(factor, 0, 0, factor, factor / 2, factor / 2), out)
        return out

    def _timed(self, request: ResliceRequest) -> npt.NDArray[Any]:
        started = time.perf_counter()
        values = self._reslicer(request)
        if samples(request) > _WORTH_MEASURING:
            measured = (time.perf_counter() - started) / samples(request)
            kind = runs_along_voxels(request)
            # a busy moment must not make the next hundred pictures coarse
            self._sample_s[kind] += 0.2 * (min(measured, 10 * self._sample_s[kind]) - self._sample_s[kind])
        return values

    def _cut_fully(self) -> None:
        request = self._wanted
        if request is None:
            return
        if self._running is not None and not self._running.done():
            self._rest.start()
            return

        def work() -> None:
            cut = _Cut(request, self._background(coarser(request, _full_factor(request))))
            try:
                self._finished.emit(cut)
            except RuntimeError:
                # the viewport went while its last picture was cut
                return

        self._running = _cutter().submit(work)

    def _take(self, cut: _Cut) -> None:
        if self._wanted is not None and same_cut(cut.request, self._wanted):
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
def _cutter() -> ThreadPoolExecutor:
    """Return the one thread of this process that cuts full planes; the reslicer's own threads use the cores."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="planes")
