"""Masks on the network's grid become marks, and masks on the grid of the images they came from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.decoders.mask import Piece, pieces
from models.engine.letterbox import Letterboxed
from models.engine.manifest_values import MaskPost
from models.engine.resample import TargetGrid
from models.engine.waiting import waited_for
from workstation.domain.finding import Mark
from workstation.domain.model import PlanarImage, PlanarMark, SegmentMask
from workstation.domain.ports import CancelToken
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
_SLICES_AT_ONCE: Final = 4  # a cancelled job waits for no more than these
_ASIDE_VOXELS: Final = 1e-3  # what axes may lean over the whole volume and still count as parallel, as in resampling


def marks_of_mask(
    scores: FloatArray, grid: TargetGrid, post: MaskPost, labels: Sequence[str], job: CancelToken
) -> tuple[Mark, ...]:
    """
    Return one mark per piece, by falling score; ``shown`` is left to the caller. Raises JobCancelled.

    ``scores`` is ``[classes, z, y, x]``. The centre is the centre of mass, the diameter that of
    the ball of the same volume, the score the mean within the piece.
    """
    nx, ny, nz = grid.size
    voxel_mm3 = float(np.prod(grid.spacing_mm))
    found: list[Piece] = []
    for number, score in enumerate(scores[:, :nz, :ny, :nx]):
        job.raise_if_cancelled()
        least = 1000 * post.min_ml / voxel_mm3
        found += waited_for(partial(pieces, score, score > post.threshold, number, least=least), job)
    found = sorted(found, key=lambda piece: -piece.score)[: post.max_marks]
    matrix = grid.ijk_to_lps
    marks = []
    for piece in found:
        x, y, z = (matrix @ [*piece.centre[::-1], 1.0])[:3].tolist()
        diameter = float(np.cbrt(6 * piece.count * voxel_mm3 / np.pi))
        marks.append(Mark((x, y, z), diameter, piece.score, shown=False, label=labels[piece.label]))
    return tuple(marks)


def mask_in_volume(
    scores: FloatArray, grid: TargetGrid, post: MaskPost, labels: Sequence[str], volume: Volume, job: CancelToken
) -> tuple[SegmentMask, ...]:
    """
    Return the classes that were found, on the voxels of the volume; each takes its nearest score. Raises JobCancelled.

    Where the axes are parallel one index per axis is enough, a tenth of the work.
    """
    nx, ny, nz = grid.size
    found = scores[:, :nz, :ny, :nx] > post.threshold
    to_grid = np.linalg.inv(grid.ijk_to_lps) @ volume.ijk_to_lps
    axes = _parallel(to_grid, volume.voxels.shape)
    masks = np.zeros((len(labels), *volume.voxels.shape), np.bool_)
    for start in range(0, volume.voxels.shape[0], _SLICES_AT_ONCE):
        job.raise_if_cancelled()
        part = masks[:, start : start + _SLICES_AT_ONCE]
        if axes is None:
            _fill(part, found, to_grid, start)
        else:
            _fill_by_axes(part, found, to_grid, axes, start)
    return tuple(SegmentMask(label, masks[number]) for number, label in enumerate(labels) if bool(masks[number].any()))


def _parallel(to_grid: npt.NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return which axis (x, y, z) of the volume each axis of the grid runs along, None where they are turned."""
    steps = to_grid[:3, :3]
    along = tuple(int(axis) for axis in np.abs(steps).argmax(axis=1))
    if sorted(along) != [0, 1, 2]:
        return None
    aside = np.abs(steps) * np.array(shape[::-1])
    aside[range(3), along] = 0
    return along if float(aside.max()) <= _ASIDE_VOXELS else None


def _fill_by_axes(
    part: BoolArray, found: BoolArray, to_grid: npt.NDArray[np.float64], along: tuple[int, ...], start: int
) -> None:
    """Fill slices ``[classes, z, y, x]`` from ``start`` on, one index per axis."""
    taken, inside = [], [slice(0)] * 3  # both by axes of the grid (x, y, z)
    for axis, of_volume in enumerate(along):
        place = np.arange(part.shape[3 - of_volume]) + (start if of_volume == 2 else 0)
        index = np.rint(place * to_grid[axis, of_volume] + to_grid[axis, 3]).astype(np.int64)
        within = np.nonzero((index >= 0) & (index < found.shape[3 - axis]))[0]
        if not len(within):
            return
        inside[of_volume] = slice(int(within[0]), int(within[-1]) + 1)
        taken.append(index[within])
    # the axes of what is taken are (z, y, x) of the grid; those of the volume are wanted
    turned = [2 - along.index(axis) for axis in (2, 1, 0)]
    for target, source in zip(part, found, strict=False):
        target[inside[2], inside[1], inside[0]] = source[np.ix_(*taken[::-1])].transpose(turned)


def _fill(part: BoolArray, found: BoolArray, to_grid: npt.NDArray[np.float64], start: int) -> None:
    """Fill slices ``[classes, z, y, x]`` from ``start`` on, voxel by voxel: any axes will do."""
    z, y, x = np.indices(part.shape[1:])
    ijk = np.stack([x, y, z + start], axis=-1) @ to_grid[:3, :3].T + to_grid[:3, 3]
    index = np.rint(ijk).astype(np.int64)
    inside = np.all((index >= 0) & (index < np.array(found.shape[:0:-1])), axis=-1)
    at = index[inside]
    for target, source in zip(part, found, strict=False):
        target[inside] = source[at[:, 2], at[:, 1], at[:, 0]]


def mask_on_image(
    scores: FloatArray, framed: Letterboxed, post: MaskPost, labels: Sequence[str], image: PlanarImage, job: CancelToken
) -> tuple[tuple[PlanarMark, ...], tuple[SegmentMask, ...]]:
    """
    Return a box round every piece and the masks, both in pixels of the stored image.

    ``min_mm2`` counts only where the image states its spacing. ``shown`` is left to the caller.
    Raises JobCancelled.
    """
    rows, columns = image.pixels.shape
    at_y = _index(rows, framed.scale, framed.shift[1], scores.shape[1])
    at_x = _index(columns, framed.scale, framed.shift[0], scores.shape[2])
    stored = scores[:, at_y][:, :, at_x]
    least = post.min_mm2 / (image.spacing_mm[0] * image.spacing_mm[1]) if image.spacing_mm else 1.0
    marks: list[PlanarMark] = []
    masks: list[SegmentMask] = []
    for number, score in enumerate(stored):
        mask = score > post.threshold
        job.raise_if_cancelled()
        found = waited_for(partial(pieces, score, mask, number, least=least), job)
        marks += [_boxed(piece, labels[number]) for piece in found]
        if found:
            masks.append(SegmentMask(labels[number], mask))
    return tuple(sorted(marks, key=lambda mark: -mark.score)[: post.max_marks]), tuple(masks)


def _index(length: int, scale: float, shift: float, most: int) -> npt.NDArray[np.int64]:
    """Return the pixel of the network's grid that covers each stored pixel."""
    index: npt.NDArray[np.int64] = np.floor(scale * (np.arange(length) + 0.5) + shift).astype(np.int64)
    return np.minimum(np.maximum(index, 0), most - 1)


def _boxed(piece: Piece, label: str) -> PlanarMark:
    (top, left), (bottom, right) = piece.low, piece.high
    box = (left - 0.5, top - 0.5, right + 0.5, bottom + 0.5)
    return PlanarMark(box, piece.score, shown=False, label=label)
