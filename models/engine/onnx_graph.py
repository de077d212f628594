"""
What the load gate must know of an ONNX file, read from its bytes without running anything.

A few fields of the protobuf wire format are enough: operator sets, node domains and whether a
tensor keeps its data in another file.
Source: onnx.proto3 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_STANDARD_DOMAINS: Final = frozenset({"", "ai.onnx"})
_MAX_DEPTH: Final = 32

# field numbers of messages that hold other messages, as {message: {field: message}}
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 25: "function"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
}


class MalformedGraph(ValueError):
    """The bytes are not an ONNX model."""


@dataclass(slots=True)
class GraphFacts:
    """What a file says about itself. ``opset`` is the version of the standard operator set, 0 if absent."""

    opset: int = 0
    nodes: int = 0
    custom_domains: set[str] = field(default_factory=set)
    has_external_data: bool = False


def inspect_graph(data: bytes) -> GraphFacts:
    """
    Read the facts of one ONNX model.

    Raises:
        MalformedGraph: the bytes do not parse, nest too deeply or hold no graph.
    """
    facts = GraphFacts()
    _walk(memoryview(data), "model", facts, 0)
    if facts.nodes == 0:
        raise MalformedGraph("no graph")
    return facts


def _walk(data: memoryview, message: str, facts: GraphFacts, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise MalformedGraph("nested too deeply")
    if message == "node":
        facts.nodes += 1
    children = _CHILDREN.get(message, {})
    for number, value in _fields(data):
        if isinstance(value, int):
            # data_location EXTERNAL
            facts.has_external_data |= (message, number, value) == ("tensor", 14, 1)
        elif number in children:
            _walk(value, children[number], facts, depth + 1)
        else:
            _read_field(message, number, value, facts)


def _read_field(message: str, number: int, value: memoryview, facts: GraphFacts) -> None:
    match message, number:
        case "tensor", 13:  # external_data
            facts.has_external_data = True
        case "model", 8:  # opset_import
            _read_opset(value, facts)
        case "node", 7:  # domain
            domain = _text(value)
            if domain not in _STANDARD_DOMAINS:
                facts.custom_domains.add(domain)


def _read_opset(data: memoryview, facts: GraphFacts) -> None:
    domain, version = "", 0
    for number, value in _fields(data):
        if number == 1 and not isinstance(value, int):
            domain = _text(value)
        elif number == 2 and isinstance(value, int):
            version = value
    if domain in _STANDARD_DOMAINS:
        facts.opset = max(facts.opset, version)
    else:
        facts.custom_domains.add(domain)


def _text(value: memoryview) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as exc:
        raise MalformedGraph("a name is not text") from exc


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield ``(field number, value)``; length-delimited values as views, fixed ones as 0."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        elif kind in {_FIXED64, _FIXED32}:
            length = 8 if kind == _FIXED64 else 4
        else:
            raise MalformedGraph(f"wire type {kind}")
        if at + length > len(data):
            raise MalformedGraph("truncated")
        if kind == _BYTES:
            yield key >> 3, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise MalformedGraph("truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise MalformedGraph("number too long")
