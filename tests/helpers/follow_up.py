"""A case and its prior with nodules of known size, the prior's report, and a page that compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tests.helpers import cases
from tests.helpers.comparing import CT, ZHOU, ComparingBench, FakeRegistrar, case_of
from tests.helpers.fakes import FakeTemplates
from tests.helpers.nodules import lung, with_ball
from tests.helpers.priors import prior
from viewers.scene.image import SliceImage
from workstation.bootstrap.nodules import measure_nodule
from workstation.dicom.sr.measurement_report import detection_sr, measurement_sr
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence, NoduleType
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.study import Instance, Series, Study
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.services.foreign_objects_service import ReadForeignObjects
from workstation.services.prior_service import ComparePriors, PrefetchedImages
from workstation.ui.images.comparing import Comparing
from workstation.ui.images.follow_up import FollowUpView
from workstation.ui.images.foreign_objects import ForeignObjectsView
from workstation.ui.images.foreign_reading import ForeignReading
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter

CASE, PRIOR, OLD_UID, AI_UID = "1.2.3", "1.9.1", "2.25.777", "2.25.888"
SIDE = 96
GROWN: Point = (40.0, 40.0, 30.0)
"""Of the case; 10.5 mm now, 8 mm in the prior, where it lies 20 mm nearer to the feet"""
UNREPORTED: Point = (60.0, 64.0, 40.0)
"""8 mm in both, but nobody wrote it down in the prior"""
SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.34"


def phantom(uid: str, date: str, frame: str, first_mm: float, *balls: tuple[Point, float]) -> tuple[Study, dict[str, SliceImage]]:  # fmt: skip  # noqa: E501 - one signature
    """Return a lung of 1 mm voxels with balls (centre in mm of the case, diameter), lying ``first_mm`` off it."""
    field = lung((64, SIDE, SIDE))
    for centre, diameter in balls:
        field = with_ball(field, centre, diameter, 20.0)
    images, instances = {}, []
    for n, layer in enumerate(np.rint(field).astype(np.int16)):
        plane = ImagePlane((0.0, 0.0, first_mm + n), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
        sop = f"{uid}.2.{n}"
        instances.append(Instance(sop, CT, n + 1, rows=SIDE, columns=SIDE, plane=plane))
        images[sop] = SliceImage(layer, plane, sop, frame, unit="HU")
    series = Series(f"{uid}.2", "CT", 2, "肺窗 1.0 mm", "CHEST", tuple(instances))
    return Study(uid, ZHOU, date, "080000", "", "胸部 CT 平扫", "清水镇中心卫生院", (series,)), images


def mark_of(uid: str, number: int, centre: Point, diameter: float) -> Finding:
    """Return an undecided mark with axes and volume of a ball."""
    evidence = MarkEvidence(
        long_axis_mm=diameter, short_axis_mm=diameter, volume_mm3=round(np.pi * diameter**3 / 6, 1)
    )  # fmt: skip
    mark = Mark(centre, diameter, 0.9, shown=True, out_of_ten=7, evidence=evidence)
    return Finding(uid, number, centre, diameter, Decision.UNDECIDED, mark)


def prior_marks(study: Study, frame: str, uid: str = AI_UID) -> bytes:
    """Return what the model stored with the prior: the nodule that nobody wrote down, at 7.9 x 7.5 mm."""
    x, y, z = UNREPORTED
    evidence = MarkEvidence(long_axis_mm=7.9, short_axis_mm=7.5, volume_mm3=250.0)
    mark = Mark((x, y, z - 20), 7.8, 0.8, shown=True, out_of_ten=6, evidence=evidence)
    hidden = Mark((x, y, z - 20), 4.0, 0.1, shown=False)
    found = [
        Finding(one, n, said.centre_lps_mm, said.diameter_mm, Decision.UNDECIDED, said)
        for n, (one, said) in enumerate(((uid, mark), (f"{uid}.1", hidden)), 1)
    ]
    series = study.series[0].series_instance_uid
    listed = FindingList(study.study_instance_uid, series, frame, cases.ALGORITHM, tuple(found))
    return detection_sr(study, listed, at=cases.NOON)


def prior_report(study: Study, frame: str, diameter: float = 8.0, uid: str = OLD_UID) -> bytes:
    """Return the signed measurements of a prior: the grown nodule, accepted then at 8 mm, 20 mm nearer the feet."""
    x, y, z = GROWN
    found = mark_of(uid, 1, (x, y, z - 20), diameter).accepted(by="x", at=cases.NOON)
    made = cases.report(replace(found, nodule_type=NoduleType.SOLID), uid=study.study_instance_uid)
    findings = replace(
        made.findings, series_instance_uid=study.series[0].series_instance_uid, frame_of_reference_uid=frame
    )
    return measurement_sr(replace(made, findings=findings), study)


class FollowUpBench(ComparingBench):
    """Case and prior in two frames of reference; the registrar finds the 20 mm between them."""

    def __init__(
        self, *, reported: bool = True, marked: bool = False, older: Mapping[str, tuple[float, str]] | None = None
    ) -> None:
        """
        ``older`` adds studies by date, each with the nodule's diameter and tracking UID as reported then.

        ``marked`` stores a model's marks with the prior, which nobody decided.
        """
        self.is_reported = reported
        study, images = phantom(CASE, "20261121", "1.5", 0.0, (GROWN, 10.5), (UNREPORTED, 8.0))
        case = case_of(study, images)
        marks = (mark_of("1.2.3.7.1", 1, GROWN, 10.5), mark_of("1.2.3.7.2", 2, UNREPORTED, 8.0))
        super().__init__(replace(case, findings=FindingList(CASE, f"{CASE}.2", "1.5", cases.ALGORITHM, marks)))
        old, old_images = phantom(PRIOR, "20251208", "1.6", -20.0, (GROWN, 8.0), (UNREPORTED, 8.0))
        if reported:
            sr = Instance("1.9.1.4.1", SR_CLASS, 1)
            self.archive.files[sr.sop_instance_uid] = prior_report(old, "1.6")
            old = replace(old, series=(*old.series, Series("1.9.1.4", "SR", 9002, "", "", (sr,))))
        if marked:
            sr = Instance("1.9.1.5.1", SR_CLASS, 1)
            self.archive.files[sr.sop_instance_uid] = prior_marks(old, "1.6")
            old = replace(old, series=(*old.series, Series("1.9.1.5", "SR", 9101, "", "", (sr,))))
        self.source.known.append(prior(PRIOR, "20251208"))
        self.serve_prior(old, old_images)
        for at, (date, (diameter, uid)) in enumerate((older or {}).items()):
            self._serve_older(f"1.9.{at + 2}", date, diameter, uid)

    def _serve_older(self, study_uid: str, date: str, diameter: float, uid: str) -> None:
        study, images = phantom(study_uid, date, "1.6", -20.0, (GROWN, diameter))
        sr = Instance(f"{study_uid}.4.1", SR_CLASS, 1)
        self.archive.files[sr.sop_instance_uid] = prior_report(study, "1.6", diameter, uid)
        study = replace(study, series=(*study.series, Series(f"{study_uid}.4", "SR", 9002, "", "", (sr,))))
        self.source.known.append(prior(study_uid, date))
        self.serve_prior(study, images)

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        page.measure_nodule = measure_nodule()
        service = ComparePriors(
            self.source, self.archive, self.prior_reports, FakeTemplates(), self.desk_bench.audit, lambda _pdf: ""
        )
        comparing = Comparing(self.protocols, service, PrefetchedImages(self.archive), self.streams, FakeRegistrar())
        foreign = ForeignReading(ReadForeignObjects(self.archive), page_pictures)
        return page, ReadingPresenter(
            page, self.desk, self.desk_bench.jobs, open_stream=self.streams, comparing=comparing, foreign=foreign
        )

    @property
    def view(self) -> FollowUpView:
        return self.comparison.follow_up

    @property
    def objects(self) -> ForeignObjectsView:
        return next(one for one in self.presenter.images.features if isinstance(one, ForeignObjectsView))
