"""The lung nodule detector: a volume in, marks in patient millimetres out."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from models.engine.calibration import out_of_ten
from models.engine.cpu_forms import cpu_forms
from models.engine.decoders.heatmap_3d import decode, merge
from models.engine.heat import heat_picture
from models.engine.mark_occlusion import OutsideTheLungs, occlusion_of_mark
from models.engine.one_lesion import one_a_lesion
from models.engine.preprocess import Prepared, normalised, prepare
from models.engine.promised_shape import check_answer
from models.engine.registry import Bundle
from models.engine.second_stage import rescored
from models.engine.session import InferenceSession, Provider
from models.engine.tiling import run_tiled, slab_sizes
from resources.translation import tr
from workstation.domain.errors import InputOutsideIntendedUse, OutOfMemory
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.geometry import Point
from workstation.domain.model import OcclusionMap
from workstation.domain.ports import JobContext
from workstation.domain.progress import JobPart, RisingJob
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)
_WHOLE_VOXELS: Final = 28_000_000  # 0.6 GB of activations; the lungs of most adults at 1 mm


@dataclass(frozen=True, slots=True)
class DetectionOutcome:
    """Marks by falling score, the identity with provider and seconds, seconds per stage, what to warn of."""

    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[DecodeWarning, ...] = ()


class LungNoduleDetector:
    """
    Runs one bundle; implements ``workstation.domain.ports.Detector``.

    The network is opened on the first study and kept; ``close`` gives its memory back. Studies
    wait for each other: one network, one run at a time.
    """

    def __init__(self, bundle: Bundle, provider: Provider = Provider.AUTO, *, threads: int | None = None) -> None:
        self._bundle = bundle
        self._requested = provider
        self._threads = threads
        self._session: InferenceSession | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return the model's name, version and sha256."""
        return self._bundle.identity

    def close(self) -> None:
        """Give the network's memory back."""
        with self._one_at_a_time:
            self._drop()

    def detect(self, volume: Volume, job: JobContext) -> DetectionOutcome:
        """
        Mark nodules.

        Raises:
            InputOutsideIntendedUse: not CT, too few or too thick slices, no lungs in view.
            BundleInvalid: the network answers no numbers, or not as many as its manifest promises.
            ProviderUnavailable: the provider asked for is not here.
            OutOfMemory: not even the smallest slabs fit into memory.
            JobCancelled: within one slab of the request.
        """
        with self._one_at_a_time:
            return self._detect(volume, job)

    def detect_prepared(self, prepared: Prepared, job: JobContext) -> tuple[Mark, ...]:
        """Mark nodules in a study that was prepared before, so that one can be measured many times over."""
        with self._one_at_a_time:
            return self._marks(prepared, *self._network(prepared, job))

    def heat_map(self, volume: Volume, job: JobContext) -> OcclusionMap:
        """Return the network's own heat in and at the lungs, in [0, 1] on its coarse grid; raises as ``detect``."""
        with self._one_at_a_time:
            manifest = self._bundle.manifest
            job.progress(0.0, tr("Opening the network"))
            self._opened()
            try:
                prepared = prepare(volume, manifest.applies_to, manifest.input, job)
                heat, size, _offset = self._network(prepared, JobPart(job, 0.25, 1.0))
            except BaseException:
                self._drop()
                raise
        return heat_picture(heat, size, prepared, manifest.output, manifest.post)

    def occlusion(self, volume: Volume, centre_lps_mm: Point, diameter_mm: float, job: JobContext) -> OcclusionMap:
        """
        Return how much the heat at a mark falls where what lies around it is covered; raises as ``detect``.

        InputOutsideIntendedUse also for a mark outside the lungs that the network sees.
        """
        with self._one_at_a_time:
            manifest = self._bundle.manifest
            job.progress(0.0, tr("Opening the network"))
            session = self._opened()

            def heat(image: FloatArray) -> FloatArray:
                found: FloatArray = self._answered(session, image, job)[0][0, 0]
                return found

            try:
                job.progress(0.02, tr("Finding the lungs"))
                prepared = prepare(volume, manifest.applies_to, manifest.input, job)
                return occlusion_of_mark(
                    prepared, centre_lps_mm, diameter_mm, manifest.input, manifest.output, heat,
                    JobPart(job, 0.1, 1.0),
                )  # fmt: skip
            except OutsideTheLungs:
                raise InputOutsideIntendedUse(tr("The finding lies outside the lungs that the model sees.")) from None
            except BaseException:
                self._drop()
                raise

    def _detect(self, volume: Volume, job: JobContext) -> DetectionOutcome:
        manifest = self._bundle.manifest
        marks_of_time = [time.perf_counter()]
        job.progress(0.0, tr("Opening the network"))
        self._opened()  # first, so that a missing provider is told at once
        marks_of_time.append(time.perf_counter())

        job.progress(0.05, tr("Finding the lungs"))
        prepared = prepare(volume, manifest.applies_to, manifest.input, job)
        marks_of_time.append(time.perf_counter())

        try:
            heat, size, offset = self._network(prepared, JobPart(job, 0.25, 0.95))
            session = self._opened()  # another one than at first where memory ran out
        except BaseException:
            self._drop()  # a failed or cancelled run keeps no activations
            raise
        marks_of_time.append(time.perf_counter())

        marks = self._marks(prepared, heat, size, offset)
        marks_of_time.append(time.perf_counter())
        job.progress(1.0)

        load, preprocess, network, postprocess = np.diff(marks_of_time).tolist()
        seconds = {
            "load": load,
            "preprocess": preprocess,
            "network": network,
            "postprocess": postprocess,
            "total": marks_of_time[-1] - marks_of_time[0],
        }
        doubts = tuple(warning.code for warning in prepared.warnings)
        algorithm = replace(self.identity, provider=session.provider.value, seconds_s=seconds["total"], doubts=doubts)
        return DetectionOutcome(marks, algorithm, seconds, (*prepared.warnings, *session.warnings))

    def _opened(self) -> InferenceSession:
        if self._session is None:
            faster = cpu_forms(self._bundle.manifest.input.multiple_of)
            self._session = InferenceSession.open(
                self._bundle.model, self._requested, threads=self._threads, for_cpu=faster
            )
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _network(self, prepared: Prepared, job: JobContext) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Run in slabs as large as memory allows. Raises OutOfMemory where it does not hold the smallest."""
        spec = self._bundle.manifest.input
        image = normalised(prepared.hu, spec)
        # a halo is work done twice: what fits into memory runs whole
        whole = image.shape[0] if image.size <= _WHOLE_VOXELS else 0
        rising = RisingJob(job)
        *larger, smallest = slab_sizes(spec.slab, halo=spec.halo, whole=whole, multiple=spec.multiple_of)
        for slab in larger:
            try:
                return self._tiled(image, slab, rising)
            except OutOfMemory as exc:
                _log.info("slabs of %d slices do not fit into memory: %s", slab, exc)
            self._drop()
        return self._tiled(image, smallest, rising)

    def _answered(self, session: InferenceSession, part: FloatArray, job: JobContext) -> tuple[FloatArray, ...]:
        """Run the network once; its heat, sizes and offsets. Raises BundleInvalid where they are none."""
        output, name = self._bundle.manifest.output, self._bundle.manifest.input.name
        names = (output.heat, output.size, output.offset)
        heads = session.run(names, {name: part}, job)
        check_answer(self._bundle.manifest.spec, part.shape, dict(zip(names, heads, strict=True)))
        return heads

    def _tiled(self, image: FloatArray, slab: int, job: JobContext) -> tuple[FloatArray, FloatArray, FloatArray]:
        spec, output, session = self._bundle.manifest.input, self._bundle.manifest.output, self._opened()
        heat, size, offset = run_tiled(
            image,
            lambda part: self._answered(session, part, job),
            slab=slab,
            halo=spec.halo,
            stride=output.stride,
            job=job,
        )
        return heat[0, 0], size[0, 0], offset[0]

    def _marks(self, prepared: Prepared, heat: FloatArray, size: FloatArray, offset: FloatArray) -> tuple[Mark, ...]:
        manifest = self._bundle.manifest
        found = decode(heat, size, offset, manifest.output, manifest.post)
        centre = prepared.origin_lps_mm + prepared.spacing_mm * found.centre_zyx[:, ::-1]
        # a mark belongs to the lung when its centre is near it or its sphere reaches it: the centre of
        # a large tumour at the pleura lies outside the aerated lung, up to 0.4 diameters in 22 real ones
        reach_mm = np.maximum(manifest.post.lung_margin_mm, found.diameter_mm / 2)
        in_lung = prepared.lungs.distances_mm(centre) <= reach_mm
        in_lung &= np.all(found.centre_zyx <= np.array(prepared.hu.shape) - 0.5, axis=1)  # not in the padding
        found, centre = found.where(in_lung), centre[in_lung]
        kept = merge(found, centre, manifest.post)
        scores = found.score[kept]
        if manifest.post.second_stage is not None:
            places, sizes = found.centre_zyx[kept], found.diameter_mm[kept]
            scores = rescored(prepared.hu, places, sizes, scores, manifest.post.second_stage)
        order = np.argsort(-scores, kind="stable")
        if manifest.post.one_lesion_hu is not None:
            places, across = found.centre_zyx[kept][order], found.diameter_mm[kept][order] / prepared.spacing_mm
            order = order[one_a_lesion(prepared.hu, places, across, manifest.post.one_lesion_hu)]
        return tuple(
            Mark(
                centre_lps_mm=(float(centre[n, 0]), float(centre[n, 1]), float(centre[n, 2])),
                diameter_mm=float(found.diameter_mm[n]),
                score=float(score),
                shown=bool(score >= manifest.threshold),
                label=manifest.label,
                out_of_ten=out_of_ten(float(score), manifest.calibration),
            )
            for n, score in zip(kept[order], scores[order], strict=True)
        )
