"""Pre-reading single images (radiographs, mammograms) with a two-dimensional model, for the AI worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.detection import DetectionSummary
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import ImageFindings, ModelOutput, PlanarImage, PlanarMark, StudyFinding
from workstation.domain.model_ports import ImageDetector, PlanarObjects
from workstation.domain.ports import JobContext
from workstation.domain.progress import JobPart
from workstation.domain.study import Instance, Series, Study

Fetch = Callable[[Study, Series, str], bytes]


@dataclass(frozen=True, slots=True)
class PreReadImages:
    """Runs one model on every single-frame image of its modalities in a study."""

    detector: ImageDetector
    read: Callable[[bytes], PlanarImage]
    objects: PlanarObjects
    clock_s: Callable[[], float] = time.monotonic

    def wants(self, study: Study) -> bool:
        """Tell whether the study holds an image for this model."""
        return bool(self._chosen(study))

    def __call__(self, study: Study, fetch: Fetch, job: JobContext) -> tuple[bytes, DetectionSummary]:
        """
        Return the SR and the summary of a study.

        An image that the model refuses is left out as long as another is read. Raises BundleInvalid for a
        research model, InputOutsideIntendedUse when every image is refused, and what ``fetch`` raises.
        """
        if self.detector.identity.research:
            raise BundleInvalid(
                tr("A research model pre-reads no studies: its marks may not be stored with them."),
                hint=tr("Choose a signed model, or run this one in shadow mode."),
            )
        started = self.clock_s()
        chosen = self._chosen(study)
        told: list[ImageFindings] = []
        outputs: list[ModelOutput] = []
        refused: InputOutsideIntendedUse | None = None
        for number, (series, instance) in enumerate(chosen):
            part = JobPart(job, number / len(chosen), (number + 1) / len(chosen))
            part.progress(0.0, tr("Fetching images"))
            data = fetch(study, series, instance.sop_instance_uid)
            try:
                found = self.detector.detect_image(self.read(data), part)
            except InputOutsideIntendedUse as exc:
                refused = exc
                continue
            outputs.append(found)
            told.append(ImageFindings(instance.sop_instance_uid, found.planar_marks, found.study_findings))
        if not outputs:
            raise refused or InputOutsideIntendedUse(tr("The study holds no image that the model can read."))
        algorithm = _joined(outputs)
        sr = self.objects.planar_sr(study, algorithm, told)
        shown: list[PlanarMark | StudyFinding] = [mark for image in told for mark in image.marks if mark.shown]
        shown += [finding for image in told for finding in image.findings if finding.shown]
        best = max(shown, key=lambda one: one.score, default=None)
        summary = DetectionSummary(
            series_instance_uid=chosen[0][0].series_instance_uid,
            algorithm=algorithm,
            finding_count=len(shown),
            top_score=None if best is None else best.score,
            top_out_of_ten=None if best is None else best.out_of_ten,
            seconds={**_seconds(outputs), "total": self.clock_s() - started},
        )
        return sr, summary

    def _chosen(self, study: Study) -> list[tuple[Series, Instance]]:
        return [
            (series, instance)
            for series in study.series
            if series.modality in self.detector.modalities
            for instance in series.instances
            if instance.number_of_frames <= 1
        ]


def _joined(outputs: list[ModelOutput]) -> AlgorithmIdentity:
    seconds = [output.algorithm.seconds_s for output in outputs]
    return replace(outputs[-1].algorithm, seconds_s=sum(value for value in seconds if value is not None))


def _seconds(outputs: list[ModelOutput]) -> dict[str, float]:
    names = {name for output in outputs for name in output.seconds}
    return {name: sum(output.seconds.get(name, 0.0) for output in outputs) for name in sorted(names)}
