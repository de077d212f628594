"""Silence for library warnings, safe for threads (``warnings.catch_warnings`` alone is not before 3.14)."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_outer = contextlib.ExitStack()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """
    Ignore warnings while any thread is inside; the first one in sets the filter, the last one out restores it.

    pydicom warns about harmless oddities; what matters is told to the reader as a ``DecodeWarning``.
    """
    global _inside  # noqa: PLW0603 - the warning filters are one per process, and so is this count
    with _lock:
        if _inside == 0:
            _outer.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _outer.close()
