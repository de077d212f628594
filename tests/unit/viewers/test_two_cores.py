"""Two cores share a picture: every row once, whatever the other core does."""

from __future__ import annotations

import threading

import pytest

from viewers.scene import two_cores
from viewers.scene.two_cores import share


@pytest.fixture(params=[1, 2])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    count: int = request.param
    monkeypatch.setattr(two_cores, "_CORES", count)
    return count


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_every_part_is_done_exactly_once(cores: int, count: int) -> None:
    done: list[int] = []

    share(range(count), done.append, done.append)

    assert sorted(done) == list(range(count))


def test_a_busy_second_core_leaves_everything_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_cores, "_CORES", 2)
    busy, free = threading.Event(), threading.Event()

    def occupy() -> None:
        busy.set()
        assert free.wait(60)

    occupied = two_cores._second_core().submit(occupy)
    assert busy.wait(60)
    here: list[int] = []
    there: list[int] = []
    share(range(5), here.append, there.append)
    free.set()
    occupied.result(60)

    assert (here, there) == ([0, 1, 2, 3, 4], [])


def test_what_a_part_raises_is_raised_and_the_next_picture_is_whole(cores: int) -> None:
    def fail(_part: int) -> None:
        raise ValueError("a broken row")

    with pytest.raises(ValueError, match="broken row"):
        share(range(4), fail, fail)

    done: list[int] = []
    share(range(4), done.append, done.append)
    assert sorted(done) == [0, 1, 2, 3]
