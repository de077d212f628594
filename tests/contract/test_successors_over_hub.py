"""A signed report is added to, corrected and withdrawn: real keys, real objects, a real hub and both sides of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from tests.contract.test_loop_over_orthanc import PASSWORD, completed
from tests.helpers.tid_rows import faults
from worklist.hub.embedded import EmbeddedHub, HubSettings
from workstation.bootstrap.adapters import Hub, LocalStorage, connect, open_storage
from workstation.bootstrap.desk import desk_services, way_services
from workstation.bootstrap.signing import Signing, signing
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.domain.access import Actor
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.signature import Verdict
from workstation.domain.site import ReadingRequest, ReturnedReport
from workstation.domain.workitem import ReadingState, WorklistQuery, WorklistRow, WorklistTab
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.jobs import NoJob
from workstation.services.reading_session import OpenedCase
from workstation.services.signing_service import SignedReport
from workstation.settings import SigningSettings


@dataclass
class Senior:
    """Somebody who reads and signs alone, with an own key."""

    url: str
    hub: Hub
    storage: LocalStorage
    keys: Signing
    actor: Actor

    def row(self) -> WorklistRow:
        (row,) = self.hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows
        return row

    def open(self, row: WorklistRow) -> OpenedCase:
        return desk_services(self.hub, self.storage, self.keys).open_case(row, self.actor)

    def sign(self, case: OpenedCase, report: Report) -> SignedReport:
        assert case.claim is not None
        desk = desk_services(self.hub, self.storage, self.keys)
        done = desk.sign(
            report,
            template=case.template,
            study=case.study,
            row=case.row,
            claim=case.claim,
            actor=self.actor,
            pin=PASSWORD,
        )
        outcome = desk.deliver(NoJob())
        assert (outcome.delivered, outcome.refused) == (1, 0), outcome
        return done

    def follow(self, kind: ReportKind, reason: str) -> OpenedCase:
        row = self.row()
        signed = self.hub.reports.fetch(row.ups_instance_uid)
        assert signed is not None
        begun = way_services(self.hub, self.storage).start(row, signed, kind, reason, self.actor)
        return self.open(begun)

    def stored(self, done: SignedReport, kind: str) -> bytes:
        (one,) = (artefact for artefact in done.artefacts if artefact.kind == kind)
        return self.hub.images.instance(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)


@pytest.fixture
def senior(tmp_path: Path) -> Iterator[Senior]:
    keys = signing(SigningSettings(), tmp_path)
    keys.demo.ensure_signer("expert", "王启明", "省影像专科联盟远程诊断中心", PASSWORD)
    make_phantom_study(tmp_path / "ct", slices=4, size=64, nodules=1)
    with EmbeddedHub(HubSettings(tmp_path / "hub", demo_users=True)) as house:
        with connect(house.url) as hub:
            hub.session.sign_in("technician", PASSWORD)
            (study,) = scan(tmp_path / "ct", NoJob())
            hub.sender.send(study, ReadingRequest(study.study_instance_uid), NoJob(), lambda _progress: None)
        with connect(house.url) as hub:
            actor = hub.session.sign_in("expert", PASSWORD)
            storage = open_storage(tmp_path / "ws", "expert", PASSWORD, keyring=None)
            yield Senior(house.url, hub, storage, keys, actor)
            storage.close()


def inbox(senior: Senior) -> dict[ReportKind, ReturnedReport]:
    with connect(senior.url) as hub:
        hub.session.sign_in("technician", PASSWORD)
        return {one.kind: one for one in hub.inbox.returned()}


def sr(senior: Senior, done: SignedReport) -> Dataset:
    return pydicom.dcmread(BytesIO(senior.stored(done, "report_sr")))


def predecessors(sr: Dataset) -> list[str]:
    return [
        instance.ReferencedSOPInstanceUID
        for document in sr.get("PredecessorDocumentsSequence", ())
        for series in document.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]


def test_what_follows_a_signed_report_is_signed_names_it_and_reaches_the_sender(senior: Senior) -> None:
    case = senior.open(senior.row())
    first = senior.sign(case, completed(case.report, case.template))

    case = senior.follow(ReportKind.ADDENDUM, "外院前片后到")
    added = senior.sign(case, case.report.with_addendum("与外院前片对比无变化。", at=datetime.now(UTC)))
    case = senior.follow(ReportKind.CORRECTED, "左右写反")
    impression = next(key for key in case.report.values if key == "impression")
    corrected = senior.sign(
        case, case.report.with_values({**case.report.values, impression: "未见异常。"}, at=datetime.now(UTC))
    )

    verifier = SignatureVerifier(senior.keys.demo.trust())
    for done in (first, added, corrected):
        for kind in ("report_sr", "report_pdf"):
            assert verifier.verify_bytes(kind, senior.stored(done, kind)).verdict is Verdict.VALID
        assert faults(sr(senior, done)) == []
    first_sr, added_sr, corrected_sr = (sr(senior, done) for done in (first, added, corrected))
    assert first_sr.SOPInstanceUID in predecessors(added_sr)
    assert added_sr.SOPInstanceUID in predecessors(corrected_sr)
    assert (added_sr.PreliminaryFlag, added_sr.CompletionFlag, added_sr.VerificationFlag) == (
        "FINAL", "COMPLETE", "VERIFIED",
    )  # fmt: skip
    box = inbox(senior)
    assert box.keys() == {ReportKind.ORIGINAL, ReportKind.ADDENDUM, ReportKind.CORRECTED}
    assert (box[ReportKind.CORRECTED].superseded_by, box[ReportKind.CORRECTED].change_reason) == ("", "左右写反")
    assert all(box[kind].superseded_by for kind in (ReportKind.ORIGINAL, ReportKind.ADDENDUM))


def test_a_report_of_the_wrong_patient_is_withdrawn_and_the_sender_told(senior: Senior) -> None:
    case = senior.open(senior.row())
    signed = senior.sign(case, completed(case.report, case.template)).report
    row = senior.row()

    way_services(senior.hub, senior.storage).withdraw(
        row, case.study, signed, WithdrawalCode.WRONG_PATIENT, "图像属于另一位患者", senior.actor
    )

    told = inbox(senior)[ReportKind.ORIGINAL]
    assert (told.withdrawn_code, told.withdrawn_reason) == (WithdrawalCode.WRONG_PATIENT, "图像属于另一位患者")
    assert senior.row().state is ReadingState.READY
