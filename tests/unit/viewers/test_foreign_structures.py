"""Where a plane meets the structures of other systems: no contour hides the others."""

from __future__ import annotations

import math

import numpy as np
import pytest

from viewers.scene.foreign_structures import StructureIndex
from workstation.domain.geometry import ImagePlane
from workstation.domain.structures import FloatArray, Structure

ON_ONE_LINE = [[0.0, 0.0, 5.0], [5.0, 5.0, 5.0], [10.0, 10.0, 5.0]]


def axial(z: float) -> ImagePlane:
    return ImagePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))


def square(z: float, side: float = 10.0) -> FloatArray:
    return np.array([[0.0, 0.0, z], [side, 0.0, z], [side, side, z], [0.0, side, z]])


@pytest.mark.parametrize("first", [ON_ONE_LINE, [[3.0, 3.0, 5.0]] * 3])
def test_a_first_contour_without_an_area_hides_no_contour_of_its_structure(first: list[list[float]]) -> None:
    structure = Structure(1, "GTV", (np.array(first), square(6.0), square(7.0), square(8.0)))
    index = StructureIndex(structure)

    for number, z in enumerate((5.0, 6.0, 7.0, 8.0)):
        met = index.on(axial(z), 0.5)
        assert met is not None
        assert [one.tolist() for one in met.rings] == [structure.contours[number].tolist()]
        assert met.lines == ()


def test_a_first_contour_drawn_across_the_others_hides_none_of_them() -> None:
    upright = np.array([[0.0, 5.0, 4.0], [2.0, 5.0, 4.0], [2.0, 5.0, 9.0]])  # 5 mm², the others have 100 each
    index = StructureIndex(Structure(1, "GTV", (upright, square(6.0), square(7.0))))

    met = index.on(axial(7.0), 0.5)

    assert met is not None
    assert [one.tolist() for one in met.rings] == [square(7.0).tolist()]


def test_a_structure_of_contours_without_an_area_is_drawn_as_the_lines_that_they_are() -> None:
    index = StructureIndex(Structure(1, "fibre", (np.array(ON_ONE_LINE), np.array(ON_ONE_LINE) * (1.0, 1.0, 1.2))))

    met = index.on(axial(5.0), 0.5)

    assert met is not None
    assert (met.rings, [one.tolist() for one in met.lines]) == ((), [[*ON_ONE_LINE, ON_ONE_LINE[0]]])
    assert index.on(axial(9.0), 0.5) is None


def test_across_its_contours_a_structure_is_cut_in_steps_of_half_the_gap_whatever_stands_first() -> None:
    point = np.array([[3.0, 3.0, 4.0]] * 3)
    index = StructureIndex(Structure(1, "GTV", (point, square(6.0), square(8.0))))
    coronal = ImagePlane((0.0, 5.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0))

    met = index.on(coronal, 0.5)

    assert met is not None
    spans = sorted(sorted(float(at[2]) for at in line) for line in met.lines)
    assert spans == [[5.0, 7.0], [5.0, 7.0], [7.0, 9.0], [7.0, 9.0]]


@pytest.mark.parametrize("turned_deg", [0.5, 1.4, 1.6, 2.0, 2.5, 2.6, 5.0])
def test_a_plane_turned_a_little_shows_the_whole_outline_of_a_structure(turned_deg: float) -> None:
    # a cylinder of radius 60 mm outlined every 3 mm by 90 corners: each outline is 2 * 90 * 60 * sin(2 deg) mm long
    turns = np.radians(np.arange(0.0, 360.0, 4.0))
    rings = tuple(np.c_[60 * np.cos(turns), 60 * np.sin(turns), np.full(90, z)] for z in np.arange(-60.0, 61.0, 3.0))
    cos, sin = math.cos(math.radians(turned_deg)), math.sin(math.radians(turned_deg))
    plane = ImagePlane((0.0, 0.0, 0.4), (1.0, 0.0, 0.0), (0.0, cos, sin), (1.0, 1.0))

    met = StructureIndex(Structure(1, "PTV", rings)).on(plane, 1.5)

    assert met is not None
    lines = [*(np.concatenate([ring, ring[:1]]) for ring in met.rings), *met.lines]
    assert sum(float(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1).sum()) for line in lines) == pytest.approx(
        376.91, abs=0.01
    )
    assert {round(math.hypot(x, y)) for line in lines for x, y, _z in line} == {60}


def test_a_turned_plane_is_met_where_it_lies_and_beyond_the_last_contour_not_at_all() -> None:
    cos, sin = math.cos(math.radians(2.0)), math.sin(math.radians(2.0))
    index = StructureIndex(Structure(1, "PTV", tuple(square(z, 100.0) for z in (0.0, 3.0, 6.0))))

    def on(z: float) -> ImagePlane:
        return ImagePlane((0.0, 0.0, z), (1.0, 0.0, 0.0), (0.0, cos, sin), (1.0, 1.0))

    met = index.on(on(0.0), 0.5)  # 1.5 mm / tan(2 deg) is 42.95 mm: there the plane leaves the lowest wall

    assert met is not None
    assert [np.round(one[[0, -1]], 2).tolist() for one in met.lines] == [
        [[0.0, 0.0, 0.0], [100.0, 42.95, 1.5]],
        [[0.0, 42.95, 1.5], [0.0, 0.0, 0.0]],
        [[100.0, 42.95, 1.5], [0.0, 42.95, 1.5]],
    ]
    assert index.on(on(-5.1), 0.5) is None
    assert index.on(on(7.6), 0.5) is None
