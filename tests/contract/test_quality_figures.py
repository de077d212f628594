"""The quality manager's figures against a running hub: counted from what happened, without a patient's name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update

from tests.helpers.hub import HubBed, SentStudy, expect, new_uid
from tests.helpers.hub_reports import (
    EXPERT,
    NOW,
    RESIDENT,
    finalise,
    new_report,
    send_back,
    signed,
    stored_outputs,
    submit,
    submitted,
)
from worklist.hub.report_rows import REPORT
from worklist.hub.tables import cases
from worklist.hub.workflow_tables import blind_reads, double_readings, report_versions
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Scheme
from workstation.domain.norm.values import NormOverride
from workstation.domain.report_state import ReportState, ReturnCode

PERIOD = {"since": "2026-01-01T00:00:00Z", "until": "2027-12-31T00:00:00Z"}
PATIENT = "王晓东"


def asked(hub: HubBed, user: str = "quality", **filters: str) -> httpx.Response:
    return hub.as_(user).get("/api/quality/figures", params={**PERIOD, **filters})


def figures(hub: HubBed, **filters: str) -> dict[str, Any]:
    found: dict[str, Any] = expect(200, asked(hub, **filters)).json()
    return found


def sign(hub: HubBed, sent: SentStudy, *reasons: str, found: tuple[str, ...] = ()) -> None:
    lock = hub.claim("expert", sent.ups)
    report = new_report(sent.study, sent.ups, new_uid(), author=EXPERT)
    overrides = tuple(NormOverride("residue", "impression", "XX", reason, "expert", NOW) for reason in reasons)
    report = replace(report, norm_overrides=overrides, norm_found=found)
    expect(200, finalise(hub, sent.ups, signed(report), lock, stored_outputs(hub, sent.study)))


def double_read(hub: HubBed, categories: tuple[str, str]) -> str:
    sent = hub.send()
    at = hub.clock.now()
    with hub.context.write() as connection:
        state = "agreed" if len(set(categories)) == 1 else "decided"
        connection.execute(
            insert(double_readings).values(study_instance_uid=sent.study, state=state, ordered_at=at, concluded_at=at)
        )
        for slot, category in enumerate(categories, 1):
            result = CategoryResult(Scheme.LUNG_RADS, "v2022", category, "rule", "management")
            assigned = AssignedCategory(result, category, "", "", "resident", NOW)
            report = new_report(sent.study, sent.ups, new_uid(), author=RESIDENT).with_category(assigned, at=NOW)
            row = {"study_instance_uid": sent.study, "slot": slot, "ups_instance_uid": new_uid(),
                   "reader_id": f"reader{slot}", "reader_name": f"读者{slot}", "submitted_at": at,
                   "document": REPORT.dump_json(report).decode()}  # fmt: skip
            connection.execute(insert(blind_reads).values(**row))
    return sent.study


@pytest.mark.parametrize("user", ["technician", "resident", "expert", "trainer", "worker"])
def test_only_quality_manager_and_administrator_see_figures(hub: HubBed, user: str) -> None:
    assert asked(hub, user).status_code == 403
    assert hub.as_(user).post("/api/quality/exported", params=PERIOD).status_code == 403
    assert asked(hub, "admin").status_code == 200


def test_each_question_and_each_file_is_in_the_audit_trail(hub: HubBed) -> None:
    figures(hub, modality="CT")
    expect(204, hub.as_("quality").post("/api/quality/exported", params=PERIOD))

    events = expect(200, hub.as_("admin").get("/api/audit")).json()
    said = [(one["action"], one["user_id"], one["detail"]) for one in events if one["action"].startswith("quality")]
    assert said[-2:] == [
        ("quality_seen", "quality", "2026-01-01..2027-12-31 site * reader * modality CT"),
        ("quality_exported", "quality", "2026-01-01..2027-12-31 site * reader * modality *"),
    ]


@pytest.mark.parametrize(
    "period",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T00:00:00", "until": "2026-02-01T00:00:00Z"},
        {"since": "yesterday", "until": "today"},
    ],
)
def test_a_period_that_makes_no_sense_is_refused(hub: HubBed, period: dict[str, str]) -> None:
    assert hub.as_("quality").get("/api/quality/figures", params=period).status_code == 400


def test_the_norm_gate_is_counted_by_rule_with_reasons_that_name_no_patient(hub: HubBed) -> None:
    before = figures(hub)["norm"]
    one = hub.send()
    with hub.context.write() as connection:
        named = update(cases).where(cases.c.study_instance_uid == one.study)
        connection.execute(named.values(patient_name=PATIENT, patient_id="SECRET-9"))
    sign(hub, one, "与王晓东家属核对，编号 SECRET-9 无误", found=("residue", "no_unit"))
    sign(hub, hub.send(), found=("side_of_conclusion",))
    sign(hub, hub.send())

    after = asked(hub)

    norm = after.json()["norm"]
    rules = {rule["rule"]: rule for rule in norm["rules"]}
    counted = {rule: (rules[rule]["held"], rules[rule]["overridden"]) for rule in rules}
    assert counted == {"residue": (1, 1), "no_unit": (1, 0), "side_of_conclusion": (1, 0)}
    assert rules["residue"]["reasons"] == [{"words": "与…家属核对，编号 … 无误", "count": 1}]
    assert norm["clean"]["total"] - before["clean"]["total"] == 3
    assert norm["clean"]["count"] - before["clean"]["count"] == 2
    assert PATIENT not in after.text
    assert one.study not in after.text


def test_turnaround_runs_from_the_request_to_the_first_signature_by_priority(hub: HubBed) -> None:
    late, early = hub.send(priority="HIGH"), hub.send(priority="HIGH")
    arrived = hub.clock.now() - timedelta(hours=2)
    with hub.context.write() as connection:
        connection.execute(
            update(cases)
            .where(cases.c.study_instance_uid == late.study)
            .values(arrived=arrived, due=arrived + timedelta(minutes=30))
        )
    sign(hub, late)
    sign(hub, early)

    urgent = figures(hub)["turnaround"][0]

    assert (urgent["priority"], urgent["in_time"]) == ("HIGH", {"count": 1, "total": 2})
    assert urgent["times_s"][1] == pytest.approx(7200, abs=60)
    assert [one["priority"] for one in figures(hub)["turnaround"]] == ["HIGH", "MEDIUM", "LOW"]


def test_returned_reports_are_counted_once_and_their_codes_each_time(hub: HubBed) -> None:
    before = figures(hub)["returned"]
    submitted(hub)
    sent, report = submitted(hub)
    ups = hub.row("expert", sent.ups)["ups_instance_uid"]
    lock = hub.claim("expert", ups)
    codes = (ReturnCode.SIDE_OR_PART, ReturnCode.WORDING)
    back = report.moved(ReportState.RETURNED, at=NOW, reason="左右", codes=codes)
    expect(200, send_back(hub, ups, back, lock, "左右"))
    reading = hub.row("resident", sent.ups)["ups_instance_uid"]
    lock = hub.claim("resident", reading)
    again = back.moved(ReportState.PRELIMINARY, at=NOW)
    expect(200, submit(hub, "resident", reading, again, lock))

    found = figures(hub)

    assert (found["returned"]["count"] - before["count"], found["returned"]["total"] - before["total"]) == (1, 2)
    assert [(one["code"], one["count"]) for one in found["return_codes"]] == [("side_or_part", 1), ("wording", 1)]
    assert figures(hub, reader_id="expert")["returned"]["count"] == 0


def test_double_readings_come_with_their_pairs_under_a_pseudonym(hub: HubBed) -> None:
    studies = [double_read(hub, pair) for pair in (("2", "2"), ("3", "4A"))]

    answer = asked(hub)
    double = answer.json()["double"]

    pairs = double["schemes"][0]["pairs"]
    assert (double["agreed"], double["unrated"], double["schemes"][0]["scheme"]) == (
        {"count": 1, "total": 2}, 0, "lung-rads",
    )  # fmt: skip
    assert [(one["first"], one["second"], one["state"]) for one in pairs] == [
        ("2", "2", "agreed"),
        ("3", "4A", "decided"),
    ]
    assert all(one["case"].startswith("Q-") and len(one["case"]) == 10 for one in pairs)
    assert [one["case"] for one in figures(hub)["double"]["schemes"][0]["pairs"]] == [one["case"] for one in pairs]
    assert all(study not in answer.text for study in studies)
    assert figures(hub, reader_id="reader2")["double"]["agreed"]["total"] == 2
    assert figures(hub, reader_id="resident")["double"]["agreed"]["total"] == 0


def test_a_grade_is_given_audited_counted_and_the_physicians_stands(hub: HubBed) -> None:
    sent = hub.send()
    bad = {"grade": "C", "reasons": ["motion", "marks"], "words": "躁动"}

    expect(200, hub.as_("technician").post(f"/api/worklist/{sent.ups}/grades", json={"grade": "A"}))
    expect(200, hub.as_("resident").post(f"/api/worklist/{sent.ups}/grades", json=bad))
    given = expect(200, hub.as_("technician").post(f"/api/worklist/{sent.ups}/grades", json={"grade": "A"})).json()

    assert [(one["grading"]["grade"], one["by"], one["by_reader"]) for one in given] == [
        ("A", "韩梅", False), ("C", "宋佳", True), ("A", "韩梅", False),
    ]  # fmt: skip
    assert hub.row("expert", sent.ups)["quality_grade"] == "C"
    events = expect(200, hub.as_("admin").get(f"/api/audit?study_instance_uid={sent.study}")).json()
    assert [one["detail"] for one in events if one["action"] == "images_graded"] == ["A", "C motion marks", "A"]
    grades = figures(hub)["grades"]
    assert {one["grade"]: one["count"] for one in grades["grades"]} == {"A": 0, "B": 0, "C": 1, "D": 0}
    assert grades["artefacts"] == {"count": 1, "total": 1}
    assert [one["reason"] for one in grades["reasons"]] == ["marks", "motion"]


@pytest.mark.parametrize(
    ("user", "body", "status"),
    [
        ("technician", {"grade": "B"}, 400),
        ("technician", {"grade": "B", "reasons": ["other"]}, 400),
        ("technician", {"grade": "E"}, 400),
        ("technician2", {"grade": "A"}, 404),
        ("quality", {"grade": "A"}, 403),
        ("worker", {"grade": "A"}, 403),
    ],
)
def test_a_grade_below_the_best_has_its_reason_and_its_giver_the_right(
    hub: HubBed, user: str, body: dict[str, object], status: int
) -> None:
    sent = hub.send()

    assert hub.as_(user).post(f"/api/worklist/{sent.ups}/grades", json=body).status_code == status
    assert hub.row("expert", sent.ups)["quality_grade"] == ""


def test_images_that_still_arrive_are_not_graded(hub: HubBed) -> None:
    study = new_uid()
    expect(201, hub.as_("technician").post("/api/requests", json={"study_instance_uid": study}))
    with hub.context.read() as connection:
        ups = connection.execute(cases.select().where(cases.c.study_instance_uid == study)).one().ups_instance_uid

    assert hub.as_("technician").post(f"/api/worklist/{ups}/grades", json={"grade": "A"}).status_code == 409


def test_who_reads_blind_is_not_told_which_physician_graded(hub: HubBed) -> None:
    sent = hub.send()
    expect(204, hub.as_("expert").post(f"/api/reports/{sent.ups}/double"))
    expect(200, hub.as_("expert").post(f"/api/worklist/{sent.ups}/grades", json={"grade": "A"}))

    names = [expect(200, hub.as_(user).get(f"/api/worklist/{sent.ups}/grades")).json()[0]["by"]
             for user in ("expert", "resident")]  # fmt: skip
    assert names == ["王启明", ""]


def test_the_reason_of_a_repeated_exam_is_kept_with_its_request(hub: HubBed) -> None:
    study = new_uid()
    body = {"study_instance_uid": study, "repeat": {"exception": "condition_changed", "words": "咯血加重"}}
    for _ in range(2):
        expect(201, hub.as_("technician").post("/api/requests", json=body))
    nameless = {"study_instance_uid": new_uid(), "repeat": {"exception": "other", "words": " "}}

    assert hub.as_("technician").post("/api/requests", json=nameless).status_code == 400
    assert figures(hub)["repeats"] == [{"exception": "condition_changed", "count": 1}]
    events = expect(200, hub.as_("admin").get(f"/api/audit?study_instance_uid={study}")).json()
    assert [one["detail"] for one in events if one["action"] == "exam_repeated"] == ["condition_changed"]


def test_filters_narrow_to_site_and_modality(hub: HubBed) -> None:
    everything = figures(hub)

    assert figures(hub, site_id="nowhere")["norm"]["clean"]["total"] == 0
    assert figures(hub, modality="MR")["grades"]["graded"]["total"] == 0
    assert figures(hub, site_id="qingshui", modality="CT")["norm"] == everything["norm"]
    assert [one["key"] for one in everything["modalities"]] == ["CT"]
    assert {"resident", "expert"} <= {one["key"] for one in everything["readers"]}
    assert datetime.fromisoformat(everything["query"]["since"]) == datetime(2026, 1, 1, tzinfo=UTC)


def sign_as(hub: HubBed, sent: SentStudy, modality: str, description: str, **report_is: Any) -> None:  # noqa: ANN401
    """Sign a report of a case of that modality and description."""
    with hub.context.write() as connection:
        named = update(cases).where(cases.c.study_instance_uid == sent.study)
        connection.execute(named.values(modality=modality, description=description))
    lock = hub.claim("expert", sent.ups)
    report = replace(new_report(sent.study, sent.ups, new_uid(), author=EXPERT), **report_is)
    expect(200, finalise(hub, sent.ups, signed(report), lock, stored_outputs(hub, sent.study)))


def coded(scheme: Scheme, category: str) -> dict[str, Any]:
    result = CategoryResult(scheme, "v", category, "rule", "management")
    return {"categories": (AssignedCategory(result, category, "", "", "expert", NOW),)}


def rates(hub: HubBed, **filters: str) -> dict[str, tuple[int, int, int]]:
    return {
        one["scheme"]: (one["classified"]["count"], one["classified"]["total"], one["in_words"])
        for one in figures(hub, **filters)["rads"]
    }


def test_the_rates_of_pi_rads_and_bi_rads_count_coded_categories_over_reports_of_their_kind(hub: HubBed) -> None:
    """Indicators 6 and 7: a category in words alone is told beside, a version is none, other MR exams do not count."""
    before = rates(hub)
    sign_as(hub, hub.send(), "MR", "前列腺MRI平扫+增强", **coded(Scheme.PI_RADS, "4"))
    sign_as(hub, hub.send(), "MR", "Prostate mpMRI", values={"impression": "PI-RADS v2.1 评分：3分。"})
    sign_as(hub, hub.send(), "MR", "盆腔MRI平扫", template_id="mr-prostate")
    sign_as(hub, hub.send(), "MR", "前列腺MRI", values={"impression": "按PI-RADS v2.1标准评价：未见可疑病灶。"})
    sign_as(hub, hub.send(), "MR", "头颅MRI平扫")
    sign_as(hub, hub.send(), "CT", "前列腺CT")
    sign_as(hub, hub.send(), "MG", "双乳正侧位", **coded(Scheme.BI_RADS, "2"))
    sign_as(hub, hub.send(), "MG", "双乳正侧位", values={"right_category": "c1", "left_category": "c4a"})
    sign_as(hub, hub.send(), "MG", "双乳正侧位", values={"right_category": "absent", "impression": "左乳BI-RADS 4a类"})
    sign_as(hub, hub.send(), "MG", "双乳正侧位", values={"impression": "双乳增生。"})
    for words in ("参照BI-RADS 第5版。", "BI-RADS 2013 lexicon", "BI-RADS 5th edition"):
        sign_as(hub, hub.send(), "MG", "双乳正侧位", values={"impression": words})

    after = rates(hub)
    assert {name: tuple(map(int.__sub__, after[name], before[name])) for name in after} == {
        "pi-rads": (1, 4, 1),
        "bi-rads": (2, 7, 1),
    }
    assert rates(hub, modality="CT") == {"pi-rads": (0, 0, 0), "bi-rads": (0, 0, 0)}


def test_a_mammogram_that_was_corrected_counts_once_and_one_that_was_withdrawn_not_at_all(hub: HubBed) -> None:
    before = rates(hub)["bi-rads"]
    sent = hub.send()
    sign_as(hub, sent, "MG", "双乳正侧位", **coded(Scheme.BI_RADS, "2"))
    with hub.context.write() as connection:
        first = connection.execute(
            report_versions.select().where(report_versions.c.study_instance_uid == sent.study)
        ).one()
        corrected = {**first._asdict(), "number": first.number + 1, "report_uid": new_uid(), "kind": "corrected"}
        connection.execute(insert(report_versions).values(corrected))
    assert rates(hub)["bi-rads"] == (before[0] + 1, before[1] + 1, before[2])

    with hub.context.write() as connection:
        gone = {**corrected, "number": first.number + 2, "step": "withdrawn"}
        connection.execute(insert(report_versions).values(gone))
    assert rates(hub)["bi-rads"] == before
