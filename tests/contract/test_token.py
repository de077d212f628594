"""Signing with a token (softhsm2 behind PKCS#11): it signs, and whatever goes wrong is told and changes nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
from fpdf import FPDF

from tests.helpers import tokens
from tests.helpers.full_reports import SENIOR
from tests.helpers.tokens import PIN, Token
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import PinState, Revocation, SignatureLevel, SignatureRole, SignatureStamp, Verdict
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.token_keys import TokenKeys
from workstation.exchange.signing.verify import SignatureVerifier

ISSUING_PIN = "246810"


@dataclass(frozen=True)
class Bench:
    token: Token
    store: DemoKeyStore

    def keys(self, *, label: str = "doctor", trust: Trust | None = None, later: timedelta = timedelta(0)) -> TokenKeys:
        return TokenKeys(
            tokens.module(),
            label,
            lambda: trust or self.store.trust(),
            self.store.time_authority,
            now=lambda: datetime.now(UTC) + later,
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("token")
    store = DemoKeyStore(folder / "pki")
    store.ensure_signer(SENIOR.user_id, SENIOR.name, SENIOR.organisation, ISSUING_PIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(tokens.configured(folder)))
        yield Bench(tokens.made(folder, store, folder / "pki", ISSUING_PIN), store)
        pkcs11.unload(tokens.module())


def _page() -> bytes:
    paper = FPDF()
    paper.add_page()
    return bytes(paper.output())


def test_a_token_signs_pdf_sr_and_files_and_the_judges_agree(bench: Bench, tmp_path: Path) -> None:
    key = bench.keys().unlock(SENIOR.user_id, PIN)
    stamp = SignatureStamp(SignatureRole.VERIFIER, SENIOR.name, SENIOR.organisation, datetime.now(UTC), "zh_CN")
    signed = key.sign_pdf(_page(), reason="终审报告", signer_name=SENIOR.name, stamp=stamp)
    (tmp_path / "report.pdf").write_bytes(signed.content)
    (tmp_path / "x.bin").write_bytes(b"content")
    (tmp_path / "x.bin.p7s").write_bytes(key.sign_detached(b"content"))
    bare = key.sign_bytes(b"content")
    holder = key.holder
    key.close()
    judge = SignatureVerifier(bench.store.trust())
    printed = subprocess.run(
        ["pdfsig", str(tmp_path / "report.pdf")], check=False, capture_output=True, text=True
    ).stdout

    assert signed.level is SignatureLevel.LT
    assert (holder.user_id, holder.name) == (SENIOR.user_id, SENIOR.name)
    assert judge.verify(tmp_path / "report.pdf").verdict is Verdict.VALID
    assert judge.verify(tmp_path / "x.bin").verdict is Verdict.VALID
    assert "Signature Validation: Signature is Valid." in printed
    # RSA PKCS#1 v1.5 has one signature for one content, so the same key in software gives the same bytes
    assert bare == bench.store.unlock(SENIOR.user_id, ISSUING_PIN).sign_bytes(b"content")


def test_the_token_names_its_holder_without_a_pin(bench: Bench) -> None:
    assert bench.keys().subject(SENIOR.user_id) == "王启明"
    assert bench.keys().subject("somebody") == ""
    assert bench.keys(label="another").subject(SENIOR.user_id) == ""


def test_the_token_tells_its_certificate_and_how_many_pins_are_left_without_a_pin(bench: Bench) -> None:
    keys = bench.keys()
    before = keys.certificate(SENIOR.user_id)
    told = []
    for pin in ("1111", "2222", "3333"):
        with pytest.raises(SignatureInvalid):
            keys.unlock(SENIOR.user_id, pin)
        facts = keys.certificate(SENIOR.user_id)
        assert facts is not None
        told.append((facts.pin, facts.tries_left))
    bench.keys().unlock(SENIOR.user_id, PIN).close()  # the token's own count goes back

    assert before is not None
    assert before.issuer == "Lianyue Demo Issuing CA · Lianyue demonstration"
    assert before.revocation is Revocation.GOOD
    assert before.tries_left == 3
    assert told == [(PinState.LOW, 2), (PinState.LAST_TRY, 1), (PinState.LOCKED, 0)]
    assert keys.certificate("somebody") is None


def test_a_closed_key_signs_nothing_more(bench: Bench) -> None:
    key = bench.keys().unlock(SENIOR.user_id, PIN)
    key.close()

    with pytest.raises(SignatureInvalid) as refused:
        key.sign_bytes(b"content")
    assert refused.value.user_text == "The signing token does not answer"


def test_three_wrong_pins_end_the_asking_before_the_token_locks_itself(bench: Bench) -> None:
    keys = bench.keys()
    told = []
    for pin in ("1111", "2222", "3333", PIN):
        with pytest.raises(SignatureInvalid) as refused:
            keys.unlock(SENIOR.user_id, pin)
        told.append(refused.value.user_text)

    assert told == [
        "Wrong PIN. After 2 more the token is no longer asked",
        "Wrong PIN. After 1 more the token is no longer asked",
        "The signing token is no longer asked after 3 wrong PINs",
        "The signing token is no longer asked after 3 wrong PINs",
    ]
    bench.keys().unlock(SENIOR.user_id, PIN).close()  # the token itself is as it was


def test_a_right_pin_forgives_the_wrong_ones_before(bench: Bench) -> None:
    keys = bench.keys()
    for _ in range(2):
        for pin in ("1111", "2222"):
            with pytest.raises(SignatureInvalid):
                keys.unlock(SENIOR.user_id, pin)
        keys.unlock(SENIOR.user_id, PIN).close()

    assert keys.subject(SENIOR.user_id) == "王启明"


def test_a_token_that_was_pulled_out_is_told_and_works_again_when_it_is_back(bench: Bench) -> None:
    keys = bench.keys()
    key = keys.unlock(SENIOR.user_id, PIN)
    bench.token.pull_out()
    try:
        with pytest.raises(SignatureInvalid) as during:
            key.sign_pdf(_page(), reason="终审报告", signer_name=SENIOR.name)
        key.close()
        with pytest.raises(SignatureInvalid) as after:
            keys.unlock(SENIOR.user_id, PIN)
        absent = keys.subject(SENIOR.user_id)
    finally:
        bench.token.plug_in()

    assert during.value.user_text == "The signing token does not answer"
    assert "the draft is kept" in during.value.hint
    assert after.value.user_text == "The signing token is not plugged in"
    assert absent == ""
    keys.unlock(SENIOR.user_id, PIN).close()


def test_somebody_else_s_token_is_named(bench: Bench) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        bench.keys().unlock("liwenbo", PIN)

    assert refused.value.user_text == "The signing token is 王启明's"


def test_no_pin_is_asked_for_a_certificate_that_may_not_sign(bench: Bench, tmp_path: Path) -> None:
    stranger = DemoKeyStore(tmp_path / "elsewhere").trust()
    told = []
    for keys in (
        bench.keys(trust=stranger),
        bench.keys(later=timedelta(days=1200)),
        bench.keys(later=timedelta(days=-2)),
    ):
        with pytest.raises(SignatureInvalid) as refused:
            keys.unlock(SENIOR.user_id, "wrong, but never tried")
        told.append(refused.value.user_text)

    assert told == [
        "Your signing certificate does not come from an authority that is trusted here",
        "Your signing certificate has expired",
        "Your signing certificate is not valid yet",
    ]


def test_a_module_that_is_no_module_is_told(bench: Bench, tmp_path: Path) -> None:
    broken = tmp_path / "driver.so"
    broken.write_bytes(b"not a library")
    keys = TokenKeys(str(broken), "", bench.store.trust, bench.store.time_authority)

    with pytest.raises(SignatureInvalid) as refused:
        keys.unlock(SENIOR.user_id, PIN)
    assert refused.value.user_text == "The signing token does not answer"


def test_a_revoked_certificate_on_a_token_signs_no_more(bench: Bench) -> None:
    bench.store.revoke(SENIOR.user_id)

    with pytest.raises(SignatureInvalid, match="has been revoked"):
        bench.keys().unlock(SENIOR.user_id, PIN)
