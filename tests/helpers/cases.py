"""Small complete cases that unit tests start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark
from workstation.domain.geometry import ImagePlane
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.template import Code, FieldType, ReportTemplate, TemplateField, TemplateSection, Text
from workstation.domain.workitem import AiState, AiSummary, Priority, ReadingState, WorkitemCode, WorklistRow

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
READER = Person("resident", "宋佳", "省影像专科联盟远程诊断中心")
ALGORITHM = AlgorithmIdentity("lung-nodule-xs", "0.1.0", "ab" * 32, provider="cpu", threshold=0.414, seconds_s=2.0)


class FixedClock:
    """A clock that a test moves by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Uids:
    """Counting UIDs."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"2.25.{self.count}"


def mark(score: float = 0.7, centre: tuple[float, float, float] = (-57.0, 131.0, -520.5)) -> Mark:
    return Mark(centre_lps_mm=centre, diameter_mm=16.1, score=score, shown=score >= 0.414)


def ai_finding(number: int = 1, tracking_uid: str = "") -> Finding:
    original = mark()
    return Finding(
        tracking_uid=tracking_uid or f"2.25.100{number}",
        number=number,
        centre_lps_mm=original.centre_lps_mm,
        diameter_mm=original.diameter_mm,
        decision=Decision.UNDECIDED,
        original=original,
    )


def study(slices: int = 5, uid: str = "1.2.3") -> Study:
    instances = tuple(
        Instance(
            sop_instance_uid=f"{uid}.2.{n}",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
            instance_number=n,
            rows=512,
            columns=512,
            plane=ImagePlane((-200.0, -200.0, -522.0 + n), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.78, 0.78)),
        )
        for n in range(1, slices + 1)
    )
    series = Series(f"{uid}.2", "CT", 2, "肺窗 1.0 mm", "CHEST", instances)
    patient = Patient("QS0118793", "周丽华", "19680314", "F")
    return Study(
        uid, patient, "20261121", "175500", "CT20261121-0793", "胸部低剂量 LDCT", "清水镇中心卫生院", (series,)
    )


def template() -> ReportTemplate:
    fields = (
        TemplateField("technique", FieldType.TEXT, Text("检查技术", "Technique"), required=True),
        TemplateField("nodules", FieldType.FINDINGS, Text("肺结节", "Nodules")),
        TemplateField("ctdi", FieldType.NUMBER, Text("CTDIvol", "CTDIvol"), unit="mGy", minimum=0.0, maximum=100.0),
        TemplateField(
            "airways",
            FieldType.TEXT,
            Text("气道", "Airways"),
            normal_phrase=Text("气管及主支气管通畅。", "Trachea and main bronchi patent."),
        ),
        TemplateField("impression", FieldType.TEXT, Text("诊断印象", "Impression"), required=True, multiline=True),
    )
    section = TemplateSection("findings", Code("59776-5", "LN", "Findings"), Text("影像所见", "Findings"), fields)
    return ReportTemplate(
        "ct-chest",
        "1.0.0",
        Text("胸部 CT", "Chest CT"),
        Code("24627-2", "LN", "CT Chest"),
        ("CT",),
        ("CHEST",),
        Code("24627-2", "LN", "CT Chest"),
        (section,),
    )


def sectioned_template() -> ReportTemplate:
    """Return the template with its impression and a recommendation under headings of their own, as shipped ones are."""
    whole = template()
    found, concluded = whole.sections[0].fields[:-1], whole.sections[0].fields[-1:]
    advised = (TemplateField("recommendation", FieldType.TEXT, Text("建议", "Recommendation")),)
    headings = (
        ("findings", Code("59776-5", "LN", "Findings"), Text("影像所见", "Findings"), found),
        ("impression", Code("19005-8", "LN", "Impressions"), Text("诊断印象", "Impression"), concluded),
        ("advice", Code("18783-1", "LN", "Recommendations"), Text("建议", "Recommendation"), advised),
    )
    return replace(whole, sections=tuple(TemplateSection(*heading) for heading in headings))


def report(*findings: Finding, values: dict[str, str] | None = None, uid: str = "1.2.3") -> Report:
    return Report(
        report_uid="2.25.7",
        study_instance_uid=uid,
        ups_instance_uid="2.25.8",
        template_id="ct-chest",
        template_version="1.0.0",
        language="zh_CN",
        state=ReportState.DRAFTED,
        values=values or {},
        findings=FindingList(uid, f"{uid}.2", f"{uid}.9", ALGORITHM if findings else None, findings),
        measurements=MeasurementSet(uid),
        author=READER,
        updated_at=NOON,
    )


def complete_values() -> dict[str, str]:
    return {"technique": "低剂量平扫，层厚 1.0 mm", "impression": "右肺实性结节，建议增强 CT。"}


def row(state: ReadingState = ReadingState.READY, reader_id: str = "", ups: str = "2.25.8") -> WorklistRow:
    return WorklistRow(
        ups_instance_uid=ups,
        study_instance_uid="1.2.3",
        workitem_code=WorkitemCode.INTERPRETATION,
        state=state,
        priority=Priority.MEDIUM,
        patient_name="周丽华",
        patient_id="QS0118793",
        sex="F",
        birth_date="19680314",
        accession_number="CT20261121-0793",
        modality="CT",
        description="胸部低剂量 LDCT",
        site_id="qingshui",
        site_name="清水镇中心卫生院",
        due=NOON + timedelta(hours=1),
        studied=NOON - timedelta(hours=1),
        arrived=NOON,
        images_received=5,
        images_expected=5,
        ai=AiSummary(AiState.DONE, 1),
        reader_id=reader_id,
    )
