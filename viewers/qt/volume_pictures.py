"""Volume renderings off the main thread: a coarse picture at once, finer ones when the hand rests."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Final, Protocol

from viewers.qt.vtk_backend import Graphics
from viewers.qt.vtk_volume import Rgb, VolumeRenderer
from viewers.scene.volume_request import VolumeRequest
from workstation.domain.volume import Volume

_TARGET_S: Final = 0.1
"""A frame while turning may take this long: ten a second leave room for the eight that are promised."""
_FEWEST_PX, _MOST_PX = 128.0, 512.0
_START_PX: Final = 224.0
_REST_S: Final = 0.15
"""How long the hand rests before a finer picture is begun."""
_MIDDLE: Final = 0.5
_STOP_S: Final = 10.0


class Detail(IntEnum):
    """How fine a picture is."""

    MOVING = 0
    MIDDLE = 1
    FULL = 2


@dataclass(frozen=True, slots=True, eq=False)
class VolumePicture:
    """A finished picture: ``rgb`` may have fewer pixels than ``request.size`` asks for."""

    request: VolumeRequest
    rgb: Rgb
    detail: Detail
    graphics: Graphics


Done = Callable[[VolumePicture], None]
Failed = Callable[[Exception], None]


class Caster(Protocol):
    """What the worker needs of a renderer; all of it is called on one thread."""

    graphics: Graphics

    def prepare(self, volume: Volume) -> None:
        """Get ready for the first picture of a volume."""

    def preview_step(self, volume: Volume) -> int:
        """Return by what a volume is reduced while it turns."""

    def still_step(self, volume: Volume) -> int:
        """Return by what a volume is reduced when it rests."""

    def render(self, request: VolumeRequest, step: int, cancelled: Callable[[], bool]) -> Rgb | None:
        """Return a picture, None when cancelled."""

    def keep(self, volumes: Collection[Volume]) -> None:
        """Free every volume but these."""

    def let_go(self) -> None:
        """Free every volume, stay ready for another one."""

    def close(self) -> None:
        """Free everything."""


@dataclass(slots=True, eq=False)
class _Order:
    request: VolumeRequest
    done: Done
    failed: Failed
    next: Detail = Detail.MOVING
    not_before: float = 0.0


class _LetGo:
    """The wish that nothing of any volume is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Keep:
    """The wish that nothing is kept but of volumes that somebody looks at."""

    volumes: tuple[Volume, ...]


_WARM: Final = object()
"""Who looks at the volume that was warmed up"""


class VolumeWorker:
    """
    One thread with one renderer for all viewports; the newest request of each replaces its last one.

    ``done`` and ``failed`` are called on that thread: pass signals.
    """

    def __init__(self, make_caster: Callable[[], Caster] = VolumeRenderer) -> None:
        self._make_caster = make_caster
        self._orders: dict[object, _Order] = {}
        self._looked_at: dict[object, Volume] = {}
        """By client, until it is forgotten"""
        self._warm: Volume | None = None
        self._letting_go = self._tidying = False
        self._moved = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._side_px = _START_PX

    def warm_up(self, volume: Volume) -> None:
        """Load what the first picture of a volume needs while nobody waits for it."""
        with self._moved:
            self._warm = self._looked_at[_WARM] = volume
            self._begin()

    def ask(self, client: object, request: VolumeRequest, done: Done, failed: Failed) -> None:
        """Render a request; what the client asked for before is dropped, even half done."""
        with self._moved:
            self._orders[client] = _Order(request, done, failed)
            self._looked_at[client] = request.volume
            self._begin()

    def forget(self, client: object) -> None:
        """Drop what a client asked for, and its volume where nobody else looks at it."""
        with self._moved:
            self._orders.pop(client, None)
            self._tidying = self._looked_at.pop(client, None) is not None or self._tidying
            self._moved.notify()

    def let_go(self) -> None:
        """Free what was made of volumes: their case is closed."""
        with self._moved:
            self._warm = None
            self._looked_at.pop(_WARM, None)
            self._letting_go = self._thread is not None
            self._moved.notify()

    def stop(self) -> None:
        """End the thread and free the renderer; a later request starts anew."""
        with self._moved:
            thread, self._thread = self._thread, None
            self._stopping = True
            self._orders.clear()
            self._looked_at.clear()
            self._warm = None
            self._moved.notify()
        if thread is not None:
            thread.join(_STOP_S)
        self._stopping = False

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="volume rendering", daemon=True)
            self._thread.start()
        self._moved.notify()

    # on the thread

    def _run(self) -> None:
        caster = self._make_caster()
        try:
            while (job := self._next_job()) is not None:
                if isinstance(job, tuple):
                    self._work(caster, *job)
                elif isinstance(job, _LetGo):
                    self._attempt(caster.let_go)
                elif isinstance(job, _Keep):
                    self._attempt(partial(caster.keep, job.volumes))
                else:
                    # what cannot be prepared fails again, and is told, with the first request
                    self._attempt(partial(caster.prepare, job))
                del job  # whatever was worked on is not held while waiting
        finally:
            caster.close()

    def _next_job(self) -> tuple[object, _Order] | Volume | _LetGo | _Keep | None:
        """Wait for the coarsest picture that is due, then for warming up; None when the worker stops."""
        with self._moved:
            while not self._stopping:
                now = time.monotonic()
                due = [(order.next, client) for client, order in self._orders.items() if order.not_before <= now]
                if due:
                    client = min(due, key=lambda item: item[0])[1]
                    return client, self._orders[client]
                if self._letting_go:
                    self._letting_go = self._tidying = False
                    return _LetGo()
                if self._tidying:
                    self._tidying = False
                    return _Keep(tuple(self._looked_at.values()))
                if self._warm is not None:
                    volume, self._warm = self._warm, None
                    return volume
                waits = [order.not_before - now for order in self._orders.values()]
                self._moved.wait(min(waits) if waits else None)
            return None

    def _work(self, caster: Caster, client: object, order: _Order) -> None:
        def superseded() -> bool:
            return self._stopping or self._orders.get(client) is not order

        started = time.perf_counter()
        error = self._attempt(partial(self._render, caster, order, superseded))
        if error is not None:
            self.forget(client)
            order.failed(error)
            return
        if order.next is Detail.MOVING and not superseded():
            self._learn(time.perf_counter() - started)
        with self._moved:
            if superseded():
                return
            if order.next is Detail.FULL or caster.graphics.is_real_gpu:
                del self._orders[client]
            else:
                order.not_before = time.monotonic() + (_REST_S if order.next is Detail.MOVING else 0.0)
                order.next = Detail(order.next + 1)

    def _render(self, caster: Caster, order: _Order, superseded: Callable[[], bool]) -> None:
        request, detail = order.request, order.next
        caster.prepare(request.volume)
        if caster.graphics.is_real_gpu:
            detail = Detail.FULL
        step = caster.preview_step(request.volume) if detail is Detail.MOVING else caster.still_step(request.volume)
        rgb = caster.render(request.coarser(self._size(request, detail)), step, superseded)
        if rgb is not None:
            order.done(VolumePicture(request, rgb, detail, caster.graphics))

    def _size(self, request: VolumeRequest, detail: Detail) -> tuple[int, int]:
        width, height = request.size
        share = 1.0 if detail is Detail.FULL else _MIDDLE
        if detail is Detail.MOVING:
            share = min(1.0, self._side_px / (width * height) ** 0.5)
        return max(1, round(width * share)), max(1, round(height * share))

    def _learn(self, seconds: float) -> None:
        """Adapt the size of moving pictures to this machine and this preset."""
        # half way in one step: one slow frame of a busy machine must not make all others coarse
        better = self._side_px * (_TARGET_S / max(seconds, 1e-3)) ** 0.25
        self._side_px = min(max(better, _FEWEST_PX), _MOST_PX)

    @staticmethod
    def _attempt(work: Callable[[], None]) -> Exception | None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: the viewport shows it
            return error
        return None


class _Shared:
    """The worker of this process; made at first use, ended with the process."""

    worker: VolumeWorker | None = None


def shared_worker() -> VolumeWorker:
    """Return the one worker of this process: VTK's windows and reduced volumes are kept once."""
    if _Shared.worker is None:
        _Shared.worker = VolumeWorker()
        atexit.register(_Shared.worker.stop)
    return _Shared.worker
