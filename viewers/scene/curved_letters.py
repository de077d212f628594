"""Orientation letters of a straightened path: true where they stand, or absent where one edge has several."""

from __future__ import annotations

from itertools import takewhile
from typing import Final

import numpy as np
import numpy.typing as npt

from viewers.scene.curved import Straightened
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import direction_letters

_PLACES: Final = 65
"""How many places along an edge of the viewport are asked: a bend shorter than a 65th of it turns no edge"""
_Directions = npt.NDArray[np.float64]


def curved_letters(view: SliceView, band: Straightened) -> dict[str, str]:
    """
    Return the letters at ``left``, ``right``, ``top`` and ``bottom`` of what is on screen of a band.

    At the ends of the path an edge names where the path comes from or goes to; beside it, where the band reaches. An
    edge bears the letters that hold at each of its places, the strongest first; where the path bends so far that they
    have none in common it bears none. All follow from the displayed matrix and the patient points of the pixels.
    """
    width, height = view.viewport
    along, across = np.linspace(0.0, width, _PLACES), np.linspace(0.0, height, _PLACES)
    edges = {
        "left": (np.zeros(_PLACES), across, (-1.0, 0.0)),
        "right": (np.full(_PLACES, width), across, (1.0, 0.0)),
        "top": (along, np.zeros(_PLACES), (0.0, -1.0)),
        "bottom": (along, np.full(_PLACES, height), (0.0, 1.0)),
    }
    columns, rows = _directions(band)
    m = view.inverse
    found = {}
    for edge, (x, y, (out_x, out_y)) in edges.items():
        row = np.clip(np.rint(m.c * x + m.d * y + m.ty), 0, len(rows) - 1).astype(int)
        # one pixel of the band is as wide as it is high: its step
        outwards = (m.a * out_x + m.b * out_y) * columns[row] + (m.c * out_x + m.d * out_y) * rows[row]
        found[edge] = _common(outwards)
    return {edge: letters for edge, letters in found.items() if letters}


def do_sides_change(band: Straightened) -> bool:
    """Tell whether the sides of a band have no letter that holds along all of its path."""
    return not _common(_directions(band)[0])


def _directions(band: Straightened) -> tuple[_Directions, _Directions]:
    """Return the unit directions ``(row, 3)`` in which columns and rows count up, at every row."""
    middle = band.places[:, band.places.shape[1] // 2]
    across, along = band.places[:, -1] - band.places[:, 0], np.gradient(middle, axis=0)
    return _units(across), _units(along)


def _units(vectors: _Directions) -> _Directions:
    units: _Directions = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return units


def _common(directions: _Directions) -> str:
    names = {direction_letters((x, y, z)) for x, y, z in _units(directions).tolist()}
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)
