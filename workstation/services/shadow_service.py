"""
Shadow mode: a second model looks at what was pre-read, is stored for comparison and shown to nobody.

It begins when the pre-read is finished and stored; nothing that goes wrong here reaches that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.errors import JobCancelled, WorkstationError
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import ModelOutput, Statement, StoredRun, StudyFinding
from workstation.domain.model_ports import ImageDetector, StoredRunPort
from workstation.domain.ports import Clock, DetectionResult, Detector
from workstation.domain.study import Study
from workstation.domain.volume import Volume
from workstation.services.detection_service import Stop
from workstation.services.image_detection import Fetch, ImagesRead, Read, images_for, read_images

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunShadow:
    """
    After a pre-read: keep its marks for the weekly watch, run the shadow on the same volume, keep its marks too.

    ``shadow`` gives the shadow's detector, None while there is none for volumes.
    """

    shadow: Callable[[], Detector | None]
    runs: StoredRunPort
    clock: Clock

    def __call__(self, study_instance_uid: str, volume: Volume, result: DetectionResult, stop: Stop) -> None:
        """Run and store; faults are logged only."""
        try:
            self._keep(study_instance_uid, volume, result)  # what the model page watches week by week
            detector = self.shadow()
            if detector is None or _is(detector.identity, result.algorithm):
                return
            self._keep(study_instance_uid, volume, detector.detect(volume, _UntilStopped(stop)))
        except JobCancelled:
            _log.info("the shadow was stopped with its worker")
        except WorkstationError as exc:
            _log.info("the shadow gave no result: %s", exc)

    def _keep(self, study_instance_uid: str, volume: Volume, result: DetectionResult) -> None:
        said = tuple(Statement(one.label, one.score, one.shown, one.out_of_ten) for one in said_by(result))
        self.runs.add(
            StoredRun(
                study_instance_uid, result.algorithm, result.marks, self.clock.now(), volume.series_instance_uid, said
            )
        )


@dataclass(frozen=True, slots=True)
class RunImageShadow:
    """
    The same for studies of single images: films, mammograms.

    The images are fetched once more, one at a time: holding a study of mammograms for the shadow would cost
    memory while readers wait for the pre-read. ``shadow`` gives the shadow, None while there is none for images.
    """

    shadow: Callable[[], ImageDetector | None]
    read: Read
    runs: StoredRunPort
    clock: Clock

    def __call__(self, study: Study, said: ImagesRead | None, fetch: Fetch, stop: Stop) -> None:
        """Keep what the active model said, run the shadow and keep that too; faults are logged only."""
        try:
            if said is not None:
                self._keep(study, said)
            detector = self.shadow()
            if detector is None or not images_for(detector, study):
                return
            self._keep(study, read_images(detector, self.read, study, fetch, _UntilStopped(stop)))
        except JobCancelled:
            _log.info("the shadow was stopped with its worker")
        except WorkstationError as exc:
            _log.info("the shadow gave no result: %s", exc)

    def _keep(self, study: Study, said: ImagesRead) -> None:
        self.runs.add(
            StoredRun(
                study.study_instance_uid,
                said.algorithm,
                (),
                self.clock.now(),
                said.series_instance_uid,
                said.statements,
                said.marks,
            )
        )


def _is(one: AlgorithmIdentity, other: AlgorithmIdentity) -> bool:
    """Tell whether the shadow has marked already: the product's default, or what stood in for it."""
    return (one.name, one.version, one.sha256) == (other.name, other.version, other.sha256)


def said_by(result: DetectionResult) -> tuple[StudyFinding, ...]:
    """Return what a result says of the whole study."""
    return result.study_findings if isinstance(result, ModelOutput) else ()


class _UntilStopped:
    """A job that ends with its worker and reports to nobody."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def raise_if_cancelled(self) -> None:
        if self._stop.is_set():
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:  # noqa: ARG002  nobody looks
        self.raise_if_cancelled()
