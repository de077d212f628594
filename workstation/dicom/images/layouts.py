"""
Headers of one series are built alike: where one file has its elements, most others have them, too.

A layout remembers the head of every element (tag, VR, length) and where it stands. When all heads of
another file are equal, its values lie at the same places, and comparing a few hundred bytes at once
replaces the walk through the elements. Whatever differs by one byte is walked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_KEPT: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """
    Offsets count from the first element behind the file meta information.

    ``fields`` are (keyword, offset, length); ``pixel_offset`` is where the pixel value begins and
    ``pixel_length`` its length as stored.
    """

    explicit: bool
    places: npt.NDArray[np.intp]
    heads: bytes
    fields: tuple[tuple[str, int, int], ...]
    pixel_offset: int
    pixel_length: int


class Layouts:
    """The layouts seen last; several threads may ask and add, a lost addition costs one more walk."""

    def __init__(self) -> None:
        self._seen: deque[Layout] = deque(maxlen=_KEPT)

    def find(self, window: bytes, start: int, *, explicit: bool) -> Layout | None:
        """Return the layout of the data set that begins at ``start`` of ``window``, None when it is new."""
        if start >= len(window):
            return None  # the file ends with its file meta information
        content = np.frombuffer(window, np.uint8, offset=start)
        for layout in tuple(self._seen):
            if layout.explicit is not explicit or layout.pixel_offset > len(content):
                continue
            if content[layout.places].tobytes() == layout.heads:
                return layout
        return None

    def add(
        self,
        window: bytes,
        start: int,
        heads: Sequence[tuple[int, int]],
        fields: Sequence[tuple[str, int, int]],
        pixels: tuple[int, int],
        *,
        explicit: bool,
    ) -> None:
        """Remember a data set: (offset, size) of its heads, its fields, offset and length of its pixels."""
        places = np.concatenate([np.arange(offset, offset + size) for offset, size in heads]).astype(np.intp)
        content = np.frombuffer(window, np.uint8, offset=start)
        self._seen.appendleft(Layout(explicit, places, content[places].tobytes(), tuple(fields), *pixels))
