"""The faster form of a network answers as the network itself; what does not fit is left alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.onnx_graph import inspect_graph
from models.engine.onnx_writer import constant, field, node
from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider
from models.engine.winograd import plane_wise
from models.evaluation.build import golden_input
from tests.helpers.models import Job, thorax

FloatArray = npt.NDArray[np.float32]
SAME: dict[str, int | list[int]] = {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "strides": [1, 1, 1]}
HALF: dict[str, int | list[int]] = {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "strides": [2, 2, 2]}
OPEN: dict[str, int | list[int]] = {"kernel_shape": [3, 3, 3], "pads": [0] * 6, "strides": [1, 1, 1]}
ONE: dict[str, int | list[int]] = {"kernel_shape": [1, 1, 1], "strides": [1, 1, 1]}
rng = np.random.default_rng(5)


def _weight(after: int, before: int, edge: int = 3) -> FloatArray:
    return rng.standard_normal((after, before, edge, edge, edge), dtype=np.float32)


def _tensor_info(name: str) -> bytes:
    dims = b"".join(field(1, field(2, f"{name}{n}".encode())) for n in range(5))
    return field(1, name.encode()) + field(2, field(1, field(1, 1) + field(2, dims)))


def _model(nodes: list[bytes], weights: dict[str, FloatArray], outputs: tuple[str, ...]) -> bytes:
    biases: dict[str, FloatArray] = {
        f"{name}b": rng.standard_normal(value.shape[:1], dtype=np.float32) for name, value in weights.items()
    }
    graph = b"".join(field(1, one) for one in nodes) + field(2, b"g")
    graph += b"".join(field(5, constant(name, value)) for name, value in {**weights, **biases}.items())
    graph += field(11, _tensor_info("x")) + b"".join(field(12, _tensor_info(name)) for name in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def _conv(source: str, weight: str, output: str, how: dict[str, int | list[int]]) -> bytes:
    return node("Conv", [source, weight, f"{weight}b"], [output], how)


def _answers(model: bytes, shape: tuple[int, ...], outputs: tuple[str, ...]) -> list[FloatArray]:
    image = np.random.default_rng(9).random(shape, np.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answers: list[FloatArray] = session.run(list(outputs), {"x": image})
    return answers


def _agree(model: bytes, shape: tuple[int, ...], outputs: tuple[str, ...], multiple_of: int = 16) -> bytes:
    """Check that both forms answer the same to the last digits of a 32-bit float; return the faster one."""
    faster = plane_wise(model, multiple_of)
    for plain, planes in zip(_answers(model, shape, outputs), _answers(faster, shape, outputs), strict=True):
        assert planes.shape == plain.shape
        assert float(np.abs(planes - plain).max()) <= 2e-6 * float(np.abs(plain).max())
    return faster


def test_a_chain_with_a_way_past_it_answers_the_same() -> None:
    nodes = [
        _conv("x", "first", "a", HALF), node("Relu", ["a"], ["ar"]),
        _conv("ar", "second", "b", SAME), node("Relu", ["b"], ["br"]),
        _conv("br", "third", "c", SAME), node("Add", ["ar", "c"], ["d"]), node("Relu", ["d"], ["dr"]),
        _conv("dr", "last", "y", ONE),
    ]  # fmt: skip
    weights = {"first": _weight(6, 1), "second": _weight(6, 6), "third": _weight(6, 6), "last": _weight(2, 6, 1)}
    faster = _agree(_model(nodes, weights, ("y",)), (1, 1, 16, 10, 14), ("y",))

    # 8 nodes, of which the two convolutions become 4 each
    assert inspect_graph(faster).nodes > 30


def test_a_tensor_that_is_a_result_and_read_on_is_both() -> None:
    nodes = [_conv("x", "w", "y", SAME), _conv("y", "v", "z", SAME), node("Sigmoid", ["y"], ["s"])]
    outputs = ("y", "z", "s")

    _agree(_model(nodes, {"w": _weight(3, 2), "v": _weight(4, 3)}, outputs), (1, 2, 6, 7, 5), outputs, 2)


def test_two_planes_are_enough() -> None:
    _agree(_model([_conv("x", "w", "y", SAME)], {"w": _weight(3, 2)}, ("y",)), (1, 2, 2, 4, 4), ("y",), 2)


@pytest.mark.parametrize(
    ("nodes", "multiple_of"),
    [
        ([_conv("x", "w", "y", SAME)], 1),  # z may be odd
        ([_conv("x", "w", "y", OPEN)], 16),
        ([_conv("x", "w", "y", HALF)], 16),
        ([node("Conv", ["x", "w"], ["y"], SAME)], 16),  # no bias
        ([_conv("x", "w", "a", OPEN), _conv("a", "w", "y", SAME)], 16),  # two slices fewer: nobody counts on them
        ([node("Identity", ["x"], ["a"]), _conv("a", "w", "y", SAME)], 16),
        ([_conv("x", "w", "a", HALF), _conv("a", "w", "y", SAME)], 2),
    ],
    ids=["odd", "without edge", "strided", "no bias", "after no edge", "after a stranger", "odd after stride"],
)
def test_what_does_not_surely_fit_stays_as_it_was(nodes: list[bytes], multiple_of: int) -> None:
    model = _model(nodes, {"w": _weight(2, 2)}, ("y",))

    assert plane_wise(model, multiple_of) == model


def test_the_shipped_network_answers_the_same_in_planes() -> None:
    bundle = Registry().load()
    image = golden_input()
    answers = []
    for model in (bundle.model, plane_wise(bundle.model, 16)):
        with InferenceSession.open(model, Provider.CPU) as session:
            answers.append(session.run(("heat", "size", "off"), {"image": image}))

    assert [float(np.abs(a - b).max()) < 1e-5 for a, b in zip(*answers, strict=True)] == [True, True, True]
    # eleven convolutions of stride 1 at a quarter and an eighth of the resolution, four products each
    assert inspect_graph(plane_wise(bundle.model, 16)).nodes > inspect_graph(bundle.model).nodes + 11 * 3


def test_the_detector_runs_the_faster_form_and_marks_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = thorax(nodule_lps_mm=(-55.0, 10.0, -12.0))
    asked: list[int] = []

    def counted(model: bytes, multiple_of: int) -> bytes:
        asked.append(multiple_of)
        return plane_wise(model, multiple_of)

    monkeypatch.setattr("models.engine.detector.plane_wise", counted)
    faster = LungNoduleDetector(Registry().load(), Provider.CPU).detect(scan, Job()).marks
    monkeypatch.setattr("models.engine.detector.plane_wise", lambda model, multiple_of: model)  # noqa: ARG005  by name
    plain = LungNoduleDetector(Registry().load(), Provider.CPU).detect(scan, Job()).marks

    assert asked == [16]
    assert [(m.shown, m.out_of_ten) for m in faster] == [(m.shown, m.out_of_ten) for m in plain]
    assert max(abs(a.score - b.score) for a, b in zip(faster, plain, strict=True)) < 1e-4


def test_only_numbers_that_a_network_holds_are_written() -> None:
    with pytest.raises(TypeError, match="float64"):
        constant("w", np.zeros(3))  # type: ignore[arg-type]  # the wrong type on purpose
