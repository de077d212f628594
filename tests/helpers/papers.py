"""Reports for the printed page: a study made here, criticals, successors, recognition, a letterhead with a logo."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.helpers.full_reports import SIGNED, TEMPLATE, final_report, worklist_row
from workstation.domain.critical import (
    LEVELS,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalSource,
    CriticalValue,
    Party,
)
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType
from workstation.domain.geometry import ImagePlane
from workstation.domain.key_image import KeyImage, KeyPicture
from workstation.domain.letterhead import Letterhead
from workstation.domain.mutual_recognition import Recognition, Refusal
from workstation.domain.report import Predecessor, Report
from workstation.domain.report_state import ReportKind
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.template import ReportTemplate, Text
from workstation.exchange.paper.letterheads import OneLetterhead
from workstation.exchange.paper.report_pdf import ReportPdf

CT = "1.2.840.10008.5.1.4.1.1.2"
SCOPE = Text("省内", "province")
GRANTED = Recognition("alliance", "1.0.0", "HR", SCOPE, "ct-chest", (), date(2026, 12, 21))
REFUSED = Recognition("alliance", "1.0.0", "HR", SCOPE, "", (Refusal.NO_QUALITY, Refusal.EXPIRED))
ATTACHED = {"manifest.json": b'{"format": 2}'}


def logo() -> bytes:
    buffer = BytesIO()
    Image.radial_gradient("L").convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


HEAD = Letterhead(
    name=Text("省影像专科联盟远程诊断中心", "Provincial Imaging Alliance Remote Reading Centre"),
    department=Text("放射科", "Department of Radiology"),
    address=Text("健康路 18 号", "18 Health Road"),
    phone="0571-8888 6666",
    footer=Text("仅供临床医师参考。", "For the treating physician."),
    logo_png=logo(),
)
PRINTER = ReportPdf(OneLetterhead(HEAD))


@cache
def paper_study(name: str = "Wang^Yan=王^䶮") -> Study:
    """Return a chest CT of 120 slices that exists only as values."""
    instances = tuple(
        Instance(
            sop_instance_uid=f"2.25.1000{n}",
            sop_class_uid=CT,
            instance_number=n + 1,
            rows=512,
            columns=512,
            plane=ImagePlane((-200.0, -200.0, -400.0 - 2.5 * n), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.78125, 0.78125)),
        )
        for n in range(120)
    )
    return Study(
        study_instance_uid="2.25.1",
        patient=Patient("QS0118793", name, "19680314", "F"),
        study_date="20261121",
        study_time="175500",
        accession_number="CT20261121-0793",
        description="胸部低剂量 LDCT 平扫",
        institution="清水镇中心卫生院",
        series=(Series("2.25.2", "CT", 2, "", "CHEST", instances),),
    )


def simple(language: str = "zh_CN", study: Study | None = None) -> Report:
    return final_report(study or paper_study(), language=language)


def picture(image: KeyImage, size: tuple[int, int] = (360, 300)) -> KeyPicture:
    buffer = BytesIO()
    Image.linear_gradient("L").resize(size).save(buffer, "JPEG")
    return KeyPicture(image, base64.b64encode(buffer.getvalue()).decode())


def with_pictures(report: Report, count: int) -> Report:
    images = tuple(KeyImage("2.25.2", CT, f"2.25.1000{n}") for n in range(count))
    return replace(report, key_images=images, key_pictures=tuple(map(picture, images)))


def with_many_findings(report: Report, count: int) -> Report:
    more = tuple(
        Finding(
            f"2.25.9{n}",
            n,
            (30.0 + n, 60.0, -450.0 - n),
            3.8 + n / 3,
            Decision.ADDED,
            lobe=list(Lobe)[1 + n % 5],
            nodule_type=list(NoduleType)[n % 5],
        )
        for n in range(5, 5 + count)
    )
    findings = report.findings
    return replace(report, findings=replace(findings, findings=findings.findings + more))


def critical_value(text: str = "急性肺栓塞：右肺动脉干充盈缺损") -> CriticalValue:
    me = Party("wangqiming", "王启明", "radiologist", "省影像专科联盟远程诊断中心")
    them = Party("liu", "刘医师", "physician", "清水镇中心卫生院")
    call = CallRecord(
        "2.25.91",
        me,
        "刘医师",
        "急诊科",
        "0571-8800 2210",
        SIGNED - timedelta(minutes=3),
        CallMethod.PHONE,
        CallOutcome.REACHED,
        "急性肺栓塞",
        read_back=True,
        read_back_text="王䶮，急性肺栓塞，立即处理",
    )
    missed = replace(
        call, call_uid="2.25.92", at=SIGNED - timedelta(minutes=5), outcome=CallOutcome.BUSY, read_back=False,
        read_back_text="",
    )  # fmt: skip
    value = CriticalValue(
        "2.25.90",
        "2.25.1",
        "2.25.556",
        "pulmonary_embolism",
        LEVELS[1],
        text,
        CriticalSource.READER,
        me,
        SIGNED - timedelta(minutes=7),
    )
    return value.called(missed).called(call).acknowledged(them, SIGNED - timedelta(minutes=2), "急性肺栓塞")


def following(report: Report, kind: ReportKind, **more: object) -> Report:
    before = Predecessor("2.25.554", ReportKind.ORIGINAL, SIGNED - timedelta(days=1), "王启明", ())
    return replace(report, kind=kind, predecessors=(before,), change_reason="方位更正：左应为右。", **more)  # type: ignore[arg-type]  # fields by name


def printed(
    report: Report,
    study: Study | None = None,
    *,
    template: ReportTemplate = TEMPLATE,
    draft: bool = False,
    attachments: dict[str, bytes] | None = None,
    printer: ReportPdf = PRINTER,
) -> bytes:
    study = study or paper_study()
    return printer.render(report, template, study, worklist_row(study), draft=draft, attachments=attachments)


def text_of(pdf: bytes, folder: Path, *options: str) -> str:
    """Return what an outside reader finds on the pages, as poppler's pdftotext gives it."""
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, text=True, check=True).stdout


def squeezed(text: str) -> str:
    """Return a text without any white space, for comparing what lines were broken."""
    return "".join(text.split())
