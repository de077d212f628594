"""Who confirms a receipt says that the report which was signed is here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.grassroots import returned_report
from tests.helpers.papers import critical_value
from tests.helpers.technician_page import Station
from workstation.domain.report_state import WithdrawalCode
from workstation.domain.signature import Verdict, VerificationResult
from workstation.ui.critical.dialogs import AcknowledgeDialog
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui


@pytest.fixture
def station(qtbot: QtBot, qapp: QApplication) -> Iterator[Station]:
    use_language(ENGLISH)
    apply_theme(qapp)
    station = Station(qtbot)
    yield station
    station.bench.close()
    use_language(CHINESE)


@pytest.mark.parametrize("verdict", [Verdict.ALTERED, Verdict.UNSIGNED])
def test_the_receipt_of_an_altered_report_is_refused_before_it_was_ever_opened(
    qtbot: QtBot, station: Station, verdict: Verdict
) -> None:
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", verdict, "Changed after signing", "王启明")
    station.bench.inbox.reports = {"2.25.1": returned_report(1), "2.25.2": returned_report(2)}
    station.refresh()
    item = station.page.inbox.item("2.25.1")
    item.acknowledge.click()
    qtbot.waitUntil(lambda: bool(station.facts()))
    assert station.bench.inbox.acknowledged == []
    assert station.facts() == ["The receipt is not confirmed: Changed after signing"]
    notice = station.page.notices.notices()[0]
    assert notice.still_works == "Do not act on this report. Call the reading centre and have it sent anew."
    assert notice.actions == ()
    assert not item.acknowledge.isEnabled()
    station.refresh()  # what was found stays in the row
    assert item.state_word() == {Verdict.ALTERED: "Report was altered", Verdict.UNSIGNED: "Not signed"}[verdict]
    assert not item.acknowledge.isEnabled()
    assert station.page.inbox.item("2.25.2").state_word() == "To acknowledge"


def test_the_row_of_an_altered_report_says_so_once_it_was_opened(qtbot: QtBot, station: Station) -> None:
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", Verdict.ALTERED, "Changed", "王启明")
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    item = station.page.inbox.item("2.25.1")
    item.pressed.emit("2.25.1")
    qtbot.waitUntil(lambda: station.page.verdict_text() == "Report was altered")
    assert item.accessibleName().endswith("Report was altered")
    assert not item.acknowledge.isEnabled()
    assert station.page.explanation() == (
        "Changed. Do not act on this report. Call the reading centre and have it sent anew."
    )
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", Verdict.VALID, "", "王启明")
    item.pressed.emit("2.25.1")  # the centre has put the object right
    qtbot.waitUntil(lambda: item.state_word() == "To acknowledge")
    item.acknowledge.click()
    qtbot.waitUntil(lambda: station.bench.inbox.acknowledged == ["2.25.1"])


def test_the_report_of_another_study_is_no_receipt_however_well_it_is_signed(qtbot: QtBot, station: Station) -> None:
    station.bench.verifier.result = VerificationResult(
        "report.pdf.dcm", Verdict.VALID, "", "王启明", study_instance_uid="2.25.5"
    )
    station.bench.inbox.reports = {"2.25.1": returned_report(1)}
    station.refresh()
    station.page.inbox.item("2.25.1").acknowledge.click()
    qtbot.waitUntil(lambda: bool(station.facts()))
    assert station.bench.inbox.acknowledged == []


@pytest.mark.parametrize(
    ("verdict", "changes"),
    [(Verdict.UNTRUSTED, {}), (Verdict.UNKNOWN, {}), (Verdict.ALTERED, {"withdrawn_code": WithdrawalCode.WRONG_STUDY})],
)
def test_what_only_people_can_judge_is_acknowledged_and_so_is_a_withdrawal(
    qtbot: QtBot, station: Station, verdict: Verdict, changes: dict[str, object]
) -> None:
    station.bench.verifier.result = VerificationResult("report.pdf.dcm", verdict, "No list", "王启明")
    station.bench.inbox.reports = {"2.25.1": returned_report(1, **changes)}
    station.refresh()
    station.page.inbox.item("2.25.1").acknowledge.click()
    qtbot.waitUntil(lambda: station.bench.inbox.acknowledged == ["2.25.1"])


def test_a_critical_value_of_another_day_says_on_which_day_it_was_found(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    use_language(ENGLISH)
    now = datetime.now(UTC)
    old = replace(critical_value(), recognised_at=datetime(2026, 1, 2, 12, 0, 7, tzinfo=UTC))
    for value, written in ((old, r"Found 2026-01-02 \d\d:00:07 by"), (replace(old, recognised_at=now), r"Found \d\d:")):
        dialog = AcknowledgeDialog(None, "周丽华 · QS0118793", value, "韩梅")
        qtbot.addWidget(dialog)
        said = [one.text() for one in dialog.findChildren(QLabel) if one.text().startswith("Found ")]
        assert len(said) == 1
        assert re.match(written, said[0])
    use_language(CHINESE)
