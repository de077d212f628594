"""
Decodes slices in child processes, so that the window stays alive while a series streams in.

Decoders hold Python's lock for a whole picture (17 ms for a CT slice); three retrieval threads
that decode in this process keep the window waiting for seconds, children do not.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Final

from resources.translation import language, use_language
from viewers.scene.image import SliceImage
from workstation.domain.errors import WorkstationError

Decode = Callable[[bytes], SliceImage]
WORKERS: Final = max(1, min(3, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class _Failure:
    """A ``WorkstationError`` on its way between processes; exceptions with keywords do not pickle."""

    kind: type[WorkstationError]
    user_text: str
    hint: str
    detail: str


class DecodePool:
    """
    Calls ``decode`` (a module-level function) in children; safe from any thread.

    Until the children are up, and for good after one died, it decodes in the calling thread:
    the first image never waits for a process, and a crashing decoder costs speed only.
    """

    def __init__(self, decode: Decode, workers: int = WORKERS) -> None:
        self._decode = decode
        self._ready = threading.Event()
        self._pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent
        )
        self._pool.submit(_nothing).add_done_callback(self._up)

    def __call__(self, part10: bytes) -> SliceImage:
        """Return the decoded slice; raises what ``decode`` raises."""
        if self._ready.is_set():
            try:
                result = self._pool.submit(_work, self._decode, part10, language()).result()
            except (BrokenProcessPool, RuntimeError):
                self._ready.clear()
            else:
                if isinstance(result, _Failure):
                    raise result.kind(result.user_text, hint=result.hint, detail=result.detail)
                return result
        return self._decode(part10)

    @property
    def is_ready(self) -> bool:
        """Tell whether children decode."""
        return self._ready.is_set()

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait for the children; False when the time ran out first."""
        return self._ready.wait(timeout_s)

    def close(self) -> None:
        """End the children."""
        self._ready.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _up(self, first: Future[None]) -> None:
        if not first.cancelled() and first.exception() is None:
            self._ready.set()


def _work(decode: Decode, part10: bytes, chosen: str) -> SliceImage | _Failure:
    if language() != chosen:
        use_language(chosen)
    try:
        return decode(part10)
    except WorkstationError as error:
        return _Failure(type(error), error.user_text, error.hint, error.detail)


def _nothing() -> None:
    """Tell that a child is up: its answer comes only after all its imports."""


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
