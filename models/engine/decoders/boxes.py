"""Boxes of any dimension: overlap and non-maximum suppression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """
    ``n`` boxes by falling score.

    ``corners`` is ``(n, 2 d)``: the low corner, then the high corner, in voxels or pixels of the
    network's grid, axes in the order x, y(, z). ``label`` is the class index.
    """

    corners: FloatArray
    score: FloatArray
    label: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        """Return the ``(n, d)`` centres."""
        low, high = np.split(self.corners.astype(np.float64), 2, axis=1)
        middle: npt.NDArray[np.float64] = (low + high) / 2
        return middle

    @property
    def size(self) -> npt.NDArray[np.float64]:
        """Return the ``(n, d)`` side lengths."""
        low, high = np.split(self.corners.astype(np.float64), 2, axis=1)
        sides: npt.NDArray[np.float64] = high - low
        return sides

    def where(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Boxes:
        """Return some of the boxes, by mask or in the order of indices."""
        return Boxes(self.corners[keep], self.score[keep], self.label[keep])


def clipped(boxes: Boxes, shape: tuple[int, ...], *, least_side: float = 1.0) -> Boxes:
    """Return the boxes inside ``[0, shape]``; those that are left thinner than ``least_side`` go."""
    low, high = np.split(boxes.corners, 2, axis=1)
    top = np.array(shape, dtype=np.float32)
    low, high = np.clip(low, 0, top), np.clip(high, 0, top)
    keep = np.all(high - low >= least_side, axis=1)
    return Boxes(np.concatenate([low, high], axis=1), boxes.score, boxes.label).where(keep)


def suppressed(boxes: Boxes, iou: float, most: int) -> Boxes:
    """
    Return the boxes that no stronger box of the same class overlaps by more than ``iou``.

    At most ``most`` remain, by falling score; equal scores keep their order.
    """
    order = np.argsort(-boxes.score, kind="stable")
    kept: list[int] = []
    while len(order) and len(kept) < most:
        first, rest = int(order[0]), order[1:]
        kept.append(first)
        same = boxes.label[rest] == boxes.label[first]
        order = rest[~(same & (_iou(boxes.corners[first], boxes.corners[rest]) > iou))]
    return boxes.where(np.array(kept, dtype=np.int64))


def _iou(one: FloatArray, others: FloatArray) -> FloatArray:
    half = len(one) // 2
    low, high = np.maximum(one[:half], others[:, :half]), np.minimum(one[half:], others[:, half:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    whole = np.prod(one[half:] - one[:half]) + np.prod(others[:, half:] - others[:, :half], axis=1) - shared
    ratio: FloatArray = (shared / (whole + np.finfo(np.float32).eps)).astype(np.float32)
    return ratio


def activated(values: FloatArray, activation: str, axis: int) -> FloatArray:
    """Return scores in [0, 1] from a network's last layer."""
    if activation == "sigmoid":
        result: FloatArray = (0.5 * (1 + np.tanh(0.5 * values.astype(np.float64)))).astype(np.float32)
        return result
    if activation == "softmax":
        grown = np.exp(values - values.max(axis=axis, keepdims=True))
        shares: FloatArray = grown / grown.sum(axis=axis, keepdims=True)
        return shares
    return values
