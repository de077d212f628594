"""Waiting for a dead line: longer each time, never longer than a minute, never in step."""

from __future__ import annotations

import random

from worklist.retry import Backoff


def test_delays_double_up_to_a_minute() -> None:
    steps = [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    backoff = Backoff(chance=random.Random(1))

    delays = [backoff.next_delay_s() for _ in steps]

    assert all(step / 2 <= delay <= step for step, delay in zip(steps, delays, strict=True))


def test_a_line_that_is_dead_for_days_is_still_tried_every_minute() -> None:
    backoff = Backoff(chance=random.Random(1), attempts=100_000)

    assert 30 <= backoff.next_delay_s() <= 60


def test_success_starts_over() -> None:
    backoff = Backoff(chance=random.Random(1))
    for _ in range(9):
        backoff.next_delay_s()

    backoff.reset()

    assert backoff.next_delay_s() <= 0.5


def test_two_workstations_do_not_come_back_in_step() -> None:
    first, second = Backoff(chance=random.Random(1)), Backoff(chance=random.Random(2))

    assert [first.next_delay_s() for _ in range(5)] != [second.next_delay_s() for _ in range(5)]
