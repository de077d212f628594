"""A hub takes what is whole, signed by who sends it, and the report that it is sent as; else it says what is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.helpers.full_reports import JUNIOR, SENIOR
from tests.helpers.hub_reports import new_report
from tests.helpers.signed_reports import SignedCase, flipped, keys, signed_case
from workstation.dicom.sr.common import read_part10
from workstation.domain.access import Actor, Role
from workstation.domain.report import Report
from workstation.domain.signed_judging import JudgedReport, SignedFault
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import PadesSigner, Trust
from workstation.exchange.signing.report_judge import SignedReportJudge
from workstation.exchange.signing.software_key import RsaSigner

ME = Actor(SENIOR.user_id, SENIOR.name, Role.SENIOR, "", SENIOR.organisation)


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def named(case: SignedCase) -> Report:
    return new_report(case.study.study_instance_uid, "2.25.556", "2.25.555")


def digests(case: SignedCase) -> dict[str, str]:
    objects = [content for name, content in case.files.items() if name not in {"report.pdf", "report_pdf.dcm"}]
    return {str(read_part10(one).SOPInstanceUID): hashlib.sha256(one).hexdigest() for one in objects}


def judged(case: SignedCase, content: bytes = b"", *, by: Actor = ME, of: Report | None = None) -> JudgedReport:
    judge = SignedReportJudge(lambda: case.trust)
    return judge(content or case.files["report_pdf.dcm"], digests(case), of or named(case), by)


def test_a_report_signed_by_who_sends_it_is_taken(case: SignedCase) -> None:
    assert len(digests(case)) >= 2
    found = judged(case)
    assert replace(found, stamped_at=None) == JudgedReport(is_chain_checked=True, awaits_time_stamp=False, follows="")
    assert found.stamped_at is not None


def test_a_report_signed_by_another_is_not_taken(case: SignedCase) -> None:
    assert judged(case, by=replace(ME, user_id="liwenbo")).fault is SignedFault.OTHER_SIGNER


def test_what_only_its_author_signed_is_not_taken(case: SignedCase, lidc_0314: Path) -> None:
    foreign = signed_case(lidc_0314, key_of=JUNIOR)
    author = Actor(JUNIOR.user_id, JUNIOR.name, Role.SENIOR, "", "")
    found = SignedReportJudge(lambda: case.trust)(foreign.files["report_pdf.dcm"], {}, named(case), author)
    assert found.fault is SignedFault.UNTRUSTED  # the page names another verifying physician


def test_a_signature_over_another_report_is_not_taken(case: SignedCase) -> None:
    assert judged(case, of=replace(named(case), report_uid="2.25.1")).fault is SignedFault.OTHER_REPORT
    assert judged(case, of=new_report("1.2.3", "2.25.556", "2.25.555")).fault is SignedFault.OTHER_REPORT


def test_an_object_that_the_signature_does_not_cover_is_not_taken(case: SignedCase) -> None:
    judge, content = SignedReportJudge(lambda: case.trust), case.files["report_pdf.dcm"]
    known = digests(case)
    exchanged = dict.fromkeys(known, "00" * 32)
    assert judge(content, exchanged, named(case), ME).fault is SignedFault.OTHER_OBJECT
    assert judge(content, {**known, "1.2.3": "00" * 32}, named(case), ME).fault is SignedFault.OTHER_OBJECT
    assert judge(content, dict.fromkeys(known, ""), named(case), ME).fault is None  # an archive that tells no digest


def test_without_an_authority_only_the_whole_is_judged_and_that_is_told(case: SignedCase) -> None:
    judge, content = SignedReportJudge(lambda: None), case.files["report_pdf.dcm"]
    assert replace(judge(content, digests(case), named(case), ME), stamped_at=None) == JudgedReport()
    assert judge(content, {}, named(case), replace(ME, user_id="liwenbo")).fault is SignedFault.OTHER_SIGNER
    for place, damaged in flipped(content, 12):
        assert judge(damaged, digests(case), named(case), ME).fault is not None, place


def test_a_signer_whose_authority_stays_at_home_is_taken_where_the_time_stamp_brings_its_own(lidc_0314: Path) -> None:
    """A hospital's root signs its physicians itself and does not travel; the authority of a time stamp does."""
    own = signed_case(lidc_0314, key=_of_a_hospital)
    found = SignedReportJudge(lambda: None)(own.files["report_pdf.dcm"], digests(own), named(own), ME)

    assert (found.fault, found.is_chain_checked, found.awaits_time_stamp) == (None, False, False)


def _of_a_hospital(store: DemoKeyStore) -> PadesSigner:
    """Return the senior's key under a certificate that a root of its own signed directly."""
    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "清水医院根证书")])
    names = [(NameOID.COMMON_NAME, SENIOR.name), (NameOID.USER_ID, SENIOR.user_id)]
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in names]))
        .issuer_name(root)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=2000))
        .not_valid_after(datetime.now(UTC) + timedelta(days=2000))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    certificate = asn1_x509.Certificate.load(made.public_bytes(Encoding.DER))
    signer = RsaSigner(certificate, [], lambda data, _digest: key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
    roots = (made.public_bytes(Encoding.DER), *store.trust().roots)
    return PadesSigner(signer, Trust(roots, store.trust().intermediates), store.time_authority())


def test_a_changed_report_is_not_taken(case: SignedCase) -> None:
    content = case.files["report_pdf.dcm"]
    half = len(content) // 2
    assert judged(case, content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]).fault is SignedFault.ALTERED
    assert judged(case, content.replace(b"QS0118793", b"QS0118794", 1)).fault is SignedFault.ALTERED


def test_a_foreign_authority_is_not_believed(case: SignedCase, tmp_path: Path) -> None:
    other = DemoKeyStore(tmp_path)
    other.ensure_signer("x", "某人", "某院", "246810")
    judge = SignedReportJudge(other.trust)
    assert judge(case.files["report_pdf.dcm"], {}, named(case), ME).fault is SignedFault.UNTRUSTED


def test_what_is_no_report_at_all_is_told_and_never_raises(case: SignedCase) -> None:
    judge = SignedReportJudge(lambda: case.trust)
    assert keys()[1].is_dir()
    for content in (b"", b"%PDF-1.7\n%%EOF", b"\0" * 128 + b"DICM", b"x" * 5000):
        assert judge(content, {}, named(case), ME).fault is not None
    assert judge(bytes(64_000_001), {}, named(case), ME).fault is SignedFault.UNREADABLE
