"""A reading page on a real desk: real slices through a stream that a test drives by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pydicom

from tests.helpers import cases
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import EXPERT, FakeFindings
from viewers.scene.image import SliceImage
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.access import Actor
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark
from workstation.domain.geometry import Point
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow
from workstation.services.reading_session import ReadingSession
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter

Wait = Callable[[Callable[[], bool]], None]
CT = "1.2.840.10008.5.1.4.1.1.2"
ALGORITHM = AlgorithmIdentity("lung-nodule-xs", "0.1.0", "3f9a" + "0" * 58 + "c2", "cpu", 0.414, 9.8)


@dataclass
class FakeStream:
    """A stream that delivers when told; ``deliver`` may be called from any thread."""

    series: Series
    on_slice: Callable[[int, SliceImage], None]
    on_failed: Callable[[int, Exception], None]
    on_line: Callable[[bool], None]
    images: tuple[SliceImage, ...]
    started: bool = False
    cancelled: bool = False
    focused: list[int] = field(default_factory=list)
    here: set[int] = field(default_factory=set)

    def start(self) -> None:
        self.started = True

    def focus(self, index: int) -> None:
        self.focused.append(index)

    def cancel(self) -> None:
        self.cancelled = True

    @property
    def cached(self) -> tuple[bool, ...]:
        return tuple(index in self.here for index in range(len(self.images)))

    @property
    def on_demand(self) -> bool:
        return False

    @property
    def complete(self) -> bool:
        return all(self.cached)

    def deliver(self, *indices: int) -> None:
        """Hand slices over as a retrieval thread does."""

        def work() -> None:
            for index in indices:
                self.here.add(index)
                self.on_slice(index, self.images[index])

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    def deliver_all(self) -> None:
        self.deliver(*(index for index in range(len(self.images)) if index not in self.here))


@dataclass
class Streams:
    """The factory that the page gets; keeps every stream it made."""

    images: dict[str, SliceImage]
    made: list[FakeStream] = field(default_factory=list)

    def __call__(
        self,
        study: Study,
        series: Series,
        on_slice: Callable[[int, SliceImage], None],
        on_failed: Callable[[int, Exception], None],
        on_line: Callable[[bool], None],
    ) -> FakeStream:
        del study
        images = tuple(self.images[one.sop_instance_uid] for one in series.instances)
        self.made.append(FakeStream(series, on_slice, on_failed, on_line, images))
        return self.made[-1]

    @property
    def last(self) -> FakeStream:
        return self.made[-1]


@cache
def part_of_ct(folder: Path, first: int, last: int, every: int = 1) -> tuple[SliceImage, ...]:
    """Return decoded slices ``first`` to ``last`` of a real CT, feet first, their geometry untouched."""
    found = []
    for path in folder.glob("*.dcm"):
        header = pydicom.dcmread(path, specific_tags=["ImagePositionPatient"])
        found.append((float(header.ImagePositionPatient[2]), path))
    return tuple(decode_for_display(path.read_bytes()) for _z, path in sorted(found)[first:last:every])


def series_of(images: tuple[SliceImage, ...], uid: str, number: int = 2, description: str = "肺窗 1.0 mm") -> Series:
    """Return a series of decoded slices."""
    instances = tuple(
        Instance(f"{uid}.{n}", CT, n + 1, rows=image.rows, columns=image.columns, plane=image.plane)
        for n, image in enumerate(images)
    )
    return Series(uid, "CT", number, description, "CHEST", instances)


def sr_series(uid: str) -> Series:
    """Return the series of the detector's result, which has no images."""
    instance = Instance(f"{uid}.1", "1.2.840.10008.5.1.4.1.1.88.22", 1)
    return Series(uid, "SR", 4, "AI 结果 TID 1500", "", (instance,))


def marks(study_uid: str, series_uid: str, frame: str, *places: tuple[Point, float]) -> FindingList:
    """Return undecided AI marks at places with their diameters."""
    found = tuple(
        Finding(
            tracking_uid=f"{study_uid}.7.{n}",
            number=n,
            centre_lps_mm=centre,
            diameter_mm=size,
            decision=Decision.UNDECIDED,
            original=Mark(centre, size, 0.9, shown=True),
        )
        for n, (centre, size) in enumerate(places, start=1)
    )
    return FindingList(study_uid, series_uid, frame, ALGORITHM, found)


@dataclass
class Case:
    """One case as the fakes serve it."""

    row: WorklistRow
    study: Study
    findings: FindingList
    images: dict[str, tuple[SliceImage, ...]]


def case(
    images: tuple[SliceImage, ...],
    *places: tuple[Point, float],
    uid: str = "1.2.3",
    name: str = "周丽华",
    patient_id: str = "QS0118793",
) -> Case:
    """Return a case with one CT series, one SR series and marks at ``places``."""
    series = series_of(images, f"{uid}.2")
    study = Study(
        uid,
        Patient(patient_id, name, "19680314", "F"),
        "20261121",
        "175500",
        "CT20261121-0793",
        "胸部低剂量 LDCT",
        "清水镇中心卫生院",
        (series, sr_series(f"{uid}.4")),
    )
    row = replace(
        cases.row(), study_instance_uid=uid, patient_name=name, patient_id=patient_id, ups_instance_uid=f"{uid}.8"
    )
    found = marks(uid, series.series_instance_uid, images[0].frame_of_reference_uid, *places)
    return Case(row, study, found, {series.series_instance_uid: images})


class ReadingBench:
    """A reading page on a real desk over fakes; ``close`` at the end of the test."""

    def __init__(self, first: Case, actor: Actor = EXPERT, template: ReportTemplate | None = None) -> None:
        self.streams = Streams({})
        self.desk_bench = DeskBench(actor=actor, row=first.row, template=template)
        self.desk = self.desk_bench.desk
        self.findings = FakeFindings(first.findings)
        opening = replace(self.desk_bench.services.open_case, finding_source=self.findings)
        self.desk._opening._open_case = opening
        self.serve(first)
        self.page, self.presenter = self.make_page()

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        return page, ReadingPresenter(page, self.desk, self.desk_bench.jobs, open_stream=self.streams)

    def serve(self, one: Case) -> None:
        """Let the hub have this case."""
        self.desk_bench.row = self.desk_bench.worklist.current = one.row
        self.desk_bench.images.the_study = one.study
        self.findings.result = one.findings
        for series in one.study.series:
            for instance, image in zip(series.instances, one.images.get(series.series_instance_uid, ()), strict=False):
                self.streams.images[instance.sop_instance_uid] = image

    def open(self, wait: Wait, one: Case | None = None, *, read_only: bool = False) -> ReadingSession:
        if one is not None:
            self.serve(one)
        self.desk.open(self.desk_bench.row, read_only=read_only)
        wait(lambda: self.desk.session is not None)
        assert self.desk.session is not None
        return self.desk.session

    @property
    def session(self) -> ReadingSession:
        assert self.desk.session is not None
        return self.desk.session

    def close(self) -> None:
        self.page.close_page()
        self.desk_bench.close()
