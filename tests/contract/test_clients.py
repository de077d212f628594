"""The clients and the real hub: one study through the whole loop, over real sockets."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.uid import Comprehensive3DSRStorage, EncapsulatedPDFStorage, EnhancedSRStorage, generate_uid

from resources.translation import use_language
from tests.helpers.jobs import RecordingJob
from tests.helpers.part10 import SERIES_UID, ct_slice, result_object, sop_uid
from tests.helpers.reports import STUDY_UID, drafted_report
from worklist.audit import HubAudit
from worklist.detection_queue import HubDetectionQueue
from worklist.dicomweb import HubImages
from worklist.http import HubClient
from worklist.hub.embedded import EmbeddedHub, HubSettings
from worklist.inbox import HubInbox
from worklist.reports import HubReports
from worklist.retrieve import SeriesRetriever
from worklist.session import HubSession
from worklist.upload import HubSender, SendConflict
from worklist.ups_rs import HubWorklist
from workstation.domain.audit import AuditAction
from workstation.domain.detection import DetectionSummary
from workstation.domain.errors import (
    AlreadyClaimed,
    IntegrityMismatch,
    NoLongerUpdatable,
    NotPermitted,
    Refused,
    SignInFailed,
    WrongTransaction,
)
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.site import ReadingRequest, SendProgress
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.workitem import (
    AiState,
    Claim,
    OutputReference,
    Priority,
    ReadingState,
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)

COUNT = 12
ALGORITHM = AlgorithmIdentity("lung-nodule-s", "0.1.0", "ab" * 32, provider="cpu")


@dataclass(frozen=True)
class Desk:
    """Every client of one signed-in account."""

    client: HubClient

    @property
    def worklist(self) -> HubWorklist:
        return HubWorklist(self.client)

    @property
    def images(self) -> HubImages:
        return HubImages(self.client)

    @property
    def reports(self) -> HubReports:
        return HubReports(self.client)


class Alliance:
    """A running hub and the desks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = EmbeddedHub(HubSettings(folder / "hub", demo_users=True))
        self.url = self.hub.start()
        self._clients: list[HubClient] = []

    def desk(self, user: str) -> Desk:
        client = HubClient(self.url)
        self._clients.append(client)
        HubSession(client).sign_in(user, "lianyue-demo")
        return Desk(client)

    def send(self, study: Study, progress: list[SendProgress] | None = None) -> str:
        request = ReadingRequest(study.study_instance_uid, Priority.HIGH, "咯血三天")
        sender = HubSender(self.desk("technician").client)
        return sender.send(study, request, RecordingJob(), (progress if progress is not None else []).append)

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.hub.stop()


@pytest.fixture
def alliance(tmp_path: Path) -> Iterator[Alliance]:
    use_language("en")
    made = Alliance(tmp_path)
    yield made
    made.close()
    use_language("zh_CN")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    folder = tmp_path / "disc"
    folder.mkdir()
    instances = []
    for number in range(1, COUNT + 1):
        path = folder / f"{number}.dcm"
        path.write_bytes(ct_slice(number, study_uid=STUDY_UID, value=number))
        instances.append(Instance(sop_uid(number), "1.2.840.10008.5.1.4.1.1.2", number, path=str(path)))
    return Study(STUDY_UID, Patient("P0001", "张三"), series=(Series(SERIES_UID, "CT", 2, instances=tuple(instances)),))


def pre_read(alliance: Alliance, findings: int = 1) -> None:
    """Let an AI worker take the waiting case to its end."""
    worker = alliance.desk("worker")
    queue = HubDetectionQueue(worker.client)
    item = queue.claim_next()
    assert item is not None
    queue.progress(item, 0.5, "network")
    outputs = worker.images.store(STUDY_UID, [result_object(1, Comprehensive3DSRStorage, study_uid=STUDY_UID)])
    queue.complete(item, outputs, DetectionSummary(SERIES_UID, ALGORITHM, findings, 0.9, 8))
    queue.complete(item, outputs, DetectionSummary(SERIES_UID, ALGORITHM, findings, 0.9, 8))


def only_row(desk: Desk, tab: WorklistTab = WorklistTab.ALL) -> WorklistRow:
    (row,) = desk.worklist.query(WorklistQuery(tab=tab)).rows
    return row


def signed_objects() -> list[bytes]:
    kinds = (EnhancedSRStorage, EncapsulatedPDFStorage, Comprehensive3DSRStorage)
    return [result_object(20 + n, kind, study_uid=STUDY_UID) for n, kind in enumerate(kinds)]


def report_by(user_id: str, name: str, row: WorklistRow) -> Report:
    return replace(
        drafted_report(),
        ups_instance_uid=row.ups_instance_uid,
        author=Person(user_id, name, "省影像专科联盟远程诊断中心"),
    )


def final(report: Report) -> Report:
    now = datetime.now(UTC)
    moved = report.moved(ReportState.FINAL, at=now)
    return replace(moved, signed_at=now, verifier=Person("expert", "王启明", "省影像专科联盟远程诊断中心"))


def uid() -> str:
    return str(generate_uid(prefix=None))


def test_a_study_goes_through_the_whole_loop(alliance: Alliance, study: Study) -> None:
    progress: list[SendProgress] = []
    ups = alliance.send(study, progress)
    assert (progress[-1].total, progress[-1].sent, progress[-1].verified) == (COUNT, COUNT, True)

    pre_read(alliance)
    resident, expert, technician = (alliance.desk(user) for user in ("resident", "expert", "technician"))
    row = only_row(resident, WorklistTab.TO_READ)
    assert (row.ups_instance_uid, row.state, row.priority) == (ups, ReadingState.READY, Priority.HIGH)
    assert (row.patient_name, row.images_received, row.clinical_question) == ("张三", COUNT, "咯血三天")
    assert (row.ai.state, row.ai.finding_count, row.ai.top_out_of_ten) == (AiState.DONE, 1, 8)

    claim = resident.worklist.claim(row.ups_instance_uid, uid())
    with pytest.raises(AlreadyClaimed) as lost:
        expert.worklist.claim(row.ups_instance_uid, uid())
    assert lost.value.user_text == "宋佳 is already reading this case"

    assert resident.reports.fetch(row.ups_instance_uid) is None
    drafted = report_by("resident", "宋佳", row)
    submitted = resident.reports.submit(drafted.moved(ReportState.PRELIMINARY, at=datetime.now(UTC)), claim)
    assert submitted.state is ReportState.PRELIMINARY

    review = only_row(expert, WorklistTab.TO_REVIEW)
    assert review.ups_instance_uid != row.ups_instance_uid
    lock = expert.worklist.claim(review.ups_instance_uid, uid())
    fetched = expert.reports.fetch(review.ups_instance_uid)
    assert fetched is not None
    assert fetched.values == drafted.values
    signed = final(replace(fetched, ups_instance_uid=review.ups_instance_uid))
    outputs = expert.images.store(STUDY_UID, signed_objects())
    assert len(outputs) == 3
    assert expert.reports.finalise(signed, lock, outputs).state is ReportState.FINAL
    assert expert.images.store(STUDY_UID, signed_objects()) == outputs
    assert expert.reports.finalise(signed, lock, outputs).report_uid == signed.report_uid

    inbox = HubInbox(technician.client)
    (returned,) = inbox.returned()
    assert (returned.study_instance_uid, returned.signer) == (STUDY_UID, "王启明")
    assert technician.images.instance(STUDY_UID, f"{SERIES_UID}.9", returned.report_sop_instance_uid)
    seen = inbox.acknowledge(returned.ups_instance_uid)
    assert seen.acknowledged_at
    assert inbox.acknowledge(returned.ups_instance_uid) == seen
    row = technician.worklist.row(returned.ups_instance_uid)
    assert (returned.accession_number, returned.studied[:10]) == (row.accession_number, f"{row.studied:%Y-%m-%d}")
    HubAudit(technician.client).record(AuditAction.REPORT_SAVED, subject_uid=STUDY_UID, detail="signed")
    HubAudit(expert.client).record(AuditAction.REPORT_PRINTED, subject_uid=STUDY_UID, detail="signed")
    HubAudit(expert.client).record(AuditAction.PICTURES_SAVED, subject_uid=STUDY_UID, detail="1 pictures")

    actions = [event.action for event in HubAudit(alliance.desk("quality").client).events(study_instance_uid=STUDY_UID)]
    for action in (
        AuditAction.WORKITEM_CLAIMED,
        AuditAction.REPORT_SIGNED,
        AuditAction.REPORT_ACKNOWLEDGED,
        AuditAction.REPORT_SAVED,
        AuditAction.REPORT_PRINTED,
        AuditAction.PICTURES_SAVED,
    ):
        assert action in actions


def test_a_returned_report_goes_back_to_its_author(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    resident, expert = alliance.desk("resident"), alliance.desk("expert")
    row = only_row(resident)
    claim = resident.worklist.claim(row.ups_instance_uid, uid())
    drafted = report_by("resident", "宋佳", row)
    resident.reports.submit(drafted.moved(ReportState.PRELIMINARY, at=datetime.now(UTC)), claim)
    review = only_row(expert, WorklistTab.TO_REVIEW)
    lock = expert.worklist.claim(review.ups_instance_uid, uid())
    fetched = expert.reports.fetch(review.ups_instance_uid)
    assert fetched is not None

    sent_back = fetched.moved(ReportState.RETURNED, at=datetime.now(UTC), reason="左右不符")
    expert.reports.send_back(sent_back, lock, "左右不符")

    again = only_row(resident, WorklistTab.RETURNED)
    assert again.state is ReadingState.RETURNED
    corrected = resident.reports.fetch(again.ups_instance_uid)
    assert corrected is not None
    assert corrected.return_reason == "左右不符"


def test_a_stale_report_never_overwrites_a_newer_one(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    expert = alliance.desk("expert")
    row = only_row(expert)
    lock = expert.worklist.claim(row.ups_instance_uid, uid())
    signed = final(report_by("expert", "王启明", row))
    outputs = expert.images.store(STUDY_UID, signed_objects())
    expert.reports.finalise(signed, lock, outputs)

    with pytest.raises(NoLongerUpdatable):
        expert.reports.finalise(replace(signed, report_uid="1.2.826.0.1.3680043.10.2.99"), lock, outputs)


def test_a_final_report_needs_its_objects_at_the_hub(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    expert = alliance.desk("expert")
    row = only_row(expert)
    lock = expert.worklist.claim(row.ups_instance_uid, uid())
    absent = OutputReference(STUDY_UID, f"{SERIES_UID}.9", EnhancedSRStorage, "1.2.3.4.5")

    with pytest.raises(Exception, match="final") as caught:
        expert.reports.finalise(final(report_by("expert", "王启明", row)), lock, [absent])

    assert type(caught.value).__name__ == "StudyIncomplete"


def test_taking_up_the_own_claim_again_works_and_another_lock_does_not(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    expert = alliance.desk("expert")
    ups = only_row(expert).ups_instance_uid
    lock = uid()

    claim = expert.worklist.claim(ups, lock)

    assert expert.worklist.claim(ups, lock) == claim
    with pytest.raises(AlreadyClaimed):
        expert.worklist.claim(ups, uid())
    with pytest.raises(WrongTransaction):
        expert.worklist.release(Claim(ups, uid()))


def test_a_released_case_can_be_claimed_by_another_reader(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    resident, expert = alliance.desk("resident"), alliance.desk("expert")
    claim = resident.worklist.claim(only_row(resident).ups_instance_uid, uid())

    resident.worklist.release(claim)

    row = only_row(expert, WorklistTab.TO_READ)
    assert expert.worklist.row(row.ups_instance_uid) == row
    expert.worklist.claim(row.ups_instance_uid, uid())


def test_of_eight_readers_who_claim_at_once_one_wins(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    pre_read(alliance)
    desks = [alliance.desk("expert" if n % 2 else "resident") for n in range(8)]
    ups = only_row(desks[0]).ups_instance_uid
    start = threading.Barrier(8)
    won: list[Claim] = []
    lost: list[AlreadyClaimed] = []

    def race(desk: Desk) -> None:
        start.wait()
        try:
            won.append(desk.worklist.claim(ups, uid()))
        except AlreadyClaimed as error:
            lost.append(error)

    threads = [threading.Thread(target=race, args=(desk,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), len(lost)) == (1, 7)
    assert all("宋佳" in error.user_text or "王启明" in error.user_text for error in lost)


def test_a_failed_pre_read_leaves_the_case_to_the_reader(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    queue = HubDetectionQueue(alliance.desk("worker").client)
    item = queue.claim_next()
    assert item is not None
    assert item.study_instance_uid == STUDY_UID
    assert queue.claim_next() is None

    queue.fail(item, "no axial series")

    expert = alliance.desk("expert")
    row = only_row(expert)
    assert row.ai.state is AiState.FAILED
    expert.worklist.claim(row.ups_instance_uid, uid())


def test_a_worker_that_stops_gives_the_case_to_the_next(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    queue = HubDetectionQueue(alliance.desk("worker").client)
    item = queue.claim_next()
    assert item is not None

    queue.release(item)

    again = queue.claim_next()
    assert again is not None
    assert again.study_instance_uid == STUDY_UID
    with pytest.raises((WrongTransaction, NoLongerUpdatable, Refused)):
        queue.progress(item, 0.9)


def test_images_come_back_byte_for_byte(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    images = alliance.desk("expert").images

    structure = images.study(STUDY_UID)

    (series,) = structure.series
    assert [i.sop_instance_uid for i in series.instances] == [sop_uid(n) for n in range(1, COUNT + 1)]
    assert series.instances[0].plane is not None
    arrived: dict[int, bytes] = {}
    fetch = SeriesRetriever(images, STUDY_UID, series, arrived.__setitem__, decode=bytes)
    fetch.start()
    assert fetch.wait(60)
    sent = [Path(i.path or "").read_bytes() for i in study.series[0].instances]
    assert [arrived[n] for n in range(COUNT)] == sent


def test_the_hub_says_what_it_lacks(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    technician = alliance.desk("technician")
    first = Path(study.series[0].instances[0].path or "").read_bytes()
    known = hashlib.sha256(first).hexdigest()

    missing = technician.images.missing(STUDY_UID, {sop_uid(1): known, "1.2.3.4.5": "0" * 64})

    assert missing == {"1.2.3.4.5"}
    assert len(technician.images.search_studies(StudyInstanceUID=STUDY_UID)) == 1


def test_an_image_of_other_content_is_reported_and_never_overwrites(alliance: Alliance, study: Study) -> None:
    alliance.send(study)
    path = Path(study.series[0].instances[4].path or "")
    former = path.read_bytes()
    path.write_bytes(ct_slice(5, study_uid=STUDY_UID, value=99))

    with pytest.raises(SendConflict) as caught:
        alliance.send(study)

    assert caught.value.instances == (sop_uid(5),)
    technician = alliance.desk("technician")
    assert technician.images.instance(STUDY_UID, SERIES_UID, sop_uid(5)) == former
    with pytest.raises(IntegrityMismatch):
        technician.images.store(STUDY_UID, [path.read_bytes()])


def test_another_site_does_not_even_learn_that_the_study_exists(alliance: Alliance, study: Study) -> None:
    ups = alliance.send(study)
    stranger = alliance.desk("technician2")

    assert stranger.worklist.query(WorklistQuery(tab=WorklistTab.ALL)).rows == ()
    for ask in (
        lambda: stranger.worklist.row(ups),
        lambda: stranger.images.study(STUDY_UID),
        lambda: stranger.images.instance(STUDY_UID, SERIES_UID, sop_uid(1)),
    ):
        with pytest.raises(Refused):
            ask()
    assert HubInbox(stranger.client).returned() == []
    assert stranger.images.search_studies() == []


def test_a_role_without_the_right_is_told_so(alliance: Alliance, study: Study) -> None:
    ups = alliance.send(study)
    technician = alliance.desk("technician")

    with pytest.raises(NotPermitted):
        technician.worklist.claim(ups, uid())
    with pytest.raises(NotPermitted):
        HubAudit(technician.client).events()


def test_a_wrong_password_and_an_ended_session_are_told_apart(alliance: Alliance) -> None:
    with HubClient(alliance.url) as client:
        session = HubSession(client)
        with pytest.raises(SignInFailed) as wrong:
            session.sign_in("expert", "guess")
        session.sign_in("expert", "lianyue-demo")
        token = client._token
        session.sign_out()
        client.authorise(token)
        with pytest.raises(SignInFailed) as ended:
            HubWorklist(client).query(WorklistQuery())

    assert wrong.value.user_text == "User name or password is wrong"
    assert ended.value.user_text == "Your session at the hub has ended"
