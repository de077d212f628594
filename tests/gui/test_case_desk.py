"""Nothing a reader typed is lost: autosave, refusing disks, races and leaving the case."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench, preliminary
from tests.helpers.fakes import EXPERT, RESIDENT
from workstation.domain.errors import AlreadyClaimed, DiskFull, NoLongerUpdatable, Unreachable
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Study
from workstation.domain.workitem import ReadingState
from workstation.services.jobs import JobRunner, Pool
from workstation.services.reading_session import ReadingSession
from workstation.ui.draft_keeper import DraftKeeper
from workstation.ui.jobs_qt import MainThread

pytestmark = pytest.mark.gui
KEY = ("1.2.3", "expert")
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language(ENGLISH)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot  # the application must stand
    made = DeskBench()
    yield made
    made.close()


def opened(bench: DeskBench, qtbot: QtBot) -> ReadingSession:
    bench.open(qtbot.waitUntil)
    assert bench.desk.session is not None
    return bench.desk.session


def kept_text(bench: DeskBench) -> str:
    return next(iter(bench.drafts.kept.values())).values.get("impression", "") if bench.drafts.kept else ""


def test_what_was_typed_is_on_disk_after_a_pause(qtbot: QtBot, bench: DeskBench) -> None:
    session = opened(bench, qtbot)
    with qtbot.waitSignal(bench.desk.draft_saved):
        session.set_value("impression", "右肺上叶结节")
    assert kept_text(bench) == "右肺上叶结节"
    assert not bench.desk.has_unsaved


def test_putting_the_case_away_saves_what_the_pause_had_not_saved_yet(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot).set_value("impression", "来不及等")
    bench.desk.close()
    assert kept_text(bench) == "来不及等"


def test_a_full_disk_is_told_and_the_draft_is_saved_as_soon_as_there_is_room(qtbot: QtBot, bench: DeskBench) -> None:
    session = opened(bench, qtbot)
    bench.drafts.fail_with = DiskFull("no space left")
    with qtbot.waitSignal(bench.desk.draft_failed):
        session.set_value("impression", "磁盘满")
    assert bench.desk.has_unsaved
    bench.drafts.fail_with = None
    session.set_value("impression", "磁盘满了以后")
    qtbot.waitUntil(lambda: not bench.desk.has_unsaved)
    assert kept_text(bench) == "磁盘满了以后"


def test_a_draft_that_the_disk_refused_survives_switching_cases(qtbot: QtBot, bench: DeskBench) -> None:
    session = opened(bench, qtbot)
    bench.drafts.fail_with = DiskFull("no space left")
    session.set_value("impression", "不能丢")
    bench.desk.close()
    assert bench.drafts.kept == {}
    bench.open(qtbot.waitUntil)
    assert bench.desk.session is not None
    assert bench.desk.session.report.values == {"impression": "不能丢"}


def test_an_older_version_never_overwrites_a_newer_one(qtbot: QtBot) -> None:
    """A background save that starts late finds that the newer version is on disk already."""
    saved: list[str] = []
    main_thread = MainThread()
    jobs = JobRunner(deliver=main_thread.post)
    gate = threading.Event()
    jobs.submit(Pool.DB, lambda _job: gate.wait(PATIENCE_S))  # the one writing thread is busy
    keeper = DraftKeeper(lambda report: saved.append(report.values["impression"]), jobs)
    keeper.touch(cases.report(values={"impression": "old"}))
    keeper._save_in_background()
    keeper.touch(cases.report(values={"impression": "new"}))
    assert keeper.flush()
    gate.set()
    jobs.submit(Pool.DB, lambda _job: None).result(PATIENCE_S)
    qtbot.wait(1)
    keeper.close()
    main_thread.close()
    jobs.close()
    assert saved == ["new"]


def test_a_late_save_does_not_bring_back_the_draft_of_a_report_that_left(qtbot: QtBot) -> None:
    saved: list[str] = []
    main_thread = MainThread()
    jobs = JobRunner(deliver=main_thread.post)
    gate = threading.Event()
    jobs.submit(Pool.DB, lambda _job: gate.wait(PATIENCE_S))
    keeper = DraftKeeper(lambda report: saved.append(report.values["impression"]), jobs)
    keeper.touch(cases.report(values={"impression": "signed since"}))
    keeper._save_in_background()
    keeper.forget("1.2.3")
    gate.set()
    jobs.submit(Pool.DB, lambda _job: None).result(PATIENCE_S)
    qtbot.wait(1)
    keeper.close()
    main_thread.close()
    jobs.close()
    assert saved == []


def test_signing_twice_signs_once(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot)
    bench.fill()
    signed: list[object] = []
    bench.desk.signed.connect(signed.append)
    bench.desk.sign("1234")
    bench.desk.sign("1234")
    qtbot.waitUntil(lambda: bool(signed))
    qtbot.waitUntil(lambda: not bench.desk.busy)
    assert len(bench.outbox.waiting) == 1
    assert bench.desk.session is not None
    assert bench.desk.session.read_only
    assert bench.drafts.discarded == [KEY]


def test_a_wrong_pin_leaves_everything_as_it_was(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot)
    bench.fill()
    with qtbot.waitSignal(bench.desk.sign_failed) as refusal:
        bench.desk.sign("0000")
    assert str(refusal.args[0]) == "wrong PIN for expert"
    assert bench.outbox.waiting == []
    assert bench.desk.session is not None
    assert bench.desk.session.report.state is ReportState.DRAFTED
    assert not bench.desk.busy
    assert kept_text(bench) == cases.complete_values()["impression"]


def test_a_bug_while_signing_is_told_at_the_dialog_too(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot)
    bench.fill()

    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    bench.signer.unlock = broken  # type: ignore[method-assign,assignment]  # a bug of ours
    with qtbot.captureExceptions() as caught, qtbot.waitSignal(bench.desk.sign_failed) as refusal:
        bench.desk.sign("1234")
    qtbot.waitUntil(lambda: bool(caught))
    assert refusal.args[0].user_text == "The report could not be signed"
    assert caught[0][0] is ZeroDivisionError
    assert not bench.desk.busy
    assert kept_text(bench) == cases.complete_values()["impression"]


def test_the_draft_is_on_disk_before_the_report_is_submitted(qtbot: QtBot) -> None:
    bench = DeskBench(actor=RESIDENT)
    bench.open(qtbot.waitUntil)
    bench.fill()
    with qtbot.waitSignal(bench.desk.submitted):
        bench.desk.submit()
    stored = bench.reports.stored
    bench.close()
    assert stored is not None
    assert stored.state is ReportState.PRELIMINARY
    assert bench.drafts.discarded == [("1.2.3", "resident")]


def test_a_submission_that_fails_is_told_and_can_be_repeated(
    qtbot: QtBot, bench: DeskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(bench, qtbot)
    bench.fill()
    submit = bench.reports.submit

    def refuse(_report: Report, _claim: object) -> Report:
        raise Unreachable("The hub does not answer.")

    monkeypatch.setattr(bench.reports, "submit", refuse)
    with qtbot.waitSignal(bench.desk.not_handed_over) as told:
        bench.desk.submit()
    assert kept_text(bench) == cases.complete_values()["impression"]
    monkeypatch.setattr(bench.reports, "submit", submit)
    with qtbot.waitSignal(bench.desk.submitted):
        told.args[1]()


def test_a_report_goes_back_to_its_author_with_the_reason(qtbot: QtBot, bench: DeskBench) -> None:
    bench.reports.stored = preliminary()
    opened(bench, qtbot)
    with qtbot.waitSignal(bench.desk.returned):
        bench.desk.send_back("请补充对比前片")
    assert bench.reports.stored.return_reason == "请补充对比前片"
    assert bench.desk.session is not None
    assert bench.desk.session.read_only


def test_a_lost_race_is_told_and_nothing_is_opened(qtbot: QtBot, bench: DeskBench) -> None:
    bench.worklist.held_by = "李文博"
    with qtbot.waitSignal(bench.desk.refused) as refusal:
        bench.desk.open(bench.row)
    assert isinstance(refusal.args[1], AlreadyClaimed)
    assert bench.desk.session is None


def test_a_case_given_back_from_the_list_leaves_the_desk_with_its_draft_on_disk(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot).set_value("impression", "写了一半")
    bench.desk.let_go("another case")
    assert bench.desk.session is not None
    bench.desk.let_go(bench.row.ups_instance_uid)
    assert kept_text(bench) == "写了一半"
    assert bench.desk.session is None


def test_a_case_that_went_to_another_reader_is_not_signed(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot)
    bench.fill()
    bench.worklist.current = replace(bench.worklist.current, reader_id="resident", reader_name="宋佳")
    with qtbot.waitSignal(bench.desk.sign_failed) as refusal:
        bench.desk.sign("1234")
    assert refusal.args[0].user_text == "宋佳 is reading this case now; it is not yours any more"
    assert bench.outbox.waiting == []
    assert bench.desk.session is not None
    assert bench.desk.session.report.state is ReportState.DRAFTED


def test_a_signed_report_that_the_centre_refuses_is_told_and_not_lost_in_silence(
    qtbot: QtBot, bench: DeskBench
) -> None:
    opened(bench, qtbot)
    bench.fill()
    bench.session.actor = EXPERT
    bench.reports.fail_with = NoLongerUpdatable("This case has moved on")
    with qtbot.waitSignal(bench.desk.undelivered) as told:
        bench.desk.sign("1234")
    assert told.args[0].user_text == "The centre did not take a signed report: This case has moved on"
    assert told.args[0].hint.startswith("It is kept on this machine, and its text is your draft again.")


def test_answers_that_come_after_signing_out_are_dropped(qtbot: QtBot, bench: DeskBench) -> None:
    bench.desk.open(bench.row)
    bench.desk.stop()
    bench.jobs.submit(Pool.IO, lambda _job: None).result(PATIENCE_S)
    qtbot.wait(20)
    assert bench.desk.session is None


def test_a_newer_report_of_the_hub_is_not_replaced_by_what_was_kept(qtbot: QtBot, bench: DeskBench) -> None:
    session = opened(bench, qtbot)
    bench.drafts.fail_with = DiskFull("no space left")
    session.set_value("impression", "旧稿")
    bench.desk.close()
    bench.reports.stored = replace(preliminary(), revision=9)
    bench.open(qtbot.waitUntil)
    assert bench.desk.session is not None
    assert bench.desk.session.report.revision == 9


def test_documents_wait_from_the_first_moment_of_opening_a_case_until_it_is_put_away(
    qtbot: QtBot, bench: DeskBench
) -> None:
    free = [bench.desk.is_free]
    bench.desk.open(bench.row)
    assert bench.desk.session is None
    free.append(bench.desk.is_free)
    qtbot.waitUntil(lambda: bench.desk.session is not None)
    free.append(bench.desk.is_free)
    bench.desk.close()
    assert [*free, bench.desk.is_free] == [True, False, False, True]


def test_an_opening_that_was_refused_holds_no_documents_up(qtbot: QtBot, bench: DeskBench) -> None:
    bench.worklist.held_by = "李文博"
    with qtbot.waitSignal(bench.desk.refused):
        bench.desk.open(bench.row)
    assert bench.desk.is_free


def test_an_opening_that_ends_in_a_bug_of_ours_holds_no_documents_up(qtbot: QtBot, bench: DeskBench) -> None:
    def broken(*_arguments: object) -> Study:
        raise ZeroDivisionError

    bench.images.study = broken  # type: ignore[method-assign,assignment]  # a bug of ours
    with qtbot.captureExceptions() as caught:
        bench.desk.open(bench.row)
        qtbot.waitUntil(lambda: bool(caught))
    assert [kind for kind, *_rest in caught] == [ZeroDivisionError]
    assert bench.desk.is_free


def test_a_case_left_while_it_was_opening_waits_under_nobodys_name(qtbot: QtBot, bench: DeskBench) -> None:
    claimed, gate = threading.Event(), threading.Event()
    fetch = bench.images.study

    def slow(study_instance_uid: str) -> Study:
        claimed.set()
        assert gate.wait(PATIENCE_S)
        return fetch(study_instance_uid)

    bench.images.study = slow  # type: ignore[method-assign]  # the line is slow
    bench.desk.open(bench.row)
    assert claimed.wait(PATIENCE_S)
    bench.desk.stop()
    gate.set()
    bench.jobs.submit(Pool.IO, lambda _job: bench.desk.put_back_unopened()).result(PATIENCE_S)
    qtbot.waitUntil(lambda: len(bench.worklist.released) == 1)
    assert bench.worklist.released == bench.worklist.claims


def test_a_case_that_was_open_stays_with_its_reader_who_signs_out(qtbot: QtBot, bench: DeskBench) -> None:
    opened(bench, qtbot)
    bench.desk.stop()
    bench.desk.put_back_unopened()
    assert bench.worklist.released == []


def test_a_case_that_was_the_readers_before_stays_so_when_its_opening_is_cut_short(bench: DeskBench) -> None:
    bench.desk.open(replace(bench.row, state=ReadingState.READING, reader_id=EXPERT.user_id))
    bench.desk.stop()
    bench.desk.put_back_unopened()
    assert bench.worklist.released == []
