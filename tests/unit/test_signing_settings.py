"""Which keys sign here is a setting; what cannot be meant is refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from workstation.bootstrap.signing import signing
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.token_keys import TokenKeys
from workstation.settings import SigningSettings


def test_without_a_token_the_demonstration_s_keys_sign(tmp_path: Path) -> None:
    made = signing(SigningSettings(), tmp_path)

    assert made.keys is made.demo
    assert made.hold == timedelta(minutes=10)
    assert made.trust().roots == made.demo.trust().roots


def test_a_token_is_chosen_by_module_and_label_and_believed_by_the_hospital_s_root(tmp_path: Path) -> None:
    hospital = DemoKeyStore(tmp_path / "hospital").trust()
    settings = SigningSettings(
        token_module="/usr/lib/vendor/pkcs11.so", token_label="UKey", trust_folder=str(tmp_path / "hospital")
    )
    made = signing(settings, tmp_path)

    assert isinstance(made.keys, TokenKeys)
    assert (made.keys.module, made.keys.label) == ("/usr/lib/vendor/pkcs11.so", "UKey")
    assert made.trust() == made.keys.trust() == hospital


def test_a_module_that_is_not_there_is_told_before_anything_is_signed(tmp_path: Path) -> None:
    made = signing(SigningSettings(token_module=str(tmp_path / "absent.so")), tmp_path)

    assert made.keys.subject("expert") == ""
    with pytest.raises(SignatureInvalid) as refused:
        made.keys.unlock("expert", "1234")
    assert refused.value.user_text == "The signing token does not answer"


def test_a_site_that_wants_no_time_stamps_holds_nothing(tmp_path: Path) -> None:
    assert signing(SigningSettings(level="B-B"), tmp_path).hold == timedelta(0)


def test_what_is_no_pdf_gets_no_time_stamp(tmp_path: Path) -> None:
    with pytest.raises(SignatureInvalid):
        signing(SigningSettings(), tmp_path).add_time_stamp(b"no PDF")


@pytest.mark.parametrize("wrong", [{"level": "B-XL"}, {"hold_minutes": -1}, {"hold_minutes": 121}])
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"level|hold_minutes"):
        SigningSettings(**wrong)  # type: ignore[arg-type]  # a table of wrong values


def test_the_hospital_s_trust_must_exist(tmp_path: Path) -> None:
    made = signing(SigningSettings(trust_folder=str(tmp_path / "nowhere")), tmp_path)

    with pytest.raises(SignatureInvalid):
        made.trust()
    assert isinstance(made.demo.trust(), Trust)
