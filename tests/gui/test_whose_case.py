"""What cannot be taken back names the patient and the study above its question, everywhere in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench, preliminary
from workstation.domain.report import Person
from workstation.domain.report_state import ReportState
from workstation.domain.workitem import ReadingState
from workstation.ui.dialogs import Dialog
from workstation.ui.norm_dialog import NormDialog
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.pages.take_back_dialog import TakeBackDialog
from workstation.ui.report.way_dialogs import SendBackDialog

pytestmark = pytest.mark.gui
WHO = "周丽华 · female · 58 y · QS0118793 · 胸部低剂量 LDCT · 2026-11-21"
SIGNER = Person("expert", "王启明", "省影像专科联盟远程诊断中心")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot
    made = DeskBench()
    yield made
    made.close()


def shown(bench: DeskBench, qtbot: QtBot, *, read_only: bool = False) -> tuple[ReportPage, ReportPresenter]:
    page, presenter = bench.page()
    page.resize(1856, 1052)
    page.show()
    bench.open(qtbot.waitUntil, read_only=read_only)
    return page, presenter


def said(dialog: Dialog | None) -> str:
    assert dialog is not None
    assert not dialog.case.isHidden()
    return dialog.case.text()


def test_sending_a_report_back_names_the_patient_and_the_study(qtbot: QtBot, bench: DeskBench) -> None:
    bench.reports.stored = preliminary()
    page, _presenter = shown(bench, qtbot)
    page.give_back.click()
    assert said(page.findChild(SendBackDialog)) == WHO


@pytest.mark.parametrize("act", ["withdraw", "follow_up"])
def test_what_is_done_to_a_signed_report_names_the_patient_and_the_study(
    qtbot: QtBot, bench: DeskBench, act: str
) -> None:
    start = cases.report(values=cases.complete_values())
    bench.reports.stored = replace(start.moved(ReportState.FINAL, at=cases.NOON), verifier=SIGNER, signed_at=cases.NOON)
    bench.row = replace(bench.row, state=ReadingState.FINAL)
    bench.worklist.current = bench.row
    page, presenter = shown(bench, qtbot, read_only=True)
    getattr(page.way, act).click()
    assert said(presenter.way.dialog) == WHO


def test_giving_a_report_up_names_the_patient_and_the_study(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = shown(bench, qtbot)
    page.way.give_up.click()
    assert said(presenter.way.dialog) == WHO


def test_answering_for_a_fault_names_the_patient_and_the_study(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = shown(bench, qtbot)
    assert bench.desk.session is not None
    wrong = {"technique": "平扫", "airways": "右肺上叶见实性结节，直径8mm。", "impression": "左肺上叶结节。"}
    for key, text in wrong.items():
        bench.desk.session.set_value(key, text)
    page.sign.click()
    assert isinstance(presenter.tools.dialog, NormDialog)
    assert said(presenter.tools.dialog) == WHO


def test_taking_a_case_back_names_the_patient_and_the_study(qtbot: QtBot) -> None:
    dialog = TakeBackDialog(None, cases.row(), is_own=True)
    qtbot.addWidget(dialog)
    assert said(dialog) == WHO
