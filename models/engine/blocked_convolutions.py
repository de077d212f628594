"""Convolutions of volumes as convolutions of planes, a tensor in a few phases at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.engine.blocked_nodes import BlockedWriter
from models.engine.graph_parts import FloatArray

STEM_PHASES: Final = 4
"""Phases of what the first convolution gives: two for either phase after the next one of stride 2."""


class Unfit(ValueError):
    """The network has something that this form has no counterpart for."""


@dataclass(frozen=True, slots=True)
class Planes:
    """
    A tensor in phases.

    ``step`` slices of the input make one plane; what is stored is ``scale`` times what is meant.
    """

    phases: tuple[str, ...]
    channels: int
    step: int
    scale: float = 1.0


class BlockedConvolutions:
    """Writes the planes of one convolution; weights are ``[out, in, 3, 3, 3]`` or ``[out, in, 1, 1, 1]``."""

    def __init__(self, writer: BlockedWriter) -> None:
        self._write = writer
        self._mixed: dict[str, tuple[str, str]] = {}

    def first(self, image: str, weight: FloatArray, bias: FloatArray, y: str, *, relu: bool) -> Planes:
        """Read the image once: its planes are channels of planes, three of them for each plane that comes out."""
        count = 2 * STEM_PHASES
        plane = self._write.emit("Shape", [image], f"{y}/shape", {"start": 3, "end": 5})
        target = self._write.emit("Concat", [self._write.indices([-1, count]), plane], f"{y}/to", {"axis": 0})
        rows = self._write.emit("Reshape", [image, target], f"{y}/rows")
        last = self._write.cut(rows, f"{y}/last", count - 1, count, axis=1)
        before = self._write.moved(last, f"{y}/before", 0, 1)
        phases = []
        for number in range(STEM_PHASES):
            three = f"{y}/three{number}"
            if number == 0:
                self._write.emit(
                    "Concat", [before, self._write.cut(rows, f"{y}/two", 0, 2, axis=1)], three, {"axis": 1}
                )
            else:
                self._write.cut(rows, three, 2 * number - 1, 2 * number + 2, axis=1)
            kernel = weight[:, 0]  # [out, 3, 3, 3]: its planes are the channels
            phases.append(self._write.convolved(three, kernel, bias, f"{y}/{number}", stride=2, relu=relu, narrow=True))
        return Planes(tuple(phases), weight.shape[0], 2)

    def halved(self, source: Planes, weight: FloatArray, bias: FloatArray, y: str, *, relu: bool) -> Planes:
        """Every plane that comes out is the sum of three convolutions of stride 2."""
        if len(source.phases) == 1:
            raise Unfit("planes that are not in pairs")
        taken = weight / np.float32(source.scale)
        count = len(source.phases)
        phases = []
        for number in range(0, count, 2):
            before = source.phases[number - 1]
            if number == 0:
                before = self._write.moved(before, f"{y}/before", 0, 1)
            name = f"{y}/{number // 2}"
            total = self._write.convolved(source.phases[number], taken[:, :, 1], bias, f"{name}/a", stride=2)
            total = self._write.convolved(
                source.phases[number + 1], taken[:, :, 2], None, f"{name}/b", stride=2, plus=total
            )
            phases.append(self._write.convolved(before, taken[:, :, 0], None, name, stride=2, plus=total, relu=relu))
        return Planes(tuple(phases), weight.shape[0], 2 * source.step)

    def pointwise(
        self, source: Planes, weight: FloatArray, bias: FloatArray, y: str, *, relu: bool, past: Planes | None
    ) -> Planes:
        """Mix channels in every place; ``past`` is added."""
        scale = 1.0
        if past is not None:
            if len(past.phases) != len(source.phases):
                raise Unfit("a sum of planes in another order")
            scale = past.scale
        kernel, offset = weight[:, :, 0] * np.float32(scale / source.scale), bias * np.float32(scale)
        phases = tuple(
            self._write.convolved(
                name, kernel, offset, f"{y}/{n}", relu=relu, plus=None if past is None else past.phases[n]
            )
            for n, name in enumerate(source.phases)
        )
        return Planes(phases, weight.shape[0], source.step, scale)

    def direct(
        self, source: Planes, weight: FloatArray, bias: FloatArray, y: str, *, relu: bool, past: Planes | None
    ) -> Planes:
        """Planes that need not come in pairs: three convolutions each; ``past`` is added."""
        scale = 1.0 if past is None else past.scale
        taken, offset = weight * np.float32(scale / source.scale), bias * np.float32(scale)
        name = source.phases[0]
        before = self._write.moved(name, f"{y}/before", 0, 1)
        after = self._write.moved(name, f"{y}/after", 0, -1)
        plus = None if past is None else past.phases[0]
        total = self._write.convolved(name, taken[:, :, 1], offset, f"{y}/a", plus=plus)
        total = self._write.convolved(before, taken[:, :, 0], None, f"{y}/b", plus=total)
        total = self._write.convolved(after, taken[:, :, 2], None, f"{y}/0", plus=total, relu=relu)
        return Planes((total,), weight.shape[0], source.step, scale)

    def winograd(
        self, source: Planes, weight: FloatArray, bias: FloatArray, y: str, *, relu: bool, past: Planes | None
    ) -> Planes:
        """Four convolutions for two planes; what is added comes in by its sum and its difference, so twice."""
        even, odd = source.phases
        scale = 1.0 if past is None else 2 * past.scale
        taken, offset = weight * np.float32(scale / source.scale), bias * np.float32(scale)
        first, middle, last = taken[:, :, 0], taken[:, :, 1], taken[:, :, 2]
        half = np.float32(0.5)
        both, gap = self._sum_and_gap(source)
        beside = (None, None) if past is None else self._sum_and_gap(past)
        m1 = self._write.convolved(both, half * (first + middle + last), offset, f"{y}/m1", plus=beside[0])
        m2 = self._write.convolved(gap, half * (middle - first - last), None, f"{y}/m2", plus=beside[1])
        total = self._write.emit("Add", [m1, m2], f"{y}/sum")
        rest = self._write.emit("Sub", [m1, m2], f"{y}/rest")
        before = self._write.moved(odd, f"{y}/before", 0, 1)
        mixed = self._write.emit("Sub", [before, odd], f"{y}/mixed0")
        out_even = self._write.convolved(mixed, first, None, f"{y}/even", plus=total, relu=relu)
        after = self._write.moved(even, f"{y}/after", 0, -1)
        mixed = self._write.emit("Sub", [after, even], f"{y}/mixed3")
        out_odd = self._write.convolved(mixed, last, None, f"{y}/odd", plus=rest, relu=relu)
        return Planes((out_even, out_odd), weight.shape[0], source.step, scale)

    def _sum_and_gap(self, pair: Planes) -> tuple[str, str]:
        even, odd = pair.phases
        if even not in self._mixed:
            self._mixed[even] = (
                self._write.emit("Add", [even, odd], f"{even}/sum"),
                self._write.emit("Sub", [even, odd], f"{even}/gap"),
            )
        return self._mixed[even]
