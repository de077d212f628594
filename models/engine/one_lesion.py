"""One mark for one lesion: of two marks whose spheres overlap and between which all is dense, the weaker goes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_STEP: Final = 0.5  # voxels between two looks on the way


def one_a_lesion(
    hu: npt.NDArray[np.int16],
    centre_zyx: npt.NDArray[np.float64],
    diameter_voxels: npt.NDArray[np.float64],
    least_hu: float,
) -> list[int]:
    """
    Return the positions of the marks that remain; marks are given by falling score.

    The far end of a large nodule often gets a mark of its own. Two nodules side by side have lung between
    them, and lung lies below ``least_hu``.
    """
    kept: list[int] = []
    for number, place in enumerate(centre_zyx):
        reach = (diameter_voxels[kept] + diameter_voxels[number]) / 2
        gaps = np.linalg.norm(centre_zyx[kept] - place, axis=1)
        near = [kept[n] for n in np.nonzero(gaps < reach)[0].tolist()]
        if not any(least_between(hu, centre_zyx[other], place) > least_hu for other in near):
            kept.append(number)
    return kept


def least_between(
    hu: npt.NDArray[np.int16], start_zyx: npt.NDArray[np.float64], end_zyx: npt.NDArray[np.float64]
) -> float:
    """Return the lowest mean of 3 x 3 x 3 voxels on the straight way between two places."""
    count = max(2, int(np.linalg.norm(end_zyx - start_zyx) / _STEP) + 1)
    way = start_zyx + (end_zyx - start_zyx) * np.linspace(0, 1, count)[:, None]
    middle = np.clip(np.rint(way).astype(np.int64), 1, np.array(hu.shape) - 2)
    return min(float(hu[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2].mean()) for z, y, x in middle.tolist())
