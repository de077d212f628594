"""Signing keys: opened by the PIN, locked after five mistakes."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from resources.translation import use_language
from workstation.domain.errors import DiskFull, SignatureInvalid
from workstation.domain.signature import PinState, Revocation
from workstation.exchange.signing.certificate_facts import certificate_facts
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import PadesSigner, Trust

PIN = "246810"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def store(tmp_path: Path) -> DemoKeyStore:
    store = DemoKeyStore(tmp_path / "keys")
    store.ensure_signer("wangqiming", "王启明", "省影像专科联盟远程诊断中心", PIN)
    return store


def test_the_right_pin_opens_the_key(store: DemoKeyStore) -> None:
    assert isinstance(store.unlock("wangqiming", PIN), PadesSigner)
    assert store.subject("wangqiming") == "王启明"


def test_wrong_pins_count_down_and_then_lock_for_good(store: DemoKeyStore, tmp_path: Path) -> None:
    told = []
    for _ in range(6):
        with pytest.raises(SignatureInvalid) as caught:
            store.unlock("wangqiming", "000000")
        told.append(caught.value.user_text)
    with pytest.raises(SignatureInvalid) as caught:
        DemoKeyStore(tmp_path / "keys").unlock("wangqiming", PIN)  # after a restart, with the right PIN

    locked = "The signing key is locked after 5 wrong PINs"
    assert [*(f"Wrong PIN, {n} tries left" for n in (4, 3, 2)), "Wrong PIN, 1 try left", locked, locked] == told
    assert locked == caught.value.user_text


def test_the_right_pin_gives_all_tries_back(store: DemoKeyStore) -> None:
    for _ in range(3):
        with pytest.raises(SignatureInvalid):
            store.unlock("wangqiming", "000000")
    store.unlock("wangqiming", PIN)

    with pytest.raises(SignatureInvalid, match="4 tries left"):
        store.unlock("wangqiming", "000000")


def test_deleting_the_counter_gives_no_new_tries(store: DemoKeyStore, tmp_path: Path) -> None:
    (counter,) = (tmp_path / "keys").glob("*.tries")
    counter.unlink()

    with pytest.raises(SignatureInvalid, match="locked"):
        store.unlock("wangqiming", PIN)


def test_a_user_without_certificate_is_told_so(store: DemoKeyStore) -> None:
    assert store.subject("songjia") == ""
    with pytest.raises(SignatureInvalid, match="no signing certificate"):
        store.unlock("songjia", PIN)


def test_an_existing_certificate_is_kept(store: DemoKeyStore) -> None:
    store.ensure_signer("wangqiming", "somebody else", "x", "999999")

    assert store.subject("wangqiming") == "王启明"
    store.unlock("wangqiming", PIN)


def test_a_short_pin_is_refused(store: DemoKeyStore) -> None:
    with pytest.raises(SignatureInvalid, match="at least 6"):
        store.issue("x", "x", "x", "12345")


def test_only_the_owner_may_read_any_file(store: DemoKeyStore, tmp_path: Path) -> None:
    folder = tmp_path / "keys"

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_the_chain_is_p384_p256_rsa3072_and_the_root_key_is_gone(store: DemoKeyStore, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    (signer,) = folder.glob("signer-*.pem")
    found = []
    for path in (folder / "root.pem", folder / "issuing.pem", signer):
        key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
        assert isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey))
        found.append(key.key_size)

    assert found == [384, 256, 3072]
    assert not (folder / "root.key").exists()


def test_a_revoked_certificate_signs_no_more(store: DemoKeyStore) -> None:
    store.revoke("wangqiming")
    store.revoke("nobody")

    with pytest.raises(SignatureInvalid, match="revoked"):
        store.unlock("wangqiming", PIN)


def test_an_expired_certificate_signs_no_more(store: DemoKeyStore, tmp_path: Path) -> None:
    later = DemoKeyStore(tmp_path / "keys", now=lambda: datetime.now(UTC) + timedelta(days=1200))

    with pytest.raises(SignatureInvalid, match="has expired"):
        later.unlock("wangqiming", PIN)


def test_the_revocation_list_is_renewed_in_time(store: DemoKeyStore, tmp_path: Path) -> None:
    before = (tmp_path / "keys/issuing.crl").read_bytes()
    DemoKeyStore(tmp_path / "keys", now=lambda: datetime.now(UTC) + timedelta(days=200)).trust()

    assert before != (tmp_path / "keys/issuing.crl").read_bytes()


def test_something_that_is_no_pdf_cannot_be_signed(store: DemoKeyStore) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        store.unlock("wangqiming", PIN).sign_pdf(b"no pdf", reason="x", signer_name="y")

    assert caught.value.user_text == "The report could not be signed"


def test_a_full_disk_costs_no_try_and_leaves_the_key_as_it_was(
    store: DemoKeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFull, match="signing keys") as caught:
            store.unlock("wangqiming", PIN)

    assert caught.value.hint.startswith("The report is unchanged and not signed.")
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    assert isinstance(store.unlock("wangqiming", PIN), PadesSigner)


def test_what_a_signer_may_know_of_the_certificate_before_the_pin(store: DemoKeyStore, tmp_path: Path) -> None:
    facts = store.certificate("wangqiming")
    assert facts is not None
    (pem,) = (tmp_path / "keys").glob("signer-*.pem")
    printed = subprocess.run(
        ["openssl", "x509", "-in", str(pem), "-noout", "-serial", "-enddate", "-dateopt", "iso_8601"],
        check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip

    assert (facts.subject, facts.issuer) == (
        "王启明 · 省影像专科联盟远程诊断中心",
        "Lianyue Demo Issuing CA · Lianyue demonstration",
    )
    assert printed[0].removeprefix("serial=").lstrip("0") == facts.serial
    assert printed[1] == f"notAfter={facts.valid_until:%Y-%m-%d %H:%M:%S}Z"
    assert facts.revocation is Revocation.GOOD
    assert facts.listed_at is not None
    assert (facts.pin, facts.tries_left) == (PinState.FINE, 5)
    assert store.certificate("nobody") is None


def test_wrong_pins_and_revocation_are_told_before_the_next_pin(store: DemoKeyStore) -> None:
    told = []
    for _ in range(5):
        with pytest.raises(SignatureInvalid):
            store.unlock("wangqiming", "000000")
        facts = store.certificate("wangqiming")
        assert facts is not None
        told.append((facts.pin, facts.tries_left))
    store.revoke("wangqiming")
    revoked = store.certificate("wangqiming")

    low, last, locked = PinState.LOW, PinState.LAST_TRY, PinState.LOCKED
    assert told == [(low, 4), (low, 3), (low, 2), (last, 1), (locked, 0)]
    assert revoked is not None
    assert revoked.revocation is Revocation.REVOKED


def test_a_list_that_is_overdue_or_of_another_issuer_proves_nothing(store: DemoKeyStore, tmp_path: Path) -> None:
    other = DemoKeyStore(tmp_path / "other")
    other.ensure_signer("wangqiming", "王启明", "乙医院", PIN)
    certificate = x509.load_pem_x509_certificate(next((tmp_path / "keys").glob("signer-*.pem")).read_bytes())
    now = datetime.now(UTC)

    def state(trust: Trust, at: datetime) -> Revocation:
        return certificate_facts(certificate, trust, at, pin=PinState.FINE, tries_left=None).revocation

    assert state(store.trust(), now) is Revocation.GOOD
    assert state(store.trust(), now + timedelta(days=400)) is Revocation.OUTDATED  # the list is good for a year
    assert state(other.trust(), now) is Revocation.UNKNOWN  # the same names, another key
    assert state(replace(store.trust(), crls=(b"no list",)), now) is Revocation.UNKNOWN
