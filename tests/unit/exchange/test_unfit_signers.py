"""Verifying holds a signer to the same rules as signing: who was certified for something else signed no report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import ObjectIdentifier
from fpdf import FPDF

from tests.helpers.purposes import BOTH, Issued, issued, usage
from workstation.domain.signature import SignatureLevel, SignatureRole, SignatureStamp, Verdict, VerificationResult
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import add_time_stamp
from workstation.exchange.signing.verify import SignatureVerifier

UNFIT = "The signer's certificate is not made for signing documents"
DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
COMMITS_TO_NOTHING = usage(digital_signature=True, content_commitment=False)

fit = pytest.mark.parametrize(
    "purposes", [(), (Purpose.EMAIL_PROTECTION,), (DOCUMENTS,), (Purpose.ANY_EXTENDED_KEY_USAGE, Purpose.CODE_SIGNING)]
)
unfit = pytest.mark.parametrize(
    ("uses", "purposes"),
    [
        (None, ()),
        (COMMITS_TO_NOTHING, ()),
        (BOTH, (Purpose.SERVER_AUTH,)),
        (BOTH, (Purpose.TIME_STAMPING,)),
        (BOTH, (Purpose.CODE_SIGNING,)),
    ],
)


def signer(uses: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]) -> Issued:
    return issued(uses, purposes, at=datetime.now(UTC))


def page() -> bytes:
    paper = FPDF(format="A4")
    paper.add_page()
    return bytes(paper.output())


def of_pdf(by: Issued) -> VerificationResult:
    """Sign a preliminary report and verify it."""
    stamp = SignatureStamp(SignatureRole.AUTHOR, "王启明", "远程诊断中心", datetime.now(UTC), "zh_CN")
    # at T nothing is embedded: pyHanko, which would refuse some of these certificates then, asks for none
    signed = by.signer()._signed(page(), "reading", "王启明", stamp, SignatureLevel.T, None)
    return SignatureVerifier(by.trust).verify_bytes("report.pdf", signed)


def of_detached(by: Issued, folder: Path) -> VerificationResult:
    (folder / "report.dcm").write_bytes(b"\0" * 128 + b"DICM")
    signature = folder / "report.dcm.p7s"
    signature.write_bytes(by.signer().sign_detached((folder / "report.dcm").read_bytes()))
    return SignatureVerifier(by.trust).verify(signature)


@fit
def test_what_was_signed_with_a_certificate_for_documents_holds(
    tmp_path: Path, purposes: tuple[ObjectIdentifier, ...]
) -> None:
    by = signer(BOTH, purposes)

    assert of_pdf(by).verdict is Verdict.VALID
    assert of_detached(by, tmp_path).verdict is Verdict.VALID


@unfit
def test_a_report_signed_with_a_certificate_for_something_else_is_not_trusted(
    tmp_path: Path, uses: x509.KeyUsage | None, purposes: tuple[ObjectIdentifier, ...]
) -> None:
    by = signer(uses, purposes)

    for found in (of_pdf(by), of_detached(by, tmp_path)):
        assert (found.verdict, found.explanation) == (Verdict.UNTRUSTED, UNFIT)


def test_an_authority_of_time_is_held_to_its_own_purpose(tmp_path: Path) -> None:
    store = DemoKeyStore(tmp_path / "pki")
    store.ensure_signer("expert", "王启明", "远程诊断中心", "246810")
    stamp = SignatureStamp(SignatureRole.AUTHOR, "王启明", "远程诊断中心", datetime.now(UTC), "zh_CN")
    signed = store.unlock("expert", "246810").sign_pdf(page(), reason="reading", signer_name="王启明", stamp=stamp)
    archived = add_time_stamp(signed.content, store.trust(), store.time_authority())

    for content in (signed.content, archived.content):
        assert SignatureVerifier(store.trust()).verify_bytes("report.pdf", content).verdict is Verdict.VALID
