"""
Brings slices from retrieval threads to the main thread in batches.

Worker threads only append to a list under a lock; a timer on the main thread empties it. However
fast slices come, the window sees one batch for each tick, so a stream can never flood it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, runtime_checkable

from PySide6.QtCore import QObject, QTimer, Signal

from viewers.scene.image import SliceImage
from workstation.domain.frames import ImageStack
from workstation.domain.study import Series, Study

TICK_MS: Final = 25

OnSlice = Callable[[int, SliceImage], None]
OnFailed = Callable[[int, Exception], None]
OnLine = Callable[[bool], None]


class SliceStream(Protocol):
    """A running retrieval of one series; its callbacks come from worker threads."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def focus(self, index: int) -> None:
        """Fetch the slices near ``index`` next."""
        ...

    def cancel(self) -> None:
        """Stop; what is on its way is dropped."""
        ...

    @property
    def cached(self) -> tuple[bool, ...]:
        """Return, slice by slice, whether it is here."""
        ...

    @property
    def complete(self) -> bool:
        """Tell whether every slice is here."""
        ...

    @property
    def on_demand(self) -> bool:
        """Tell whether slices come and go with the focus, so that the stream never ends by itself."""
        ...


@runtime_checkable
class BoundedStream(SliceStream, Protocol):
    """A stream whose slices come and go, so that several share what may be held."""

    def hold(self, decoded_bytes: int) -> None:
        """Count on no more than this being held from now on; what is let go comes again when it is needed."""
        ...


class OpenStream(Protocol):
    """Makes the stream of one series without starting it."""

    def __call__(
        self, study: Study, series: Series, on_slice: OnSlice, on_failed: OnFailed, on_line: OnLine, /
    ) -> SliceStream:
        """Return a stream over ``series.frames``; indices count from 0 in their order."""
        ...


@dataclass(slots=True)
class _Inbox:
    """What arrived since the last tick; the only thing that two threads touch."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    slices: list[tuple[int, SliceImage]] = field(default_factory=list)
    failures: list[tuple[int, Exception]] = field(default_factory=list)
    line: list[bool] = field(default_factory=list)
    closed: bool = False

    def on_slice(self, index: int, image: SliceImage) -> None:
        with self.lock:
            if not self.closed:
                self.slices.append((index, image))

    def on_failed(self, index: int, error: Exception) -> None:
        with self.lock:
            if not self.closed:
                self.failures.append((index, error))

    def on_line(self, up: bool) -> None:  # noqa: FBT001 - the retriever's callback
        with self.lock:
            if not self.closed:
                self.line.append(up)

    def take(self) -> tuple[list[tuple[int, SliceImage]], list[tuple[int, Exception]], list[bool]]:
        with self.lock:
            taken = self.slices, self.failures, self.line
            self.slices, self.failures, self.line = [], [], []
            return taken

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.slices, self.failures, self.line = [], [], []


class SliceFeed(QObject):
    """One stream of some slices of a series; indices are those of the whole series."""

    arrived = Signal(object)
    """``list[tuple[int, SliceImage]]``"""
    failed = Signal(object)
    """``list[tuple[int, Exception]]``"""
    line_changed = Signal(bool)
    settled = Signal()
    """Every wanted slice is here or has failed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._inbox = _Inbox()
        self._stream: SliceStream | None = None
        self._wanted: tuple[int, ...] = ()
        self._place: dict[int, int] = {}
        self._open: set[int] = set()
        """Places for which nothing came that counts; a set, because the frame looked at may come twice"""
        self._has_settled = self._is_bounded = False
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def is_running(self) -> bool:
        """Tell whether slices are still to come."""
        return self._timer.isActive() and not self._has_settled

    def start(self, study: Study, series: Series, wanted: tuple[int, ...], open_stream: OpenStream) -> None:
        """Fetch the slices ``wanted`` of a series; whatever ran before is dropped."""
        self.close()
        if not wanted:
            return
        self._inbox = inbox = _Inbox()
        self._wanted, self._place = wanted, {index: at for at, index in enumerate(wanted)}
        self._open, self._has_settled = set(range(len(wanted))), False
        part = series if len(wanted) == len(series.frames) else _part(series, wanted)
        self._stream = open_stream(study, part, inbox.on_slice, inbox.on_failed, inbox.on_line)
        self._timer.start()
        self._stream.start()

    def focus(self, index: int) -> None:
        """Fetch around a slice of the whole series next."""
        if self._stream is not None and self._wanted:
            place = self._place.get(index)
            nearest = place if place is not None else min(
                range(len(self._wanted)), key=lambda at: abs(self._wanted[at] - index)
            )  # fmt: skip
            self._stream.focus(nearest)

    def hold(self, decoded_bytes: int) -> bool:
        """Tell a stream of frames how much is held; False where nothing that was let go would come again."""
        stream = self._stream
        if not isinstance(stream, BoundedStream):
            return False
        stream.hold(decoded_bytes)
        self._timer.start()  # from now on frames may come after every one of them came once
        self._is_bounded = True
        return True

    def close(self) -> None:
        """Stop; nothing that is still under way reaches the window."""
        self._timer.stop()
        self._inbox.close()
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None
        self._wanted, self._place, self._open, self._is_bounded = (), {}, set(), False

    def _tick(self) -> None:
        inbox, wanted = self._inbox, self._wanted
        slices, failures, line = inbox.take()
        # what came early comes once more, and only then it is here
        self._open -= {index for index, image in slices if not image.is_early} | {index for index, _error in failures}
        for up in line[-1:]:
            self.line_changed.emit(up)
        if slices:
            self.arrived.emit([(wanted[index], image) for index, image in slices])
        if failures and inbox is self._inbox:
            self.failed.emit([(wanted[index], error) for index, error in failures])
        is_whole = not self._open and not (self._stream is not None and self._stream.on_demand)
        if inbox is self._inbox and is_whole and not self._has_settled:
            self._has_settled = True
            if not self._is_bounded:
                self._timer.stop()
            self.settled.emit()


def _part(series: Series, wanted: tuple[int, ...]) -> Series:
    if series.stacks:
        frames = series.frames
        return replace(series, stacks=(ImageStack(tuple(frames[index] for index in wanted)),))
    return replace(series, instances=tuple(series.instances[index] for index in wanted))
