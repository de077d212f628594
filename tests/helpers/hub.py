"""A running hub for contract tests: real sockets, demo people, studies sent through the real doors."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import httpx
import pydicom
from fastapi import FastAPI
from pydicom.uid import UID

from tests.helpers.part10 import ct_slice
from worklist.hub.context import HubContext
from worklist.hub.embedded import EmbeddedHub
from worklist.hub.settings import HubSettings
from workstation.bootstrap.documents import hub_judges

Attribute = dict[str, Any]
Dataset = dict[str, Attribute]
WORKITEMS = "/dicom-web/workitems"
USERS = ("expert", "resident", "technician", "technician2", "trainer", "quality", "admin", "worker")


class MovableClock:
    """Real time plus what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class SentStudy:
    """A study on the worklist."""

    study: str
    ups: str
    ai_ups: str | None
    files: dict[str, bytes]


class HubBed:
    """One hub on one kind of database."""

    def __init__(self, kind: str, folder: Path, database_url: str | None = None) -> None:
        self.kind = kind
        self.clock = MovableClock()
        self._hub = EmbeddedHub(
            HubSettings(folder, database_url, demo_users=True), clock=self.clock, judges=hub_judges()
        )
        self._clients: dict[str, httpx.Client] = {}

    def __enter__(self) -> Self:
        self._hub.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for client in self._clients.values():
            client.close()
        self._hub.stop()

    @property
    def url(self) -> str:
        return self._hub.url

    @property
    def app(self) -> FastAPI:
        assert self._hub._server is not None
        app = self._hub._server.config.app
        assert isinstance(app, FastAPI)
        return app

    @property
    def context(self) -> HubContext:
        context: HubContext = self.app.state.hub
        return context

    def nobody(self) -> httpx.Client:
        """Return a client without a session."""
        if "" not in self._clients:
            self._clients[""] = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        return self._clients[""]

    def as_(self, user: str) -> httpx.Client:
        """Return a client with an open session; the password door has tests of its own."""
        if user not in self._clients:
            token = self.app.state.accounts.open_session(user).token
            self._clients[user] = httpx.Client(
                base_url=self.url, trust_env=False, timeout=60, headers={"Authorization": f"Bearer {token}"}
            )
        return self._clients[user]

    def store(self, user: str, study: str, files: Iterable[bytes]) -> httpx.Response:
        """Send instances through STOW-RS."""
        mark = uuid.uuid4().hex
        body = b"".join(
            f"--{mark}\r\nContent-Type: application/dicom\r\n\r\n".encode() + content + b"\r\n" for content in files
        )
        return self.as_(user).post(
            f"/dicom-web/studies/{study}",
            content=body + f"--{mark}--\r\n".encode(),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={mark}',
                "Accept": "application/dicom+json",
            },
        )

    def send(
        self, user: str = "technician", *, slices: int = 2, priority: str = "LOW", question: str = "", **attributes: str
    ) -> SentStudy:
        """Request, store and complete one study."""
        study = new_uid()
        files = study_files(study, slices, **attributes)
        client = self.as_(user)
        request = {
            "study_instance_uid": study,
            "priority": priority,
            "clinical_question": question,
            "expected_instances": slices,
        }
        expect(201, client.post("/api/requests", json=request))
        expect(200, self.store(user, study, files.values()))
        answer = expect(200, client.post(f"/api/requests/{study}/complete", json={"instances": digests(files)})).json()
        return SentStudy(study, answer["ups_instance_uid"], answer["ai_ups_instance_uid"], files)

    def claim(self, user: str, ups: str) -> str:
        """Claim a workitem; return the Transaction UID."""
        transaction_uid = new_uid()
        expect(200, self.change_state(user, ups, transaction_uid, "IN PROGRESS"))
        return transaction_uid

    def change_state(self, user: str, ups: str, transaction_uid: str, state: str) -> httpx.Response:
        """Ask for a state."""
        body: Dataset = {"00741000": {"vr": "CS", "Value": [state]}}
        if transaction_uid:
            body["00081195"] = {"vr": "UI", "Value": [transaction_uid]}
        return self.as_(user).put(f"{WORKITEMS}/{ups}/state", json=[body])

    def row(self, user: str, ups: str) -> dict[str, Any]:
        """Return the worklist row of a workitem's case."""
        row: dict[str, Any] = expect(200, self.as_(user).get(f"/api/worklist/{ups}")).json()
        return row


def new_uid() -> str:
    """Return a UID that nothing else has."""
    return f"2.25.{uuid.uuid4().int}"


def expect(status: int, response: httpx.Response) -> httpx.Response:
    """Return the response when it has the status, fail with its body otherwise."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    return response


def digests(files: dict[str, bytes]) -> dict[str, str]:
    """Return SHA-256 by SOP Instance UID."""
    return {uid: hashlib.sha256(content).hexdigest() for uid, content in files.items()}


def study_files(study: str, slices: int, **attributes: str) -> dict[str, bytes]:
    """Return a small CT series; attributes are DICOM keywords."""
    series = new_uid()
    files: dict[str, bytes] = {}
    for number in range(1, slices + 1):
        content = pydicom.dcmread(BytesIO(ct_slice(number, study_uid=study, series_uid=series)))
        for keyword, value in attributes.items():
            setattr(content, keyword, value)
        written = BytesIO()
        content.save_as(written)
        files[str(content.SOPInstanceUID)] = written.getvalue()
    return files


def result_file(study: str, series: str, sop_class: str, **attributes: str) -> tuple[str, bytes]:
    """Return the UID and bytes of a result object; the hub looks no deeper than its header."""
    content = pydicom.dcmread(BytesIO(ct_slice(1, study_uid=study, series_uid=series)))
    uid = new_uid()
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(content, keyword)
    content.Modality = "SR"
    for keyword, value in attributes.items():
        setattr(content, keyword, value)
    content.SOPClassUID = content.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    content.SOPInstanceUID = content.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    written = BytesIO()
    content.save_as(written)
    return uid, written.getvalue()


def create_workitem(hub: HubBed, **changed: Attribute) -> str:
    """Create a workitem as a technician and return its UID."""
    uid = new_uid()
    expect(201, hub.as_("technician").post(f"{WORKITEMS}?{uid}", json=[new_workitem(**changed)]))
    return uid


def new_workitem(**changed: Attribute | None) -> Dataset:
    """Return a complete N-CREATE dataset; keywords give other values, None leaves an attribute out."""
    text = {
        "00741200": ("CS", ["MEDIUM"]),
        "00741204": ("LO", ["Interpretation"]),
        "00404005": ("DT", ["20260305081500"]),
        "00404041": ("CS", ["READY"]),
        "00741000": ("CS", ["SCHEDULED"]),
        "00741202": ("LO", ["chest"]),
        "00404018": ("SQ", [code_item("110005", "Interpretation")]),
        "00100010": ("PN", [{"Alphabetic": "Wang^Xiaoming", "Ideographic": "王^小明"}]),
        "00100020": ("LO", ["P-1"]),
    }
    empty = {
        "00081195": "UI",
        "00741002": "SQ",
        "00741216": "SQ",
        "00741210": "SQ",
        "00404025": "SQ",
        "00404026": "SQ",
        "00404027": "SQ",
        "00400400": "LT",
        "00404021": "SQ",
        "00100021": "LO",
        "00100024": "SQ",
        "00101002": "SQ",
        "00100030": "DA",
        "00100040": "CS",
        "00380010": "LO",
        "00380014": "SQ",
        "00081080": "LO",
        "00081084": "SQ",
        "0040A370": "SQ",
    }
    content: Dataset = {tag: {"vr": vr, "Value": value} for tag, (vr, value) in text.items()}
    content |= {tag: {"vr": vr} for tag, vr in empty.items()}
    for tag, value in changed.items():
        key = tag.removeprefix("t")
        if value is None:
            del content[key]
        else:
            content[key] = value
    return content


def code_item(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    """Return a code sequence item."""
    return {
        "00080100": {"vr": "SH", "Value": [value]},
        "00080102": {"vr": "SH", "Value": [scheme]},
        "00080104": {"vr": "LO", "Value": [meaning]},
    }


def performed(*, outputs: list[Dataset] | None = None, code: str = "110005") -> Dataset:
    """Return an update that meets the final state requirements of COMPLETED."""
    output: dict[str, Any] = {"vr": "SQ"}
    if outputs:
        output["Value"] = outputs
    return {
        "00741216": {
            "vr": "SQ",
            "Value": [
                {
                    "00404028": {"vr": "SQ", "Value": [code_item("WS1", "Workstation", "99TEST")]},
                    "00404050": {"vr": "DT", "Value": ["20260305081500"]},
                    "00404051": {"vr": "DT", "Value": ["20260305082500"]},
                    "00404019": {"vr": "SQ", "Value": [code_item(code, "Interpretation")]},
                    "00404033": output,
                }
            ],
        }
    }
