"""Before the PIN a signer sees how the certificate stands, how many tries are left, and the digest of the content."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.desk import DeskBench
from tests.helpers.fakes import EXPERT
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import CertificateFacts, PinState, Revocation
from workstation.ui.certificate_details import (
    CertificateDetails,
    DetailsInDialog,
    digest_words,
    pin_words,
    revocation_words,
    short_digest,
    validity_words,
    worst_tone,
)
from workstation.ui.paint import metrics
from workstation.ui.sign_dialog import SignDialog, SigningFacts
from workstation.ui.widgets.labels import ElidedLabel

pytestmark = pytest.mark.gui
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FACTS = CertificateFacts(
    "王启明 · 远程诊断中心", "联盟签发 CA", "1F2E", datetime(2026, 1, 1, 12, tzinfo=UTC),
    datetime(2028, 1, 1, 12, tzinfo=UTC), Revocation.GOOD, datetime(2026, 11, 20, 12, tzinfo=UTC), tries_left=5,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    del qtbot
    made = DeskBench(actor=EXPERT)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("left", "said", "tone"),
    [
        (timedelta(days=31), "2026-01-01 to 2026-12-22", "t1"),
        (timedelta(days=30), "2026-01-01 to 2026-12-21: ends in 30 days, ask for a new one", "warn"),
        (timedelta(days=1), "2026-01-01 to 2026-11-22: ends in 1 day, ask for a new one", "warn"),
        (timedelta(days=-1), "2026-01-01 to 2026-11-20: expired", "bad"),
    ],
)
def test_a_certificate_that_ends_within_thirty_days_is_told_in_amber(left: timedelta, said: str, tone: str) -> None:
    assert validity_words(replace(FACTS, valid_until=NOW + left), NOW) == (said, tone)


def test_a_certificate_that_is_not_valid_yet_is_told_in_red() -> None:
    later = replace(FACTS, valid_from=NOW + timedelta(days=1))
    assert validity_words(later, NOW) == ("2026-11-22 to 2028-01-01: not valid yet", "bad")


@pytest.mark.parametrize(
    ("state", "beginning", "tone"),
    [
        (Revocation.GOOD, "Not revoked · list of 2026-11-20", "t1"),
        (Revocation.OUTDATED, "Not on the list of 2026-11-20", "warn"),
        (Revocation.REVOKED, "Revoked · list of 2026-11-20", "bad"),
    ],
)
def test_revocation_is_told_with_the_day_of_its_list(state: Revocation, beginning: str, tone: str) -> None:
    said, shown = revocation_words(replace(FACTS, revocation=state))
    assert (said.startswith(beginning), shown) == (True, tone)


def test_without_a_list_revocation_is_not_known_and_never_called_good() -> None:
    said, tone = revocation_words(replace(FACTS, revocation=Revocation.UNKNOWN, listed_at=None))
    assert (said, tone) == ("Not known: no revocation list of this issuer on this machine", "warn")


@pytest.mark.parametrize(
    ("pin", "tries", "told"),
    [
        (PinState.FINE, 5, ("5 tries left", "t1")),
        (PinState.FINE, None, ("Not known", "t1")),
        (PinState.LOW, 2, ("2 tries left · A wrong PIN was typed before", "warn")),
        (PinState.LOW, None, ("A wrong PIN was typed before", "warn")),
        (PinState.LAST_TRY, 1, ("Last try: the next wrong PIN locks it", "warn")),
        (PinState.LOCKED, 0, ("Locked: no PIN is tried any more", "bad")),
    ],
)
def test_the_tries_of_the_pin_are_told_before_one_is_typed(
    pin: PinState, tries: int | None, told: tuple[str, str]
) -> None:
    assert pin_words(replace(FACTS, pin=pin, tries_left=tries)) == told


def test_the_shield_is_green_only_beside_a_certificate_without_a_doubt() -> None:
    assert worst_tone(FACTS, NOW) == "ok"
    assert worst_tone(replace(FACTS, pin=PinState.LOW), NOW) == "warn"
    assert worst_tone(replace(FACTS, pin=PinState.LOW, revocation=Revocation.REVOKED), NOW) == "bad"


def test_a_short_digest_reads_as_on_the_paper() -> None:
    assert short_digest("8b1e47d03c9f11aa00ff") == "8b1e 47d0 3c9f 11aa"


class Token:
    """Tells the tries left, and on which threads it was asked."""

    def __init__(self) -> None:
        self.tries = 3
        self.serial = FACTS.serial
        self.fails = False
        self.threads: set[str] = set()

    def __call__(self, _user_id: str) -> CertificateFacts | None:
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise SignatureInvalid("The signing token does not answer")
        return None if self.tries < 0 else replace(FACTS, tries_left=self.tries, serial=self.serial)


def opened(bench: DeskBench, qtbot: QtBot, token: Token) -> tuple[SignDialog, CertificateDetails]:
    bench.open(qtbot.waitUntil)
    assert bench.desk.session is not None
    facts = SigningFacts("周丽华", "LDCT", "清水镇中心卫生院", "impression", "王启明")
    dialog = SignDialog(None, facts)
    qtbot.addWidget(dialog)
    DetailsInDialog(dialog, "expert", bench.desk.session.report, token, bench.jobs, lambda: NOW)
    dialog.show()
    (details,) = dialog.findChildren(CertificateDetails)
    return dialog, details


def test_the_dialog_tells_certificate_and_content_and_the_tries_anew_after_a_wrong_pin(
    qtbot: QtBot, bench: DeskBench
) -> None:
    token = Token()
    dialog, details = opened(bench, qtbot, token)
    height = dialog.height()
    assert bench.desk.session is not None
    dialog.show_certificate("王启明")
    content = digest_words(bench.desk.session.report)
    qtbot.waitUntil(lambda: details.lines()[4:] == ["3 tries left", content])
    assert details.lines()[:3] == ["联盟签发 CA", "1F2E", "2026-01-01 to 2028-01-01"]
    assert dialog.certificate.text() == "王启明 · 远程诊断中心"
    assert dialog.height() == height

    token.tries = 2
    dialog.say("Wrong PIN")
    qtbot.waitUntil(lambda: details.lines()[4] == "2 tries left")
    assert threading.main_thread().name not in token.threads


def test_a_token_that_does_not_answer_is_told_and_the_content_stays(qtbot: QtBot, bench: DeskBench) -> None:
    token = Token()
    token.fails = True
    dialog, details = opened(bench, qtbot, token)
    dialog.show_certificate("王启明")
    qtbot.waitUntil(lambda: details.lines()[2] == "The signing token does not answer")
    qtbot.waitUntil(lambda: details.lines()[5].startswith("SHA-256 "))

    token.fails, token.tries = False, -1
    dialog.show_certificate("")
    assert details.lines()[:4] == ["—"] * 4


def test_the_page_asks_for_the_certificate_when_somebody_is_about_to_sign(qtbot: QtBot, bench: DeskBench) -> None:
    page, presenter = bench.page(facts=Token())
    page.show()
    bench.open(qtbot.waitUntil)
    bench.fill()
    presenter.ask_signature()
    assert presenter.dialog is not None
    (details,) = presenter.dialog.findChildren(CertificateDetails)
    qtbot.waitUntil(lambda: details.lines()[4] == "3 tries left")
    presenter.dialog.reject()


def test_a_serial_number_of_forty_digits_is_read_whole(qtbot: QtBot, bench: DeskBench) -> None:
    token = Token()
    token.serial = "391C8C1337A04FB2" * 2 + "0BF8552F"
    dialog, details = opened(bench, qtbot, token)
    dialog.show_certificate("王启明")
    qtbot.waitUntil(lambda: details.lines()[1] == token.serial)
    line = details.findChildren(ElidedLabel)[1]
    assert line.width() >= metrics("caption").horizontalAdvance(token.serial)
