"""
What the load gate must know of an ONNX file, read from its bytes without running anything.

A few fields of the protobuf wire format are enough: operator sets, node domains, names, how large
tensors claim to be and whether one keeps its data in another file.
Source: onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from models.engine.protobuf import MalformedGraph, fields, packed, signed, text

__all__ = ["GraphFacts", "MalformedGraph", "inspect_graph", "is_pickle"]

_STANDARD_DOMAINS: Final = frozenset({"", "ai.onnx"})
_MAX_DEPTH: Final = 32
_MAX_FIELDS: Final = 200_000  # a second at most; real networks have thousands
_MAX_RANK: Final = 64
_ITEM_BYTES: Final = {1: 4, 4: 2, 5: 2, 6: 4, 7: 8, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}
_SHAPE_INPUT: Final = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
_PICKLE: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ZIP: Final = b"PK\x03\x04"  # what torch.save writes: a zip of pickles

# field numbers of messages that hold other messages, as {message: {field: message}}
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 14: "property", 25: "function"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 11: "input", 12: "output", 15: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}


@dataclass(slots=True)
class GraphFacts:
    """
    What a file says about itself.

    ``opset`` is the version of the standard operator set, 0 if absent. ``largest_tensor`` is the
    size in bytes of the largest constant that it holds or asks the runtime to make. A network
    that ``is_random`` answers differently every time.
    """

    opset: int = 0
    nodes: int = 0
    custom_domains: set[str] = field(default_factory=set)
    has_external_data: bool = False
    is_random: bool = False
    largest_tensor: int = 0
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)


def inspect_graph(data: bytes) -> GraphFacts:
    """
    Read the facts of one ONNX model.

    Raises:
        MalformedGraph: the bytes do not parse, nest too deeply, are too many or hold no graph.
    """
    walk = _Walk()
    walk.message(memoryview(data), "model", 0)
    if walk.facts.nodes == 0:
        raise MalformedGraph("no graph")
    walk.measure_shapes()
    return walk.facts


def is_pickle(data: bytes) -> bool:
    """Tell whether a file is Python's or PyTorch's, which only running it could read."""
    return data[:2] in _PICKLE or data[:4] == _ZIP


@dataclass(slots=True)
class _Tensor:
    name: str = ""
    kind: int = 0
    dims: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Node:
    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    value: _Tensor | None = None


class _Walk:
    """One pass over a file."""

    def __init__(self) -> None:
        self.facts = GraphFacts()
        self._fields = 0
        self._constants: dict[str, list[int]] = {}
        self._shaped: list[_Node] = []

    def message(self, data: memoryview, name: str, depth: int, node: _Node | None = None) -> None:
        """Read one message and all within it."""
        if depth > _MAX_DEPTH:
            raise MalformedGraph("nested too deeply")
        if name == "tensor":
            self._tensor(data, node)
            return
        if name == "node":
            self.facts.nodes += 1
            node = _Node()
        children = _CHILDREN.get(name, {})
        for number, value in fields(data):
            self._count()
            if isinstance(value, int):
                continue
            if number in children:
                self._child(value, children[number], depth, node)
            else:
                self._field(name, number, value, node)
        if name == "node" and node is not None:
            self._keep(node)

    def _child(self, data: memoryview, name: str, depth: int, node: _Node | None) -> None:
        if name == "property":
            self._property(data)
        elif name not in {"input", "output"}:
            self.message(data, name, depth + 1, None if name == "graph" else node)
        elif depth == 1:  # of the whole network, not of a branch in it
            (self.facts.inputs if name == "input" else self.facts.outputs).append(_name(data))

    def measure_shapes(self) -> None:
        """Measure what nodes would make from constant shapes."""
        for node in self._shaped:
            at = _SHAPE_INPUT[node.kind]
            shape = self._constants.get(node.inputs[at], []) if at < len(node.inputs) else []
            self._grow(8 * math.prod(max(1, size) for size in shape))

    def _count(self) -> None:
        self._fields += 1
        if self._fields > _MAX_FIELDS:
            raise MalformedGraph("too many fields")

    def _grow(self, size: int) -> None:
        self.facts.largest_tensor = max(self.facts.largest_tensor, size)

    def _field(self, name: str, number: int, value: memoryview, node: _Node | None) -> None:
        match name, number:
            case "model", 8:  # opset_import
                self._opset(value)
            case "node", 7:  # domain
                domain = text(value)
                if domain not in _STANDARD_DOMAINS:
                    self.facts.custom_domains.add(domain)
            case "node", (1 | 2 | 4) if node is not None:
                self._node_name(node, number, value)

    @staticmethod
    def _node_name(node: _Node, number: int, value: memoryview) -> None:
        if number == 4:
            node.kind = text(value)
        else:
            (node.inputs if number == 1 else node.outputs).append(text(value))

    def _keep(self, node: _Node) -> None:
        self.facts.is_random |= node.kind in _RANDOM
        if node.kind in _SHAPE_INPUT:
            self._shaped.append(node)
        elif node.kind == "Constant" and node.value is not None and node.outputs:
            self._constants[node.outputs[0]] = node.value.values

    def _opset(self, data: memoryview) -> None:
        domain, version = "", 0
        for number, value in fields(data):
            if number == 1 and not isinstance(value, int):
                domain = text(value)
            elif number == 2 and isinstance(value, int):
                version = value
        if domain in _STANDARD_DOMAINS:
            self.facts.opset = max(self.facts.opset, version)
        else:
            self.facts.custom_domains.add(domain)

    def _property(self, data: memoryview) -> None:
        parts = {number: text(value) for number, value in fields(data) if not isinstance(value, int)}
        self.facts.properties[parts.get(1, "")] = parts.get(2, "")

    def _tensor(self, data: memoryview, node: _Node | None) -> None:
        tensor = _Tensor()
        for number, value in fields(data):
            self._count()
            self._tensor_field(tensor, number, value)
        self._grow(math.prod(tensor.dims) * _ITEM_BYTES.get(tensor.kind, 1))
        if node is not None:
            node.value = tensor
        elif tensor.name:
            self._constants[tensor.name] = tensor.values

    def _tensor_field(self, tensor: _Tensor, number: int, value: int | memoryview) -> None:
        match number:
            case 1:  # dims
                tensor.dims += [signed(value)] if isinstance(value, int) else packed(value, _MAX_RANK)
                if len(tensor.dims) > _MAX_RANK or min(tensor.dims, default=0) < 0:
                    raise MalformedGraph("a tensor has impossible dimensions")
            case 2 if isinstance(value, int):
                tensor.kind = value
            case 7:  # int64_data
                tensor.values += [signed(value)] if isinstance(value, int) else packed(value, _MAX_RANK)
            case 8 if not isinstance(value, int):
                tensor.name = text(value)
            case 9 if not isinstance(value, int) and tensor.kind == 7 and len(value) <= 8 * _MAX_RANK:  # raw_data
                tensor.values = [
                    int.from_bytes(value[at : at + 8], "little", signed=True) for at in range(0, len(value), 8)
                ]
            case 13 if not isinstance(value, int):
                self.facts.has_external_data = True
            case 14 if value == 1:  # data_location EXTERNAL
                self.facts.has_external_data = True


def _name(data: memoryview) -> str:
    return next((text(value) for number, value in fields(data) if number == 1 and not isinstance(value, int)), "")
