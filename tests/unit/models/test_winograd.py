"""The faster form of a network answers as the network itself; what does not fit is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine.onnx_graph import inspect_graph
from models.engine.onnx_writer import constant, node
from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider
from models.engine.winograd import plane_wise
from models.evaluation.build import golden_input
from tests.helpers.models import XS
from tests.helpers.networks import HALF, ONE, OPEN, SAME, answers, conv, network, weight


def _agree(model: bytes, shape: tuple[int, ...], outputs: tuple[str, ...], multiple_of: int = 16) -> bytes:
    """Check that both forms answer the same to the last digits of a 32-bit float; return the faster one."""
    faster = plane_wise(model, multiple_of)
    for plain, planes in zip(answers(model, shape, outputs), answers(faster, shape, outputs), strict=True):
        assert planes.shape == plain.shape
        assert float(np.abs(planes - plain).max()) <= 2e-6 * float(np.abs(plain).max())
    return faster


def test_a_chain_with_a_way_past_it_answers_the_same() -> None:
    nodes = [
        conv("x", "first", "a", HALF), node("Relu", ["a"], ["ar"]),
        conv("ar", "second", "b", SAME), node("Relu", ["b"], ["br"]),
        conv("br", "third", "c", SAME), node("Add", ["ar", "c"], ["d"]), node("Relu", ["d"], ["dr"]),
        conv("dr", "last", "y", ONE),
    ]  # fmt: skip
    weights = {"first": weight(6, 1), "second": weight(6, 6), "third": weight(6, 6), "last": weight(2, 6, 1)}
    faster = _agree(network(nodes, weights, ("y",)), (1, 1, 16, 10, 14), ("y",))

    # 8 nodes, of which the two convolutions become 4 each
    assert inspect_graph(faster).nodes > 30


def test_a_tensor_that_is_a_result_and_read_on_is_both() -> None:
    nodes = [conv("x", "w", "y", SAME), conv("y", "v", "z", SAME), node("Sigmoid", ["y"], ["s"])]
    outputs = ("y", "z", "s")

    _agree(network(nodes, {"w": weight(3, 2), "v": weight(4, 3)}, outputs), (1, 2, 6, 7, 5), outputs, 2)


def test_two_planes_are_enough() -> None:
    _agree(network([conv("x", "w", "y", SAME)], {"w": weight(3, 2)}, ("y",)), (1, 2, 2, 4, 4), ("y",), 2)


@pytest.mark.parametrize(
    ("nodes", "multiple_of"),
    [
        ([conv("x", "w", "y", SAME)], 1),  # z may be odd
        ([conv("x", "w", "y", OPEN)], 16),
        ([conv("x", "w", "y", HALF)], 16),
        ([node("Conv", ["x", "w"], ["y"], SAME)], 16),  # no bias
        ([conv("x", "w", "a", OPEN), conv("a", "w", "y", SAME)], 16),  # two slices fewer: nobody counts on them
        ([node("Identity", ["x"], ["a"]), conv("a", "w", "y", SAME)], 16),
        ([conv("x", "w", "a", HALF), conv("a", "w", "y", SAME)], 2),
    ],
    ids=["odd", "without edge", "strided", "no bias", "after no edge", "after a stranger", "odd after stride"],
)
def test_what_does_not_surely_fit_stays_as_it_was(nodes: list[bytes], multiple_of: int) -> None:
    model = network(nodes, {"w": weight(2, 2)}, ("y",))

    assert plane_wise(model, multiple_of) == model


def test_the_shipped_network_answers_the_same_in_planes() -> None:
    bundle = Registry().load(XS)
    image = golden_input()
    answers = []
    for model in (bundle.model, plane_wise(bundle.model, 16)):
        with InferenceSession.open(model, Provider.CPU) as session:
            answers.append(session.run(("heat", "size", "off"), {"image": image}))

    assert [float(np.abs(a - b).max()) < 1e-5 for a, b in zip(*answers, strict=True)] == [True, True, True]
    # eleven convolutions of stride 1 at a quarter and an eighth of the resolution, four products each
    assert inspect_graph(plane_wise(bundle.model, 16)).nodes > inspect_graph(bundle.model).nodes + 11 * 3


def test_only_numbers_that_a_network_holds_are_written() -> None:
    with pytest.raises(TypeError, match="float64"):
        constant("w", np.zeros(3))  # type: ignore[arg-type]  # the wrong type on purpose
