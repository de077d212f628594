"""Which forms of a network are tried on this machine's CPU, fastest first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

import numpy as np
import onnxruntime

from models.engine.blocked import blocked
from models.engine.blocked_convolutions import Unfit
from models.engine.graph_parts import FloatArray
from models.engine.onnx_writer import constant, field, node, operator_set
from models.engine.winograd import plane_wise

_BLOCKS: Final = (16, 8)  # AVX-512, and what came before it
_EDGE: Final = 16
_CHANNELS: Final = 32
_NEAR: Final = 1e-4
_SILENT: Final = 4

Rewrite = Callable[[bytes], bytes]


def cpu_forms(multiple_of: int) -> tuple[Rewrite, ...]:
    """Return the rewritings of a network whose input has a multiple of ``multiple_of`` slices; each may fail."""
    return partial(_blocked_here, multiple_of=multiple_of), partial(plane_wise, multiple_of=multiple_of)


def _blocked_here(model: bytes, multiple_of: int) -> bytes:
    block = block_of_this_machine()
    if block is None:
        raise Unfit("planes in blocks do not run here")
    return blocked(model, multiple_of, block)


@cache
def block_of_this_machine() -> int | None:
    """
    Return how many channels ONNX Runtime keeps together here, None where such planes give no right answer.

    Found by trying: a small network with every kind of node must answer in blocks as it does without.
    """
    model = _small_network()
    image = np.random.default_rng(3).random((1, 1, _EDGE, _EDGE, _EDGE), np.float32)
    expected = _answer(model, image)
    for block in _BLOCKS:
        try:
            answer = _answer(blocked(model, _EDGE, block), image)
        except Exception:  # noqa: BLE001, S112  another layout fails in every way; ONNX Runtime's types share no base
            continue
        if answer.shape == expected.shape and np.abs(answer - expected).max() <= _NEAR * np.abs(expected).max():
            return block
    return None


def _answer(model: bytes, image: FloatArray) -> FloatArray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = _SILENT
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    how = onnxruntime.RunOptions()
    how.log_severity_level = _SILENT
    answer: FloatArray = session.run(["y"], {"x": image}, how)[0]
    return answer


def _small_network() -> bytes:
    rng = np.random.default_rng(1)
    weights: dict[str, FloatArray] = {}
    nodes: list[bytes] = []

    def conv(source: str, y: str, before: int, after: int, *, edge: int = 3, stride: int = 1) -> str:
        weights[f"{y}w"] = rng.standard_normal((after, before, edge, edge, edge), np.float32)
        weights[f"{y}w"] /= np.float32(np.sqrt(before * edge**3))
        weights[f"{y}b"] = rng.standard_normal(after, np.float32)
        how: dict[str, int | str | list[int]] = {
            "kernel_shape": [edge] * 3, "pads": [edge // 2] * 6, "strides": [stride] * 3,
        }  # fmt: skip
        nodes.append(node("Conv", [source, f"{y}w", f"{y}b"], [y], how))
        return y

    def simple(kind: str, sources: list[str], y: str, how: dict[str, int | str | list[int]] | None = None) -> str:
        nodes.append(node(kind, sources, [y], how))
        return y

    c = _CHANNELS
    half = simple("Relu", [conv("x", "half", 1, c, stride=2)], "halfr")
    fine = simple("Relu", [conv(half, "fine", c, c, stride=2)], "finer")
    past = simple("Relu", [conv(fine, "a", c, c)], "ar")
    fine = simple("Relu", [simple("Add", [fine, conv(past, "b", c, c)], "past")], "pastr")
    coarse = simple("Relu", [conv(fine, "coarse", c, c, stride=2)], "coarser")
    conv(fine, "side", c, c, edge=1)
    how: dict[str, int | str | list[int]] = {
        "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
    }  # fmt: skip
    nodes.append(_constant_node("twice", np.array([1, 1, 2, 2, 2], np.float32)))
    up = simple("Resize", [conv(coarse, "lateral", c, c, edge=1), "", "twice"], "up", how)
    conv(simple("Add", ["side", up], "both"), "y", c, 5, edge=1)
    graph = b"".join(field(1, one) for one in nodes) + field(2, b"g")
    graph += b"".join(field(5, constant(name, value)) for name, value in weights.items())
    graph += field(11, _tensor_info("x")) + field(12, _tensor_info("y"))
    return field(1, 8) + field(7, graph) + operator_set("", 17)


def _constant_node(name: str, value: FloatArray) -> bytes:
    tensor = field(1, b"value") + field(5, constant("", value)) + field(20, 4)
    return node("Constant", [], [name]) + field(5, tensor)


def _tensor_info(name: str) -> bytes:
    dims = b"".join(field(1, field(2, f"{name}{n}".encode())) for n in range(5))
    return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, dims)))
