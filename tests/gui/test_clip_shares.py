"""Clips beside each other hold no more together than one alone; a frame that came early counts as missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.helpers.priors import structure
from tests.helpers.reading import FakeStream, Streams, series_of
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.frames import Cine
from workstation.domain.study import Series, Study
from workstation.services.uid import new_uid
from workstation.ui.images.clip_shares import ClipShares
from workstation.ui.images.early import early_refusal
from workstation.ui.slice_feed import SliceFeed

pytestmark = pytest.mark.gui

IMAGE = SliceImage(np.zeros((4, 4), dtype=np.int16))
EARLY = replace(IMAGE, is_early=True)
SIZE = IMAGE.pixels.nbytes


class BoundedFake(FakeStream):
    """A stream that remembers what it may count on being held."""

    held: int = 512 << 20

    def hold(self, decoded_bytes: int) -> None:
        self.held = decoded_bytes


def clip(frames: int) -> StackScene:
    slots = [StackSlot("1.9", frame) for frame in range(frames)]
    cine = Cine((40.0,) * frames)
    return StackScene(slots, annotations=Annotations("1.2.3"), new_uid=new_uid, on_demand=True, cine=cine)


def begun(holder: QObject, made: list[BoundedFake]) -> SliceFeed:
    def open_stream(
        _study: Study,
        series: Series,
        on_slice: Callable[[int, SliceImage], None],
        on_failed: Callable[[int, Exception], None],
        on_line: Callable[[bool], None],
    ) -> BoundedFake:
        made.append(BoundedFake(series, on_slice, on_failed, on_line, (IMAGE,)))
        return made[-1]

    feed = SliceFeed(holder)
    feed.start(structure("1.9.3"), series_of((IMAGE,), "1.2.3"), (0,), open_stream)
    return feed


@pytest.mark.usefixtures("qtbot")
def test_four_clips_share_what_one_alone_may_hold_and_give_it_back() -> None:
    holder, made = QObject(), list[BoundedFake]()
    shares = ClipShares(400 * SIZE)
    scenes = [clip(count) for count in (20, 300, 300, 300)]
    feeds = [begun(holder, made) for _scene in scenes]
    for scene, feed in zip(scenes, feeds, strict=True):
        shares.join(scene, feed)
    assert [one.held // SIZE for one in made] == [100, 100, 100, 100]

    for scene in scenes:
        scene.put(0, IMAGE)
        shares.learn(scene)
    # the short one needs twenty frames: the others share the rest
    assert [one.held // SIZE for one in made[1:]] == [126, 126, 126]
    assert made[0].held >= 20 * SIZE
    for frame in range(300):
        scenes[1].put(frame, IMAGE)
    # of 126 frames a quarter behind, the rest ahead
    assert len(scenes[1].arrived) == 126

    shares.leave(*scenes[2:])
    assert [one.held // SIZE for one in made[:2]] == [200, 380]
    for feed in feeds:
        feed.close()


@pytest.mark.usefixtures("qtbot")
def test_a_clip_that_is_all_here_without_a_stream_keeps_its_frames_and_is_counted() -> None:
    holder, made = QObject(), list[BoundedFake]()
    shares, whole, long = ClipShares(100 * SIZE), clip(40), clip(300)
    for frame in range(40):
        whole.put(frame, IMAGE)
    feed, idle = begun(holder, made), SliceFeed(holder)
    shares.join(whole, idle)
    shares.join(long, feed)
    assert (len(whole.arrived), made[0].held // SIZE) == (40, 60)
    feed.close()


def test_a_series_is_not_settled_while_a_frame_of_it_only_came_early(qtbot: QtBot) -> None:
    series, holder, here = series_of((IMAGE,) * 2, "1.2.3"), QObject(), list[bool]()
    streams = Streams({one.sop_instance_uid: IMAGE for one in series.instances})
    feed = SliceFeed(holder)
    feed.arrived.connect(lambda batch: here.extend(image.is_early for _index, image in batch))
    feed.start(structure("1.9.3"), series, (0, 1), streams)
    streams.last.on_slice(0, EARLY)
    streams.last.deliver(1)
    qtbot.waitUntil(lambda: len(here) == 2)
    assert feed.is_running
    with qtbot.waitSignal(feed.settled):
        streams.last.deliver(0)
    assert here == [True, False, False]
    feed.close()


def test_what_nothing_checked_is_not_taken_out_nor_marked() -> None:
    scene = clip(3)
    assert early_refusal(scene) == ""
    scene.put(0, EARLY)
    assert early_refusal(scene) != ""
    scene.put(0, IMAGE)
    assert early_refusal(scene) == ""
    assert early_refusal(None) == ""
