"""A score for the whole study, and how much each place speaks for it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from models.engine.decoders.boxes import FloatArray, activated
from models.engine.manifest_values import ClassifierOutput, OcclusionSpec
from workstation.domain.ports import JobContext

Score = Callable[[FloatArray], FloatArray]


def class_scores(head: FloatArray, output: ClassifierOutput) -> FloatArray:
    """Return ``(classes,)`` scores in [0, 1]. ValueError when the network gave another number of them."""
    flat = head.reshape(1, -1)
    if flat.shape[1] != output.classes:
        raise ValueError(f"{flat.shape[1]} scores for {output.classes} classes")
    scores: FloatArray = np.clip(activated(flat, output.activation, 1)[0], 0, 1)
    return scores


def occlusion(image: FloatArray, score: Score, label: int, spec: OcclusionSpec, job: JobContext) -> FloatArray:
    """
    Return how much the score of a class falls when a cube is covered, on the grid of the cubes' first corners.

    ``image`` has any number of axes; ``score`` takes such an image and gives ``(classes,)``. Cube
    ``k`` covers ``[step k, step k + size)`` along each axis. Raises JobCancelled between cubes.
    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014.
    """
    whole = float(score(image)[label])
    counts = [max(1, -(-(length - spec.size) // spec.step) + 1) for length in image.shape]
    drop = np.zeros(counts, np.float32)
    for number, place in enumerate(product(*(range(count) for count in counts))):
        job.progress(number / drop.size)
        covered = image.copy()
        covered[tuple(slice(k * spec.step, k * spec.step + spec.size) for k in place)] = spec.fill
        drop[place] = whole - float(score(covered)[label])
    job.progress(1.0)
    return drop
