"""Sharing the rows of one picture between two cores: numpy lets go of Python while it computes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

T = TypeVar("T")

_CORES: Final = os.cpu_count() or 1


def share(parts: Iterable[T], here: Callable[[T], None], there: Callable[[T], None]) -> None:
    """
    Do every part once, on this thread by ``here`` and on a second one by ``there``.

    Each takes the next part when it has done one, so that a busy second core costs nothing: this
    thread then does them all. The two may be one function only if it is safe on two threads.
    Raises what a part raised.
    """
    left = deque(parts)
    helper = _second_core().submit(_work, left, there) if _CORES > 1 and len(left) > 1 else None
    try:
        _work(left, here)
    finally:
        left.clear()
        if helper is not None and not helper.cancel():
            helper.result()


def _work(left: deque[T], act: Callable[[T], None]) -> None:
    while True:
        try:
            part = left.popleft()
        except IndexError:
            return
        act(part)


@cache
def _second_core() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="picture")
