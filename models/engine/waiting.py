"""Waiting for work that cannot be told to stop, no longer than it is wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from workstation.domain.ports import CancelToken

T = TypeVar("T")

_ASK_EVERY_S: Final = 0.05


def waited_for(work: Callable[[], T], job: CancelToken) -> T:
    """
    Return what ``work`` gives, run in a thread of its own.

    Raises JobCancelled at once when nobody wants it any more: the work then ends by itself and its result is
    dropped, so it must have no other effect. Raises what the work raises.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as exc:  # noqa: BLE001  handed to whoever waits
            future.set_exception(exc)

    ended = threading.Event()
    future.add_done_callback(lambda _future: ended.set())
    threading.Thread(target=run, name="lianyue-waited-for", daemon=True).start()
    while not ended.wait(_ASK_EVERY_S):
        job.raise_if_cancelled()
    return future.result()
