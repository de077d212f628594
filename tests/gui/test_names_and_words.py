"""The template that is in use keeps its whole name, and a priority its word."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, tr, use_language
from tests.helpers import cases
from workstation.domain.workitem import Priority
from workstation.ui.paint import metrics
from workstation.ui.patient_words import age_word, patient_identity
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


def test_an_age_is_that_of_the_day_of_the_hospital_not_of_the_day_in_greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken on 12 March 2026 at 07:30 in China, the fifth birthday: 11 March in Greenwich."""
    row = replace(cases.row(), birth_date="20210312", sex="F", studied=datetime(2026, 3, 11, 23, 30, tzinfo=UTC))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        said = patient_identity(row)
    time.tzset()
    assert age_word("20210312", date(2026, 3, 12)) in said
    assert age_word("20210312", date(2026, 3, 11)) not in said
