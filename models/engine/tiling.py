"""Running a network in z-slabs with a halo, so that memory does not grow with the scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def slab_sizes(slab: int, *, halo: int, whole: int, multiple: int) -> tuple[int, ...]:
    """
    Return how many slices to read at once, the most first: what is tried where memory runs out.

    The ``whole`` depth (0: it is not to be tried whole), ``slab`` where that with its halo is less, then about a third
    of ``slab``, a multiple of ``multiple``.
    """
    third = min(slab, max(multiple, slab // 3 // multiple * multiple))
    largest = max(slab, whole)
    return tuple(dict.fromkeys((largest, *((slab,) if largest > slab + 2 * halo else ()), third)))


def run_tiled(
    image: FloatArray, infer: Infer, *, slab: int, halo: int, stride: int, job: JobContext
) -> tuple[FloatArray, ...]:
    """
    Run ``infer`` over ``[z, y, x]`` slab by slab and join its outputs.

    ``infer`` takes ``[1, 1, z, y, x]`` and returns arrays ``[1, c, z / stride, ...]``; the result
    has the same form for the whole image. Raises JobCancelled within one slab.
    """
    return run_in_slabs(image[None, None], infer, axis=2, slab=slab, halo=halo, strides=(stride,), job=job)


def run_in_slabs(
    tensor: FloatArray, infer: Infer, *, axis: int, slab: int, halo: int, strides: Sequence[int], job: JobContext
) -> tuple[FloatArray, ...]:
    """
    Cut ``tensor`` along ``axis``, run each part and join every output along the same axis.

    ``strides`` holds the stride of each output along it, or one for all. Raises JobCancelled.
    """
    parts: list[tuple[FloatArray, ...]] = []
    cuts = list(slabs(tensor.shape[axis], slab=slab, halo=halo))
    for number, cut in enumerate(cuts):
        job.progress(number / len(cuts))
        outputs = infer(np.ascontiguousarray(_slice(tensor, axis, cut.start, cut.stop)))
        each = strides if len(strides) == len(outputs) else [strides[0]] * len(outputs)
        parts.append(
            tuple(
                _slice(output, axis, (cut.keep_start - cut.start) // stride, (cut.keep_stop - cut.start) // stride)
                for output, stride in zip(outputs, each, strict=True)
            )
        )
    job.progress(1.0)
    return tuple(np.concatenate(arrays, axis=axis) for arrays in zip(*parts, strict=True))


def _slice(array: FloatArray, axis: int, start: int, stop: int) -> FloatArray:
    return array[(slice(None),) * axis + (slice(start, stop),)]
