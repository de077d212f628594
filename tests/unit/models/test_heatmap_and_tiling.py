"""Peaks become candidates at the right place, once each; slabs leave no seam."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.engine.calibration import out_of_ten
from models.engine.decoders.heatmap_3d import Candidates, decode, merge
from models.engine.manifest import Calibration, OutputSpec, PostSpec, Text
from models.engine.tiling import Slab, run_tiled, slabs
from tests.helpers.models import Job
from workstation.domain.errors import JobCancelled

FloatArray = npt.NDArray[np.float32]
OUTPUT = OutputSpec("heat", "size", "off", 4, 8.0, 1.5)
POST = PostSpec(0.02, 100, 3.0, 4.0, (1.0, 100.0))


def _heads(*peaks: tuple[tuple[int, int, int], float]) -> tuple[FloatArray, FloatArray, FloatArray]:
    heat = np.zeros((6, 7, 8), np.float32)
    for place, score in peaks:
        heat[place] = score
    return heat, np.zeros_like(heat), np.zeros((3, *heat.shape), np.float32)


def test_a_peak_lies_at_4k_plus_1_5_plus_4_offset_with_8_mm_times_exp_size() -> None:
    heat, size, offset = _heads(((2, 3, 4), 0.75))
    size[2, 3, 4] = np.log(2)
    offset[:, 2, 3, 4] = 0.25, -0.5, 0

    found = decode(heat, size, offset, OUTPUT, POST)

    assert found.centre_zyx.tolist() == [[10.5, 11.5, 17.5]]
    assert pytest.approx(found.diameter_mm.tolist()) == [16.0]
    assert found.score.tolist() == [0.75]


def test_candidates_come_by_falling_score_and_neighbours_of_a_peak_are_none() -> None:
    found = decode(*_heads(((1, 1, 1), 0.3), ((1, 1, 2), 0.2), ((4, 5, 6), 0.9), ((5, 0, 0), 0.02)), OUTPUT, POST)

    assert pytest.approx(found.score.tolist()) == [0.9, 0.3]


def test_a_peak_at_the_corner_of_the_scan_is_found() -> None:
    assert len(decode(*_heads(((0, 0, 0), 0.5)), OUTPUT, POST)) == 1


def test_a_plateau_is_one_candidate() -> None:
    assert len(decode(*_heads(((2, 2, 2), 0.5), ((2, 2, 3), 0.5), ((3, 3, 3), 0.5)), OUTPUT, POST)) == 1


def test_an_empty_map_gives_no_candidate() -> None:
    found = decode(*_heads(), OUTPUT, POST)

    assert (len(found), len(merge(found, found.centre_zyx, POST))) == (0, 0)


def test_wild_outputs_stay_within_sane_bounds() -> None:
    heat, size, offset = _heads(((1, 1, 1), 1.5), ((4, 4, 4), 0.5))
    size[1, 1, 1], size[4, 4, 4] = 1000, -1000

    found = decode(heat, size, offset, OUTPUT, POST)

    assert found.diameter_mm.tolist() == [100.0, 1.0]
    assert found.score.tolist() == [1.0, 0.5]


@pytest.mark.parametrize(("gap_mm", "remain"), [(3.9, 1), (4.1, 2)])
def test_small_marks_within_4_mm_are_one(gap_mm: float, remain: int) -> None:
    centre = np.array([[0.0, 0, 0], [gap_mm, 0, 0]])
    found = Candidates(centre, np.array([6.0, 6.0]), np.array([0.9, 0.8]))

    assert remain == len(merge(found, centre, POST))


@pytest.mark.parametrize(("gap_mm", "remain"), [(9.9, [0]), (10.1, [0, 1])])
def test_large_marks_within_a_quarter_of_their_summed_diameters_are_one(gap_mm: float, remain: list[int]) -> None:
    centre = np.array([[0.0, 0, 0], [0, gap_mm, 0]])
    found = Candidates(centre, np.array([30.0, 10.0]), np.array([0.9, 0.8]))

    assert remain == merge(found, centre, POST).tolist()


def test_no_more_marks_than_the_manifest_allows() -> None:
    centre = np.arange(30.0).reshape(10, 3) * 50
    found = Candidates(centre, np.full(10, 5.0), np.linspace(0.9, 0.1, 10))

    assert merge(found, centre, PostSpec(0.02, 3, 3.0, 4.0, (1.0, 100.0))).tolist() == [0, 1, 2]


def test_slabs_cover_every_slice_once_with_16_of_halo() -> None:
    assert [Slab(0, 112, 0, 96), Slab(80, 208, 96, 192), Slab(176, 224, 192, 224)] == list(slabs(224, slab=96, halo=16))


def _local_network(image: FloatArray) -> tuple[FloatArray, ...]:
    """Mean and maximum over blocks of 4, after a smoothing that sees 13 slices each way."""
    volume = image[0, 0].astype(np.float64)
    padded = np.pad(volume, [(13, 13), (0, 0), (0, 0)])
    smooth = np.stack([padded[n : n + 27].mean(axis=0) for n in range(volume.shape[0])])
    z, y, x = volume.shape
    blocks = smooth.reshape(z // 4, 4, y // 4, 4, x // 4, 4)
    return (
        blocks.mean(axis=(1, 3, 5))[None, None].astype(np.float32),
        np.repeat(blocks.max(axis=(1, 3, 5))[None, None], 3, axis=1).astype(np.float32),
    )


@pytest.mark.parametrize("depth", [96, 112, 240, 288])
def test_tiling_equals_one_pass_for_a_network_that_sees_no_further_than_the_halo(depth: int) -> None:
    image = np.random.default_rng(depth).random((depth, 16, 16), dtype=np.float32)

    tiled = run_tiled(image, _local_network, slab=96, halo=16, stride=4, job=Job())

    for whole, joined in zip(_local_network(image[None, None]), tiled, strict=True):
        assert np.array_equal(whole, joined)


def test_a_cancelled_run_stops_within_one_slab() -> None:
    runs: list[int] = []

    def infer(image: FloatArray) -> tuple[FloatArray, ...]:
        runs.append(1)
        return _local_network(image)

    with pytest.raises(JobCancelled):
        run_tiled(np.zeros((480, 16, 16), np.float32), infer, slab=96, halo=16, stride=4, job=Job(cancel_after=2))

    assert len(runs) == 2


def test_without_a_measured_calibration_nothing_is_claimed() -> None:
    assert out_of_ten(0.9, None) is None


@pytest.mark.parametrize(("score", "expected"), [(0.0, 1), (0.5, 4), (0.75, 6), (1.0, 8)])
def test_a_measured_calibration_is_read_between_its_points(score: float, expected: int) -> None:
    calibration = Calibration((0.2, 0.5, 1.0), (0.1, 0.4, 0.8), Text("phantom", "体模"))

    assert expected == out_of_ten(score, calibration)
