"""Frames on demand: each object fetched once, near frames first, a bounded number held, failures one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.files import FolderImages
from viewers.scene.image import SliceImage
from worklist.retry import Backoff
from workstation.bootstrap import frame_stream
from workstation.bootstrap.frame_stream import FrameStream
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.errors import DecodeError, Unreachable, WorkstationError
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
    monkeypatch.setattr(frame_stream, "frames_kept", lambda _bytes: 8)
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
