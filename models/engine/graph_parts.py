"""A graph taken apart: its nodes, its weights, and the bytes that stay as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.onnx_writer import field as written
from models.engine.protobuf import MalformedGraph, fields, packed, signed, text

FloatArray = npt.NDArray[np.float32]

_GRAPH: Final = 7  # field numbers of ModelProto and GraphProto
_NODE, _CONSTANT, _INPUT, _OUTPUT = 1, 5, 11, 12
_FLOAT: Final = 1
_MOST_DIMS: Final = 16


@dataclass(slots=True)
class Node:
    """One node of a graph: its bytes, and what must be known of it; ``value`` is that of a constant of floats."""

    raw: bytes
    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    numbers: dict[str, list[int]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    value: FloatArray | None = None


@dataclass(slots=True)
class Parts:
    """``constants`` are the bytes of all of them by name, ``weights`` the values of those that are floats."""

    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, FloatArray] = field(default_factory=dict)
    constants: dict[str, bytes] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    outer: list[tuple[int, int | bytes]] = field(default_factory=list)

    def whole(self, nodes: list[bytes], *, more: bytes = b"") -> bytes:
        """Return the model with these nodes in place of its own, and ``more`` fields of the model."""
        read = {name for one in map(read_node, nodes) for name in one.inputs} | set(self.results)
        constants = [written(_CONSTANT, one) for name, one in self.constants.items() if name in read]
        graph = b"".join([*(written(_NODE, one) for one in nodes), *self.others, *constants])
        return b"".join(written(number, graph if number == _GRAPH else value) for number, value in self.outer) + more


def taken_apart(model: bytes) -> Parts:
    """Return the parts of a model. Raises MalformedGraph."""
    parts = Parts(outer=[(number, _plain(value)) for number, value in fields(memoryview(model))])
    graph = b"".join(value for number, value in parts.outer if number == _GRAPH and isinstance(value, bytes))
    for number, value in fields(memoryview(graph)):
        kept = _plain(value)
        if number == _NODE and isinstance(kept, bytes):
            parts.nodes.append(read_node(kept))
            continue
        if number == _CONSTANT and isinstance(kept, bytes):
            name, floats = _tensor(kept)
            parts.constants[name] = kept
            if floats is not None:
                parts.weights[name] = floats
            continue
        if number == _INPUT and isinstance(kept, bytes):
            parts.inputs.append(_name(kept))
        elif number == _OUTPUT and isinstance(kept, bytes):
            parts.results.append(_name(kept))
        parts.others.append(written(number, kept))
    return parts


def read_node(raw: bytes) -> Node:
    """Return what a NodeProto says. Raises MalformedGraph."""
    found = Node(raw)
    for number, value in fields(memoryview(raw)):
        if isinstance(value, int):
            continue
        match number:
            case 1:
                found.inputs.append(text(value))
            case 2:
                found.outputs.append(text(value))
            case 4:
                found.kind = text(value)
            case 5:
                _read_attribute(value, found)
    return found


def _read_attribute(data: memoryview, of: Node) -> None:
    name, numbers = "", list[int]()
    word: memoryview | None = None
    for number, value in fields(data):
        match number:
            case 1 if not isinstance(value, int):
                name = text(value)
            case 3 if isinstance(value, int):
                numbers.append(signed(value))
            case 4 if not isinstance(value, int):
                word = value
            case 5 if not isinstance(value, int):
                of.value = _tensor(bytes(value))[1]
            case 8:
                numbers += [signed(value)] if isinstance(value, int) else packed(value, _MOST_DIMS)
    of.numbers[name] = numbers
    if word is not None:
        of.words[name] = text(word)


def _tensor(data: bytes) -> tuple[str, FloatArray | None]:
    """Return the name of a tensor and its values where they are floats in raw bytes."""
    dims: list[int] = []
    kind, name, raw = 0, "", b""
    for number, value in fields(memoryview(data)):
        match number:
            case 1:
                dims += [signed(value)] if isinstance(value, int) else packed(value, _MOST_DIMS)
            case 2 if isinstance(value, int):
                kind = value
            case 8 if not isinstance(value, int):
                name = text(value)
            case 9 if not isinstance(value, int):
                raw = bytes(value)
    if kind == _FLOAT and len(raw) == 4 * math.prod(dims):
        return name, np.frombuffer(raw, "<f4").reshape(dims)
    return name, None


def _name(value_info: bytes) -> str:
    found = (text(v) for number, v in fields(memoryview(value_info)) if number == 1 and not isinstance(v, int))
    return next(found, "")


def _plain(value: int | memoryview) -> int | bytes:
    return value if isinstance(value, int) else bytes(value)


__all__ = ["FloatArray", "MalformedGraph", "Node", "Parts", "read_node", "taken_apart"]
