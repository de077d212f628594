"""The window keeps turning while a series streams in."""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from pytestqt.qtbot import QtBot

from tests.conftest import PATIENCE_MS
from tests.helpers.reading import ReadingBench
from viewers.scene.image import SliceImage
from workstation.bootstrap.turns import Turns

pytestmark = pytest.mark.gui


def test_the_window_stays_alive_while_a_series_streams_in(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...], request: pytest.FixtureRequest
) -> None:
    """
    Slices pour in from a thread, then the planes are made and painted: the window keeps turning.

    Counted in the thread's own processor time and in units of a fixed piece of Python of the same run
    (6 to 7 ms on a quiet core), so that a busy machine does not decide: 50 ms are seven and a half.
    The collector looks at nothing older, as on the desk. A window that decodes for itself stands still
    for seconds.
    """
    yard = Turns()
    yard.enter("before")
    gc.freeze()
    request.addfinalizer(gc.unfreeze)
    bench.open(qtbot.waitUntil)
    stream = bench.streams.last
    turns: list[float] = []
    last = [time.thread_time()]
    probe = QTimer()
    probe.setInterval(0)

    def tick() -> None:
        now = time.thread_time()
        turns.append((now - last[0]) * 1000)
        last[0] = now

    probe.timeout.connect(tick)
    probe.start()

    def pour() -> None:
        for index in range(len(slices)):
            stream.here.add(index)
            stream.on_slice(index, replace(slices[index], pixels=slices[index].pixels.copy()))

    thread = threading.Thread(target=pour)
    thread.start()
    loop = QEventLoop()
    bench.presenter.images.volume_built.connect(lambda: QTimer.singleShot(200, loop.quit))
    QTimer.singleShot(PATIENCE_MS, loop.quit)
    loop.exec()  # waitUntil would sleep between turns
    thread.join()
    probe.stop()
    assert bench.page.has_volume()
    told = f"{len(turns)} turns, the longest took {sorted(turns)[-5:]} ms"
    yard.enter("after")
    assert max(turns) <= 7.5 * yard.yard_ms, f"{told}, the yard {yard.yards} ms"
