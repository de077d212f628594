"""
Streams the frames of multi-frame objects: each object is fetched once, its frames are decoded on demand.

Of a long object the frame on screen is asked for by itself as well, so that something is seen meanwhile.

Frames near the one on screen come first. Of a long clip only as many decoded frames are held as
``workstation.domain.frames`` allows; those that fall behind are decoded again when they are needed. That may become
fewer at any time, so that the objects stay here until ``cancel``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from viewers.scene.image import SliceImage
from worklist.retry import Backoff
from workstation.dicom.images.frame_reader import FrameReader
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.frame_ports import EarlyFrames
from workstation.domain.frames import DECODED_BYTES, frames_kept, is_kept
from workstation.domain.ports import RetrievePort
from workstation.domain.study import Series

OnSlice = Callable[[int, SliceImage], None]
OnFailed = Callable[[int, Exception], None]
OnLine = Callable[[bool], None]

WORKERS: Final = 2
LONG: Final = 4
"""Objects of fewer frames are here nearly as soon as one of their frames."""


class FrameStream:
    """A stream over ``series.frames``; callbacks come from its worker threads."""

    def __init__(
        self,
        port: RetrievePort,
        study_instance_uid: str,
        series: Series,
        on_slice: OnSlice,
        on_failed: OnFailed,
        on_line: OnLine,
        *,
        decode: Callable[[bytes], SliceImage],
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._port, self._study, self._series = port, study_instance_uid, series
        self._frames = series.frames
        self._on_slice, self._on_failed, self._on_line = on_slice, on_failed, on_line
        self._decode, self._new_backoff = decode, backoff
        self._readers = _Readers(self._fetch)
        self._changed = threading.Condition()
        self._cancelled = threading.Event()
        self._waiting = set(range(len(self._frames)))
        self._here: set[int] = set()
        self._failed: set[int] = set()
        self._focus = 0
        self._bytes = DECODED_BYTES
        self._frame_bytes = 0
        """Of a decoded frame, 0 until one is"""
        self._line_up = True

    def start(self) -> None:
        """Begin; returns at once."""
        for number in range(min(WORKERS, len(self._frames))):
            threading.Thread(target=self._work, name=f"frames-{number}", daemon=True).start()
        if isinstance(self._port, EarlyFrames) and len(self._frames) >= LONG:
            threading.Thread(target=self._look_ahead, args=(self._port,), name="frames-first", daemon=True).start()

    def focus(self, index: int) -> None:
        """Decode from ``index`` on next."""
        with self._changed:
            self._focus = index
            self._let_go()
            self._changed.notify_all()

    def hold(self, decoded_bytes: int) -> None:
        """Count on no more than this being held from now on; what is let go comes again when it is needed."""
        with self._changed:
            self._bytes = decoded_bytes
            self._let_go()
            self._changed.notify_all()

    def cancel(self) -> None:
        """Stop; what is on its way is dropped."""
        self._cancelled.set()
        with self._changed:
            self._changed.notify_all()

    @property
    def cached(self) -> tuple[bool, ...]:
        """Return, frame by frame, whether it is here."""
        with self._changed:
            return tuple(index in self._here for index in range(len(self._frames)))

    @property
    def complete(self) -> bool:
        """Tell whether every frame is here."""
        return all(self.cached)

    @property
    def on_demand(self) -> bool:
        """Tell whether frames come and go, because the clip is longer than what is held."""
        with self._changed:
            return self._kept < len(self._frames)

    def _work(self) -> None:
        backoff = self._new_backoff()
        while (index := self._next()) is not None:
            try:
                image = self._image(index)
            except Unreachable:
                self._tell_line(up=False)
                with self._changed:
                    self._waiting.add(index)
                self._cancelled.wait(backoff.next_delay_s())
                continue
            except Exception as error:  # noqa: BLE001 - one bad frame must not stop the others; the receiver judges it
                with self._changed:
                    self._failed.add(index)
                    self._changed.notify_all()
                if not self._cancelled.is_set():
                    self._on_failed(index, error)
                continue
            backoff.reset()
            self._tell_line(up=True)
            with self._changed:
                self._frame_bytes = image.pixels.nbytes
                self._here.add(index)
                self._let_go()
                wanted = index in self._here
                self._changed.notify_all()
            if wanted and not self._cancelled.is_set():
                self._on_slice(index, image)

    def _look_ahead(self, port: EarlyFrames) -> None:
        """
        Show the frame on screen while its object is on the way; it comes once more from the whole object.

        Nothing checked it yet: it must not come after the object's own frame, nor after the word that it is damaged.
        """
        with self._changed:
            index = self._focus
        frame = self._frames[index]
        uids = self._study, self._series.series_instance_uid, frame.ref.sop_instance_uid
        try:
            part10 = port.frame(*uids, frame.ref.frame_number)
            image = None if part10 is None else replace(self._placed(self._decode(part10), index), is_early=True)
        except WorkstationError:
            return  # whatever is wrong, the whole object tells
        with self._changed:
            told = {self._frames[one].ref.sop_instance_uid for one in self._here | self._failed}
            if image is not None and uids[-1] not in told and not self._cancelled.is_set():
                self._on_slice(index, image)

    def _next(self) -> int | None:
        """Take the frame that is needed next; wait while all that is held is here; None when cancelled."""
        with self._changed:
            while not self._cancelled.is_set():
                count = len(self._frames)
                kept = self._kept
                near = [one for one in self._waiting if is_kept(one, self._focus, count, kept)]
                if near:
                    index = min(near, key=self._urgency)
                    self._waiting.discard(index)
                    return index
                self._changed.wait()
            return None

    @property
    def _kept(self) -> int:
        return frames_kept(self._frame_bytes, self._bytes) if self._frame_bytes else len(self._frames)

    def _urgency(self, index: int) -> int:
        ahead = (index - self._focus) % len(self._frames)
        return min(ahead, 2 * (len(self._frames) - ahead))

    def _let_go(self) -> None:
        """Forget frames that fell out of what is held, so that they come again."""
        count, kept = len(self._frames), self._kept
        gone = {one for one in self._here if not is_kept(one, self._focus, count, kept)}
        self._here -= gone
        self._waiting |= gone

    def _image(self, index: int) -> SliceImage:
        frame = self._frames[index]
        reader = self._readers.get(frame.ref.sop_instance_uid)
        return self._placed(self._decode(reader.part10(frame.ref.frame_number)), index)

    def _placed(self, image: SliceImage, index: int) -> SliceImage:
        frame = self._frames[index]
        return replace(image, plane=image.plane or frame.plane, frame_number=frame.ref.frame_number)

    def _fetch(self, sop_instance_uid: str) -> FrameReader:
        return FrameReader(self._port.instance(self._study, self._series.series_instance_uid, sop_instance_uid))

    def _tell_line(self, *, up: bool) -> None:
        with self._changed:
            changed, self._line_up = self._line_up != up, up
        if changed and not self._cancelled.is_set():
            self._on_line(up)


class _Readers:
    """The objects of a stack as they came, each fetched by the first thread that needs it."""

    def __init__(self, fetch: Callable[[str], FrameReader]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._here: dict[str, FrameReader] = {}
        self._broken: dict[str, Exception] = {}

    def get(self, sop_instance_uid: str) -> FrameReader:
        with self._lock:
            lock = self._locks.setdefault(sop_instance_uid, threading.Lock())
        with lock:
            if sop_instance_uid in self._broken:
                raise self._broken[sop_instance_uid]
            if sop_instance_uid not in self._here:
                try:
                    self._here[sop_instance_uid] = self._fetch(sop_instance_uid)
                except Unreachable:
                    raise
                except Exception as error:
                    # a broken object is fetched once, not once for each of its frames
                    self._broken[sop_instance_uid] = error
                    raise
            return self._here[sop_instance_uid]
