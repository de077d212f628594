"""What a bundle's own files say of it: the network from its graph, what it and its rules learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.engine.graph_parts import taken_apart
from models.training.sources import index_patients


@dataclass(frozen=True, slots=True)
class Network:
    """Channels of stem and stages, residual blocks of the stages, channels of the pyramid, number of weights."""

    channels: tuple[int, ...]
    blocks: tuple[int, ...]
    pyramid: int
    weights: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What a second stage was fitted on: how many lungs, and whether the network had never been there."""

    lungs: int
    new_to_network: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What texts and goals say of a bundle.

    ``lungs`` and ``real_nodules`` are what the network learned from, ``learned_from`` the patients of its data index:
    None where none was kept.
    """

    network: Network
    lungs: int
    real_nodules: int
    learned_from: frozenset[str] | None
    second_stage: Stage | None
    one_lesion: bool


def facts_of(folder: Path) -> Facts:
    """Read what is told of a bundle. Raises FileNotFoundError without ``eval/training.json``."""
    post = _json(folder / "manifest.json")["post"]
    training = _json(folder / "eval" / "training.json")
    index = folder / "eval" / "data-index.json"
    learned_from = frozenset(index_patients(_json(index))) if index.is_file() else None
    stage = None
    if post.get("second_stage") is not None:
        record = _json(folder / "eval" / "second-stage.json")
        stage = Stage(record["lungs"], _is_new(record["data"], learned_from))
    return Facts(
        network_of((folder / "model.onnx").read_bytes()), training["lungs"], training["real_nodules"], learned_from,
        stage, post.get("one_lesion_hu") is not None,
    )  # fmt: skip


def network_of(model: bytes) -> Network:
    """Return the form of a heat map network from its convolutions in the graph's order. Raises MalformedGraph."""
    parts = taken_apart(model)
    convolutions = [node for node in parts.nodes if node.kind == "Conv"]
    channels: list[int] = []
    beside: list[int] = []
    pyramid = 0
    for node in convolutions:
        shape = parts.weights[node.inputs[1]].shape
        if shape[-1] == 1:
            pyramid = shape[0]
            break
        if node.numbers.get("strides", [1])[0] == 2:
            channels.append(shape[0])
            beside.append(0)
        else:
            beside[-1] += 1
    weights = sum(parts.weights[name].size for node in convolutions for name in node.inputs[1:])
    return Network(tuple(channels), tuple(count // 2 for count in beside[1:]), pyramid, weights)


def _is_new(index: Mapping[str, Any], learned_from: frozenset[str] | None) -> bool:
    """Tell whether the lungs of an index are such as the network surely never learned from."""
    lungs = {str(name) for e in index["inputs"] if e["path"].startswith("volumes/") for name in e["patients"]}
    return learned_from is not None and not lungs & learned_from


def _json(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored
