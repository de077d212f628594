"""Reports as a workstation sends them to the hub."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from workstation.domain.finding import FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person, Report, ReportState

ADAPTER = TypeAdapter(Report)
RESIDENT = Person("resident", "宋佳", "省影像专科联盟远程诊断中心")
EXPERT = Person("expert", "王启明", "省影像专科联盟远程诊断中心")


def new_report(study: str, ups: str, report_uid: str, *, author: Person = RESIDENT, impression: str = "") -> Report:
    """Return a draft."""
    return Report(
        report_uid=report_uid,
        study_instance_uid=study,
        ups_instance_uid=ups,
        template_id="ct-chest",
        template_version="1",
        language="zh_CN",
        state=ReportState.DRAFTED,
        values={"impression": impression or "右肺上叶结节，建议随访。"},
        findings=FindingList(study),
        measurements=MeasurementSet(study),
        author=author,
        updated_at=datetime(2026, 3, 5, 8, 0, tzinfo=UTC),
    )


def as_json(report: Report) -> Any:  # noqa: ANN401 - plain JSON
    """Return the JSON form."""
    return ADAPTER.dump_python(report, mode="json")


def from_json(content: object) -> Report:
    """Return the report of a JSON answer."""
    return ADAPTER.validate_python(content)
