"""The stacks that stand beside the series on screen: other windows of it, other series, priors."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene
from workstation.domain.errors import WorkstationError
from workstation.domain.frames import FrameRef, ImageStack
from workstation.domain.hanging import Hung
from workstation.domain.study import Instance, Series, Study
from workstation.ui.images.clip_shares import ClipShares
from workstation.ui.slice_feed import OpenStream, SliceFeed

KEPT_BYTES: Final = 512 << 20
"""Pixels of stacks that are no longer on screen, kept for the next stage."""


@dataclass(slots=True, eq=False)
class CellStack:
    """One stack of a cell: what it shows of which study, and its pixels as far as they are here."""

    study: Study
    series: Series
    scene: StackScene
    hung: Hung
    images: dict[int, SliceImage] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def refs(self) -> list[FrameRef]:
        """Return the frames in display order."""
        return [frame.ref for frame in self.series.frames]

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the frames that neither arrived nor failed."""
        return tuple(n for n in range(len(self.refs)) if n not in self.images and n not in self.failed)

    @property
    def size(self) -> int:
        """Return the bytes of its pixels."""
        return sum(image.pixels.nbytes for image in self.images.values())

    def put(self, index: int, image: SliceImage) -> None:
        """Take one image; the first one says in which frame of reference the stack lies."""
        # frames of a long clip come and go with the place on screen; what is early comes once more
        if not self.series.stacks and not image.is_early:
            self.images[index] = image
        self.failed.pop(index, None)
        self.scene.put(index, image)
        if not image.is_early and not self.scene.frame_of_reference_uid:
            self.scene.frame_of_reference_uid = image.frame_of_reference_uid


class CellLoading(QObject):
    """Fetches the stacks of the cells one after another, and keeps pixels of former ones within a bound."""

    arrived = Signal(object)
    """``CellStack``"""
    settled = Signal(object)
    """``CellStack``: every slice is here or has failed."""

    def __init__(self, parent: QObject, shares: ClipShares | None = None) -> None:
        super().__init__(parent)
        self._shares = shares or ClipShares()
        """What clips may hold, together with the series on screen"""
        self._queue: list[tuple[CellStack, OpenStream]] = []
        self._now: CellStack | None = None
        self._on_screen: list[CellStack] = []
        self._kept: OrderedDict[tuple[FrameRef, ...], dict[int, SliceImage]] = OrderedDict()
        self._clips: dict[CellStack, SliceFeed] = {}
        """Clips play beside each other: each has a feed of its own, which never ends where the clip is long"""
        self._feed = SliceFeed(self)
        self._feed.arrived.connect(self._arrived)
        self._feed.failed.connect(self._failed)
        self._feed.settled.connect(self._settled)

    def show(self, wanted: list[tuple[CellStack, OpenStream]]) -> None:
        """Fetch these stacks, the first one first; what was fetched before for the same frames is shown at once."""
        self._feed.close()
        self._close_clips()
        self._now = None
        self._on_screen = [stack for stack, _stream in wanted]
        for stack in self._on_screen:
            for index, image in self._kept.get(tuple(stack.refs), {}).items():
                if index not in stack.images:
                    stack.put(index, image)
            self._kept[tuple(stack.refs)] = stack.images
            self._kept.move_to_end(tuple(stack.refs))
        self._forget_beyond_bounds(len(wanted))
        # a clip waits for nobody, and what comes on demand never ends: of the rest, what ends goes first
        for stack in self._on_screen:
            if stack.images:
                self.arrived.emit(stack)
        self._queue = sorted(wanted, key=lambda one: (one[0].scene.cine is None, bool(one[0].series.stacks)))
        self._next()

    def kept(self, refs: Sequence[FrameRef]) -> Mapping[int, SliceImage]:
        """Return what is here of the images of a stack, by their places in it."""
        return self._kept.get(tuple(refs), {})

    def focus(self, stack: CellStack) -> None:
        """Fetch around the slice on screen next."""
        if stack in self._clips:
            self._clips[stack].focus(stack.scene.index)
        elif stack is self._now:
            self._feed.focus(stack.scene.index)

    def close(self) -> None:
        """Stop and drop every pixel."""
        self._feed.close()
        self._close_clips()
        self._queue, self._now, self._on_screen = [], None, []
        self._kept.clear()

    def _next(self) -> None:
        while self._queue:
            stack, stream = self._queue.pop(0)
            missing = stack.missing
            if missing and stack.scene.cine is not None:
                self._start_clip(stack, missing, stream)
                continue
            if missing:
                self._now = stack
                self._feed.start(stack.study, stack.series, missing, stream)
                self._feed.focus(stack.scene.index)
                return
            self.settled.emit(stack)

    def _start_clip(self, stack: CellStack, missing: tuple[int, ...], stream: OpenStream) -> None:
        feed = self._clips[stack] = SliceFeed(self)
        feed.arrived.connect(partial(self._put, stack))
        feed.failed.connect(partial(self._fail, stack))
        feed.settled.connect(partial(self.settled.emit, stack))
        feed.start(stack.study, stack.series, missing, stream)
        feed.focus(stack.scene.index)
        if stack.scene.is_on_demand:
            self._shares.join(stack.scene, feed)

    def _close_clips(self) -> None:
        for feed in self._clips.values():
            feed.close()
            feed.deleteLater()
        self._shares.leave(*(stack.scene for stack in self._clips))
        self._clips = {}

    def _put(self, stack: CellStack, batch: list[tuple[int, SliceImage]]) -> None:
        for index, image in batch:
            stack.put(index, image)
        self._shares.learn(stack.scene)
        self.arrived.emit(stack)

    def _arrived(self, batch: list[tuple[int, SliceImage]]) -> None:
        stack = self._now
        if stack is None:
            return
        self._put(stack, batch)
        for other in self._on_screen:
            if other is not stack and other.refs == stack.refs:
                for index, image in batch:
                    other.put(index, image)
                self.arrived.emit(other)
        if stack is self._now and stack.scene.is_on_demand and len(stack.scene.arrived) == len(stack.refs):
            self._feed.close()  # all of a short clip is here and stays: its stream would never end
            self._settled()

    def _failed(self, failures: list[tuple[int, Exception]]) -> None:
        if self._now is not None:
            self._fail(self._now, failures)

    def _fail(self, stack: CellStack, failures: list[tuple[int, Exception]]) -> None:
        for index, error in failures:
            if not isinstance(error, WorkstationError):
                raise error
            stack.failed[index] = error.user_text
            stack.images.pop(index, None)
            why = f"{error.user_text} {error.hint}".rstrip()
            stack.scene.fail(index, tr("Slice {number} cannot be shown: {why}", number=index + 1, why=why))
        self.arrived.emit(stack)

    def _settled(self) -> None:
        stack, self._now = self._now, None
        if stack is not None:
            self.settled.emit(stack)
        self._next()

    def _forget_beyond_bounds(self, on_screen: int) -> None:
        size = sum(image.pixels.nbytes for images in self._kept.values() for image in images.values())
        while size > KEPT_BYTES and len(self._kept) > on_screen:
            _refs, images = self._kept.popitem(last=False)
            size -= sum(image.pixels.nbytes for image in images.values())


def restricted(series: Series, instances: tuple[Instance, ...], stack_number: int | None = None) -> Series:
    """Return a stack of a series, the first where none is named, with only these instances of it."""
    if len(instances) >= sum(one.rows > 0 for one in series.instances):
        return series.split()[stack_number or 0]
    wanted = {one.sop_instance_uid for one in instances}
    if series.stacks:
        frames = tuple(one for one in series.frames if one.ref.sop_instance_uid in wanted)
        return replace(series, instances=instances, stacks=(ImageStack(frames),))
    return replace(series, instances=instances)
