"""Which objects are an AI's own results, and which a person stands behind."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.helpers import cases, follow_up
from workstation.dicom.objects.ai_objects import is_of_ai, may_be_of_ai, names_algorithm
from workstation.dicom.sr.measurement_report import detection_sr, measurement_sr
from workstation.domain.finding import FindingList
from workstation.domain.study import Instance, Series
from workstation.services.before_ai import before_ai, undisclosed_series
from workstation.services.foreign_objects_service import ForeignObjects, read_object

SR, SEG, STRUCTURES = "1.2.840.10008.5.1.4.1.1.88", "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.481.3"


def read(part10: bytes) -> Dataset:
    return pydicom.dcmread(BytesIO(part10))


def coded(value: str, said: str = "") -> Dataset:
    item, name = Dataset(), Dataset()
    name.CodeValue = value
    item.ConceptNameCodeSequence = Sequence([name])
    if said:
        code = Dataset()
        code.CodeValue = said
        item.ConceptCodeSequence = Sequence([code])
    return item


def report(*items: Dataset, kind: str = "33", flag: str = "UNVERIFIED") -> Dataset:
    """Return a foreign report: 121005 observer type, 121006 person, 121007 device, 111001 algorithm (PS3.16)."""
    ds = Dataset()
    ds.SOPClassUID, ds.VerificationFlag, ds.ContentSequence = f"{SR}.{kind}", flag, Sequence(items)
    return ds


def within(item: Dataset) -> Dataset:
    group = coded("125007")
    group.ContentSequence = Sequence([item])
    return group


def titled(ds: Dataset, value: str) -> Dataset:
    ds.ConceptNameCodeSequence = coded(value).ConceptNameCodeSequence
    return ds


def written_by(ds: Dataset, kind: str) -> Dataset:
    """Return a report with its Author Observer (PS3.3 C.17.2): PSN a person, DEV a device."""
    one = Dataset()
    one.ObserverType = kind
    ds.AuthorObserverSequence = Sequence([one])
    return ds


def structures(*made: tuple[str, str, str]) -> Dataset:
    """Return a structure set of an unapproved plan: name, generation algorithm and interpreted type of each."""
    ds = Dataset()
    ds.SOPClassUID = STRUCTURES
    items, observed = [Dataset() for _ in made], [Dataset() for _ in made]
    for number, (item, seen, (name, algorithm, kind)) in enumerate(zip(items, observed, made, strict=True), start=1):
        item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = number, name, algorithm
        seen.ObservationNumber, seen.ReferencedROINumber, seen.RTROIInterpretedType = 70 + number, number, kind
    ds.StructureSetROISequence, ds.RTROIObservationsSequence = Sequence(items), Sequence(observed)
    return ds


def outlines(kind: str, *made: str, approval: str = "") -> Dataset:
    ds = Dataset()
    ds.SOPClassUID = kind
    sequence, name = (
        ("SegmentSequence", "SegmentAlgorithmType") if kind == SEG
        else ("StructureSetROISequence", "ROIGenerationAlgorithm")
    )  # fmt: skip
    items = [Dataset() for _ in made]
    for item, said in zip(items, made, strict=True):
        setattr(item, name, said)
    setattr(ds, sequence, Sequence(items))
    if approval:
        ds.ApprovalStatus = approval
    return ds


@pytest.mark.parametrize(
    ("ds", "expected"),
    [
        (report(kind="50"), True),
        (report(kind="65"), True),
        (report(kind="69"), True),
        (report(within(coded("111001"))), True),
        (report(coded("121005", "121007"), within(coded("111001"))), True),
        (report(coded("121005", "121006"), within(coded("111001"))), False),
        (report(within(coded("111001")), flag="VERIFIED"), False),
        (report(coded("121005", "121007")), False),  # a scanner's own measurements
        (report(within(coded("111001")), kind="59"), False),  # key images
        (outlines(SEG, "AUTOMATIC"), True),
        (outlines(SEG, "MANUAL", "AUTOMATIC"), True),
        (outlines(SEG, "MANUAL", "SEMIAUTOMATIC"), False),
        (outlines(STRUCTURES, "AUTOMATIC"), True),
        (outlines(STRUCTURES, "AUTOMATIC", approval="APPROVED"), False),
        (outlines(STRUCTURES, "MANUAL", ""), False),
    ],
)
def test_a_result_is_an_ais_where_no_person_stands_behind_it(ds: Dataset, *, expected: bool) -> None:
    assert is_of_ai(ds) is expected


ALGORITHM = within(coded("111001"))


@pytest.mark.parametrize(
    "ds",
    [
        written_by(report(ALGORITHM), "PSN"),
        written_by(report(coded("121005", "121007"), ALGORITHM), "PSN"),  # which device helped
        report(coded("121008"), ALGORITHM),
        report(coded("121008"), coded("121005", "121007"), ALGORITHM),
    ],
)
def test_a_colleague_stands_behind_a_report_that_names_its_author_or_the_person_who_observed(ds: Dataset) -> None:
    assert not is_of_ai(ds)
    assert not is_of_ai(titled(ds, "126000"))


@pytest.mark.parametrize("kind", ["11", "22", "34", "35"])
def test_what_a_device_alone_says_in_words_waits_for_the_reveal_though_no_algorithm_is_named(kind: str) -> None:
    device = coded("121005", "121007")

    assert is_of_ai(titled(report(device, kind=kind), "121070"))
    assert is_of_ai(titled(written_by(report(kind=kind), "DEV"), "121070"))
    assert not is_of_ai(titled(report(device, coded("121005", "121006"), kind=kind), "121070"))
    assert not is_of_ai(titled(report(kind=kind), "121070"))  # nobody is named: most are a person's


@pytest.mark.parametrize("title", ["113701", "125000", "125200", "122120"])
def test_doses_and_what_an_ultrasound_scanner_measured_are_seen_before_the_reveal(title: str) -> None:
    assert not is_of_ai(titled(report(coded("121005", "121007"), kind="22"), title))


@pytest.mark.parametrize(
    ("ds", "expected"),
    [
        (structures(("GTV", "MANUAL", "GTV"), ("P1", "AUTOMATIC", "EXTERNAL")), False),
        (structures(("GTV", "MANUAL", "GTV"), ("CouchSurface", "AUTOMATIC", "SUPPORT")), False),
        (structures(("GTV", "MANUAL", "GTV"), ("BODY", "AUTOMATIC", "")), False),
        (structures(("GTV", "", "GTV"), ("External_1", "AUTOMATIC", "")), False),
        (structures(("GTV", "", "GTV"), ("体表轮廓", "AUTOMATIC", "")), False),
        (structures(("BODY", "AUTOMATIC", "EXTERNAL"), ("Nodule 1", "AUTOMATIC", "")), True),
        (structures(("Body of stomach", "AUTOMATIC", "")), True),
        (structures(("skin lesion", "AUTOMATIC", "")), True),
    ],
)
def test_a_patients_outline_by_a_planning_system_hides_no_colleagues_structures(ds: Dataset, *, expected: bool) -> None:
    assert is_of_ai(ds) is expected


@pytest.mark.parametrize(("modality", "kind"), [("SEG", "66.5"), ("RTSTRUCT", "481.99"), ("SR", "99.1")])
def test_results_of_kinds_that_are_not_read_here_keep_their_words_until_the_reveal(modality: str, kind: str) -> None:
    study = cases.study()
    one = Instance("1.9.5.1", f"1.2.840.10008.5.1.4.1.1.{kind}", 1)
    said = Series("1.9.5", modality, 9, "AI nodules: 3 found", "", (one,))

    assert undisclosed_series(replace(study, series=(*study.series, said))) == {"1.9.5"}


def test_key_images_are_listed_under_whatever_modality_they_come() -> None:
    study = cases.study()
    keys = Series("1.9.6", "SR", 9, "Teaching", "", (Instance("1.9.6.1", f"{SR}.59", 1),))

    assert undisclosed_series(replace(study, series=(*study.series, keys))) == frozenset()


def test_where_the_class_is_unknown_the_modality_tells_what_may_be_an_ais() -> None:
    assert [may_be_of_ai("", one) for one in ("SR", "SEG", "RTSTRUCT", "KO", "PR", "DOC")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_our_own_marks_are_an_ais_even_where_it_found_nothing_and_a_readers_report_is_not() -> None:
    study, _images = follow_up.phantom(follow_up.PRIOR, "20251208", "1.6", -20.0)
    nothing = FindingList(study.study_instance_uid, f"{follow_up.PRIOR}.2", "1.6", cases.ALGORITHM)

    assert is_of_ai(read(follow_up.prior_marks(study, "1.6")))
    assert is_of_ai(read(detection_sr(study, nothing, at=cases.NOON)))
    assert not is_of_ai(read(follow_up.prior_report(study, "1.6")))
    assert names_algorithm(read(follow_up.prior_report(study, "1.6")))


def test_of_a_colleagues_report_a_reader_who_looks_first_sees_the_colleagues_nodules_only() -> None:
    study, _images = follow_up.phantom(follow_up.PRIOR, "20251208", "1.6", -20.0)
    open_mark = follow_up.mark_of(follow_up.AI_UID, 1, (60.0, 64.0, 20.0), 7.8)
    taken = replace(open_mark, tracking_uid="2.25.999", number=2).accepted(by="x", at=cases.NOON)
    signed = read_object(measurement_sr(cases.report(open_mark, taken, uid=study.study_instance_uid), study), study)
    proposed = read_object(follow_up.prior_marks(study, "1.6"), study)
    assert "AI" in signed.text

    seen = before_ai(ForeignObjects(study.study_instance_uid, (proposed, signed)))

    (one,) = seen.objects
    assert (one.text, [mark.tracking_uid for mark in one.marks]) == ("", ["2.25.999"])
