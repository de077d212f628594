"""Bilinear scaling of display levels to the screen: numpy, about three times as fast as a painter's smooth scaling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from viewers.scene.raster import Gray
from viewers.scene.two_cores import share

_ONE: Final = 256
"""Levels and weights are fixed-point numbers with 8 fractional bits in 16: sums wrap, but end inside."""
_BAND: Final = 128
_NARROW: Final = 257
"""Up to this side a column of levels adds up within 16 bits."""
_AT_ONCE: Final = 1 << 18
"""Pixels averaged at once: what is made of them stays in the processor's cache."""
_Levels = npt.NDArray[np.uint16]
_STRAIGHT: Final = 1e-9


def is_upright(transform: PixelTransform) -> bool:
    """Tell whether a transform turns by quarters only, which ``scale`` needs."""
    size = max(abs(transform.a), abs(transform.b))
    return max(abs(transform.b), abs(transform.c)) <= _STRAIGHT * size or (
        max(abs(transform.a), abs(transform.d)) <= _STRAIGHT * size
    )


def reduction(transform: PixelTransform) -> int:
    """Return the side of the blocks that an upright transform averages first, 1 for none."""
    across, down = max(abs(transform.a), abs(transform.b)), max(abs(transform.c), abs(transform.d))
    return max(1, min(int(1 / across), int(1 / down)))


def of_blocks(transform: PixelTransform, factor: int) -> PixelTransform:
    """Return the map from block indices: block n is centred on pixel ``n * factor + (factor - 1) / 2``."""
    x, y = transform.apply((factor - 1) / 2, (factor - 1) / 2)
    a, b, c, d = (factor * one for one in (transform.a, transform.b, transform.c, transform.d))
    return PixelTransform(a, b, c, d, x, y)


def reduced(gray: Gray, factor: int) -> Gray:
    """Return the means of blocks of ``factor`` squared; a last block that is not full repeats the edge."""
    rows, columns = gray.shape
    if rows % factor or columns % factor:
        gray = np.pad(gray, ((0, -rows % factor), (0, -columns % factor)), mode="edge")
    means = np.empty((gray.shape[0] // factor, gray.shape[1] // factor), dtype=np.uint8)
    area = factor * factor

    def average(part: slice) -> None:
        block = gray[part.start * factor : part.stop * factor]
        sums = block[::factor].astype(np.uint16 if factor <= _NARROW else np.uint32)
        for n in range(1, factor):
            np.add(sums, block[n::factor], out=sums)
        total = sums[:, ::factor].astype(np.uint32)
        for n in range(1, factor):
            np.add(total, sums[:, n::factor], out=total)
        np.add(total, area // 2, out=total)
        np.floor_divide(total, area, out=means[part], casting="unsafe")

    step = max(1, _AT_ONCE // (gray.shape[1] * factor))
    share([slice(at, min(at + step, len(means))) for at in range(0, len(means), step)], average, average)
    return means


class Resampler:
    """Scales levels into an image on up to two cores; keeps its working memory from frame to frame. One per thread."""

    def __init__(self) -> None:
        self._here, self._there = _Bands(), _Bands()

    def scale(self, gray: Gray, transform: PixelTransform, out: Gray) -> None:
        """
        Fill ``out`` ``[y, x]`` with the picture of ``gray`` ``[row, column]``; black beside it.

        ``transform`` maps image pixels to pixels of ``out`` and must be upright. Reductions
        beyond two average whole blocks first, so that fine structures do not flicker.
        """
        factor = reduction(transform)
        if factor > 1:
            gray, transform = reduced(gray, factor), of_blocks(transform, factor)
        if abs(transform.a) < abs(transform.b):
            # a quarter turn: transposing the picture makes columns run along x again
            gray, across, down = gray.T, (transform.b, transform.tx), (transform.c, transform.ty)
        else:
            across, down = (transform.a, transform.tx), (transform.d, transform.ty)
        columns = _axis(*across, gray.shape[1], out.shape[1])
        rows = _axis(*down, gray.shape[0], out.shape[0])
        if columns.base.size < out.shape[1] or rows.base.size < out.shape[0]:
            out.fill(0)
        if columns.base.size == 0 or rows.base.size == 0:
            return
        picture = out[rows.start : rows.start + rows.base.size, columns.start : columns.start + columns.base.size]

        def by(bands: _Bands) -> Callable[[slice], None]:
            return lambda band: bands.fill(gray, columns, rows.base[band], rows.weight[band], picture[band])

        # a few rows at a time stay in the processor's cache from the first step to the last
        parts = [slice(start, start + _BAND) for start in range(0, rows.base.size, _BAND)]
        share(parts, by(self._here), by(self._there))


class _Bands:
    """Scales a few rows; keeps its working memory. One per thread."""

    def __init__(self) -> None:
        self._memory: dict[str, _Levels] = {}

    def fill(
        self, gray: Gray, columns: _Axis, base: npt.NDArray[np.intp], weight: npt.NDArray[np.uint16], out: Gray
    ) -> None:
        """Fill ``out`` with the rows that ``base`` and ``weight`` blend."""
        first, last = int(base.min()), min(int(base.max()) + 2, gray.shape[0])
        # whole rows are what numpy interpolates well, so columns are handled as rows of the transpose
        levels = self._array("levels", gray.shape[1], last - first)
        np.copyto(levels, gray[first:last].T)
        wide = self._interpolated(levels, columns.base, columns.weight)
        levels = self._array("levels", last - first, columns.base.size)
        np.copyto(levels, wide.T)
        np.copyto(out, self._interpolated(levels, base - first, weight), casting="unsafe")

    def _interpolated(self, levels: _Levels, base: npt.NDArray[np.intp], weight: npt.NDArray[np.uint16]) -> _Levels:
        """Return rows of ``levels`` blended with the ones after them; ``levels`` is used up."""
        rise = self._array("rise", *levels.shape)
        np.subtract(levels[1:], levels[:-1], out=rise[:-1])
        rise[-1] = 0  # nothing lies after the last row: its weight is 0
        np.left_shift(levels, 8, out=levels)
        np.add(levels, _ONE // 2, out=levels)
        sums = self._array("sums", base.size, levels.shape[1])
        steps = self._array("steps", base.size, levels.shape[1])
        # "clip" never clips here: it only spares numpy a buffer
        np.take(levels, base, axis=0, out=sums, mode="clip")
        np.take(rise, base, axis=0, out=steps, mode="clip")
        np.multiply(steps, weight[:, None], out=steps)
        np.add(sums, steps, out=sums)
        np.right_shift(sums, 8, out=sums)
        return sums

    def _array(self, name: str, rows: int, width: int) -> _Levels:
        """Return working memory, kept from call to call."""
        size = rows * width
        kept = self._memory.get(name)
        if kept is None or kept.size < size:
            kept = self._memory[name] = np.empty(size, dtype=np.uint16)
        return kept[:size].reshape(rows, width)


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """
    Where the output pixels of one axis come from, for those that lie on the picture.

    Output pixel ``start + n`` blends source pixels ``base[n]`` and ``base[n] + 1``, the latter
    with ``weight[n]`` of 256.
    """

    start: int
    base: npt.NDArray[np.intp]
    weight: npt.NDArray[np.uint16]


@lru_cache(maxsize=16)
def _axis(scale: float, offset: float, length: int, out_length: int) -> _Axis:
    """Return one axis of ``length`` pixels laid into ``out_length``; scrolling asks for the same in every frame."""
    positions = (np.arange(out_length) + 0.5 - offset) / scale
    on_picture = np.flatnonzero((positions >= -0.5) & (positions < length - 0.5))
    if on_picture.size == 0:
        return _Axis(0, np.empty(0, dtype=np.intp), np.empty(0, dtype=np.uint16))
    first = int(on_picture[0])
    seen = np.clip(positions[first : int(on_picture[-1]) + 1], 0.0, length - 1.0)
    base = np.minimum(seen.astype(np.intp), length - 1)
    weight = np.rint((seen - base) * _ONE).astype(np.uint16)
    return _Axis(first, base, weight)
