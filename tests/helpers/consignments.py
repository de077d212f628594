"""Signed reports ready to be carried, without a hub: real SRs and PDF of a small study of a Chinese patient."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO

from pydicom import dcmread

from tests.helpers.full_reports import OBJECTS, TEMPLATE, final_report, worklist_row
from workstation.domain.dispatch import (
    Consignment,
    PatientFacts,
    Route,
    RouteKind,
    SignedObject,
    StudiedInstance,
    StudiedSeries,
    StudyFacts,
)
from workstation.domain.geometry import ImagePlane
from workstation.domain.report import Report
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.exchange.templates.library import TemplateLibrary

CT = "1.2.840.10008.5.1.4.1.1.2"
PDF_BYTES = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
WANG = Patient("QS0118793", "Wang^Yan=王^燕", "19680314", "F")
HL7 = Route("qs-his", "qingshui", RouteKind.HL7, "HIS", "127.0.0.1:1", answer_timeout_s=10.0)
template_of = TemplateLibrary().get


@cache
def small_study(patient: Patient = WANG) -> Study:
    """Return a chest CT of twelve slices."""
    instances = tuple(
        Instance(
            sop_instance_uid=f"2.25.9001{number}",
            sop_class_uid=CT,
            instance_number=number,
            rows=512,
            columns=512,
            plane=ImagePlane((-200.0, -200.0, -440.0 - 15.0 * number), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.8, 0.8)),
        )
        for number in range(1, 13)
    )
    return Study(
        "2.25.9000", patient, "20261121", "175500", "A2026112101", "胸部平扫", "清水镇中心卫生院",
        (Series("2.25.9002", "CT", 2, "", "CHEST", instances),),
    )  # fmt: skip


@cache
def objects_of(report_uid: str, patient: Patient = WANG) -> tuple[tuple[str, str, str, bytes], ...]:
    """Return (Series, class, SOP Instance UID, bytes) of the signed objects of the final report."""
    study = small_study(patient)
    report = replace(final_report(study), report_uid=report_uid)
    files = (
        OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study)),
        OBJECTS.measurement_sr(report, study),
        OBJECTS.encapsulated_pdf(report, study, PDF_BYTES),
    )
    found = []
    for content in files:
        head = dcmread(BytesIO(content), stop_before_pixels=True)
        found.append((str(head.SeriesInstanceUID), str(head.SOPClassUID), str(head.SOPInstanceUID), content))
    return tuple(found)


def consigned(
    report: Report | None = None, *, patient: Patient = WANG, control_id: str = "CONTROL0000000000001"
) -> Consignment:
    """Return a report with its objects; another report keeps the objects of the final one."""
    study = small_study(patient)
    used = report or final_report(study)
    return Consignment(
        control_id=control_id,
        report=used,
        report_root="2.25.555",
        site_name="清水镇中心卫生院",
        patient=PatientFacts(patient.patient_id, patient.name, patient.sex, patient.birth_date),
        study=StudyFacts(
            study.study_instance_uid,
            study.accession_number,
            "CT",
            study.description,
            None,
            tuple(
                StudiedSeries(
                    series.series_instance_uid,
                    series.modality,
                    tuple(StudiedInstance(one.sop_class_uid, one.sop_instance_uid) for one in series.instances),
                )
                for series in study.series
            ),
        ),
        objects=tuple(
            SignedObject(series, sop_class, uid, lambda content=content: content)  # type: ignore[misc]  # bound now
            for series, sop_class, uid, content in objects_of("2.25.555", patient)
        ),
    )
