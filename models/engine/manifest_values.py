"""The parts of a manifest as frozen values; lengths in mm, triples in the order (x, y, z) of patient axes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Triple = tuple[float, float, float]
Counts = tuple[int, int, int]
Activation = Literal["none", "sigmoid", "softmax"]


class Action(StrEnum):
    """What a manifest wants done with a series that it describes."""

    RUN = "run"
    WARN = "warn"
    REFUSE = "refuse"


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
class Rule:
    """``accepted`` values run; any other is ``otherwise``, no value at all ``unknown``."""

    accepted: tuple[str, ...]
    otherwise: Action
    unknown: Action = Action.RUN


@dataclass(frozen=True, slots=True)
class AgeRule:
    """Ages from ``min`` to ``max`` years run; any other is ``otherwise``, an unknown age ``unknown``."""

    min: float
    max: float
    otherwise: Action
    unknown: Action = Action.RUN


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """What the model was measured on; anything else is refused, or warned of where a rule says so."""

    modality: tuple[str, ...]
    body_part: str
    min_slices: int = 1
    max_slice_mm: float = float("inf")
    max_pixel_mm: float = float("inf")
    min_lung_ml: float = 0.0
    age_years: AgeRule | None = None
    contrast: Rule | None = None
    kernels: Rule | None = None
    body_parts: Rule | None = None
    phantom: Action = Action.RUN


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
class SecondStage:
    """
    A logistic regression over measured numbers that corrects the network's score.

    Each number is standardised by ``mean`` and ``scale`` and kept within ``clip`` deviations.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    bias: float
    clip: float

    def __post_init__(self) -> None:
        if not len(self.features) == len(self.mean) == len(self.scale) == len(self.weight):
            raise ValueError("the second stage needs mean, scale and weight of every feature")


@dataclass(frozen=True, slots=True)
class PostSpec:
    """
    How peaks become marks.

    Without ``second_stage`` the network's score stands; without ``one_lesion_hu`` marks that overlap do as well.
    """

    min_score: float
    max_marks: int
    lung_margin_mm: float
    merge_min_mm: float
    diameter_mm: tuple[float, float]
    second_stage: SecondStage | None = None
    one_lesion_hu: float | None = None


@dataclass(frozen=True, slots=True)
class HeatmapSpec:
    """``heatmap_3d``; a second stage measures on a grid of 1 mm."""

    input: InputSpec
    output: OutputSpec
    post: PostSpec

    def __post_init__(self) -> None:
        if self.post.second_stage is not None and self.input.spacing_mm != 1:
            raise ValueError("a second stage needs an input of 1 mm")


@dataclass(frozen=True, slots=True)
class GridInput:
    """
    A resampled volume: ``spacing_mm`` and ``multiple_of`` as (x, y, z).

    ``layout`` is ``bczyx`` or ``bcxyz``; ``orientation`` ``LPS`` or ``RAS`` names where indices
    grow. Values are clipped to ``clip`` and mapped linearly to ``scale``. ``roi`` crops to the
    lungs with ``margin_mm``; ``slab`` and ``halo`` cut the z axis, None = one pass.
    """

    name: str
    layout: Literal["bczyx", "bcxyz"]
    orientation: Literal["LPS", "RAS"]
    spacing_mm: Triple
    clip: tuple[float, float]
    scale: tuple[float, float]
    multiple_of: Counts
    pad: Literal["edge", "minimum"]
    roi: Literal["whole", "lungs"]
    margin_mm: float
    slab: int | None
    halo: int


@dataclass(frozen=True, slots=True)
class ImageInput:
    """
    A two-dimensional image, letter-boxed to ``height`` x ``width`` with the value ``fill``.

    Grey values between the ``percentiles`` map to 0..1, then ``(v - mean) / deviation`` per
    channel. MONOCHROME1 is inverted first.
    """

    name: str
    channels: int
    height: int
    width: int
    percentiles: tuple[float, float]
    fill: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AnchorLevel:
    """One level of the pyramid: output names, stride and anchor sizes in voxels, (x, y, z)."""

    scores: str
    boxes: str
    stride: Counts
    anchors: tuple[Triple, ...]


@dataclass(frozen=True, slots=True)
class AnchorOutput:
    """Raw heads of a dense detector with anchors; ``coder`` holds the weights of centre and size."""

    levels: tuple[AnchorLevel, ...]
    classes: int
    coder: tuple[float, float, float, float, float, float]
    activation: Activation


@dataclass(frozen=True, slots=True)
class BoxPost:
    """``min_score`` then the best ``top_k`` of each level, then NMS, at most ``max_marks``."""

    min_score: float
    top_k: int
    nms_iou: float
    max_marks: int
    lung_margin_mm: float | None = None


@dataclass(frozen=True, slots=True)
class AnchorSpec:
    """``anchor_boxes_3d``."""

    input: GridInput
    output: AnchorOutput
    post: BoxPost


@dataclass(frozen=True, slots=True)
class FcosLevel:
    """One level of an anchor-free head: class scores, distances (l, t, r, b) and centre-ness."""

    scores: str
    distances: str
    centreness: str | None
    stride: int


@dataclass(frozen=True, slots=True)
class Boxes2dOutput:
    """
    ``yolo``: one tensor ``[1, 4 + classes, n]`` of centre, size and scores, in input pixels.

    ``nms``: one tensor ``[1, n, 6]`` of corners, score and class, NMS done in the graph.
    ``fcos``: levels; ``normalised`` distances are multiples of the stride.
    """

    format: Literal["yolo", "nms", "fcos"]
    name: str
    classes: int
    activation: Activation
    levels: tuple[FcosLevel, ...] = ()
    normalised: bool = False


@dataclass(frozen=True, slots=True)
class Boxes2dSpec:
    """``boxes_2d``."""

    input: ImageInput
    output: Boxes2dOutput
    post: BoxPost


@dataclass(frozen=True, slots=True)
class MaskOutput:
    """One tensor of class maps at the input's resolution; with ``softmax`` channel 0 is background."""

    name: str
    classes: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class MaskPost:
    """Voxels above ``threshold``; components smaller than ``min_ml`` (3D) or ``min_mm2`` (2D) go."""

    threshold: float
    min_ml: float
    min_mm2: float
    max_marks: int


@dataclass(frozen=True, slots=True)
class MaskSpec:
    """``mask``, on a volume or on an image."""

    input: GridInput | ImageInput
    output: MaskOutput
    post: MaskPost


@dataclass(frozen=True, slots=True)
class ClassifierOutput:
    """One tensor ``[1, classes]``."""

    name: str
    classes: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class OcclusionSpec:
    """Cubes of ``size`` voxels every ``step`` are covered by ``fill`` (in the network's scale)."""

    size: int
    step: int
    fill: float


@dataclass(frozen=True, slots=True)
class ClassifierSpec:
    """``classifier``; without ``occlusion`` there is no map and no claim where anything lies."""

    input: GridInput | ImageInput
    output: ClassifierOutput
    occlusion: OcclusionSpec | None


KindSpec = HeatmapSpec | AnchorSpec | Boxes2dSpec | MaskSpec | ClassifierSpec


@dataclass(frozen=True, slots=True)
class FindingClass:
    """What one class of the network means; ``label`` is its stable English name."""

    label: str
    code: str
    scheme: str
    meaning: Text


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A named threshold and what it was read from."""

    name: str
    score: float
    basis: Text
    sensitivity: float | None = None
    false_marks_per_scan: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A measured, monotonic map from score to the share of true marks."""

    score: tuple[float, ...]
    probability: tuple[float, ...]
    basis: Text
    ece: float | None = None

    def __post_init__(self) -> None:
        if len(self.score) != len(self.probability):
            raise ValueError("score and probability differ in length")
        if list(self.score) != sorted(set(self.score)) or list(self.probability) != sorted(self.probability):
            raise ValueError("score must rise and probability must not fall")


@dataclass(frozen=True, slots=True)
class Signature:
    """An ed25519 signature over the manifest without it; ``value`` is base64."""

    key_id: str
    value: str
