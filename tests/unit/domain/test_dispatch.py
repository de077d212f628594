"""Routes that could send a report astray cannot be made, and the pauses between attempts are bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workstation.domain.dispatch import (
    ALLOWED_DISPATCH_TRANSITIONS,
    Dispatch,
    DispatchState,
    RetryPolicy,
    Route,
    RouteKind,
)

HL7 = Route("qs-his", "qingshui", RouteKind.HL7, "HIS", "10.0.0.5:2575")
PACS = Route("qs-pacs", "qingshui", RouteKind.C_STORE, "PACS", "pacs.local:104", called_aet="QSPACS")
AT = datetime(2026, 3, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (RouteKind.HL7, "10.0.0.5"),
        (RouteKind.HL7, "10.0.0.5:0"),
        (RouteKind.HL7, "10.0.0.5:65536"),
        (RouteKind.HL7, "http://10.0.0.5:2575"),
        (RouteKind.FHIR, "10.0.0.5:80"),
        (RouteKind.FHIR, "https://name:password@fhir.example/r4"),
        (RouteKind.STOW, "file:///etc/passwd"),
        (RouteKind.FOLDER, "../elsewhere"),
        (RouteKind.FOLDER, "/etc"),
        (RouteKind.FOLDER, ""),
    ],
)
def test_an_address_that_does_not_fit_its_kind_makes_no_route(kind: RouteKind, address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        replace(HL7, kind=kind, address=address)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"route_id": "a/b"}, "named by"),
        ({"site_id": ""}, "named by"),
        ({"name": " "}, "has a name"),
        ({"secret_name": "lower"}, "secret is named"),
        ({"user": "his"}, "needs the name of a secret"),
        ({"answer_timeout_s": 0.0}, "awaited up to 120"),
        ({"answer_timeout_s": 121.0}, "awaited up to 120"),
    ],
)
def test_a_route_without_a_safe_name_secret_or_time_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(HL7, **changes)  # type: ignore[arg-type]  # one wrong value at a time


@pytest.mark.parametrize("title", ["", "SEVENTEEN-LETTERS", "BACK\\SLASH", " LEADING"])
def test_an_ae_title_that_dicom_forbids_makes_no_route(title: str) -> None:
    with pytest.raises(ValueError, match="AE title"):
        replace(PACS, called_aet=title)


def test_host_and_port_are_read_from_the_address() -> None:
    assert HL7.host_and_port == ("10.0.0.5", 2575)
    assert replace(PACS, address="[::1]:104").host_and_port == ("::1", 104)
    assert replace(HL7, kind=RouteKind.FOLDER, address="qingshui-reports").address == "qingshui-reports"
    assert replace(
        HL7, kind=RouteKind.STOW, address="https://pacs.local:8443/dicom-web", user="u", secret_name="QS"
    ).user

    with pytest.raises(ValueError, match="no port"):
        _ = replace(HL7, kind=RouteKind.FHIR, address="https://fhir.example/r4").host_and_port


def test_a_delivered_report_is_never_sent_again_and_only_a_dead_one_is_given_up() -> None:
    dispatch = Dispatch(
        1, "qs-his", "HIS", RouteKind.HL7, "qingshui", "清水镇中心卫生院", "1.2", "1.3", "final", "C1",
        DispatchState.DEAD, 3, AT, AT,
    )  # fmt: skip

    assert dispatch.may_become(DispatchState.WAITING)
    assert dispatch.may_become(DispatchState.GIVEN_UP)
    assert not replace(dispatch, state=DispatchState.WAITING).may_become(DispatchState.GIVEN_UP)
    assert ALLOWED_DISPATCH_TRANSITIONS[DispatchState.DELIVERED] == frozenset()
    assert ALLOWED_DISPATCH_TRANSITIONS[DispatchState.GIVEN_UP] == frozenset()
    assert ALLOWED_DISPATCH_TRANSITIONS[DispatchState.SUPERSEDED] == {DispatchState.DELIVERED}


def test_pauses_grow_with_jitter_and_never_pass_a_minute() -> None:
    policy = RetryPolicy()

    assert policy.delay(1, 0.0) == timedelta(seconds=1)
    assert policy.delay(3, 0.5) == timedelta(seconds=6)
    assert policy.delay(6, 0.0) == timedelta(seconds=30)
    assert policy.delay(100_000, 0.999) < timedelta(seconds=60)
