"""A further signature with SM2: the standard's own example, every damage found, and only for whom it is believed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import core, x509

from resources.translation import use_language
from tests.helpers.signed_reports import flipped
from tests.helpers.sm2 import CONTENT, PIN, Sm2Bench, issued
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing import sm2
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.sm2 import Sm2Key, holds
from workstation.exchange.signing.sm2_check import Sm2Trust, Sm2Verdict, about_sm2, check_sm2
from workstation.exchange.signing.sm2_form import attributes, certificate, detached, revocation_list, sm3

# GB/T 32918.5-2017, Annex A: the curve sm2p256v1, "message digest", identity 1234567812345678
PUBLIC = bytes.fromhex(
    "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA


class Signature(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    _fields = [("r", core.Integer), ("s", core.Integer)]  # noqa: RUF012 - asn1crypto writes into it


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(tmp_path: Path) -> Sm2Bench:
    return Sm2Bench(tmp_path / "pki")


def test_the_example_of_the_standard_holds_and_nothing_beside_it() -> None:
    example = Signature({"r": R, "s": S}).dump()

    assert holds(PUBLIC, b"message digest", example)
    assert not holds(PUBLIC, b"message digesT", example)
    assert not holds(PUBLIC, b"message digest", Signature({"r": R, "s": S + 1}).dump())
    assert not holds(PUBLIC, b"message digest", example, identity=b"ALICE123@YAHOO.COM")
    assert not holds(b"no key", b"message digest", example)


def test_sm3_is_that_of_the_standard() -> None:
    # GB/T 32905-2016, Annex A.1
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_a_key_of_another_curve_makes_no_sm2_signature() -> None:
    p256 = bytes.fromhex(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )

    assert not holds(p256, b"message digest", Signature({"r": R, "s": S}).dump())


def test_a_sealed_key_opens_with_its_pin_only() -> None:
    key = Sm2Key.generate()
    sealed = key.sealed(PIN, rounds=1)

    assert Sm2Key.opened(sealed, PIN).public == key.public
    for wrong, pin in ((sealed, "135790"), (sealed[:-1], PIN), (b"", PIN)):
        with pytest.raises(SignatureInvalid, match="no object"):
            Sm2Key.opened(wrong, pin)


def test_a_signature_names_its_signer_and_holds(bench: Sm2Bench) -> None:
    checked = bench.check(bench.container)

    assert (checked.verdict, checked.signer, checked.user_id) == (Sm2Verdict.HOLDS, "王启明", "wangqiming")
    assert checked.reason == ""


def test_every_flipped_bit_of_the_signature_and_another_content_are_found(bench: Sm2Bench) -> None:
    trust = bench.trust
    found = {check_sm2(CONTENT, bad, trust, datetime.now(UTC)).verdict for _at, bad in flipped(bench.container, 200)}

    assert Sm2Verdict.HOLDS not in found
    assert bench.check(bench.container, b'{"format": 3}').reason == "it belongs to another content"
    assert bench.check(bench.container + b"\0").verdict is Sm2Verdict.BROKEN
    assert bench.check(b"").verdict is Sm2Verdict.BROKEN


def test_a_stranger_s_authority_is_not_believed(bench: Sm2Bench, tmp_path: Path) -> None:
    stranger = Sm2Bench(tmp_path / "stranger")

    assert bench.check(stranger.container).reason == "its authority is not trusted here"
    assert check_sm2(CONTENT, bench.container, None, datetime.now(UTC)).verdict is Sm2Verdict.UNTRUSTED


def test_a_revoked_signer_is_not_believed(bench: Sm2Bench) -> None:
    bench.store.revoke("wangqiming")

    assert bench.check(bench.container).reason == "its certificate was revoked"


def test_a_list_that_nobody_renewed_tells_nothing(bench: Sm2Bench) -> None:
    assert bench.check(bench.container, later=timedelta(days=31)).reason == (
        "nobody tells now whether its certificate was revoked"
    )
    bench.ahead = timedelta(days=20)  # the store renews it in time
    assert bench.check(bench.container, later=timedelta(days=31)).reason == ""


def test_a_signature_from_the_future_or_outside_its_certificate_is_not_believed(bench: Sm2Bench) -> None:
    bench.ahead = timedelta(hours=1)
    early = bench.sign()
    bench.ahead = timedelta(days=4 * 365)
    signer = bench.store._sm2.unlock(next(bench.folder.glob("sm2/signer-*.pem")).stem, {}, PIN)
    late = signer.sign_detached(CONTENT)

    assert bench.check(early).reason == "its time lies in the future"
    assert bench.check(late, later=timedelta(days=4 * 365)).reason == "its certificate was not valid at that time"


def test_a_certificate_that_may_not_issue_issues_nothing_and_one_that_may_not_sign_signs_nothing(
    bench: Sm2Bench,
) -> None:
    times = (datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1))
    key = Sm2Key.generate()
    name = {"common_name": "王启明", "user_id": "wangqiming"}
    subject = core_name(name)

    def checked(*, issuing_may: bool, own_may: bool) -> str:
        issuing = certificate(core_name({"common_name": "CA"}), key.public, core_name({"common_name": "CA"}), key,
                              times, 1, below=0 if issuing_may else None)  # fmt: skip
        own = certificate(subject, key.public, core_name({"common_name": "CA"}), key, times, 2,
                          below=None if own_may else 0)  # fmt: skip
        revoked = revocation_list(core_name({"common_name": "CA"}), key, times, {})
        signed = attributes(sm3(CONTENT), datetime.now(UTC))
        container = detached(signed, key.sign(signed), own, issuing)
        return check_sm2(CONTENT, container, Sm2Trust(issuing, issuing, revoked), datetime.now(UTC)).reason

    assert checked(issuing_may=True, own_may=True) == ""
    assert checked(issuing_may=False, own_may=True) == "its certificates do not hold"
    assert checked(issuing_may=True, own_may=False) == "its certificate is not for signing"


def core_name(parts: dict[str, str]) -> x509.Name:
    return x509.Name.build(parts)


def test_a_new_pin_of_the_signing_key_brings_a_new_sm2_key(bench: Sm2Bench) -> None:
    bench.store.issue("wangqiming", "王启明", "省医", "135790")

    assert bench.check(bench.sign("135790")).verdict is Sm2Verdict.HOLDS


def test_nothing_of_sm2_is_made_where_the_policy_does_not_want_it(tmp_path: Path) -> None:
    shutil.copytree(issued(), tmp_path / "pki")
    store = DemoKeyStore(tmp_path / "pki")

    assert store.unlock("wangqiming", PIN).sign_further(CONTENT) == {}
    assert store.trust().sm2 is None
    store.revoke("wangqiming")
    assert not (tmp_path / "pki" / "sm2").exists()


def test_the_words_beside_the_main_signature(bench: Sm2Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now, trust = datetime.now(UTC), bench.trust

    assert about_sm2(CONTENT, bench.container, trust, "王启明", now) == ("; also signed with SM2", False)
    assert about_sm2(CONTENT, bench.container, trust, "宋佳", now) == (
        "; its SM2 signature does not hold: it is 王启明's", True,
    )  # fmt: skip
    assert about_sm2(b"other", bench.container, trust, "王启明", now)[1] is True
    assert about_sm2(CONTENT, bench.container, None, "王启明", now) == (
        "; the SM2 signature of 王启明 counts for nothing: its authority is not trusted here", False,
    )  # fmt: skip
    monkeypatch.setattr(sm2, "_places", lambda: iter(("/nowhere/libcrypto.so",)))
    sm2._openssl.cache_clear()
    try:
        assert about_sm2(CONTENT, bench.container, trust, "王启明", now) == (
            "; its SM2 signature cannot be checked on this machine", False,
        )  # fmt: skip
        with pytest.raises(SignatureInvalid) as told:
            Sm2Key.generate()
    finally:
        monkeypatch.undo()
        sm2._openssl.cache_clear()
    assert told.value.user_text == "This machine's OpenSSL offers no SM2"
