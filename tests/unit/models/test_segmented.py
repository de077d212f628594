"""A network's mask comes back on the scan's own voxels, the same whichever way it is found, and can be called off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.engine import segmented
from models.engine.letterbox import letterboxed
from models.engine.manifest_values import ImageInput, MaskPost
from models.engine.resample import TargetGrid, box_of, grid_over
from models.engine.segmented import marks_of_mask, mask_in_volume, mask_on_image
from tests.helpers.models import rotation
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import JobCancelled
from workstation.domain.model import PlanarImage
from workstation.domain.volume import Volume

POST = MaskPost(threshold=0.5, min_ml=0, min_mm2=0, max_marks=10)
LABELS = ("a", "b")
SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])  # columns: to P, to F, to L
FEET_FIRST = np.diag([-1.0, -1.0, 1.0])


class Watched:
    """Counts how often it is asked; the look ``cancel_at`` ends the work."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.looks = 0
        self._cancel_at = cancel_at

    def raise_if_cancelled(self) -> None:
        self.looks += 1
        if self.looks == self._cancel_at:
            raise JobCancelled


def _volume(directions: npt.NDArray[np.float64]) -> Volume:
    matrix = np.eye(4)
    matrix[:3, :3] = directions * np.array([0.7, 0.9, 2.1])
    matrix[:3, 3] = (-20.3, 11.7, 5.1)
    return Volume(np.zeros((17, 30, 41), np.int16), matrix, "1.2.3", "1.2.4")


def _grid(volume: Volume, signs: tuple[int, int, int]) -> TargetGrid:
    low, high = box_of(volume)
    # less than the scan, so that voxels lie outside on either side
    return grid_over(low + np.array([4.2, 2.9, 3.3]), high - np.array([3.1, 5.3, 2.2]), (1.3, 1.1, 1.7), signs)


def _scores(grid: TargetGrid) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(20261123)
    x, y, z = grid.size
    return random.random((2, z + 3, y + 2, x + 1), dtype=np.float32)  # padded at the high ends


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1)], ids=["lps", "ras"])
@pytest.mark.parametrize("directions", [np.eye(3), FEET_FIRST, SAGITTAL], ids=["axial", "turned", "sagittal"])
def test_parallel_axes_give_every_voxel_what_the_general_way_gives_it(
    directions: npt.NDArray[np.float64], signs: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = _volume(directions)
    grid = _grid(volume, signs)
    scores = _scores(grid)
    general = segmented._fill
    monkeypatch.setattr(segmented, "_fill", None)  # the short way is taken
    short = mask_in_volume(scores, grid, POST, LABELS, volume, Watched())
    monkeypatch.setattr(segmented, "_fill", general)
    monkeypatch.setattr(segmented, "_parallel", lambda *_: None)

    whole = mask_in_volume(scores, grid, POST, LABELS, volume, Watched())

    assert [mask.label for mask in short] == [mask.label for mask in whole] == ["a", "b"]
    for ours, theirs in zip(short, whole, strict=True):
        np.testing.assert_array_equal(ours.voxels, theirs.voxels)
        assert 0.1 < theirs.voxels.mean() < 0.5  # half of what lies in the grid


@pytest.mark.parametrize("directions", [np.eye(3), SAGITTAL, rotation(12, 2)], ids=["axial", "sagittal", "oblique"])
def test_every_voxel_takes_the_score_that_lies_nearest_in_the_patient(directions: npt.NDArray[np.float64]) -> None:
    volume = _volume(directions)
    grid = _grid(volume, (-1, -1, 1))
    scores = _scores(grid)

    masks = mask_in_volume(scores, grid, POST, LABELS, volume, Watched())

    for z, y, x in [(3, 14, 20), (8, 7, 30), (12, 22, 11), (0, 0, 0), (16, 29, 40)]:
        (lps,) = volume.lps_of([[x, y, z]])
        column, row, plane = (
            round(float((lps[n] - grid.origin_lps_mm[n]) / (grid.signs[n] * grid.spacing_mm[n]))) for n in range(3)
        )
        inside = 0 <= column < grid.size[0] and 0 <= row < grid.size[1] and 0 <= plane < grid.size[2]
        for number in range(2):
            expected = inside and bool(scores[number, plane, row, column] > 0.5)
            assert masks[number].voxels[z, y, x] == expected


def _in_volume(directions: npt.NDArray[np.float64]) -> Callable[[Watched], object]:
    volume = _volume(directions)
    grid = _grid(volume, (1, 1, 1))
    return lambda job: mask_in_volume(_scores(grid), grid, POST, LABELS, volume, job)


def _marks(job: Watched) -> object:
    grid = _grid(_volume(np.eye(3)), (1, 1, 1))
    return marks_of_mask(_scores(grid), grid, POST, LABELS, job)


def _on_film(job: Watched) -> object:
    film = PlanarImage(np.zeros((80, 60), np.float32), "1.2.5", Acquisition(modality="DX"))
    framed = letterboxed(film, ImageInput("image", 1, 64, 64, (0, 100), 0.0, (0.0,), (1.0,)))
    return mask_on_image(np.ones((2, 64, 64), np.float32), framed, POST, LABELS, film, job)


STAGES: dict[str, tuple[Callable[[Watched], object], int]] = {
    "parallel": (_in_volume(np.eye(3)), 5),  # 17 slices, four at once
    "oblique": (_in_volume(rotation(12, 2)), 5),
    "marks": (_marks, 2),
    "film": (_on_film, 2),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_mask_that_nobody_waits_for_is_given_up_at_every_look(stage: str) -> None:
    work, least = STAGES[stage]
    work(whole := Watched())
    assert whole.looks >= least

    for look in range(1, least + 1):
        with pytest.raises(JobCancelled):
            work(job := Watched(look))
        assert job.looks == look
