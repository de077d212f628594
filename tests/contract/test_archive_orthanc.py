"""An external archive: what others store there is read through the hub, and what the hub takes arrives there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import pydicom
import pytest

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, small_image, small_report
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, dicomweb_hub, reasons, store, values
from tests.helpers.hub_archives import orthanc, orthanc_hub
from tests.helpers.orthanc import Orthanc, free_port
from worklist.hub.instances import InstanceIndex

__all__ = ["orthanc", "orthanc_hub"]

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]


@pytest.fixture
def slab(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "ct-chest-lidc-0002-part").glob("*.dcm"))


def test_a_study_stored_by_a_modality_is_read_through_the_hub(
    orthanc_hub: DicomwebHub, orthanc: Orthanc, slab: list[Path]
) -> None:
    orthanc.storescu(*slab)
    study = str(pydicom.dcmread(slab[0], stop_before_pixels=True).StudyInstanceUID)
    client = orthanc_hub.client("reader")
    metadata = client.get(f"/dicom-web/studies/{study}/metadata").json()
    uids = {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in slab}
    assert set(values(metadata, "00080018")) == uids
    found = client.get("/dicom-web/studies", params={"StudyInstanceUID": study}).json()
    assert values(found, "00201208") == [len(slab)]
    url = client.get(f"/dicom-web/studies/{study}/instances").json()[0]["00081190"]["Value"][0]
    answer = client.get(url, headers={"Accept": AS_STORED})
    assert answer.headers["etag"] == f'"sha256:{hashlib.sha256(answer.content).hexdigest()}"'
    with orthanc_hub.context.read() as connection:
        digests = InstanceIndex(orthanc_hub.context).digests(connection, study)
    assert set(digests) == uids
    assert orthanc_hub.actions() == ["study_registered"]
    # no site has asked for its reading: no technician sees it
    assert orthanc_hub.client("tech-a").get(f"/dicom-web/studies/{study}/metadata").status_code == 404


def test_a_search_finds_what_only_the_archive_knows(
    orthanc_hub: DicomwebHub, orthanc: Orthanc, slab: list[Path]
) -> None:
    orthanc.storescu(*slab[:2])
    patient = str(pydicom.dcmread(slab[0], stop_before_pixels=True).PatientID)
    found = orthanc_hub.client("reader").get("/dicom-web/studies", params={"PatientID": patient}).json()
    assert values(found, "00201208") == [2]


def test_what_the_hub_takes_arrives_in_the_archive(orthanc_hub: DicomwebHub, orthanc: Orthanc) -> None:
    assert store(orthanc_hub.client("tech-a"), [small_image()]).status_code == 200
    report = small_report(series="1.2.3.10.2", instance="1.2.3.10.2.1")
    assert store(orthanc_hub.client("worker"), [report]).status_code == 200
    assert orthanc.instances() == {INSTANCE, "1.2.3.10.2.1"}


def test_other_bytes_that_the_archive_already_has_are_a_conflict(
    orthanc_hub: DicomwebHub, orthanc: Orthanc, tmp_path: Path
) -> None:
    first = tmp_path / "first.dcm"
    first.write_bytes(small_image(name="Li^Si"))
    orthanc.storescu(first)
    answer = store(orthanc_hub.client("tech-a"), [small_image()])
    assert answer.status_code == 409
    got = orthanc_hub.client("reader").get(f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}/metadata")
    assert values(got.json(), "00100010") == [{"Alphabetic": "Li^Si"}]


def test_a_silent_archive_is_told_and_nothing_is_registered(tmp_path: Path) -> None:
    with dicomweb_hub(tmp_path, f"http://127.0.0.1:{free_port()}/dicom-web") as hub:
        answer = store(hub.client("tech-a"), [small_image()])
        assert (answer.status_code, reasons(answer)) == (409, [0x0110])
        assert hub.client("reader").get(f"/dicom-web/studies/{STUDY}/metadata").status_code == 503


def test_the_archives_own_password_is_needed_and_never_shown(orthanc: Orthanc, orthanc_hub: DicomwebHub) -> None:
    assert httpx.get(f"{orthanc.rest}/system").status_code == 401
    assert orthanc_hub.archive.description == f"{orthanc.rest}/dicom-web"
