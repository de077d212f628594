"""A thick slab lies about its plane to within half a sampling step, also where it runs along the voxels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.reslice import OUTSIDE, ResliceRequest, reslice
from viewers.scene.slab import Projection, Slab, SlabSampling
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume

pytestmark = pytest.mark.gui

SPACING_MM = (0.8, 0.6, 2.0)
SHAPE = (40, 50, 60)
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}


def ramp(axis: int, dtype: npt.DTypeLike = np.int16) -> Volume:
    """Return a volume that rises by 50 a millimetre along a patient axis, 0 at its first centres."""
    along = np.arange(SHAPE[2 - axis]) * SPACING_MM[axis] * 50
    shape = [1, 1, 1]
    shape[2 - axis] = -1
    voxels = np.broadcast_to(along.reshape(shape), SHAPE).astype(dtype)
    return Volume(np.ascontiguousarray(voxels), np.diag([*SPACING_MM, 1.0]), "1.2", "1.3")


def plane_at(axis: int, place_mm: float, *, mirrored: bool = False) -> ImagePlane:
    """Return a plane of pixels of 1 mm at right angles to an axis; mirrored, it looks the other way."""
    others = [one for one in range(3) if one != axis]
    right, down = np.eye(3)[others[0]], np.eye(3)[others[1]]
    origin = np.zeros(3)
    origin[axis] = place_mm
    if mirrored:
        origin += right * 20
        right = -right
    return ImagePlane(_point(origin), _point(right), _point(down), (1.0, 1.0))


def _point(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("place_mm", [20.0, 20.3, 21.0, 21.7])
@pytest.mark.parametrize("axis", list(AXES.values()), ids=list(AXES))
def test_the_mean_of_a_slab_through_a_ramp_is_the_value_of_its_plane(
    axis: int, place_mm: float, *, mirrored: bool
) -> None:
    for thickness_mm in (2.0, 3.0, 5.0, 10.0):
        slab = Slab(Projection.MEAN, thickness_mm).sampling(0.6)
        asked = ResliceRequest(ramp(axis, np.float32), plane_at(axis, place_mm, mirrored=mirrored), (20, 20), slab)

        # the mean of a straight line about a point is its value there, however thick the slab is
        assert VtkReslicer()(asked)[10, 10] == pytest.approx(50 * place_mm, abs=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("axis", list(AXES.values()), ids=list(AXES))
def test_the_highest_and_lowest_values_of_a_slab_are_those_of_its_outer_samples(axis: int, *, mirrored: bool) -> None:
    plane = plane_at(axis, 20.3, mirrored=mirrored)
    # five samples 1 mm apart about 20.3 mm: from 18.3 to 22.3 mm
    for projection, expected in ((Projection.MIP, 1115), (Projection.MINIP, 915)):
        asked = ResliceRequest(ramp(axis, np.float32), plane, (20, 20), SlabSampling(projection, 5, 1.0))

        assert VtkReslicer()(asked)[10, 10] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("count", [1, 2, 7, 16, 33])
@pytest.mark.parametrize("projection", list(Projection))
@pytest.mark.parametrize("axis", list(AXES.values()), ids=list(AXES))
def test_a_slab_along_the_voxels_is_that_of_plain_numpy(axis: int, projection: Projection, count: int) -> None:
    voxels = np.random.default_rng(5).integers(-1000, 1000, SHAPE).astype(np.int16)
    grid = Volume(voxels, np.diag([*SPACING_MM, 1.0]), "1.2", "1.3")
    reslicer = VtkReslicer(keeps=True)
    for place_mm in (0.2, 13.7):  # half of the first slab lies beside the volume
        asked = ResliceRequest(grid, plane_at(axis, place_mm), (60, 50), SlabSampling(projection, count, 0.9))
        expected = reslice(asked).astype(int)

        assert np.abs(reslicer(asked).astype(int) - expected).max() <= 1
        assert bool(((reslicer(asked) == OUTSIDE) == (expected == OUTSIDE)).all())


@pytest.mark.parametrize("projection", list(Projection))
def test_a_slab_beside_the_volume_shows_nothing(projection: Projection) -> None:
    asked = ResliceRequest(ramp(2), plane_at(2, -30.0), (20, 20), SlabSampling(projection, 5, 1.0))

    assert bool((VtkReslicer()(asked) == OUTSIDE).all())


def test_a_thin_plane_after_a_slab_is_the_plane() -> None:
    reslicer, grid = VtkReslicer(keeps=True), ramp(2)
    slab = SlabSampling(Projection.MIP, 5, 1.0)
    assert reslicer(ResliceRequest(grid, plane_at(2, 20.0), (20, 20), slab))[10, 10] == 1100

    assert reslicer(ResliceRequest(grid, plane_at(2, 20.0), (20, 20)))[10, 10] == 1000


@pytest.mark.parametrize(
    ("dtype", "outside"), [(np.int16, OUTSIDE), (np.float32, OUTSIDE), (np.uint16, 0), (np.uint8, 0)]
)
def test_a_slab_beside_the_volume_is_empty_whatever_its_values_are(dtype: npt.DTypeLike, outside: int) -> None:
    slab = Slab(Projection.MIP, 5.0).sampling(0.6)
    asked = ResliceRequest(ramp(2, dtype), plane_at(2, 500.0), (4, 4), slab)

    assert VtkReslicer()(asked).tolist() == [[outside] * 4] * 4
