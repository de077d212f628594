"""Masks on the network's grid become marks, and masks on the grid of the images they came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.engine.decoders.mask import Piece, pieces
from models.engine.letterbox import Letterboxed
from models.engine.manifest_values import MaskPost
from models.engine.resample import TargetGrid
from workstation.domain.finding import Mark
from workstation.domain.model import PlanarImage, PlanarMark, SegmentMask
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float32]
_SLICES_AT_ONCE = 16


def marks_of_mask(scores: FloatArray, grid: TargetGrid, post: MaskPost, labels: Sequence[str]) -> tuple[Mark, ...]:
    """
    Return one mark per piece, by falling score; ``shown`` is left to the caller.

    ``scores`` is ``[classes, z, y, x]``. The centre is the centre of mass, the diameter that of
    the ball of the same volume, the score the mean within the piece.
    """
    nx, ny, nz = grid.size
    voxel_mm3 = float(np.prod(grid.spacing_mm))
    found: list[Piece] = []
    for number, score in enumerate(scores[:, :nz, :ny, :nx]):
        found += pieces(score, score > post.threshold, number, least=1000 * post.min_ml / voxel_mm3)
    found = sorted(found, key=lambda piece: -piece.score)[: post.max_marks]
    matrix = grid.ijk_to_lps
    marks = []
    for piece in found:
        x, y, z = (matrix @ [*piece.centre[::-1], 1.0])[:3].tolist()
        diameter = float(np.cbrt(6 * piece.count * voxel_mm3 / np.pi))
        marks.append(Mark((x, y, z), diameter, piece.score, shown=False, label=labels[piece.label]))
    return tuple(marks)


def mask_in_volume(
    scores: FloatArray, grid: TargetGrid, post: MaskPost, labels: Sequence[str], volume: Volume
) -> tuple[SegmentMask, ...]:
    """Return the classes that were found, on the voxels of the volume; each takes its nearest score."""
    nx, ny, nz = grid.size
    found = scores[:, :nz, :ny, :nx] > post.threshold
    to_grid = np.linalg.inv(grid.ijk_to_lps) @ volume.ijk_to_lps
    masks = np.zeros((len(labels), *volume.voxels.shape), np.bool_)
    for start in range(0, volume.voxels.shape[0], _SLICES_AT_ONCE):
        part = volume.voxels[start : start + _SLICES_AT_ONCE].shape
        z, y, x = np.indices(part)
        ijk = np.stack([x, y, z + start], axis=-1) @ to_grid[:3, :3].T + to_grid[:3, 3]
        index = np.rint(ijk).astype(np.int64)
        inside = np.all((index >= 0) & (index < np.array([nx, ny, nz])), axis=-1)
        at = index[inside]
        for number in range(len(labels)):
            masks[number, start : start + part[0]][inside] = found[number][at[:, 2], at[:, 1], at[:, 0]]
    return tuple(SegmentMask(label, masks[number]) for number, label in enumerate(labels) if bool(masks[number].any()))


def mask_on_image(
    scores: FloatArray, framed: Letterboxed, post: MaskPost, labels: Sequence[str], image: PlanarImage
) -> tuple[tuple[PlanarMark, ...], tuple[SegmentMask, ...]]:
    """
    Return a box round every piece and the masks, both in pixels of the stored image.

    ``min_mm2`` counts only where the image states its spacing. ``shown`` is left to the caller.
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
        found = pieces(score, mask, number, least=least)
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
