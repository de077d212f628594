"""What the hub's refusals mean to the reader: every one has a sentence and a next step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.translation import language, use_language
from tests.helpers.loopback_hub import Answer, LoopbackHub
from worklist.errors import dimse_status
from worklist.http import HubClient
from worklist.session import HubSession
from workstation.domain.errors import (
    AlreadyClaimed,
    DiskFull,
    IntegrityMismatch,
    NoLongerUpdatable,
    NotPermitted,
    Refused,
    SignInFailed,
    StudyIncomplete,
    Unreachable,
    WorkstationError,
    WrongTransaction,
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    before = language()
    use_language("en")
    yield
    use_language(before)


def refused_with(answer: Answer) -> WorkstationError:
    with LoopbackHub(lambda _: answer) as hub, HubClient(hub.url) as client:
        with pytest.raises(WorkstationError) as caught:
            client.request("POST", "/api/anything", query={"text": "张三"})
        return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "sign_in_failed", SignInFailed),
        (403, "not_permitted", NotPermitted),
        (404, "not_found", Refused),
        (409, "already_claimed", AlreadyClaimed),
        (400, "wrong_transaction", WrongTransaction),
        (409, "no_longer_updatable", NoLongerUpdatable),
        (409, "stale_revision", NoLongerUpdatable),
        (409, "integrity_mismatch", IntegrityMismatch),
        (409, "study_incomplete", StudyIncomplete),
        (400, "bad_request", Refused),
        (507, "disk_full", DiskFull),
        (429, "sign_in_failed", SignInFailed),
    ],
)
def test_every_code_of_the_contract_has_its_error(status: int, code: str, kind: type[WorkstationError]) -> None:
    error = refused_with(Answer(status, {"error": code, "message": "no"}))

    assert type(error) is kind
    assert error.user_text
    assert error.hint
    assert "张三" not in error.detail


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, SignInFailed),
        (403, NotPermitted),
        (404, Refused),
        (409, NoLongerUpdatable),
        (410, Refused),
        (418, Refused),
        (429, SignInFailed),
        (500, Refused),
        (502, Unreachable),
        (503, Unreachable),
        (504, Unreachable),
        (507, DiskFull),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>proxy</html>", b"[]", b"3"])
def test_an_answer_without_our_code_is_understood_by_its_status(
    status: int, kind: type[WorkstationError], body: bytes
) -> None:
    assert type(refused_with(Answer(status, body))) is kind


@pytest.mark.parametrize(
    ("warning", "kind"),
    [
        ("299 peer: The Transaction UID is missing.", WrongTransaction),
        ("299 peer: The Transaction UID is incorrect.", WrongTransaction),
        (
            "299 peer: The submitted request is inconsistent with the state of the UPS Instance.",
            NoLongerUpdatable,
        ),
        ("299 peer: something else", Refused),
    ],
)
def test_a_foreign_ups_server_is_understood_by_its_warning(warning: str, kind: type[WorkstationError]) -> None:
    assert type(refused_with(Answer(400, b"", {"Warning": warning}))) is kind


def test_the_holder_of_a_case_is_named() -> None:
    error = refused_with(Answer(409, {"error": "already_claimed", "message": "", "holder": "王主任"}))

    assert error.user_text == "王主任 is already reading this case"


def test_an_unnamed_holder_is_another_reader() -> None:
    error = refused_with(Answer(409, {"error": "already_claimed", "message": ""}))

    assert error.user_text == "Another reader is already reading this case"


def test_an_incomplete_study_says_how_many_images_are_missing() -> None:
    error = refused_with(Answer(409, {"error": "study_incomplete", "message": "", "missing": ["1", "2", "3"]}))

    assert error.user_text == "The hub still lacks 3 images of this study"


def test_an_error_in_an_envelope_is_understood() -> None:
    assert type(refused_with(Answer(409, {"detail": {"error": "stale_revision"}}))) is NoLongerUpdatable
    assert type(refused_with(Answer(409, [{"error": "integrity_mismatch"}]))) is IntegrityMismatch


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"dimse_status": "C301"}, "C301"),
        ({"dimse_status": "0xc302"}, "C302"),
        ({"dimse": 0xC310}, "C310"),
        ({"message": "none"}, ""),
    ],
)
def test_the_dimse_code_of_a_refusal_is_read(body: object, status: str) -> None:
    with LoopbackHub(lambda _: Answer(400, body)) as hub, HubClient(hub.url) as client:
        assert dimse_status(client.raw("GET", "/")) == status


@pytest.mark.parametrize(
    ("retry_after", "told"),
    [
        ("1", "try again in 1 second"),
        ("5", "try again in 5 seconds"),
        ("61", "try again in 2 minutes"),
        ("900", "try again in 15 minutes"),
        ("", "wait a few minutes"),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "wait a few minutes"),
    ],
)
def test_a_locked_account_is_told_how_long(retry_after: str, told: str) -> None:
    body = {"error": "sign_in_failed", "message": "too many failed attempts"}
    headers = {"Retry-After": retry_after} if retry_after else {}

    with (
        LoopbackHub(lambda _: Answer(429, body, headers)) as hub,
        HubClient(hub.url) as client,
        pytest.raises(SignInFailed) as caught,
    ):
        HubSession(client).sign_in("expert", "guess")

    assert caught.value.user_text.endswith(told)
