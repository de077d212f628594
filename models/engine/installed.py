"""The models on this machine behind ``ModelPort``: shipped ones, and those that the site brought in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from models.engine.bundle_store import BundleStore, take_out
from models.engine.detect_command import open_detector
from models.engine.manifest import MANIFEST_NAME
from models.engine.manifest_values import Text
from models.engine.memory import most_memory_mb
from models.engine.own_detector import OwnDetector, default_model, shortage
from models.engine.registry import BUNDLES, Bundle, Registry, gate_results
from models.engine.trust import trusted_keys
from resources.translation import language
from workstation.domain.errors import BundleInvalid
from workstation.domain.model import CurvePoint, DriftLimits, FrocCurve, GateResult, ModelCard, ModelKind, Trust
from workstation.domain.ports import CancelToken, Detector

EVALUATION_NAME: Final = "eval/evaluation.json"


@dataclass(frozen=True, slots=True)
class InstalledModels:
    """Implements ``ModelPort``; ``folder`` holds what the site installed, ``keys`` whom it trusts."""

    folder: Path
    keys: Path | None = None
    provider: str = "auto"

    @property
    def registry(self) -> Registry:
        """Return shipped and installed models; a shipped one cannot be replaced by one of the same name."""
        return Registry((BUNDLES, self.folder), self.keys)

    @property
    def store(self) -> BundleStore:
        """Return where bundles go in."""
        return BundleStore(self.folder, self.keys)

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model; a broken one carries its fault, and a card says which is the default."""
        registry, has_mb = self.registry, most_memory_mb()
        cards: dict[str, ModelCard] = {}
        needed_mb: dict[str, int] = {}
        for model_id in dict.fromkeys((*registry.ids(), *registry.own)):  # one without a manifest is no id
            try:
                bundle = registry.load(model_id)
            except BundleInvalid as exc:
                cards[model_id] = _broken(model_id, exc)
            else:
                cards[model_id] = model_card(model_id, bundle)
                needed_mb[model_id] = bundle.manifest.peak_mb
        default = default_model(registry.own, needed_mb, has_mb)
        for model_id in registry.own:
            if model_id == default:
                cards[model_id] = replace(cards[model_id], is_default=True)
                break
            cards[model_id] = replace(
                cards[model_id], passed_over=cards[model_id].fault or shortage(needed_mb[model_id], has_mb)
            )
        return tuple(cards.values())

    def gates(self, model_id: str, job: CancelToken | None = None) -> tuple[GateResult, ...]:
        """Run the load gate anew. Raises BundleInvalid for an unknown model, JobCancelled."""
        return gate_results(self.registry.folder(model_id), trusted_keys(self.keys), job)

    def bring_in(self, path: Path, job: CancelToken | None = None) -> ModelCard:
        """Check and install a folder or zip. Raises BundleInvalid, StorageError, JobCancelled."""
        bundle = self.store.bring_in(path, job)
        return model_card(bundle.folder.name, bundle)

    def take_out(self, model_id: str, archive: Path) -> None:
        """Write a model as a zip. Raises BundleInvalid, StorageError."""
        take_out(self.registry.load(model_id), archive)

    def remove(self, model_id: str) -> None:
        """Remove a model that this site installed. Raises BundleInvalid."""
        self.store.remove(model_id)

    def detector(self, model_id: str) -> Detector:
        """Return the model ready to run on volumes. Raises BundleInvalid, ProviderUnavailable."""
        return open_detector(self.registry.load(model_id), self.provider)

    def own_detector(self, tell: Callable[[str], None]) -> OwnDetector:
        """
        Return the product's own detector; ``tell`` is called where it is not the best one that ships.

        Raises BundleInvalid, OutOfMemory, ProviderUnavailable.
        """
        return OwnDetector(self.registry, self.provider, open_detector, tell=tell)


def _broken(model_id: str, fault: BundleInvalid) -> ModelCard:
    return ModelCard(
        model_id=model_id, version="", title=model_id, kind=ModelKind.HEATMAP_3D, trust=Trust.RESEARCH,
        sha256="", licence="", card="", fault=f"{fault.user_text} {fault.hint}".strip(),
    )  # fmt: skip


def model_card(model_id: str, bundle: Bundle) -> ModelCard:
    """Return a verified bundle as the model page shows it, in the language in use."""
    manifest = bundle.manifest
    raw = json.loads((bundle.folder / MANIFEST_NAME).read_bytes())
    return ModelCard(
        model_id=model_id,
        version=manifest.version,
        title=_said(manifest.title),
        kind=ModelKind(manifest.kind),
        trust=bundle.trust,
        sha256=bundle.identity.sha256,
        licence=manifest.licence,
        card=bundle.card_in(language()),
        figures=tuple((_said(Text(**row["set"])), _said(Text(**row["figure"]))) for row in raw["evaluation"]),
        limits=tuple(_said(text) for text in manifest.limits),
        operating_points=tuple((point.name, point.score) for point in manifest.operating_points),
        point_bases=tuple((point.name, _said(point.basis)) for point in manifest.operating_points),
        threshold=manifest.threshold,
        froc=_froc(bundle.folder / EVALUATION_NAME, manifest.default_operating_point),
        drift_limits=_drift_limits(bundle),
        intended_use=_said(manifest.intended_use),
        contraindications=tuple(_said(Text(**entry)) for entry in raw["contraindications"]),
    )


def _froc(path: Path, point: str) -> FrocCurve | None:
    """Return the curve of a bundle's evaluation with its operating point, None for a bundle of another make."""
    try:
        stated = json.loads(path.read_bytes())
        found, measured = stated["tier_b"], stated["tier_b"]["sensitivity_at"]
        bounds = found.get("sensitivity_interval_at", {})
        rates = sorted(measured, key=float)
        return FrocCurve(
            tuple((float(rate), float(measured[rate])) for rate in rates), int(found["scans"]), int(found["nodules"]),
            _lungs(stated),
            tuple((float(bounds[rate][0]), float(bounds[rate][1])) for rate in rates) if bounds else (),
            _reached(found.get("at_operating_points", {}), point),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, ZeroDivisionError):
        return None


def _reached(points: dict[str, Any], name: str) -> CurvePoint | None:
    """Return what an operating point reached in the runs of the curve, None where the evaluation does not say."""
    if name not in points:
        return None
    stated = points[name]
    return CurvePoint(name, float(stated["false_marks_per_scan"]), float(stated["found"]) / float(stated["of"]))


def _lungs(stated: dict[str, Any]) -> int:
    """Return how many patients the runs of a curve are made of, 0 where the evaluation does not say."""
    if "tier_b_lungs" in stated:
        return len(stated["tier_b_lungs"])
    points = stated.get("operating_points", {})  # up to 0.4.0 these were read from the same patients
    return len(points["balanced"]["realised"]["by_patient"]) if "balanced" in points else 0


def _drift_limits(bundle: Bundle) -> DriftLimits | None:
    """
    Return the false marks a scan of the evaluation's quietest and loudest patient at the default point.

    A nodule a scan, as the calibration assumes, is added to the upper one.
    """
    try:
        found = json.loads((bundle.folder / EVALUATION_NAME).read_bytes())
        point = found["operating_points"][bundle.manifest.default_operating_point]
        rates = [float(rate) for rate in point["realised"]["by_patient"].values()]
        return DriftLimits(min(rates), max(rates) + 1)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _said(text: Text) -> str:
    return text.en if language() == "en" else text.zh
