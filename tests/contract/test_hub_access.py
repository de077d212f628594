"""Everything not allowed is refused: every route of the hub, every role, and the wall between sites."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from resources.templates import template_paths
from tests.helpers.hub import USERS, HubBed, SentStudy, digests, expect, new_uid, new_workitem, performed, result_file
from tests.helpers.hub_reports import EXPERT, as_json, new_report, stored_outputs
from workstation.domain.report import ReportState

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
SECRET_ID, SECRET_NAME = "SECRET-77", "绝密患者"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
WITHOUT_SESSION = {("POST", "/api/session"), ("GET", "/api/health")}
ANYBODY_SIGNED_IN = {("GET", "/api/session"), ("DELETE", "/api/session"), ("GET", "/api/policy/report")}
SENDERS = {"technician", "technician2"}
READERS = {"resident", "expert"}
SEES_STUDIES = SENDERS | READERS | {"worker"}

# who may use a route at all; what is not listed may be used by SEES_STUDIES only
ALLOWED = {
    ("POST", "/api/accounts"): {"admin"},
    ("GET", "/api/sites"): {"quality", "admin"},
    ("POST", "/api/sites"): {"admin"},
    ("POST", "/api/worklist/{ups_instance_uid}/release"): READERS,
    ("POST", "/api/worklist/{ups_instance_uid}/free"): {"expert"},  # another's case; one's own: test_cases_come_back
    ("POST", "/api/requests"): SENDERS,
    ("GET", "/api/repeats/open"): SENDERS,
    ("POST", "/api/repeats/{study_instance_uid}"): SENDERS,
    ("POST", "/api/repeats/{study_instance_uid}/question"): SENDERS,
    ("POST", "/api/requests/{study_instance_uid}/missing"): SENDERS,
    ("POST", "/api/requests/{study_instance_uid}/complete"): SENDERS,
    ("POST", "/api/reports/{ups_instance_uid}/submit"): READERS,
    ("POST", "/api/reports/{ups_instance_uid}/return"): {"expert"},
    ("POST", "/api/reports/{ups_instance_uid}/final"): {"expert"},
    ("POST", "/api/reports/{ups_instance_uid}/final/check"): {"expert"},
    ("GET", "/api/late-stamps"): {"expert"},
    ("POST", "/api/late-stamps/{pdf_sop_instance_uid}"): {"expert"},
    ("GET", "/api/reports/{ups_instance_uid}/readings"): READERS | {"worker"},
    ("POST", "/api/reports/{ups_instance_uid}/revise"): READERS,
    ("POST", "/api/reports/{ups_instance_uid}/cancel"): READERS,
    ("POST", "/api/reports/{ups_instance_uid}/withdraw"): {"expert"},
    ("POST", "/api/reports/{ups_instance_uid}/double"): {"expert", "quality"},
    ("PUT", "/api/policy/report"): {"quality", "admin"},
    ("GET", "/api/quality/agreement"): {"quality", "admin"},
    ("GET", "/api/quality/figures"): {"quality", "admin"},
    ("POST", "/api/quality/exported"): {"quality", "admin"},
    ("POST", "/api/worklist/{ups_instance_uid}/grades"): SENDERS | READERS,
    ("GET", "/api/inbox"): SENDERS,
    ("POST", "/api/inbox/{ups_instance_uid}/acknowledge"): SENDERS,
    ("POST", "/api/critical/case/{ups_instance_uid}"): READERS,
    ("POST", "/api/critical/{critical_uid}/call"): READERS,
    ("POST", "/api/critical/{critical_uid}/acknowledge"): SENDERS,
    ("POST", "/api/critical/{critical_uid}/close"): READERS,
    ("POST", "/api/critical/{critical_uid}/dismiss"): {"expert"},  # another's value; one's own: test_critical_values
    ("GET", "/api/critical-policy"): SEES_STUDIES | {"admin"},
    ("PUT", "/api/critical-policy"): {"admin"},
    ("GET", "/api/critical-indicator"): {"quality", "admin"},
    ("GET", "/api/recognised"): SENDERS,
    ("GET", "/api/routes"): {"admin"},
    ("PUT", "/api/routes/{route_id}"): {"admin"},
    ("POST", "/api/routes/{route_id}/check"): {"admin"},
    ("GET", "/api/dispatches"): {"admin"},
    ("POST", "/api/dispatches/{number}/retry"): {"admin"},
    ("POST", "/api/dispatches/{number}/give-up"): {"admin"},
    ("GET", "/api/documents"): SEES_STUDIES | {"quality", "admin"},
    ("GET", "/api/documents/{kind}/{name}"): SEES_STUDIES | {"quality", "admin"},
    ("GET", "/api/documents/{kind}/{name}/history"): SEES_STUDIES | {"quality", "admin"},
    ("PUT", "/api/documents/{kind}/{name}"): {"quality", "admin"},
    ("DELETE", "/api/documents/{kind}/{name}"): {"quality", "admin"},
    ("GET", "/api/audit"): {"quality", "admin"},
    ("GET", "/api/audit/check"): {"quality", "admin"},
    ("POST", "/dicom-web/workitems"): SENDERS,
    ("POST", "/dicom-web/workitems/{ups_instance_uid}"): READERS,
    ("PUT", "/dicom-web/workitems/{ups_instance_uid}/state"): READERS,
    ("POST", "/dicom-web/workitems/{ups_instance_uid}/cancelrequest"): SENDERS | READERS,
}
STORES = {("POST", "/dicom-web/studies"), ("POST", "/dicom-web/studies/{study}")}
NAMES_THE_STUDY = {("POST", "/api/requests"), ("POST", "/api/audit"), ("POST", "/dicom-web/workitems")}
SITES_OWN = json.dumps(json.loads(template_paths()[0].read_text(encoding="utf-8")) | {"template_id": "walk"})
NOTHING = {204, 403, 404, 409}
"""No match, not permitted, not found, none of the instances stored."""

# registering or storing under a UID that another site owns is refused, under a free one it is not
TELLS_A_UID_IS_TAKEN = {
    ("POST", "/api/requests"),
    ("POST", "/dicom-web/studies"),
    ("POST", "/dicom-web/studies/{study}"),
}


@dataclass(frozen=True)
class Target:
    """What the requests of a walk speak of."""

    study: str
    series: str
    instance: str
    ups: str
    lock: str
    critical: str = ""


def routes(hub: HubBed) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, methods in hub.app.openapi()["paths"].items() for method in methods]


def call(client: httpx.Client, method: str, path: str, target: Target) -> httpx.Response:
    """Make a request that an allowed role could make."""
    filled = {
        "{ups_instance_uid}": target.ups,
        "{critical_uid}": target.critical,
        "{pdf_sop_instance_uid}": target.instance,
        "{route_id}": "walk",
        "{number}": "999",
        "{kind}": "template",
        "{name}": "walk",
        "{study_instance_uid}": target.study,
        "{study}": target.study,
        "{series}": target.series,
        "{instance}": target.instance,
        "{frames}": "1",
        "{path}": "00100010",
    }
    url = path
    for name, value in filled.items():
        url = url.replace(name, value)
    assert "{" not in url, f"the walk does not know how to fill {path}"
    return client.request(method, url, **payload(method, path, target))


def payload(method: str, path: str, target: Target) -> dict[str, Any]:
    of_site = {"params": {"site": "qingshui"}} if path.startswith("/api/documents/") else {}
    if path in {"/api/quality/figures", "/api/quality/exported"}:
        return {"params": {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}}
    if method in {"GET", "DELETE"}:
        return of_site
    if of_site:
        return {**of_site, "json": {"content": SITES_OWN}, "headers": {"If-None-Match": "*"}}
    report = as_json(new_report(target.study, target.ups, new_uid(), author=EXPERT))
    under_lock = {"report": report, "transaction_uid": target.lock}
    state = {
        "00081195": {"vr": "UI", "Value": [target.lock]},
        "00741000": {"vr": "CS", "Value": ["IN PROGRESS"]},
    }
    a_folder = {
        "route_id": "walk",
        "site_id": "qingshui",
        "kind": "folder",
        "name": "A folder",
        "address": "walk",
        "enabled": False,
    }
    bodies: dict[str, Any] = {
        "/api/session": {"user": "nobody", "password": "wrong"},
        "/api/accounts": {
            "user_id": new_uid()[-20:],
            "password": "long enough",
            "display_name": "A",
            "role": "reader",
            "site_id": "centre",
        },
        "/api/sites": {"site_id": "qingshui", "name": "清水镇中心卫生院"},
        "/api/worklist/{ups_instance_uid}/release": {"transaction_uid": target.lock},
        "/api/worklist/{ups_instance_uid}/free": {"reason": "because"},
        "/api/worklist/{ups_instance_uid}/grades": {"grade": "A"},
        "/api/requests": {"study_instance_uid": target.study},
        "/api/repeats/{study_instance_uid}": {"exception": "emergency", "words": ""},
        "/api/repeats/{study_instance_uid}/question": {"exists": "CT"},
        "/api/requests/{study_instance_uid}/missing": {"instances": {target.instance: "0" * 64}},
        "/api/requests/{study_instance_uid}/complete": {"instances": {target.instance: "0" * 64}},
        "/api/reports/{ups_instance_uid}/submit": under_lock,
        "/api/reports/{ups_instance_uid}/return": {**under_lock, "reason": "because"},
        "/api/reports/{ups_instance_uid}/final": {**under_lock, "outputs": []},
        "/api/reports/{ups_instance_uid}/final/check": under_lock,
        "/api/reports/{ups_instance_uid}/revise": {
            "kind": "corrected",
            "predecessor_uid": new_uid(),
            "ups_instance_uid": new_uid(),
            "transaction_uid": new_uid(),
        },
        "/api/reports/{ups_instance_uid}/cancel": {**under_lock, "reason": "because"},
        "/api/reports/{ups_instance_uid}/withdraw": {
            "report_uid": new_uid(),
            "code": "wrong_patient",
            "reason": "because",
            "outputs": [],
        },
        "/api/late-stamps/{pdf_sop_instance_uid}": {
            "study_instance_uid": target.study,
            "series_instance_uid": target.series,
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.104.1",
            "sop_instance_uid": target.instance,
        },
        "/api/reports/{ups_instance_uid}/double": None,
        "/api/policy/report": {},
        "/api/inbox/{ups_instance_uid}/acknowledge": None,
        "/api/critical/case/{ups_instance_uid}": {"critical_uid": target.critical, "entry_key": "", "text": "x"},
        "/api/critical/{critical_uid}/call": {
            "call_uid": new_uid(),
            "receiver": "B",
            "receiver_role": "",
            "number": "",
            "content": "x",
        },
        "/api/critical/{critical_uid}/acknowledge": {"receiver": "B", "read_back_text": "左额叶脑出血"},
        "/api/critical/{critical_uid}/close": None,
        "/api/critical/{critical_uid}/dismiss": {"reason": "x"},
        "/api/critical-policy": {"content": "{}"},
        "/api/routes/{route_id}": a_folder,
        "/api/routes/{route_id}/check": a_folder,
        "/api/dispatches/{number}/retry": None,
        "/api/dispatches/{number}/give-up": {"reason": "because"},
        "/api/audit": {"action": "study_viewed", "subject_uid": target.study},
        "/dicom-web/workitems": [new_workitem(t0020000D={"vr": "UI", "Value": [target.study]})],
        "/dicom-web/workitems/{ups_instance_uid}": [performed()],
        "/dicom-web/workitems/{ups_instance_uid}/state": [state],
        "/dicom-web/workitems/{ups_instance_uid}/cancelrequest": [{}],
    }
    if path in bodies:
        return {"json": bodies[path]} if bodies[path] is not None else {}
    assert path.startswith("/dicom-web/studies"), f"the walk has no body for {path}"
    content = result_file(target.study, new_uid(), ENHANCED_SR, PatientID=SECRET_ID)[1]
    return {
        "content": b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--\r\n",
        "headers": {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'},
    }


@pytest.fixture(scope="module")
def secret(hub: HubBed) -> Target:
    """Return a whole case of the site qingshui, signed and in its inbox."""
    sent = hub.send("technician", PatientID=SECRET_ID, PatientName=SECRET_NAME)
    lock = hub.claim("expert", sent.ups)
    outputs = stored_outputs(hub, sent.study, PatientID=SECRET_ID)
    expect(200, call(hub.as_("admin"), "PUT", "/api/documents/{kind}/{name}", target_of(sent, lock)))
    report = new_report(sent.study, sent.ups, new_uid(), author=EXPERT)
    final = replace(report.moved(ReportState.FINAL, at=NOW), verifier=EXPERT, signed_at=NOW)
    body = {"report": as_json(final), "transaction_uid": lock, "outputs": outputs}
    expect(200, hub.as_("expert").post(f"/api/reports/{sent.ups}/final", json=body))
    critical = {"critical_uid": new_uid(), "entry_key": "", "text": SECRET_NAME}
    expect(200, hub.as_("expert").post(f"/api/critical/case/{sent.ups}", json=critical))
    return replace(target_of(sent, lock), critical=critical["critical_uid"])


def target_of(sent: SentStudy, lock: str) -> Target:
    instance = next(iter(sent.files))
    return Target(sent.study, instance.rpartition(".")[0], instance, sent.ups, lock)


def nowhere() -> Target:
    return Target(new_uid(), new_uid(), new_uid(), new_uid(), new_uid(), new_uid())


def test_without_a_session_every_route_answers_401(hub: HubBed, secret: Target) -> None:
    answers = {
        route: call(hub.nobody(), *route, secret).status_code for route in routes(hub) if route not in WITHOUT_SESSION
    }

    assert set(answers.values()) == {401}, answers
    assert len(answers) >= 45


def test_a_made_up_token_is_no_session(hub: HubBed, secret: Target) -> None:
    headers = {"Authorization": "Bearer " + "A" * 43}

    assert hub.nobody().get("/api/worklist", headers=headers).status_code == 401
    assert hub.nobody().get("/api/worklist", headers={"Authorization": "Basic QTpC"}).status_code == 401


def test_another_sites_technician_sees_nothing_on_any_route(hub: HubBed, secret: Target) -> None:
    stranger = hub.as_("technician2")
    shown: dict[tuple[str, str], str] = {}
    for route in routes(hub):
        if route in WITHOUT_SESSION | ANYBODY_SIGNED_IN:
            continue
        response = call(stranger, *route, secret)
        told = [word for word in (SECRET_ID, SECRET_NAME, "绝密") if word in response.text]
        if told or (response.is_success and secret.study in response.text):
            shown[route] = response.text[:200]
        if "{" in route[1] and response.status_code not in NOTHING:
            shown[route] = f"{response.status_code} {response.text[:200]}"

    assert shown == {}
    assert hub.row("technician", secret.ups)["patient_id"] == SECRET_ID


def test_another_sites_study_and_no_study_at_all_look_the_same(hub: HubBed, secret: Target) -> None:
    stranger, invented = hub.as_("technician2"), nowhere()
    differing: dict[tuple[str, str], tuple[str, str]] = {}
    for route in routes(hub):
        if route in WITHOUT_SESSION | ANYBODY_SIGNED_IN | TELLS_A_UID_IS_TAKEN:
            continue
        real, unreal = call(stranger, *route, secret), call(stranger, *route, invented)
        pair = masked(real, secret), masked(unreal, invented)
        if pair[0] != pair[1]:
            differing[route] = pair

    assert differing == {}


def masked(response: httpx.Response, target: Target) -> str:
    text = f"{response.status_code} {response.text}"
    for uid in (target.instance, target.series, target.study, target.ups, target.critical or target.ups):
        text = text.replace(uid, "UID")
    return re.sub(r'"now":"[^"]*"', "", text)  # the clock of the hub goes on between two questions


@pytest.mark.parametrize("user", USERS)
def test_every_role_is_refused_what_it_was_not_given(hub: HubBed, secret: Target, user: str) -> None:
    wrong: dict[tuple[str, str], int] = {}
    for route in routes(hub):
        if route in WITHOUT_SESSION | ANYBODY_SIGNED_IN or is_another_contract(user, route):
            continue
        response = call(hub.as_(user), *route, secret)
        if expected_allowed(user, route) == is_refused(route, response):
            wrong[route] = response.status_code

    assert wrong == {}


def expected_allowed(user: str, route: tuple[str, str]) -> bool:
    if route in STORES:
        return user in READERS | {"worker"}
    if user == "technician2" and ("{" in route[1] or route in NAMES_THE_STUDY or route[1].startswith("/dicom-web/")):
        return False  # allowed by role, but nothing here is of that site
    return user in ALLOWED.get(route, SEES_STUDIES)


def is_refused(route: tuple[str, str], response: httpx.Response) -> bool:
    refusals = {401, 403, 404}
    if route in STORES:
        refusals.add(409)  # told for each instance, PS3.18 10.5
    elif route[1].startswith("/dicom-web/") and "/workitems" not in route[1]:
        refusals.add(204)  # a search within nothing finds nothing
    return response.status_code in refusals


def is_another_contract(user: str, route: tuple[str, str]) -> bool:
    """Tell what depends on the instance or the report rather than on the role; it is tested elsewhere."""
    method, path = route
    if user == "technician2" and route == ("GET", "/dicom-web/workitems"):
        return True  # an empty answer, as for every search of this site's
    if user == "technician" and route in STORES:
        return True
    if user == "admin" and path.startswith("/api/dispatches/{number}"):
        return True  # there is no such row: nothing went out on any route here
    if user == "expert" and path.startswith("/api/late-stamps/"):
        return True  # nothing waits for its time stamp here: test_late_stamps_over_hub
    if user == "resident" and path.endswith("/submit"):
        return True  # the report of the walk names the expert as its author
    is_part = path.endswith(("/bulkdata/{path}", "/rendered", "/thumbnail", "/frames/{frames}"))
    return method == "GET" and is_part and user in SEES_STUDIES - {"technician2"}


def test_a_refusal_is_audited(hub: HubBed) -> None:
    assert hub.as_("trainer").get("/api/worklist").status_code == 403

    events = hub.as_("quality").get("/api/audit").json()
    refused = [event for event in events if event["action"] == "not_permitted" and event["user_id"] == "trainer"]
    assert refused[-1]["outcome"] == 4
    assert refused[-1]["detail"] == "see_own_site"


def test_a_worker_cannot_read_and_a_reader_cannot_detect(hub: HubBed) -> None:
    sent = hub.send()
    assert sent.ai_ups is not None

    assert hub.change_state("worker", sent.ups, new_uid(), "IN PROGRESS").status_code == 403
    assert hub.change_state("expert", sent.ai_ups, new_uid(), "IN PROGRESS").status_code == 403
    assert hub.change_state("technician", sent.ups, new_uid(), "IN PROGRESS").status_code == 403
    hub.claim("worker", sent.ai_ups)


def test_a_workitem_of_a_code_that_nobody_performs_stays_unclaimed(hub: HubBed) -> None:
    uid = new_uid()
    expect(201, hub.as_("technician").post(f"/dicom-web/workitems?{uid}", json=new_workitem(t00404018={"vr": "SQ"})))

    assert hub.change_state("expert", uid, new_uid(), "IN PROGRESS").status_code == 403


def test_signing_in_and_out(hub: HubBed) -> None:
    door = hub.nobody()

    answer = expect(200, door.post("/api/session", json={"user": "expert", "password": "lianyue-demo"})).json()
    bearer = {"Authorization": f"Bearer {answer['token']}"}

    assert answer["actor"] == {
        "user_id": "expert",
        "display_name": "王启明",
        "role": "senior",
        "site_id": "centre",
        "site_name": "省影像专科联盟远程诊断中心",
        "title": "副主任医师",
    }
    assert expect(200, door.get("/api/session", headers=bearer)).json() == answer["actor"]
    expect(204, door.delete("/api/session", headers=bearer))
    assert door.get("/api/session", headers=bearer).status_code == 401


def test_a_wrong_password_and_an_unknown_user_answer_alike(hub: HubBed) -> None:
    wrong = hub.nobody().post("/api/session", json={"user": "quality", "password": "wrong"})
    unknown = hub.nobody().post("/api/session", json={"user": "nobody-at-all", "password": "wrong"})

    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert (wrong.status_code, wrong.json()["error"]) == (401, "sign_in_failed")


@pytest.fixture
def later(hub: HubBed) -> Iterator[HubBed]:
    """Return the hub with a clock that the test may move; it is set back afterwards."""
    yield hub
    hub.clock.ahead = timedelta()


def test_guessing_passwords_is_slowed_down_even_with_the_right_one(later: HubBed) -> None:
    door, wrong = later.nobody(), {"user": "trainer", "password": "wrong"}
    right = {"user": "trainer", "password": "lianyue-demo"}

    first = [door.post("/api/session", json=wrong).status_code for _ in range(5)]
    held = door.post("/api/session", json=right)
    later.clock.ahead = timedelta(seconds=3)
    released = door.post("/api/session", json=right)

    assert first == [401] * 5
    assert (held.status_code, held.json()["error"]) == (429, "sign_in_failed")
    assert 1 <= int(held.headers["retry-after"]) <= 3
    assert released.status_code == 200


def test_a_session_ends_after_a_shift(later: HubBed) -> None:
    token = later.app.state.accounts.open_session("admin").token
    bearer = {"Authorization": f"Bearer {token}"}
    expect(200, later.nobody().get("/api/session", headers=bearer))

    later.clock.ahead = timedelta(hours=12, minutes=1)

    assert later.nobody().get("/api/session", headers=bearer).status_code == 401


def test_the_database_holds_neither_password_nor_token(hub: HubBed) -> None:
    token = hub.as_("expert").headers["authorization"].partition(" ")[2]
    with hub.context.read() as connection:
        tables = ("SELECT * FROM accounts", "SELECT * FROM sessions")
        kept = "".join(str(row) for table in tables for row in connection.exec_driver_sql(table))

    assert "lianyue-demo" not in kept
    assert token not in kept
    assert "$argon2id$" in kept


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"password": "short"}, "a password has at least 10 characters"),
        ({"role": "technician", "site_id": ""}, "a technician belongs to a site"),
        ({"site_id": "nowhere"}, "there is no such site"),
        ({"user_id": "expert"}, "there is already such a user"),
        ({"display_name": "x" * 65}, "a name to show has at most 64 characters and no backslash"),
        ({"display_name": "王\\启明"}, "a name to show has at most 64 characters and no backslash"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(hub: HubBed, changed: dict[str, str], message: str) -> None:
    account = {"user_id": "newcomer", "password": "long enough", "display_name": "N", "role": "reader", "site_id": ""}

    response = hub.as_("admin").post("/api/accounts", json=account | changed)

    assert (response.status_code, response.json()["message"]) == (400, message)


def test_health_tells_no_more_than_it_must(hub: HubBed) -> None:
    answer = expect(200, hub.nobody().get("/api/health")).json()

    assert set(answer) == {"version", "database", "archive"}
    assert answer["database"] == {"sqlite": "sqlite", "postgres": "postgresql"}[hub.kind]


def test_a_request_that_is_too_large_is_refused(hub: HubBed) -> None:
    body = b'{"instances": {"' + b"1" * (33 * 1024 * 1024) + b'": ""}}'

    response = hub.as_("technician").post(
        f"/api/requests/{new_uid()}/missing", content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 413


def test_a_study_of_another_site_cannot_be_requested_or_completed(hub: HubBed) -> None:
    sent = hub.send("technician")
    stranger = hub.as_("technician2")

    assert stranger.post("/api/requests", json={"study_instance_uid": sent.study}).status_code == 404
    body = {"instances": digests(sent.files)}
    assert stranger.post(f"/api/requests/{sent.study}/complete", json=body).status_code == 404
    assert stranger.post(f"/api/requests/{sent.study}/missing", json=body).status_code == 404
