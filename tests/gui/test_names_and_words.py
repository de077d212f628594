"""The template that is in use keeps its whole name, and a priority its word."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, tr, use_language
from workstation.domain.workitem import Priority
from workstation.ui.paint import metrics
from workstation.ui.widgets.report_tool_bar import ReportToolBar
from workstation.ui.widgets.urgency import PriorityMark

pytestmark = pytest.mark.gui
OFFERS = [("lung-rads", "Lung-RADS v2022"), ("c-lung-rads", "C-Lung-RADS"), ("fleischner", "Fleischner 2017")]
NAME = "胸部 CT 肺结节筛查报告"


@pytest.mark.parametrize("width", [520, 640, 1100])
def test_no_name_of_a_template_is_cut_beside_the_tables_that_it_offers(qtbot: QtBot, width: int) -> None:
    bar = ReportToolBar()
    qtbot.addWidget(bar)
    bar.show_report(f"{NAME} · ct-chest-nodule v1.2.0", OFFERS, (), (), outdated=frozenset(), read_only=False)
    bar.resize(width, 80)
    bar.show()
    qtbot.waitUntil(lambda: bar.title.width() >= metrics("caption").horizontalAdvance(NAME))
    assert all(button.isVisible() for button in bar.offers.values())
    bar.resize(1300, 80)
    qtbot.waitUntil(lambda: bar.title.width() >= metrics("caption").horizontalAdvance(bar.title.text()))
    bar.offers["fleischner"].click()


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_the_priority_above_the_images_has_its_word_beside_its_shape(qtbot: QtBot, language: str) -> None:
    use_language(language)
    mark = PriorityMark()
    qtbot.addWidget(mark)
    mark.show_priority(Priority.HIGH)
    word = tr("STAT")
    assert mark.accessibleName() == word
    assert mark.width() >= 20 + metrics("caption").horizontalAdvance(word)
    use_language(ENGLISH)
