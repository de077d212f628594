"""What the hub passes on as signed is a signed report: real objects, real names, words and a reason."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import httpx
import pytest
from pydicom import dcmread

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import (
    ENHANCED_SR,
    EXPERT,
    NOW,
    PDF,
    RESIDENT,
    as_json,
    check_final,
    finalise,
    from_json,
    new_report,
    signed,
    stored_outputs,
    submit,
    submitted,
)
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.report_state import ReportKind
from workstation.domain.succession import successor
from workstation.services.report_workflow import signed_objects

IMPOSTOR = Person("expert", "李主任", "别的医院")


def claimed(hub: HubBed) -> tuple[SentStudy, str, Report]:
    sent = hub.send()
    lock = hub.claim("expert", sent.ups)
    return sent, lock, new_report(sent.study, sent.ups, new_uid(), author=EXPERT)


def slice_as(sent: SentStudy, sop_class: str, *, series: str = "") -> dict[str, str]:
    uid = next(iter(sent.files))
    own = str(dcmread(BytesIO(sent.files[uid])).SeriesInstanceUID)
    names = ("study_instance_uid", "series_instance_uid", "sop_class_uid", "sop_instance_uid")
    return dict(zip(names, (sent.study, series or own, sop_class, uid), strict=True))


@pytest.mark.parametrize("called", [[ENHANCED_SR, PDF], ["1.2.840.10008.5.1.4.1.1.2"], [ENHANCED_SR]])
def test_an_image_is_never_taken_for_a_signed_report(hub: HubBed, called: list[str]) -> None:
    sent, lock, report = claimed(hub)

    refused = finalise(hub, sent.ups, signed(report), lock, [slice_as(sent, one) for one in called])

    assert refused.status_code == 400
    assert hub.row("expert", sent.ups)["state"] == "reading"
    assert sent.ups not in {one["ups_instance_uid"] for one in hub.as_("technician").get("/api/inbox").json()}


def test_the_names_of_a_final_report_are_those_of_the_accounts(hub: HubBed) -> None:
    sent, lock, report = claimed(hub)
    forged = replace(signed(report), author=IMPOSTOR, verifier=IMPOSTOR)

    stored = from_json(expect(200, finalise(hub, sent.ups, forged, lock, stored_outputs(hub, sent.study))).json())

    assert stored.verifier is not None
    assert (stored.verifier.name, stored.author.name) == ("王启明", "王启明")
    inbox = {one["ups_instance_uid"]: one for one in hub.as_("technician").get("/api/inbox").json()}
    assert inbox[sent.ups]["signer"] == "王启明"


def test_a_verifier_does_not_rename_the_author(hub: HubBed) -> None:
    sent, report = submitted(hub)
    verification = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", verification)
    renamed = replace(signed(report), author=Person("resident", "王启明", "x"))

    done = expect(200, finalise(hub, verification, renamed, lock, stored_outputs(hub, sent.study)))

    assert from_json(done.json()).author == RESIDENT


def test_a_resident_does_not_submit_under_a_seniors_name(hub: HubBed) -> None:
    sent = hub.send()
    lock = hub.claim("resident", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid(), author=Person("resident", "王启明主任", "x"))

    expect(200, submit(hub, "resident", sent.ups, report.moved(ReportState.PRELIMINARY, at=NOW), lock))

    assert hub.row("expert", sent.ups)["reader_name"] == "宋佳"


def test_an_empty_report_is_not_final(hub: HubBed) -> None:
    sent, lock, report = claimed(hub)
    empty = replace(signed(report), values={"impression": "  "})

    assert finalise(hub, sent.ups, empty, lock, stored_outputs(hub, sent.study)).status_code == 400


def test_what_would_be_refused_is_said_before_its_objects_are_stored(hub: HubBed) -> None:
    sent, lock, report = claimed(hub)
    empty = replace(signed(report), values={"impression": "  "})

    assert check_final(hub, sent.ups, empty, lock).status_code == 400
    assert check_final(hub, sent.ups, signed(report), new_uid()).json()["error"] == "wrong_transaction"
    assert check_final(hub, sent.ups, signed(report), lock, user="resident").status_code == 403

    expect(204, check_final(hub, sent.ups, signed(report), lock))
    assert hub.row("expert", sent.ups)["state"] == "reading"
    expect(200, finalise(hub, sent.ups, signed(report), lock, stored_outputs(hub, sent.study)))
    expect(204, check_final(hub, sent.ups, signed(report), lock))  # again, after an answer that was lost


def corrected(hub: HubBed, reason: str, *, with_old_objects: bool) -> httpx.Response:
    sent, lock, report = claimed(hub)
    outputs = stored_outputs(hub, sent.study)
    expect(200, finalise(hub, sent.ups, signed(report), lock, outputs))
    ups, lock = new_uid(), new_uid()
    begin = {
        "kind": "corrected",
        "predecessor_uid": report.report_uid,
        "ups_instance_uid": ups,
        "transaction_uid": lock,
    }
    expect(204, hub.as_("expert").post(f"/api/reports/{sent.ups}/revise", json=begin))
    follows = successor(
        signed(report),
        ReportKind.CORRECTED,
        reason="侧别写错",
        objects=signed_objects(signed(report)),
        report_uid=new_uid(),
        ups_instance_uid=ups,
        author=EXPERT,
        at=NOW,
    )
    follows = signed(replace(follows, values={"impression": "左肺上叶结节。"}, change_reason=reason))
    return finalise(hub, ups, follows, lock, outputs if with_old_objects else stored_outputs(hub, sent.study))


def test_a_correction_brings_its_own_objects_and_its_reason(hub: HubBed) -> None:
    assert corrected(hub, "侧别写错", with_old_objects=True).status_code == 400
    assert corrected(hub, " ", with_old_objects=False).status_code == 400
    done = corrected(hub, "侧别写错", with_old_objects=False)
    assert (done.status_code, as_json(from_json(done.json()))["change_reason"]) == (200, "侧别写错")


def test_a_withdrawal_needs_a_real_rejection_note(hub: HubBed) -> None:
    sent, lock, report = claimed(hub)
    expect(200, finalise(hub, sent.ups, signed(report), lock, stored_outputs(hub, sent.study)))
    note = slice_as(sent, "1.2.840.10008.5.1.4.1.1.88.59")
    body = {"report_uid": report.report_uid, "code": "wrong_patient", "reason": "x", "outputs": [note]}

    assert hub.as_("expert").post(f"/api/reports/{sent.ups}/withdraw", json=body).status_code == 400
