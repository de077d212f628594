"""A route is tested without a report: real receivers, right and wrong, and nothing left at any of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.helpers.consignments import HL7
from tests.helpers.fhir_server import running_fhir_server
from tests.helpers.mllp import running_receiver
from tests.helpers.orthanc import Orthanc, running_orthanc
from workstation.domain.dispatch import Route, RouteKind
from workstation.domain.errors import Refused, StorageError, Unreachable
from workstation.exchange.routes.route_checks import route_checks
from workstation.exchange.routes.secure_lines import SecureLines


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    known = {"lianyue": {"AET": "LIANYUE", "Host": "127.0.0.1", "Port": 1, "AllowEcho": True, "AllowStore": True,
                         "AllowStorageCommitment": True}}  # fmt: skip
    with running_orthanc(tmp_path_factory.mktemp("pacs"), known) as server:
        yield server


def check(route: Route, drop: Path = Path("/nowhere")) -> str:
    return route_checks(drop, SecureLines())[route.kind](route)


def fhir(address: str) -> Route:
    return replace(HL7, kind=RouteKind.FHIR, address=address)


def test_an_hl7_receiver_is_connected_to_and_hears_no_message() -> None:
    with running_receiver() as his:
        words = check(replace(HL7, address=his.address))

    assert words == "The receiver takes connections; no message was sent"
    assert his.arrived == []


@pytest.mark.parametrize("kind", [RouteKind.HL7, RouteKind.FHIR, RouteKind.STOW, RouteKind.C_STORE])
def test_where_nobody_listens_the_test_says_so(kind: RouteKind) -> None:
    address = "127.0.0.1:1" if kind in {RouteKind.HL7, RouteKind.C_STORE} else "http://127.0.0.1:1/r4"

    with pytest.raises(Unreachable) as told:
        check(replace(HL7, kind=kind, address=address, called_aet="PACS"))
    assert told.value.user_text == "The receiver does not answer"


def test_a_fhir_server_is_known_by_its_description() -> None:
    with running_fhir_server() as server:
        assert check(fhir(server.address)) == "The FHIR server answers, version 4.0.1"
        with pytest.raises(Refused) as told:
            check(fhir(server.address.replace("/r4", "/elsewhere")))
        server.version = "5.0.0"
        with pytest.raises(Refused) as other:
            check(fhir(server.address))

    assert told.value.user_text == "There is no FHIR server at this address (HTTP 404)"
    assert other.value.user_text == "The server speaks FHIR 5.0.0, reports are R4"
    assert server.held == {}


def test_a_missing_password_is_told_before_anything_is_asked() -> None:
    with pytest.raises(Refused) as told:
        check(replace(fhir("http://127.0.0.1:1/r4"), user="his", secret_name="NOT_SET"))
    assert told.value.user_text == "The password of this route is not set on the hub"


def test_a_drop_folder_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    route = replace(HL7, kind=RouteKind.FOLDER, address="reports")
    with pytest.raises(Refused):
        check(route, tmp_path)
    (tmp_path / "reports").mkdir()

    assert check(route, tmp_path) == "The drop folder can be written"
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_full_or_read_only_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reports").mkdir()

    def refuse(*_given: object) -> int:
        raise OSError(30, "read-only file system")

    monkeypatch.setattr("workstation.exchange.routes.route_checks.os.open", refuse)
    with pytest.raises(StorageError) as told:
        check(replace(HL7, kind=RouteKind.FOLDER, address="reports"), tmp_path)
    assert told.value.detail == "errno 30"


@pytest.mark.orthanc
def test_a_pacs_answers_echo_and_says_which_objects_it_takes(orthanc: Orthanc) -> None:
    route = replace(HL7, kind=RouteKind.C_STORE, address=f"127.0.0.1:{orthanc.dicom_port}", called_aet="ORTHANC")

    assert check(route) == "The PACS answers and takes reports: Enhanced SR, Encapsulated PDF, Storage Commitment"
    with pytest.raises(Refused) as told:
        check(replace(route, called_aet="SOMEBODY"))
    assert told.value.user_text == "The PACS refused the association"


@pytest.mark.orthanc
def test_an_archive_is_searched_and_given_nothing(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    user, password = orthanc.auth
    monkeypatch.setenv("LIANYUE_ROUTE_ARCHIVE", password)
    route = replace(
        HL7, kind=RouteKind.STOW, address=f"{orthanc.rest}/dicom-web", user=user, secret_name="ARCHIVE"
    )  # fmt: skip

    assert check(route) == "The archive answers to searches; nothing was stored"
    monkeypatch.setenv("LIANYUE_ROUTE_ARCHIVE", "wrong")
    with pytest.raises(Refused) as told:
        check(route)
    assert told.value.user_text == "The archive does not let itself be searched (HTTP 401)"
    with httpx.Client(auth=orthanc.auth) as client:
        assert client.get(f"{orthanc.rest}/instances").json() == []
