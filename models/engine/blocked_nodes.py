"""Single nodes of a network on planes in blocks of channels, the layout of ONNX Runtime's own kernels."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.graph_parts import FloatArray
from models.engine.onnx_writer import constant, node

DOMAIN: Final = "com.microsoft.nchwc"
"""ONNX Runtime's operators on such planes: what its own optimiser puts into a graph."""

Attributes = dict[str, int | str | list[int]]


class BlockedWriter:
    """Collects nodes and constants; every method that writes a node returns the name of what it gives."""

    def __init__(self, block: int) -> None:
        self._block = block
        self.nodes: list[bytes] = []
        self.constants: dict[str, bytes] = {}

    def wide(self, channels: int) -> int:
        """Return how many channels are held where some are needed."""
        return -(-channels // self._block) * self._block

    def convolved(
        self,
        source: str,
        kernel: FloatArray,
        bias: FloatArray | None,
        y: str,
        *,
        stride: int = 1,
        plus: str | None = None,
        relu: bool = False,
        narrow: bool = False,
    ) -> str:
        """Convolve planes; ``narrow`` ones have fewer channels than a block and are not held in blocks."""
        weight = self.constant(f"{y}/weight", self._in_blocks(kernel, narrow=narrow))
        offset = np.zeros(self.wide(kernel.shape[0]), np.float32)
        if bias is not None:
            offset[: len(bias)] = bias
        edge = kernel.shape[2]
        how: Attributes = {
            "kernel_shape": [edge, edge], "pads": [edge // 2] * 4, "strides": [stride, stride], "group": 1,
        }  # fmt: skip
        if relu:
            how["activation"] = "Relu"
        inputs = [source, weight, self.constant(f"{y}/bias", offset)]
        return self.emit_own("Conv", inputs if plus is None else [*inputs, plus], y, how)

    def _in_blocks(self, kernel: FloatArray, *, narrow: bool) -> FloatArray:
        """Return ``[out, in, y, x]`` weights in the order of the kernels, missing channels filled with zeros."""
        b = self._block
        after, before, *edges = kernel.shape
        wide = np.zeros((self.wide(after), before if narrow else self.wide(before), *edges), np.float32)
        wide[:after, :before] = kernel
        if narrow:  # [out / b, in, y, x, b]
            turned = wide.reshape(-1, b, before, *edges).transpose(0, 2, 3, 4, 1)
        else:  # [out / b, in / b, y, x, b of in, b of out]
            turned = wide.reshape(wide.shape[0] // b, b, wide.shape[1] // b, b, *edges).transpose(0, 2, 4, 5, 3, 1)
        return np.ascontiguousarray(turned).reshape(wide.shape)

    def moved(self, name: str, y: str, axis: int, by: int) -> str:
        """Move planes by one: a plane of zeros comes in at one end, a plane goes at the other."""
        pads = [0] * 8
        pads[axis], pads[4 + axis] = by, -by
        return self.emit("Pad", [name, self.indices(pads)], y)

    def cut(self, name: str, y: str, start: int, stop: int, *, axis: int = 0, step: int = 1) -> str:
        """Take a part of one axis."""
        ends = [self.indices([n]) for n in (start, stop, axis, step)]
        return self.emit("Slice", [name, *ends], y)

    def indices(self, values: list[int]) -> str:
        """Hold whole numbers."""
        return self.constant(f"/blocked/{values}", np.array(values, np.int64))

    def constant(self, name: str, value: FloatArray | npt.NDArray[np.int64]) -> str:
        """Hold an array; a name stands for the first one that it was given."""
        if name not in self.constants:
            self.constants[name] = constant(name, value)
        return name

    def emit(self, kind: str, inputs: list[str], y: str, how: Attributes | None = None) -> str:
        """Write a node of the standard operators."""
        self.nodes.append(node(kind, inputs, [y], how))
        return y

    def emit_own(self, kind: str, inputs: list[str], y: str, how: Attributes) -> str:
        """Write a node of ONNX Runtime's own operators."""
        self.nodes.append(node(kind, inputs, [y], how, domain=DOMAIN))
        return y
