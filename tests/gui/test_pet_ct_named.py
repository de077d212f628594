"""A PET with its CT bears one name wherever a study is told in a line: "PT" alone is another examination."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui.test_deliveries_page import dispatch
from tests.gui.test_hanging import opened
from tests.helpers.comparing import ComparingBench, case_of, ct_study
from tests.helpers.grassroots import returned_report
from tests.helpers.priors import prior
from workstation.domain.dispatch import DispatchState
from workstation.ui.dispatch_words import study_of
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.inbox_panel import InboxPanel
from workstation.ui.widgets.labels import ElidedLabel

pytestmark = pytest.mark.gui


def test_a_returned_report_of_a_pet_ct_says_so(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    panel = InboxPanel()
    qtbot.addWidget(panel)
    panel.show_reports([returned_report(1, modality="PT", beneath="CT", description="全身显像")])

    shown = [one.text() for one in panel.item("2.25.1").findChildren(ElidedLabel)]
    assert "PET-CT · 全身显像" in shown


def test_a_delivery_of_a_pet_mr_says_so() -> None:
    sent = replace(dispatch(1, DispatchState.WAITING), modality="PT", beneath="MR")
    assert study_of(sent) == ("PET-MR",)


def test_a_prior_pet_ct_is_named_in_the_bar_below_the_images(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    bench = ComparingBench(case_of(*ct_study("1.2.3", "20261121", frame="1.5")))
    qtbot.addWidget(bench.page)
    bench.page.show()
    study, images = ct_study("1.9.1", "20251208", frame="1.6")
    bench.source.known.append(replace(prior("1.9.1", modality="PT"), beneath="CT"))
    bench.serve_prior(study, images)
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.page.priors.cards) == 1)

    assert bench.page.priors.cards[0].facts.modality == "PET-CT"
    bench.close()
