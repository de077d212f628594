"""Peaks of a heat map at a coarse stride, with size and offset heads, become candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.engine.manifest import OutputSpec, PostSpec

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """``n`` candidates by falling score; ``centre_zyx`` ``(n, 3)`` in voxels of the network's grid."""

    centre_zyx: npt.NDArray[np.float64]
    diameter_mm: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.score)

    def where(self, keep: npt.NDArray[np.bool_]) -> Candidates:
        """Return the candidates with a true entry in ``keep``, order kept."""
        return Candidates(self.centre_zyx[keep], self.diameter_mm[keep], self.score[keep])


def decode(heat: FloatArray, size: FloatArray, offset: FloatArray, output: OutputSpec, post: PostSpec) -> Candidates:
    """
    Return the local maxima (3 x 3 x 3) above ``min_score``.

    ``heat`` and ``size`` are ``[z, y, x]``, ``offset`` ``[3, z, y, x]`` in strides ``(z, y, x)``.
    A plateau gives its first voxel in array order only.
    """
    flat = heat.ravel()
    at = np.nonzero((flat > post.min_score) & (flat >= _neighbourhood_maximum(heat).ravel()))[0]
    at = at[np.argsort(-flat[at], kind="stable")]
    index = np.stack(np.unravel_index(at, heat.shape), axis=1)
    index = index[_first_of_plateaus(index, flat[at])]
    z, y, x = index.T
    shift = offset[:, z, y, x].T.astype(np.float64)
    with np.errstate(over="ignore"):  # a wild size is clipped, not reported as a warning
        diameter = output.size_reference_mm * np.exp(size[z, y, x].astype(np.float64))
    return Candidates(
        centre_zyx=output.stride * (index + shift) + output.centre_shift,
        diameter_mm=np.clip(diameter, *post.diameter_mm),
        score=np.clip(heat[z, y, x].astype(np.float64), 0.0, 1.0),
    )


def merge(candidates: Candidates, centre_mm: npt.NDArray[np.float64], post: PostSpec) -> npt.NDArray[np.int64]:
    """
    Return the indices of the candidates that remain, by falling score.

    A candidate goes when it lies within ``max(merge_min_mm, (d1 + d2) / 4)`` of a stronger one;
    at most ``max_marks`` remain. ``centre_mm`` is ``(n, 3)``.
    """
    kept: list[int] = []
    for number in range(len(candidates)):
        gaps = np.linalg.norm(centre_mm[kept] - centre_mm[number], axis=1)
        reach = np.maximum(post.merge_min_mm, (candidates.diameter_mm[kept] + candidates.diameter_mm[number]) / 4)
        if not np.any(gaps < reach):
            kept.append(number)
            if len(kept) == post.max_marks:
                break
    return np.array(kept, dtype=np.int64)


def _neighbourhood_maximum(heat: FloatArray) -> FloatArray:
    """Return the maximum over 3 x 3 x 3 voxels, one axis at a time."""
    result = heat
    for axis in range(3):
        padded = np.pad(result, [(1, 1) if a == axis else (0, 0) for a in range(3)], constant_values=-np.inf)
        length = heat.shape[axis]
        views = [np.take(padded, range(step, step + length), axis=axis) for step in range(3)]
        result = np.maximum(np.maximum(views[0], views[1]), views[2])
    return result


def _first_of_plateaus(index: npt.NDArray[np.int64], score: npt.NDArray[np.float32]) -> list[int]:
    """Return positions of peaks that have no equal neighbour before them."""
    seen: dict[tuple[int, int, int], float] = {}
    first: list[int] = []
    for number, ((z, y, x), value) in enumerate(zip(index.tolist(), score.tolist(), strict=True)):
        neighbours = ((z + a, y + b, x + c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1))
        if all(seen.get(place) != value for place in neighbours):
            first.append(number)
        seen[z, y, x] = value
    return first
