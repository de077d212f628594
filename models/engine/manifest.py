"""The manifest of a model bundle: checked against its JSON Schema, then frozen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import jsonschema

from resources.translation import tr
from workstation.domain.errors import BundleInvalid

MANIFEST_NAME: Final = "manifest.json"
MODEL_NAME: Final = "model.onnx"
CARD_NAME: Final = "CARD.md"
_MAX_MANIFEST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file the bundle promises, ``path`` relative to its folder."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class DataSource:
    """A collection the weights learned from."""

    name: str
    licence: str


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """What the model was measured on; anything else is refused."""

    modality: str
    body_part: str
    min_slices: int
    max_slice_mm: float
    max_pixel_mm: float
    min_lung_ml: float


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The tensor the network reads: isotropic ``spacing_mm``, axes ascending in LPS, HU scaled to 0..1."""

    name: str
    spacing_mm: float
    clip_hu: tuple[float, float]
    multiple_of: int
    margin_mm: float
    slab: int
    halo: int


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """The heads: voxel position = ``stride`` k + ``centre_shift`` + ``stride`` offset."""

    heat: str
    size: str
    offset: str
    stride: int
    size_reference_mm: float
    centre_shift: float


@dataclass(frozen=True, slots=True)
class PostSpec:
    """How peaks become marks."""

    min_score: float
    max_marks: int
    lung_margin_mm: float
    merge_min_mm: float
    diameter_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A named threshold and what it was read from."""

    name: str
    score: float
    basis: Text


@dataclass(frozen=True, slots=True)
class Calibration:
    """A measured, monotonic map from score to the share of true marks."""

    score: tuple[float, ...]
    probability: tuple[float, ...]
    basis: Text

    def __post_init__(self) -> None:
        if len(self.score) != len(self.probability):
            raise ValueError("score and probability differ in length")
        if list(self.score) != sorted(set(self.score)) or list(self.probability) != sorted(self.probability):
            raise ValueError("score must rise and probability must not fall")


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
    input: InputSpec
    output: OutputSpec
    post: PostSpec
    label: str
    operating_points: tuple[OperatingPoint, ...]
    default_operating_point: str
    calibration: Calibration | None
    intended_use: Text
    limits: tuple[Text, ...]
    opset: int
    signed: bool

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


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises BundleInvalid with the place of the first fault."""
    if len(data) > _MAX_MANIFEST_BYTES:
        raise BundleInvalid(tr("The model manifest is too large."))
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise BundleInvalid(tr("The model manifest is not valid JSON."), detail=str(exc)) from exc
    fault = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(_schema()).iter_errors(raw))
    if fault is not None:
        place = "/".join(str(part) for part in fault.absolute_path) or MANIFEST_NAME
        raise BundleInvalid(
            tr("The model manifest is wrong at “{place}”.", place=place), detail=f"{place}: {fault.message[:300]}"
        )
    try:
        return _manifest(raw)
    except ValueError as exc:
        raise BundleInvalid(tr("The model manifest contradicts itself."), detail=str(exc)) from exc


def _schema() -> dict[str, Any]:
    text = resources.files("models.engine").joinpath("manifest.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _manifest(raw: dict[str, Any]) -> Manifest:
    manifest = Manifest(
        id=raw["id"],
        version=raw["version"],
        title=Text(**raw["title"]),
        licence=raw["licence"],
        data=tuple(DataSource(**entry) for entry in raw["source"]["data"]),
        files=tuple(BundleFile(**entry) for entry in raw["files"]),
        applies_to=AppliesTo(**raw["applies_to"]),
        kind=raw["kind"],
        input=_input(raw["input"]),
        output=OutputSpec(**raw["output"]),
        post=PostSpec(**{**raw["post"], "diameter_mm": _pair(raw["post"]["diameter_mm"])}),
        label=raw["classes"][0]["label"],
        operating_points=tuple(
            OperatingPoint(p["name"], p["score"], Text(**p["basis"])) for p in raw["operating_points"]
        ),
        default_operating_point=raw["default_operating_point"],
        calibration=_calibration(raw["calibration"]),
        intended_use=Text(**raw["intended_use"]),
        limits=tuple(Text(**entry) for entry in raw["limits"]),
        opset=raw["runtime"]["opset"],
        signed=raw["signature"] is not None,
    )
    _check_consistency(manifest)
    return manifest


def _input(raw: dict[str, Any]) -> InputSpec:
    return InputSpec(
        name=raw["name"],
        spacing_mm=raw["spacing_mm"],
        clip_hu=_pair(raw["clip_hu"]),
        multiple_of=raw["multiple_of"],
        margin_mm=raw["margin_mm"],
        slab=raw["tiling"]["slab"],
        halo=raw["tiling"]["halo"],
    )


def _calibration(raw: dict[str, Any] | None) -> Calibration | None:
    if raw is None:
        return None
    return Calibration(tuple(raw["score"]), tuple(raw["probability"]), Text(**raw["basis"]))


def _pair(values: list[float]) -> tuple[float, float]:
    low, high = values
    if low >= high:
        raise ValueError(f"{low} is not below {high}")
    return low, high


def _check_consistency(manifest: Manifest) -> None:
    paths = [entry.path for entry in manifest.files]
    if len(set(paths)) != len(paths):
        raise ValueError("a file is listed twice")
    for needed in (MODEL_NAME, CARD_NAME, "LICENSE"):
        if needed not in paths:
            raise ValueError(f"{needed} is not listed")
    names = [point.name for point in manifest.operating_points]
    if manifest.default_operating_point not in names or len(set(names)) != len(names):
        raise ValueError("the default operating point is not one of the operating points")
    for length in (manifest.input.slab, manifest.input.halo):
        if length % manifest.input.multiple_of:
            raise ValueError("slab and halo must be multiples of multiple_of")
    if manifest.input.multiple_of % manifest.output.stride:
        raise ValueError("multiple_of must be a multiple of the stride")
