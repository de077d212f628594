"""A reading page with protocols and priors over fakes: what a test of hanging starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from resources.hanging import hanging_paths
from tests.helpers import cases
from tests.helpers.fakes import FakeReports, FakeTemplates
from tests.helpers.priors import FakeArchive, FakePriors, FakeProtocols
from tests.helpers.reading import Case, ReadingBench
from viewers.scene.image import SliceImage
from workstation.domain.finding import FindingList
from workstation.domain.geometry import ImagePlane
from workstation.domain.hanging import HangingProtocol
from workstation.domain.pixel_size import PixelSize
from workstation.domain.ports import JobContext
from workstation.domain.registration import RegistrationQuality, RigidRegistration
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.volume import Volume
from workstation.services.prior_service import ComparePriors, PrefetchedImages
from workstation.storage.hanging_protocols import load_protocol
from workstation.ui.images.comparing import Comparing
from workstation.ui.images.comparison import Comparison
from workstation.ui.images.fusing import Fusing
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter

ZHOU = Patient("QS0118793", "周丽华", "19680314", "F")
MG = "1.2.840.10008.5.1.4.1.1.1.2"
CT = "1.2.840.10008.5.1.4.1.1.2"


@cache
def shipped() -> tuple[HangingProtocol, ...]:
    return tuple(load_protocol(path) for path in hanging_paths())


class FakeRegistrar:
    """Proposes a shift of 20 mm towards the head."""

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        job.raise_if_cancelled()
        matrix = np.eye(4)
        matrix[2, 3] = 20.0
        quality = RegistrationQuality(1.2, 1.1, 0.9, 1.05)
        return RigidRegistration(fixed.frame_of_reference_uid, moving.frame_of_reference_uid, matrix, quality=quality)


class ComparingBench(ReadingBench):
    """A reading page whose hub knows priors; ``serve_prior`` adds one before a case is opened."""

    def __init__(self, first: Case, protocols: FakeProtocols | None = None, fusing: Fusing | None = None) -> None:
        self.fusing = fusing
        self.source = FakePriors()
        self.archive = FakeArchive()
        self.prior_reports = FakeReports()
        self.protocols = protocols or FakeProtocols(shipped())
        super().__init__(first)

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        service = ComparePriors(
            self.source,
            self.archive,
            self.prior_reports,
            FakeTemplates((cases.sectioned_template(),)),
            self.desk_bench.audit,
            lambda _pdf: "",
        )
        comparing = Comparing(self.protocols, service, PrefetchedImages(self.archive), self.streams, FakeRegistrar())
        presenter = ReadingPresenter(
            page, self.desk, self.desk_bench.jobs, open_stream=self.streams, comparing=comparing, fusing=self.fusing
        )
        return page, presenter

    @property
    def comparison(self) -> Comparison:
        return next(one for one in self.presenter.images.features if isinstance(one, Comparison))

    def serve_prior(self, study: Study, images: dict[str, SliceImage]) -> None:
        self.archive.studies[study.study_instance_uid] = study
        self.streams.images |= images

    def deliver_everything(self, wait: Callable[[Callable[[], bool]], None]) -> None:
        """Let every stream deliver, those that begin later too, until all stacks on screen are complete."""

        def complete() -> bool:
            for stream in self.streams.made:
                if stream.started and not stream.cancelled and not stream.complete:
                    stream.deliver_all()
            cells = self.comparison.hanging.cells
            return self.page.is_complete() and not any(one.stack.missing for one in cells if one.stack is not None)

        wait(complete)


def ct_study(
    uid: str, date: str, *, frame: str, slices: int = 12, first_mm: float = 0.0, patient: Patient = ZHOU,
    description: str = "肺窗 1.0 mm",
) -> tuple[Study, dict[str, SliceImage]]:  # fmt: skip
    """Return a small chest CT with slices 5 mm apart from ``first_mm`` and its decoded images."""
    pixels = np.random.default_rng(7).integers(-1000, 400, (64, 64)).astype(np.int16)
    images, instances = {}, []
    for n in range(slices):
        plane = ImagePlane((-160.0, -160.0, first_mm + 5.0 * n), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (5.0, 5.0))
        sop = f"{uid}.2.{n}"
        instances.append(Instance(sop, CT, n + 1, rows=64, columns=64, plane=plane))
        images[sop] = SliceImage(pixels, plane, sop, frame, unit="HU")
    series = Series(f"{uid}.2", "CT", 2, description, "CHEST", tuple(instances))
    return Study(uid, patient, date, "080000", "", "胸部 CT 平扫", "清水镇中心卫生院", (series,)), images


def mammogram_study(
    uid: str, date: str, orientations: Mapping[tuple[str, str], tuple[str, str] | None], *, pixel_mm: float = 0.1,
    one_series: bool = False, patient: Patient = ZHOU,
) -> tuple[Study, dict[str, SliceImage]]:  # fmt: skip
    """Return mammograms by (laterality, view) with their stored Patient Orientation; the breast lies at the wall."""
    images, instances = {}, []
    for n, ((side, view), orientation) in enumerate(orientations.items()):
        sop = f"{uid}.{n + 1}.1"
        instances.append(Instance(sop, MG, n + 1, rows=400, columns=300, laterality=side, view_position=view))
        images[sop] = SliceImage(
            breast(is_wall_right=orientation is not None and orientation[0] == "P"), None, sop,
            pixel_size=PixelSize((pixel_mm, pixel_mm)), patient_orientation=orientation,
        )  # fmt: skip
    if one_series:
        series: tuple[Series, ...] = (Series(f"{uid}.1", "MG", 1, "4 views", "BREAST", tuple(instances)),)
    else:
        series = tuple(
            Series(f"{uid}.{n + 1}", "MG", n + 1, f"{one.laterality} {one.view_position}", "BREAST", (one,))
            for n, one in enumerate(instances)
        )
    return Study(uid, patient, date, "080000", "", "双乳 CC+MLO", "仙湖县妇幼保健院", series), images


def breast(*, is_wall_right: bool) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Return a half disc against the chest wall."""
    rows, columns = np.mgrid[0:400, 0:300]
    from_wall = (299 - columns) if is_wall_right else columns
    inside = np.hypot(from_wall, rows - 200) < 180
    return np.where(inside, 2400 - 5 * from_wall, 60).astype(np.int16)


def case_of(study: Study, images: dict[str, SliceImage]) -> Case:
    """Return the case of a study as the hub serves it."""
    uid = study.study_instance_uid
    row = replace(
        cases.row(), study_instance_uid=uid, ups_instance_uid=f"{uid}.8", patient_name=study.patient.name,
        patient_id=study.patient.patient_id, modality=study.modalities[0], description=study.description,
    )  # fmt: skip
    by_series = {
        one.series_instance_uid: tuple(images[i.sop_instance_uid] for i in one.instances) for one in study.series
    }
    return Case(row, study, FindingList(uid, "", "", None, ()), by_series)
