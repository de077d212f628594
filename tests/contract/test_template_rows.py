"""Our own TID 2000 and TID 1500 judge on every SR that the product writes, and on seeded defects."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.helpers.full_reports import OBJECTS, SENIOR, SIGNED, TEMPLATE, detected, worklist_row
from tests.helpers.marked import marked
from tests.helpers.papers import critical_value, following, paper_study, simple
from tests.helpers.tid_rows import faults
from workstation.dicom.sr.annotation_report import annotation_sr
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Report, ReportState
from workstation.domain.report_state import ReportKind
from workstation.exchange.templates.library import TemplateLibrary

STUDY = paper_study()
ROW = worklist_row(STUDY)


def report_sr(report: Report) -> bytes:
    return OBJECTS.enhanced_sr(report, TEMPLATE, STUDY, ROW)


def empty(report: Report) -> Report:
    nothing = MeasurementSet(STUDY.study_instance_uid)
    return replace(report, findings=replace(report.findings, findings=()), measurements=nothing)


@cache
def documents() -> dict[str, Dataset]:
    final = simple()
    drawn = marked(final, STUDY)
    whole = {
        "final": report_sr(final),
        "English": report_sr(simple("en")),
        "preliminary": report_sr(replace(final, state=ReportState.PRELIMINARY, verifier=None, signed_at=None)),
        "critical": report_sr(replace(final, critical_values=(critical_value(),))),
        "addendum": report_sr(following(final, ReportKind.ADDENDUM, addendum="补充：请复查。")),
        "corrected": report_sr(following(final, ReportKind.CORRECTED)),
        "amended": report_sr(following(final, ReportKind.AMENDED)),
        "measurements": OBJECTS.measurement_sr(final, STUDY),
        "drawn": OBJECTS.measurement_sr(drawn, STUDY),
        "nothing measured": OBJECTS.measurement_sr(empty(final), STUDY),
        "AI": OBJECTS.detection_sr(STUDY, detected(STUDY)),
        "AI without findings": OBJECTS.detection_sr(STUDY, replace(detected(STUDY), findings=())),
        "annotations": annotation_sr(drawn.drawn, STUDY, at=SIGNED, author=SENIOR, language="zh_CN"),
    }
    return {name: dcmread(BytesIO(content)) for name, content in whole.items()}


@pytest.mark.parametrize("name", documents())
def test_every_sr_keeps_every_row_of_its_template(name: str) -> None:
    assert faults(documents()[name]) == []


@pytest.mark.parametrize("template", TemplateLibrary().all(), ids=lambda one: one.template_id)
def test_the_report_of_every_template_keeps_every_row(template: object) -> None:
    chosen = next(one for one in TemplateLibrary().all() if one.template_id == getattr(template, "template_id", ""))
    values = {
        item.key: item.choices[-1].key if item.choices else "5" if item.unit else "文字"
        for item in chosen.fields
        if item.type != "findings"
    }
    report = replace(simple(), template_id=chosen.template_id, values=values)
    ds = dcmread(BytesIO(OBJECTS.enhanced_sr(report, chosen, STUDY, ROW)))

    assert faults(ds) == []


def child(ds: Dataset, code: str) -> Dataset:
    found: Dataset = next(item for item in ds.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == code)
    return found


def without(ds: Dataset, *names: str) -> None:
    ds.ContentSequence = [item for item in ds.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue not in names]


def group(ds: Dataset) -> Dataset:
    found: Dataset = child(ds, "126010").ContentSequence[0]
    return found


def related(item: Dataset, relation: str) -> None:
    item.RelationshipType = relation


def twice(ds: Dataset, code: str) -> None:
    ds.ContentSequence.append(copy.deepcopy(child(ds, code)))


def moved_first(ds: Dataset, code: str) -> None:
    first = child(ds, code)
    ds.ContentSequence = [first, *(item for item in ds.ContentSequence if item is not first)]


def named(item: Dataset, code: str) -> None:
    item.ConceptNameCodeSequence[0].CodeValue = code


REPORT_DEFECTS: dict[str, tuple[Callable[[Dataset], None], str]] = {
    "no language": (lambda ds: without(ds, "121049"), "1204/1"),
    "two languages": (lambda ds: twice(ds, "121049"), "1204/1"),
    "no observer type": (lambda ds: without(ds, "121005"), "1001"),
    "no observer name": (lambda ds: without(ds, "121008"), "1003/1"),
    "an observer of no known type": (
        lambda ds: setattr(child(ds, "121005").ConceptCodeSequence[0], "CodeValue", "1"),
        "1002/1",
    ),
    "language as observation context": (lambda ds: related(child(ds, "121049"), "HAS OBS CONTEXT"), "1204/1"),
    "observer as modifier": (lambda ds: related(child(ds, "121008"), "HAS CONCEPT MOD"), "1003/1"),
    "something else as observation context": (lambda ds: related(child(ds, "59776-5"), "HAS OBS CONTEXT"), "2000/8"),
    "a title of no kind": (lambda ds: named(ds, "00000-0"), "2000/1"),
    "a heading of no kind": (lambda ds: named(child(ds, "59776-5"), "00000-0"), "2000: "),
    "an element of no kind": (lambda ds: named(child(ds, "59776-5").ContentSequence[0], "1"), "2000/8: "),
    "sections before the observer": (lambda ds: moved_first(ds, "59776-5"), "another order"),
    "an empty section": (lambda ds: setattr(child(ds, "59776-5"), "ContentSequence", []), "C.17.3"),
    "an empty text": (lambda ds: setattr(child(ds, "59776-5").ContentSequence[0], "TextValue", " "), "C.17.3"),
    "an inferred item below a container": (
        lambda ds: related(child(ds, "59776-5").ContentSequence[0], "INFERRED FROM"),
        "INFERRED FROM below",
    ),
    "verified but partial": (lambda ds: setattr(ds, "CompletionFlag", "PARTIAL"), "not COMPLETE"),
    "verified by nobody": (lambda ds: delattr(ds, "VerifyingObserverSequence"), "verifying observer"),
    "verified without a time": (
        lambda ds: setattr(ds.VerifyingObserverSequence[0], "VerificationDateTime", ""),
        "VerificationDateTime",
    ),
    "no preliminary flag": (lambda ds: delattr(ds, "PreliminaryFlag"), "preliminary flag"),
    "another SOP class": (lambda ds: setattr(ds, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.11"), "A.35: SOP class"),
    "no template": (lambda ds: delattr(ds, "ContentTemplateSequence"), "no template"),
}
GROUP_DEFECTS: dict[str, tuple[Callable[[Dataset], None], str]] = {
    "no tracking UID": (lambda ds: without(group(ds), "112040"), "/3"),
    "no tracking identifier": (lambda ds: without(group(ds), "112039"), "/2"),
    "tracking UID contained": (lambda ds: related(child(group(ds), "112040"), "CONTAINS"), "1501/3"),
    "tracking UID that is none": (lambda ds: setattr(child(group(ds), "112040"), "UID", ""), "C.17.3"),
    "two findings": (lambda ds: twice(group(ds), "121071"), "1501/4"),
    "no region": (lambda ds: without(group(ds), "121231"), "1411/7"),
    "no source": (lambda ds: without(group(ds), "121232"), "1411/12"),
    "a number without unit": (
        lambda ds: delattr(child(group(ds), "81827009").MeasuredValueSequence[0], "MeasurementUnitsCodeSequence"),
        "C.17.3",
    ),
    "a region without its frame of reference": (
        lambda ds: delattr(child(group(ds), "121231"), "ReferencedFrameOfReferenceUID"),
        "C.17.3",
    ),
    "a group of no template": (lambda ds: delattr(group(ds), "ContentTemplateSequence"), "1501"),
    "no procedure": (lambda ds: without(ds, "121058"), "1500/4"),
    "no device UID": (lambda ds: without(ds, "121012"), "1004/1"),
    "neither measurements nor evaluations": (
        lambda ds: without(ds, "126010", "C0034375"),
        "1500/6",
    ),
    "a title of no kind": (lambda ds: named(ds, "1"), "1500/1"),
    "points in space in an Enhanced SR": (
        lambda ds: setattr(ds, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.22"),
        "SCOORD3D in this SOP class",
    ),
}


@pytest.mark.parametrize("defect", REPORT_DEFECTS)
def test_the_judge_finds_a_seeded_defect_in_a_report(defect: str) -> None:
    spoil, expected = REPORT_DEFECTS[defect]
    ds = copy.deepcopy(documents()["final"])
    spoil(ds)

    assert [line for line in faults(ds) if expected in line] != []


@pytest.mark.parametrize("defect", GROUP_DEFECTS)
def test_the_judge_finds_a_seeded_defect_in_measurements(defect: str) -> None:
    spoil, expected = GROUP_DEFECTS[defect]
    ds = copy.deepcopy(documents()["AI"])
    spoil(ds)

    assert [line for line in faults(ds) if expected in line] != []


def test_an_image_that_is_no_evidence_is_found() -> None:
    ds = copy.deepcopy(documents()["drawn"])
    ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence = []

    assert "C.17.2.3: a referenced object is not listed as evidence" in faults(ds)


def test_a_final_report_lists_every_image_of_the_procedure_as_evidence() -> None:
    from tests.helpers.tid_rows import evidence  # noqa: PLC0415 - used once

    expected = {instance.sop_instance_uid for series in STUDY.series for instance in series.instances}

    assert expected == set(evidence(documents()["final"]))


@pytest.mark.parametrize("name", ["addendum", "corrected", "amended"])
def test_what_follows_a_report_keeps_the_rows_too_and_is_final(name: str) -> None:
    ds = documents()[name]

    assert (ds.PreliminaryFlag, ds.CompletionFlag, ds.VerificationFlag) == ("FINAL", "COMPLETE", "VERIFIED")
