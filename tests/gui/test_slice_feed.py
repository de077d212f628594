"""Slices come to the window whatever their order and however often."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.helpers.priors import structure
from tests.helpers.reading import Streams, series_of
from viewers.scene.image import SliceImage
from workstation.ui.slice_feed import SliceFeed

pytestmark = pytest.mark.gui


def test_a_frame_that_comes_twice_takes_no_other_frames_place(qtbot: QtBot) -> None:
    image = SliceImage(np.zeros((4, 4), dtype=np.int16))
    series = series_of((image,) * 4, "1.2.3")
    count = len(series.frames)
    streams = Streams({one.sop_instance_uid: image for one in series.instances})
    holder = QObject()
    feed = SliceFeed(holder)
    here: list[int] = []
    feed.arrived.connect(lambda batch: here.extend(index for index, _image in batch))
    feed.start(structure("1.9.3"), series, tuple(range(count)), streams)
    streams.last.deliver(0, 0, *range(1, count - 1))  # the frame on screen is fetched ahead of its object
    qtbot.waitUntil(lambda: len(here) == count)
    assert feed.is_running
    with qtbot.waitSignal(feed.settled):
        streams.last.deliver(count - 1)
    assert here[-1] == count - 1
    feed.close()
