"""Tilings place viewports without gaps or overlaps, whatever the size of the window."""

from __future__ import annotations

import pytest

from workstation.ui.widgets.tiling import PLANES, STACK, Layout, Tile, Tiling, standard_tilings


def test_one_view_takes_the_whole_area() -> None:
    assert standard_tilings()[Layout.ONE].places(1287, 956, 2) == {STACK: (0, 0, 1287, 956)}


def test_three_planes_and_the_stack_stand_in_four_quarters() -> None:
    places = standard_tilings()[Layout.MPR].places(1287, 957, 2)
    assert places == {
        "axial": (0, 0, 642, 477),
        "coronal": (644, 0, 643, 477),
        "sagittal": (0, 479, 642, 478),
        STACK: (644, 479, 643, 478),
    }


def test_a_tile_may_span_rows() -> None:
    tiling = Tiling((Tile("big", 0, 0, 2, 2), Tile("top", 2, 0), Tile("bottom", 2, 1)))
    assert tiling.places(302, 202, 1) == {
        "big": (0, 0, 201, 202),
        "top": (202, 0, 100, 100),
        "bottom": (202, 101, 100, 101),
    }


def test_three_planes_need_their_scenes() -> None:
    assert standard_tilings()[Layout.MPR].needs == frozenset(PLANES)


@pytest.mark.parametrize("tiles", [(), (Tile("a"), Tile("a", 1))])
def test_no_tiling_is_empty_or_shows_a_viewport_twice(tiles: tuple[Tile, ...]) -> None:
    with pytest.raises(ValueError, match=r"tiling|twice"):
        Tiling(tiles)
