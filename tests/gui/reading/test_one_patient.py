"""One patient at a time: nothing of another case, nothing lost, nothing written where nobody may write."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench
from tests.helpers.reading_page import decisions, measure, opened, press, two_marks
from viewers.scene.image import SliceImage
from workstation.domain.errors import DiskFull
from workstation.domain.finding import Decision
from workstation.domain.known_prior import KnownPrior
from workstation.domain.report import ReportState

pytestmark = pytest.mark.gui


def test_nothing_of_one_patient_is_left_when_the_next_one_opens(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    uids = opened(qtbot, bench)
    bench.page.findings.accept_requested.emit(uids[0])
    measure(bench, "2.25.55")
    first_stream = bench.streams.last
    bench.desk.close()
    page = bench.page
    assert (page.grid.scenes, page.findings.cards, page.header.who.text()) == ([], [], "Images")
    assert page.report.impression.toPlainText() == ""
    second = two_marks(slices, uid="1.2.9", name="陈秀英", patient_id="QS0000009")
    opened(qtbot, bench, second)
    assert first_stream.cancelled
    first_stream.on_slice(0, slices[0])
    assert {scene.study_instance_uid for scene in page.grid.scenes} == {"1.2.9"}
    assert {scene.captions.patient_name for scene in page.grid.scenes} == {"陈秀英"}
    assert all(scene.annotations.items == () for scene in page.grid.scenes)
    assert bench.session.report.annotations == ()
    assert [card.tracking_uid for card in page.findings.cards] == ["1.2.9.7.1", "1.2.9.7.2"]
    press(bench, Qt.Key.Key_Z, held=Qt.KeyboardModifier.ControlModifier)
    assert decisions(bench) == [Decision.UNDECIDED, Decision.UNDECIDED]


def test_the_voxels_of_a_closed_case_are_given_back_at_once(qtbot: QtBot, bench: ReadingBench) -> None:
    """Whoever reads all day would else hold many cases: the collector, off in tests, may come much later."""
    opened(qtbot, bench)
    stack = bench.page.grid.stack
    assert stack is not None
    assert stack.measured_volume is not None
    voxels = weakref.ref(stack.measured_volume.voxels)
    del stack
    assert not gc.isenabled()
    bench.desk.close()
    qtbot.waitUntil(lambda: voxels() is None)


def test_measurements_are_autosaved_and_come_back_with_their_case(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    measure(bench, "2.25.55")
    qtbot.waitUntil(lambda: bool(bench.desk_bench.drafts.kept))
    bench.desk.close()
    opened(qtbot, bench)
    assert bench.page.grid.stack is not None
    assert [m.uid for m in bench.page.grid.stack.annotations.items] == ["2.25.55"]


def test_a_full_disk_is_said_where_the_report_is_typed_and_no_older_saving_is_claimed(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    for finding in bench.session.findings.findings:
        bench.session.review.accept(finding.tracking_uid)

    def saving() -> str:
        return bench.page.footer.text().rpartition(" · ")[2]  # before it stands what is left to do

    qtbot.waitUntil(lambda: saving().startswith("Saved"))
    bench.desk_bench.drafts.fail_with = DiskFull("The disk is full")
    bench.session.set_value("impression", "第二稿")
    assert saving() == "Not saved yet"
    qtbot.waitUntil(lambda: saving() == "Not saved")
    notice = bench.page.notices.notices()[0]
    assert (notice.fact, [action.text for action in notice.actions]) == ("The disk is full", ["Save now"])
    bench.desk_bench.drafts.fail_with = None
    notice.actions[0].handler()
    assert saving().startswith("Saved")
    assert bench.page.notices.notices() == []


def test_a_prior_that_becomes_known_is_never_said_to_wait_for_saving(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    for finding in bench.session.findings.findings:
        bench.session.review.accept(finding.tracking_uid)
    footer = bench.page.footer
    qtbot.waitUntil(lambda: " · Saved " in footer.text())
    saved = footer.text()
    bench.session.know_priors((KnownPrior("1.9.4", "20240101", "CT", "Chest"),))
    bench.presenter._show_report(bench.session)  # as whatever is shown next does
    assert footer.text() == saved


def test_news_of_the_hub_while_a_case_opens_shows_the_rest_of_it_in_no_single_turn(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    presenter = bench.presenter
    presenter._in_steps = True
    presenter._show(bench.session)
    showing = presenter._showing
    assert showing is not None
    bench.session.know_priors((KnownPrior("1.9.4", "20240101", "CT", "Chest"),))
    assert not showing.is_done
    qtbot.waitUntil(lambda: showing.is_done)
    assert len(bench.page.findings.cards) == 2


def test_a_reader_is_told_as_the_case_opens_that_no_report_can_name_its_patient(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    odd = two_marks(slices)
    odd.study = replace(odd.study, patient=replace(odd.study.patient, patient_id="QS0118793\\QS2"))
    odd.row = replace(odd.row, patient_id="QS0118793\\QS2")
    opened(qtbot, bench, odd)
    (notice,) = bench.page.notices.notices()
    assert notice.fact == "No report can be stored: the patient ID of the images is not a valid one"
    assert notice.still_works.startswith("Have the ID corrected and the images sent again.")


def test_images_that_name_another_patient_are_marked_in_red(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    odd = two_marks(slices)
    odd.row = replace(odd.row, patient_id="QS0000001")
    opened(qtbot, bench, odd)
    assert bench.page.notices.notices()[0].fact == "The images name patient QS0118793, the worklist QS0000001"
    assert bench.page.grid.scenes[0].captions.warnings == ("Patient differs from the worklist",)


def test_a_case_read_by_somebody_else_shows_images_but_takes_no_decision(
    qtbot: QtBot, bench: ReadingBench, slices: tuple[SliceImage, ...]
) -> None:
    theirs = two_marks(slices)
    theirs.row = replace(theirs.row, reader_id="li", reader_name="李文博")
    uids = opened(qtbot, bench, theirs, read_only=True)
    card = bench.page.findings.card(uids[0])
    assert not card.accept.isEnabled()
    assert card.accept.toolTip() == "李文博 is reading this case; you see it read-only."
    bench.page.findings.accept_requested.emit(uids[0])
    measure(bench, "2.25.55")
    assert decisions(bench) == [Decision.UNDECIDED, Decision.UNDECIDED]
    assert bench.page.grid.stack is not None
    assert len(bench.page.grid.stack.annotations.items) == 1
    assert bench.page.report.impression.isReadOnly()
    assert bench.page.header.lock.text() == "Read-only"


def test_a_signed_report_can_no_longer_be_changed_by_undo(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    bench.page.findings.accept_requested.emit(uids[0])
    session = bench.session
    session.handed_over(replace(session.report, state=ReportState.FINAL))
    bench.page.undo_requested.emit()
    session.review.undo()
    assert decisions(bench)[0] is Decision.ACCEPTED
    assert bench.page.header.lock.text() == "Signed"


def test_a_rebuilt_page_shows_the_open_case_again(qtbot: QtBot, bench: ReadingBench) -> None:
    uids = opened(qtbot, bench)
    bench.page.findings.accept_requested.emit(uids[0])
    bench.page.close_page()
    page, _presenter = bench.make_page()
    qtbot.addWidget(page)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(page.has_volume)
    assert [card.facts.finding.decision for card in page.findings.cards] == [Decision.ACCEPTED, Decision.UNDECIDED]
    page.close_page()
