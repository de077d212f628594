"""
The same network with fewer multiplications: 3 x 3 x 3 convolutions as plane-wise ones by Winograd's scheme along z.

Two neighbouring planes of the result need four plane-wise convolutions instead of six. A tensor
``[1, c, z, y, x]`` is held as its even and its odd planes ``[z / 2, c, y, x]`` as long as only such
convolutions, sums and rectifiers follow, so that it is turned there and back once a chain. ONNX
Runtime has fast kernels for planes on a CPU, and none for volumes.

*Source:* Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016), F(2, 3).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.graph_parts import Node, Parts, taken_apart
from models.engine.onnx_writer import constant, node

_KERNEL: Final = [3, 3, 3]
_POINTWISE: Final = frozenset({"Add", "Relu"})
_PLANES: Final[dict[str, int | str | list[int]]] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
_END: Final = np.iinfo(np.int64).max


def plane_wise(model: bytes, multiple_of: int) -> bytes:
    """
    Return a model that computes the same from one input ``[1, c, z, y, x]`` with z a multiple of ``multiple_of``.

    What does not fit the scheme stays as it is; without anything that fits, so does the model.
    Raises MalformedGraph.
    """
    parts = taken_apart(model)
    rewriting = _Rewriting(parts, multiple_of)
    nodes = rewriting.run()
    return model if nodes is None else parts.whole(nodes)


class _Rewriting:
    """One graph on its way from volumes to planes."""

    def __init__(self, parts: Parts, multiple_of: int) -> None:
        self._multiple_of = multiple_of
        self._nodes, self._weights, self._results = parts.nodes, parts.weights, parts.results
        self._constants = parts.constants
        # slices of the input to one of a tensor; absent where nobody knows
        self._steps = dict.fromkeys(parts.inputs, 1)
        self._out: list[bytes] = []
        self._made: set[str] = set()  # what was given out once and can be used again
        self._in_planes: set[str] = set()
        self._only_in_planes: set[str] = set()

    def run(self) -> list[bytes] | None:
        """Return the changed nodes, or None where nothing fits."""
        for one in self._nodes:
            self._know_step(one)
            if self._fits(one) and self._even(one.inputs[0]):
                self._convolution(one)
            elif one.kind in _POINTWISE and any(name in self._only_in_planes for name in one.inputs):
                self._pointwise(one)
            else:
                for name in one.inputs:
                    self._to_volume(name)
                self._out.append(one.raw)
        for name in self._results:
            self._to_volume(name)
        if not self._in_planes:
            return None
        return self._out

    def _fits(self, one: Node) -> bool:
        weight = self._weights.get(one.inputs[1]) if one.kind == "Conv" and len(one.inputs) == 3 else None
        return (
            weight is not None
            and list(weight.shape[2:]) == _KERNEL
            and one.inputs[2] in self._weights
            and one.numbers.get("pads") == [1] * 6
            and all(n == 1 for name in ("strides", "dilations", "group") for n in one.numbers.get(name, []))
        )

    def _even(self, name: str) -> bool:
        """Tell whether a tensor surely has an even number of planes."""
        step = self._steps.get(name, 0)
        return step > 0 and self._multiple_of % (2 * step) == 0

    def _know_step(self, one: Node) -> None:
        known = max((self._steps.get(name, 0) for name in one.inputs), default=0)
        if one.kind == "Conv" and _divides_evenly(one.numbers):
            known *= one.numbers.get("strides", [1])[0]
        elif one.kind not in _POINTWISE:
            known = 0  # a resize, say: known again from what it is added to
        if known:
            self._steps.update(dict.fromkeys(one.outputs, known))

    def _convolution(self, one: Node) -> None:
        source, weight, bias = one.inputs
        even, odd = self._planes(source)
        kernel, offset = self._weights[weight], self._weights[bias]
        first, middle, last = kernel[:, :, 0], kernel[:, :, 1], kernel[:, :, 2]
        half = np.float32(0.5)
        parts = (first, half * (first + middle + last), half * (first - middle + last), last)
        names = [self._constant(f"{weight}/{n}", part) for n, part in enumerate(parts)]
        zero = self._constant(f"{bias}/0", np.zeros(offset.shape, np.float32))
        less = self._constant(f"{bias}/-", -offset)
        y = one.outputs[0]
        before, after = self._shifted(source, odd, at_start=True), self._shifted(source, even, at_start=False)
        products = []
        operands = (("Sub", before, odd), ("Add", even, odd), ("Sub", odd, even), ("Sub", even, after))
        for n, ((kind, a, b), offsets) in enumerate(zip(operands, (bias, zero, zero, less), strict=True)):
            mixed = self._emit(kind, [a, b], f"{y}/mixed{n}")
            products.append(self._emit("Conv", [mixed, names[n], offsets], f"{y}/product{n}", _PLANES))
        m0, m1, m2, m3 = products
        total = self._emit("Add", [m1, m2], f"{y}/sum")
        self._emit("Add", [m0, total], f"{y}/even")
        gap = self._emit("Sub", [m1, m2], f"{y}/gap")
        self._emit("Sub", [gap, m3], f"{y}/odd")
        self._in_planes.add(y)
        self._only_in_planes.add(y)

    def _pointwise(self, one: Node) -> None:
        halves = [self._planes(name) for name in one.inputs]
        for number, half in enumerate(("even", "odd")):
            self._emit(one.kind, [pair[number] for pair in halves], f"{one.outputs[0]}/{half}")
        self._in_planes.add(one.outputs[0])
        self._only_in_planes.add(one.outputs[0])

    def _planes(self, name: str) -> tuple[str, str]:
        """Return the names of a tensor's even and odd planes, made where they are missing."""
        if name not in self._in_planes:
            flat = self._emit("Squeeze", [name, self._index(0)], f"{name}/flat")
            turned = self._emit("Transpose", [flat], f"{name}/turned", {"perm": [1, 0, 2, 3]})
            for start, half in enumerate(("even", "odd")):
                every_second = [turned, self._index(start), self._index(_END), self._index(0), self._index(2)]
                self._emit("Slice", every_second, f"{name}/{half}")
            self._in_planes.add(name)
        return f"{name}/even", f"{name}/odd"

    def _shifted(self, name: str, half: str, *, at_start: bool) -> str:
        """Return planes moved by one, with a plane of zeros where one is missing."""
        moved = f"{name}/{'before' if at_start else 'after'}"
        if moved not in self._made:
            self._made.add(moved)
            rest = self._cut(half, f"{moved}/rest", 0 if at_start else 1, -1 if at_start else _END)
            edge = self._cut(half, f"{moved}/edge", 0, 1)
            zero = self._emit("Sub", [edge, edge], f"{moved}/zero")
            self._emit("Concat", [zero, rest] if at_start else [rest, zero], moved, {"axis": 0})
        return moved

    def _to_volume(self, name: str) -> None:
        """Make the volume of a tensor that so far is there as planes only."""
        if name not in self._only_in_planes:
            return
        self._only_in_planes.remove(name)
        halves = []
        for half in ("even", "odd"):
            turned = self._emit("Transpose", [f"{name}/{half}"], f"{name}/{half}/back", {"perm": [1, 0, 2, 3]})
            halves.append(self._emit("Unsqueeze", [turned, self._index(2)], f"{name}/{half}/apart"))
        joined = self._emit("Concat", halves, f"{name}/joined", {"axis": 2})  # [c, z / 2, 2, y, x]
        shape = self._emit("Shape", [joined], f"{name}/shape")
        channels, plane = self._cut(shape, f"{name}/channels", 0, 1), self._cut(shape, f"{name}/plane", 3, 5)
        target = self._emit("Concat", [self._index(1), channels, self._index(-1), plane], f"{name}/to", {"axis": 0})
        self._emit("Reshape", [joined, target], name)

    def _cut(self, name: str, output: str, start: int, stop: int) -> str:
        """Slice along the first axis."""
        return self._emit("Slice", [name, self._index(start), self._index(stop), self._index(0)], output)

    def _index(self, value: int) -> str:
        return self._constant(f"/planes/{value}", np.array([value], np.int64))

    def _constant(self, name: str, value: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> str:
        if name not in self._constants:
            self._constants[name] = constant(name, value)
        return name

    def _emit(
        self, kind: str, inputs: list[str], output: str, attributes: dict[str, int | str | list[int]] | None = None
    ) -> str:
        self._out.append(node(kind, inputs, [output], attributes))
        return output


def _divides_evenly(numbers: dict[str, list[int]]) -> bool:
    """Tell whether a convolution of stride s makes n / s of n slices, as long as s divides n."""
    edges, pads = numbers.get("kernel_shape", []), numbers.get("pads", [0] * 6)
    return all(n == 1 for n in numbers.get("dilations", [])) and (
        (edges == _KERNEL and pads == [1] * 6) or (edges == [1] * 3 and pads == [0] * 6)
    )
