"""What a model of any kind found, and what the model page knows of the models installed here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workstation.domain.acquisition import Acquisition
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImageMark
from workstation.domain.study import DecodeWarning


class ModelKind(StrEnum):
    """What comes out of a network."""

    HEATMAP_3D = "heatmap_3d"
    ANCHOR_BOXES_3D = "anchor_boxes_3d"
    BOXES_2D = "boxes_2d"
    MASK = "mask"
    CLASSIFIER = "classifier"


class Trust(StrEnum):
    """Who vouches for a model."""

    SHIPPED = "shipped"
    """Part of the installed product."""
    RELEASE = "release"
    """Signed with the product's own key."""
    HOSPITAL = "hospital"
    """Signed with a key that this site trusts."""
    RESEARCH = "research"
    """Nobody that is trusted here: shown with a banner, never in a report."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanarImage:
    """
    One two-dimensional image as it is stored; ``pixels`` is ``[row, column]``.

    ``bright_is_low`` is true for MONOCHROME1. ``spacing_mm`` is (between columns, between rows).
    """

    pixels: npt.NDArray[np.float32]
    sop_instance_uid: str
    acquisition: Acquisition
    bright_is_low: bool = False
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PlanarMark:
    """
    A box on one two-dimensional image.

    ``box_px`` is (left, top, right, bottom) in pixels of the stored image, pixel centres at
    integers; such images have no patient coordinates.
    """

    box_px: tuple[float, float, float, float]
    score: float
    shown: bool
    label: str
    out_of_ten: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMask:
    """
    The voxels of one class.

    ``voxels`` is ``[z, y, x]`` (or ``[row, column]``), bool, on the grid of the image that the
    model was given, so that it can be written as a DICOM SEG of that image.
    """

    label: str
    voxels: npt.NDArray[np.bool_]

    @property
    def empty(self) -> bool:
        """Tell whether nothing was found."""
        return not bool(self.voxels.any())


@dataclass(frozen=True, slots=True, eq=False)
class OcclusionMap:
    """
    How much the score falls where a cube is covered; positive = this place speaks for the finding.

    ``drop`` is ``[z, y, x]`` (or ``[row, column]``) on a coarse grid. ``ijk_to_lps`` maps its
    indices ``(x, y, z, 1)`` to LPS mm, or, for an image, ``(column, row, 0, 1)`` to its pixels.
    """

    drop: npt.NDArray[np.float32]
    ijk_to_lps: npt.NDArray[np.float64]

    @property
    def strongest(self) -> Point:
        """Return the place whose covering lowers the score most."""
        at = np.unravel_index(int(np.argmax(self.drop)), self.drop.shape)
        index = [float(n) for n in at[::-1]]
        point = self.ijk_to_lps @ np.array([*index, *[0.0] * (3 - len(index)), 1.0])
        return float(point[0]), float(point[1]), float(point[2])


@dataclass(frozen=True, slots=True)
class StudyFinding:
    """
    A finding on a whole study.

    It claims no place: ``where`` is None unless an occlusion map was computed.
    """

    label: str
    score: float
    shown: bool
    out_of_ten: int | None = None
    where: OcclusionMap | None = None


@dataclass(frozen=True, slots=True)
class ImageFindings:
    """What a model said of one image of a study."""

    sop_instance_uid: str
    marks: tuple[PlanarMark, ...] = ()
    findings: tuple[StudyFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """All that one run of one model gave; implements ``DetectionResult``."""

    algorithm: AlgorithmIdentity
    marks: tuple[Mark, ...] = ()
    planar_marks: tuple[PlanarMark, ...] = ()
    masks: tuple[SegmentMask, ...] = ()
    study_findings: tuple[StudyFinding, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[DecodeWarning, ...] = ()

    @property
    def research(self) -> bool:
        """Tell whether a banner must stand over this result and nothing of it may be reported."""
        return self.algorithm.research


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What an operating point reached: ``share`` in [0, 1] of the nodules at ``false_marks`` a scan."""

    name: str
    false_marks: float
    share: float

    def __post_init__(self) -> None:
        if self.false_marks < 0 or not 0 <= self.share <= 1:
            raise ValueError("a point has no fewer than 0 false marks and a sensitivity in [0, 1]")


@dataclass(frozen=True, slots=True)
class FrocCurve:
    """
    How many nodules a model found at how many false marks a scan, by rising false marks.

    ``points`` pair false marks a scan with sensitivity in [0, 1]; the curve was measured in ``scans`` runs with
    ``nodules`` nodules. ``lungs`` is how many patients the runs were made of, 0 where the evaluation does not say.
    ``band`` is the 95 % interval of the sensitivity at each point, low and high, empty where none was measured.
    ``at`` is what the default operating point reached in the same runs, None where the evaluation does not say.
    """

    points: tuple[tuple[float, float], ...]
    scans: int
    nodules: int
    lungs: int = 0
    band: tuple[tuple[float, float], ...] = ()
    at: CurvePoint | None = None

    def __post_init__(self) -> None:
        if not self.points or any(false <= 0 or not 0 <= found <= 1 for false, found in self.points):
            raise ValueError("a curve has points with false marks above 0 and a sensitivity in [0, 1]")
        if list(self.points) != sorted(self.points):
            raise ValueError("points stand by rising false marks")
        if self.band and len(self.band) != len(self.points):
            raise ValueError("a band has an interval for every point")
        if any(not 0 <= low <= high <= 1 for low, high in self.band):
            raise ValueError("an interval rises and lies in [0, 1]")


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """The shown marks a scan between which the evaluation's patients lay."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high:
            raise ValueError("limits rise and are not negative")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """An installed model as the model page shows it; ``fault`` says why it cannot be chosen."""

    model_id: str
    version: str
    title: str
    kind: ModelKind
    trust: Trust
    sha256: str
    licence: str
    card: str
    figures: tuple[tuple[str, str], ...] = ()
    """Evaluation set and measured figure, as the bundle states them."""
    limits: tuple[str, ...] = ()
    operating_points: tuple[tuple[str, float], ...] = ()
    threshold: float = 0.0
    fault: str = ""
    froc: FrocCurve | None = None
    """As the bundle's evaluation has it, None where it states none"""
    drift_limits: DriftLimits | None = None
    """What a site's marks a scan are watched against, None where the evaluation does not say"""
    intended_use: str = ""
    """Whom it is for, as the manifest says it in the language in use"""
    contraindications: tuple[str, ...] = ()
    """Whom it is not for, in the same words and order"""
    is_default: bool = False
    """It is the product's own model that marks where nobody chose one"""
    point_bases: tuple[tuple[str, str], ...] = ()
    """What was measured at each operating point, as the manifest says it in the language in use"""
    passed_over: str = ""
    """Why the product does not take this one, which is better than its default, on this machine"""

    @property
    def research(self) -> bool:
        """Tell whether the model runs in research mode only."""
        return self.trust is Trust.RESEARCH

    def bases_of(self, points: Iterable[tuple[str, float]]) -> tuple[tuple[str, str], ...]:
        """Return names and bases of those points that are this model's, score and all: others were not measured."""
        own, bases = dict(self.operating_points), dict(self.point_bases)
        return tuple(
            (name, bases[name]) for name, score in points if name in bases and abs(own.get(name, -1.0) - score) < 1e-6
        )


class GateStep(StrEnum):
    """The gates before a model is active, in order."""

    SCHEMA = "schema"
    FILES = "files"
    SIGNATURE = "signature"
    GRAPH = "graph"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: passed or not, and why not. An unsigned model passes the signature gate as research."""

    step: GateStep
    passed: bool
    text: str = ""


class ModelRole(StrEnum):
    """How a model is used at this site."""

    ACTIVE = "active"
    SHADOW = "shadow"
    """Runs and is stored, nobody is shown its result."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """
    Which models run on this machine.

    ``active`` None means the product's own model, or no model at all where it is ``off``. The shadow never is the
    active one.
    """

    active: str | None = None
    shadow: str | None = None
    changed_by: str = ""
    changed_at: datetime | None = None
    off: bool = False

    def __post_init__(self) -> None:
        if self.active is not None and self.active == self.shadow:
            raise ValueError("the active model is no shadow of itself")
        if self.off and self.active is not None:
            raise ValueError("no model is active where AI is switched off")

    def role(self, model_id: str) -> ModelRole:
        """Return how a model is used."""
        if model_id == self.active:
            return ModelRole.ACTIVE
        return ModelRole.SHADOW if model_id == self.shadow else ModelRole.OFF


def marking_card(cards: Iterable[ModelCard], choice: ModelChoice) -> ModelCard | None:
    """Return the model whose marks readers see: the chosen one, else the default; None where AI is off."""
    if choice.off:
        return None
    wanted = (one for one in cards if (one.is_default if choice.active is None else one.model_id == choice.active))
    return next(wanted, None)


@dataclass(frozen=True, slots=True)
class Statement:
    """A finding on a whole study as it is kept: no place, no map."""

    label: str
    score: float
    shown: bool
    out_of_ten: int | None = None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What one model said of one study; kept for shadow mode, comparison and the weekly watch, shown to nobody."""

    study_instance_uid: str
    algorithm: AlgorithmIdentity
    marks: tuple[Mark, ...]
    at: datetime
    series_instance_uid: str = ""
    statements: tuple[Statement, ...] = ()
    """Of the whole study; of several films the surest that was said of any"""
    on_images: tuple[ImageMark, ...] = ()
    """Of single films: boxes, and what was said of a film as a whole"""

    @property
    def shown_scores(self) -> tuple[float, ...]:
        """Return the scores of the places that readers would be shown: marks in the patient and boxes on films."""
        boxes = (one.score for one in self.on_images if one.shown and one.place.box_px is not None)
        return (*(mark.score for mark in self.marks if mark.shown), *boxes)
