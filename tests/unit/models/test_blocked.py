"""A network in blocks of channels answers as the network itself; what has no counterpart is refused, not guessed."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine import cpu_forms
from models.engine.blocked import blocked
from models.engine.blocked_convolutions import Unfit
from models.engine.cpu_forms import block_of_this_machine
from models.engine.detector import LungNoduleDetector
from models.engine.onnx_graph import inspect_graph
from models.engine.onnx_writer import constant, field, node
from models.engine.registry import Registry
from models.engine.session import InferenceSession, Provider
from models.evaluation.build import golden_input
from tests.helpers.models import XS, Job, thorax
from tests.helpers.networks import HALF, ONE, OPEN, SAME, Attributes, FloatArray, answers, conv, network, weight

NEAREST: Attributes = {
    "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
}  # fmt: skip


def _block() -> int:
    found = block_of_this_machine()
    assert found in {8, 16}  # x86 with and without AVX-512: what CI and every workstation have
    return found


def _agree(model: bytes, shape: tuple[int, ...], outputs: tuple[str, ...]) -> None:
    in_blocks = blocked(model, 16, _block())
    for plain, planes in zip(answers(model, shape, outputs), answers(in_blocks, shape, outputs), strict=True):
        assert planes.shape == plain.shape
        assert float(np.abs(planes - plain).max()) <= 2e-6 * float(np.abs(plain).max())


def _scales(name: str, *values: float) -> bytes:
    tensor = field(1, b"value") + field(5, constant("", np.array(values, np.float32))) + field(20, 4)
    return node("Constant", [], [name]) + field(5, tensor)


def _residual(source: str, name: str) -> list[bytes]:
    return [
        conv(source, f"{name}1", f"{name}a", SAME), node("Relu", [f"{name}a"], [f"{name}b"]),
        conv(f"{name}b", f"{name}2", f"{name}c", SAME), node("Add", [source, f"{name}c"], [f"{name}d"]),
        node("Relu", [f"{name}d"], [f"{name}e"]),
    ]  # fmt: skip


DOWN = [
    conv("x", "stem", "s", HALF), node("Relu", ["s"], ["sr"]),
    conv("sr", "fine", "f", HALF), node("Relu", ["f"], ["fr"]),
]  # fmt: skip


def _weights(**more: FloatArray) -> dict[str, FloatArray]:
    return {"stem": weight(24, 1), "fine": weight(48, 24), **more}


@pytest.mark.parametrize("depth", [32, 48], ids=["even at a sixteenth", "odd at a sixteenth"])
def test_the_shipped_network_answers_the_same_in_blocks(depth: int) -> None:
    bundle = Registry().load(XS)
    image = np.random.default_rng(2).random((1, 1, depth, 48, 32), np.float32)
    given = []
    for model in (bundle.model, blocked(bundle.model, 16, _block())):
        with InferenceSession.open(model, Provider.CPU) as session:
            given.append(session.run(("heat", "size", "off"), {"image": image}))

    assert [float(np.abs(a - b).max()) < 5e-6 for a, b in zip(*given, strict=True)] == [True, True, True]


def test_ways_past_two_blocks_come_out_as_large_as_they_are() -> None:
    nodes = [*DOWN, *_residual("fr", "u"), *_residual("ue", "v")]
    weights = {name: weight(48, 48) for name in ("u1", "u2", "v1", "v2")}

    # the widths of the small detector: no whole number of blocks
    _agree(network(nodes, _weights(**weights), ("ve",)), (1, 1, 32, 20, 12), ("ve",))


def test_a_tensor_that_is_a_result_and_read_on_is_both() -> None:
    nodes = [*DOWN, conv("fr", "w", "y", SAME), node("Relu", ["y"], ["z"]), node("Sigmoid", ["y"], ["q"])]

    _agree(network(nodes, _weights(w=weight(16, 48)), ("y", "z", "q")), (1, 1, 16, 8, 8), ("y", "z", "q"))


def test_what_is_added_without_a_rectifier_stays_negative() -> None:
    nodes = [*DOWN, conv("fr", "w", "a", ONE), node("Add", ["a", "fr"], ["y"])]

    _agree(network(nodes, _weights(w=weight(48, 48, 1)), ("y",)), (1, 1, 16, 8, 8), ("y",))


def _after_down(*nodes: bytes, **weights: FloatArray) -> bytes:
    return network([*DOWN, *nodes], _weights(**weights), ("y",))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (network([conv("x", "w", "y", SAME)], {"w": weight(4, 1)}, ("y",)), "another first"),
        (network([conv("x", "w", "y", HALF)], {"w": weight(4, 2)}, ("y",)), "another first"),
        (network([node("Conv", ["x", "w"], ["y"], HALF)], {"w": weight(4, 1)}, ("y",)), "fixed weights"),
        (network([node("Identity", ["x"], ["a"]), conv("a", "w", "y", SAME)], {"w": weight(4, 4)}, ("y",)), "unknown"),
        (_after_down(conv("sr", "w", "y", SAME), w=weight(24, 24)), "full resolution"),
        (_after_down(conv("fr", "w", "y", OPEN), w=weight(8, 48)), "another convolution"),
        (_after_down(conv("fr", "w", "y", {**SAME, "dilations": [2, 2, 2]}), w=weight(8, 48)), "groups"),
        (_after_down(node("Add", ["fr", "fr"], ["y"])), "a sum without"),
        (_after_down(conv("fr", "w", "a", ONE), node("Add", ["a", "sr"], ["y"]), w=weight(24, 48, 1)), "another order"),
        (_after_down(_scales("n", 1, 1, 1, 2, 2), node("Resize", ["fr", "", "n"], ["y"], NEAREST)), "doubling"),
        (_after_down(conv("fr", "w", "a", HALF), conv("a", "v", "y", HALF), w=weight(8, 48), v=weight(8, 8)), "pairs"),
        (_after_down(conv("fr", "w", "a", ONE), node("Add", ["a", "x"], ["y"]), w=weight(8, 48, 1)), "a sum without"),
    ],
    ids=[
        "stem", "two channels", "no bias", "after a stranger", "full resolution", "no edge", "dilated", "plain sum",
        "orders", "flat enlargement", "odd planes", "sum with the image",
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused(model: bytes, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        blocked(model, 16, 16)


def test_too_few_slices_at_a_time_are_refused() -> None:
    with pytest.raises(Unfit, match="too few"):
        blocked(_after_down(node("Sigmoid", ["fr"], ["y"])), 4, 16)


def test_a_machine_that_lays_channels_out_otherwise_goes_back_to_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_forms, "_BLOCKS", (4,))
    nowhere = block_of_this_machine.__wrapped__()
    monkeypatch.setattr(cpu_forms, "block_of_this_machine", lambda: nowhere)
    fastest, *others = cpu_forms.cpu_forms(16)
    model = Registry().load(XS).model

    assert nowhere is None
    with pytest.raises(Unfit):
        fastest(model)
    assert [inspect_graph(form(model)).nodes > inspect_graph(model).nodes for form in others] == [True]


def test_the_detector_runs_the_fastest_form_and_marks_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = thorax(nodule_lps_mm=(-55.0, 10.0, -12.0))
    bundle = Registry().load(XS)
    used: list[bool] = []

    def watched(form: cpu_forms.Rewrite) -> cpu_forms.Rewrite:
        def rewritten(model: bytes) -> bytes:
            used.append(True)
            return form(model)

        return rewritten

    def marks(*, fast: bool) -> list[tuple[bool, int | None, float]]:
        forms = tuple(map(watched, cpu_forms.cpu_forms(16))) if fast else ()
        monkeypatch.setattr("models.engine.detector.cpu_forms", lambda _multiple_of: forms)
        found = LungNoduleDetector(bundle, Provider.CPU).detect(scan, Job()).marks
        return [(mark.shown, mark.out_of_ten, mark.score) for mark in found]

    faster, plain = marks(fast=True), marks(fast=False)

    assert used == [True]  # the first form opened: no second one was asked for
    assert [mark[:2] for mark in faster] == [mark[:2] for mark in plain]
    assert max(abs(a[2] - b[2]) for a, b in zip(faster, plain, strict=True)) < 1e-4


def test_the_golden_crop_is_answered_in_blocks() -> None:
    bundle = Registry().load(XS)
    with InferenceSession.open(blocked(bundle.model, 16, _block()), Provider.CPU) as session:
        heat = session.run(("heat",), {"image": golden_input()})[0]

    assert heat.shape == (1, 1, 12, 16, 16)
