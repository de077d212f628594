"""Segmentations: class maps become connected pieces, pieces become marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from models.engine.decoders.boxes import FloatArray, activated
from models.engine.manifest_values import MaskOutput

_itk: Any = SimpleITK  # its stubs are partial


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """
    One connected piece of one class.

    ``centre`` is its centre of mass and ``low``/``high`` its first and last index, axes as in the
    map; ``count`` its number of elements, ``score`` the mean score within it.
    """

    label: int
    centre: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    count: int
    score: float


def check_head(head: FloatArray, output: MaskOutput, axes: int) -> None:
    """Raise ValueError unless the head is ``[1, channels]`` with so many further axes."""
    channels = output.classes + (output.activation == "softmax")
    if head.ndim != 2 + axes or head.shape[:2] != (1, channels):
        raise ValueError(f"{head.shape} is not 1 x {channels} and {axes} axes")


def class_scores(head: FloatArray, output: MaskOutput) -> FloatArray:
    """Return ``[classes, ...]`` in [0, 1] from ``[1, channels, ...]``; softmax's background is left out."""
    scores: FloatArray = activated(head, output.activation, 1)[0]
    return scores[1:] if output.activation == "softmax" else scores


def pieces(score: FloatArray, mask: npt.NDArray[np.bool_], label: int, *, least: float) -> list[Piece]:
    """Return the pieces of at least ``least`` elements, by falling score; neighbours share a face, edge or corner."""
    image = _itk.ConnectedComponent(_itk.GetImageFromArray(mask.astype(np.uint8)), True)
    labels: npt.NDArray[np.int64] = _itk.GetArrayFromImage(image)
    at = np.argwhere(labels > 0)
    number = labels[tuple(at.T)]
    at = at[np.argsort(number, kind="stable")]
    found = []
    for inside in np.split(at, np.cumsum(np.bincount(number)[1:])):
        if len(inside) < max(1.0, least):
            continue
        found.append(
            Piece(
                label=label,
                centre=tuple(float(value) for value in inside.mean(axis=0)),
                low=tuple(int(value) for value in inside.min(axis=0)),
                high=tuple(int(value) for value in inside.max(axis=0)),
                count=len(inside),
                score=min(1.0, float(score[tuple(inside.T)].mean(dtype=np.float64))),
            )
        )
    return sorted(found, key=lambda piece: -piece.score)
