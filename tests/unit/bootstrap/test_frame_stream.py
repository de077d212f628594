"""Frames on demand: each object fetched once, near frames first, a bounded number held, failures one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.files import FolderImages
from viewers.scene.image import SliceImage
from worklist.retry import Backoff
from workstation.bootstrap import frame_stream
from workstation.bootstrap.frame_stream import FrameStream
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.images.frame_reader import FrameReader
from workstation.domain.errors import DecodeError, IntegrityMismatch, Unreachable, WorkstationError
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.study import Series

pytestmark = pytest.mark.usefixtures("allow_warnings")
PATIENCE_S = 60


class Receiver:
    """Keeps what a stream tells and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.images: dict[int, SliceImage] = {}
        self.order: list[int] = []
        self.failures: dict[int, Exception] = {}
        self.line: list[bool] = []

    def on_slice(self, index: int, image: SliceImage) -> None:
        with self.changed:
            self.images[index] = image
            self.order.append(index)
            self.changed.notify_all()

    def on_failed(self, index: int, error: Exception) -> None:
        with self.changed:
            self.failures[index] = error
            self.changed.notify_all()

    def on_line(self, up: bool) -> None:  # noqa: FBT001 - the stream's callback
        with self.changed:
            self.line.append(up)
            self.changed.notify_all()

    def wait(self, settled: object) -> None:
        assert callable(settled)
        with self.changed:
            assert self.changed.wait_for(settled, PATIENCE_S)


@pytest.fixture
def folder(shared_data: Path) -> FolderImages:
    return FolderImages(shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame")


@pytest.fixture
def clips(folder: FolderImages) -> Series:
    """Return both ultrasound clips as one stack of 16 frames."""
    series = next(one for study in folder.studies for one in study.series if one.modality == "US")
    return replace(series, stacks=(ImageStack(series.frames),))


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def started(folder: FolderImages, receiver: Receiver) -> Iterator[list[FrameStream]]:
    streams: list[FrameStream] = []
    yield streams
    for one in streams:
        one.cancel()


def stream(folder: FolderImages, series: Series, receiver: Receiver) -> FrameStream:
    return FrameStream(
        folder,
        "1",
        series,
        receiver.on_slice,
        receiver.on_failed,
        receiver.on_line,
        decode=decode_for_display,
        backoff=lambda: Backoff(first_s=0.0, longest_s=0.0),
    )


def test_every_frame_comes_once_and_each_object_is_fetched_once(
    folder: FolderImages, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    one = stream(folder, clips, receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: len(receiver.images) == 16)
    assert sorted(receiver.order) == list(range(16))
    assert len(folder.asked) == 2
    assert [receiver.images[n].frame_number for n in (0, 7, 8, 15)] == [1, 8, 1, 8]
    assert (one.complete, one.on_demand) == (True, False)


def test_of_a_clip_longer_than_what_is_held_frames_come_again_when_they_are_needed(
    folder: FolderImages, clips: Series, receiver: Receiver, started: list[FrameStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_stream, "frames_kept", lambda _frame, _held: 8)
    one = stream(folder, clips, receiver)
    started.append(one)
    one.start()
    # six ahead and two behind
    receiver.wait(lambda: {0, 1, 2, 3, 4, 5, 14, 15} <= set(receiver.order))
    assert (one.on_demand, one.complete) == (True, False)
    before = len(receiver.order)
    one.focus(8)
    receiver.wait(lambda: {6, 7, 8, 9, 10, 11, 12, 13} <= set(receiver.order[before:]))
    assert sum(one.cached) == 8
    back = len(receiver.order)
    one.focus(0)
    receiver.wait(lambda: {0, 1, 2, 3, 4, 5} <= set(receiver.order[back:]))


def test_a_broken_line_is_told_and_the_frames_come_after_it(
    folder: FolderImages, clips: Series, receiver: Receiver, started: list[FrameStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    give, failures = folder.instance, [Unreachable("gone"), Unreachable("gone")]

    def instance(study: str, series: str, uid: str) -> bytes:
        if failures:
            raise failures.pop()
        return give(study, series, uid)

    monkeypatch.setattr(folder, "instance", instance)
    one = stream(folder, clips, receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: len(receiver.images) == 16)
    assert receiver.line[0] is False
    assert receiver.line[-1] is True
    assert receiver.failures == {}


def test_what_is_missing_fails_frame_by_frame_and_the_rest_is_shown(
    folder: FolderImages, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    first = clips.frames[0]
    frames = (
        first,
        StackFrame(FrameRef(first.ref.sop_instance_uid, 99)),
        StackFrame(FrameRef("9.9", 1)),
        StackFrame(FrameRef("9.9", 2)),
    )
    one = stream(folder, replace(clips, stacks=(ImageStack(frames),)), receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: len(receiver.images) + len(receiver.failures) == 4)
    assert sorted(receiver.failures) == [1, 2, 3]
    assert isinstance(receiver.failures[1], DecodeError)
    assert all(isinstance(error, WorkstationError) for error in receiver.failures.values())
    assert folder.asked.count("9.9") == 1


class EarlyFolder(FolderImages):
    """A port whose whole objects wait until they may come, while single frames come at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.may_come = threading.Event()
        self.early: list[int] = []
        self.refuse = False

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        assert self.may_come.wait(PATIENCE_S)
        return super().instance(study_instance_uid, series_instance_uid, sop_instance_uid)

    def frame(self, study: str, series: str, sop_instance_uid: str, frame_number: int) -> bytes | None:
        self.early.append(frame_number)
        if self.refuse:
            raise Unreachable("gone")
        return FrameReader(self._paths[sop_instance_uid].read_bytes()).part10(frame_number)


@pytest.fixture
def slow(shared_data: Path) -> Iterator[EarlyFolder]:
    folder = EarlyFolder(shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame")
    yield folder
    folder.may_come.set()


def test_the_first_frame_of_a_clip_is_seen_before_the_clip_is_whole(
    slow: EarlyFolder, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    one = stream(slow, clips, receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: 0 in receiver.images)
    assert (slow.early, slow.asked, one.cached[0]) == ([1], [], False)
    early = receiver.images[0]
    slow.may_come.set()
    receiver.wait(lambda: len(receiver.images) == 16 and receiver.order.count(0) == 2)
    # it comes once more from the whole object, and is the same
    assert np.array_equal(early.pixels, receiver.images[0].pixels)


def test_without_an_early_frame_the_clip_comes_as_ever(
    slow: EarlyFolder, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    slow.refuse = True
    slow.may_come.set()
    one = stream(slow, clips, receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: len(receiver.images) == 16)
    assert (receiver.failures, receiver.line) == ({}, [])


class DamagedFolder(EarlyFolder):
    """A port whose whole objects come damaged, while a frame may come early."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.early_may_come = threading.Event()

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        del study_instance_uid, series_instance_uid, sop_instance_uid
        raise IntegrityMismatch("damaged")

    def frame(self, study: str, series: str, sop_instance_uid: str, frame_number: int) -> bytes | None:
        assert self.early_may_come.wait(PATIENCE_S)
        return super().frame(study, series, sop_instance_uid, frame_number)


def looking_ahead() -> threading.Thread:
    return next(one for one in threading.enumerate() if one.name == "frames-first")


def test_no_frame_of_an_object_that_came_damaged_is_seen_afterwards(
    shared_data: Path, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    folder = DamagedFolder(shared_data / "dicom-zoo/chafey/testImages/encapsulated/multi-frame")
    one = stream(folder, clips, receiver)
    started.append(one)
    one.start()
    ahead = looking_ahead()
    receiver.wait(lambda: len(receiver.failures) == 16)
    folder.early_may_come.set()
    ahead.join(PATIENCE_S)
    assert (receiver.images, folder.early) == ({}, [1])


def test_nothing_comes_between_the_look_at_what_was_told_and_an_early_frame(
    slow: EarlyFolder, clips: Series, receiver: Receiver, started: list[FrameStream]
) -> None:
    held: list[bool] = []

    def on_slice(index: int, image: SliceImage) -> None:
        if image.is_early:
            # whoever would tell of a failure has to wait: asked from a thread of its own, as a worker is one
            asking = threading.Thread(target=lambda: held.append(not one._changed.acquire(blocking=False)))
            asking.start()
            asking.join()
        receiver.on_slice(index, image)

    one = FrameStream(slow, "1", clips, on_slice, receiver.on_failed, receiver.on_line, decode=decode_for_display)
    started.append(one)
    one.start()
    receiver.wait(lambda: 0 in receiver.images)
    assert (receiver.images[0].is_early, held) == (True, [True])
    slow.may_come.set()
    receiver.wait(lambda: len(receiver.images) == 16 and not receiver.images[0].is_early)


def test_a_clip_that_gets_a_smaller_share_lets_frames_go_and_brings_them_again(
    folder: FolderImages, clips: Series, receiver: Receiver, started: list[FrameStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_stream, "frames_kept", lambda frame, held: held // frame)
    one = stream(folder, clips, receiver)
    started.append(one)
    one.start()
    receiver.wait(lambda: len(receiver.images) == 16)
    before, size = len(receiver.order), receiver.images[0].pixels.nbytes
    one.hold(8 * size)
    # six ahead and two behind
    assert one.on_demand
    assert [n for n, here in enumerate(one.cached) if here] == [0, 1, 2, 3, 4, 5, 14, 15]
    one.hold(16 * size)
    receiver.wait(lambda: set(receiver.order[before:]) == set(range(6, 14)))
    assert len(folder.asked) == 2
