"""
The same network on planes held in the layout of ONNX Runtime's own kernels, from the first convolution to the last.

A tensor ``[1, c, z, y, x]`` is held as a few phases ``[z / p, c, y, x]``: every p-th plane each, channels in blocks of
eight or sixteen. Nothing is reordered on the way. Convolutions of stride 1 are Winograd's F(2, 3) along z, sums and
rectifiers happen inside the convolutions. A sum after a residual block comes out twice as large as it is (both ways
past it are then there already); later weights take that back: powers of two lose nothing.

*Source:* Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016), F(2, 3); for the blocks Georganas
et al., Anatomy of High-Performance Deep Learning Convolutions on SIMD Architectures (2018).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.engine.blocked_convolutions import STEM_PHASES, BlockedConvolutions, Planes, Unfit
from models.engine.blocked_nodes import DOMAIN, BlockedWriter
from models.engine.graph_parts import FloatArray, Node, taken_apart
from models.engine.onnx_writer import operator_set

_KERNEL: Final = [3, 3, 3]
_POINT: Final = [1, 1, 1]
_TWICE: Final = [1.0, 1.0, 2.0, 2.0, 2.0]
_END: Final = np.iinfo(np.int64).max


def blocked(model: bytes, multiple_of: int, block: int) -> bytes:
    """
    Return a model that computes the same from one input ``[1, 1, z, y, x]`` with z a multiple of ``multiple_of``.

    ``block`` is the number of channels that ONNX Runtime keeps together on this machine. Raises Unfit, MalformedGraph.
    """
    parts = taken_apart(model)
    rewriting = _Rewriting(parts.nodes, parts.weights, parts.results, multiple_of, block)
    if len(parts.inputs) != 1:
        raise Unfit("one input is needed")
    nodes = rewriting.run(parts.inputs[0])
    parts.constants |= rewriting.constants
    return parts.whole(nodes, more=operator_set(DOMAIN, 1))


class _Rewriting:
    """One graph on its way."""

    def __init__(
        self, nodes: list[Node], weights: dict[str, FloatArray], results: list[str], multiple_of: int, block: int
    ) -> None:
        self._nodes, self._weights, self._results = nodes, weights, results
        self._multiple_of = multiple_of
        self._write = BlockedWriter(block)
        self._convolve = BlockedConvolutions(self._write)
        self._values = {one.outputs[0]: one.value for one in nodes if one.kind == "Constant"}
        self._readers: dict[str, list[Node]] = {}
        for one in nodes:
            for name in one.inputs:
                self._readers.setdefault(name, []).append(one)
        self._image = ""
        self._planes: dict[str, Planes] = {}
        self._held: dict[str, Node] = {}  # convolutions that wait for what they are added to
        self._done: set[int] = set()
        self._volumes: set[str] = set()

    @property
    def constants(self) -> dict[str, bytes]:
        """Return the weights and indices that were written."""
        return self._write.constants

    def run(self, image: str) -> list[bytes]:
        self._image = image
        for one in self._nodes:
            if id(one) in self._done:
                continue
            match one.kind:
                case "Conv":
                    self._convolution(one)
                case "Add":
                    self._sum(one)
                case "Relu" if one.inputs[0] in self._planes:
                    self._rectified(one)
                case "Resize":
                    self._enlarged(one)
                case _:
                    for name in one.inputs:
                        self._to_volume(name)
                    self._write.nodes.append(one.raw)
        for name in self._results:
            self._to_volume(name)
        return self._write.nodes

    # what each kind of node becomes

    def _convolution(self, one: Node) -> None:
        after = self._only_reader(one.outputs[0])
        if after is not None and after.kind == "Relu":
            self._done.add(id(after))
            self._emit_convolution(one, after.outputs[0], relu=True)
        elif after is not None and after.kind == "Add":
            self._held[one.outputs[0]] = one
        else:
            self._emit_convolution(one, one.outputs[0], relu=False)

    def _sum(self, one: Node) -> None:
        for first, second in (one.inputs, one.inputs[::-1]):
            if first in self._held and second in self._planes:
                conv = self._held.pop(first)
                after = self._only_reader(one.outputs[0])
                relu = after is not None and after.kind == "Relu"
                if after is not None and relu:
                    self._done.add(id(after))
                    self._emit_convolution(conv, after.outputs[0], relu=True, past=second)
                else:
                    self._emit_convolution(conv, one.outputs[0], relu=False, past=second)
                return
        raise Unfit("a sum without a convolution")

    def _rectified(self, one: Node) -> None:
        source, y = self._planes[one.inputs[0]], one.outputs[0]
        phases = tuple(self._write.emit("Relu", [name], f"{y}/{n}") for n, name in enumerate(source.phases))
        self._planes[y] = Planes(phases, source.channels, source.step, source.scale)

    def _enlarged(self, one: Node) -> None:
        scales = self._values.get(one.inputs[2]) if len(one.inputs) == 3 else None
        how = [one.words.get(name) for name in ("mode", "coordinate_transformation_mode", "nearest_mode")]
        if (
            one.inputs[0] not in self._planes
            or scales is None
            or scales.tolist() != _TWICE
            or how != ["nearest", "asymmetric", "floor"]
        ):
            raise Unfit("an enlargement other than by doubling")
        source, y = self._planes[one.inputs[0]], one.outputs[0]
        joined = self._in_order(source, y)
        up = self._write.emit_own("Upsample", [joined], f"{y}/up", {"scales": [1, 1, 2, 2], "mode": "nearest"})
        self._planes[y] = Planes((up, up), source.channels, source.step // 2, source.scale)

    def _emit_convolution(self, one: Node, y: str, *, relu: bool, past: str | None = None) -> None:
        weight, bias = self._weights_of(one)
        edges, strides = list(weight.shape[2:]), one.numbers.get("strides", [1] * 3)
        pads = one.numbers.get("pads", [0] * 6)
        source = self._planes.get(one.inputs[0])
        if any(n != 1 for name in ("dilations", "group") for n in one.numbers.get(name, [])):
            raise Unfit("a convolution in groups")
        if source is None and one.inputs[0] == self._image and past is None:
            if edges != _KERNEL or strides != [2] * 3 or pads != [1] * 6 or weight.shape[1] != 1:
                raise Unfit("another first convolution")
            if self._multiple_of % (2 * STEM_PHASES):
                raise Unfit("too few slices at a time")
            self._planes[y] = self._convolve.first(self._image, weight, bias, y, relu=relu)
        elif source is None:
            raise Unfit("a convolution of something unknown")
        elif edges == _POINT and strides == [1] * 3 and pads == [0] * 6:
            beside = None if past is None else self._planes[past]
            self._planes[y] = self._convolve.pointwise(source, weight, bias, y, relu=relu, past=beside)
        elif edges == _KERNEL and strides == [2] * 3 and pads == [1] * 6 and past is None:
            self._planes[y] = self._convolve.halved(source, weight, bias, y, relu=relu)
        elif edges == _KERNEL and strides == [1] * 3 and pads == [1] * 6:
            source = self._in_pairs(one.inputs[0])
            beside = None if past is None else self._in_pairs(past)
            if beside is not None and len(beside.phases) != len(source.phases):
                raise Unfit("a sum of planes in another order")
            how = self._convolve.direct if len(source.phases) == 1 else self._convolve.winograd
            self._planes[y] = how(source, weight, bias, y, relu=relu, past=beside)
        else:
            raise Unfit("another convolution")

    # orders of planes

    def _in_pairs(self, name: str) -> Planes:
        """Return a tensor's planes in two phases, or in one where their number may be odd."""
        source = self._planes[name]
        if len(source.phases) > 2:
            raise Unfit("a convolution of stride 1 at the full resolution")
        if len(source.phases) == 1 and self._multiple_of % (2 * source.step) == 0:
            only = source.phases[0]
            halves = tuple(self._write.cut(only, f"{only}/{n}", n, _END, step=2) for n in (0, 1))
            source = self._planes[name] = Planes(halves, source.channels, source.step, source.scale)
        return source

    def _in_order(self, source: Planes, y: str) -> str:
        """Return all planes one after another."""
        if len(source.phases) == 1:
            return source.phases[0]
        beside = self._write.emit("Concat", list(source.phases), f"{y}/beside", {"axis": 1})
        width = self._write.wide(source.channels)
        return self._write.emit("Reshape", [beside, self._write.indices([-1, width, 0, 0])], f"{y}/in_order")

    def _to_volume(self, name: str) -> None:
        """Make the volume of a tensor that so far is there as planes only."""
        if name in self._held:
            raise Unfit("a convolution read twice")
        if name not in self._planes or name in self._volumes:
            return
        self._volumes.add(name)
        source = self._planes[name]
        count = len(source.phases)
        halves = []
        for n, phase in enumerate(source.phases):
            plain = self._write.emit_own(
                "ReorderOutput", [phase], f"{name}/plain{n}", {"channels": source.channels, "channels_last": 0}
            )
            if source.scale != 1:
                less = self._write.constant(f"/blocked/less{source.scale}", np.array([1 / source.scale], np.float32))
                plain = self._write.emit("Mul", [plain, less], f"{name}/meant{n}")
            turned = self._write.emit("Transpose", [plain], f"{name}/turned{n}", {"perm": [1, 0, 2, 3]})
            halves.append(self._write.emit("Unsqueeze", [turned, self._write.indices([2])], f"{name}/apart{n}"))
        joined = self._write.emit("Concat", halves, f"{name}/joined", {"axis": 2})  # [c, z / p, p, y, x]
        plane = self._write.emit("Shape", [joined], f"{name}/plane", {"start": 3, "end": 5})
        start = self._write.indices([1, source.channels, -1])
        target = self._write.emit("Concat", [start, plane], f"{name}/to{count}", {"axis": 0})
        self._write.emit("Reshape", [joined, target], name)

    def _weights_of(self, one: Node) -> tuple[FloatArray, FloatArray]:
        found = [self._weights.get(name) for name in one.inputs[1:]]
        if len(found) != 2 or found[0] is None or found[1] is None or found[0].ndim != 5:
            raise Unfit("a convolution without fixed weights")
        return found[0], found[1]

    def _only_reader(self, name: str) -> Node | None:
        readers = self._readers.get(name, [])
        return readers[0] if len(readers) == 1 and name not in self._results else None
