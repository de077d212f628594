"""No case is lost: one that a machine took with it comes back, and so does one that was withdrawn by mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.hub import HubBed, SentStudy, digests, expect, new_uid
from tests.helpers.hub_reports import RESIDENT, new_report, submit
from workstation.domain.report import ReportState

WORKITEMS = "/dicom-web/workitems"


def free(hub: HubBed, user: str, ups: str, reason: str = "工作站损坏") -> int:
    return hub.as_(user).post(f"/api/worklist/{ups}/free", json={"reason": reason}).status_code


def submitted(hub: HubBed) -> SentStudy:
    """Return a case whose preliminary report waits for a senior."""
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid(), author=RESIDENT)
    expect(200, submit(hub, "resident", sent.ups, replace(report, state=ReportState.PRELIMINARY), lock))
    return sent


@pytest.mark.parametrize("user", ["expert", "resident"])
def test_a_case_whose_machine_is_gone_is_taken_back_by_its_reader_or_a_senior(hub: HubBed, user: str) -> None:
    sent = hub.send(priority="HIGH")
    lost = hub.claim("resident", sent.ups)

    assert free(hub, user, sent.ups) == 200

    row = hub.row("expert", sent.ups)
    assert (row["state"], row["reader_id"]) == ("ready", "")
    hub.claim("expert", row["ups_instance_uid"])
    # what the lost machine brings later is refused, and the case stays with its new reader
    report = new_report(sent.study, sent.ups, new_uid(), author=RESIDENT)
    late = submit(hub, "resident", sent.ups, replace(report, state=ReportState.PRELIMINARY), lost)
    assert late.status_code == 409
    assert hub.row("expert", sent.ups)["reader_id"] == "expert"


@pytest.mark.parametrize("user", ["resident", "technician", "admin", "quality"])
def test_nobody_but_a_senior_takes_a_case_from_another_reader(hub: HubBed, user: str) -> None:
    sent = hub.send()
    hub.claim("expert", sent.ups)

    assert free(hub, user, sent.ups) in {403, 404}
    assert free(hub, "expert", sent.ups, reason="  ") == 400
    assert hub.row("expert", sent.ups)["reader_id"] == "expert"


def test_what_nobody_holds_is_taken_from_nobody(hub: HubBed) -> None:
    sent = hub.send()

    assert free(hub, "expert", sent.ups) == 409
    hub.claim("expert", sent.ups)
    assert free(hub, "expert", sent.ups) == 200
    assert free(hub, "expert", sent.ups) == 409


def test_a_request_is_not_withdrawn_under_a_report_that_was_begun(hub: HubBed) -> None:
    sent = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]

    refused = hub.as_("technician").post(f"{WORKITEMS}/{verification}/cancelrequest", json=[{}])

    assert refused.status_code == 409
    assert hub.row("expert", sent.ups)["state"] == "preliminary"
    hub.claim("expert", verification)


def test_a_withdrawn_request_that_is_made_again_comes_back_to_the_worklist(hub: HubBed) -> None:
    sent = hub.send()
    technician = hub.as_("technician")
    expect(202, technician.post(f"{WORKITEMS}/{sent.ups}/cancelrequest", json=[{}]))
    assert hub.row("expert", sent.ups)["state"] == "cancelled"

    asked = {"study_instance_uid": sent.study, "priority": "HIGH", "clinical_question": "再看", "expected_instances": 2}
    expect(201, technician.post("/api/requests", json=asked))
    done = expect(
        200, technician.post(f"/api/requests/{sent.study}/complete", json={"instances": digests(sent.files)})
    ).json()

    row = hub.row("expert", done["ups_instance_uid"])
    assert (row["state"], row["priority"], row["clinical_question"]) == ("ready", "HIGH", "再看")
    assert done["ups_instance_uid"] != sent.ups
    hub.claim("expert", done["ups_instance_uid"])


def test_who_may_perform_a_step_is_not_changed_from_outside(hub: HubBed) -> None:
    sent = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    interpretation = {"00080100": {"vr": "SH", "Value": ["110005"]}, "00080102": {"vr": "SH", "Value": ["DCM"]}}
    interpretation["00080104"] = {"vr": "LO", "Value": ["Interpretation"]}
    change = {"00404018": {"vr": "SQ", "Value": [interpretation]}}

    assert hub.as_("technician").post(f"{WORKITEMS}/{verification}", json=[change]).status_code == 400
    assert hub.change_state("resident", verification, new_uid(), "IN PROGRESS").status_code == 403
