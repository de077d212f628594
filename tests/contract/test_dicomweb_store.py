"""STOW-RS: what is confirmed is stored whole, and nothing else is."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.dicom_bytes import (
    CT_IMAGE,
    ENHANCED_SR,
    INSTANCE,
    SERIES,
    STUDY,
    identity,
    image,
    part10,
    small_image,
    small_report,
)
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, reasons, store, stored_uids
from tests.helpers.hub_archives import file_hub, hub, orthanc, orthanc_hub
from worklist.hub.instances import InstanceIndex

__all__ = ["file_hub", "hub", "orthanc", "orthanc_hub"]

URL = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"


def files_in(hub: DicomwebHub, folder: str) -> list[Path]:
    return [path for path in (hub.context.data_dir / folder).rglob("*") if path.is_file()]


def test_a_stored_instance_is_confirmed_and_comes_back_byte_for_byte(hub: DicomwebHub) -> None:
    file = small_image()
    answer = store(hub.client("tech-a"), [file])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.json() == {
        "00081190": {"vr": "UR", "Value": [f"{hub.address}/dicom-web/studies/{STUDY}"]},
        "00081199": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": [CT_IMAGE]},
                    "00081155": {"vr": "UI", "Value": [INSTANCE]},
                    "00081190": {"vr": "UR", "Value": [hub.address + URL]},
                }
            ],
        },
    }
    got = hub.client("tech-a").get(URL, headers={"Accept": AS_STORED})
    assert got.content == file
    assert got.headers["etag"] == f'"sha256:{hashlib.sha256(file).hexdigest()}"'
    assert hub.actions() == ["instances_stored"]
    assert files_in(hub, "incoming") == []


def test_identical_bytes_sent_again_are_success(hub: DicomwebHub) -> None:
    client = hub.client("tech-a")
    store(client, [small_image()])
    again = store(client, [small_image()])
    assert (again.status_code, stored_uids(again)) == (200, [INSTANCE])
    assert hub.actions() == ["instances_stored"]


def test_other_bytes_under_a_stored_uid_are_a_conflict_and_never_overwrite(hub: DicomwebHub) -> None:
    client = hub.client("tech-a")
    store(client, [small_image()])
    other = small_image(name="Wang^Wu")
    answer = store(client, [other])
    assert (answer.status_code, reasons(answer)) == (409, [0x0110])
    assert client.get(URL, headers={"Accept": AS_STORED}).content == small_image()
    assert hub.actions() == ["instances_stored", "instance_conflict"]
    kept = hub.context.data_dir / "quarantine" / f"{hashlib.sha256(other).hexdigest()}.bin"
    assert kept.read_bytes() == other


def test_two_versions_of_one_instance_in_one_request_keep_the_first(hub: DicomwebHub) -> None:
    answer = store(hub.client("tech-a"), [small_image(), small_image(name="Wang^Wu")])
    assert (answer.status_code, stored_uids(answer), reasons(answer)) == (202, [INSTANCE], [0x0110])


def test_an_instance_of_another_patient_never_joins_a_study(hub: DicomwebHub) -> None:
    client = hub.client("tech-a")
    store(client, [small_image()])
    answer = store(client, [small_image(instance="1.2.3.10.1.2", patient_id="P2")])
    assert (answer.status_code, reasons(answer)) == (409, [0x0110])
    assert hub.actions()[-1] == "instance_conflict"


def test_a_series_never_belongs_to_two_studies(hub: DicomwebHub) -> None:
    client = hub.client("tech-a")
    store(client, [small_image()])
    answer = store(client, [small_image(study="1.2.3.11", instance="1.2.3.11.1.1")])
    assert (answer.status_code, reasons(answer)) == (409, [0x0110])
    assert client.get("/dicom-web/studies", params={"StudyInstanceUID": "1.2.3.11"}).status_code == 204


def test_one_broken_part_does_not_cost_the_others(hub: DicomwebHub) -> None:
    answer = store(hub.client("tech-a"), [b"not DICOM at all", small_image()])
    assert answer.status_code == 202
    assert stored_uids(answer) == [INSTANCE]
    assert answer.json()["0008119A"]["Value"] == [{"00081197": {"vr": "US", "Value": [0xC000]}}]
    assert sorted(hub.actions()) == ["instance_quarantined", "instances_stored"]


def test_a_file_that_contradicts_itself_is_set_aside_with_its_reason(file_hub: DicomwebHub) -> None:
    file = part10(identity() + image(), instance="1.2.3.99")
    answer = store(file_hub.client("tech-a"), [file])
    assert (answer.status_code, reasons(answer)) == (409, [0xA900])
    kept = sorted(path.name for path in files_in(file_hub, "quarantine"))
    digest = hashlib.sha256(file).hexdigest()
    assert kept == [f"{digest}.bin", f"{digest}.json"]


def test_an_unknown_transfer_syntax_is_told_as_such(file_hub: DicomwebHub) -> None:
    file = part10(identity() + image(), syntax="1.2.840.10008.1.2.4.999")
    assert reasons(store(file_hub.client("tech-a"), [file])) == [0xC122]


def test_an_instance_of_another_study_than_the_url_is_refused(hub: DicomwebHub) -> None:
    answer = store(hub.client("tech-a"), [small_image()], study="1.2.3.77")
    assert (answer.status_code, reasons(answer)) == (409, [0xA900])


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/dicom"}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="application/dicom+json"; boundary=b'}, b"x", 415),
        ({"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}, b"--b--\r\n", 400),
        ({"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}, b"--b\r\n\r\ncut", 400),
        ({"Content-Type": 'multipart/related; type="application/dicom"'}, b"--b--\r\n", 400),
    ],
)
def test_a_body_of_another_kind_is_refused(
    file_hub: DicomwebHub, headers: dict[str, str], body: bytes, status: int
) -> None:
    assert file_hub.client("tech-a").post("/dicom-web/studies", content=body, headers=headers).status_code == status


def test_a_technician_stores_into_studies_of_the_own_site_only(hub: DicomwebHub) -> None:
    store(hub.client("tech-a"), [small_image()])
    answer = store(hub.client("tech-b"), [small_image(instance="1.2.3.10.1.2")])
    assert (answer.status_code, reasons(answer)) == (409, [0x0124])
    assert hub.actions()[-1] == "not_permitted"


def test_a_reader_stores_results_into_visible_studies_and_no_images(hub: DicomwebHub) -> None:
    reader = hub.client("reader")
    report = small_report(series="1.2.3.10.2", instance="1.2.3.10.2.1")
    assert reasons(store(reader, [report])) == [0x0124]  # nobody has sent the study yet
    store(hub.client("tech-a"), [small_image()])
    assert reasons(store(reader, [small_image(instance="1.2.3.10.1.2")])) == [0x0124]
    assert store(reader, [report]).status_code == 200
    found = hub.client("tech-a").get("/dicom-web/instances", params={"SOPClassUID": ENHANCED_SR})
    assert len(found.json()) == 1


def test_an_account_without_the_right_stores_nothing(file_hub: DicomwebHub) -> None:
    assert store(file_hub.client("admin"), [small_image()]).status_code == 403
    assert file_hub.actions() == ["not_permitted"]


def test_without_signing_in_every_door_is_closed(file_hub: DicomwebHub) -> None:
    client = file_hub.client("nobody")
    assert store(client, [small_image()]).status_code == 401
    tails = ("", f"/{STUDY}", f"/{STUDY}/metadata", f"/{STUDY}/series", URL.removeprefix("/dicom-web/studies"))
    assert {client.get(f"/dicom-web/studies{tail}").status_code for tail in tails} == {401}


def test_a_full_disk_refuses_the_instance_and_leaves_no_half_file(
    file_hub: DicomwebHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _data: bytes | memoryview) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "write", full)
    answer = store(file_hub.client("tech-a"), [small_image()])
    assert (answer.status_code, reasons(answer)) == (507, [0xA700])
    monkeypatch.undo()
    assert files_in(file_hub, "objects") + files_in(file_hub, "incoming") == []
    assert store(file_hub.client("tech-a"), [small_image()]).status_code == 200


def test_a_disk_that_fills_up_at_the_rename_registers_nothing(
    file_hub: DicomwebHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = store(file_hub.client("tech-a"), [small_image()])
    assert reasons(answer) == [0xA700]
    monkeypatch.undo()
    assert file_hub.client("tech-a").get(URL, headers={"Accept": AS_STORED}).status_code == 404
    assert files_in(file_hub, "incoming") == []


def test_many_senders_of_one_uid_leave_exactly_one_version(file_hub: DicomwebHub) -> None:
    versions = [small_image(name=f"Sender^{n % 4}") for n in range(8)]
    clients = [file_hub.client("tech-a") for _ in versions]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: store(pair[0], [pair[1]]), zip(clients, versions, strict=True)))
    winners = {versions[n] for n, answer in enumerate(answers) if answer.status_code == 200}
    losers = {versions[n] for n, answer in enumerate(answers) if answer.status_code != 200}
    assert len(winners) == 1
    assert losers == set(versions) - winners
    assert {file_hub.client("tech-a").get(URL, headers={"Accept": AS_STORED}).content} == winners


def test_a_lost_file_is_healed_by_sending_it_again(file_hub: DicomwebHub) -> None:
    client = file_hub.client("tech-a")
    store(client, [small_image()])
    for path in files_in(file_hub, "objects"):
        path.unlink()
    assert client.get(URL, headers={"Accept": AS_STORED}).status_code == 503
    assert store(client, [small_image()]).status_code == 200
    assert client.get(URL, headers={"Accept": AS_STORED}).content == small_image()


def test_the_index_tells_digests_and_what_a_case_shows(file_hub: DicomwebHub) -> None:
    files = [small_image(), small_image(instance="1.2.3.10.1.2"), small_report(series="1.2.3.10.2", instance="1.2.3.4")]
    store(file_hub.client("tech-a"), files)
    index = InstanceIndex(file_hub.context)
    with file_hub.context.read() as connection:
        digests = index.digests(connection, STUDY)
        summary = index.study_summary(connection, STUDY)
        unknown = index.study_summary(connection, "1.2.3.77")
    assert digests == {
        uid: hashlib.sha256(file).hexdigest()
        for uid, file in zip((INSTANCE, "1.2.3.10.1.2", "1.2.3.4"), files, strict=True)
    }
    assert unknown is None
    assert summary is not None
    assert (summary.patient_name, summary.patient_id, summary.sex, summary.birth_date) == (
        "张三",
        "P1",
        "F",
        "19700101",
    )
    assert (summary.modality, summary.description, summary.accession_number) == ("CT", "胸部平扫", "ACC1")
    assert (summary.instance_count, summary.series_instance_uids) == (3, (SERIES, "1.2.3.10.2"))
    assert summary.studied is not None
    assert summary.studied.strftime("%Y%m%d%H%M%S") == "20240131083000"
