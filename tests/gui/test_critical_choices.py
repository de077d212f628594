"""What the dialogs of critical values say and presume: no outcome before a call, the act on the button, the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.critical_bed import Bed
from workstation.dicom.critical_policy import default_policy
from workstation.domain.critical import CallOutcome
from workstation.domain.critical_board import CallReport
from workstation.ui.critical.dialogs import CallDialog, ReasonDialog, RecogniseDialog
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


@pytest.fixture
def bed(qtbot: QtBot) -> Iterator[Bed]:
    use_language(ENGLISH)
    made = Bed(qtbot)
    yield made
    made.close()
    use_language(CHINESE)


def test_nobody_was_reached_before_the_reader_says_so(bed: Bed) -> None:
    bed.page()
    call = CallDialog(bed.page_, "周丽华", "清水镇中心卫生院", bed.known())
    bed.qtbot.addWidget(call)
    told: list[CallReport] = []
    call.told.connect(told.append)
    call.receiver.edit.setText("王护士")
    call.number.edit.setText("0571")
    assert call.outcome.value() == ""
    assert call.primary is not None
    assert (call.primary.isEnabled(), call.primary.toolTip()) == (False, "Say what came of it")
    call.accept()
    assert told == []
    captions = [line.text() for line in call.findChildren(QLabel)]
    assert {"Way of telling", "What came of it", "Tell the receiver and record it"} <= set(captions)
    call.outcome.choose(CallOutcome.REACHED.value)
    call.accept()
    assert [one.outcome for one in told] == [CallOutcome.REACHED]


def test_the_button_that_decides_against_a_critical_value_says_so(bed: Bed) -> None:
    bed.page()
    bed.known()
    bed.panel.dismiss.click()
    asks = bed.dialog()
    assert isinstance(asks, ReasonDialog)
    assert asks.primary is not None
    assert (asks.windowTitle(), asks.primary.text()) == ("Not a critical value", "Not a critical value")


def test_who_confirms_a_critical_value_reads_how_long_its_clock_runs(bed: Bed) -> None:
    asks = RecogniseDialog(None, "周丽华", default_policy(), ())
    bed.qtbot.addWidget(asks)
    assert asks.clock.text() == "The clock starts when you confirm and runs 10 min."
    asks.entries.setCurrentIndex(asks.entries.count() - 1)  # in own words
    told = []
    for level in ("1", "2", "3"):
        asks.level.choose(level)
        asks.level.chosen.emit(level)
        told.append(asks.clock.text().removeprefix("The clock starts when you confirm and runs "))
    assert told == ["10 min.", "60 min.", "24 h."]


@pytest.mark.parametrize(("minutes", "said"), [(120, "120 min."), (150, "2 h 30 min."), (180, "3 h.")])
def test_a_clock_of_two_and_a_half_hours_is_not_told_as_two(bed: Bed, minutes: int, said: str) -> None:
    policy = default_policy()
    entries = tuple(replace(one, escalate_after_s=60 * minutes) for one in policy.entries)
    asks = RecogniseDialog(None, "周丽华", replace(policy, entries=entries), ())
    bed.qtbot.addWidget(asks)
    assert asks.clock.text() == f"The clock starts when you confirm and runs {said}"


def test_the_list_of_findings_wears_the_colour_of_the_focus(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme = apply_theme(app)
    window = QWidget()
    qtbot.addWidget(window)
    asks = RecogniseDialog(window, "周丽华", default_policy(), ())
    qtbot.addWidget(asks)
    asks.show()
    asks.activateWindow()
    asks.entries.setFocus()
    qtbot.waitUntil(asks.entries.hasFocus)

    def edge() -> QColor:
        return asks.entries.grab().toImage().pixelColor(asks.entries.width() // 2, 0)

    assert edge() == theme.color("acc")
    asks.text.setFocus()
    qtbot.waitUntil(asks.text.hasFocus)
    assert edge() != theme.color("acc")
