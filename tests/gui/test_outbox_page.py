"""A signed report that the hub refused is seen by its signer, and let go of only when its text is safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ComprehensiveSRStorage, ExplicitVRLittleEndian
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.fakes import EXPERT, FakeAudit, FakeImages, FakeObjects, FakeReports
from tests.helpers.fakes_workflow import FakeWorkflow
from tests.helpers.reports import NOON, drafted_report
from workstation.dicom.objects.whose import case_of
from workstation.domain.audit import AuditAction
from workstation.domain.errors import IntegrityMismatch, NotSignable, Refused, Unreachable
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.report_version import ReportVersion, VersionStep
from workstation.domain.signature import SignedArtefact
from workstation.domain.study import Study
from workstation.domain.workitem import Claim
from workstation.services.jobs import JobRunner
from workstation.services.outbox_service import OutboxDesk
from workstation.services.untaken_objects import RejectUntaken
from workstation.storage.drafts import DraftStore
from workstation.storage.outbox import Outbox
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.outbox_page import OutboxPage, OutboxPresenter

pytestmark = pytest.mark.gui

KEY = bytes(range(32))
CLAIM = Claim("1.2.3", "1.2.3.4")
ME = Person(EXPERT.user_id, EXPERT.display_name, "省中心")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


def signed(number: int, signer: Person = ME) -> Report:
    report = drafted_report(number=number, study_uid=f"1.2.826.0.1.3680043.10.1.{number}")
    return replace(report.moved(ReportState.FINAL, at=NOON), verifier=signer, signed_at=NOON)


class ArchiveOfOne(FakeImages):
    """An archive that holds what ``files`` names, of any study."""

    def study(self, study_instance_uid: str) -> Study:
        del study_instance_uid
        return self.the_study

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        if sop_instance_uid not in self.files:
            raise Refused("The hub does not know this case or image")
        if not self.files[sop_instance_uid]:
            raise IntegrityMismatch("cut short")
        return self.files[sop_instance_uid]


class Bench:
    """The real outbox and drafts of one signer, with a hub that does as told."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.outbox = Outbox(folder / "outbox.sqlite", KEY, now=lambda: self.now)
        self.drafts = DraftStore(folder / "drafts", KEY, editor=lambda: ME.user_id)
        self.reports, self.audit = FakeReports(), FakeAudit()
        self.workflow, self.images = FakeWorkflow(), ArchiveOfOne()
        reject = RejectUntaken(self.workflow, self.images, self.images, FakeObjects())
        self.desk = OutboxDesk(
            self.outbox, self.drafts, self.reports, self.audit, lambda: "1.9.9", reject, case_of=case_of
        )

    def put(self, number: int, *, refused: bool = False, signer: Person = ME, payload: bytes = b"payload") -> Report:
        report = signed(number, signer)
        study = report.study_instance_uid
        artefact = SignedArtefact("report_sr", study, "1.2.9", "1.2.8", f"1.2.8.{number}", payload, "")
        self.outbox.enqueue(report, CLAIM, (artefact,))
        if refused:
            self.outbox.failed(
                report.report_uid, "Another reader holds the case", retry_at=NOON + timedelta(days=1), refused=True
            )
        return report


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.outbox.close()


def test_the_refused_ones_stand_first_and_only_ones_own_are_listed(bench: Bench) -> None:
    waiting, refused = bench.put(1), bench.put(2, refused=True)
    bench.put(3, signer=Person("somebody", "别人", ""))

    entries = bench.desk.entries(EXPERT)

    assert [entry.report_uid for entry in entries] == [refused.report_uid, waiting.report_uid]
    assert [entry.is_draft for entry in entries] == [False, True]  # it goes by itself, nobody signs it anew
    assert (entries[0].refused, entries[0].reason, entries[0].words) == (
        True, "Another reader holds the case", "建议随访",
    )  # fmt: skip


def test_what_is_dropped_has_become_a_draft_before(bench: Bench) -> None:
    report = bench.put(1, refused=True)

    bench.desk.drop(report.report_uid, EXPERT)

    draft = bench.drafts.load(report.study_instance_uid, EXPERT.user_id)
    assert draft is not None
    assert (draft.values, draft.signed_at, draft.report_uid) == (report.values, None, "1.9.9")
    assert bench.audit.actions == [AuditAction.DELIVERY_DROPPED]
    assert bench.outbox.pending() == []
    bench.outbox.enqueue(report, CLAIM, ())
    assert bench.outbox.waiting() == 0  # the same signature is never sent after all


@pytest.mark.parametrize("kept", [b"payload", b""])
def test_what_lies_in_the_archive_of_a_dropped_report_is_rejected_there(bench: Bench, kept: bytes) -> None:
    report = bench.put(1, refused=True)
    bench.images.files["1.2.8.1"] = kept

    bench.desk.drop(report.report_uid, EXPERT)

    assert bench.images.stored == [b"rejection of 1 objects"]
    assert bench.outbox.waiting() == 0


def test_nothing_is_rejected_of_a_dropped_report_that_the_archive_never_got(bench: Bench) -> None:
    bench.desk.drop(bench.put(1, refused=True).report_uid, EXPERT)

    assert bench.images.stored == []
    assert bench.outbox.waiting() == 0


def test_a_report_that_was_taken_after_all_is_never_rejected(bench: Bench) -> None:
    report = bench.put(1, refused=True)
    bench.images.files["1.2.8.1"] = b"payload"
    bench.workflow.history = (ReportVersion(1, VersionStep.SIGNED, ME.name, NOON, "", report),)

    bench.desk.drop(report.report_uid, EXPERT)

    assert bench.images.stored == []
    assert bench.outbox.waiting() == 0


def test_what_cannot_be_rejected_in_the_archive_is_not_dropped(bench: Bench) -> None:
    report = bench.put(1, refused=True)
    bench.images.files["1.2.8.1"] = b"payload"
    bench.images.fail_with = Unreachable("away")

    with pytest.raises(Unreachable):
        bench.desk.drop(report.report_uid, EXPERT)

    assert bench.outbox.waiting() == 1


def test_a_draft_that_is_being_written_is_left_as_it_is(bench: Bench) -> None:
    report = bench.put(1, refused=True)
    newer = replace(drafted_report("新写的所见", study_uid=report.study_instance_uid), author=ME)
    bench.drafts.save(newer)

    bench.desk.drop(report.report_uid, EXPERT)

    assert bench.drafts.load(report.study_instance_uid, EXPERT.user_id) == newer


def test_no_draft_is_made_of_what_was_signed_anew(bench: Bench) -> None:
    report = bench.put(1, refused=True)
    bench.reports.stored = replace(report, report_uid="1.2.99")

    bench.desk.drop(report.report_uid, EXPERT)

    assert bench.drafts.load(report.study_instance_uid, EXPERT.user_id) is None
    assert bench.outbox.waiting() == 0


def test_what_is_on_its_way_cannot_be_dropped(bench: Bench) -> None:
    report = bench.put(1)

    with pytest.raises(NotSignable):
        bench.desk.drop(report.report_uid, EXPERT)
    bench.outbox.dropped(report.report_uid)

    assert bench.outbox.waiting() == 1
    assert len(bench.outbox.pending()[0].artefacts) == 1


def test_what_cannot_be_audited_is_not_dropped(bench: Bench) -> None:
    report = bench.put(1, refused=True)
    bench.audit.fail_with = Unreachable("away")

    with pytest.raises(Unreachable):
        bench.desk.drop(report.report_uid, EXPERT)

    assert bench.outbox.waiting() == 1


def test_nobody_drops_what_another_has_signed(bench: Bench) -> None:
    report = bench.put(1, refused=True, signer=Person("somebody", "别人", ""))

    bench.desk.drop(report.report_uid, EXPERT)

    assert bench.outbox.waiting() == 1


def test_the_page_tries_again_and_drops_after_asking(qtbot: QtBot, jobs: JobRunner, bench: Bench) -> None:
    refused, waiting = bench.put(1, refused=True), bench.put(2)
    rounds: list[datetime] = []
    page = OutboxPage()
    qtbot.addWidget(page)
    page.show()
    presenter = OutboxPresenter(page, bench.desk, jobs, EXPERT, lambda: rounds.append(NOON))
    qtbot.waitUntil(lambda: len(page.cards) == 2)
    assert page.count.text() == "1 report was refused"
    assert page.cards[refused.report_uid].reason.text() == "Another reader holds the case"
    assert not page.cards[waiting.report_uid].drop.isEnabled()

    page.cards[refused.report_uid].try_again.click()
    qtbot.waitUntil(lambda: len(rounds) == 1)
    assert [one.retry_at for one in bench.outbox.pending()] == [NOON, NOON]
    page.cards[refused.report_uid].drop.click()
    assert presenter.dialog is not None
    presenter.dialog.accept()
    qtbot.waitUntil(lambda: list(page.cards) == [waiting.report_uid])

    bench.outbox.confirmed(waiting.report_uid)
    page.refresh()
    qtbot.waitUntil(page.nothing.isVisible)


def test_a_refusal_that_another_try_cannot_mend_offers_none_and_says_what_to_do_first(
    qtbot: QtBot, bench: Bench
) -> None:
    refused = bench.put(1, refused=True)
    (entry,) = bench.desk.entries(EXPERT)
    page = OutboxPage()
    qtbot.addWidget(page)
    page.show_entries((replace(entry, is_draft=True),))
    card = page.cards[refused.report_uid]
    assert card.try_again.isHidden()
    assert not card.drop.isHidden()
    assert any("ask that reader first" in one.text() for one in card.findChildren(QLabel))
    page.show_entries((replace(entry, is_draft=False),))
    assert not page.cards[refused.report_uid].try_again.isHidden()


def test_a_hub_that_is_away_is_told(qtbot: QtBot, jobs: JobRunner, bench: Bench) -> None:
    report = bench.put(1, refused=True)
    bench.audit.fail_with = Unreachable("away")
    page = OutboxPage()
    qtbot.addWidget(page)
    page.show()
    presenter = OutboxPresenter(page, bench.desk, jobs, EXPERT, lambda: None)
    qtbot.waitUntil(lambda: report.report_uid in page.cards)

    presenter._drop(report.report_uid)

    qtbot.waitUntil(lambda: bool(page.notices.notices()))
    assert bench.outbox.waiting() == 1


def _object_of_a_patient() -> bytes:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = ComprehensiveSRStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID("1.2.8.1")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = "Zhou^Lihua=周丽华", "QS0118793"
    dataset.StudyDescription, dataset.StudyDate = "胸部低剂量 LDCT", "20261121"
    written = BytesIO()
    dataset.save_as(written, enforce_file_format=True)
    return written.getvalue()


def test_the_outbox_says_whose_each_report_is_and_so_does_the_question_before_one_is_dropped(
    qtbot: QtBot, jobs: JobRunner, bench: Bench
) -> None:
    named = bench.put(1, refused=True, payload=_object_of_a_patient())
    unreadable = bench.put(2)
    page = OutboxPage()
    qtbot.addWidget(page)
    page.show()
    presenter = OutboxPresenter(page, bench.desk, jobs, EXPERT, lambda: None)
    qtbot.waitUntil(lambda: len(page.cards) == 2)

    whose = "周丽华 · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
    assert page.cards[named.report_uid].case.text() == whose
    unknown = page.cards[unreadable.report_uid]
    assert unknown.case.text() == f"Patient not known here · study …{unknown.entry.study_instance_uid[-8:]}"
    page.cards[named.report_uid].drop.click()
    assert presenter.dialog is not None
    assert presenter.dialog.case.text() == whose
    presenter.dialog.reject()


def test_a_delivered_report_that_lacks_its_time_stamp_is_told_last_and_can_neither_be_dropped_nor_sent(
    qtbot: QtBot, bench: Bench
) -> None:
    waiting = bench.put(1)
    lacking = AwaitedStamp("1.2.3", "1.2.99", "1.2.4", "1.2.5", "王启明", NOON, "未见明显异常。")
    entries = replace(bench.desk, awaited=lambda: (lacking,)).entries(EXPERT)
    assert [one.report_uid for one in entries] == [waiting.report_uid, "1.2.99"]
    page = OutboxPage()
    qtbot.addWidget(page)
    page.show_entries(entries)
    assert page.cards["1.2.99"].drop.isHidden()
    assert page.cards["1.2.99"].try_again.isHidden()
    assert not page.cards[waiting.report_uid].try_again.isHidden()


def test_a_hub_that_does_not_tell_of_time_stamps_hides_nothing_that_lies_here(bench: Bench) -> None:
    def away() -> tuple[AwaitedStamp, ...]:
        raise Unreachable("away")

    waiting = bench.put(1)
    assert [one.report_uid for one in replace(bench.desk, awaited=away).entries(EXPERT)] == [waiting.report_uid]
