"""A film keeps its speed, waits for frames that are not here, and says how fast it really goes."""

from __future__ import annotations

import pytest

from viewers.scene.cine import CinePlayer
from workstation.domain.frames import Cine


def here(_place: int) -> bool:
    return True


def test_a_film_shows_the_frame_of_the_moment_and_leaves_out_what_a_slow_machine_cannot_paint() -> None:
    player = CinePlayer(Cine((40.0,) * 10), 10)
    player.start(1000.0, 2)
    assert [player.tick(t, here) for t in (1000.0, 1039.0, 1040.0, 1200.0, 1320.0)] == [2, 2, 3, 7, 0]


def test_a_missing_frame_is_waited_for_and_nothing_is_skipped() -> None:
    player = CinePlayer(Cine((40.0,) * 4), 4)
    player.start(0.0, 0)
    assert {player.tick(float(t), lambda place: place == 0) for t in range(0, 4000, 8)} == {0}
    assert [player.tick(t, here) for t in (4000.0, 4040.0, 4080.0)] == [1, 2, 3]


def test_the_speed_on_show_is_the_speed_painted() -> None:
    player = CinePlayer(Cine((50.0,) * 4), 4)
    assert player.frames_per_second == 0.0
    player.start(0.0, 0)
    for t in range(0, 3000, 100):
        player.tick(float(t), here)
    assert player.frames_per_second == pytest.approx(10.0)
    player.stop()
    assert not player.is_playing
    assert player.tick(9999.0, here) == player.tick(0.0, here)


def test_a_stack_that_names_no_speed_plays_ten_a_second() -> None:
    assert CinePlayer(None, 5).cine.frames_per_second == 10.0
    assert CinePlayer(Cine((20.0, 20.0)), 5).cine.frames_per_second == 10.0
    with pytest.raises(ValueError, match="two frames"):
        CinePlayer(None, 1)


def test_a_film_begun_on_a_frame_that_does_not_play_goes_to_the_first_that_does() -> None:
    player = CinePlayer(Cine((40.0,) * 10, trim=(4, 6)), 10)
    for begun in (0, 9):
        player.start(0.0, begun)
        assert [player.tick(t, here) for t in (0.0, 40.0, 80.0, 120.0)] == [4, 5, 6, 4]
    player.start(0.0, 5)
    assert [player.tick(t, here) for t in (0.0, 40.0, 80.0)] == [5, 6, 4]
    with pytest.raises(ValueError, match="two frames"):
        Cine((40.0,) * 4, trim=(2, 4))
