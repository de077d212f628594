"""Running a bundle of any kind: a volume or an image in, a ``ModelOutput`` out."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from models.engine.calibration import out_of_ten
from models.engine.decoders import anchor_boxes_3d, boxes_2d, classifier, mask
from models.engine.golden import needed_outputs
from models.engine.grid import PreparedGrid, prepare_grid, to_network, z_axis
from models.engine.intended_use import check_acquisition
from models.engine.letterbox import Letterboxed, letterboxed
from models.engine.letterbox import to_network as image_to_network
from models.engine.manifest_values import (
    AnchorSpec,
    AppliesTo,
    Boxes2dSpec,
    ClassifierSpec,
    GridInput,
    HeatmapSpec,
    ImageInput,
    MaskSpec,
)
from models.engine.promised_shape import check_answer, nonsense
from models.engine.registry import Bundle
from models.engine.segmented import marks_of_mask, mask_in_volume, mask_on_image
from models.engine.session import InferenceSession, Provider
from models.engine.tiling import run_in_slabs
from models.engine.waiting import waited_for
from resources.translation import tr
from workstation.domain.errors import InputOutsideIntendedUse, ProviderUnavailable
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.model import ModelOutput, OcclusionMap, PlanarImage, PlanarMark, SegmentMask, StudyFinding
from workstation.domain.ports import JobContext
from workstation.domain.progress import JobPart
from workstation.domain.study import DecodeWarning
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float32]
Heads = Mapping[str, FloatArray]


class ModelRunner:
    """
    Runs one bundle of the kinds ``anchor_boxes_3d``, ``boxes_2d``, ``mask`` and ``classifier``.

    ``detect`` makes it a ``Detector`` port. The network is opened when needed and kept; ``close``
    gives its memory back, and so does every failed or cancelled run. One run at a time.
    """

    def __init__(self, bundle: Bundle, provider: Provider = Provider.AUTO, *, threads: int | None = None) -> None:
        if isinstance(bundle.manifest.spec, HeatmapSpec):
            raise TypeError("a heat map detector has a runner of its own")
        self._bundle = bundle
        self._spec = bundle.manifest.spec
        self._requested = provider
        self._threads = threads
        self._session: InferenceSession | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return the model's name, version, sha256 and whether it is for research only."""
        return self._bundle.identity

    @property
    def modalities(self) -> tuple[str, ...]:
        """Return the modalities that the model was made for."""
        return self._applies_to.modality

    def close(self) -> None:
        """Give the network's memory back."""
        with self._one_at_a_time:
            self._drop()

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:
        """
        Run on a volume.

        Raises InputOutsideIntendedUse, ProviderUnavailable, BundleInvalid when the network answers
        nonsense, JobCancelled within half a second.
        """
        with self._one_at_a_time:
            try:
                return self._volume(volume, job)
            except BaseException:
                self._drop()  # a failed or cancelled run keeps no activations
                raise

    def detect_image(self, image: PlanarImage, job: JobContext) -> ModelOutput:
        """Run on one image; see ``detect``."""
        with self._one_at_a_time:
            try:
                return self._image(image, job)
            except BaseException:
                self._drop()
                raise

    def occlusion(self, source: Volume | PlanarImage, label: str, job: JobContext) -> OcclusionMap:
        """
        Compute where a classifier's score of one class comes from; slow, with progress.

        Raises InputOutsideIntendedUse when the bundle promises no map, else as ``detect``.
        """
        spec = self._spec
        if not isinstance(spec, ClassifierSpec) or spec.occlusion is None:
            raise InputOutsideIntendedUse(tr("This model does not say where a finding lies."))
        labels = [entry.label for entry in self._bundle.manifest.classes]
        with self._one_at_a_time:
            job.progress(0.0, tr("Opening the network"))
            session = self._opened()
            image, matrix = self._classifier_image(source, spec, job)

            def score(covered: FloatArray) -> FloatArray:
                return classifier.class_scores(self._classified(covered, spec, session, job), spec.output)

            drop = classifier.occlusion(image, score, labels.index(label), spec.occlusion, job)
        first = (spec.occlusion.size - 1) / 2
        steps = np.diag([float(spec.occlusion.step)] * 3 + [1.0])
        steps[:3, 3] = first if drop.ndim == 3 else [first, first, 0]
        return OcclusionMap(drop, matrix @ steps)

    def _volume(self, volume: Volume, job: JobContext) -> ModelOutput:
        spec = self._spec
        if isinstance(spec, Boxes2dSpec) or not isinstance(spec.input, GridInput):
            raise InputOutsideIntendedUse(tr("This model reads single images, not volumes."))
        watch = _Watch()
        job.progress(0.0, tr("Opening the network"))
        session = self._opened()
        watch.lap("load")
        job.progress(0.05, tr("Preparing the images"))
        prepared = prepare_grid(volume, self._applies_to, spec.input, job)
        watch.lap("preprocess")
        heads = self._heads(prepared.image, spec.input, session, JobPart(job, 0.2, 0.95))
        watch.lap("network")
        marks: tuple[Mark, ...] = ()
        masks: tuple[SegmentMask, ...] = ()
        findings: tuple[StudyFinding, ...] = ()
        if isinstance(spec, AnchorSpec):
            marks = waited_for(partial(self._anchor_marks, heads, spec, prepared), job)
        elif isinstance(spec, MaskSpec):
            scores = waited_for(partial(mask.class_scores, heads[spec.output.name], spec.output), job)
            zyx = scores if spec.input.layout == "bczyx" else scores.transpose(0, 3, 2, 1)
            marks = self._thresholded(marks_of_mask(zyx, prepared.grid, spec.post, self._labels, job))
            masks = mask_in_volume(zyx, prepared.grid, spec.post, self._labels, volume, job)
        else:
            findings = self._study_findings(heads, spec)
        watch.lap("postprocess")
        found = ModelOutput(self.identity, marks=marks, masks=masks, study_findings=findings)
        return self._output(session, watch, job, prepared.warnings, found)

    def _image(self, image: PlanarImage, job: JobContext) -> ModelOutput:
        spec = self._spec
        if isinstance(spec, AnchorSpec) or not isinstance(spec.input, ImageInput):
            raise InputOutsideIntendedUse(tr("This model reads volumes, not single images."))
        watch = _Watch()
        warnings = self._check_image(image)
        job.progress(0.0, tr("Opening the network"))
        session = self._opened()
        watch.lap("load")
        framed = letterboxed(image, spec.input)
        watch.lap("preprocess")
        heads = self._run(session, image_to_network(framed.image, spec.input), job)
        watch.lap("network")
        planar: tuple[PlanarMark, ...] = ()
        masks: tuple[SegmentMask, ...] = ()
        findings: tuple[StudyFinding, ...] = ()
        if isinstance(spec, Boxes2dSpec):
            planar = self._planar_marks(heads, spec, framed)
        elif isinstance(spec, MaskSpec):
            scores = waited_for(partial(mask.class_scores, heads[spec.output.name], spec.output), job)
            planar, masks = mask_on_image(scores, framed, spec.post, self._labels, image, job)
            planar = tuple(replace(mark, shown=mark.score >= self._threshold) for mark in planar)
        else:
            findings = self._study_findings(heads, spec)
        watch.lap("postprocess")
        found = ModelOutput(self.identity, planar_marks=planar, masks=masks, study_findings=findings)
        return self._output(session, watch, job, warnings, found)

    # -- the network -------------------------------------------------------------------------

    def _heads(self, image: FloatArray, grid: GridInput, session: InferenceSession, job: JobContext) -> Heads:
        tensor = to_network(image, grid)
        if grid.slab is None or isinstance(self._spec, ClassifierSpec):
            return self._run(session, tensor, job)
        names = needed_outputs(self._spec)
        arrays = run_in_slabs(
            tensor,
            lambda part: tuple(self._run(session, part, job)[name] for name in names),
            axis=z_axis(grid),
            slab=grid.slab,
            halo=grid.halo,
            strides=self._strides(),
            job=job,
        )
        return dict(zip(names, arrays, strict=True))

    def _strides(self) -> list[int]:
        """Return the z stride of every output."""
        if isinstance(self._spec, AnchorSpec):
            return [level.stride[2] for level in self._spec.output.levels for _ in range(2)]
        return [1]

    def _run(self, session: InferenceSession, tensor: FloatArray, job: JobContext) -> Heads:
        names = needed_outputs(self._spec)
        try:
            outputs = session.run(names, {self._spec.input.name: tensor}, job)
        except (ProviderUnavailable, MemoryError):
            raise
        except RuntimeError as exc:  # what ONNX Runtime and OpenVINO raise for a shape that does not fit
            raise nonsense(str(exc)) from exc
        heads = dict(zip(names, outputs, strict=True))
        check_answer(self._spec, tensor.shape, heads)
        return heads

    def _opened(self) -> InferenceSession:
        if self._session is None:
            self._session = InferenceSession.open(self._bundle.model, self._requested, threads=self._threads)
        return self._session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    # -- from heads to findings --------------------------------------------------------------

    def _anchor_marks(self, heads: Heads, spec: AnchorSpec, prepared: PreparedGrid) -> tuple[Mark, ...]:
        boxes = anchor_boxes_3d.decode(heads, spec, prepared.grid.size)
        matrix = prepared.grid.ijk_to_lps
        centre = boxes.centre @ matrix[:3, :3].T + matrix[:3, 3]
        # the ball that fills as much of its box as an ellipsoid would
        diameter = np.cbrt(np.prod(boxes.size * np.array(prepared.grid.spacing_mm), axis=1))
        if prepared.lungs is not None and spec.post.lung_margin_mm is not None:
            reach = np.maximum(spec.post.lung_margin_mm, diameter / 2)
            keep = prepared.lungs.distances_mm(centre) <= reach
            boxes, centre, diameter = boxes.where(keep), centre[keep], diameter[keep]
        return self._thresholded(
            tuple(
                Mark(
                    centre_lps_mm=(float(centre[n, 0]), float(centre[n, 1]), float(centre[n, 2])),
                    diameter_mm=float(diameter[n]),
                    score=min(1.0, max(0.0, float(boxes.score[n]))),
                    shown=False,
                    label=self._labels[int(boxes.label[n])],
                )
                for n in range(len(boxes))
            )
        )

    def _planar_marks(self, heads: Heads, spec: Boxes2dSpec, framed: Letterboxed) -> tuple[PlanarMark, ...]:
        boxes = boxes_2d.decode(heads, spec)
        corners = framed.to_stored(boxes.corners.astype(np.float64))
        return tuple(
            PlanarMark(
                box_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                score=min(1.0, float(score)),
                shown=bool(score >= self._threshold),
                label=self._labels[int(label)],
                out_of_ten=out_of_ten(float(score), self._bundle.manifest.calibration),
            )
            for box, score, label in zip(corners, boxes.score, boxes.label, strict=True)
            if 0 <= label < len(self._labels)
        )

    def _study_findings(self, heads: Heads, spec: ClassifierSpec) -> tuple[StudyFinding, ...]:
        try:
            scores = classifier.class_scores(heads[spec.output.name], spec.output)
        except ValueError as exc:
            raise nonsense(str(exc)) from exc
        return tuple(
            StudyFinding(
                label=label,
                score=float(score),
                shown=bool(score >= self._threshold),
                out_of_ten=out_of_ten(float(score), self._bundle.manifest.calibration),
            )
            for label, score in zip(self._labels, scores, strict=True)
        )

    def _thresholded(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        calibration = self._bundle.manifest.calibration
        return tuple(
            replace(mark, shown=mark.score >= self._threshold, out_of_ten=out_of_ten(mark.score, calibration))
            for mark in marks
        )

    def _classifier_image(
        self, source: Volume | PlanarImage, spec: ClassifierSpec, job: JobContext
    ) -> tuple[FloatArray, npt.NDArray[np.float64]]:
        if isinstance(source, Volume) and isinstance(spec.input, GridInput):
            prepared = prepare_grid(source, self._applies_to, spec.input, job)
            return prepared.image, prepared.grid.ijk_to_lps
        if isinstance(source, PlanarImage) and isinstance(spec.input, ImageInput):
            self._check_image(source)
            film, grid = source, spec.input
            framed = waited_for(lambda: letterboxed(film, grid), job)  # a second and more for a mammogram
            return framed.image, framed.to_stored_matrix
        raise InputOutsideIntendedUse(tr("This model reads other images than these."))

    def _classified(
        self, image: FloatArray, spec: ClassifierSpec, session: InferenceSession, job: JobContext
    ) -> FloatArray:
        grid = spec.input
        tensor = to_network(image, grid) if isinstance(grid, GridInput) else image_to_network(image, grid)
        return self._run(session, tensor, job)[spec.output.name]

    # -- the rest ------------------------------------------------------------------------------

    def _check_image(self, image: PlanarImage) -> tuple[DecodeWarning, ...]:
        if image.acquisition.modality not in self._applies_to.modality:
            raise InputOutsideIntendedUse(
                tr(
                    "The model refuses this series: it is not {modalities}.",
                    modalities="/".join(self._applies_to.modality),
                )
            )
        return check_acquisition(image.acquisition, self._applies_to)

    def _output(
        self,
        session: InferenceSession,
        watch: _Watch,
        job: JobContext,
        warnings: tuple[DecodeWarning, ...],
        found: ModelOutput,
    ) -> ModelOutput:
        job.progress(1.0)
        seconds = watch.seconds()
        doubts = tuple(warning.code for warning in warnings)
        algorithm = replace(self.identity, provider=session.provider.value, seconds_s=seconds["total"], doubts=doubts)
        return replace(found, algorithm=algorithm, seconds=seconds, warnings=(*warnings, *session.warnings))

    @property
    def _labels(self) -> tuple[str, ...]:
        return tuple(entry.label for entry in self._bundle.manifest.classes)

    @property
    def _threshold(self) -> float:
        return self._bundle.manifest.threshold

    @property
    def _applies_to(self) -> AppliesTo:
        return self._bundle.manifest.applies_to


class _Watch:
    """Seconds per stage."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        return {**self._laps, "total": self._last - self._start}
