"""
Dense three-dimensional detectors with anchors: MONAI's RetinaNet, nnDetection and their like.

Each level of the pyramid gives class scores ``[1, anchors * classes, a, b, c]`` and box codes
``[1, anchors * 6, a, b, c]``, anchors slowest; a code holds centre shifts and log sizes in the
order of the tensor's own axes.
Source: Lin et al., Focal Loss for Dense Object Detection, 2017; Ren et al., Faster R-CNN, 2015.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.decoders.boxes import Boxes, FloatArray, activated, clipped, suppressed
from models.engine.manifest_values import AnchorLevel, AnchorOutput, AnchorSpec, BoxPost

_LARGEST_LOG_GROWTH: Final = math.log(1000 / 16)  # a wild code must not overflow exp


def decode(heads: Mapping[str, FloatArray], spec: AnchorSpec, shape: tuple[int, int, int]) -> Boxes:
    """
    Return the boxes of one image, by falling score, corners (x, y, z) in voxels.

    ``shape`` is the size of the image (x, y, z) without padding. Per level: scores above
    ``min_score``, the best ``top_k``, decoding, clipping; then NMS over all levels by class.
    """
    found = [_level_boxes(heads, level, spec, shape) for level in spec.output.levels]
    together = Boxes(
        np.concatenate([boxes.corners for boxes in found]),
        np.concatenate([boxes.score for boxes in found]),
        np.concatenate([boxes.label for boxes in found]),
    )
    return suppressed(together, spec.post.nms_iou, spec.post.max_marks)


def _level_boxes(
    heads: Mapping[str, FloatArray], level: AnchorLevel, spec: AnchorSpec, shape: tuple[int, int, int]
) -> Boxes:
    flipped = spec.input.layout == "bczyx"
    stride = np.array(level.stride[::-1] if flipped else level.stride)
    anchors = np.array([size[::-1] if flipped else size for size in level.anchors], dtype=np.float32)
    scores = _per_place(heads[level.scores], len(anchors), spec.output.classes)
    codes = _per_place(heads[level.boxes], len(anchors), 6)
    grid = heads[level.scores].shape[2:]

    at, score = _best(activated(scores, spec.output.activation, -1).ravel(), spec.post)
    place, label = np.divmod(at, spec.output.classes)
    corners = _decoded(codes[place], *_anchor_boxes(place, grid, stride, anchors), spec.output)
    if flipped:
        corners = corners[:, [2, 1, 0, 5, 4, 3]]
    return clipped(Boxes(corners, score, label), shape)


def _per_place(head: FloatArray, anchors: int, values: int) -> FloatArray:
    """Return ``[1, anchors * values, a, b, c]`` as ``(a b c anchors, values)``."""
    if head.ndim != 5 or head.shape[:2] != (1, anchors * values):
        raise ValueError(f"{head.shape} is not 1 x {anchors * values} and three axes")
    split = head.reshape(anchors, values, *head.shape[2:])
    return np.ascontiguousarray(split.transpose(2, 3, 4, 0, 1)).reshape(-1, values)


def _best(score: FloatArray, post: BoxPost) -> tuple[npt.NDArray[np.int64], FloatArray]:
    above = np.nonzero(score > post.min_score)[0]
    order = np.argsort(-score[above], kind="stable")[: post.top_k]
    return above[order], score[above[order]]


def _anchor_boxes(
    place: npt.NDArray[np.int64], grid: tuple[int, ...], stride: npt.NDArray[np.int64], anchors: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return centres and sizes of the anchors; half sizes are rounded to whole voxels, as in training."""
    cell, which = np.divmod(place, len(anchors))
    index = np.stack(np.unravel_index(cell, grid), axis=1)
    centre = (index * stride + stride // 2).astype(np.float32)
    size: FloatArray = (2 * np.round(anchors / 2))[which].astype(np.float32)
    return centre, size


def _decoded(codes: FloatArray, centre: FloatArray, size: FloatArray, output: AnchorOutput) -> FloatArray:
    weights = np.array(output.coder, dtype=np.float32)
    shift, growth = np.split(codes / weights, 2, axis=1)
    middle = shift * size + centre
    half = np.float32(0.5) * np.exp(np.minimum(growth, np.float32(_LARGEST_LOG_GROWTH))) * size
    corners: FloatArray = np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)
    return corners
