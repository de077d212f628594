"""What other systems stored with a study, read with whose work it is."""

from __future__ import annotations

import threading
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.helpers import cases, follow_up, foreign
from tests.helpers.fakes import FakeImages
from workstation.dicom.sr.measurement_report import measurement_sr
from workstation.domain.errors import JobCancelled, Unreachable
from workstation.domain.finding import RejectReason
from workstation.domain.frames import FrameRef
from workstation.domain.study import Study
from workstation.services import foreign_objects_service
from workstation.services.foreign_objects_service import (
    ForeignObjects,
    ObjectKind,
    ReadForeignObjects,
    read_object,
    wanted,
)
from workstation.services.jobs import NoJob


@pytest.fixture(scope="module")
def headers(lidc_0314: Path) -> list[Dataset]:
    return foreign.sources(lidc_0314, 120, 140, 5)


def read(study: Study, *parts: bytes) -> ForeignObjects:
    uids = [one.sop_instance_uid for _series, one in wanted(study)]
    return ReadForeignObjects(FakeImages(study, dict(zip(uids, parts, strict=True))))(study, NoJob())


def test_key_images_of_another_system_come_with_their_title_and_maker(headers: list[Dataset]) -> None:
    part10 = foreign.key_selection(headers, 2)

    (found,) = read(foreign.study_of(headers, ("KO", part10)), part10).objects

    assert found.kind is ObjectKind.KEY_IMAGES
    assert (found.source.manufacturer, found.source.label, found.source.sop_instance_uid) == (
        "Kodiak",
        "For Teaching",
        "1.2.77.1",
    )
    assert found.key_images is not None
    assert [one.sop_instance_uid for one in found.key_images.images] == [str(headers[2].SOPInstanceUID)]
    assert found.text == "For Teaching\n  Key Object Description: zum Zeigen"


def test_a_presentation_state_speaks_of_its_image_only(headers: list[Dataset]) -> None:
    part10 = foreign.presentation(headers, 1)

    (found,) = read(foreign.study_of(headers, ("PR", part10)), part10).objects

    assert found.presentation is not None
    assert found.presentation.images == (str(headers[1].SOPInstanceUID),)
    assert [found.presentation.shows(FrameRef(str(ds.SOPInstanceUID))) for ds in headers] == [False, True, False, False]
    assert (found.source.label, found.source.author, found.source.model) == ("BONE", "Roe Jane", "Reader 7")


def test_a_chinese_text_report_is_read_whole_and_html_in_it_as_words(headers: list[Dataset]) -> None:
    study = str(headers[0].StudyInstanceUID)
    part10 = foreign.text_report(study, "右肺上叶结节", "<html><script>x()</script><p>两肺</p></html>")

    (found,) = read(foreign.study_of(headers, ("SR", part10)), part10).objects

    assert found.kind is ObjectKind.DOCUMENT
    assert found.text.splitlines() == ["Diagnostic Imaging Report", "  Finding: 右肺上叶结节", "  Finding: 两肺"]


def test_documents_are_pages_or_words_by_what_they_are(headers: list[Dataset]) -> None:
    study = str(headers[0].StudyInstanceUID)
    parts = (
        foreign.document(study, "application/pdf", b"%PDF-1.4 x", "1.2.77.31"),
        foreign.document(study, "text/XML", "<a><title>结论</title></a>".encode(), "1.2.77.32", kind="2"),
        foreign.document(study, "text/html", "<p>所见</p>".encode(), "1.2.77.33"),
        foreign.document(study, "model/stl", b"solid", "1.2.77.34", kind="3"),
    )

    found = read(foreign.study_of(headers, *(("DOC", part) for part in parts)), *parts)

    assert [(one.text, one.pdf) for one in found.objects] == [("", b"%PDF-1.4 x"), ("结论", b""), ("所见", b"")]
    assert [(one.sop_instance_uid, one.reason) for one in found.unread] == [
        ("1.2.77.34", "Documents of this kind are not shown")
    ]


def test_real_structures_and_segments_come_with_their_names(shared_data: Path) -> None:
    zoo = shared_data / "dicom-zoo"
    for name, kind, names, maker in (
        ("dicompyler/tests/testdata/example_data/rtss.dcm", ObjectKind.STRUCTURES, ["BODY", "Borders"], "manufacturer"),
        ("dcmqi/data/sr-example/seg.dcm", ObjectKind.SEGMENTS, ["Neoplasm, Primary"], "QIICR"),
    ):
        part10 = (zoo / name).read_bytes()
        ds = pydicom.dcmread(zoo / name, stop_before_pixels=True)
        ds.Rows = ds.Columns = 512
        study = foreign.study_of([ds], (str(ds.Modality), part10))
        own = Study(study.study_instance_uid, study.patient, series=study.series[1:])

        (found,) = read(own, part10).objects

        assert (found.kind, found.source.manufacturer) == (kind, maker)
        assert found.outlines is not None
        assert [one.name for one in found.outlines.structures][: len(names)] == names


def test_a_broken_object_costs_only_itself_and_is_named(headers: list[Dataset]) -> None:
    good, study_uid = foreign.key_selection(headers, 0), str(headers[0].StudyInstanceUID)
    stranger = foreign.text_report("1.2.3.4.5", "of somebody else", uid="1.2.77.9")
    study = foreign.study_of(headers, ("SR", b"no DICOM"), ("KO", good), ("SR", stranger))
    assert study.study_instance_uid == study_uid

    found = read(study, b"no DICOM", good, stranger)

    assert [one.kind for one in found.objects] == [ObjectKind.KEY_IMAGES]
    assert [(one.label, one.reason) for one in found.unread] == [
        ("SR SR", "This file is not a readable DICOM object"),
        ("SR SR", "The object belongs to another study and is not shown"),
    ]


def test_more_or_larger_objects_than_the_bounds_are_named_not_read(
    headers: list[Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [foreign.key_selection(headers, n, f"1.2.77.{n}") for n in range(3)]
    study = foreign.study_of(headers, *(("KO", part) for part in parts))

    monkeypatch.setattr(foreign_objects_service, "MAXIMUM_OBJECTS", 2)
    assert len(read(study, *parts).objects) == 2
    monkeypatch.setattr(foreign_objects_service, "MAXIMUM_OBJECT_BYTES", 10)
    assert [one.reason for one in read(study, *parts).unread] == [
        "Too many or too large objects: this one was not read"
    ] * 3


def test_a_lost_line_is_told_as_such_and_a_closed_case_stops_reading(headers: list[Dataset]) -> None:
    part10 = foreign.key_selection(headers, 0)
    study = foreign.study_of(headers, ("KO", part10))

    class Lost(FakeImages):
        def instance(self, *_uids: str) -> bytes:
            raise Unreachable("the line is down")

    class Closed:
        def __init__(self) -> None:
            self.asked = threading.Event()

        def raise_if_cancelled(self) -> None:
            self.asked.set()
            raise JobCancelled

    with pytest.raises(Unreachable):
        ReadForeignObjects(Lost(study))(study, NoJob())
    with pytest.raises(JobCancelled):
        ReadForeignObjects(FakeImages(study, {}))(study, Closed())


def test_a_mark_that_the_reader_of_then_rejected_or_accepted_is_not_undecided_any_more() -> None:
    study, _images = follow_up.phantom(follow_up.PRIOR, "20251208", "1.6", -20.0)
    proposed = read_object(follow_up.prior_marks(study, "1.6"), study)
    assert [mark.tracking_uid for mark in ForeignObjects(study.study_instance_uid, (proposed,)).undecided_marks] == [
        follow_up.AI_UID
    ]
    assert proposed.ai_marks[0].size_mm == 7.7
    assert proposed.nodules == ()

    mark = follow_up.mark_of(follow_up.AI_UID, 1, (60.0, 64.0, 20.0), 7.8)
    rejected = mark.rejected(RejectReason.VESSEL, by="x", at=cases.NOON)
    for one, open_marks in ((rejected, 0), (mark.accepted(by="x", at=cases.NOON), 0), (mark, 1)):
        report = cases.report(one, uid=study.study_instance_uid)
        signed = read_object(measurement_sr(report, study), study)
        both = ForeignObjects(study.study_instance_uid, (proposed, signed))
        assert len(both.undecided_marks) == open_marks


def test_pictures_are_no_objects(headers: list[Dataset]) -> None:
    assert wanted(foreign.study_of(headers)) == ()
