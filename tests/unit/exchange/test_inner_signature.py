"""The signature inside the SR: it travels alone, and it never hides a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from tests.helpers.full_reports import JUNIOR, SENIOR, SIGNED
from tests.helpers.signed_reports import PIN, SignedCase, signed_case
from workstation.dicom.objects.digital_signature import VERIFICATION, check_dataset, sign_dataset, signed_part10
from workstation.dicom.sr.common import part10, read_part10
from workstation.domain.signature import Verdict, VerificationResult
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.verify import SignatureVerifier

# PS3.15 C.4, as STANDARDS 3.6 lists it, and who the patient is, which it leaves out
WANTED = frozenset(
    tag_for_keyword(keyword)
    for keyword in (
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "Manufacturer",
        "ContentSequence",
        "VerificationFlag",
        "VerifyingObserverSequence",
        "CurrentRequestedProcedureEvidenceSequence",
        "ValueType",
        "ConceptNameCodeSequence",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "AccessionNumber",
        "CompletionFlag",
        "PreliminaryFlag",
    )
)


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


@pytest.fixture
def judge(case: SignedCase, tmp_path: Path) -> Callable[[bytes], VerificationResult]:
    """Verify an SR that lies alone in its folder."""

    def verify(content: bytes) -> VerificationResult:
        (tmp_path / "alone.dcm").write_bytes(content)
        return SignatureVerifier(case.store.trust()).verify(tmp_path / "alone.dcm")

    return verify


def _read(case: SignedCase) -> Dataset:
    return dcmread(BytesIO(case.files["report.dcm"]))


def test_an_sr_alone_vouches_for_itself(case: SignedCase, judge: Callable[[bytes], VerificationResult]) -> None:
    found = judge(case.files["report.dcm"])

    assert (found.verdict, found.explanation) == (
        Verdict.VALID,
        "Signed by 王启明 inside the object; unchanged since",
    )
    assert found.signed_at == SIGNED


def test_everything_in_the_sr_is_signed_the_patient_first(case: SignedCase) -> None:
    ds = _read(case)
    (method,) = ds.MACParametersSequence
    signed = {int(tag) for tag in method.DataElementsSigned}

    assert signed >= WANTED
    assert signed == {int(tag) for tag in ds.keys()} - {0x4FFE0001, 0xFFFAFFFA}  # noqa: SIM118 - a Dataset yields elements
    (item,) = ds.DigitalSignaturesSequence
    purpose = item.DigitalSignaturePurposeCodeSequence[0]
    assert (purpose.CodeValue, purpose.CodingSchemeDesignator) == ("5", "ASTM-sigpurpose")
    assert method.MACAlgorithm == "SHA256"


def test_it_survives_being_read_and_written_again(case: SignedCase) -> None:
    ds = _read(case)
    list(ds.iterall())  # decodes every value
    buffer = BytesIO()
    ds.save_as(buffer)

    (found,) = check_dataset(dcmread(BytesIO(buffer.getvalue())))

    assert (found.intact, found.covers_all) == (True, True)


def test_every_nested_text_of_an_sr_beyond_16_kib_is_protected(case: SignedCase) -> None:
    """DCMTK 3.6.7 stops hashing nested content at 16 384 bytes; this one does not."""
    assert len(case.files["report.dcm"]) > 2 * 16_384
    ds = _read(case)
    items = [item for item in _items(ds) if "TextValue" in item]
    undetected = []
    for number, item in enumerate(items):
        before, item.TextValue = item.TextValue, item.TextValue + "。"
        if check_dataset(ds)[0].intact:
            undetected.append(number)
        item.TextValue = before

    assert len(items) >= 12
    assert undetected == []


def test_every_image_in_the_evidence_beyond_16_kib_is_protected(case: SignedCase) -> None:
    ds = _read(case)
    listed = ds.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    undetected = []
    for item in listed[::11]:
        before, item.ReferencedSOPInstanceUID = item.ReferencedSOPInstanceUID, "1.2.3"
        if check_dataset(ds)[0].intact:
            undetected.append(before)
        item.ReferencedSOPInstanceUID = before

    assert len(listed) == 275
    assert undetected == []


def _items(ds: Dataset) -> list[Dataset]:
    children = [below for child in ds.get("ContentSequence") or () for below in _items(child)]
    return [ds, *children]


def _patient(ds: Dataset) -> None:
    ds.PatientID = "QS0118794"


def _observer(ds: Dataset) -> None:
    ds.VerifyingObserverSequence[0].VerifyingObserverName = "李文博"


def _added(ds: Dataset) -> None:
    ds.ImageComments = "not signed"


def _shorter_list(ds: Dataset) -> None:
    ds.MACParametersSequence[0].DataElementsSigned = ds.MACParametersSequence[0].DataElementsSigned[:-1]


def _other_method(ds: Dataset) -> None:
    ds.MACParametersSequence[0].MACAlgorithm = "SHA1"


def _no_method(ds: Dataset) -> None:
    ds.MACParametersSequence[0].MACIDNumber = 7


def _broken_certificate(ds: Dataset) -> None:
    ds.DigitalSignaturesSequence[0].CertificateOfSigner = b"\x30\x82\x00\x01\x00\x00"


def _no_certificate(ds: Dataset) -> None:
    ds.DigitalSignaturesSequence[0].CertificateOfSigner = b"\0\0"


def _longer_signature(ds: Dataset) -> None:
    ds.DigitalSignaturesSequence[0].Signature += b"\0\1"


def _other_time(ds: Dataset) -> None:
    ds.DigitalSignaturesSequence[0].DigitalSignatureDateTime = "20200101000000.000000+0000"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_patient, "The object was changed after the signature inside it was made"),
        (_observer, "The object was changed after the signature inside it was made"),
        (_added, "Something was added to the object after it was signed"),
        (_shorter_list, "The object was changed after the signature inside it was made"),
        (_other_method, "The object was changed after the signature inside it was made"),
        (_no_method, "The object was changed after the signature inside it was made"),
        (_broken_certificate, "The signature inside the object was changed"),
        (_no_certificate, "The signature inside the object was changed"),
        (_longer_signature, "The object was changed after the signature inside it was made"),
        (_other_time, "The object was changed after the signature inside it was made"),
    ],
)
def test_whatever_is_changed_in_the_sr_is_told(
    case: SignedCase,
    judge: Callable[[bytes], VerificationResult],
    change: Callable[[Dataset], None],
    words: str,
) -> None:
    ds = _read(case)
    change(ds)

    found = judge(part10(ds))

    assert (found.verdict, found.explanation) == (Verdict.ALTERED, words)


def test_other_bytes_around_what_is_signed_are_no_valid_document(
    case: SignedCase, judge: Callable[[bytes], VerificationResult]
) -> None:
    data = bytearray(case.files["report.dcm"])
    data[5] = 1  # the preamble, which no signature of DICOM protects

    found = judge(bytes(data))

    assert (found.verdict, found.explanation) == (
        Verdict.UNKNOWN,
        "The signature inside holds, but technical bytes around what it protects were changed",
    )


def test_a_signature_is_written_behind_the_report_once_and_changes_no_byte_of_it(case: SignedCase) -> None:
    plain = case.files["findings.dcm"]
    key = case.store.unlock(SENIOR.user_id, PIN)

    def sign(data: bytes) -> bytes:
        return signed_part10(
            data, sign=key.sign_bytes, certificate=key.certificate, uid="2.25.1", at=SIGNED, purpose=VERIFICATION
        )

    signed = sign(plain)

    assert signed.startswith(plain)
    assert [one.intact and one.covers_all for one in check_dataset(read_part10(signed))] == [True]
    with pytest.raises(ValueError, match="once"):
        sign(signed)


def _signed_by(case: SignedCase, user_id: str, *, at: datetime = SIGNED, store: DemoKeyStore | None = None) -> bytes:
    """Return the SR signed anew by somebody, as an attacker with a key of his own would."""
    key = (store or case.store).unlock(user_id, PIN)
    ds = _read(case)
    del ds.MACParametersSequence, ds.DigitalSignaturesSequence
    sign_dataset(ds, sign=key.sign_bytes, certificate=key.certificate, uid="2.25.1", at=at)
    return part10(ds)


def test_a_signer_who_is_not_the_verifying_observer_is_not_believed(
    case: SignedCase, judge: Callable[[bytes], VerificationResult]
) -> None:
    found = judge(_signed_by(case, JUNIOR.user_id))

    assert (found.verdict, found.explanation) == (
        Verdict.UNTRUSTED,
        "宋佳 signed, but the report names another verifying physician",
    )


def test_a_foreign_a_revoked_and_a_future_signature_are_not_believed(
    case: SignedCase, judge: Callable[[bytes], VerificationResult], tmp_path: Path
) -> None:
    stranger = DemoKeyStore(tmp_path / "elsewhere")
    stranger.ensure_signer(SENIOR.user_id, SENIOR.name, SENIOR.organisation, PIN)
    foreign = judge(_signed_by(case, SENIOR.user_id, store=stranger))
    future = judge(_signed_by(case, SENIOR.user_id, at=datetime.now(UTC) + timedelta(days=2)))
    (tmp_path / "alone.dcm").write_bytes(_signed_by(case, SENIOR.user_id, store=stranger))
    stranger.revoke(SENIOR.user_id)
    revoked = SignatureVerifier(stranger.trust()).verify(tmp_path / "alone.dcm")

    assert [(found.verdict, found.explanation) for found in (foreign, future, revoked)] == [
        (
            Verdict.UNTRUSTED,
            "The signer's certificate does not come from a trusted authority or is not valid now",
        ),
        (Verdict.UNTRUSTED, "The time of signing lies in the future"),
        (Verdict.UNTRUSTED, "The signer's certificate has been revoked"),
    ]
