"""The signed objects in a site's own archive, byte for byte: C-STORE with storage commitment, STOW-RS, folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pynetdicom import AE, StoragePresentationContexts, evt

from tests.helpers.consignments import HL7, PDF_BYTES, consigned, small_study
from tests.helpers.full_reports import SIGNED, final_report
from tests.helpers.orthanc import Orthanc, running_orthanc
from workstation.domain.dispatch import Route, RouteKind
from workstation.domain.errors import DiskFull, Refused, StorageError, Undeliverable, Unreachable
from workstation.domain.report import ReportState
from workstation.exchange.routes.c_store import CStoreCarrier
from workstation.exchange.routes.commitment_listener import STORAGE_COMMITMENT, CommitmentListener
from workstation.exchange.routes.folder_drop import FolderCarrier
from workstation.exchange.routes.stow import StowCarrier

WANTED = {one.sop_instance_uid: one.read() for one in consigned().objects}
LIANYUE = {"AET": "LIANYUE", "Host": "127.0.0.1", "AllowEcho": True, "AllowStore": True, "AllowStorageCommitment": True}


@pytest.fixture(scope="module")
def listener() -> Iterator[CommitmentListener]:
    heard = CommitmentListener(port=0)
    heard.start()
    yield heard
    heard.stop()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, listener: CommitmentListener) -> Iterator[Orthanc]:
    known = {"lianyue": {**LIANYUE, "Port": listener.port}}
    with running_orthanc(tmp_path_factory.mktemp("pacs"), known) as server:
        yield server


def pacs(port: int, **changes: Any) -> Route:  # noqa: ANN401 - fields of a route
    route = replace(
        HL7, kind=RouteKind.C_STORE, address=f"127.0.0.1:{port}", called_aet="ORTHANC", answer_timeout_s=20.0
    )
    return replace(route, **changes)


def held(server: Orthanc) -> dict[str, bytes]:
    """Return every file that Orthanc holds, as it gives them back."""
    found = {}
    with httpx.Client(auth=server.auth, timeout=60) as client:
        for entry in client.get(f"{server.rest}/instances?expand").json():
            content = client.get(f"{server.rest}/instances/{entry['ID']}/file").content
            found[entry["MainDicomTags"]["SOPInstanceUID"]] = content
    return found


def datasets(files: dict[str, bytes]) -> dict[str, str]:
    """Return each file's data set as text: C-STORE carries the data set, the file's head is the archive's own."""
    return {uid: str(dcmread(DicomBytesIO(content))).split("-----\n")[-1] for uid, content in files.items()}


@pytest.mark.orthanc
def test_a_pacs_stores_and_commits_to_every_signed_object(orthanc: Orthanc, listener: CommitmentListener) -> None:
    orthanc.clear()

    receipt = CStoreCarrier(listener).carry(consigned(), pacs(orthanc.dicom_port))
    again = CStoreCarrier(listener).carry(consigned(), pacs(orthanc.dicom_port))

    assert receipt == again
    assert "3" in receipt.proof
    assert datasets(held(orthanc)) == datasets(WANTED)


@pytest.mark.orthanc
def test_an_archive_takes_the_objects_byte_for_byte_and_once(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    orthanc.clear()
    user, password = orthanc.auth
    monkeypatch.setenv("LIANYUE_ROUTE_ARCHIVE", password)
    route = replace(
        HL7, kind=RouteKind.STOW, address=f"{orthanc.rest}/dicom-web", user=user, secret_name="ARCHIVE",
        answer_timeout_s=60.0,
    )  # fmt: skip

    first = StowCarrier().carry(consigned(), route)
    second = StowCarrier().carry(consigned(), route)

    assert first == second
    assert held(orthanc) == WANTED


@pytest.mark.orthanc
def test_a_pacs_that_does_not_know_us_is_told_as_such(orthanc: Orthanc) -> None:
    with pytest.raises(Refused, match="association rejected"):
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(orthanc.dicom_port, called_aet="SOMEBODY"))


class Peer:
    """A PACS that does as the test says."""

    def __init__(self, *, store: int = 0, action: int = 0, keeps: bool = True, reports: bool = True) -> None:
        self.store, self.action, self.keeps, self.reports = store, action, keeps, reports
        self.stored: list[str] = []
        entity = AE(ae_title="ORTHANC")
        entity.supported_contexts = StoragePresentationContexts
        entity.add_supported_context(STORAGE_COMMITMENT)
        self.server = entity.start_server(
            ("127.0.0.1", 0),
            block=False,
            evt_handlers=[(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._action)],
        )
        assert self.server is not None

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(self.server.server_address[1])

    def _store(self, event: evt.Event) -> int:
        self.stored.append(str(event.dataset.SOPInstanceUID))
        return self.store

    def _action(self, event: evt.Event) -> tuple[int, None]:
        if self.action == 0 and self.reports:
            told = Dataset()
            told.TransactionUID = event.action_information.TransactionUID
            asked = event.action_information.ReferencedSOPSequence
            if self.keeps:
                told.ReferencedSOPSequence = asked
            else:
                told.ReferencedSOPSequence = asked[1:]
                asked[0].FailureReason = 0x0112
                told.FailedSOPSequence = asked[:1]
            event.assoc.acse_timeout = 5
            self._told = (event.assoc, told)
            threading.Thread(target=self._report).start()
        return self.action, None

    def _report(self) -> None:
        line, told = self._told
        line.send_n_event_report(told, 1 if self.keeps else 2, STORAGE_COMMITMENT, "1.2.840.10008.1.20.1.1")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.server is not None
        for line in self.server.active_associations:
            transport = line.dul.socket
            if line.requestor.primitive is None and transport is not None:
                transport.close()  # only knocked at: it would keep its socket for half a minute
            else:
                line.join(30)
        self.server.shutdown()


def test_objects_without_commitment_are_delivered_when_stored() -> None:
    with Peer() as peer:
        receipt = CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port, commitment=False))

        assert peer.stored == list(WANTED)
        assert "3" in receipt.proof


@pytest.mark.parametrize(
    ("status", "expected"), [(0xA700, Refused), (0x0122, Refused), (0xA900, Undeliverable), (0xC000, Undeliverable)]
)
def test_a_status_that_may_pass_is_told_from_one_that_will_not(status: int, expected: type[Exception]) -> None:
    with Peer(store=status) as peer, pytest.raises(expected):
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port, commitment=False))


def test_an_object_that_the_pacs_has_already_is_stored() -> None:
    with Peer(store=0x0111) as peer:
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port, commitment=False))


class Impatient(CommitmentListener):
    """Fails where somebody waits for a report that nobody will send."""

    def wait(self, transaction: str, timeout_s: float) -> Dataset | None:
        raise AssertionError(f"waits {timeout_s} s for {transaction}")


def test_a_refused_commitment_is_no_delivery_and_nobody_waits_for_its_report() -> None:
    listener = Impatient()

    with Peer(action=0x0110) as peer, pytest.raises(Refused, match="N-ACTION 0110"):
        CStoreCarrier(listener).carry(consigned(), pacs(peer.port))

    assert listener._heard == {}


def test_a_pacs_that_never_says_what_it_keeps_has_not_received() -> None:
    with Peer(reports=False) as peer, pytest.raises(Refused, match="no N-EVENT-REPORT"):
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port, answer_timeout_s=0.5))


def test_a_pacs_that_keeps_less_than_all_has_not_received() -> None:
    with Peer(keeps=False) as peer, pytest.raises(Refused, match="failed 0112"):
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port))


def test_a_pacs_that_keeps_everything_may_say_so_on_the_same_line() -> None:
    with Peer() as peer:
        assert "3" in CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(peer.port)).proof


def test_a_pacs_that_is_away_is_waited_for() -> None:
    with pytest.raises(Unreachable):
        CStoreCarrier(CommitmentListener()).carry(consigned(), pacs(9))


def test_a_report_without_objects_goes_to_no_archive() -> None:
    bare = replace(consigned(), objects=())

    with pytest.raises(Undeliverable):
        CStoreCarrier(CommitmentListener()).carry(bare, pacs(9))
    with pytest.raises(Undeliverable):
        StowCarrier().carry(bare, replace(HL7, kind=RouteKind.STOW, address="http://127.0.0.1:9"))


# the folder

DROP = replace(HL7, kind=RouteKind.FOLDER, address="qingshui")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "qingshui").mkdir()
    return tmp_path


def test_a_dropped_report_is_whole_and_named_by_us(drop: Path) -> None:
    receipt = FolderCarrier(drop).carry(consigned(), DROP)

    (folder,) = (drop / "qingshui").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    assert receipt.proof == "qingshui/CONTROL0000000000001"
    assert files["report.pdf"] == PDF_BYTES
    assert {content for name, content in files.items() if name.endswith(".dcm")} == set(WANTED.values())
    assert manifest["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert (manifest["status"], manifest["patient_name"]) == ("final", "Wang^Yan=王^燕")


def test_dropping_again_changes_nothing_and_half_a_drop_is_begun_anew(drop: Path) -> None:
    leftover = drop / "qingshui" / ".CONTROL0000000000001.part"
    leftover.mkdir()
    (leftover / "report.pdf").write_bytes(b"half")
    FolderCarrier(drop).carry(consigned(), DROP)
    (folder,) = (drop / "qingshui").iterdir()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    FolderCarrier(drop).carry(consigned(), DROP)

    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_withdrawn_report_says_so_in_its_manifest(drop: Path) -> None:
    wrong = final_report(small_study()).moved(ReportState.ENTERED_IN_ERROR, at=SIGNED, reason="患者信息错误")

    FolderCarrier(drop).carry(consigned(wrong), DROP)

    manifest = json.loads((drop / "qingshui" / "CONTROL0000000000001" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["status"], manifest["reason"]) == ("entered-in-error", "患者信息错误")


def test_an_unmounted_share_is_not_filled_behind_its_mount_point(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no folder"):
        FolderCarrier(tmp_path).carry(consigned(), DROP)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "expected"), [(28, DiskFull), (5, StorageError)])
def test_a_full_or_broken_disk_leaves_nothing_that_a_collector_takes(
    drop: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: type[Exception]
) -> None:
    def refuse(*_given: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr("workstation.exchange.routes.folder_drop.os.fsync", refuse)

    with pytest.raises(expected):
        FolderCarrier(drop).carry(consigned(), DROP)

    assert [path.name for path in (drop / "qingshui").iterdir() if not path.name.startswith(".")] == []
