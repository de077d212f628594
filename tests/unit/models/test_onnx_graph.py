"""What the load gate reads from ONNX bytes."""

from __future__ import annotations

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


def test_fixed_width_fields_are_skipped() -> None:
    fixed32 = bytes([9 << 3 | 5]) + b"\x00\x00\x80\x3f"
    fixed64 = bytes([9 << 3 | 1]) + bytes(8)

    assert inspect_graph(fixed32 + fixed64 + onnx_model() + onnx_model()).nodes == 2


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
