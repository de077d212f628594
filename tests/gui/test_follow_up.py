"""Nodules over time: paired by place, confirmed by the reader, told with growth, kept under one tracking UID."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_hanging import press
from tests.helpers.follow_up import AI_UID, GROWN, OLD_UID, UNREPORTED, FollowUpBench
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.finding import Decision
from workstation.domain.follow_up import PairState
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[FollowUpBench]:
    made = made_bench(qtbot)
    yield made
    made.close()


def made_bench(qtbot: QtBot, *, reported: bool = True, marked: bool = False) -> FollowUpBench:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = FollowUpBench(reported=reported, marked=marked)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    return made


def beside(qtbot: QtBot, bench: FollowUpBench, *, read_only: bool = False) -> FollowUpBench:
    bench.open(qtbot.waitUntil, read_only=read_only)
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(bench.page.has_volume)
    qtbot.waitUntil(lambda: bench.comparison.hanging.priors != ())
    press(bench, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert bench.view.panel.isVisible()
    bench.deliver_everything(qtbot.waitUntil)
    return bench


def pair(bench: FollowUpBench) -> tuple[Scene, Scene]:
    found = bench.comparison.alignment.pair()
    assert found is not None
    return found[0], found[1]


def aligned(qtbot: QtBot, bench: FollowUpBench, *, read_only: bool = False) -> FollowUpBench:
    beside(qtbot, bench, read_only=read_only)
    return aligned_now(qtbot, bench)


def aligned_now(qtbot: QtBot, bench: FollowUpBench) -> FollowUpBench:
    key(bench, Qt.Key.Key_P, ALT)
    qtbot.waitUntil(lambda: any(one.fact == "Alignment proposed" for one in bench.page.notices.notices()))
    notice = next(one for one in bench.page.notices.notices() if one.fact == "Alignment proposed")
    notice.actions[0].handler()
    qtbot.waitUntil(lambda: bench.objects.objects != () or not bench.is_reported)
    return bench


def key(bench: FollowUpBench, pressed: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    bench.view.panel.setFocus()
    QTest.keyClick(bench.view.panel, pressed, held)


def states(bench: FollowUpBench) -> list[tuple[str, PairState]]:
    return [(one.key, one.state) for one in bench.view.lines]


def where(scene: Scene) -> float:
    view = scene.view((10, 10))
    assert view is not None
    assert view.plane is not None
    return view.plane.origin[2]


def lines_of(bench: FollowUpBench, at: int) -> list[str]:
    return [words for words, _tone in bench.view.panel.cards[at].facts.lines]


def test_nothing_is_paired_by_place_before_the_prior_is_aligned(qtbot: QtBot, bench: FollowUpBench) -> None:
    beside(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.view.lines) == 3)
    assert states(bench) == [
        ("1.2.3.7.1", PairState.NEW), ("1.2.3.7.2", PairState.NEW), (OLD_UID, PairState.ONLY_PRIOR)
    ]  # fmt: skip
    assert bench.view.panel.heading_text() == "Prior 2025-12-08 · 348 days earlier · not aligned yet: press Alt P"
    assert not bench.view.panel.confirm.isEnabled()
    assert bench.view.panel.confirm.toolTip() == "There is no pair here"


def test_after_the_alignment_the_same_nodule_is_offered_with_its_growth(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    assert states(bench) == [("1.2.3.7.1", PairState.PROPOSED), ("1.2.3.7.2", PairState.NEW)]
    panel = bench.view.panel
    assert (panel.cards[0].facts.title, panel.cards[0].facts.chip.text) == ("8.0 → 10.5\u2009mm", "Proposed pair")
    # 268.1 and 606.1 mm³ in 348 days: ln 2 / ln 2.26, with 25 % either way
    assert lines_of(bench, 0) == [
        "Grown · +2.5\u2009mm", "Volume 268 → 606\u2009mm³ · +126 %", "Doubling time 296 d (232 to 407)",
        "0.0\u2009mm apart after alignment",
    ]  # fmt: skip
    assert panel.heading_text().endswith("Linked by the accepted alignment")


def test_choosing_a_nodule_brings_both_images_to_it(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    mine, other = pair(bench)
    key(bench, Qt.Key.Key_Down)
    assert (where(mine), where(other)) == (40.0, 20.0)
    QTest.mouseClick(bench.view.panel.cards[0], Qt.MouseButton.LeftButton, pos=QPoint(40, 20))
    assert (where(mine), where(other)) == (30.0, 10.0)
    assert bench.page.findings.selected == "1.2.3.7.1"


def test_the_readers_word_keeps_the_tracking_uid_and_reaches_the_report(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    bench.view.choose("1.2.3.7.1")
    key(bench, Qt.Key.Key_Return)
    first = bench.session.findings.findings[0]
    assert (first.tracking_uid, first.decision) == (OLD_UID, Decision.ACCEPTED)
    assert first.follow_up is not None
    assert first.follow_up.prior.volume_mm3 == pytest.approx(268.1)
    assert states(bench)[0] == (OLD_UID, PairState.CONFIRMED)
    bench.view.choose(OLD_UID)
    key(bench, Qt.Key.Key_Backspace)
    assert bench.session.findings.findings[0].tracking_uid == "1.2.3.7.1"
    assert states(bench)[0] == ("1.2.3.7.1", PairState.PROPOSED)
    bench.page.undo_requested.emit()
    assert states(bench)[0] == (OLD_UID, PairState.CONFIRMED)


def test_the_reader_may_say_that_the_prior_is_another_nodule_or_none(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    bench.view.choose("1.2.3.7.1")
    key(bench, Qt.Key.Key_Right)
    assert states(bench) == [
        ("1.2.3.7.1", PairState.NEW), ("1.2.3.7.2", PairState.NEW), (OLD_UID, PairState.ONLY_PRIOR)
    ]  # fmt: skip
    bench.view.choose("1.2.3.7.2")
    key(bench, Qt.Key.Key_Right)
    assert states(bench) == [("1.2.3.7.1", PairState.NEW), ("1.2.3.7.2", PairState.PROPOSED)]
    assert bench.view.panel.cards[1].facts.chip.text == "Doubtful pair"
    key(bench, Qt.Key.Key_Left)
    assert states(bench)[1] == ("1.2.3.7.2", PairState.NEW)


def test_a_prior_without_measurements_is_measured_at_the_place_by_one_key(qtbot: QtBot) -> None:
    bench = made_bench(qtbot, reported=False)
    aligned(qtbot, bench)
    assert [one.state for one in bench.view.lines] == [PairState.NEW, PairState.NEW]
    bench.page.grid.nodule_wanted.emit("stack", UNREPORTED)  # the case is measured with the same tool
    qtbot.waitUntil(lambda: len(bench.session.report.annotations) == 1)
    bench.view.choose("1.2.3.7.2")
    key(bench, Qt.Key.Key_M, ALT)
    qtbot.waitUntil(lambda: bench.view.lines[1].state is PairState.PROPOSED)
    growth = bench.view.lines[1].growth
    assert growth is not None
    # the very same ball in both
    assert growth.volume_change_share == pytest.approx(0.0, abs=0.02)
    assert bench.view.panel.cards[1].facts.lines[0][0].startswith("Stable within the error of measuring")
    other = pair(bench)[1]
    assert isinstance(other, StackScene)
    assert [one.tracking_uid for one in other.annotations.items] == ["1.2.3.7.2"]
    key(bench, Qt.Key.Key_Return)
    assert bench.session.findings.findings[1].tracking_uid == "1.2.3.7.2"
    assert bench.session.findings.findings[1].follow_up is not None
    bench.close()


def test_what_nobody_decided_in_the_prior_is_no_record_and_no_proof_that_a_nodule_is_new(qtbot: QtBot) -> None:
    bench = made_bench(qtbot, reported=False, marked=True)
    beside(qtbot, bench)
    qtbot.waitUntil(lambda: bench.objects.objects != ())
    assert [card.facts.chip.text for card in bench.view.panel.cards] == ["Not compared yet", "Not compared yet"]
    assert lines_of(bench, 1)[-1] == "The prior is not aligned: this place is unknown"
    studies = bench.view.panel.studies
    assert [studies.itemText(at) for at in range(studies.count())] == ["2025-12-08 · no nodule confirmed"]
    assert bench.view.panel.note_text() == "1 AI mark not decided yet, 7.7\u2009mm"  # never as if it had been clean
    ((_uid, row),) = bench.objects.panel.rows.items()  # no open eye over marks that are not drawn
    assert (row.facts.shown, row.facts.source[1]) == (None, "Not drawn: 2 AI marks that nobody confirmed")

    aligned_now(qtbot, bench)
    assert [card.facts.chip.text for card in bench.view.panel.cards] == ["No confirmed record", "Only an AI mark"]
    assert lines_of(bench, 0)[1:] == ["The prior has no confirmed record here"]
    assert lines_of(bench, 1)[1:] == [
        "The prior has no confirmed record here", "An AI mark of 7.7\u2009mm there is undecided",
        "→ compares with it",
    ]  # fmt: skip
    bench.view.choose("1.2.3.7.2")
    prior = pair(bench)[1]
    assert where(prior) == 20.0
    (drawn,) = prior.frame((700.0, 600.0)).overlay.foreign  # where it is, not only that it is
    assert drawn.lines[0].startswith("AI mark, undecided · ")
    assert "7.7" in drawn.lines[0]
    assert drawn.outline[0] == drawn.outline[-1]  # round
    bench.view.choose("1.2.3.7.1")
    assert prior.frame((700.0, 600.0)).overlay.foreign == ()
    bench.view.choose("1.2.3.7.2")

    key(bench, Qt.Key.Key_Right)
    assert states(bench)[1] == ("1.2.3.7.2", PairState.PROPOSED)
    assert bench.view.panel.cards[1].facts.title == "7.7 → 8.0\u2009mm"
    assert "The prior's size is an AI mark that nobody decided" in lines_of(bench, 1)
    key(bench, Qt.Key.Key_Right)
    assert states(bench)[1] == ("1.2.3.7.2", PairState.NEW)
    key(bench, Qt.Key.Key_Left)
    key(bench, Qt.Key.Key_Return)
    said = bench.session.findings.findings[1].follow_up
    assert said is not None
    assert (said.prior.tracking_uid, said.prior.mean_diameter_mm) == (AI_UID, 7.7)
    assert not any("nobody decided" in line for line in lines_of(bench, 1))
    bench.close()


def test_only_the_panel_that_has_the_keys_shows_them_on_its_buttons(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    panel, card = bench.view.panel, bench.page.findings.cards[0]

    def keyed() -> tuple[bool, bool]:
        return panel.confirm.shown_key == "↵", card.accept.shown_key == "↵"

    panel.setFocus()
    qtbot.waitUntil(lambda: keyed() == (True, False))
    key(bench, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: keyed() == (False, True))
    panel.setFocus()
    panel.closed.emit()
    qtbot.waitUntil(lambda: keyed()[1])


def test_where_nothing_can_be_outlined_the_reason_is_said(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    bench.presenter._add((20.0, 76.0, 50.0), 6.0)
    bench.view.choose(bench.session.findings.findings[-1].tracking_uid)
    key(bench, Qt.Key.Key_M, ALT)
    qtbot.waitUntil(lambda: any("Not measured in the prior" in one.fact for one in bench.page.notices.notices()))
    assert bench.view.lines[-1].state is PairState.NEW


def test_a_case_that_is_only_looked_at_can_be_compared_but_not_changed(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench, read_only=True)
    bench.view.choose("1.2.3.7.1")
    assert bench.view.panel.confirm.toolTip() == "This case is open for reading only"
    key(bench, Qt.Key.Key_Return)
    assert bench.session.findings.findings[0].follow_up is None


def test_a_nodule_of_the_prior_alone_is_looked_for_in_the_case(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    bench.view.choose("1.2.3.7.1")
    key(bench, Qt.Key.Key_Right)
    bench.view.choose(OLD_UID)
    mine, other = pair(bench)
    assert (where(mine), where(other)) == (30.0, 10.0)
    assert bench.view.panel.measure.toolTip() == "This nodule was found in the prior only"
    bench.view.panel.closed.emit()
    assert bench.view.panel.isHidden()


def test_without_a_prior_the_panel_says_so(qtbot: QtBot, bench: FollowUpBench) -> None:
    bench.source.known.clear()
    bench.open(qtbot.waitUntil)
    bench.deliver_everything(qtbot.waitUntil)
    press(bench, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    assert bench.view.panel.message_text() == "No prior stands beside the case. O puts one there."
    assert bench.view.panel.align.toolTip() == "No prior stands beside the case"
    for pressed in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Right):
        key(bench, pressed)
    for pressed in (Qt.Key.Key_M, Qt.Key.Key_P):
        key(bench, pressed, ALT)
    assert bench.session.findings.findings[0].follow_up is None


def test_the_panel_goes_with_the_case_and_gives_the_keys_back(qtbot: QtBot, bench: FollowUpBench) -> None:
    beside(qtbot, bench)
    key(bench, Qt.Key.Key_Escape)
    assert bench.page.grid.active.canvas.hasFocus()
    bench.desk.close()
    assert bench.view.panel.isHidden()
    assert (bench.view.lines, bench.view.panel.cards) == ((), [])


def test_the_priors_own_report_is_drawn_on_the_prior_and_on_nothing_else(qtbot: QtBot, bench: FollowUpBench) -> None:
    aligned(qtbot, bench)
    qtbot.waitUntil(lambda: bench.objects.objects != ())
    bench.view.choose("1.2.3.7.1")
    mine, other = pair(bench)
    drawn = [scene.frame((600.0, 600.0)).overlay.foreign for scene in (mine, other)]
    assert drawn[0] == ()
    assert [shape.lines[0] for shape in drawn[1] if shape.lines] == ["Lianyue · ⌀ 8.0 mm"]
    ((uid, row),) = bench.objects.panel.rows.items()
    assert row.facts.source[0] == "Of the prior 2025-12-08"
    bench.objects.show_object(uid, False)
    assert other.frame((600.0, 600.0)).overlay.foreign == ()
    assert GROWN[2] == where(mine)
