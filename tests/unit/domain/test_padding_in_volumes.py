"""Padding is no patient: it enters no mean, minimum or count of a volume of interest."""

from __future__ import annotations

import numpy as np
import pytest

from viewers.scene.measure_regions import in_sphere
from workstation.domain.voi import mask_voi, voi_statistics
from workstation.domain.volume import Volume


def half_padded(padding: tuple[float, float] | None = (-2000.0, -2000.0)) -> Volume:
    """Return tissue of 50 HU beside padding of -2000, 1 mm voxels."""
    voxels = np.full((20, 20, 20), 50, dtype=np.int16)
    voxels[:, :, 10:] = -2000
    return Volume(voxels, np.eye(4), "1.2", "1.3", padding=padding)


def test_a_sphere_at_the_edge_of_the_field_of_view_measures_tissue_alone() -> None:
    found = in_sphere(half_padded(), (10.0, 10.0, 10.0), (14.0, 10.0, 10.0))

    assert (float(found.mean()), float(found.min())) == (50.0, 50.0)
    assert float(in_sphere(half_padded(None), (10.0, 10.0, 10.0), (14.0, 10.0, 10.0)).min()) == -2000.0


def test_the_statistics_of_a_marked_volume_leave_padding_out() -> None:
    mask = np.zeros((20, 20, 20), dtype=np.bool_)
    mask[5:15, 5:15, 5:15] = True

    found = voi_statistics(half_padded(), mask_voi(mask))

    assert (found.mean, found.minimum, found.voxel_count, found.volume_ml) == (50.0, 50.0, 500, 0.5)
    with pytest.raises(ValueError, match="marks at least one voxel"):
        voi_statistics(half_padded((-3000.0, 3000.0)), mask_voi(mask))
