"""What a closed case took is the system's again, without the reader waiting for it."""

from __future__ import annotations

import platform
import threading

import pytest
from pytestqt.qtbot import QtBot

from workstation.bootstrap.bench_window import resident_mb
from workstation.bootstrap.heap import HeapAfterCases, give_back
from workstation.services.jobs import JobRunner


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators give back what they like")
def test_what_is_free_between_what_stays_is_given_back() -> None:
    pieces = [bytearray(100_000) for _ in range(2000)]
    kept = pieces[::50]
    full = resident_mb()
    del pieces
    give_back()

    assert len(kept) == 40
    assert full - resident_mb() > 150


def test_a_closed_case_gives_its_memory_back_once_and_beside_the_window(qtbot: QtBot) -> None:
    jobs = JobRunner()
    threads: list[threading.Thread] = []
    heap = HeapAfterCases(jobs, give_back=lambda: threads.append(threading.current_thread()), after_ms=1)
    heap.case_closed()
    heap.case_closed()
    qtbot.waitUntil(lambda: bool(threads))
    jobs.close()

    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_a_window_that_goes_away_gives_nothing_back_any_more(qtbot: QtBot) -> None:
    jobs, given = JobRunner(), []
    heap = HeapAfterCases(jobs, give_back=lambda: given.append(1), after_ms=1)
    heap.case_closed()
    heap.stop()
    qtbot.wait(20)
    jobs.close()

    assert given == []
