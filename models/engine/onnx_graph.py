"""
What the load gate must know of an ONNX file, read from its bytes without running anything.

A few fields of the protobuf wire format are enough: operator sets, node domains, names, how large
tensors claim to be and whether one keeps its data in another file. A file that another reader might read
otherwise is refused (``onnx_schema``).
Source: onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from models.engine.constant_shapes import MAX_RANK, ConstantShapes, Node, Tensor
from models.engine.onnx_schema import known_fields
from models.engine.protobuf import MalformedGraph, packed, signed, text

__all__ = ["GraphFacts", "MalformedGraph", "inspect_graph", "is_pickle"]

_STANDARD_DOMAINS: Final = frozenset({"", "ai.onnx"})
_MAX_DEPTH: Final = 32
_MAX_FIELDS: Final = 200_000  # a second at most; real networks have thousands
_ITEM_BYTES: Final = {1: 4, 4: 2, 5: 2, 6: 4, 7: 8, 8: 32, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2}
_INTEGERS: Final = {6: 4, 7: 8, 9: 1}  # bytes of an int32, an int64 and a bool
_MOST_KINDS: Final = 64  # of data; a larger number would be cut to 32 bits by others
_INT32_SIGN: Final = 1 << 31
_TRAINING: Final = 2  # the input of Dropout that makes it draw
_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
_PICKLE: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_ZIP: Final = b"PK\x03\x04"  # what torch.save writes: a zip of pickles

# field numbers of messages that hold other messages, as {message: {field: message}}
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 8: "operator set", 14: "property", 25: "function"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 11: "input", 12: "output", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}


@dataclass(slots=True)
class GraphFacts:
    """
    What a file says about itself.

    ``opset`` is the version of the standard operator set, 0 if absent or if two are named. ``largest_tensor`` is the
    size in bytes of the largest constant that it holds or asks the runtime to make; ``hides_a_size`` where it
    makes one of constants in a way that is not followed. A network that ``is_random`` answers differently every time.
    """

    opsets: set[int] = field(default_factory=set)
    nodes: int = 0
    custom_domains: set[str] = field(default_factory=set)
    has_external_data: bool = False
    is_random: bool = False
    largest_tensor: int = 0
    hides_a_size: bool = False
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def opset(self) -> int:
        """Return the version of the standard operator set; "" and "ai.onnx" are two names of one."""
        return next(iter(self.opsets)) if len(self.opsets) == 1 else 0


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


class _Walk:
    """One pass over a file."""

    def __init__(self) -> None:
        self.facts = GraphFacts()
        self._fields = 0
        self._shapes = ConstantShapes()
        self._draws_if: list[str] = []

    def message(self, data: memoryview, name: str, depth: int, node: Node | None = None) -> None:
        """Read one message and all within it."""
        if depth > _MAX_DEPTH:
            raise MalformedGraph("nested too deeply")
        if name in {"tensor", "sparse", "operator set"}:
            self._leaf(data, name, node)
            return
        if name == "function":  # an operator of its own, whatever domain it claims
            self.facts.custom_domains.add("function")
        if name == "node":
            self.facts.nodes += 1
            node = Node()
        children = _CHILDREN.get(name, {})
        for number, value in known_fields(data, name):
            self._count()
            if name == "attribute" and node is not None:
                self._integers(number, value, node)
            if isinstance(value, int):
                continue
            if number in children:
                self._child(value, children[number], depth, node)
            else:
                self._field(name, number, value, node)
        if name == "node" and node is not None:
            self._keep(node)

    def _leaf(self, data: memoryview, name: str, node: Node | None) -> None:
        if name == "operator set":
            self._opset(data)
            return
        tensor = self._sparse(data) if name == "sparse" else self._tensor(data)
        if node is not None:
            node.value = tensor
        elif tensor.name:
            self._shapes.add_constant(tensor.name, tensor)

    def _child(self, data: memoryview, name: str, depth: int, node: Node | None) -> None:
        if name == "property":
            self._property(data)
        elif name not in {"input", "output"}:
            self.message(data, name, depth + 1, None if name == "graph" else node)
        elif depth == 1:  # of the whole network, not of a branch in it
            (self.facts.inputs if name == "input" else self.facts.outputs).append(_name(data))

    def measure_shapes(self) -> None:
        """Measure what nodes would make from constant shapes."""
        largest = self._shapes.largest()
        self.facts.is_random |= any(self._shapes.may_be_true(name) for name in self._draws_if)
        self.facts.hides_a_size = largest is None
        self._grow(largest or 0)

    @staticmethod
    def _integers(number: int, value: int | memoryview, node: Node) -> None:
        """Read ``i`` and ``ints`` of an attribute: a Constant may hold its value there."""
        if number in {3, 8} and isinstance(value, int):
            node.integers.append(signed(value))
        elif number == 8 and not isinstance(value, int):
            node.integers += packed(value, MAX_RANK + 1)

    def _count(self) -> None:
        self._fields += 1
        if self._fields > _MAX_FIELDS:
            raise MalformedGraph("too many fields")

    def _grow(self, size: int) -> None:
        self.facts.largest_tensor = max(self.facts.largest_tensor, size)

    def _field(self, name: str, number: int, value: memoryview, node: Node | None) -> None:
        match name, number:
            case "node", 7:  # domain
                domain = text(value)
                if domain not in _STANDARD_DOMAINS:
                    self.facts.custom_domains.add(domain)
            case "node", (1 | 2 | 4) if node is not None:
                self._node_name(node, number, value)

    @staticmethod
    def _node_name(node: Node, number: int, value: memoryview) -> None:
        if number == 4:
            node.kind = text(value)
        else:
            (node.inputs if number == 1 else node.outputs).append(text(value))

    def _keep(self, node: Node) -> None:
        self.facts.is_random |= node.kind in _RANDOM
        if node.kind == "Dropout" and len(node.inputs) > _TRAINING and node.inputs[_TRAINING]:
            self._draws_if.append(node.inputs[_TRAINING])
        self._shapes.add_node(node)

    def _opset(self, data: memoryview) -> None:
        domain, version = "", 0
        for number, value in known_fields(data, "operator set"):
            if number == 1 and not isinstance(value, int):
                domain = text(value)
            elif number == 2 and isinstance(value, int):
                version = value
        if domain in _STANDARD_DOMAINS:
            self.facts.opsets.add(version)
        else:
            self.facts.custom_domains.add(domain)

    def _property(self, data: memoryview) -> None:
        parts = {number: text(value) for number, value in known_fields(data, "property") if not isinstance(value, int)}
        self.facts.properties[parts.get(1, "")] = parts.get(2, "")

    def _sparse(self, data: memoryview) -> Tensor:
        """Measure a sparse tensor as large as the runtime makes it: dense."""
        whole = Tensor()
        for number, value in known_fields(data, "sparse"):
            self._count()
            if number == 3:
                self._dims(whole, value)
            elif not isinstance(value, int):
                part = self._tensor(value)
                whole.name, whole.kind = (part.name, part.kind) if number == 1 else (whole.name, whole.kind)
        self._grow(math.prod(whole.dims) * _ITEM_BYTES.get(whole.kind, 1))
        return whole

    def _tensor(self, data: memoryview) -> Tensor:
        tensor = Tensor()
        for number, value in known_fields(data, "tensor"):
            self._count()
            self._tensor_field(tensor, number, value)
        count = math.prod(tensor.dims)
        self._grow(count * _ITEM_BYTES.get(tensor.kind, 1))
        if tensor.kind not in _INTEGERS or len(tensor.values or []) != count:
            tensor.values = None
        return tensor

    @staticmethod
    def _dims(tensor: Tensor, value: int | memoryview) -> None:
        tensor.dims += [signed(value)] if isinstance(value, int) else packed(value, MAX_RANK + 1)
        if len(tensor.dims) > MAX_RANK or min(tensor.dims, default=0) < 0:
            raise MalformedGraph("a tensor has impossible dimensions")

    def _tensor_field(self, tensor: Tensor, number: int, value: int | memoryview) -> None:
        match number:
            case 1:
                self._dims(tensor, value)
            case 2 if isinstance(value, int):
                if value >= _MOST_KINDS:
                    raise MalformedGraph("a tensor of an unknown kind")
                tensor.kind = value
            case 5 | 7:  # int32_data, int64_data
                more = [signed(value)] if isinstance(value, int) else packed(value, MAX_RANK + 1)
                more = [_int32(one) for one in more] if number == 5 else more
                tensor.values = [*(tensor.values or []), *more][: MAX_RANK + 1]
            case 8 if not isinstance(value, int):
                tensor.name = text(value)
            case 9 if not isinstance(value, int) and len(value) <= 8 * MAX_RANK:  # raw_data
                size = _INTEGERS.get(tensor.kind, len(value) + 1)
                tensor.values = [
                    int.from_bytes(value[at : at + size], "little", signed=True)
                    for at in range(0, len(value) - size + 1, size)
                ]
            case 13 if not isinstance(value, int):
                self.facts.has_external_data = True
            case 14 if value != 0:  # data_location EXTERNAL, or what becomes it when cut to 32 bits
                self.facts.has_external_data = True


def _int32(value: int) -> int:
    """Return what is left of a number in 32 bits, as everybody reads it."""
    return (value + _INT32_SIGN) % (2 * _INT32_SIGN) - _INT32_SIGN


def _name(data: memoryview) -> str:
    named = (text(value) for number, value in known_fields(data, "value") if number == 1 and not isinstance(value, int))
    return next(named, "")
