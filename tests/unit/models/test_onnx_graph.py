"""What the load gate reads from ONNX bytes."""

from __future__ import annotations

import pytest

from models.engine.onnx_graph import MalformedGraph, inspect_graph
from models.engine.registry import BUNDLES
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
