"""Reports that tests write, store and send."""

from __future__ import annotations

from datetime import UTC, datetime

from workstation.domain.finding import FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person, Report, ReportState

STUDY_UID = "1.2.826.0.1.3680043.10.1.1"
NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def drafted_report(text: str = "右肺上叶见一磨玻璃结节", *, number: int = 1, study_uid: str = STUDY_UID) -> Report:
    """Return a small drafted report; ``number`` makes its UID."""
    return Report(
        report_uid=f"1.2.826.0.1.3680043.10.2.{number}",
        study_instance_uid=study_uid,
        ups_instance_uid=f"1.2.826.0.1.3680043.10.3.{number}",
        template_id="general",
        template_version="1",
        language="zh_CN",
        state=ReportState.DRAFTED,
        values={"findings": text, "impression": "建议随访"},
        findings=FindingList(study_uid),
        measurements=MeasurementSet(study_uid),
        author=Person("resident", "李明", "县医院"),
        updated_at=NOON,
    )
