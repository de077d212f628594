"""Boxes on one image: YOLO, FCOS, or a graph that suppresses overlaps itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.engine.decoders.boxes import Boxes, FloatArray, activated, clipped, suppressed
from models.engine.manifest_values import Boxes2dOutput, Boxes2dSpec, BoxPost, FcosLevel


def decode(heads: Mapping[str, FloatArray], spec: Boxes2dSpec) -> Boxes:
    """Return boxes in pixels of the network's input, corners (x, y), by falling score."""
    output, post = spec.output, spec.post
    if output.format != "fcos":
        _check_head(heads[output.name], output)
    found = {"yolo": _yolo, "nms": _ready, "fcos": _fcos}[output.format](heads, output, post)
    inside = clipped(found, (spec.input.width, spec.input.height))
    # a graph that suppressed overlaps itself is taken at its word: 1 overlaps nothing
    return suppressed(inside, 1.0 if output.format == "nms" else post.nms_iou, post.max_marks)


def _check_head(head: FloatArray, output: Boxes2dOutput) -> None:
    """Raise ValueError unless the head has the axes of its format."""
    expected = {"yolo": head.shape[1:2] == (4 + output.classes,), "nms": head.shape[2:] == (6,)}[output.format]
    if head.ndim != 3 or head.shape[0] != 1 or not expected:
        raise ValueError(f"{head.shape} is no {output.format} head")


def _yolo(heads: Mapping[str, FloatArray], output: Boxes2dOutput, post: BoxPost) -> Boxes:
    rows = heads[output.name][0].T  # (n, 4 + classes)
    scores = activated(np.ascontiguousarray(rows[:, 4:]), output.activation, -1)
    place, label, score = _best(scores, post)
    middle, half = rows[place, :2], rows[place, 2:4] / 2
    return Boxes(np.concatenate([middle - half, middle + half], axis=1), score, label)


def _ready(heads: Mapping[str, FloatArray], output: Boxes2dOutput, post: BoxPost) -> Boxes:
    rows = heads[output.name][0]
    rows = rows[rows[:, 4] > post.min_score]  # unused rows are filled with score 0
    return Boxes(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))


def _fcos(heads: Mapping[str, FloatArray], output: Boxes2dOutput, post: BoxPost) -> Boxes:
    levels = [_fcos_level(heads, level, output, post) for level in output.levels]
    return Boxes(
        np.concatenate([boxes.corners for boxes in levels]),
        np.concatenate([boxes.score for boxes in levels]),
        np.concatenate([boxes.label for boxes in levels]),
    )


def _fcos_level(heads: Mapping[str, FloatArray], level: FcosLevel, output: Boxes2dOutput, post: BoxPost) -> Boxes:
    """Read one level; a cell's place is the middle of its stride. Source: Tian et al., FCOS, 2019."""
    maps = heads[level.scores][0]
    scores = activated(maps.reshape(output.classes, -1).T, output.activation, -1)
    if level.centreness is not None:
        centred = activated(heads[level.centreness][0].reshape(-1, 1), "sigmoid", -1)
        scores = np.sqrt(scores * centred)
    place, label, score = _best(scores, post)
    row, column = np.divmod(place, maps.shape[2])
    x, y = ((n + np.float32(0.5)) * level.stride for n in (column, row))
    distances = heads[level.distances][0].reshape(4, -1).T[place]
    if output.normalised:
        distances = distances * np.float32(level.stride)
    left, top, right, bottom = distances.T
    corners = np.stack([x - left, y - top, x + right, y + bottom], axis=1).astype(np.float32)
    return Boxes(corners, score, label)


def _best(scores: FloatArray, post: BoxPost) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]:
    """Return place, class and score of the best ``top_k`` entries of ``(n, classes)``."""
    flat = scores.ravel()
    above = np.nonzero(flat > post.min_score)[0]
    order = above[np.argsort(-flat[above], kind="stable")[: post.top_k]]
    place, label = np.divmod(order, scores.shape[1])
    return place, label, flat[order]
