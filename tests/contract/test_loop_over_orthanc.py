"""A study that a modality stored in Orthanc is read and signed; the signed objects arrive in Orthanc."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from tests.helpers.hub_archives import orthanc
from tests.helpers.orthanc import Orthanc
from worklist.hub.embedded import EmbeddedHub, HubSettings
from workstation.bootstrap.adapters import connect, open_storage, verifier
from workstation.bootstrap.desk import desk_services
from workstation.bootstrap.signing import signing
from workstation.domain.report import Report
from workstation.domain.signature import Verdict
from workstation.domain.template import FieldType, ReportTemplate
from workstation.domain.workitem import ReadingState, WorklistQuery, WorklistTab
from workstation.services.comparison_field import COMPARISON
from workstation.services.jobs import NoJob
from workstation.settings import SigningSettings

__all__ = ["orthanc"]

pytestmark = [pytest.mark.orthanc, pytest.mark.dcmtk]
PASSWORD = "lianyue-demo"
AS_STORED = "application/dicom; transfer-syntax=*"


def test_a_study_of_the_archive_is_read_signed_and_returned_into_the_archive(
    orthanc: Orthanc, shared_data: Path, tmp_path: Path
) -> None:
    slab = sorted((shared_data / "ct-chest-lidc-0002-part").glob("*.dcm"))
    orthanc.storescu(*slab)
    study = str(pydicom.dcmread(slab[0], stop_before_pixels=True).StudyInstanceUID)

    with EmbeddedHub(HubSettings(tmp_path / "hub", archive_url=orthanc.dicomweb_url, demo_users=True)) as house:
        ups = request_reading(house.url, study)
        keys = signing(SigningSettings(), tmp_path)
        keys.demo.ensure_signer("expert", "王启明", "省影像专科联盟远程诊断中心", PASSWORD)
        with connect(house.url) as hub:
            expert = hub.session.sign_in("expert", PASSWORD)
            storage = open_storage(tmp_path / "ws", "expert", PASSWORD, keyring=None)
            desk = desk_services(hub, storage, keys)
            case = desk.open_case(hub.worklist.row(ups), expert)
            assert len([i for s in case.study.series for i in s.instances]) == 12
            assert case.claim is not None
            signed = desk.sign(
                completed(case.report, case.template),
                template=case.template,
                study=case.study,
                row=case.row,
                claim=case.claim,
                actor=expert,
                pin=PASSWORD,
            )
            assert desk.deliver(NoJob()).delivered == 1
            assert hub.worklist.row(ups).state is ReadingState.FINAL
            back = {
                a.kind: hub.images.instance(a.study_instance_uid, a.series_instance_uid, a.sop_instance_uid)
                for a in signed.artefacts
            }
            storage.close()
        assert {a.kind: a.payload for a in signed.artefacts} == back
        assert {a.sop_instance_uid for a in signed.artefacts} <= orthanc.instances()
        check = verifier(None, tmp_path)
        assert check.verify_bytes("report", back["report_pdf"]).verdict is Verdict.VALID


def request_reading(url: str, study: str) -> str:
    """Ask for the reading of a study that came to the archive by itself."""
    with connect(url) as hub:
        hub.session.sign_in("technician", PASSWORD)
        hub.client.request("POST", "/api/requests", json={"study_instance_uid": study})
        found = hub.client.request("GET", f"/dicom-web/studies/{study}/instances").json()
        digests = {}
        for instance in found:
            path = instance["00081190"]["Value"][0].removeprefix(url)
            answer = hub.client.request("GET", path, headers={"Accept": AS_STORED})
            digests[instance["00080018"]["Value"][0]] = answer.headers["etag"].strip('"').removeprefix("sha256:")
        done = hub.client.request("POST", f"/api/requests/{study}/complete", json={"instances": digests}).json()
        rows = hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows
        assert [row.study_instance_uid for row in rows] == [study]
        return str(done["ups_instance_uid"])


def completed(report: Report, template: ReportTemplate) -> Report:
    """Fill every required field; of a comparison, that there is none to compare with."""
    values = {
        item.key: item.choices[0].key if item.choices else "未见明显异常。" if item.key != COMPARISON else "无前片。"
        for item in template.fields
        if item.required and item.type is not FieldType.FINDINGS
    }
    return report.with_values(values, at=datetime.now(UTC))
