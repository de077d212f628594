"""Bilinear scaling of display levels to the screen: numpy, about twice as fast here as a painter's smooth scaling."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from viewers.scene.camera import PixelTransform
from viewers.scene.raster import Gray

_ONE: Final = 256
"""Levels and weights are fixed-point numbers with 8 fractional bits in 16: sums wrap, but end inside."""
_BLOCK: Final = 64
_STRAIGHT: Final = 1e-9


def is_upright(transform: PixelTransform) -> bool:
    """Tell whether a transform turns by quarters only, which ``scale`` needs."""
    size = max(abs(transform.a), abs(transform.b))
    return max(abs(transform.b), abs(transform.c)) <= _STRAIGHT * size or (
        max(abs(transform.a), abs(transform.d)) <= _STRAIGHT * size
    )


class Resampler:
    """Scales levels into an image; keeps its working memory from frame to frame. One per thread."""

    def __init__(self) -> None:
        self._memory: dict[str, Gray] = {}

    def scale(self, gray: Gray, transform: PixelTransform, out: Gray) -> None:
        """
        Fill ``out`` ``[y, x]`` with the picture of ``gray`` ``[row, column]``; black beside it.

        ``transform`` maps image pixels to pixels of ``out`` and must be upright. Reductions
        beyond two average whole blocks first, so that fine structures do not flicker.
        """
        if abs(transform.a) < abs(transform.b):
            # a quarter turn: transposing the picture makes columns run along x again
            gray, across, down = gray.T, (transform.b, transform.tx), (transform.c, transform.ty)
        else:
            across, down = (transform.a, transform.tx), (transform.d, transform.ty)
        factor = max(1, min(int(1 / abs(across[0])), int(1 / abs(down[0]))))
        if factor > 1:
            gray = _reduced(gray, factor)
        across, down = _reduced_axis(across, factor), _reduced_axis(down, factor)
        xs, left = _positions(*across, gray.shape[1], out.shape[1])
        ys, top = _positions(*down, gray.shape[0], out.shape[0])
        if xs.size < out.shape[1] or ys.size < out.shape[0]:
            out.fill(0)
        if xs.size == 0 or ys.size == 0:
            return
        first, last = int(ys.min()), min(int(ys.max()) + 2, gray.shape[0])
        # whole rows are what numpy interpolates well, so columns are handled as rows of the transpose
        columns = self._array("columns", (xs.size, last - first))
        self._rows(gray[first:last].T, xs, columns)
        self._rows(columns.T, ys - first, out[top : top + ys.size, left : left + xs.size])

    def _rows(self, source: Gray, positions: npt.NDArray[np.float64], out: Gray) -> None:
        """Fill ``out`` with the rows of ``source`` at fractional positions."""
        base = np.minimum(positions.astype(np.intp), source.shape[0] - 1)
        weight = np.rint((positions - base) * _ONE).astype(np.uint16)[:, None]
        level = np.ascontiguousarray(source).astype(np.uint16)
        rise = np.empty_like(level)
        np.subtract(level[1:], level[:-1], out=rise[:-1])
        rise[-1] = 0
        level *= _ONE
        level += _ONE // 2

        # few rows at a time stay in the processor's cache; a second thread only waited for the first
        for start in range(0, positions.size, _BLOCK):
            rows = slice(start, start + _BLOCK)
            sums, steps = level[base[rows]], rise[base[rows]]
            steps *= weight[rows]
            sums += steps
            sums >>= 8
            out[rows] = sums

    def _array(self, name: str, shape: tuple[int, int]) -> Gray:
        kept = self._memory.get(name)
        if kept is None or kept.shape != shape:
            kept = self._memory[name] = np.empty(shape, dtype=np.uint8)
        return kept


def _positions(scale: float, offset: float, length: int, out_length: int) -> tuple[npt.NDArray[np.float64], int]:
    """Return the source positions of those output pixels that lie on the picture, and the first such pixel."""
    positions = (np.arange(out_length) + 0.5 - offset) / scale
    on_picture = np.flatnonzero((positions >= -0.5) & (positions < length - 0.5))
    if on_picture.size == 0:
        return np.empty(0), 0
    first = int(on_picture[0])
    return np.clip(positions[first : int(on_picture[-1]) + 1], 0.0, length - 1.0), first


def _reduced(gray: Gray, factor: int) -> Gray:
    """Return block means; a last block that is not full repeats the edge."""
    rows, columns = gray.shape
    padded = np.pad(gray, ((0, -rows % factor), (0, -columns % factor)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor)
    means: Gray = blocks.mean(axis=(1, 3), dtype=np.float32).round().astype(np.uint8)
    return means


def _reduced_axis(axis: tuple[float, float], factor: int) -> tuple[float, float]:
    """Return scale and offset for block indices: block n is centred on pixel ``n * factor + (factor - 1) / 2``."""
    scale, offset = axis
    return scale * factor, offset + scale * (factor - 1) / 2
