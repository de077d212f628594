"""
The AI worker: one workitem from the queue to a stored result, again and again.

No workitem is ever lost: a study that cannot be pre-read ends as AI_FAILED with a reason and
can still be read by a person; a worker that is stopped gives its workitem back; one that is
killed stops renewing its lease, and the hub schedules the workitem anew.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, TypeVar

from resources.translation import tr
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.errors import (
    BundleInvalid,
    JobCancelled,
    NoLongerUpdatable,
    StudyIncomplete,
    Unreachable,
    WorkstationError,
    WrongTransaction,
)
from workstation.domain.finding import AlgorithmIdentity, FindingList
from workstation.domain.model import ModelOutput
from workstation.domain.outside_use import doubt
from workstation.domain.ports import (
    DetectionObjects,
    DetectionQueuePort,
    DetectionResult,
    Detector,
    InstanceVolumeSource,
    JobContext,
    RetrievePort,
    StorePort,
)
from workstation.domain.progress import JobPart
from workstation.domain.study import Series, Study
from workstation.domain.volume import Volume
from workstation.domain.workitem import OutputReference
from workstation.services.detection_findings import findings_of
from workstation.services.image_detection import Fetch, ImagesRead, PreReadImages
from workstation.services.second_try import first_accepted
from workstation.services.series_choice import readable_series

T = TypeVar("T")

RETRY_WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)  # a hub restart takes seconds
_RENEW_EVERY_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0
_log = logging.getLogger(__name__)


class Stop(Protocol):
    """Tells a worker to end; ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Tell whether to stop."""
        ...

    def wait(self, timeout: float) -> bool:
        """Sleep at most ``timeout`` seconds; return whether to stop."""
        ...


class Shadow(Protocol):
    """Called with every finished pre-read; ``model_service.RunShadow`` is one. Never raises."""

    def __call__(self, study_instance_uid: str, volume: Volume, result: DetectionResult, stop: Stop) -> None:
        """Let another model look at the same volume."""
        ...


class ImageShadow(Protocol):
    """Called with every study of single images; ``shadow_service.RunImageShadow`` is one. Never raises."""

    def __call__(self, study: Study, said: ImagesRead | None, fetch: Fetch, stop: Stop) -> None:
        """Let another model look at the same images; ``said`` is None where no model pre-reads them."""
        ...


@dataclass(frozen=True, slots=True)
class ModelsInUse:
    """The models of the moment: for volumes and for single images; neither where somebody switched the AI off."""

    detector: Detector | None
    images: PreReadImages | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectStudy:
    """
    Pre-read one study: fetch, decode, detect, store the SR, complete the workitem.

    ``in_use`` is asked for every workitem: what somebody chose holds from the next study on.
    """

    queue: DetectionQueuePort
    retrieve: RetrievePort
    store: StorePort
    volumes: InstanceVolumeSource
    in_use: Callable[[], ModelsInUse]
    objects: DetectionObjects
    stop: Stop
    shadow: Shadow | None = None
    image_shadow: ImageShadow | None = None
    clock_s: Callable[[], float] = time.monotonic

    def __call__(self) -> bool:
        """
        Take the next workitem to its end; return False when none waits.

        Raises Unreachable when the hub cannot be asked for work. Whatever happens to a claimed
        workitem is settled here and logged, never raised.
        """
        item = self.queue.claim_next()
        if item is None:
            return False
        try:
            self._pre_read(item)
        except JobCancelled:
            self._settle(item, "released", lambda: self.queue.release(item))
        except (WrongTransaction, NoLongerUpdatable) as exc:
            _log.info("AI workitem %s is no longer ours: %s", item.claim.ups_instance_uid, exc)
        except WorkstationError as exc:
            reason = f"{exc.user_text} {exc.hint}".strip()
            _log.info("AI workitem %s failed: %s", item.claim.ups_instance_uid, exc)
            self._settle(item, "failed", lambda: self.queue.fail(item, reason))
        except Exception:  # noqa: BLE001  the workitem must be settled whatever happened
            _log.exception("AI workitem %s failed through a fault of ours", item.claim.ups_instance_uid)
            reason = tr("The detector stopped through an internal fault.")
            self._settle(item, "failed", lambda: self.queue.fail(item, reason))
        return True

    def _pre_read(self, item: AiWorkitem) -> None:
        started = self.clock_s()
        job = _LeaseJob(self.queue, item, self.stop, self.clock_s)
        study = self._patiently(lambda: self.retrieve.study(item.study_instance_uid))
        models = self.in_use()
        if models.detector is None:
            reason = tr("AI pre-reading is switched off: no model marks anything. Read the study without AI.")
            self._settle(item, "failed", lambda: self.queue.fail(item, reason))
            self._shadow_images(study, None)
            return
        chosen = readable_series(study)
        if not chosen and models.images is not None and models.images.wants(study):
            self._pre_read_images(item, study, models.images, job)
            return
        if not chosen:
            reason = tr("The study holds no CT series that the detector can read.")
            self._settle(item, "failed", lambda: self.queue.fail(item, reason))
            self._shadow_images(study, None)  # a model for films is tried before anybody relies on it
            return

        if models.detector.identity.research:
            raise BundleInvalid(
                tr("A research model pre-reads no studies: its marks may not be stored with them."),
                hint=tr("Choose a signed model, or run this one in shadow mode."),
            )
        read = self._first_accepted(models.detector, study, chosen, job)
        series, volume, result, algorithm = read.series, read.volume, read.result, read.algorithm
        for warning in getattr(result, "warnings", ()):  # not every detector has something to warn of
            _log.info("AI workitem %s: %s", item.claim.ups_instance_uid, warning.text)
        found = replace(findings_of(study, series, volume, result), algorithm=algorithm)
        outputs, algorithm = self._stored(study, series, found, read, JobPart(job, 0.95, 1.0))
        shown = [one.original for one in found.findings if one.original is not None and one.original.shown]
        best = max(shown, key=lambda one: one.score, default=None)
        summary = DetectionSummary(
            series_instance_uid=series.series_instance_uid,
            algorithm=algorithm,
            finding_count=len(shown),
            top_score=None if best is None else best.score,
            top_out_of_ten=None if best is None else best.out_of_ten,
            seconds={
                **result.seconds,
                "fetch": read.fetch_s,
                "decode": read.decode_s,
                "total": self.clock_s() - started,
            },
        )
        self._patiently(lambda: self.queue.complete(item, outputs, summary))
        if self.shadow is not None:
            self.shadow(study.study_instance_uid, volume, result, self.stop)
        _log.info(
            "AI workitem %s: %d marks in series %s on %s in %.1f s",
            item.claim.ups_instance_uid,
            len(shown),
            series.series_instance_uid,
            algorithm.provider,
            summary.seconds["total"],
        )

    def _stored(
        self, study: Study, series: Series, found: FindingList, read: _Read, job: JobContext
    ) -> tuple[list[OutputReference], AlgorithmIdentity]:
        """
        Store the masks of a model that gave any, then the SR; masks that cannot be stored cost only themselves.

        The SR comes last: it says which masks are missing, as does the algorithm that is returned.
        """
        masks = read.result.masks if isinstance(read.result, ModelOutput) else ()
        made: tuple[bytes | None, ...] = ()
        if masks:
            try:
                # fetched again: a scan kept beside a running network is memory that the network needs
                files = self._fetch(study, series, JobPart(job, 0.0, 0.9))
                made = self.objects.detection_segmentations(found, masks, files, read.volume)
            except (WrongTransaction, NoLongerUpdatable, JobCancelled):
                raise
            except Exception as exc:  # noqa: BLE001  marks without outlines beat a study without marks
                _log.info("no masks of series %s are made: %s", series.series_instance_uid, exc)
                made = (None,)
        kept = [one for one in (self._kept(study, one) for one in made if one is not None) if one is not None]
        algorithm = read.algorithm
        if len(kept) < len(made):
            missing = doubt("no_segmentation", "part" if kept else "")
            algorithm = replace(algorithm, doubts=(*algorithm.doubts, missing))
        sr = self.objects.detection_sr(study, replace(found, algorithm=algorithm))
        job.progress(1.0)
        return [*self._patiently(lambda: self.store.store(study.study_instance_uid, [sr])), *kept], algorithm

    def _kept(self, study: Study, segmentation: bytes) -> OutputReference | None:
        """
        Return where a segmentation is kept, None where it cannot be stored.

        A worker that died before its workitem ended may have stored it: the same segments are the same object.
        """
        reference = self.objects.reference(segmentation)
        listed = {one.sop_instance_uid for series in study.series for one in series.instances}
        if reference.sop_instance_uid in listed:
            return reference
        try:
            self._patiently(lambda: self.store.store(study.study_instance_uid, [segmentation]))
        except (WrongTransaction, NoLongerUpdatable, JobCancelled):
            raise
        except Exception as exc:  # noqa: BLE001  ditto
            _log.info("the segmentation %s is not stored: %s", reference.sop_instance_uid, exc)
            return None
        return reference

    def _first_accepted(self, detector: Detector, study: Study, chosen: tuple[Series, ...], job: JobContext) -> _Read:
        """Return what the detector gave for the first series that it was made for; raises as ``first_accepted``."""

        def read(number: int, series: Series) -> _Read:
            part = JobPart(job, 0.95 * number / len(chosen), 0.95 * (number + 1) / len(chosen))
            return self._read_series(detector, study, series, part)

        accepted = first_accepted(study, chosen, read)
        told = (*accepted.result.algorithm.doubts, *accepted.doubts)
        return replace(accepted.result, algorithm=replace(accepted.result.algorithm, doubts=told))

    def _read_series(self, detector: Detector, study: Study, series: Series, job: JobContext) -> _Read:
        started = self.clock_s()
        files = self._fetch(study, series, JobPart(job, 0.0, 0.42))
        fetched = self.clock_s()
        volume = self.volumes.from_instances(files, JobPart(job, 0.42, 0.63))
        del files  # the detector needs the memory
        decoded = self.clock_s()
        result = detector.detect(volume, JobPart(job, 0.63, 1.0))
        return _Read(series, volume, result, result.algorithm, fetched - started, decoded - fetched)

    def _pre_read_images(self, item: AiWorkitem, study: Study, images: PreReadImages, job: JobContext) -> None:
        sr, summary, said = images(study, self._one, JobPart(job, 0.0, 0.95))
        outputs = self._patiently(lambda: self.store.store(study.study_instance_uid, [sr]))
        self._patiently(lambda: self.queue.complete(item, outputs, summary))
        self._shadow_images(study, said)
        _log.info("AI workitem %s: %d marks on single images", item.claim.ups_instance_uid, summary.finding_count)

    def _shadow_images(self, study: Study, said: ImagesRead | None) -> None:
        if self.image_shadow is not None:
            self.image_shadow(study, said, self._one, self.stop)

    def _one(self, study: Study, series: Series, sop_instance_uid: str) -> bytes:
        return self._patiently(partial(self._instance, study, series, sop_instance_uid))

    def _fetch(self, study: Study, series: Series, job: JobContext) -> list[bytes]:
        files: list[bytes] = []
        wanted = [instance for instance in series.instances if instance.rows and instance.columns]
        if not wanted:  # metadata without pixel sizes: take what there is, the decoder sorts it out
            wanted = list(series.instances)
        for number, instance in enumerate(wanted):
            job.progress(number / len(wanted), tr("Fetching images"))
            files.append(self._one(study, series, instance.sop_instance_uid))
        job.progress(1.0)
        return files

    def _instance(self, study: Study, series: Series, sop_instance_uid: str) -> bytes:
        data = self.retrieve.instance(study.study_instance_uid, series.series_instance_uid, sop_instance_uid)
        if not data:
            raise StudyIncomplete(tr("An image of the series is empty on the hub."), detail=sop_instance_uid)
        return data

    def _patiently(self, step: Callable[[], T]) -> T:
        """Repeat a step of the hub's while it does not answer; every such step is idempotent."""
        for wait_s in RETRY_WAITS_S:
            try:
                return step()
            except Unreachable as exc:
                _log.info("the hub does not answer, waiting %g s: %s", wait_s, exc)
                if self.stop.wait(wait_s):
                    raise JobCancelled from exc
        return step()

    def _settle(self, item: AiWorkitem, what: str, step: Callable[[], None]) -> None:
        """Tell the hub how it ended; where that fails the lease runs out and the hub schedules it anew."""
        try:
            self._patiently(step)
        except (WorkstationError, JobCancelled) as exc:
            _log.info("AI workitem %s is %s, the hub could not be told: %s", item.claim.ups_instance_uid, what, exc)


def run_worker(work: Callable[[], bool], stop: Stop, *, poll_s: float = 5.0) -> None:
    """
    Work until ``stop`` is set: at once while work waits, every ``poll_s`` while none does.

    ``work`` is a ``DetectStudy``. While the hub does not answer or refuses, the wait doubles up
    to a minute.
    """
    trouble_s = poll_s
    while not stop.is_set():
        try:
            found = work()
        except WorkstationError as exc:
            _log.info("no work can be fetched, waiting %g s: %s", trouble_s, exc)
            stop.wait(trouble_s)
            trouble_s = min(2 * trouble_s, _LONGEST_WAIT_S)
            continue
        trouble_s = poll_s
        if not found:
            stop.wait(poll_s)


@dataclass(frozen=True, slots=True)
class _Read:
    """One series as the detector saw it; ``algorithm`` says besides where it was not the first choice."""

    series: Series
    volume: Volume
    result: DetectionResult
    algorithm: AlgorithmIdentity
    fetch_s: float
    decode_s: float


class _LeaseJob:
    """A job whose progress goes to the hub, at most every two seconds, and renews the lease."""

    def __init__(self, queue: DetectionQueuePort, item: AiWorkitem, stop: Stop, clock_s: Callable[[], float]) -> None:
        self._queue = queue
        self._item = item
        self._stop = stop
        self._clock_s = clock_s
        self._last_s = float("-inf")

    def raise_if_cancelled(self) -> None:
        if self._stop.is_set():
            raise JobCancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.raise_if_cancelled()
        if self._clock_s() - self._last_s < _RENEW_EVERY_S:
            return
        self._last_s = self._clock_s()
        try:
            self._queue.progress(self._item, fraction, text)
        except Unreachable as exc:  # the next report renews the lease; work goes on meanwhile
            _log.info("progress did not arrive: %s", exc)
