"""
A MONAI bundle with a RetinaNet becomes one of ours: constants are read, nothing is executed.

``configs/metadata.json`` and ``configs/inference.json`` are plain JSON in which strings that begin
with ``$`` are Python: those are never looked into, and what only they could say takes the constants
of MONAI's lung nodule detector. Weights must have been exported to ONNX; ``.pt`` files are pickles
and are not opened. Nobody signed the result, so it runs in research mode.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from models.engine.manifest import MANIFEST_NAME, ask_supplier, read_json
from models.engine.onnx_graph import GraphFacts, MalformedGraph, inspect_graph, is_pickle
from resources.translation import tr
from workstation.domain.errors import BundleInvalid

_MAX_MODEL_BYTES: Final = 512 * 1024 * 1024
_METADATA: Final = "configs/metadata.json"
_INFERENCE: Final = "configs/inference.json"
_SPACING_MM: Final = [0.703125, 0.703125, 1.25]
_WINDOW_HU: Final = [-1024.0, 300.0]
_ANCHORS: Final = [[6, 8, 4], [8, 6, 5], [10, 10, 6]]
_FIRST_STEPS: Final = (2, 2, 1)  # conv1_t_stride
_ORIENTATIONS: Final = ("RAS", "LPS")
_NODULE: Final = {
    "label": "nodule",
    "code": "427359005",
    "scheme": "SCT",
    "meaning": {"en": "Solitary nodule of lung", "zh": "肺结节"},
}
_NO_LICENCE: Final = "The supplier states no licence."
_NOT_STATED: Final = {"en": "Not stated by the supplier", "zh": "供应方未说明"}


def is_monai_bundle(folder: Path) -> bool:
    """Tell whether a folder looks like a MONAI bundle."""
    return (folder / _METADATA).is_file()


def write_bundle(source: Path, target: Path) -> None:
    """Write model, manifest, card and licence of a bundle of ours. Raises BundleInvalid."""
    metadata = _json(source / _METADATA)
    inference = _json(source / _INFERENCE) if (source / _INFERENCE).is_file() else {}
    model = _model(source)
    facts = _facts(model)
    name, version = _identity(metadata, source)
    licence = source / "LICENSE"
    files = {
        "model.onnx": model,
        "CARD.md": _card(name, version, metadata, hashlib.sha256(model).hexdigest()).encode(),
        "LICENSE": licence.read_bytes()[:1_000_000]
        if licence.is_file()
        else (_text(metadata, "copyright") or _NO_LICENCE).encode(),
    }
    manifest = _manifest(name, version, metadata, inference, facts)
    manifest["files"] = [
        {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for path, data in files.items()
    ]
    for path, data in files.items():
        (target / path).write_bytes(data)
    (target / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), encoding="utf-8")


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > 1_000_000:
        raise BundleInvalid(tr("The model manifest is too large."), hint=ask_supplier())
    raw = read_json(path.read_bytes())
    if not isinstance(raw, dict):
        raise BundleInvalid(tr("The model manifest is not valid JSON."), hint=ask_supplier(), detail=path.name)
    return raw


def _model(source: Path) -> bytes:
    found = sorted((source / "models").glob("*.onnx"))
    if not found:
        raise BundleInvalid(
            tr("The MONAI bundle holds no ONNX file; its weights are pickles, which are never loaded."),
            hint=tr("Export the network to models/model.onnx (opset 17, dynamic axes), then import again."),
        )
    if found[0].is_symlink() or found[0].stat().st_size > _MAX_MODEL_BYTES:
        raise BundleInvalid(tr("The model file “{file}” is too large.", file=found[0].name), hint=ask_supplier())
    return found[0].read_bytes()


def _facts(model: bytes) -> GraphFacts:
    try:
        facts = inspect_graph(b"" if is_pickle(model) else model)
    except MalformedGraph as exc:
        raise BundleInvalid(tr("The model file is not an ONNX network."), hint=ask_supplier(), detail=str(exc)) from exc
    if len(facts.inputs) != 1 or len(facts.outputs) < 2 or len(facts.outputs) % 2:
        raise BundleInvalid(
            tr("The network is no RetinaNet: one input, then scores and boxes of each level are expected."),
            hint=tr("Only detection bundles of MONAI can be imported."),
            detail=f"{facts.inputs} {facts.outputs}"[:300],
        )
    return facts


def _identity(metadata: dict[str, Any], source: Path) -> tuple[str, str]:
    words = _text(metadata, "name") or source.name
    name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:50] or "bundle"
    numbers = re.findall(r"\d+", _text(metadata, "version"))[:3]
    return f"monai-{name}", ".".join((*numbers, "0", "0", "0")[:3])


def _manifest(
    name: str, version: str, metadata: dict[str, Any], inference: dict[str, Any], facts: GraphFacts
) -> dict[str, Any]:
    title = _text(metadata, "name") or name
    levels = len(facts.outputs) // 2
    anchors = _number_rows(_first(inference, "base_anchor_shapes")) or _ANCHORS
    pixdim = _resolved(inference, _first(inference, "pixdim"))
    scale = {key: _number(_resolved(inference, _first(inference, key))) for key in ("a_min", "a_max", "b_min", "b_max")}
    classes = _resolved(inference, _first(inference, "num_classes"))
    classes = classes if isinstance(classes, int) and 1 <= classes <= 64 else 1
    window = [scale["a_min"], scale["a_max"]] if None not in (scale["a_min"], scale["a_max"]) else _WINDOW_HU
    first = _first_stride(inference)
    strides = [[stride * 2**level for stride in first] for level in range(levels)]
    return {
        "schema": 1,
        "id": name,
        "version": version,
        "title": {"en": title, "zh": title},
        "licence": _text(metadata, "copyright") or "not stated",
        "authors": [_text(metadata, "authors") or "not stated"],
        "source": {
            "training": _text(metadata, "description") or "not stated",
            "data": [{"name": _text(metadata, "data_source") or "not stated", "licence": "not stated"}],
        },
        "applies_to": {
            "modality": "CT",
            "body_part": "CHEST",
            "min_slices": 32,
            "max_slice_mm": 3.0,
            "max_pixel_mm": 1.5,
            "min_lung_ml": 300,
            "age_years": {"min": 18, "max": 150, "otherwise": "refuse"},
        },
        "kind": "anchor_boxes_3d",
        "input": {
            "name": facts.inputs[0],
            "layout": "bcxyz",
            "dtype": "float32",
            "spacing_mm": pixdim if _is_numbers(pixdim, 3) else _SPACING_MM,
            "orientation": _orientation(inference),
            "clip": window,
            "scale": [scale["b_min"] or 0.0, 1.0 if scale["b_max"] is None else scale["b_max"]],
            "multiple_of": strides[-1],
            "pad": "minimum",
            "roi": "lungs",
            "margin_mm": 10,
        },
        "output": {
            "levels": [
                {
                    "scores": facts.outputs[level],
                    "boxes": facts.outputs[levels + level],
                    "stride": strides[level],
                    "anchors": [[side * 2**level for side in anchor] for anchor in anchors],
                }
                for level in range(levels)
            ],
            "classes": classes,
            "coder": [1, 1, 1, 1, 1, 1],
            "activation": "sigmoid",
        },
        "post": {"min_score": 0.02, "top_k": 1000, "nms_iou": 0.22, "max_marks": 300, "lung_margin_mm": 3.0},
        "classes": [_NODULE, *(_unnamed(number) for number in range(2, classes + 1))],
        "operating_points": [{"name": "balanced", "score": 0.5, "basis": _NOT_STATED}],
        "default_operating_point": "balanced",
        "calibration": None,
        "intended_use": _NOT_STATED,
        "contraindications": [],
        "evaluation": [{"set": _NOT_STATED, "figure": _NOT_STATED}],
        "runtime": {"opset": facts.opset, "peak_mb": 8000},
        "limits": [{"en": "Imported from a MONAI bundle, not evaluated here", "zh": "由MONAI包导入，本地未评估"}],
        "explain": [],
        "signature": None,
    }


def _first_stride(inference: dict[str, Any]) -> list[int]:
    """
    Return the stride (x, y, z) of the finest level.

    A ResNet halves after its first convolution, and with every further layer: the first layer that is read
    tells how often. Source: MONAI, ``resnet_fpn_feature_extractor`` and ``retinanet_detector``.
    """
    steps = _stated(inference, "conv1_t_stride", list(_FIRST_STEPS))
    if isinstance(steps, int) and not isinstance(steps, bool):
        steps = [steps] * 3
    layers = _stated(inference, "returned_layers", [1])
    lowest = min(layers) if isinstance(layers, list) and layers and all(_counts(one, 4) for one in layers) else 0
    if not (_is_numbers(steps, 3) and all(_counts(step, 8) for step in steps) and lowest):
        raise _contradiction(f"conv1_t_stride {steps}, returned_layers {layers}")
    return [step * 2**lowest for step in steps]


def _orientation(inference: dict[str, Any]) -> str:
    """Return where the indices of the network's grid grow: RAS unless the transforms say LPS."""
    axes = _stated(inference, "axcodes", "RAS")
    if isinstance(axes, list):
        axes = "".join(str(letter) for letter in axes)
    if axes not in _ORIENTATIONS:
        raise _contradiction(f"axcodes {axes}")
    return str(axes)


def _stated(inference: dict[str, Any], key: str, otherwise: Any) -> Any:  # noqa: ANN401  JSON
    """Return what is said of ``key``, ``otherwise`` where only expressions say it; two answers are none."""
    said = [_resolved(inference, value) for value in _values(inference, key, 0)]
    plain = [value for value in said if value is not None and not (isinstance(value, str) and value[:1] in "$@%")]
    if any(value != plain[0] for value in plain):
        raise _contradiction(f"{key} {plain}")
    return plain[0] if plain else otherwise


def _counts(value: Any, most: int) -> bool:  # noqa: ANN401  JSON
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _contradiction(detail: str) -> BundleInvalid:
    return BundleInvalid(tr("The model manifest contradicts itself."), hint=ask_supplier(), detail=detail[:300])


def _unnamed(number: int) -> dict[str, Any]:
    meaning = {"en": f"Class {number} of the network", "zh": f"网络的第{number}类"}
    return {"label": f"class-{number}", "code": f"class-{number}", "scheme": "99LIANYUE", "meaning": meaning}


def _card(name: str, version: str, metadata: dict[str, Any], sha256: str) -> str:
    parts = [
        f"# {name} {version}",
        f"sha256 of the weights: `{sha256}`",
        "## Intended use",
        _text(metadata, "intended_use") or "Not stated by the supplier.",
        "## Training data",
        _text(metadata, "data_source") or "not stated",
        "## Figures",
        _text(metadata, "eval_metrics") or "Not stated by the supplier.",
        "## Limits",
        "Imported from a MONAI bundle; not evaluated here, signed by nobody.",
    ]
    return "\n\n".join(parts) + "\n"


def _text(metadata: dict[str, Any], key: str) -> str:
    """Return a value as one line; a Python expression counts as absent."""
    value = metadata.get(key)
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    words = " ".join(str(value).split())[:2000] if value is not None else ""
    return "" if words.startswith("$") else words


def _first(raw: Any, key: str) -> Any:  # noqa: ANN401  JSON
    return next(_values(raw, key, 0), None)


def _values(raw: Any, key: str, depth: int) -> Iterator[Any]:  # noqa: ANN401  JSON
    if depth > 20:
        return
    if isinstance(raw, dict):
        if key in raw:
            yield raw[key]
        for value in raw.values():
            yield from _values(value, key, depth + 1)
    elif isinstance(raw, list):
        for value in raw:
            yield from _values(value, key, depth + 1)


def _resolved(raw: dict[str, Any], value: Any) -> Any:  # noqa: ANN401  JSON
    """Follow one plain reference (``@spacing``) to a literal; anything cleverer is an expression."""
    return raw.get(value[1:]) if isinstance(value, str) and re.fullmatch(r"@\w+", value) else value


def _number(value: Any) -> float | None:  # noqa: ANN401  JSON
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_numbers(value: Any, count: int) -> bool:  # noqa: ANN401  JSON
    return isinstance(value, list) and len(value) == count and all(_number(one) is not None for one in value)


def _number_rows(value: Any) -> list[list[float]]:  # noqa: ANN401  JSON
    return value if isinstance(value, list) and value and all(_is_numbers(row, 3) for row in value) else []
