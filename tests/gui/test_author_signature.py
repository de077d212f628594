"""An author signs what is handed to a senior: once, with a PIN, and nothing is lost when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers import cases
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import RESIDENT, FakeDelivery, FakeSession
from workstation.domain.errors import Unreachable
from workstation.domain.report import Person, ReportState
from workstation.domain.workitem import Claim
from workstation.ui.case_desk import CaseDesk
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.sign_dialog import SignDialog


class Author:
    def __init__(self, qtbot: QtBot, bench: DeskBench) -> None:
        self.qtbot, self.bench = qtbot, bench
        self.page: ReportPage
        self.presenter: ReportPresenter
        self.page, self.presenter = bench.page(certificate="CN=宋佳")
        self.page.resize(1856, 1052)
        self.page.show()
        bench.open(qtbot.waitUntil)
        bench.fill()

    def dialog(self) -> SignDialog:
        self.page.submit.click()
        self.qtbot.waitUntil(lambda: self.presenter.dialog is not None)
        assert self.presenter.dialog is not None
        return self.presenter.dialog

    def sign(self, dialog: SignDialog, pin: str) -> None:
        dialog.confirm.setChecked(True)
        dialog.pin.edit.setText(pin)
        self.qtbot.waitUntil(dialog.primary_button.isEnabled)
        dialog.primary_button.click()


@pytest.fixture
def author(qtbot: QtBot) -> Iterator[Author]:
    bench = DeskBench(actor=RESIDENT)
    yield Author(qtbot, bench)
    bench.close()


def test_an_author_with_a_certificate_signs_what_is_submitted(author: Author) -> None:
    dialog = author.dialog()
    assert dialog.primary_button.text() == "Sign and submit"

    with author.qtbot.waitSignal(author.bench.desk.submitted):
        author.sign(dialog, "1234")

    stored = author.bench.reports.stored
    assert stored is not None
    assert stored.state is ReportState.PRELIMINARY
    assert stored.author_signature is not None
    assert (stored.author_signature.user_id, stored.author_signature.name) == ("resident", "宋佳")
    assert b"signed by " in author.bench.images.stored[0]
    assert author.presenter.dialog is None or not author.presenter.dialog.isVisible()


def test_a_wrong_pin_keeps_the_draft_and_the_dialog(author: Author) -> None:
    dialog = author.dialog()
    with author.qtbot.waitSignal(author.bench.desk.sign_failed):
        author.sign(dialog, "0000")

    assert dialog.isVisible()
    assert dialog.pin.message()
    assert author.bench.reports.stored is None
    dialog.reject()


def test_a_silent_hub_closes_the_dialog_and_offers_to_sign_again(author: Author) -> None:
    author.bench.images.fail_with = Unreachable("the hub does not answer")
    dialog = author.dialog()
    with author.qtbot.waitSignal(author.bench.desk.not_handed_over):
        author.sign(dialog, "1234")

    assert not dialog.isVisible()
    assert author.bench.reports.stored is None
    author.bench.images.fail_with = None
    again = author.dialog()
    with author.qtbot.waitSignal(author.bench.desk.submitted):
        author.sign(again, "1234")


def test_a_draft_that_changed_after_a_former_signature_does_not_keep_it(author: Author) -> None:
    """Handing over without a signature takes a former one away: it covered another text."""
    with author.qtbot.waitSignal(author.bench.desk.submitted):
        author.bench.desk.submit()

    assert author.bench.reports.stored is not None
    assert author.bench.reports.stored.author_signature is None


def test_a_report_that_waits_for_its_time_stamp_is_told_when_it_begins_and_when_it_ends(qtbot: QtBot) -> None:
    bench = DeskBench()
    signed = replace(cases.report(), verifier=Person("expert", "王启明", "省医"), state=ReportState.FINAL)
    bench.outbox.waiting.append(FakeDelivery(signed, Claim("2.25.8", "2.25.99"), ()))
    silent = [True]
    held_back = replace(bench.services.deliver, may_go=lambda _delivery: not silent[0], session=FakeSession())
    desk = CaseDesk(replace(bench.services, deliver=held_back), bench.jobs, lambda: bench.actor)
    told: list[tuple[int, int]] = []
    desk.delivered.connect(lambda outcome: told.append((outcome.held, outcome.delivered)))

    desk.deliver()
    qtbot.waitUntil(lambda: told == [(1, 0)])
    silent[0] = False
    bench.outbox.waiting[0].retry_at = cases.NOON
    desk.deliver()
    qtbot.waitUntil(lambda: len(told) == 2)

    assert told[1][0] == 0
    desk.stop()
    bench.close()
