"""Resampling axis by axis gives what resampling through the affine gives, and leaves turned axes to it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.engine import resample as resampling
from models.engine.resample import TargetGrid, resample
from tests.helpers.models import Job
from workstation.domain.errors import JobCancelled
from workstation.domain.volume import Volume


def _ramp(matrix: npt.NDArray[np.float64]) -> Volume:
    """Return a volume whose value is 2 x + 3 y + 5 z mm: linear interpolation must give it back anywhere."""
    z, y, x = np.mgrid[:12, :20, :16]
    points = np.stack([x, y, z], axis=-1) @ matrix[:3, :3].T + matrix[:3, 3]
    return Volume((points @ [2.0, 3.0, 5.0]).astype(np.float32), matrix, "1.2", "1.2.3")


UPRIGHT = np.array([[0.5, 0, 0, -4], [0, 0.75, 0, 7], [0, 0, 2, 30], [0, 0, 0, 1.0]])
FLIPPED = np.array([[-0.5, 0, 0, 4], [0, 0.75, 0, 7], [0, 0, -2, 52], [0, 0, 0, 1.0]])
TURNED = np.array([[0.4, 0.3, 0, -4], [-0.3, 0.4, 0, 12], [0, 0, 2, 30], [0, 0, 0, 1.0]])


@pytest.mark.parametrize(("matrix", "at"), [(UPRIGHT, (-2.0, 9.0, 34.0)), (FLIPPED, (-2.0, 9.0, 34.0))])
def test_a_linear_image_stays_itself_wherever_it_is_read(
    matrix: npt.NDArray[np.float64], at: tuple[float, float, float]
) -> None:
    values = resample(_ramp(matrix), TargetGrid(np.array(at), (0.7, 1.1, 0.9), (6, 7, 8)), -1000.0, np.float32)
    z, y, x = np.mgrid[:8, :7, :6]
    expected = 2 * (at[0] + 0.7 * x) + 3 * (at[1] + 1.1 * y) + 5 * (at[2] + 0.9 * z)

    assert values.shape == (8, 7, 6)
    assert float(np.abs(values - expected).max()) < 1e-4


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1)], ids=["LPS", "RAS"])
@pytest.mark.parametrize("matrix", [UPRIGHT, FLIPPED], ids=["upright", "flipped"])
def test_both_ways_agree_to_one_unit_beyond_the_edges_too(
    monkeypatch: pytest.MonkeyPatch, matrix: npt.NDArray[np.float64], signs: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(4)
    volume = Volume(rng.integers(-1000, 400, (12, 20, 16)).astype(np.int16), matrix, "1.2", "1.2.3")
    origin = np.array([-6.0, 5.0, 28.0]) if signs[0] > 0 else np.array([6.0, 24.0, 28.0])
    grid = TargetGrid(origin, (1.0, 1.0, 1.0), (13, 20, 28), signs)

    quick, quick_cut = resample(volume, grid, -1024, np.float32), resample(volume, grid, -1024, np.int16)
    monkeypatch.setattr(resampling, "_parallel_axes", lambda _volume, _grid: None)
    plain, plain_cut = resample(volume, grid, -1024, np.float32), resample(volume, grid, -1024, np.int16)

    assert float(np.abs(quick - plain).max()) < 1e-3
    # what is cut off may fall to either side of a whole number
    assert int(np.abs(quick_cut.astype(np.int32) - plain_cut).max()) <= 1
    assert ((quick == -1024) == (plain == -1024)).all()
    assert (quick == -1024).any()


def test_a_turned_scan_goes_through_the_affine() -> None:
    volume = _ramp(TURNED)
    middle = volume.lps_of([8.0, 10.0, 6.0])
    values = resample(volume, TargetGrid(middle, (1.0, 1.0, 1.0), (2, 2, 2)), 0.0, np.float32)
    expected = middle @ [2.0, 3.0, 5.0]

    assert values[0, 0, 0] == pytest.approx(expected, abs=1e-3)
    assert values[1, 1, 1] == pytest.approx(expected + 10, abs=1e-3)


def test_a_single_slice_is_no_accident() -> None:
    volume = Volume(np.full((1, 4, 4), 7, np.int16), np.eye(4), "1.2", "1.2.3")

    values = resample(volume, TargetGrid(np.array([1.0, 1.0, -1.0]), (1.0, 1.0, 1.0), (2, 2, 3)), -9, np.int16)

    assert values[:, 0, 0].tolist() == [-9, 7, -9]


def test_resampling_stops_when_it_is_cancelled() -> None:
    with pytest.raises(JobCancelled):
        resample(_ramp(UPRIGHT), TargetGrid(np.array([-2.0, 9, 34]), (1.0, 1.0, 1.0), (4, 4, 4)), 0, np.int16, Job(0))
