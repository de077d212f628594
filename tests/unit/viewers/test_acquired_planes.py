"""A plane that holds values which no voxel has says that it is interpolated, whatever its direction."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest

from viewers.scene.mpr_plane import MprPlane, plane_grid
from workstation.domain.volume import Volume


def volume(spacing: tuple[float, float, float], turned_deg: float = 0.0) -> Volume:
    matrix = np.diag([*spacing, 1.0])
    angle = radians(turned_deg)
    turn = np.eye(4)
    turn[:2, :2] = [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]
    return Volume(np.zeros((8, 20, 20), dtype=np.int16), turn @ matrix, "1.2", "1.3")


@pytest.mark.parametrize(
    ("made", "plane", "acquired"),
    [
        (volume((0.7, 0.7, 1.0)), MprPlane.AXIAL, True),
        (volume((0.7, 0.7, 1.0)), MprPlane.CORONAL, False),
        (volume((0.7, 0.7, 1.0), 20), MprPlane.AXIAL, False),  # rows turned within the plane
        (volume((1.0, 1.0, 0.5)), MprPlane.AXIAL, False),  # cut at the spacing of the layers
        (volume((0.5, 1.0, 1.0)), MprPlane.AXIAL, False),  # oblong pixels
        (volume((0.7, 0.7, 1.0), 90), MprPlane.AXIAL, True),
    ],
)
def test_only_a_plane_of_voxels_counts_as_acquired(made: Volume, plane: MprPlane, acquired: bool) -> None:  # noqa: FBT001 - a row of a table
    assert plane_grid(made, plane).acquired is acquired
