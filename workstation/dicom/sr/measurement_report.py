"""
Measurement reports, template TID 1500 in Comprehensive 3D SRs.

``detection_sr`` is the AI worker's result; ``measurement_sr`` the reader's decisions on it and
the reader's own measurements. One tracking UID names one lesion in both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.algorithm_items import (
    algorithm_items,
    contributing_equipment,
    device_observer,
    tracking_items,
)
from workstation.dicom.sr.annotation_groups import annotation_group
from workstation.dicom.sr.common import (
    MILLIMETRE,
    PERCENT,
    UNITLESS,
    DocumentHead,
    coded,
    container,
    document,
    language_items,
    number,
    part10,
    person_observer,
    scoord3d,
    sphere,
    text,
    uid_from,
    uid_reference,
)
from workstation.dicom.sr.evidence_items import evidence_items
from workstation.dicom.sr.finding_items import finding_code, named_items
from workstation.dicom.sr.image_regions import place_item, template_of
from workstation.dicom.sr.nodule_segments import add_segmentations, segment_refs
from workstation.dicom.sr.references import other_evidence
from workstation.dicom.sr.size_words import mark_size_item, reader_size_items
from workstation.dicom.sr.structured_report import refuse_research, report_head
from workstation.dicom.sr.trait_items import kind_code, trait_items
from workstation.dicom.sr.unnamed_frame import written_frame
from workstation.domain.annotation import Annotation
from workstation.domain.finding import UNNAMED, Decision, Finding, FindingList, Lobe, Mark, NoduleType
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImageMark
from workstation.domain.rejection import MarkedKind
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Code

AI_SESSION: Final = "AI"
READER_SESSION: Final = "Reader"
DETECTION_SERIES: Final = 9101
MEASUREMENT_SERIES: Final = 9002


def detection_sr(study: Study, findings: FindingList, *, at: datetime) -> bytes:
    """
    Return a detector's marks as Part 10 bytes: UNVERIFIED, one group per finding with a mark.

    No mark gives a valid SR that says "without findings". Raises ValueError without an algorithm,
    TemplateViolation for a research model.
    """
    refuse_research(findings)
    algorithm = findings.algorithm
    if algorithm is None:
        raise ValueError("a detection result names its algorithm")
    classes = sop_classes(study)
    groups = [_said_group(one, findings, classes, decided=False) for one in findings.findings if one.original]
    root = _root("zh", device_observer(algorithm), findings_procedure(study, findings.series_instance_uid), groups)
    summary = code.WITH_FINDINGS if groups else code.WITHOUT_FINDINGS
    root.ContentSequence.append(container(code.QUALITATIVE, [coded(code.SUMMARY, summary)]))
    digest = hashlib.sha256(root.to_json().encode()).hexdigest()
    head = DocumentHead(
        sop_class_uid=code.COMPREHENSIVE_3D_SR,
        series_instance_uid=uid_from(study.study_instance_uid, "detections", algorithm.sha256),
        sop_instance_uid=uid_from(study.study_instance_uid, "detection", digest, at.isoformat()),
        series_number=DETECTION_SERIES,
        series_description=f"AI {algorithm.name} {algorithm.version}"[:64],
        at=at,
        description=study.description,
    )
    used = [series for series in study.series if series.series_instance_uid == findings.series_instance_uid]
    ds = document(head, study, used, root)
    ds.ContributingEquipmentSequence = DicomSequence([contributing_equipment(algorithm, at)])
    return part10(ds)


def measurement_sr(report: Report, study: Study) -> bytes:
    """
    Return the reader's decisions and measurements as Part 10 bytes.

    Every AI mark appears as the model made it (session "AI"), with the reader's decision; a
    finding that counts also appears in the reader's version (session "Reader"). Raises
    TemplateViolation for marks of a research model.
    """
    findings = report.findings
    groups: list[Dataset] = []
    classes, segments = sop_classes(study), segment_refs(report, study)
    for finding in findings.findings:
        if finding.original is not None:
            groups.append(_said_group(finding, findings, classes, decided=True))
        if finding.counts:
            groups.append(_reader_group(finding, findings, classes, report.drawn.annotations))
    groups += [annotation_group(item, classes, segments.get(item.uid)) for item in report.drawn.annotations]
    procedure = findings_procedure(study, findings.series_instance_uid)
    root = _root(report.language, person_observer(report.author), procedure, groups)
    if not groups:
        statement = text(code.FINDING, "No measurement was made and no finding was recorded")
        root.ContentSequence.append(container(code.QUALITATIVE, [statement]))
    head = report_head(
        report,
        kind="measurement_sr",
        sop_class_uid=code.COMPREHENSIVE_3D_SR,
        number=MEASUREMENT_SERIES,
        description="Measurements and decisions",
    )
    ds = document(head, study, study.series, root)
    if other := other_evidence(report.cited, study.study_instance_uid):
        ds.PertinentOtherEvidenceSequence = other
    if segments:
        add_segmentations(ds, report, study)
    return part10(ds)


def findings_procedure(study: Study, series_instance_uid: str) -> Code:
    """Return the code of the procedure by the modality of the series, or of the study."""
    chosen = [s.modality for s in study.series if s.series_instance_uid == series_instance_uid]
    modality = next(iter(chosen or study.modalities), "")
    return code.PROCEDURES.get(modality, code.ANY_PROCEDURE)


def sop_classes(study: Study) -> dict[str, str]:
    """Return the SOP Class UID of every instance by its SOP Instance UID."""
    return {one.sop_instance_uid: one.sop_class_uid for series in study.series for one in series.instances}


def _root(language: str, observer: list[Dataset], procedure: Code, groups: Sequence[Dataset]) -> Dataset:
    children = [
        *language_items(language),
        *observer,
        coded(code.PROCEDURE_REPORTED, procedure, relationship="HAS CONCEPT MOD"),
    ]
    if groups:
        children.append(container(code.MEASUREMENTS, groups))
    return container(code.REPORT_TITLE, children, template="1500", relationship="")


def _region(centre: Point, diameter_mm: float, findings: FindingList) -> list[Dataset]:
    frame = written_frame(findings.frame_of_reference_uid, findings.series_instance_uid)
    return [
        scoord3d(code.VOLUME_SURFACE, "ELLIPSOID", sphere(centre, diameter_mm), frame, relationship="CONTAINS"),
        uid_reference(code.SOURCE_SERIES, findings.series_instance_uid),
    ]


def _said_group(finding: Finding, findings: FindingList, classes: Mapping[str, str], *, decided: bool) -> Dataset:
    """What the model said, with the reader's decision once there is one to tell."""
    mark = finding.original
    if isinstance(mark, ImageMark):
        return _image_group(finding, mark, findings, classes, decided=decided)
    if mark is None:
        raise AssertionError("only what a model said has a group of its own")
    return _ai_group(finding, mark, findings, decided=decided)


def _ai_group(finding: Finding, mark: Mark, findings: FindingList, *, decided: bool) -> Dataset:
    items = [
        *tracking_items(AI_SESSION, str(finding.number), finding.tracking_uid),
        *named_items(mark.label, mark.meaning),
        *algorithm_items(findings.algorithm),
        *_region(mark.centre_lps_mm, mark.diameter_mm, findings),
        mark_size_item(mark),
        number(code.CERTAINTY, mark.score * 100, PERCENT),
    ]
    if mark.out_of_ten is not None:
        items.append(number(code.OUT_OF_TEN, mark.out_of_ten, UNITLESS))
    frame = written_frame(findings.frame_of_reference_uid, findings.series_instance_uid)
    items += evidence_items(mark.evidence, frame)
    shown = findings.is_visible(finding) if decided else mark.shown
    items.append(coded(code.SHOWN, code.YES if shown else code.NO))
    if decided:
        items += _decision_items(finding)
    return container(code.GROUP, items, template="1411")


def _image_group(
    finding: Finding, mark: ImageMark, findings: FindingList, classes: Mapping[str, str], *, decided: bool
) -> Dataset:
    """What the model said of an image or of a whole series."""
    items = [
        *tracking_items(AI_SESSION, str(finding.number), finding.tracking_uid),
        *named_items(mark.label, mark.meaning),
        *algorithm_items(findings.algorithm),
        place_item(mark.place, classes),
        number(code.CERTAINTY, mark.score * 100, PERCENT),
    ]
    if mark.out_of_ten is not None:
        items.append(number(code.OUT_OF_TEN, mark.out_of_ten, UNITLESS))
    shown = findings.is_visible(finding) if decided else mark.shown
    items.append(coded(code.SHOWN, code.YES if shown else code.NO))
    if decided:
        items += _decision_items(finding)
    return container(code.GROUP, items, template=template_of(mark.place))


def _reader_group(
    finding: Finding, findings: FindingList, classes: Mapping[str, str], drawn: Sequence[Annotation]
) -> Dataset:
    if finding.on_image is not None:
        items = [
            *tracking_items(READER_SESSION, str(finding.number), finding.tracking_uid),
            coded(code.FINDING, kind_code(finding) or finding_code(finding.called or UNNAMED, finding.meaning)),
            place_item(finding.on_image, classes),
            *trait_items(finding),
        ]
        if finding.before_ai is not None:
            items.append(coded(code.BEFORE_AI, code.YES if finding.before_ai else code.NO))
        items += _own_items(finding)
        items += _decision_items(finding)
        return container(code.GROUP, items, template=template_of(finding.on_image))
    if finding.centre_lps_mm is None or finding.diameter_mm is None:
        raise AssertionError("a finding that is not on an image lies in the patient")
    items = [
        *tracking_items(READER_SESSION, str(finding.number), finding.tracking_uid),
        coded(code.FINDING, _kind_in_space(finding)),
        *_region(finding.centre_lps_mm, finding.diameter_mm, findings),
    ]
    if finding.lobe is not Lobe.UNSPECIFIED:
        lobe, side = code.SITES[finding.lobe]
        laterality = coded(code.LATERALITY, side, relationship="HAS CONCEPT MOD")
        items.append(coded(code.FINDING_SITE, lobe, relationship="HAS CONCEPT MOD", children=[laterality]))
    items += reader_size_items(finding, drawn)
    if finding.nodule_type is not NoduleType.UNSPECIFIED:
        items.append(coded(code.ATTENUATION_TYPE, code.NODULE_TYPES[finding.nodule_type]))
    items += trait_items(finding)
    if finding.before_ai is not None:
        items.append(coded(code.BEFORE_AI, code.YES if finding.before_ai else code.NO))
    items += _own_items(finding)
    items += _decision_items(finding)
    return container(code.GROUP, items, template="1411")


def _kind_in_space(finding: Finding) -> Code:
    """Return the code of a finding in the patient: a nodule unless the model that marked it says otherwise."""
    if finding.kind() is MarkedKind.LUNG_NODULE:
        return code.NODULE
    return finding_code(finding.called, finding.meaning)


def _own_items(finding: Finding) -> list[Dataset]:
    """That the reader had found the same alone, with the size of then where it lies in the patient."""
    if finding.own is None:
        return []
    said = [coded(code.ALSO_FOUND, code.YES)]
    if finding.own.diameter_mm is not None:
        said.append(number(code.OWN_DIAMETER, finding.own.diameter_mm, MILLIMETRE))
    return said


def _decision_items(finding: Finding) -> list[Dataset]:
    items = [coded(code.DECISION, code.DECISIONS[finding.decision])]
    if finding.decision is Decision.REJECTED and finding.reject_reason is not None:
        items.append(coded(code.REASON, code.REASONS[finding.reject_reason]))
        if finding.reject_note:
            items.append(text(code.COMMENT, finding.reject_note))
    return items
