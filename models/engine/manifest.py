"""The manifest of a model bundle: checked against its JSON Schema, then frozen."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import jsonschema

from models.engine.manifest_kinds import as_pair, kind_spec
from models.engine.manifest_values import (
    Action,
    AgeRule,
    AppliesTo,
    BundleFile,
    Calibration,
    DataSource,
    FindingClass,
    HeatmapSpec,
    InputSpec,
    KindSpec,
    OperatingPoint,
    OutputSpec,
    PostSpec,
    Rule,
    Signature,
    Text,
)
from resources.translation import tr
from workstation.domain.errors import BundleInvalid

__all__ = [
    "CARD_NAME", "CHINESE_CARD_NAME", "MANIFEST_NAME", "MAX_MANIFEST_BYTES", "MODEL_NAME", "AppliesTo", "BundleFile",
    "Calibration", "DataSource", "InputSpec", "Manifest", "OperatingPoint", "OutputSpec", "PostSpec", "Text",
    "ask_supplier", "parse_manifest", "read_json",
]  # fmt: skip

MANIFEST_NAME: Final = "manifest.json"
MODEL_NAME: Final = "model.onnx"
CARD_NAME: Final = "CARD.md"
CHINESE_CARD_NAME: Final = "CARD.zh_CN.md"
"""The same card in Chinese; a bundle need not have it."""

MAX_MANIFEST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a bundle says about itself."""

    id: str
    version: str
    title: Text
    licence: str
    data: tuple[DataSource, ...]
    files: tuple[BundleFile, ...]
    applies_to: AppliesTo
    kind: str
    spec: KindSpec
    classes: tuple[FindingClass, ...]
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    calibration: Calibration | None
    intended_use: Text
    limits: tuple[Text, ...]
    opset: int
    peak_mb: int
    """The most memory that a process running it was seen to take"""
    signature: Signature | None

    @property
    def input(self) -> InputSpec:
        """Return the input of a heat-map detector; ValueError for another kind."""
        return self._heatmap.input

    @property
    def output(self) -> OutputSpec:
        """Return the heads of a heat-map detector; ValueError for another kind."""
        return self._heatmap.output

    @property
    def post(self) -> PostSpec:
        """Return how peaks of a heat-map detector become marks; ValueError for another kind."""
        return self._heatmap.post

    @property
    def _heatmap(self) -> HeatmapSpec:
        if not isinstance(self.spec, HeatmapSpec):
            raise ValueError(f"{self.id} is a {self.kind}")  # noqa: TRY004  a manifest of another kind, not another type
        return self.spec

    @property
    def label(self) -> str:
        """Return the name of the first class."""
        return self.classes[0].label

    @property
    def signed(self) -> bool:
        """Tell whether there is a signature; whether it holds is for ``trust`` to say."""
        return self.signature is not None

    @property
    def threshold(self) -> float:
        """Return the score of the default operating point."""
        return next(p.score for p in self.operating_points if p.name == self.default_operating_point)

    def file(self, path: str) -> BundleFile:
        """Return the promised file of this path; KeyError when it is not promised."""
        for entry in self.files:
            if entry.path == path:
                return entry
        raise KeyError(path)


def read_json(data: bytes) -> Any:  # noqa: ANN401  whatever a stranger wrote
    """Parse a manifest's JSON within its size limit. Raises BundleInvalid."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise BundleInvalid(tr("The model manifest is too large."), hint=ask_supplier())
    try:
        return json.loads(data, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as exc:
        raise BundleInvalid(
            tr("The model manifest is not valid JSON."), hint=ask_supplier(), detail=str(exc)[:300]
        ) from exc


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


def ask_supplier() -> str:
    """Return the next step after a bundle that cannot be right."""
    return tr("Ask the supplier of the model for a repaired bundle.")


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises BundleInvalid with the place of the first fault."""
    raw = read_json(data)
    fault = jsonschema.exceptions.best_match(_validator().iter_errors(raw))
    if fault is not None:
        place = "/".join(str(part) for part in fault.absolute_path) or MANIFEST_NAME
        raise BundleInvalid(
            tr("The model manifest is wrong at “{place}”.", place=place),
            hint=ask_supplier(),
            detail=f"{place}: {fault.message[:300]}",
        )
    try:
        return _manifest(raw)
    except ValueError as exc:
        raise BundleInvalid(tr("The model manifest contradicts itself."), hint=ask_supplier(), detail=str(exc)) from exc


@cache
def _validator() -> jsonschema.Draft202012Validator:
    text = resources.files("models.engine").joinpath("manifest.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def _manifest(raw: dict[str, Any]) -> Manifest:
    manifest = Manifest(
        id=raw["id"],
        version=raw["version"],
        title=Text(**raw["title"]),
        licence=raw["licence"],
        data=tuple(DataSource(**entry) for entry in raw["source"]["data"]),
        files=tuple(BundleFile(**entry) for entry in raw["files"]),
        applies_to=_applies_to(raw["applies_to"]),
        kind=raw["kind"],
        spec=kind_spec(raw),
        classes=tuple(FindingClass(**{**entry, "meaning": Text(**entry["meaning"])}) for entry in raw["classes"]),
        operating_points=tuple(
            OperatingPoint(**{**entry, "basis": Text(**entry["basis"])}) for entry in raw["operating_points"]
        ),
        default_operating_point=raw["default_operating_point"],
        calibration=_calibration(raw["calibration"]),
        intended_use=Text(**raw["intended_use"]),
        limits=tuple(Text(**entry) for entry in raw["limits"]),
        opset=raw["runtime"]["opset"],
        peak_mb=raw["runtime"]["peak_mb"],
        signature=_signature(raw["signature"]),
    )
    _check_consistency(manifest)
    return manifest


def _applies_to(raw: dict[str, Any]) -> AppliesTo:
    values = dict(raw)
    modality = values["modality"]
    values["modality"] = (modality,) if isinstance(modality, str) else tuple(modality)
    for name in ("contrast", "kernels", "body_parts"):
        if name in values:
            values[name] = _rule(values[name])
    if "age_years" in values:
        age = AgeRule(**_actions(values["age_years"]))
        values["age_years"] = age
        as_pair([age.min, age.max])
    if "phantom" in values:
        values["phantom"] = Action(values["phantom"])
    return AppliesTo(**values)


def _rule(raw: dict[str, Any]) -> Rule:
    return Rule(**{**_actions(raw), "accepted": tuple(raw["accepted"])})


def _actions(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: Action(value) if name in {"otherwise", "unknown"} else value for name, value in raw.items()}


def _calibration(raw: dict[str, Any] | None) -> Calibration | None:
    if raw is None:
        return None
    return Calibration(tuple(raw["score"]), tuple(raw["probability"]), Text(**raw["basis"]), raw.get("ece"))


def _signature(raw: dict[str, Any] | None) -> Signature | None:
    return None if raw is None else Signature(raw["key_id"], raw["value"])


def _check_consistency(manifest: Manifest) -> None:
    paths = [entry.path for entry in manifest.files]
    if len({path.casefold() for path in paths}) != len(paths):
        raise ValueError("a file is listed twice")
    for needed in (MODEL_NAME, CARD_NAME, "LICENSE"):
        if needed not in paths:
            raise ValueError(f"{needed} is not listed")
    names = [point.name for point in manifest.operating_points]
    if manifest.default_operating_point not in names or len(set(names)) != len(names):
        raise ValueError("the default operating point is not one of the operating points")
