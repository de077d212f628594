"""The connection to the hub: quick, reused, and honest when it is gone."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import httpx
import pytest
from pydantic import TypeAdapter

from resources.translation import use_language
from tests.helpers.faulty_proxy import FaultyProxy
from tests.helpers.loopback_hub import Answer, Asked, LoopbackHub
from worklist.http import HubClient
from worklist.inbox import HubInbox
from worklist.session import HubSession
from workstation.domain.access import Role
from workstation.domain.errors import Refused, SignInFailed, Unreachable

ACTOR = {"user_id": "expert", "display_name": "王主任", "role": "senior", "site_id": "", "site_name": "", "title": ""}
OPENED = {"token": "T0", "expires_at": "2026-03-06T00:00:00Z", "actor": ACTOR}


@dataclass(frozen=True)
class Health:
    version: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_hub_that_is_not_there_is_named_with_what_still_works() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    use_language("en")
    try:
        with HubClient(url) as client, pytest.raises(Unreachable) as caught:
            client.request("GET", "/api/health")
    finally:
        use_language("zh_CN")

    assert caught.value.user_text == f"The hub at {url} does not answer"
    assert "drafts stay usable" in caught.value.hint


def test_every_socket_has_tcp_nodelay() -> None:
    with LoopbackHub(lambda _: Answer(200, {})) as hub, HubClient(hub.url) as client:
        response = client.request("GET", "/")
        raw = response.extensions["network_stream"].get_extra_info("socket")

        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_hub_that_hangs_is_unreachable_and_not_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with HubClient(url, timeout=httpx.Timeout(0.2)) as client, pytest.raises(Unreachable):
            client.request("GET", "/")


def test_a_connection_that_died_while_idle_costs_nothing() -> None:
    with (
        LoopbackHub(lambda _: Answer(200, {"version": "1"})) as hub,
        FaultyProxy(hub.address) as line,
        HubClient(line.url) as client,
    ):
        assert client.ask(TypeAdapter(Health), "GET", "/") == Health("1")
        line.down()
        line.up()
        assert client.ask(TypeAdapter(Health), "GET", "/") == Health("1")


def test_an_answer_cut_in_its_middle_is_never_taken_for_whole() -> None:
    with (
        LoopbackHub(lambda _: Answer(200, b"x" * 50_000)) as hub,
        FaultyProxy(hub.address) as line,
        HubClient(line.url) as client,
    ):
        line.cut_answers_after(20_000)
        with pytest.raises(Unreachable):
            client.request("POST", "/")
        assert line.cuts == 1


def test_a_request_that_changes_something_is_not_repeated_behind_the_callers_back() -> None:
    with (
        LoopbackHub(lambda _: Answer(200, b"x" * 50_000)) as hub,
        FaultyProxy(hub.address) as line,
        HubClient(line.url) as client,
    ):
        line.cut_answers_after(100)
        with pytest.raises(Unreachable):
            client.request("POST", "/")
        assert len(hub.asked) == 1


def test_a_worker_that_outlives_the_session_is_told_unreachable() -> None:
    client = HubClient("http://127.0.0.1:9")
    client.close()

    with pytest.raises(Unreachable):
        client.request("GET", "/")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"version": 3}', b""])
def test_an_answer_of_another_form_is_refused_and_tells_no_values(body: bytes) -> None:
    with (
        LoopbackHub(lambda _: Answer(200, body)) as hub,
        HubClient(hub.url) as client,
        pytest.raises(Refused) as caught,
    ):
        client.ask(TypeAdapter(Health), "GET", "/api/health")

    assert "/api/health" in caught.value.detail


def test_signing_in_carries_the_token_from_then_on() -> None:
    with LoopbackHub(lambda _: Answer(200, OPENED)) as hub, HubClient(hub.url) as client:
        session = HubSession(client)
        actor = session.sign_in("expert", "secret")
        hub.script = lambda _: Answer(200, [])
        HubInbox(client).returned()

        assert actor.role is Role.SENIOR
        assert session.actor == actor
        assert hub.asked[0].json == {"user": "expert", "password": "secret"}
        assert "authorization" not in hub.asked[0].headers
        assert hub.asked[1].headers["authorization"] == "Bearer T0"


def test_a_wrong_password_says_so_and_signs_nobody_in() -> None:
    refusal = Answer(401, {"error": "sign_in_failed", "message": "no"})
    use_language("en")
    try:
        with LoopbackHub(lambda _: refusal) as hub, HubClient(hub.url) as client:
            session = HubSession(client)
            with pytest.raises(SignInFailed) as caught:
                session.sign_in("expert", "guess")
    finally:
        use_language("zh_CN")

    assert caught.value.user_text == "User name or password is wrong"
    assert session.actor is None


def test_too_many_failures_are_told_apart_from_a_wrong_password() -> None:
    refusal = Answer(429, {"error": "sign_in_failed", "message": "wait"})
    with LoopbackHub(lambda _: refusal) as hub, HubClient(hub.url) as client:
        session = HubSession(client)
        with pytest.raises(SignInFailed) as caught:
            session.sign_in("expert", "guess")

    assert "429" in caught.value.detail


def test_signing_out_works_without_the_hub() -> None:
    with HubClient(f"http://127.0.0.1:{free_port()}") as client:
        client.authorise("T0")
        session = HubSession(client)
        session.sign_out()

        assert session.actor is None
        assert not client.authorised


def test_signing_out_ends_the_session_at_the_hub() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(204) if asked.method == "DELETE" else Answer(200, OPENED)

    with LoopbackHub(script) as hub, HubClient(hub.url) as client:
        session = HubSession(client)
        session.sign_out()  # nobody is signed in: nothing to tell
        session.sign_in("expert", "secret")
        session.sign_out()

        assert [(a.method, a.path) for a in hub.asked] == [("POST", "/api/session"), ("DELETE", "/api/session")]


@pytest.mark.parametrize("url", ["nonsense", "ftp://hub.example", "http://", "http://hub:port", "", "/folder"])
def test_what_is_no_address_is_not_called_a_silent_hub(url: str) -> None:
    with pytest.raises(Refused) as caught:
        HubClient(url)

    assert caught.value.user_text == f"{url} is not the address of a hub"


def test_an_ended_session_is_noticed_but_a_wrong_password_is_not() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(200, OPENED) if asked.path == "/api/session" and not ended else Answer(401, {})

    ended: list[bool] = []
    told: list[str] = []
    with LoopbackHub(script) as hub, HubClient(hub.url) as client:
        client.session_ended = lambda: told.append("ended")
        HubSession(client).sign_in("expert", "secret")
        ended.append(True)
        with pytest.raises(SignInFailed):
            HubSession(client).sign_in("expert", "wrong")
        assert told == []
        with pytest.raises(SignInFailed):
            client.request("GET", "/api/worklist")
        assert told == ["ended"]


def test_a_lost_line_and_its_return_are_told_once_each() -> None:
    told: list[bool] = []
    with (
        LoopbackHub(lambda _asked: Answer(200, {})) as hub,
        FaultyProxy(hub.address) as line,
        HubClient(line.url) as client,
    ):
        client.line_changed = told.append
        client.request("POST", "/api/health")
        line.cut_after(0)
        with pytest.raises(Unreachable):
            client.request("POST", "/api/health")
        client.request("GET", "/api/health")
        client.request("GET", "/api/health")

    assert told == [False, True]
