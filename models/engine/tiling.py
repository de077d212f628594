"""Running a network in z-slabs with a halo, so that memory does not grow with the scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workstation.domain.ports import JobContext

FloatArray = npt.NDArray[np.float32]
Infer = Callable[[FloatArray], tuple[FloatArray, ...]]


@dataclass(frozen=True, slots=True)
class Slab:
    """Slices ``[start, stop)`` are read; of these ``[keep_start, keep_stop)`` are kept."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def slabs(depth: int, *, slab: int, halo: int) -> Iterator[Slab]:
    """Cut ``depth`` slices into slabs; all bounds stay multiples of the network's stride if the arguments are."""
    for start in range(0, depth, slab):
        stop = min(start + slab, depth)
        yield Slab(max(0, start - halo), min(depth, stop + halo), start, stop)


def run_tiled(
    image: FloatArray, infer: Infer, *, slab: int, halo: int, stride: int, job: JobContext
) -> tuple[FloatArray, ...]:
    """
    Run ``infer`` over ``[z, y, x]`` slab by slab and join its outputs.

    ``infer`` takes ``[1, 1, z, y, x]`` and returns arrays ``[1, c, z / stride, ...]``; the result
    has the same form for the whole image. Raises JobCancelled within one slab.
    """
    parts: list[tuple[FloatArray, ...]] = []
    cuts = list(slabs(image.shape[0], slab=slab, halo=halo))
    for number, cut in enumerate(cuts):
        job.progress(number / len(cuts))
        outputs = infer(np.ascontiguousarray(image[None, None, cut.start : cut.stop]))
        first = (cut.keep_start - cut.start) // stride
        last = (cut.keep_stop - cut.start) // stride
        parts.append(tuple(output[:, :, first:last] for output in outputs))
    job.progress(1.0)
    return tuple(np.concatenate(arrays, axis=2) for arrays in zip(*parts, strict=True))
