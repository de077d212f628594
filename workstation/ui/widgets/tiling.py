"""How the image area is divided into viewports: plain values, no widget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from viewers.scene.mpr_plane import MprPlane

STACK: Final = "stack"
"""The viewport of the series on screen; retrieval follows it."""
PLANES: Final = tuple(plane.value for plane in (MprPlane.AXIAL, MprPlane.CORONAL, MprPlane.SAGITTAL))


class Layout(StrEnum):
    """The tilings every case has; others are added to the grid by name."""

    ONE = "one"
    MPR = "mpr"


@dataclass(frozen=True, slots=True)
class Tile:
    """One viewport's place on a grid of cells; columns and rows count from 0."""

    key: str
    column: int = 0
    row: int = 0
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Tiling:
    """
    A division of the image area, its tiles in reading order.

    ``needs`` names the viewports that must have a scene before it can be chosen.
    """

    tiles: tuple[Tile, ...]
    needs: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.tiles:
            raise ValueError("a tiling needs at least one tile")
        if len(set(self.keys)) < len(self.tiles):
            raise ValueError(f"a viewport stands twice in {self.keys}")

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the viewports in reading order."""
        return tuple(tile.key for tile in self.tiles)

    def places(self, width: int, height: int, gap: int) -> dict[str, tuple[int, int, int, int]]:
        """Return x, y, width and height of each viewport in an area, ``gap`` pixels between neighbours."""
        xs = _edges(width, max(tile.column + tile.columns for tile in self.tiles), gap)
        ys = _edges(height, max(tile.row + tile.rows for tile in self.tiles), gap)
        found = {}
        for tile in self.tiles:
            left, top = xs[tile.column][0], ys[tile.row][0]
            right, bottom = xs[tile.column + tile.columns - 1][1], ys[tile.row + tile.rows - 1][1]
            found[tile.key] = left, top, right - left, bottom - top
        return found


def _edges(length: int, cells: int, gap: int) -> list[tuple[int, int]]:
    """Return the first and the past-the-last pixel of each cell; the last takes what does not divide."""
    size = (length - gap * (cells - 1)) // cells
    return [(n * (size + gap), length if n == cells - 1 else n * (size + gap) + size) for n in range(cells)]


def standard_tilings() -> dict[str, Tiling]:
    """Return one view, and three planes with the stack."""
    axial, coronal, sagittal = PLANES
    return {
        Layout.ONE: Tiling((Tile(STACK),)),
        Layout.MPR: Tiling(
            (Tile(axial), Tile(coronal, 1, 0), Tile(sagittal, 0, 1), Tile(STACK, 1, 1)), needs=frozenset(PLANES)
        ),
    }
