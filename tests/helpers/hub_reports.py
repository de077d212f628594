"""Reports as a workstation sends them to the hub."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import TypeAdapter

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid, result_file
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


NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def submit(hub: HubBed, user: str, ups: str, report: Report, lock: str) -> httpx.Response:
    body = {"report": as_json(report), "transaction_uid": lock}
    return hub.as_(user).post(f"/api/reports/{ups}/submit", json=body)


def send_back(hub: HubBed, ups: str, report: Report, lock: str, reason: str) -> httpx.Response:
    body = {"report": as_json(report), "transaction_uid": lock, "reason": reason}
    return hub.as_("expert").post(f"/api/reports/{ups}/return", json=body)


def check_final(hub: HubBed, ups: str, report: Report, lock: str, user: str = "expert") -> httpx.Response:
    body = {"report": as_json(report), "transaction_uid": lock}
    return hub.as_(user).post(f"/api/reports/{ups}/final/check", json=body)


def finalise(
    hub: HubBed, ups: str, report: Report, lock: str, outputs: list[dict[str, str]], user: str = "expert"
) -> httpx.Response:
    body = {"report": as_json(report), "transaction_uid": lock, "outputs": outputs}
    return hub.as_(user).post(f"/api/reports/{ups}/final", json=body)


def signed(report: Report) -> Report:
    return replace(report.moved(ReportState.FINAL, at=NOW), verifier=EXPERT, signed_at=NOW)


def stored_outputs(hub: HubBed, study: str, **attributes: str) -> list[dict[str, str]]:
    """Store a report and a PDF of the study."""
    outputs: list[dict[str, str]] = []
    for sop_class in (ENHANCED_SR, PDF):
        series = new_uid()
        uid, content = result_file(study, series, sop_class, **attributes)
        expect(200, hub.store("expert", study, [content]))
        outputs.append(
            {
                "study_instance_uid": study,
                "series_instance_uid": series,
                "sop_class_uid": sop_class,
                "sop_instance_uid": uid,
            }
        )
    return outputs


def submitted(hub: HubBed) -> tuple[SentStudy, Report]:
    """Return a study whose preliminary report waits for a senior."""
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid()).moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", sent.ups, report, lock))
    return sent, report


def workitem(hub: HubBed, ups: str) -> dict[str, Any]:
    content: dict[str, Any] = expect(200, hub.as_("expert").get(f"/dicom-web/workitems/{ups}")).json()[0]
    return content


def state(hub: HubBed, ups: str) -> str:
    found: str = workitem(hub, ups)["00741000"]["Value"][0]
    return found
