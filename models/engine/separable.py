"""Linear interpolation axis by axis, where the axes of a volume and those of the wanted grid are parallel."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from workstation.domain.ports import CancelToken

FloatArray = npt.NDArray[np.float32]
Number = TypeVar("Number", np.int16, np.float32)
_ASK_EVERY: Final = 16  # slices between two looks at the job


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """For each wanted place: the two voxels beside it, how near the second is, and whether it lies in the scan."""

    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    share: FloatArray
    inside: npt.NDArray[np.bool_]

    @classmethod
    def over(cls, length: int, start: float, step: float, count: int) -> Axis:
        """Return the places ``start + step * n`` in indices; the scan reaches half a voxel beyond its last ones."""
        place = start + step * np.arange(count)
        within = np.clip(place, 0, length - 1)
        first = np.minimum(np.floor(within).astype(np.intp), max(length - 2, 0))
        second = np.minimum(first + 1, length - 1)
        inside = np.asarray((place >= -0.5) & (place < length - 0.5), dtype=np.bool_)
        return cls(first, second, (within - first).astype(np.float32), inside)


def interpolated(
    voxels: npt.NDArray[Any],
    axes: tuple[Axis, Axis, Axis],
    outside: float,
    dtype: type[Number],
    job: CancelToken | None = None,
) -> npt.NDArray[Number]:
    """
    Return ``[z, y, x]`` values at the places of ``axes`` (z, y, x), ``outside`` beyond the scan.

    Every slice of the scan is interpolated in its plane once and kept as long as its neighbour needs it.
    Integers are cut off, not rounded. Raises JobCancelled.
    """
    z, y, x = axes
    left = int(x.first.min())
    columns = slice(left, int(x.second.max()) + 1)
    held: OrderedDict[int, FloatArray] = OrderedDict()

    def plane(number: int) -> FloatArray:
        if number not in held:
            rows = voxels[number][:, columns]
            tall = _between(rows[y.first].astype(np.float32), rows[y.second].astype(np.float32), y.share[:, None])
            held[number] = _between(
                np.take(tall, x.first - left, axis=1), np.take(tall, x.second - left, axis=1), x.share
            )
            if len(held) > 2:
                held.popitem(last=False)
        else:
            held.move_to_end(number)
        return held[number]

    values: npt.NDArray[Number] = np.empty((len(z.share), len(y.share), len(x.share)), dtype)
    between = np.empty(values.shape[1:], np.float32)
    for number, (first, second, share) in enumerate(zip(z.first.tolist(), z.second.tolist(), z.share, strict=True)):
        if job is not None and number % _ASK_EVERY == 0:
            job.raise_if_cancelled()
        before, after = plane(first), plane(second)
        np.subtract(after, before, out=between)
        np.multiply(between, share, out=between)
        np.add(between, before, out=between)
        values[number] = between
    for axis, places in enumerate(axes):
        if not places.inside.all():
            np.moveaxis(values, axis, 0)[~places.inside] = outside
    return values


def _between(first: FloatArray, second: FloatArray, share: FloatArray) -> FloatArray:
    """Return values between two arrays, in place of the second one."""
    second -= first
    second *= share
    second += first
    return second
