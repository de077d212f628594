"""What the reading page asks about models, joined to what lies on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from resources.lidc import nodule_table
from resources.translation import tr
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImagePlace
from workstation.domain.look_alike import KnownNodule, known_nodules
from workstation.domain.model import ModelCard, ModelKind, OcclusionMap, PlanarImage
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.nodule_ports import NoduleMeasurer
from workstation.domain.ports import JobContext
from workstation.domain.study import Study
from workstation.domain.volume import Volume
from workstation.services.explain_service import ExplainFindings
from workstation.services.reading_ai import ReadingAi
from workstation.storage.tallies import TallyFolder

if TYPE_CHECKING:
    from models.engine.detector import LungNoduleDetector
    from models.engine.registry import Bundle


class InstanceSource(Protocol):
    """Where stored images come from; a ``RetrievePort`` is one."""

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        """Return one Part 10 file as stored."""
        ...


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
        detector = _heat_detector(algorithm)
        if detector is None:
            return None
        try:
            return detector.heat_map(volume, job)
        finally:
            detector.close()

    def occlusion(
        self, algorithm: AlgorithmIdentity, volume: Volume, mark: Mark, job: JobContext
    ) -> OcclusionMap | None:
        """Return how the heat at a mark falls where its surroundings are covered, None as for ``heat``."""
        detector = _heat_detector(algorithm)
        if detector is None:
            return None
        try:
            return detector.occlusion(volume, mark.centre_lps_mm, mark.diameter_mm, job)
        finally:
            detector.close()


def _heat_detector(algorithm: AlgorithmIdentity) -> LungNoduleDetector | None:
    from models.engine.detector import LungNoduleDetector
    from workstation.bootstrap.models import installed_models

    bundle = installed_models().registry.with_weights(algorithm.sha256, ModelKind.HEATMAP_3D)
    return None if bundle is None else LungNoduleDetector(bundle)


@dataclass(frozen=True, slots=True)
class LocalOcclusion:
    """Runs the classifier behind a finding on its image, fetched anew, or on a volume; implements ``Occluder``."""

    images: InstanceSource

    def occlusion(
        self, algorithm: AlgorithmIdentity, study: Study, place: ImagePlace, label: str, job: JobContext
    ) -> OcclusionMap | None:
        """Return the map, None where these weights are not installed here or know no such finding."""
        from workstation.dicom.images.planar import planar_image

        job.progress(0.0, tr("Opening the network"))
        bundle = _classifier(algorithm, label)
        if bundle is None:
            return None
        wanted = place.sop_instance_uid
        series = next((s for s in study.series if any(i.sop_instance_uid == wanted for i in s.instances)), None)
        if series is None:
            return None
        job.progress(0.0, tr("Fetching images"))
        data = self.images.instance(study.study_instance_uid, series.series_instance_uid, wanted)
        job.raise_if_cancelled()
        image = planar_image(data)
        job.raise_if_cancelled()
        return _occluded(bundle, image, label, job)

    def occlusion_in_space(
        self, algorithm: AlgorithmIdentity, volume: Volume, label: str, job: JobContext
    ) -> OcclusionMap | None:
        """Return the map of a volume, None where these weights are not installed here or know no such finding."""
        job.progress(0.0, tr("Opening the network"))
        bundle = _classifier(algorithm, label)
        return None if bundle is None else _occluded(bundle, volume, label, job)


def _classifier(algorithm: AlgorithmIdentity, label: str) -> Bundle | None:
    from workstation.bootstrap.models import installed_models

    bundle = installed_models().registry.with_weights(algorithm.sha256, ModelKind.CLASSIFIER)
    return bundle if bundle is not None and label in {one.label for one in bundle.manifest.classes} else None


def _occluded(bundle: Bundle, source: Volume | PlanarImage, label: str, job: JobContext) -> OcclusionMap:
    from models.engine.runner import ModelRunner

    runner = ModelRunner(bundle)
    try:
        return runner.occlusion(source, label, job)
    finally:
        runner.close()


@cache
def _known() -> tuple[KnownNodule, ...]:
    return known_nodules(nodule_table())


def reading_ai(data_dir: Path, images: InstanceSource | None = None) -> ReadingAi:
    """Join cards, counts and explanations of this machine; ``images`` gives what is explained on single images."""
    occluder = None if images is None else LocalOcclusion(images)
    explain = ExplainFindings(LateMeasurer(), _known, LocalHeat(), occluder)
    return ReadingAi(LateCards(), TallyFolder(data_dir / "model-tallies"), explain)
