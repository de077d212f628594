"""A complete report of a real study, and of a Chinese patient, for the judges."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from pydicom import dcmread

from tests.helpers.cases import FixedClock
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.finding import (
    AlgorithmIdentity,
    Decision,
    Finding,
    FindingList,
    Lobe,
    Mark,
    MarkEvidence,
    NoduleType,
    RejectReason,
)
from workstation.domain.geometry import ImagePlane
from workstation.domain.measurement import Measurement, MeasurementKind, MeasurementSet, RegionStatistics
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.workitem import (
    AiState,
    AiSummary,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistRow,
)
from workstation.exchange.templates.library import TemplateLibrary

SIGNED = datetime(2026, 11, 21, 11, 42, 7, tzinfo=UTC)
JUNIOR = Person("songjia", "宋佳", "省影像专科联盟远程诊断中心")
SENIOR = Person("wangqiming", "王启明", "省影像专科联盟远程诊断中心")
MODEL = AlgorithmIdentity("NodDet", "1.2.0", "5f" * 32, "CPUExecutionProvider", 0.43, 9.8125)
TEMPLATE = TemplateLibrary().get("ct-chest")
OBJECTS = DicomObjects(FixedClock(SIGNED))


@cache
def real_study(folder: Path, patient: Patient | None = None) -> Study:
    """Return the structure of the chest CT in ``folder`` as its headers give it."""
    heads = sorted(
        (dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm")),
        key=lambda ds: -float(ds.ImagePositionPatient[2]),  # numbered from head to foot
    )
    instances = tuple(
        Instance(
            sop_instance_uid=ds.SOPInstanceUID,
            sop_class_uid=ds.SOPClassUID,
            instance_number=int(ds.InstanceNumber),
            rows=512,
            columns=512,
            plane=ImagePlane(tuple(ds.ImagePositionPatient), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.78125, 0.78125)),
        )
        for ds in heads
    )
    first = heads[0]
    return Study(
        study_instance_uid=first.StudyInstanceUID,
        patient=patient or Patient(first.PatientID, str(first.PatientName), "", first.PatientSex),
        study_date=first.StudyDate,
        study_time=str(first.StudyTime),
        accession_number=first.AccessionNumber,
        description="胸部低剂量 LDCT 平扫",
        institution="清水镇中心卫生院",
        series=(Series(first.SeriesInstanceUID, "CT", int(first.SeriesNumber), "", "CHEST", instances),),
    )


EVIDENCE = MarkEvidence(
    long_axis_mm=21.9012345678901,
    short_axis_mm=14.25,
    volume_mm3=1949.7,
    long_axis_lps_mm=((-66.5, 127.25, -520.5), (-47.0, 137.5, -520.5)),
    short_axis_lps_mm=((-54.0, 125.5, -520.5), (-60.25, 138.0, -520.5)),
    nodule_type=NoduleType.SOLID,
    mean_hu=-121.4,
    standard_deviation_hu=254.1,
    percentiles_hu=((5, -634.2), (50, 29.8), (95, 97.9)),
    solid_threshold_hu=-300.0,
    solid_volume_mm3=1502.0,
    solid_long_axis_mm=17.8,
    solid_short_axis_mm=13.1,
    pleura_distance_mm=5.7,
    attachments=("pleura", "vessel"),
    lobe=Lobe.RIGHT_MIDDLE,
    lobe_confidence=0.49,
    network_diameter_mm=16.78,
)


def marks() -> tuple[Mark, ...]:
    return (
        Mark((-57.0, 131.0, -520.5), 15.5, 0.9312, shown=True, out_of_ten=9, evidence=EVIDENCE),
        Mark((61.25, 98.5, -610.0), 6.4, 0.5, shown=True, out_of_ten=4),
        Mark((12.0, 80.0, -480.75), 4.0, 0.21, shown=False),
    )


def detected(study: Study) -> FindingList:
    """Return what the worker hands over: three undecided marks."""
    findings = tuple(
        Finding(f"2.25.77{n}", n, mark.centre_lps_mm, mark.diameter_mm, Decision.UNDECIDED, mark)
        for n, mark in enumerate(marks(), 1)
    )
    return FindingList(study.study_instance_uid, study.series[0].series_instance_uid, "1.2.3.4.5", MODEL, findings)


def decided(study: Study) -> FindingList:
    """Return the list after reading: accepted, edited, rejected, and one added."""
    found = detected(study)
    first, second, third = found.findings
    by, at = "songjia", SIGNED - timedelta(minutes=9)
    first = replace(first.accepted(by=by, at=at), lobe=Lobe.RIGHT_UPPER, nodule_type=NoduleType.SOLID)
    second = second.edited(by=by, at=at, diameter_mm=6.1, nodule_type=NoduleType.GROUND_GLASS, lobe=Lobe.LEFT_LOWER)
    third = third.rejected(RejectReason.VESSEL, by=by, at=at, note="血管分叉")
    added = Finding("2.25.779", 4, (30.0, 60.0, -550.0), 3.8, Decision.ADDED, lobe=Lobe.RIGHT_MIDDLE)
    return replace(found, findings=(first, second, third, added))


def measurements(study: Study) -> MeasurementSet:
    frame, image = "1.2.3.4.5", study.series[0].instances[9].sop_instance_uid
    statistics = RegionStatistics(38.5, 12.25, -20.0, 91.0, 78.5, 129, "HU")
    return MeasurementSet(
        study.study_instance_uid,
        (
            Measurement(
                "2.25.801", MeasurementKind.DISTANCE, ((0.0, 0.0, 1.0), (3.0, 4.0, 1.0)), frame, image, 5.0, "mm"
            ),
            Measurement(
                "2.25.802",
                MeasurementKind.ELLIPSE,
                ((0.0, 0.0, 1.0), (2.5, 0.0, 1.0), (0.0, 10.0, 1.0)),
                frame,
                image,
                statistics=statistics,
            ),
            Measurement("2.25.803", MeasurementKind.PROBE, ((1.0, 2.0, 3.0),), frame, image, -871.0, "HU"),
        ),
    )


def final_report(study: Study, *, language: str = "zh_CN") -> Report:
    """Return the signed state of a complete CT chest report."""
    values = {item.key: item.normal_phrase.get(language) for item in TEMPLATE.fields if item.normal_phrase is not None}
    values |= {
        "image_quality": "diagnostic",
        "dlp": "62.5",
        "impression": "1. 右肺上叶实性结节，Lung-RADS 4B，建议增强 CT 或 PET-CT，并多学科会诊。"
        "\n2. 左肺下叶磨玻璃结节，6 个月后复查。",
    }
    return Report(
        report_uid="2.25.555",
        study_instance_uid=study.study_instance_uid,
        ups_instance_uid="2.25.556",
        template_id="ct-chest",
        template_version="1.0.0",
        language=language,
        state=ReportState.FINAL,
        values=values,
        findings=decided(study),
        measurements=measurements(study),
        author=JUNIOR,
        updated_at=SIGNED,
        revision=5,
        verifier=SENIOR,
        signed_at=SIGNED,
    )


def preliminary_report(study: Study, *, language: str = "zh_CN") -> Report:
    """Return the same report as its author submitted it."""
    return replace(final_report(study, language=language), state=ReportState.PRELIMINARY, verifier=None, signed_at=None)


def worklist_row(study: Study) -> WorklistRow:
    return WorklistRow(
        ups_instance_uid="2.25.556",
        study_instance_uid=study.study_instance_uid,
        workitem_code=WorkitemCode.REPORT_VERIFICATION,
        state=ReadingState.PRELIMINARY,
        priority=Priority.MEDIUM,
        patient_name=study.patient.name,
        patient_id=study.patient.patient_id,
        sex=study.patient.sex,
        birth_date=study.patient.birth_date,
        accession_number=study.accession_number,
        modality="CT",
        description=study.description,
        site_id="qs",
        site_name="清水镇中心卫生院",
        due=SIGNED + timedelta(hours=1),
        studied=SIGNED - timedelta(hours=3),
        arrived=SIGNED - timedelta(hours=2),
        images_received=study.instance_count,
        images_expected=study.instance_count,
        ai=AiSummary(AiState.DONE, 3, 9),
        clinical_question="体检发现肺结节",
    )


def dciodvfy_errors(path: Path) -> list[str]:
    """Return the error lines of dciodvfy; its exit status does not tell."""
    judged = subprocess.run([_tool("dciodvfy"), str(path)], capture_output=True, text=True, check=False)
    return [line for line in (judged.stdout + judged.stderr).splitlines() if line.startswith("Error")]


def dsrdump(path: Path) -> tuple[int, str]:
    """Return DCMTK's exit status and everything it prints."""
    judged = subprocess.run(
        ["dsrdump", "-v", "+Pn", "+Pl", "+U8", str(path)], capture_output=True, text=True, check=False
    )
    return judged.returncode, judged.stdout + judged.stderr


def _tool(name: str) -> str:
    import shutil  # noqa: PLC0415 - only the judges need it
    import sys  # noqa: PLC0415

    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name) or name
