"""
Overlays of an image, drawn white on what is dark and black on what is bright, tile by tile.

A window drag draws them anew at each step, from other levels at the same places. Where they lie is found once, so that
a step costs as much as there are bits, not as much as the image is large.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from viewers.scene.resample import reduced

_WHITE: Final = 255
_BRIGHT: Final = 128
_TILE: Final = 8
"""Bits this near to each other are of one shade, so that noise does not speckle a letter"""
_BAND: Final = 32 * _TILE
"""So many rows at a time: most hold no bits, and what is made of the others stays in the processor's cache"""
_LEAST_CONTRAST: Final = 32
_LUMINANCE: Final = np.array([77, 150, 29], np.uint16)
"""Of red, green and blue, in 256ths"""
_FULL: Final = 6
"""Where one tile of so many holds bits, all are drawn at once: one picked out costs as much as 8 grey or 3 coloured"""
_Places = npt.NDArray[np.intp]


class OverlayBits:
    """Bits ``[row, column]`` of an image's overlays and the tiles that hold them; the bits may not change later."""

    def __init__(self, bits: npt.NDArray[np.bool_]) -> None:
        self._bits = bits
        self._full: list[tuple[slice, slice]] = []
        rows, columns = [np.empty((0, _TILE), np.intp)], [np.empty((0, _TILE), np.intp)]
        for top in range(0, len(bits), _BAND):
            self._look_through(slice(top, min(top + _BAND, len(bits))), rows, columns)
        self._rows = np.concatenate(rows)[:, :, None]
        self._columns = np.concatenate(columns)[:, None, :]
        self._picked = bits[self._rows, self._columns]

    def draw(self, levels: npt.NDArray[Any]) -> None:
        """Draw the bits into levels or colours of the whole image, apart from the mean of the tile each lies in."""
        for band, across in self._full:
            _draw(levels[band, across], self._bits[band, across])
        if len(self._picked):
            self._draw_picked(levels)

    def _look_through(self, band: slice, rows: list[_Places], columns: list[_Places]) -> None:
        """Add a band to the full ones, or the places of its tiles to those of the others: ``[tile, 0 to 7]``."""
        bits = self._bits[band]
        down = _any_of(bits)
        held = np.flatnonzero(down.any(axis=0))
        if not held.size:
            return
        left, right = int(held[0]), int(held[-1]) + 1
        tiles = _any_of(down[:, left:right].T).T
        if _FULL * np.count_nonzero(tiles) >= tiles.size:
            self._full.append((band, slice(left, right)))
            return
        inside = np.arange(_TILE)
        row, column = (places[:, None] * _TILE + inside for places in np.nonzero(tiles))
        # a last tile that is not full repeats the edge, as ``reduced`` does
        rows.append(np.minimum(band.start + row, band.stop - 1))
        columns.append(np.minimum(left + column, right - 1))

    def _draw_picked(self, levels: npt.NDArray[Any]) -> None:
        ground = levels[self._rows, self._columns]
        light = ground if levels.ndim == 2 else _light(ground)
        area = _TILE * _TILE
        means = (light.sum(axis=(1, 2), dtype=np.uint16) + area // 2) // area
        shades = _apart(_opposite(means)[:, None, None], light)
        tile, row, column = np.nonzero(self._picked)
        drawn = shades[tile, row, column]
        levels[self._rows[tile, row, 0], self._columns[tile, 0, column]] = drawn if levels.ndim == 2 else drawn[:, None]


def _any_of(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return for each eight rows, the last of which may be fewer, which columns hold a bit."""
    found = bits[::_TILE].copy()
    for n in range(1, _TILE):
        part = bits[n::_TILE]
        found[: len(part)] |= part
    return found


def _draw(ground: npt.NDArray[Any], bits: npt.NDArray[np.bool_]) -> None:
    light = ground if ground.ndim == 2 else _light(ground)
    tiles = _opposite(reduced(light, _TILE))
    shades = tiles.repeat(_TILE, axis=1).repeat(_TILE, axis=0)[: bits.shape[0], : bits.shape[1]]
    shades = _apart(shades, light)
    if ground.ndim == 3:
        shades, bits = shades[:, :, None], bits[:, :, None]
    np.copyto(ground, shades, where=bits)


def _light(colors: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return (colors.astype(np.uint16) @ _LUMINANCE >> 8).astype(np.uint8)


def _opposite(means: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.where(means < _BRIGHT, np.uint8(_WHITE), np.uint8(0))


def _apart(shades: npt.NDArray[np.uint8], light: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return shades turned round where an edge crosses a tile: nothing is drawn in what it stands on."""
    # x ^ 255 is 255 - x, and a product takes a third of the time of ``where``
    return shades ^ ((light ^ shades) < _LEAST_CONTRAST) * np.uint8(_WHITE)
