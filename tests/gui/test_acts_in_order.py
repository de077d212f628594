"""One key takes back what the reader did last, whatever it was and on whichever page it was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.test_reading_with_ai import _english, bench, four_marks, opened  # noqa: F401 - fixtures
from tests.helpers.reading import ReadingBench
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.finding import Decision, RejectReason
from workstation.domain.finding_traits import traits_of
from workstation.exchange.templates.library import TemplateLibrary
from workstation.ui.theme import apply_theme

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]


def decided(bench: ReadingBench) -> list[Decision]:  # noqa: F811 - of the fixture
    return [one.decision for one in bench.session.displayed.findings]


def test_marks_that_were_rejected_together_come_back_before_what_was_cut_from_the_volume_earlier(
    qtbot: QtBot,
    bench: ReadingBench,  # noqa: F811 - a fixture
) -> None:
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    page, rejected = bench.page, [Decision.REJECTED] * 3
    volume = page.grid.frame("volume").scene
    assert isinstance(volume, VolumeScene)
    page.grid.activate("volume")
    volume.scroll_to(5)
    page.findings.rest_rejected.emit(RejectReason.VESSEL)
    volume.scroll_to(6)  # the plane goes on under the hand, which is no step of its own
    assert (decided(bench), len(volume.edits.planes)) == (rejected, 1)

    seen = []
    for wanted in [page.undo_requested] * 2 + [page.redo_requested] * 2:
        wanted.emit()
        seen.append((decided(bench), len(volume.edits.planes)))
    undecided = [Decision.UNDECIDED] * 3
    assert seen == [(undecided, 1), (undecided, 0), (undecided, 1), (rejected, 1)]

    volume.flip_plane()
    flipped = volume.edits
    page.undo_requested.emit()  # a cut made after them goes first
    assert volume.edits != flipped
    assert decided(bench) == rejected
    page.undo_requested.emit()
    assert decided(bench) == undecided
    page.redo_requested.emit()
    assert decided(bench) == rejected
    page.redo_requested.emit()
    assert volume.edits == flipped


def test_what_is_said_of_a_finding_on_the_report_is_undone_in_its_turn_among_the_decisions(
    qtbot: QtBot, lidc_0314: Path
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    bench = ReadingBench(four_marks(lidc_0314), template=TemplateLibrary().get("ct-chest-nodule"))  # noqa: F811 - its own
    qtbot.addWidget(bench.page)
    bench.page.show()
    opened(qtbot, bench)
    first, second = (one.tracking_uid for one in bench.session.findings.findings[:2])
    bench.page.findings.accept_requested.emit(first)
    bench.session.review.say_of(first, "margin", "spiculated")
    bench.page.findings.accept_requested.emit(second)

    def state() -> tuple[list[Decision], bool]:
        return decided(bench)[:2], "margin" in traits_of(bench.session.findings.get(first))

    said: list[str] = []
    bench.page.toast.connect(said.append)
    yes, no = Decision.ACCEPTED, Decision.UNDECIDED
    seen = [state()]
    for _ in range(3):
        bench.page.undo_requested.emit()
        seen.append(state())
    assert seen == [([yes, yes], True), ([yes, no], True), ([yes, no], False), ([no, no], False)]
    bench.page.undo_requested.emit()
    assert said == []
    bench.close()
