"""ONNX messages as bytes: nodes, constants and a graph put together from parts of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

_INT: int = 2  # AttributeProto.INT
_STRING: int = 3
_INTS: int = 7
_FLOAT_TENSOR: int = 1
_INT64_TENSOR: int = 7


def node(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    attributes: Mapping[str, int | str | list[int]] | None = None,
    *,
    domain: str = "",
) -> bytes:
    """Return a NodeProto of the standard operator set, or of the one named."""
    parts = [_field(1, name.encode()) for name in inputs]
    parts += [_field(2, name.encode()) for name in outputs]
    parts.append(_field(4, kind.encode()))
    for name, value in (attributes or {}).items():
        if isinstance(value, int):
            body = _field(1, name.encode()) + _number(3, value) + _number(20, _INT)
        elif isinstance(value, str):
            body = _field(1, name.encode()) + _field(4, value.encode()) + _number(20, _STRING)
        else:
            body = _field(1, name.encode()) + b"".join(_number(8, n) for n in value) + _number(20, _INTS)
        parts.append(_field(5, body))
    if domain:
        parts.append(_field(7, domain.encode()))
    return b"".join(parts)


def operator_set(domain: str, version: int) -> bytes:
    """Return the field of a ModelProto that brings in an operator set."""
    return _field(8, _field(1, domain.encode()) + _number(2, version))


def constant(name: str, value: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> bytes:
    """Return a TensorProto with raw data. Raises TypeError for other types than float32 and int64."""
    kinds = {np.dtype(np.float32): _FLOAT_TENSOR, np.dtype(np.int64): _INT64_TENSOR}
    if value.dtype not in kinds:
        raise TypeError(f"no tensor of {value.dtype}")
    raw = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    dims = b"".join(_number(1, size) for size in value.shape)
    return dims + _number(2, kinds[value.dtype]) + _field(8, name.encode()) + _field(9, raw)


def field(number: int, value: int | bytes) -> bytes:
    """Return one field as it stands in a message."""
    return _number(number, value) if isinstance(value, int) else _field(number, value)


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value & (1 << 64) - 1)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
