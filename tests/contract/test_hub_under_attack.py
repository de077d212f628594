"""What a careless or hostile peer sends never stops the hub and never becomes a 500."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from tests.helpers.hub import HubBed, expect, new_uid, new_workitem, study_files
from worklist.hub import http_protocol, stow

JSON = {"Content-Type": "application/dicom+json"}


@pytest.mark.parametrize("text", ["\x00", "a\ud800", "\udcffb"])
@pytest.mark.parametrize("tag", ["00100020", "00741204"])
def test_a_text_that_no_database_keeps_is_a_bad_request(hub: HubBed, tag: str, text: str) -> None:
    workitem = new_workitem()
    workitem[tag] = {"vr": "LO", "Value": [text]}
    answer = hub.as_("technician").post("/dicom-web/workitems", content=json.dumps([workitem]).encode(), headers=JSON)
    assert (answer.status_code, answer.json()["dimse_status"]) == (400, "0106")


def test_a_person_name_with_half_a_character_is_a_bad_request(hub: HubBed) -> None:
    workitem = new_workitem()
    workitem["00100010"] = {"vr": "PN", "Value": [{"Ideographic": "王\ud800"}]}
    answer = hub.as_("technician").post("/dicom-web/workitems", content=json.dumps([workitem]).encode(), headers=JSON)
    assert (answer.status_code, answer.json()["dimse_status"]) == (400, "0106")


@pytest.mark.parametrize(
    "target",
    [
        "/dicom-web/series?SeriesNumber=%C2%B2",
        "/dicom-web/instances?InstanceNumber=-%2B2",
        "/api/worklist?offset=99999999999999999999",
    ],
)
def test_numbers_that_are_none_are_bad_requests(hub: HubBed, target: str) -> None:
    assert hub.as_("expert").get(target).json()["error"] == "bad_request"


@pytest.mark.parametrize("target", ["/dicom-web/studies?PatientID=%00", "/api/worklist?text=%00", "/api/reports/%00"])
def test_nul_in_a_search_finds_nothing_or_is_refused(hub: HubBed, target: str) -> None:
    assert hub.as_("expert").get(target).status_code in {200, 204, 400, 404}


@pytest.mark.timeout(60)  # the quotes once took minutes, and nobody else was served meanwhile
@pytest.mark.parametrize("accept", ['"' + '\\"' * 1900, '"' * 4001, '"' + '\\"' * 30_000, "a;" * 2000])
def test_no_accept_header_stalls_the_hub(hub: HubBed, accept: str) -> None:
    assert hub.as_("expert").get("/dicom-web/studies", headers={"Accept": accept}).status_code == 406


def test_a_quoted_comma_does_not_end_a_media_range(hub: HubBed) -> None:
    accept = 'text/plain; note="a, \\"b", application/dicom+json'
    assert hub.as_("expert").get("/dicom-web/studies", headers={"Accept": accept}).status_code in {200, 204}


def test_without_a_session_nobody_sends_a_large_body(hub: HubBed) -> None:
    content = b'{"instances":{"1.2":"' + b"a" * 70_000 + b'"}}'
    url, headers = "/api/requests/1.2/missing", {"Content-Type": "application/json"}
    assert hub.nobody().post(url, content=content, headers=headers).status_code == 413
    assert hub.nobody().post("/api/session", content=content, headers=headers).status_code == 413
    assert hub.as_("technician").post(url, content=content, headers=headers).status_code == 404


def test_a_request_head_without_end_is_cut_off(hub: HubBed) -> None:
    host, _, port = hub.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall(b"GET /api/health HTTP/1.1\r\nHost: hub\r\nX: ")
        with pytest.raises(ConnectionError):
            peer.sendall(b"a" * 26_000_000)
    assert hub.nobody().get("/api/health").status_code == 200


def test_a_peer_that_never_finishes_its_head_is_cut_off(hub: HubBed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_TIMEOUT_S", 0.2)
    host, _, port = hub.url.removeprefix("http://").partition(":")
    for start in (b"", b"GET /api/hea"):
        with socket.create_connection((host, int(port)), timeout=30) as peer:
            peer.sendall(start)
            assert peer.recv(100) == b""


@pytest.mark.parametrize(
    "changed", [{"user_id": ""}, {"user_id": "a\nb"}, {"user_id": "x" * 65}, {"display_name": "y" * 201}]
)
def test_an_account_without_a_proper_name_is_not_created(hub: HubBed, changed: dict[str, str]) -> None:
    account = {"user_id": "u1", "password": "long enough", "display_name": "d", "role": "reader", "site_id": "centre"}
    assert hub.as_("admin").post("/api/accounts", json=account | changed).status_code == 400


def test_a_sign_out_counts_at_once_though_sessions_are_remembered(hub: HubBed) -> None:
    token = hub.app.state.accounts.open_session("trainer").token
    with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        expect(200, client.get("/api/session"))
        expect(204, client.delete("/api/session"))
        expect(401, client.get("/api/session"))


def test_an_answer_older_than_a_sign_out_is_not_remembered(hub: HubBed) -> None:
    sessions, now = hub.context.sessions, hub.clock.now()
    actor = hub.app.state.accounts.open_session("trainer").actor
    generation = sessions.generation
    sessions.forget()
    sessions.keep("digest", actor, now.replace(year=now.year + 1), generation)
    assert sessions.actor("digest", now) is None


def test_a_full_quarantine_drops_its_oldest_files_and_keeps_the_reasons(
    hub: HubBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stow, "QUARANTINE_BYTES", 2500)
    study = new_uid()
    for number in range(3):
        assert hub.store("technician", study, [bytes([65 + number]) * 1000]).status_code == 409
    folder: Path = hub.context.data_dir / "quarantine"
    kept = sorted(path.read_bytes()[:1] for path in folder.glob("*.bin"))
    assert kept == [b"B", b"C"]
    assert len(list(folder.glob("*.json"))) == 3
    events = hub.as_("quality").get("/api/audit").json()
    assert sum(event["detail"].startswith("dropped, quarantine is full; ") for event in events) == 1


def test_no_cookie_is_ever_set(hub: HubBed) -> None:
    answers = [hub.nobody().get("/api/health"), hub.as_("expert").get("/api/session")]
    answers.append(hub.nobody().post("/api/session", json={"user": "admin", "password": "wrong"}))
    assert [answer.headers.get("set-cookie") for answer in answers] == [None, None, None]


def test_an_image_that_cannot_be_shown_is_not_acceptable_rather_than_an_error(hub: HubBed) -> None:
    study = new_uid()
    without_its_palette = study_files(study, 1, PhotometricInterpretation="PALETTE COLOR")
    expect(200, hub.store("technician", study, without_its_palette.values()))
    url = hub.as_("expert").get(f"/dicom-web/studies/{study}/instances").json()[0]["00081190"]["Value"][0]
    assert hub.as_("expert").get(f"{url}/rendered").status_code == 406


@pytest.mark.parametrize("path", ["/", "/dicom-web"])
def test_capabilities_name_the_transactions_to_those_who_signed_in(hub: HubBed, path: str) -> None:
    told = expect(200, hub.as_("expert").options(path)).json()["transactions"]
    assert {"POST /dicom-web/studies", "PUT /dicom-web/workitems/{ups_instance_uid}/state"} <= set(told)
    assert hub.nobody().options(path).status_code == 401
