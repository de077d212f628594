"""Small networks with random weights, as bytes, and what they answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime

from models.engine.onnx_writer import constant, field, node

FloatArray = npt.NDArray[np.float32]
Attributes = dict[str, int | str | list[int]]
SAME: Attributes = {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "strides": [1, 1, 1]}
HALF: Attributes = {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "strides": [2, 2, 2]}
OPEN: Attributes = {"kernel_shape": [3, 3, 3], "pads": [0] * 6, "strides": [1, 1, 1]}
ONE: Attributes = {"kernel_shape": [1, 1, 1], "strides": [1, 1, 1]}


def weight(after: int, before: int, edge: int = 3) -> FloatArray:
    """Return random weights, the same for the same sizes, that keep values at their size."""
    values = np.random.default_rng([after, before, edge]).standard_normal((after, before, edge, edge, edge), np.float32)
    scaled: FloatArray = values / np.float32(np.sqrt(before * edge**3))
    return scaled


def _tensor_info(name: str) -> bytes:
    dims = b"".join(field(1, field(2, f"{name}{n}".encode())) for n in range(5))
    return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, dims)))


def network(nodes: list[bytes], weights: dict[str, FloatArray], outputs: tuple[str, ...]) -> bytes:
    """Return a model with one input ``x``; every weight has a bias named after it."""
    rng = np.random.default_rng(5)
    biases: dict[str, FloatArray] = {
        f"{name}b": rng.standard_normal(value.shape[:1], dtype=np.float32) for name, value in weights.items()
    }
    graph = b"".join(field(1, one) for one in nodes) + field(2, b"g")
    graph += b"".join(field(5, constant(name, value)) for name, value in {**weights, **biases}.items())
    graph += field(11, _tensor_info("x")) + b"".join(field(12, _tensor_info(name)) for name in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def conv(source: str, name: str, output: str, how: Attributes) -> bytes:
    """Return a convolution by the weights of a name."""
    return node("Conv", [source, name, f"{name}b"], [output], how)


def answers(model: bytes, shape: tuple[int, ...], outputs: tuple[str, ...]) -> list[FloatArray]:
    """Run a model on a random image."""
    image = np.random.default_rng(9).random(shape, np.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    given: list[FloatArray] = session.run(list(outputs), {"x": image})
    return given
