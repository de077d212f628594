"""A resident signs and submits, a senior signs, the time stamp comes late: two people over a real hub."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.contract.test_loop_over_orthanc import PASSWORD, completed
from worklist.hub.embedded import EmbeddedHub, HubSettings
from workstation.bootstrap.adapters import connect, open_storage
from workstation.bootstrap.desk import desk_services
from workstation.bootstrap.signing import Signing, signing
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.domain.report import ReportState
from workstation.domain.signature import SignatureLevel, Verdict
from workstation.domain.site import ReadingRequest
from workstation.domain.workitem import WorklistQuery, WorklistTab
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pdf_signature import attached_files
from workstation.exchange.signing.time_stamps import TimeAuthority, unavailable
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.jobs import NoJob
from workstation.settings import SigningSettings


class Moody:
    """A time authority that answers when it likes."""

    def __init__(self, inner: TimeAuthority) -> None:
        self.inner, self.silent = inner, True

    def answer(self, request: bytes) -> bytes:
        if self.silent:
            raise unavailable("out for lunch")
        return self.inner.answer(request)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Signing, Moody]:
    first = signing(SigningSettings(), tmp_path)
    for user, name in (("expert", "王启明"), ("resident", "宋佳")):
        first.demo.ensure_signer(user, name, "省影像专科联盟远程诊断中心", PASSWORD)
    moody = Moody(first.demo.time_authority())
    store = DemoKeyStore(tmp_path / "pki", authority=moody)
    return replace(first, demo=store, keys=store), moody


def test_both_signatures_and_a_late_time_stamp_reach_the_hub(keys: tuple[Signing, Moody], tmp_path: Path) -> None:
    own, authority = keys
    make_phantom_study(tmp_path / "ct", slices=4, size=64, nodules=1)
    with EmbeddedHub(HubSettings(tmp_path / "hub", demo_users=True)) as house:
        with connect(house.url) as hub:
            hub.session.sign_in("technician", PASSWORD)
            (study,) = scan(tmp_path / "ct", NoJob())
            hub.sender.send(study, ReadingRequest(study.study_instance_uid), NoJob(), lambda _progress: None)
        with connect(house.url) as hub:
            resident = hub.session.sign_in("resident", PASSWORD)
            storage = open_storage(tmp_path / "ws", "resident", PASSWORD, keyring=None)
            desk = desk_services(hub, storage, own)
            (row,) = hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows
            case = desk.open_case(row, resident)
            assert case.claim is not None
            written = desk.sign_preliminary(
                completed(case.report, case.template),
                template=case.template,
                study=case.study,
                row=case.row,
                actor=resident,
                pin=PASSWORD,
            )
            desk.submit(written, case.template, case.claim, submitter="resident")
            storage.close()
        with connect(house.url) as hub:
            expert = hub.session.sign_in("expert", PASSWORD)
            storage = open_storage(tmp_path / "ws", "expert", PASSWORD, keyring=None)
            desk = desk_services(hub, storage, own)
            (row,) = hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows
            case = desk.open_case(row, expert)
            assert case.claim is not None
            assert case.report.state is ReportState.PRELIMINARY
            assert case.report.author_signature == written.author_signature
            signed = desk.sign(
                case.report,
                template=case.template,
                study=case.study,
                row=case.row,
                claim=case.claim,
                actor=expert,
                pin=PASSWORD,
            )
            assert signed.pdf.level is SignatureLevel.B
            assert desk.deliver(NoJob()).held == 1

            authority.silent = False
            (held,) = storage.outbox.pending()
            storage.outbox.failed(held.report.report_uid, "", retry_at=held.report.updated_at)
            assert desk.deliver(NoJob()).delivered == 1
            (artefact,) = (one for one in signed.artefacts if one.kind == "report_pdf")
            back = hub.images.instance(
                artefact.study_instance_uid, artefact.series_instance_uid, artefact.sop_instance_uid
            )
            storage.close()

    found = SignatureVerifier(own.demo.trust()).verify_bytes("report", back)
    assert (found.verdict, found.level) == (Verdict.VALID, SignatureLevel.LT)
    assert found.explanation == "Signed by 王启明; unchanged since; 宋佳 wrote it and signed the preliminary report"
    files = attached_files(PdfFileReader(BytesIO(taken_apart(back).pdf)))
    assert {"manifest.json", "preliminary.pdf", "report.dcm.p7s", "findings.dcm.p7s"} <= files.keys()
