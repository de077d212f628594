"""When a report was signed: proved by an authority, or said to be unproved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from asn1crypto import algos, tsp
from fpdf import FPDF

from resources.translation import use_language
from tests.helpers.full_reports import SENIOR
from tests.helpers.signed_reports import PIN, flipped, keys
from workstation.domain.errors import SignatureInvalid, TimeStampUnavailable
from workstation.domain.signature import SignatureLevel, SignedPdf, Verdict
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import add_time_stamp
from workstation.exchange.signing.time_stamps import LocalTimeAuthority, RemoteTimeAuthority, TimeAuthority, unavailable
from workstation.exchange.signing.time_words import time_words
from workstation.exchange.signing.verify import SignatureVerifier

DIGEST = bytes(range(32))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def page() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(text="A nodule of 8 mm in the right upper lobe")
    return bytes(pdf.output())


class DeadAuthority:
    """Nobody answers."""

    def answer(self, request: bytes) -> bytes:
        del request
        raise unavailable("dead")


@dataclass
class DyingAuthority:
    """Answers the first request, then dies."""

    alive: TimeAuthority
    asked: int = 0

    def answer(self, request: bytes) -> bytes:
        self.asked += 1
        if self.asked > 1:
            raise unavailable("dead")
        return self.alive.answer(request)


def signed(page: bytes, level: SignatureLevel, authority: TimeAuthority | None = None) -> SignedPdf:
    store = DemoKeyStore(keys()[1], level=level, authority=authority)
    return store.unlock(SENIOR.user_id, PIN).sign_pdf(page, reason="r", signer_name=SENIOR.name)


def verifier(now: datetime | None = None) -> SignatureVerifier:
    return SignatureVerifier(keys()[0].trust(), now=lambda: now or datetime.now(UTC))


def shifted(by: timedelta) -> LocalTimeAuthority:
    own = keys()[0].time_authority()
    assert isinstance(own, LocalTimeAuthority)
    return LocalTimeAuthority(own.certificate, own.chain, own.key, lambda: datetime.now(UTC) + by)


@pytest.mark.parametrize("level", list(SignatureLevel))
def test_a_report_signed_at_a_level_verifies_at_that_level(page: bytes, level: SignatureLevel) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    made = signed(page, level)

    found = verifier().verify_bytes("report.pdf", made.content)
    assert (level, Verdict.VALID, level) == (made.level, found.verdict, found.level)
    assert found.signed_at is not None
    assert before <= found.signed_at <= datetime.now(UTC)


def test_without_the_authority_a_report_is_signed_and_says_that_its_stamp_is_missing(page: bytes) -> None:
    made = signed(page, SignatureLevel.LT, DeadAuthority())

    found = verifier().verify_bytes("report.pdf", made.content)

    assert made.awaits_time_stamp
    assert (found.verdict, found.level) == (Verdict.VALID, SignatureLevel.B)
    assert found.explanation == f"Signed by {SENIOR.name}; unchanged since. The time stamp is still missing"


def test_an_authority_that_dies_while_it_is_asked_costs_no_signature(page: bytes) -> None:
    dying = DyingAuthority(keys()[0].time_authority())

    made = signed(page, SignatureLevel.LT, dying)

    assert (dying.asked, made.level) == (2, SignatureLevel.B)
    assert verifier().verify_bytes("report.pdf", made.content).verdict is Verdict.VALID


def test_a_missing_stamp_is_added_later_and_the_report_stays_the_same(page: bytes) -> None:
    made = signed(page, SignatureLevel.LT, DeadAuthority())

    upgraded = add_time_stamp(made.content, keys()[0].trust(), keys()[0].time_authority())

    found = verifier().verify_bytes("report.pdf", upgraded.content)
    assert upgraded.content.startswith(made.content)
    assert (found.verdict, found.level) == (Verdict.VALID, SignatureLevel.LT)
    assert found.explanation == f"Signed by {SENIOR.name}; unchanged since"


def test_a_stamp_cannot_be_added_while_the_authority_is_dead(page: bytes) -> None:
    made = signed(page, SignatureLevel.LT, DeadAuthority())

    with pytest.raises(TimeStampUnavailable):
        add_time_stamp(made.content, keys()[0].trust(), DeadAuthority())


def test_what_is_no_pdf_cannot_be_stamped() -> None:
    with pytest.raises(SignatureInvalid):
        add_time_stamp(b"no pdf", keys()[0].trust(), keys()[0].time_authority())


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_that_is_days_off_signs_nothing(page: bytes, days: int) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        signed(page, SignatureLevel.LT, shifted(timedelta(days=days)))

    assert caught.value.user_text == "The clock of this computer is off by 2880 minutes"


@pytest.mark.parametrize(
    ("claimed", "stamped", "beside", "words"),
    [
        (0, 0, True, ""),
        (0, 4, True, ""),
        (0, 6, True, "The signer's clock and the time stamp do not agree"),
        (6, 0, True, "The signer's clock and the time stamp do not agree"),
        (0, 600, False, ""),
        (6, 0, False, "The signer's clock and the time stamp do not agree"),
        (2000, 2000, True, "The time of signing lies in the future"),
        (-9000, -9000, True, "The time of signing lies outside the validity of the certificate"),
        (None, -9000, True, "The time of signing lies outside the validity of the certificate"),
        (None, None, True, ""),
    ],
)
def test_the_times_of_a_signature_must_agree(
    claimed: int | None,
    stamped: int | None,
    beside: bool,  # noqa: FBT001 - a column of the table
    words: str,
) -> None:
    """Minutes from noon; the certificate began 100 hours before, and it is now 20 hours after."""
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)

    class Certificate:
        not_valid_before = noon - timedelta(hours=100)
        not_valid_after = noon + timedelta(days=300)

    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else noon + timedelta(minutes=minutes)

    found = time_words(at(claimed), at(stamped), Certificate(), noon + timedelta(hours=20), beside=beside)

    assert words == found


def test_a_stamp_from_the_future_is_not_believed(page: bytes) -> None:
    made = add_time_stamp(signed(page, SignatureLevel.B).content, keys()[0].trust(), keys()[0].time_authority())

    found = verifier(datetime.now(UTC) - timedelta(days=2)).verify_bytes("report.pdf", made.content)

    assert (found.verdict, found.explanation) == (Verdict.UNTRUSTED, "The time of signing lies in the future")


def test_a_stamp_of_a_stranger_is_not_believed(page: bytes, tmp_path: Path) -> None:
    stranger = DemoKeyStore(tmp_path)
    made = add_time_stamp(signed(page, SignatureLevel.B).content, stranger.trust(), stranger.time_authority())

    found = verifier().verify_bytes("report.pdf", made.content)

    assert (found.verdict, found.explanation) == (Verdict.UNTRUSTED, "The time stamp of the document does not hold")


@pytest.mark.timeout(600)
def test_one_flipped_bit_in_the_stamp_over_the_document_is_never_valid(page: bytes) -> None:
    """The signature's own container, its stamp inside, is tried in tests/fault/test_tamper.py."""
    data = signed(page, SignatureLevel.LTA).content
    start = data.rindex(b"/Contents <") + len(b"/Contents ")
    end = data.index(b">", start) + 1
    judge = verifier()

    accepted = [
        place
        for place, damaged in flipped(data[start:end], 100)
        if judge.verify_bytes("x.pdf", data[:start] + damaged + data[end:]).verdict is Verdict.VALID
    ]

    assert accepted == []


def request(digest: bytes = DIGEST, algorithm: str = "sha256", **more: object) -> bytes:
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}), "hashed_message": digest}
    return bytes(tsp.TimeStampReq({"version": 1, "message_imprint": imprint, **more}).dump())


def test_the_authority_signs_the_digest_and_the_nonce_it_was_given() -> None:
    reply = tsp.TimeStampResp.load(keys()[0].time_authority().answer(request(nonce=42, cert_req=True)))

    info = reply["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert (info["message_imprint"]["hashed_message"].native, info["nonce"].native) == (DIGEST, 42)
    assert len(reply["time_stamp_token"]["content"]["certificates"]) == 2


def test_the_authority_sends_certificates_only_when_asked() -> None:
    reply = tsp.TimeStampResp.load(keys()[0].time_authority().answer(request()))

    assert len(reply["time_stamp_token"]["content"]["certificates"]) == 0


@pytest.mark.parametrize("asked", [b"", b"hello", request(bytes(20), "sha1"), request(bytes(20))])
def test_the_authority_refuses_weak_digests_and_nonsense(asked: bytes) -> None:
    with pytest.raises(TimeStampUnavailable):
        keys()[0].time_authority().answer(asked)


def remote(answer: httpx.Response | Exception) -> RemoteTimeAuthority:
    def handle(asked: httpx.Request) -> httpx.Response:
        assert asked.headers["content-type"] == "application/timestamp-query"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return RemoteTimeAuthority("http://127.0.0.1/tsa", lambda: httpx.Client(transport=httpx.MockTransport(handle)))


def test_an_authority_over_http_stamps_a_report(page: bytes) -> None:
    own = keys()[0].time_authority()

    def handle(asked: httpx.Request) -> httpx.Response:
        kind = {"content-type": "application/timestamp-reply"}
        return httpx.Response(200, content=own.answer(asked.content), headers=kind)

    over_http = RemoteTimeAuthority("http://127.0.0.1/tsa", lambda: httpx.Client(transport=httpx.MockTransport(handle)))

    made = signed(page, SignatureLevel.LT, over_http)

    assert (made.level, verifier().verify_bytes("x.pdf", made.content).verdict) == (SignatureLevel.LT, Verdict.VALID)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("nobody there"),
        httpx.Response(500),
        httpx.Response(200, content=b"<html>sign in first</html>", headers={"content-type": "text/html"}),
        httpx.Response(200, content=b"junk", headers={"content-type": "application/timestamp-reply"}),
        httpx.Response(
            200, content=bytes.fromhex("30053003020102"), headers={"content-type": "application/timestamp-reply"}
        ),
    ],
)
def test_whatever_an_authority_answers_instead_of_a_stamp_leaves_a_signed_report(
    page: bytes, answer: httpx.Response | Exception
) -> None:
    made = signed(page, SignatureLevel.LT, remote(answer))

    assert made.awaits_time_stamp
    assert verifier().verify_bytes("x.pdf", made.content).verdict is Verdict.VALID
