"""Pre-reading single images (radiographs, mammograms) with a two-dimensional model, for the AI worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.detection import DetectionSummary
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.finding_class import NamedClass, meaning_of
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ImageFindings, ModelOutput, PlanarImage, PlanarMark, Statement, StudyFinding
from workstation.domain.model_ports import ImageDetector, PlanarObjects
from workstation.domain.ports import JobContext
from workstation.domain.progress import JobPart
from workstation.domain.study import Instance, Series, Study

Fetch = Callable[[Study, Series, str], bytes]
Read = Callable[[bytes], PlanarImage]


@dataclass(frozen=True, slots=True)
class ImagesRead:
    """What one model said of the single images of a study, in their order; ``seconds`` are the sums of its stages."""

    series_instance_uid: str
    algorithm: AlgorithmIdentity
    images: tuple[ImageFindings, ...]
    seconds: dict[str, float]

    @property
    def shown(self) -> tuple[PlanarMark | StudyFinding, ...]:
        """Return the boxes that readers see, then the findings on whole images."""
        marks = (mark for image in self.images for mark in image.marks if mark.shown)
        return (*marks, *(finding for image in self.images for finding in image.findings if finding.shown))

    @property
    def marks(self) -> tuple[ImageMark, ...]:
        """Return every box and every finding on a whole image, each with its image."""
        return tuple(mark for image in self.images for mark in _marks_of(image, self.algorithm.classes))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Return each finding on whole images once for the study: where it was said most surely."""
        surest: dict[str, StudyFinding] = {}
        for finding in (finding for image in self.images for finding in image.findings):
            if finding.label not in surest or finding.score > surest[finding.label].score:
                surest[finding.label] = finding
        return tuple(Statement(one.label, one.score, one.shown, one.out_of_ten) for one in surest.values())


def images_for(detector: ImageDetector, study: Study) -> tuple[tuple[Series, Instance], ...]:
    """
    Return the single-frame images of a model's modalities.

    Raw values are left out where the study has an image of the same side and view that was made to be looked at:
    one lesion would be marked twice.
    """
    found = [
        (series, instance)
        for series in study.series
        if series.modality in detector.modalities
        for instance in series.instances
        if instance.number_of_frames <= 1
    ]
    made_to_be_seen = {_view(series, one) for series, one in found if not one.is_for_processing}
    return tuple(
        (series, one) for series, one in found if not (one.is_for_processing and _view(series, one) in made_to_be_seen)
    )


def _view(series: Series, instance: Instance) -> tuple[str, str, str]:
    return series.modality, instance.laterality, instance.view_position


def read_images(detector: ImageDetector, read: Read, study: Study, fetch: Fetch, job: JobContext) -> ImagesRead:
    """
    Run a model on every single-frame image of its modalities, one after the other.

    An image that the model refuses is left out as long as another is read. Raises InputOutsideIntendedUse when
    every image is refused or none is there, JobCancelled, and what ``fetch`` and the model raise.
    """
    chosen = images_for(detector, study)
    told: list[ImageFindings] = []
    outputs: list[ModelOutput] = []
    refused: InputOutsideIntendedUse | None = None
    for number, (series, instance) in enumerate(chosen):
        part = JobPart(job, number / len(chosen), (number + 1) / len(chosen))
        part.progress(0.0, tr("Fetching images"))
        data = fetch(study, series, instance.sop_instance_uid)
        try:
            found = detector.detect_image(read(data), part)
        except InputOutsideIntendedUse as exc:
            refused = exc
            continue
        outputs.append(found)
        told.append(ImageFindings(instance.sop_instance_uid, found.planar_marks, found.study_findings))
    if not outputs:
        raise refused or InputOutsideIntendedUse(tr("The study holds no image that the model can read."))
    return ImagesRead(chosen[0][0].series_instance_uid, _joined(outputs), tuple(told), _seconds(outputs))


@dataclass(frozen=True, slots=True)
class PreReadImages:
    """Runs one model on every single-frame image of its modalities in a study."""

    detector: ImageDetector
    read: Read
    objects: PlanarObjects
    clock_s: Callable[[], float] = time.monotonic

    def wants(self, study: Study) -> bool:
        """Tell whether the study holds an image for this model."""
        return bool(images_for(self.detector, study))

    def __call__(self, study: Study, fetch: Fetch, job: JobContext) -> tuple[bytes, DetectionSummary, ImagesRead]:
        """
        Return the SR and the summary of a study, and what the model said of each image.

        Raises BundleInvalid for a research model, and as ``read_images``.
        """
        if self.detector.identity.research:
            raise BundleInvalid(
                tr("A research model pre-reads no studies: its marks may not be stored with them."),
                hint=tr("Choose a signed model, or run this one in shadow mode."),
            )
        started = self.clock_s()
        said = read_images(self.detector, self.read, study, fetch, job)
        sr = self.objects.planar_sr(study, said.algorithm, said.images)
        best = max(said.shown, key=lambda one: one.score, default=None)
        summary = DetectionSummary(
            series_instance_uid=said.series_instance_uid,
            algorithm=said.algorithm,
            finding_count=len(said.shown),
            top_score=None if best is None else best.score,
            top_out_of_ten=None if best is None else best.out_of_ten,
            seconds={**said.seconds, "total": self.clock_s() - started},
        )
        return sr, summary, said


def _marks_of(image: ImageFindings, classes: tuple[NamedClass, ...]) -> Iterator[ImageMark]:
    whole = ImagePlace(image.sop_instance_uid)
    for mark in image.marks:
        place, meaning = whole.with_box(mark.box_px), meaning_of(mark.label, classes)
        yield ImageMark(place, mark.score, mark.shown, mark.label, mark.out_of_ten, meaning)
    for said in image.findings:
        meaning = meaning_of(said.label, classes)
        yield ImageMark(whole, said.score, said.shown, said.label, said.out_of_ten, meaning)


def _joined(outputs: list[ModelOutput]) -> AlgorithmIdentity:
    seconds = [output.algorithm.seconds_s for output in outputs]
    doubts = dict.fromkeys(one for output in outputs for one in output.algorithm.doubts)  # each once, in order
    spent = sum(value for value in seconds if value is not None)
    return replace(outputs[-1].algorithm, seconds_s=spent, doubts=tuple(doubts))


def _seconds(outputs: list[ModelOutput]) -> dict[str, float]:
    names = {name for output in outputs for name in output.seconds}
    return {name: sum(output.seconds.get(name, 0.0) for output in outputs) for name in sorted(names)}
