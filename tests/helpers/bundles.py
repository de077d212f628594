"""Model bundles of every kind, made round tiny networks that a test can predict."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.models import field

FLOAT = 1
TEXT = {"en": "x", "zh": "x"}
Change = Callable[[dict[str, Any]], None]


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: object) -> bytes:
    """Write a NodeProto; attributes are ints, floats or lists of ints."""
    parts = [field(1, name.encode()) for name in inputs] + [field(2, name.encode()) for name in outputs]
    parts.append(field(4, kind.encode()))
    parts += [field(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join(parts)


def _attribute(name: str, value: object) -> bytes:
    head = field(1, name.encode())
    if isinstance(value, int):
        return head + field(3, value) + field(20, 2)
    if isinstance(value, float):
        return head + bytes([2 << 3 | 5]) + struct.pack("<f", value) + field(20, 1)
    if isinstance(value, list):
        return head + b"".join(field(8, one) for one in value) + field(20, 7)
    raise TypeError(name)


def tensor(name: str, values: Any) -> bytes:  # noqa: ANN401  whatever numpy takes
    """Write a TensorProto of floats or int64."""
    array = np.asarray(values)
    array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
    dims = b"".join(field(1, size) for size in array.shape)
    kind = 7 if array.dtype == np.int64 else FLOAT
    return dims + field(2, kind) + field(8, name.encode()) + field(9, array.tobytes())


def network(
    nodes: Sequence[bytes],
    *,
    constants: Sequence[bytes] = (),
    inputs: Mapping[str, int] | None = None,
    outputs: Mapping[str, int],
    opset: int = 17,
    properties: Mapping[str, str] | None = None,
) -> bytes:
    """Write a ModelProto; ``inputs`` and ``outputs`` give name and rank, every axis dynamic."""
    graph = b"".join(field(1, one) for one in nodes) + field(2, b"g")
    graph += b"".join(field(5, one) for one in constants)
    graph += b"".join(field(11, _value(name, rank)) for name, rank in (inputs or {"image": 5}).items())
    graph += b"".join(field(12, _value(name, rank)) for name, rank in outputs.items())
    model = field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, opset))
    for key, value in (properties or {}).items():
        model += field(14, field(1, key.encode()) + field(2, value.encode()))
    return model


def _value(name: str, rank: int) -> bytes:
    shape = b"".join(field(1, field(2, f"{name}{axis}".encode())) for axis in range(rank))
    return field(1, name.encode()) + field(2, field(1, field(1, FLOAT) + field(2, shape)))


def grid_input(**changes: object) -> dict[str, Any]:
    return {
        "name": "image", "layout": "bczyx", "dtype": "float32", "spacing_mm": [2.0, 2.0, 2.0], "orientation": "LPS",
        "clip": [-1000, 1000], "scale": [0, 1], "multiple_of": [4, 4, 4], "pad": "edge", "roi": "whole", **changes,
    }  # fmt: skip


def image_input(**changes: object) -> dict[str, Any]:
    return {
        "name": "image", "layout": "bcyx", "dtype": "float32", "channels": 1, "height": 64, "width": 64,
        "percentiles": [0, 100], "fill": 0.0, "mean": [0.0], "deviation": [1.0], **changes,
    }  # fmt: skip


def classes(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label, "code": "1", "scheme": "SCT", "meaning": TEXT} for label in labels]


def manifest(kind: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    """Return a manifest of a kind; ``parts`` replace or add top-level fields."""
    return {
        "schema": 1, "id": f"test-{kind.replace('_', '-')}", "version": "1.0.0", "title": TEXT, "licence": "MIT",
        "authors": ["x"], "source": {"training": "none", "data": [{"name": "NONE", "licence": "MIT"}]}, "files": [],
        "applies_to": {"modality": "CT", "body_part": "CHEST"}, "kind": kind, "post": {}, "classes": classes("nodule"),
        "operating_points": [{"name": "balanced", "score": 0.5, "basis": TEXT}],
        "default_operating_point": "balanced", "calibration": None, "intended_use": TEXT, "contraindications": [],
        "evaluation": [{"set": TEXT, "figure": TEXT}], "runtime": {"opset": 17, "peak_mb": 100}, "limits": [],
        "explain": [], "signature": None, **parts,
    }  # fmt: skip


def write_bundle(
    folder: Path, model: bytes, described: dict[str, Any], *, more: Mapping[str, bytes] | None = None
) -> Path:
    """Write a bundle that is consistent in itself and return its folder."""
    folder.mkdir(parents=True)
    card = f"# {described['id']} {described['version']}\n\n{hashlib.sha256(model).hexdigest()}\n"
    card += "\n## Intended use\n\n## Training data\n\nNONE\n\n## Figures\n\n## Limits\n"
    files = {"model.onnx": model, "CARD.md": card.encode(), "LICENSE": b"MIT", **(more or {})}
    described["files"] = [
        {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
    ]
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def identity_mask() -> tuple[bytes, dict[str, Any]]:
    """A segmentation whose score is the scaled image itself."""
    model = network([node("Identity", ["image"], ["mask"])], outputs={"mask": 5})
    return model, manifest(
        "mask",
        input=grid_input(),
        output={"name": "mask", "classes": 1, "activation": "none"},
        post={"threshold": 0.75, "min_ml": 0.1, "max_marks": 10},
    )


def mean_classifier(rank: int = 5) -> tuple[bytes, dict[str, Any]]:
    """A classifier whose score is the mean of the image."""
    axes = list(range(1, rank))
    model = network(
        [node("ReduceMean", ["image"], ["score"], axes=axes, keepdims=0), node("Unsqueeze", ["score", "one"], ["out"])],
        constants=[tensor("one", [1])],
        inputs={"image": rank},
        outputs={"out": 2},
    )
    occlusion = {"size": 8, "step": 8, "fill": 0.0}
    return model, manifest(
        "classifier",
        input=grid_input() if rank == 5 else image_input(),
        output={"name": "out", "classes": 1, "activation": "none", "occlusion": occlusion},
    )


def fixed_yolo(folder: Path) -> Path:
    """A network that answers the same box whatever it sees, in the letter-boxed frame."""
    box = tensor("box", np.array([[[16 + 9.6], [16.0], [6.4], [6.4], [0.9]]]))
    model = network(
        [
            node("ReduceMax", ["image"], ["top"], keepdims=0),
            node("Ceil", ["top"], ["one"]),
            node("Mul", ["box", "one"], ["out"]),
        ],
        constants=[box],
        inputs={"image": 4},
        outputs={"out": 3},
    )
    described = manifest(
        "boxes_2d",
        applies_to={"modality": ["DX", "CR"], "body_part": "CHEST"},
        input=image_input(),
        output={"format": "yolo", "name": "out", "classes": 1, "activation": "none"},
        post={"min_score": 0.3, "top_k": 10, "nms_iou": 0.5, "max_marks": 5},
    )
    return write_bundle(folder / "b", model, described)
