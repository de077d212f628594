"""
Which fields the messages of an ONNX file have, and a reader that takes no others.

Another reader of the same bytes must see what the gate saw. ONNX Runtime's parser drops what a field number has above
32 bits, merges a single field that stands twice, and keeps what it does not know: a file with any of these is refused.
Source: onnx.proto3 of ONNX 1.18 (IR version 11); Protocol Buffers, Encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from models.engine.protobuf import BYTES, FIXED32, FIXED64, VARINT, MalformedGraph, tagged


@dataclass(frozen=True, slots=True)
class Message:
    """The field numbers of a message by how they are written; those in ``many`` may stand more than once."""

    number: frozenset[int] = frozenset()
    block: frozenset[int] = frozenset()
    float32: frozenset[int] = frozenset()
    packed: dict[int, int] = field(default_factory=dict)
    """Repeated numbers, with the wire type of one that is not packed"""
    many: frozenset[int] = frozenset()

    def takes(self, number: int, kind: int) -> bool:
        """Tell whether a field of this number may be written as this wire type."""
        if number in self.packed:
            return kind in {BYTES, self.packed[number]}
        expected = {VARINT: self.number, BYTES: self.block, FIXED32: self.float32}
        return number in expected.get(kind, ())


def _message(
    number: tuple[int, ...] = (),
    block: tuple[int, ...] = (),
    many: tuple[int, ...] = (),
    float32: tuple[int, ...] = (),
    packed: dict[int, int] | None = None,
) -> Message:
    blocks = frozenset((*block, *many))
    return Message(frozenset(number), blocks, frozenset(float32), packed or {}, frozenset(many))


_MESSAGES: Final[dict[str, Message]] = {
    # training_info (20) is left out: no network that only answers has it
    "model": _message(number=(1, 5), block=(2, 3, 4, 6, 7), many=(8, 14, 25, 26)),
    "operator set": _message(number=(2,), block=(1,)),
    "property": _message(block=(1, 2)),
    "function": _message(block=(1, 8, 10, 13), many=(4, 5, 6, 7, 9, 11, 12, 14)),
    "graph": _message(block=(2, 10), many=(1, 5, 11, 12, 13, 14, 15, 16)),
    "node": _message(block=(3, 4, 6, 7, 8), many=(1, 2, 5, 9, 10)),
    "attribute": _message(
        number=(3, 20),
        block=(1, 4, 5, 6, 13, 14, 21, 22),
        many=(9, 10, 11, 15, 23),
        float32=(2,),
        packed={7: FIXED32, 8: VARINT},
    ),
    "tensor": _message(
        number=(2, 14),
        block=(3, 8, 9, 12),
        many=(6, 13, 16),
        packed={1: VARINT, 4: FIXED32, 5: VARINT, 7: VARINT, 10: FIXED64, 11: VARINT},
    ),
    "sparse": _message(block=(1, 2), packed={3: VARINT}),
    "value": _message(block=(1, 2, 3), many=(4,)),
}


def known_fields(data: memoryview, message: str) -> Iterator[tuple[int, int | memoryview]]:
    """
    Yield ``(field number, value)`` of a message as ``protobuf.fields`` does.

    Raises MalformedGraph for a field that the message does not have, one written as another type, and a single one
    that stands twice.
    """
    known = _MESSAGES[message]
    seen: set[int] = set()
    for number, kind, value in tagged(data):
        if not known.takes(number, kind):
            raise MalformedGraph(f"{message}: unknown field {number} of wire type {kind}")
        if number in seen and number not in known.many and number not in known.packed:
            raise MalformedGraph(f"{message}: field {number} twice")
        seen.add(number)
        yield number, value
