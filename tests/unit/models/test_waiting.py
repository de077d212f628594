"""Work that cannot be stopped holds nobody who does not want it any more."""

from __future__ import annotations

import threading

import pytest

from models.engine.waiting import waited_for
from tests.helpers.models import Job
from workstation.domain.errors import JobCancelled


def test_the_result_of_the_work_comes_back() -> None:
    assert waited_for(lambda: 7, Job()) == 7


def test_what_the_work_raises_is_raised_to_whoever_waits() -> None:
    def fails() -> None:
        raise OSError("no such film")

    with pytest.raises(OSError, match="no such film"):
        waited_for(fails, Job())


def test_cancelling_does_not_wait_for_the_end_of_the_work() -> None:
    go_on = threading.Event()

    with pytest.raises(JobCancelled):
        waited_for(lambda: go_on.wait(60), Job(cancel_after=0))

    assert not go_on.is_set()
    go_on.set()
