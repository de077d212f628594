"""On a small screen nothing is cut off that has to be read or pressed, and what is not ready does not look so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.cases import READER, FixedClock, Uids, ai_finding, report, row, study, template
from tests.helpers.critical_bed import Bed
from workstation.domain.finding import Decision, Finding, Mark, MarkEvidence, RejectReason
from workstation.domain.report import ReportKind
from workstation.domain.workitem import Claim
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.ui.card_words import card_lines, volume_words
from workstation.ui.reading_words import report_rows
from workstation.ui.report.way_dialogs import cancel_dialog
from workstation.ui.widgets.finding_card import CardFacts, FindingCard

pytestmark = pytest.mark.gui
_RING_PX = 3


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bed(qtbot: QtBot) -> Iterator[Bed]:
    made = Bed(qtbot)
    yield made
    made.close()


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_a_critical_value_is_read_whole_beside_the_bar_that_scrolls_its_column(bed: Bed, language: str) -> None:
    use_language(language)
    bed.page()
    bed.page_.resize(1318, 400)  # as wide as a window of 1366 less the rail, too low for the whole column
    bed.known()
    bed.pass_(342)
    QApplication.processEvents()
    side = bed.page_.side
    assert side.width() == 320
    assert side.verticalScrollBar().isVisible()
    inner = side.widget()
    assert inner is not None
    assert inner.width() <= side.viewport().width()
    assert bed.panel.dismiss.isVisible()
    for button in (bed.panel.act, bed.panel.dismiss):
        place = QRect(button.mapTo(side.viewport(), button.rect().topLeft()), button.size())
        assert place.left() >= 0
        assert place.right() < side.viewport().width()


def test_signing_is_offered_and_not_lit_while_a_critical_value_stands_in_red(bed: Bed) -> None:
    bed.page()
    session = bed.bench.desk.session
    assert session is not None
    for finding in session.displayed.undecided:
        session.review.reject(finding.tracking_uid, RejectReason.VESSEL)
    for blocker in session.blockers:
        session.set_value(blocker.target, "nodule")
    bed.settle()
    assert [words for good, words in bed.page_.checks.lines() if not good] == []
    bed.known()
    bed.refresh()
    assert [words for good, words in bed.page_.checks.lines() if not good] != []
    assert bed.page_.sign.isEnabled()
    assert not bed.page_.sign_looks_ready()


def measured(decision: Decision, diameter_mm: float) -> Finding:
    original = Mark((0.0, 0.0, 0.0), 16.8, 0.8, shown=True, evidence=MarkEvidence(volume_mm3=2477.0))
    return Finding("1.2.3", 1, (0.0, 0.0, 0.0), diameter_mm, decision, original=original)


def test_a_card_shows_the_volume_exactly_where_it_shows_a_size_that_came_with_it() -> None:
    assert volume_words(measured(Decision.EDITED, 16.8)).replace("\N{THIN SPACE}", " ") == "2 477 mm³"
    by_reader = measured(Decision.EDITED, 12.0)
    assert volume_words(by_reader) == ""
    assert not any("by volume" in line for line in card_lines(by_reader))


@pytest.mark.parametrize("is_compact", [True, False])
def test_the_ring_round_the_button_of_a_card_is_whole(qtbot: QtBot, *, is_compact: bool) -> None:
    card = FindingCard(CardFacts(ai_finding(), 115))
    qtbot.addWidget(card)
    card.set_compact(compact=is_compact)
    card.resize(303 if is_compact else 360, card.height())
    card.show()
    for button in (card.accept, card.edit, card.reject, card.evidence):
        holder = button.parentWidget()
        assert holder is not None
        ring = button.geometry().adjusted(-_RING_PX, -_RING_PX, _RING_PX, _RING_PX)
        assert holder.rect().contains(ring), button.accessibleName()
        assert button.height() == 28


def test_a_category_that_keeps_the_report_back_has_a_row_beside_the_images() -> None:
    needing = replace(template(), categories=("lung-rads",), category_required=True)
    case = OpenedCase(row(), study(), needing, report(), Claim("2.25.8", "2.25.99"))
    opened = ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())
    unfilled = [one.key for one in report_rows(opened) if one.required and not one.value]
    assert unfilled == ["technique", "category"]
    plain = ReadingSession(replace(case, template=template()), READER, clock=FixedClock(), new_uid=Uids())
    assert "category" not in [one.key for one in report_rows(plain)]


def test_the_button_that_keeps_a_report_is_never_called_cancel_beside_the_one_that_discards_it(qtbot: QtBot) -> None:
    dialog = cancel_dialog(None, ReportKind.ORIGINAL)
    qtbot.addWidget(dialog)
    assert dialog.primary is not None
    assert (dialog.cancel.text(), dialog.primary.text()) == ("Keep it", "Discard report")
    assert dialog.cancel.accessibleName() == "Keep it"
