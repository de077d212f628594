"""What the load gate reads from ONNX bytes."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine.onnx_graph import MalformedGraph, inspect_graph
from models.engine.registry import BUNDLES
from tests.helpers.bundles import network, node, tensor
from tests.helpers.models import field, onnx_model


def test_the_shipped_network_is_plain_onnx_opset_17() -> None:
    facts = inspect_graph((BUNDLES / "lung-nodule-xs" / "model.onnx").read_bytes())

    assert (17, set(), False) == (facts.opset, facts.custom_domains, facts.has_external_data)
    assert facts.nodes > 10


def test_a_custom_operator_is_seen() -> None:
    assert {"evil.ops"} == inspect_graph(onnx_model(domain="evil.ops")).custom_domains


def test_a_custom_operator_set_is_seen_even_without_a_node_of_it() -> None:
    model = onnx_model() + field(8, field(1, b"com.other") + field(2, 1))

    assert {"com.other"} == inspect_graph(model).custom_domains


@pytest.mark.parametrize("tensor", [field(14, 1), field(13, field(1, b"location") + field(2, b"../../secret"))])
def test_weights_in_another_file_are_seen(tensor: bytes) -> None:
    assert inspect_graph(onnx_model(tensor=tensor)).has_external_data


def test_weights_in_another_file_are_seen_inside_a_nested_graph() -> None:
    inner = field(1, field(4, b"Add")) + field(5, field(14, 1))
    attribute = field(5, field(6, inner))

    assert inspect_graph(onnx_model(node=attribute)).has_external_data


def _hidden(number: int, value: bytes) -> bytes:
    """A field whose number has a bit above the 32 that ONNX Runtime reads."""
    plain = field(number, value)
    return bytes([plain[0] | 0x80, 0x80, 0x80, 0x80, 0x10]) + plain[1:]


@pytest.mark.parametrize(
    "model",
    [
        onnx_model(node=_hidden(7, b"com.microsoft")),
        onnx_model() + _hidden(8, field(1, b"com.microsoft") + field(2, 1)),
        onnx_model(tensor=_hidden(13, field(1, b"location") + field(2, b"w.bin"))),
        onnx_model(node=bytes([3 << 3 | 2 | 0x80, 0x00]) + b"\x03Add"),
        onnx_model() + bytes([9 << 3 | 5]) + b"\x00\x00\x80\x3f",
        onnx_model() + bytes([9 << 3 | 1]) + bytes(8),
        onnx_model() + field(20, b""),
        onnx_model(node=field(6, 1)),
        onnx_model() + onnx_model(),
        onnx_model(tensor=field(2, 1 << 32 | 7)),
        b"\x00\x00" + onnx_model(),
        onnx_model(node=b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    ],
    ids=[
        "hidden domain", "hidden operator set", "hidden file", "number longer than needed", "unknown 32 bits",
        "unknown 64 bits", "training", "another wire type", "one thing twice", "kind above 32 bits", "field 0",
        "length above 64 bits",
    ],
)  # fmt: skip
def test_what_another_reader_would_read_otherwise_is_refused(model: bytes) -> None:
    with pytest.raises(MalformedGraph):
        inspect_graph(model)


def test_a_place_of_data_that_becomes_external_when_cut_to_32_bits_is_seen() -> None:
    assert inspect_graph(onnx_model(tensor=field(14, 1 << 32 | 1))).has_external_data


def test_a_sparse_tensor_is_as_large_as_the_dense_one_that_the_runtime_makes() -> None:
    sparse = field(1, tensor("big", [1.0])) + field(2, tensor("", [0])) + field(3, 14_000) + field(3, 14_000)
    graph = field(1, node("Identity", ["image"], ["mask"])) + field(15, sparse)

    assert inspect_graph(field(7, graph)).largest_tensor == 4 * 14_000 * 14_000


@pytest.mark.parametrize(("training", "draws"), [(True, True), (False, False)])
def test_a_dropout_that_trains_draws_at_random(*, training: bool, draws: bool) -> None:
    truth = field(2, 9) + field(8, b"t") + field(9, bytes([training]))
    drop = node("Dropout", ["image", "r", "t"], ["mask"])
    model = network([drop], constants=[tensor("r", np.float32(0.5)), truth], outputs={"mask": 5})

    assert inspect_graph(model).is_random == draws


def test_a_dropout_that_may_train_draws_at_random() -> None:
    drop = [node("Greater", ["image", "r"], ["t"]), node("Dropout", ["image", "r", "t"], ["mask"])]

    assert inspect_graph(network(drop, constants=[tensor("r", [0.5])], outputs={"mask": 5})).is_random


def test_two_versions_of_the_standard_operators_are_none() -> None:
    other = field(8, field(1, b"ai.onnx") + field(2, 9))
    same = field(8, field(1, b"ai.onnx") + field(2, 17))

    assert inspect_graph(onnx_model(opset=17) + other).opset == 0
    assert inspect_graph(onnx_model(opset=17) + same).opset == 17


def test_a_size_that_two_branches_name_alike_is_not_taken_for_the_smaller() -> None:
    def branch(side: int) -> bytes:
        nodes = [node("Constant", [], ["side"], value_int=side), node("ConstantOfShape", ["side"], ["made"])]
        return b"".join(field(1, one) for one in nodes)

    both = field(5, field(6, branch(10**9))) + field(5, field(6, branch(1)))

    assert inspect_graph(onnx_model(node=both)).hides_a_size


def test_a_function_of_the_file_is_an_operator_of_its_own() -> None:
    function = field(1, b"Add") + field(10, b"") + field(7, node("Neg", ["a"], ["b"]))

    assert inspect_graph(onnx_model() + field(25, function)).custom_domains


def test_a_shape_that_comes_from_the_image_is_no_secret() -> None:
    made = [
        node("Shape", ["image"], ["sides"]),
        node("Concat", ["sides", "more"], ["shape"], axis=0),
        node("ConstantOfShape", ["shape"], ["mask"]),
    ]
    facts = inspect_graph(network(made, constants=[tensor("more", [1024, 1024])], outputs={"mask": 5}))

    assert (facts.hides_a_size, facts.largest_tensor) == (False, 16)


def test_a_shape_from_deep_within_a_network_is_no_secret_either() -> None:
    layers = [node("Add", [f"n{n}", "weight"], [f"n{n + 1}"]) for n in range(2000)]
    made = [*layers, node("Shape", ["n2000"], ["shape"]), node("ConstantOfShape", ["shape"], ["mask"])]
    model = network(made, constants=[tensor("weight", [0.5])], inputs={"n0": 5}, outputs={"mask": 5})

    assert not inspect_graph(model).hides_a_size


def test_what_a_shape_of_constants_asks_for_is_told_to_the_byte() -> None:
    made = [
        node("Concat", ["a", "b"], ["joined"], axis=0),
        node("Sub", ["joined", "one"], ["shape"]),
        node("ConstantOfShape", ["shape"], ["mask"]),
    ]
    constants = [tensor("a", [11, 21]), tensor("b", [31]), tensor("one", [1])]

    # 10 x 20 x 30 items of at most 8 bytes
    assert inspect_graph(network(made, constants=constants, outputs={"mask": 3})).largest_tensor == 48_000


def test_a_chain_of_squares_is_not_followed_for_ever() -> None:
    squares = [node("Mul", [f"n{n}", f"n{n}"], [f"n{n + 1}"]) for n in range(2000)]
    made = [*squares, node("ConstantOfShape", ["n2000"], ["mask"])]

    assert inspect_graph(network(made, constants=[tensor("n0", [3])], outputs={"mask": 1})).hides_a_size


def _nested(levels: int) -> bytes:
    graph = field(1, field(4, b"Add"))
    for _ in range(levels):
        graph = field(1, field(5, field(6, graph)))
    return field(7, graph)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08\x08",
        b"not an onnx file at all",
        onnx_model()[:-3],
        b"\x3a\xff\xff\xff\x7f",
        b"\x80" * 20,
        b"\x80",
        bytes([7 << 3 | 3]),
        onnx_model(node=field(7, b"\xff\xfe")),
        _nested(40),
    ],
    ids=["empty", "no graph", "text", "cut", "length lies", "endless", "half a number", "group", "bad name", "deep"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedGraph):
        inspect_graph(data)
