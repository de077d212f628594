"""Where a plane meets the structures of other systems: no contour hides the others."""

from __future__ import annotations

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
