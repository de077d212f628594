"""A tick beside a line of the report tells what a person has confirmed, and nothing else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.helpers.cases import READER, FixedClock, Uids, ai_finding, report, row, study, template
from workstation.domain.finding import Finding, RejectReason
from workstation.domain.workitem import Claim
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.ui.reading_words import report_rows
from workstation.ui.theme import current_theme
from workstation.ui.widgets.report_dock import ReportDock, ReportRow

pytestmark = pytest.mark.gui


def session(*findings: Finding) -> ReadingSession:
    case = OpenedCase(row(), study(), template(), report(*findings), Claim("2.25.8", "2.25.99"))
    return ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())


def findings_row(opened: ReadingSession) -> tuple[str, bool, bool]:
    (found,) = (one for one in report_rows(opened) if not one.required)
    return found.value, found.attention, found.told


def test_without_marks_nothing_is_ticked_before_anybody_has_read() -> None:
    assert findings_row(session()) == ("none yet", False, False)


def test_that_there_is_none_is_said_once_a_reader_rejected_every_mark() -> None:
    opened = session(ai_finding(1))
    assert findings_row(opened) == ("1 undecided", True, False)
    opened.review.reject("2.25.1001", RejectReason.VESSEL)
    assert findings_row(opened) == ("none", False, True)


def test_what_the_reader_accepted_is_ticked() -> None:
    opened = session(ai_finding(1))
    opened.review.accept("2.25.1001")
    assert findings_row(opened) == ("1 confirmed", False, True)


@pytest.mark.parametrize("told", [True, False])
def test_the_tick_is_drawn_only_where_somebody_said_so(qtbot: QtBot, *, told: bool) -> None:
    dock = ReportDock()
    qtbot.addWidget(dock)
    dock.resize(400, 600)
    dock.show_rows([ReportRow("a", "Nodules", "none yet", required=False, told=told)])
    dock.show()
    line = dock._rows.itemAt(0).widget()  # type: ignore[union-attr] # one row
    assert line is not None
    place = QRect(line.width() - 15, 0, 15, line.height())
    picture = line.grab(place).toImage()
    tick = current_theme().color("ok")

    def is_tick(colour: QColor) -> bool:
        return abs(colour.red() - tick.red()) + abs(colour.green() - tick.green()) < 60

    drawn = any(is_tick(picture.pixelColor(x, y)) for x in range(picture.width()) for y in range(picture.height()))
    assert drawn is told
