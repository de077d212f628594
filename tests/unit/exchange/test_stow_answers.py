"""What an archive answers to STOW, and which of it is a receipt."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.helpers.consignments import HL7, PDF_BYTES, consigned
from workstation.domain.dispatch import Route, RouteKind, SignedObject
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.exchange.routes.dispatched_objects import signed_pdf
from workstation.exchange.routes.stow import StowCarrier

UIDS = [one.sop_instance_uid for one in consigned().objects]
PDF = "1.2.840.10008.5.1.4.1.1.104.1"


@dataclass
class Archive:
    """Gives one answer to every POST and lists what it says it lists."""

    port: int = 0
    status: int = 200
    body: Any = field(default_factory=dict)
    lists: bool = True


@pytest.fixture
def archive() -> Iterator[Archive]:
    told = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(told.status, told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode())

        def do_GET(self) -> None:
            uid = self.path.rpartition("=")[2]
            listed = [{"00080018": {"vr": "UI", "Value": [uid]}}] if told.lists else []
            self._answer(200, json.dumps(listed).encode())

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_given: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join(10)


def route(archive: Archive) -> Route:
    return replace(HL7, kind=RouteKind.STOW, address=f"http://127.0.0.1:{archive.port}/dicom-web")


def items(tag: str, uids: list[str], reason: int | None = None) -> dict[str, Any]:
    found = []
    for uid in uids:
        item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
        if reason is not None:
            item["00081197"] = {"vr": "US", "Value": [reason]}
        found.append(item)
    return {tag: {"vr": "SQ", "Value": found}}


def test_what_the_archive_names_and_lists_is_delivered(archive: Archive) -> None:
    archive.body = [items("00081199", UIDS)]

    assert "3" in StowCarrier().carry(consigned(), route(archive)).proof


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {}, Refused),
        (200, b"<html>", Refused),
        (200, [], Refused),
        (200, items("00081199", UIDS[:2]), Refused),
        (202, items("00081199", UIDS[:2]) | items("00081198", UIDS[2:], 0xA700), Refused),
        (202, items("00081199", UIDS[:2]) | items("00081198", UIDS[2:], 0x0122), Refused),
        (409, items("00081198", UIDS, 0xC000), Undeliverable),
        (400, {}, Undeliverable),
        (503, {}, Refused),
        (401, {}, Refused),
    ],
)
def test_anything_less_is_told_from_what_may_pass(
    archive: Archive,
    status: int,
    body: object,
    expected: type[Exception],
) -> None:
    archive.status, archive.body = status, body

    with pytest.raises(expected):
        StowCarrier().carry(consigned(), route(archive))


def test_an_archive_that_says_yes_and_keeps_nothing_has_not_received(archive: Archive) -> None:
    archive.body, archive.lists = items("00081199", UIDS), False

    with pytest.raises(Refused, match="QIDO"):
        StowCarrier().carry(consigned(), route(archive))


def test_an_archive_that_is_away_is_waited_for() -> None:
    with pytest.raises(Unreachable):
        StowCarrier().carry(consigned(), replace(HL7, kind=RouteKind.STOW, address="http://127.0.0.1:9/dicom-web"))


def test_the_pdf_is_found_without_its_padding_and_a_broken_one_is_never_sent() -> None:
    broken = replace(consigned(), objects=(SignedObject("1.2", PDF, "1.3", lambda: b"no DICOM at all"),))

    assert signed_pdf(consigned()) == PDF_BYTES
    assert signed_pdf(replace(consigned(), objects=())) == b""
    with pytest.raises(Undeliverable):
        signed_pdf(broken)
