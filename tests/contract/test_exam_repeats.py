"""Why an exam was repeated, asked after the study had gone: the hub keeps the question until its site answers."""

from __future__ import annotations

from tests.helpers.hub import HubBed, expect, new_uid

SAID = "A recognised result exists: CT chest, 2026-11-02"
REASON = {"exception": "condition_changed", "words": "咯血加重"}


def open_at(hub: HubBed, user: str = "technician") -> list[dict[str, str]]:
    found: list[dict[str, str]] = expect(200, hub.as_(user).get("/api/repeats/open")).json()
    return found


def asked(hub: HubBed) -> str:
    """Send a study and open its question; return its UID."""
    sent = hub.send()
    for _ in range(2):
        expect(204, hub.as_("technician").post(f"/api/repeats/{sent.study}/question", json={"exists": SAID}))
    return sent.study


def test_a_question_waits_until_it_is_answered_and_is_counted_as_unanswered_until_then(hub: HubBed) -> None:
    study = asked(hub)
    assert [one["exists"] for one in open_at(hub) if one["study_instance_uid"] == study] == [SAID]
    unanswered, answered_before = repeats(hub, None), repeats(hub, "condition_changed")
    assert unanswered == len(open_at(hub))

    answered = expect(200, hub.as_("technician").post(f"/api/repeats/{study}", json=REASON)).json()
    assert answered == REASON
    assert study not in waiting(hub)
    assert repeats(hub, None) == unanswered - 1
    assert repeats(hub, "condition_changed") == answered_before + 1
    events = expect(200, hub.as_("admin").get(f"/api/audit?study_instance_uid={study}")).json()
    assert [one["detail"] for one in events if one["action"] == "exam_repeated"] == ["condition_changed"]


def test_the_first_reason_stands_and_a_question_after_it_opens_nothing(hub: HubBed) -> None:
    study = asked(hub)
    expect(200, hub.as_("technician").post(f"/api/repeats/{study}", json=REASON))
    later = expect(200, hub.as_("technician").post(f"/api/repeats/{study}", json={"exception": "emergency"})).json()
    assert later == REASON
    expect(204, hub.as_("technician").post(f"/api/repeats/{study}/question", json={"exists": SAID}))
    assert study not in waiting(hub)


def test_a_study_that_is_sent_again_with_its_reason_answers_the_question(hub: HubBed) -> None:
    study = asked(hub)
    body = {"study_instance_uid": study, "repeat": REASON}
    expect(201, hub.as_("technician").post("/api/requests", json=body))
    assert study not in waiting(hub)
    later = expect(200, hub.as_("technician").post(f"/api/repeats/{study}", json={"exception": "emergency"})).json()
    assert later == REASON


def test_nobody_without_the_right_and_no_other_site_sees_or_answers_a_question(hub: HubBed) -> None:
    study = asked(hub)
    assert hub.as_("expert").get("/api/repeats/open").status_code == 403
    assert hub.as_("expert").post(f"/api/repeats/{study}", json=REASON).status_code == 403
    assert study not in waiting(hub, "technician2")
    assert hub.as_("technician2").post(f"/api/repeats/{study}", json=REASON).status_code == 404
    assert hub.as_("technician2").post(f"/api/repeats/{study}/question", json={"exists": SAID}).status_code == 404


def test_what_is_no_reason_or_no_study_is_refused_and_changes_nothing(hub: HubBed) -> None:
    study = asked(hub)
    technician = hub.as_("technician")
    for body in (
        {"exception": "other", "words": " "},
        {"exception": ""},
        {"exception": "boredom"},
        {"exception": "emergency", "words": "x" * 2001},
        {},
    ):
        assert technician.post(f"/api/repeats/{study}", json=body).status_code == 400, body
    for body in ({"exists": ""}, {"exists": "x" * 2001}, {}):
        assert technician.post(f"/api/repeats/{study}/question", json=body).status_code == 400, body
    assert technician.post(f"/api/repeats/{new_uid()}/question", json={"exists": SAID}).status_code == 404
    assert study in waiting(hub)


def waiting(hub: HubBed, user: str = "technician") -> set[str]:
    return {one["study_instance_uid"] for one in open_at(hub, user)}


def repeats(hub: HubBed, exception: str | None) -> int:
    period = {"since": "2026-01-01T00:00:00Z", "until": "2027-12-31T00:00:00Z"}
    found = expect(200, hub.as_("quality").get("/api/quality/figures", params=period)).json()["repeats"]
    return next((one["count"] for one in found if one["exception"] == exception), 0)
