"""
Heads must be numbers and have as many cells as their declared strides make of the input.

A network whose stride is another one answers all the same, only elsewhere: every place read from it
would be wrong and look right. One that is no number is lost in every comparison: nothing would be
marked, in silence. Heads are arrays as they leave the network, ``[1, channels, ...]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from models.engine.manifest_values import AnchorSpec, Boxes2dSpec, HeatmapSpec, KindSpec, MaskSpec
from resources.translation import tr
from workstation.domain.errors import BundleInvalid

FloatArray = npt.NDArray[np.float32]


def check_answer(spec: KindSpec, given: tuple[int, ...], heads: Mapping[str, FloatArray]) -> None:
    """
    Raise BundleInvalid unless every head is finite and has the size that its stride promises, for an input of any kind.

    At every patient, not in the trial run only: a graph can tell the trial's input from a patient's.
    """
    try:
        check_strides(spec, given, heads)
    except ValueError as exc:
        raise nonsense(str(exc)) from exc
    for name, value in heads.items():
        if not np.all(np.isfinite(value)):
            raise BundleInvalid(tr("The network's answer is no number."), hint=_repaired(), detail=name)


def nonsense(detail: str) -> BundleInvalid:
    """Return the fault of a network that answers otherwise than its manifest says."""
    text = tr("The network answers what its manifest does not promise.")
    return BundleInvalid(text, hint=_repaired(), detail=detail[:300])


def _repaired() -> str:
    return tr("Ask the supplier of the model for a repaired bundle.")


def check_strides(spec: KindSpec, given: tuple[int, ...], heads: Mapping[str, FloatArray]) -> None:
    """
    Raise ValueError, with the head's name, unless every head's size times its stride is that of the input.

    ``given`` is the shape ``[1, channels, ...]`` of the tensor that the network read. A film need not be a
    multiple of a stride: there the last cell may reach beyond its edge.
    """
    sides = given[2:]
    for name, strides in _declared(spec, len(sides)):
        cells = heads[name].shape[2:]
        if isinstance(spec, Boxes2dSpec):
            expected = tuple(-(-side // stride) for side, stride in zip(sides, strides, strict=True))
            fits = cells == expected and all(stride <= side for side, stride in zip(sides, strides, strict=True))
        else:
            fits = len(cells) == len(sides) and sides == tuple(
                cell * stride for cell, stride in zip(cells, strides, strict=True)
            )
        if not fits:
            raise ValueError(f"{name}: {cells} cells at a stride of {strides} are not an input of {sides}")


def _declared(spec: KindSpec, axes: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield every head that speaks of places, with its stride along each axis of the tensor."""
    if isinstance(spec, HeatmapSpec):
        for name in (spec.output.heat, spec.output.size, spec.output.offset):
            yield name, (spec.output.stride,) * axes
    elif isinstance(spec, AnchorSpec):
        for level in spec.output.levels:
            strides = level.stride[::-1] if spec.input.layout == "bczyx" else level.stride
            yield level.scores, strides
            yield level.boxes, strides
    elif isinstance(spec, Boxes2dSpec):
        for cells in spec.output.levels:
            for head in (cells.scores, cells.distances, cells.centreness):
                if head is not None:
                    yield head, (cells.stride,) * axes
    elif isinstance(spec, MaskSpec):
        yield spec.output.name, (1,) * axes
