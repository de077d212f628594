"""
What a graph computes from its constants alone, followed far enough to know how large a tensor it will ask for.

Values are lists of integers in the order of the tensor, without its shape: enough for shapes, which have one axis.
Source: ONNX operator specifications (Constant, Concat, Expand, Tile, ConstantOfShape).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Final

MAX_RANK: Final = 64
_SHAPE_INPUT: Final = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
_SAME_VALUES: Final = frozenset({"Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Flatten"})
_BY_ELEMENT: Final[Mapping[str, Callable[[int, int], int]]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
}
_MAX_DEPTH: Final = 64
_MAX_VALUE: Final = 2**62


class Known(Enum):
    """What is not a list of integers."""

    DATA = "depends on what the network reads"
    FIXED = "made of constants, but not followed"


Value = list[int] | Known


@dataclass(slots=True)
class Tensor:
    """A constant: ``values`` None unless they are few integers."""

    name: str = ""
    kind: int = 0
    dims: list[int] = field(default_factory=list)
    values: list[int] | None = None


@dataclass(slots=True)
class Node:
    """A node; ``value`` is the tensor that a Constant holds, ``integers`` what it holds instead of one."""

    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    value: Tensor | None = None
    integers: list[int] = field(default_factory=list)

    @property
    def held(self) -> Tensor:
        """Return what a Constant holds."""
        if self.value is not None:
            return self.value
        return Tensor(dims=[len(self.integers)], values=self.integers) if self.integers else Tensor()


class ConstantShapes:
    """The constants of a graph and of the graphs in it, and the nodes between them."""

    def __init__(self) -> None:
        self._constants: dict[str, Tensor] = {}
        self._makers: dict[str, Node] = {}
        self._shaped: list[Node] = []
        self._followed: dict[str, Value] = {}
        self._fixed: set[str] = set()
        self._twice: set[str] = set()
        """Names that two branches give to two things: neither is followed"""

    def add_constant(self, name: str, tensor: Tensor) -> None:
        """Take an initializer, or what a Constant gives."""
        self._name(name)
        self._constants[name] = tensor

    def may_be_true(self, name: str) -> bool:
        """Tell whether a truth value is anything but a constant that is false."""
        return name in self._twice or name not in self._constants or self._constants[name].values != [0]

    def add_node(self, node: Node) -> None:
        """Take a node."""
        if node.kind in _SHAPE_INPUT:
            self._shaped.append(node)
        if node.kind == "Constant" and node.outputs:
            self.add_constant(node.outputs[0], node.held)
            return
        for name in filter(None, node.outputs):
            self._name(name)
            self._makers[name] = node

    def _name(self, name: str) -> None:
        if name in self._constants or name in self._makers:
            self._twice.add(name)

    def largest(self) -> int | None:
        """Return the bytes of the largest tensor asked for by constants, None when one cannot be told."""
        self._find_fixed()
        sizes = [self._size(node) for node in self._shaped]
        return None if None in sizes else max((size for size in sizes if size is not None), default=0)

    def _find_fixed(self) -> None:
        """Find what is made of constants alone, node by node: networks are too deep to look back from each shape."""
        missing = {id(node): len({name for name in node.inputs if name}) for node in self._makers.values()}
        readers: dict[str, list[Node]] = {}
        for node in {id(node): node for node in self._makers.values()}.values():
            for name in {name for name in node.inputs if name}:
                readers.setdefault(name, []).append(node)
        ready = list(self._constants)
        ready += [name for name, node in self._makers.items() if not missing[id(node)]]
        while ready:
            name = ready.pop()
            if name in self._fixed:
                continue
            self._fixed.add(name)
            for node in readers.get(name, []):
                missing[id(node)] -= 1
                if not missing[id(node)]:
                    ready += node.outputs

    def _size(self, node: Node) -> int | None:
        at = _SHAPE_INPUT[node.kind]
        shape = self._value(node.inputs[at], 0) if at < len(node.inputs) else []
        if shape is Known.DATA:
            return 0
        if isinstance(shape, Known):
            return None
        if at and node.inputs[0] in self._twice:
            return None
        source = self._constants.get(node.inputs[0]) if at else None
        dims = source.dims if source is not None else []
        if node.kind == "Tile":
            return 8 * _product(shape) * _product(dims)
        # from the last axis on; the longer of both sides wins
        return 8 * _product([max(pair) for pair in zip_longest(reversed(shape), reversed(dims), fillvalue=1)])

    def _value(self, name: str, depth: int) -> Value:
        if name in self._twice:
            return Known.FIXED if name in self._fixed else Known.DATA
        if name in self._constants:
            values = self._constants[name].values
            return Known.FIXED if values is None else values
        if name not in self._fixed or name not in self._makers:
            return Known.DATA
        if name not in self._followed:
            self._followed[name] = Known.FIXED  # too long a chain is not followed
            if depth < _MAX_DEPTH:
                self._followed[name] = self._made(self._makers[name], depth + 1)
        return self._followed[name]

    def _made(self, node: Node, depth: int) -> Value:
        if node.kind == "Shape" and len(node.inputs) == 1 and node.inputs[0] in self._constants.keys() - self._twice:
            return list(self._constants[node.inputs[0]].dims)
        given = [self._value(name, depth) for name in node.inputs if name]
        if Known.DATA in given:
            return Known.DATA
        if node.kind in _SAME_VALUES and given:
            return given[0]
        lists = [one for one in given if isinstance(one, list)]
        return _joined(node.kind, lists) if len(lists) == len(given) else Known.FIXED


def _joined(kind: str, lists: list[list[int]]) -> Value:
    if kind == "Concat":
        joined = [value for one in lists for value in one]
        return joined if len(joined) <= MAX_RANK else Known.FIXED
    if kind in _BY_ELEMENT and len(lists) == 2:
        return _by_element(_BY_ELEMENT[kind], *lists)
    return Known.FIXED


def _by_element(work: Callable[[int, int], int], left: list[int], right: list[int]) -> Value:
    length = max(len(left), len(right))
    if not left or not right or {len(left), len(right)} - {1, length}:
        return Known.FIXED
    values = [work(left[n % len(left)], right[n % len(right)]) for n in range(length)]
    return values if all(abs(value) <= _MAX_VALUE for value in values) else Known.FIXED


def _product(sides: Sequence[int]) -> int:
    return math.prod(max(1, side) for side in sides)
