"""What the reading page asks about models, joined to what lies on this machine."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

from resources.lidc import nodule_table
from workstation.domain.errors import BundleInvalid
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.geometry import Point
from workstation.domain.look_alike import KnownNodule, known_nodules
from workstation.domain.model import ModelCard, ModelKind, OcclusionMap
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.nodule_ports import NoduleMeasurer
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.explain_service import ExplainFindings
from workstation.services.reading_ai import ReadingAi
from workstation.storage.tallies import TallyFolder


class LateCards:
    """Loads what reads models when a card is asked for, in the job that asks."""

    def cards(self) -> tuple[ModelCard, ...]:
        """Return every installed model."""
        from workstation.bootstrap.models import installed_models

        return installed_models().cards()


class LateMeasurer:
    """Loads what segments nodules when the first one is asked for; implements ``NoduleMeasurer``."""

    @cached_property
    def _segmenter(self) -> NoduleMeasurer:
        from models.engine.nodule.segmenter import NoduleSegmenter

        return NoduleSegmenter()

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        """Measure the nodule at a patient point."""
        return self._segmenter.segment(volume, seed_lps_mm, job, diameter_mm=diameter_mm)


class LocalHeat:
    """Runs the model of the marks on this machine; implements ``HeatMapper``."""

    def heat(self, algorithm: AlgorithmIdentity, volume: Volume, job: JobContext) -> OcclusionMap | None:
        """Return the network's own heat, None where these weights are not installed here or have no heat."""
        from models.engine.detector import LungNoduleDetector
        from workstation.bootstrap.models import installed_models

        registry = installed_models().registry
        for model_id in registry.ids():
            try:
                bundle = registry.load(model_id)
            except BundleInvalid:
                continue
            if bundle.identity.sha256 == algorithm.sha256 and bundle.manifest.kind == ModelKind.HEATMAP_3D:
                detector = LungNoduleDetector(bundle)
                try:
                    return detector.heat_map(volume, job)
                finally:
                    detector.close()
        return None


@cache
def _known() -> tuple[KnownNodule, ...]:
    return known_nodules(nodule_table())


def reading_ai(data_dir: Path) -> ReadingAi:
    """Join cards, counts and explanations of this machine."""
    explain = ExplainFindings(LateMeasurer(), _known, LocalHeat())
    return ReadingAi(LateCards(), TallyFolder(data_dir / "model-tallies"), explain)
