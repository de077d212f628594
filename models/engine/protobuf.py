"""The wire format of Protocol Buffers, read without a schema and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIGN_BIT: Final = 1 << 63
_MOST_NUMBER: Final = (1 << 64) - 1
_MOST_KEY: Final = (1 << 32) - 1  # 29 bits of field number, 3 of wire type


class MalformedGraph(ValueError):
    """The bytes are not an ONNX model."""


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield ``(field number, value)``; length-delimited values as views, fixed ones as 0."""
    return ((number, value) for number, _, value in tagged(data))


def tagged(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """
    Yield ``(field number, wire type, value)``.

    Raises MalformedGraph for what other readers read otherwise: a key of more than 32 bits (they drop the rest, so
    that an unknown field becomes a known one) and a number that is longer than it needs to be.
    """
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind, number = key & 7, key >> 3
        if key > _MOST_KEY or number == 0:
            raise MalformedGraph("impossible field number")
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = varint(data, at)
        elif kind in {FIXED64, FIXED32}:
            length = 8 if kind == FIXED64 else 4
        else:
            raise MalformedGraph(f"wire type {kind}")
        if at + length > len(data):
            raise MalformedGraph("truncated")
        yield number, kind, data[at : at + length] if kind == BYTES else 0
        at += length


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number of at most 64 bits, in its shortest form, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise MalformedGraph("truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > _MOST_NUMBER or (byte == 0 and shift):
                break
            return value, at
    raise MalformedGraph("number too long")


def signed(value: int) -> int:
    """Return an int64 as it was meant."""
    return value - (1 << 64) if value & _SIGN_BIT else value


def packed(data: memoryview, most: int) -> list[int]:
    """Return at most ``most`` packed int64 values."""
    values: list[int] = []
    at = 0
    while at < len(data) and len(values) < most:
        value, at = varint(data, at)
        values.append(signed(value))
    return values


def text(value: memoryview) -> str:
    """Return a name."""
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as exc:
        raise MalformedGraph("a name is not text") from exc
