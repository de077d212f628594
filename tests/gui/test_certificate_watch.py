"""A signing token may be slow, absent, pulled out: the window never waits for it, and the dialog says how it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.desk import DeskBench
from tests.helpers.fakes import RESIDENT
from workstation.domain.errors import StorageError
from workstation.ui.certificate_watch import CertificateWatch
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.sign_dialog import SignDialog, SigningFacts

pytestmark = pytest.mark.gui


class SlowToken:
    """Answers when it is let; remembers on which threads it was asked."""

    def __init__(self, subject: str = "CN=宋佳") -> None:
        self.subject = subject
        self.answers = threading.Event()
        self.asked: list[str] = []

    def __call__(self, _user_id: str) -> str:
        self.asked.append(threading.current_thread().name)
        assert self.answers.wait(60)
        return self.subject


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    made = DeskBench(actor=RESIDENT)
    yield made
    made.close()


def presenter(bench: DeskBench, qtbot: QtBot, token: SlowToken) -> ReportPresenter:
    page, made = bench.page(subject=token)
    page.resize(1856, 1052)
    page.show()
    bench.open(qtbot.waitUntil)
    bench.fill()
    return made


def facts() -> SigningFacts:
    return SigningFacts("周丽华", "LDCT", "清水镇中心卫生院", "impression", "王启明")


def test_the_dialog_opens_at_once_and_says_that_the_token_is_asked(qtbot: QtBot, bench: DeskBench) -> None:
    token = SlowToken()
    made = presenter(bench, qtbot, token)
    made.ask_signature(preliminary=True)

    assert made.dialog is not None
    made.dialog.pin.edit.setText("1234")
    made.dialog.confirm.setChecked(True)
    assert made.dialog.certificate.text() == "Looking for your certificate…"
    assert not made.dialog.primary_button.isEnabled()
    token.answers.set()
    qtbot.waitUntil(made.dialog.primary_button.isEnabled)

    assert made.dialog.certificate.text() == "CN=宋佳"
    assert threading.main_thread().name not in token.asked
    made.dialog.reject()


def test_handing_over_twice_while_the_token_is_slow_asks_once(qtbot: QtBot, bench: DeskBench) -> None:
    token = SlowToken(subject="")
    made = presenter(bench, qtbot, token)
    made.submit()
    made.submit()
    assert bench.reports.stored is None

    with qtbot.waitSignal(bench.desk.submitted):
        token.answers.set()

    assert len(token.asked) == 1


def test_a_case_that_was_closed_while_the_token_was_asked_is_not_handed_over(qtbot: QtBot, bench: DeskBench) -> None:
    token = SlowToken(subject="")
    made = presenter(bench, qtbot, token)
    made.submit()
    bench.desk.close()
    token.answers.set()
    qtbot.waitUntil(lambda: not made.certificates.asking)

    assert bench.reports.stored is None
    assert made.dialog is None


def test_a_token_that_is_pulled_out_or_plugged_in_while_the_dialog_is_open_is_said(
    qtbot: QtBot, bench: DeskBench
) -> None:
    plugged = {"subject": "CN=王启明"}
    dialog = SignDialog(None, facts())
    qtbot.addWidget(dialog)
    watch = CertificateWatch(dialog, lambda _user: plugged["subject"], bench.jobs, every_ms=20)
    watch.told.connect(dialog.show_certificate)
    dialog.show()
    dialog.pin.edit.setText("1234")
    dialog.confirm.setChecked(True)
    watch.watch("expert")
    qtbot.waitUntil(dialog.primary_button.isEnabled)

    plugged["subject"] = ""
    qtbot.waitUntil(lambda: not dialog.primary_button.isEnabled())
    assert dialog.certificate.text() == "No certificate for 王启明 on this machine"
    assert dialog.primary_button.toolTip() == "A certificate is needed to sign"
    plugged["subject"] = "CN=王启明"
    qtbot.waitUntil(dialog.primary_button.isEnabled)
    watch.rest()


def test_who_rests_is_told_nothing_more(qtbot: QtBot, bench: DeskBench) -> None:
    token = SlowToken()
    dialog = SignDialog(None, facts())
    qtbot.addWidget(dialog)
    watch = CertificateWatch(dialog, token, bench.jobs)
    told: list[str] = []
    watch.told.connect(told.append)
    watch.watch("expert")
    watch.rest()
    token.answers.set()
    qtbot.waitUntil(lambda: not watch.asking)

    assert told == []


def test_a_key_store_that_cannot_be_read_is_no_certificate(qtbot: QtBot, bench: DeskBench) -> None:
    def broken(_user_id: str) -> str:
        raise StorageError("unreadable")

    dialog = SignDialog(None, facts())
    qtbot.addWidget(dialog)
    watch = CertificateWatch(dialog, broken, bench.jobs)
    told: list[str] = []
    watch.ask("expert", told.append)
    qtbot.waitUntil(lambda: told != [])

    assert told == [""]
