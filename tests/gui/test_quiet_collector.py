"""Garbage ends in the thread of the window: a Qt object that ends in another one can stop the window for ever."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workstation.ui.quiet_collector import QuietCollector

pytestmark = pytest.mark.gui


class Ring:
    """Garbage that only the collector finds; ``ended_in`` gets the name of the thread in which it ends."""

    def __init__(self, ended_in: list[str]) -> None:
        self.itself = self
        self.part = QObject()
        weakref.finalize(self, lambda: ended_in.append(threading.current_thread().name))


@pytest.fixture
def collector() -> Iterator[QuietCollector]:
    gc.enable()
    made = QuietCollector()
    yield made
    made.stop()
    gc.disable()


def worker(ended_in: list[str]) -> None:
    """Make more in another thread than Python leaves unlooked at."""
    Ring(ended_in)
    kept = [[at] for at in range(gc.get_threshold()[0] * 3)]
    assert len(kept) > gc.get_threshold()[0]


def test_python_alone_ends_qt_objects_in_whichever_thread_makes_objects(collector: QuietCollector) -> None:
    ended_in: list[str] = []
    gc.collect()
    thread = threading.Thread(target=worker, args=(ended_in,), name="worker")
    thread.start()
    thread.join()
    assert (ended_in, collector.objectName()) == (["worker"], "")


def test_the_window_ends_them_itself(qtbot: QtBot, collector: QuietCollector) -> None:
    ended_in: list[str] = []
    gc.collect()
    collector.start()
    thread = threading.Thread(target=worker, args=(ended_in,), name="worker")
    thread.start()
    thread.join()
    assert ended_in == []
    kept = [[at] for at in range(gc.get_threshold()[0] * 3)]
    qtbot.waitUntil(lambda: bool(ended_in))
    assert (ended_in, len(kept)) == (["MainThread"], gc.get_threshold()[0] * 3)


def test_what_was_loaded_is_looked_at_again_after_the_case(collector: QuietCollector) -> None:
    before = gc.get_threshold()
    collector.settle()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == (10_000, 5, 20)
    collector.stop()
    assert (gc.get_freeze_count(), gc.get_threshold(), gc.isenabled()) == (0, before, True)


def test_what_the_sign_in_loads_is_not_looked_at_in_one_long_turn(qtbot: QtBot, collector: QuietCollector) -> None:
    """Half a million objects of modules took 115 ms of the window's thread just when the list should come."""
    gc.unfreeze()  # what the suite itself took out of sight
    gc.collect()
    collector.start()
    loaded = [[at] for at in range(50_000)]

    qtbot.waitUntil(lambda: gc.get_freeze_count() > len(loaded))

    collector.release()
    assert gc.get_freeze_count() == 0
