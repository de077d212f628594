"""What verifying says, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from resources.translation import use_language
from tests.helpers.full_reports import real_study
from tests.helpers.marked import every_drawing
from tests.helpers.signed_reports import JUNIOR, PIN, RENDERER, SignedCase, signed_case
from workstation.domain.annotation import AnnotationList
from workstation.domain.prior_measurements import measured_on
from workstation.domain.signature import Verdict
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.verify import SignatureVerifier


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


@pytest.fixture
def folder(case: SignedCase, tmp_path: Path) -> Path:
    case.write(tmp_path)
    return tmp_path


def changed_sr(data: bytes, change: str) -> bytes:
    """Return a well-formed SR in which somebody changed one thing."""
    ds = dcmread(BytesIO(data))
    if change == "patient":
        ds.PatientID = "QS0118794"
    elif change == "verifier":
        ds.VerifyingObserverSequence[0].VerifyingObserverName = "李文博"
    elif change == "state":
        ds.PreliminaryFlag = "PRELIMINARY"
    elif change == "impression":
        heading = next(i for i in ds.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "19005-8")
        heading.ContentSequence[0].TextValue = "诊断印象：未见异常。"
    elif change == "removed":
        ds.ContentSequence.pop()
    buffer = BytesIO()
    ds.save_as(buffer)
    return buffer.getvalue()


ON_IMAGES = ["key_images.dcm", "display_1.dcm", "segmentation_1.dcm"]


@pytest.mark.parametrize("name", ["report.pdf", "report_pdf.dcm", "report.dcm", "findings.dcm", *ON_IMAGES])
def test_everything_just_signed_is_valid_and_names_its_signer(case: SignedCase, folder: Path, name: str) -> None:
    found = SignatureVerifier(case.trust).verify(folder / name)

    assert (
        found.verdict,
        found.signer,
        found.explanation,
    ) == (
        Verdict.VALID,
        "王启明",
        "Signed by 王启明; unchanged since; 宋佳 wrote it and signed the preliminary report",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("patient", "Changed after signing: the patient's identity"),
        ("verifier", "Changed after signing: the author or the verifying physician"),
        ("state", "Changed after signing: the state of the report"),
        ("impression", "Changed after signing: the content under “诊断印象”"),
        ("removed", "Changed after signing: a content item was added or removed"),
    ],
)
def test_the_altered_part_of_a_report_is_named(case: SignedCase, folder: Path, change: str, words: str) -> None:
    (folder / "report.dcm").write_bytes(changed_sr(case.files["report.dcm"], change))

    found = SignatureVerifier(case.trust).verify(folder / "report.dcm")

    assert (Verdict.ALTERED, words) == (found.verdict, found.explanation)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("key_images.dcm", "Changed after signing: which image is meant"),
        ("display_1.dcm", "Changed after signing: what is drawn on the images, or how they are displayed"),
        ("segmentation_1.dcm", "Changed after signing: what is drawn on the images, or how they are displayed"),
    ],
)
def test_another_key_image_window_or_pixel_is_named(case: SignedCase, folder: Path, name: str, words: str) -> None:
    ds = dcmread(BytesIO(case.files[name]))
    if name == "key_images.dcm":
        ds.ContentSequence[-1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    elif name == "display_1.dcm":
        ds.SoftcopyVOILUTSequence[0].WindowCenter = "40"
    else:
        ds.PixelData = bytes([ds.PixelData[0] ^ 1]) + ds.PixelData[1:]
    ds.save_as(folder / name)

    found = SignatureVerifier(case.trust).verify(folder / name)

    assert (Verdict.ALTERED, words) == (found.verdict, found.explanation)


def test_another_patient_on_the_envelope_of_the_pdf_is_named(case: SignedCase, folder: Path) -> None:
    """The PDF inside is untouched, only the DICOM header around it claims somebody else."""
    data = case.files["report_pdf.dcm"].replace(b"QS0118793", b"QS0118794", 1)
    (folder / "report_pdf.dcm").write_bytes(data)

    found = SignatureVerifier(case.trust).verify(folder / "report_pdf.dcm")

    assert (found.verdict, found.explanation) == (Verdict.ALTERED, "Changed after signing: the patient's identity")


@pytest.mark.parametrize("name", ["report.dcm", "findings.dcm", "key_images.dcm", "segmentation_1.dcm"])
def test_a_colleagues_signature_beside_an_altered_object_never_outweighs_the_signed_report(
    case: SignedCase, folder: Path, name: str
) -> None:
    """Everybody of the alliance has a certificate that is trusted; the report's own manifest knows the object."""
    altered = changed_sr(case.files[name], "patient")
    (folder / name).write_bytes(altered)
    insider = case.store.unlock(JUNIOR.user_id, PIN)
    (folder / f"{name}.p7s").write_bytes(insider.sign_detached(altered))

    assert SignatureVerifier(case.trust).verify(folder / name).verdict is Verdict.ALTERED


def test_a_report_signed_beside_by_another_than_its_verifier_is_untrusted(case: SignedCase, tmp_path: Path) -> None:
    altered = changed_sr(case.files["report.dcm"], "impression")
    (tmp_path / "report.dcm").write_bytes(altered)
    (tmp_path / "report.dcm.p7s").write_bytes(case.store.unlock(JUNIOR.user_id, PIN).sign_detached(altered))
    found = SignatureVerifier(case.trust).verify(tmp_path / "report.dcm")

    assert found.verdict is Verdict.UNTRUSTED
    assert "the report names another verifying physician" in found.explanation


def test_an_object_alone_is_unsigned_rather_than_valid(case: SignedCase, tmp_path: Path) -> None:
    (tmp_path / "findings.dcm").write_bytes(case.files["findings.dcm"])

    assert SignatureVerifier(case.trust).verify(tmp_path / "findings.dcm").verdict is Verdict.UNSIGNED


def test_a_draft_is_unsigned(case: SignedCase, tmp_path: Path) -> None:
    from tests.helpers.full_reports import TEMPLATE, preliminary_report, worklist_row  # noqa: PLC0415 - used once

    page = RENDERER.render(preliminary_report(case.study), TEMPLATE, case.study, worklist_row(case.study), draft=True)
    (tmp_path / "draft.pdf").write_bytes(page)

    assert SignatureVerifier(case.trust).verify(tmp_path / "draft.pdf").verdict is Verdict.UNSIGNED


def test_a_report_beside_a_damaged_pdf_is_unknown(case: SignedCase, folder: Path) -> None:
    (folder / "report.pdf").write_bytes(case.files["report.pdf"].replace(b"endobj", b"endobJ", 1))
    (folder / "report_pdf.dcm").unlink()

    assert SignatureVerifier(case.trust).verify(folder / "findings.dcm").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7 nothing", b"\0" * 128 + b"DICM"])
def test_other_files_are_never_valid_and_never_an_error(case: SignedCase, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.bin").write_bytes(content)

    found = SignatureVerifier(case.trust).verify(tmp_path / "x.bin")

    assert found.verdict in {Verdict.UNKNOWN, Verdict.UNSIGNED}


def test_a_missing_file_is_unknown(case: SignedCase, tmp_path: Path) -> None:
    assert SignatureVerifier(case.trust).verify(tmp_path / "none.pdf").verdict is Verdict.UNKNOWN


def test_a_stranger_s_signature_is_untrusted(case: SignedCase, folder: Path, tmp_path: Path) -> None:
    stranger = DemoKeyStore(tmp_path / "elsewhere")
    stranger.ensure_signer("x", "王启明", "省影像专科联盟远程诊断中心", PIN)

    found = SignatureVerifier(stranger.trust()).verify(folder / "report.pdf")

    assert (found.verdict, found.signer) == (Verdict.UNTRUSTED, "王启明")


def test_a_revoked_signer_is_untrusted(case: SignedCase, tmp_path: Path) -> None:
    store = DemoKeyStore(tmp_path / "keys")
    store.ensure_signer("y", "王启明", "省人民医院", PIN)
    content = case.files["findings.dcm"]
    (tmp_path / "findings.dcm").write_bytes(content)
    (tmp_path / "findings.dcm.p7s").write_bytes(store.unlock("y", PIN).sign_detached(content))
    assert SignatureVerifier(store.trust()).verify(tmp_path / "findings.dcm").verdict is Verdict.VALID

    store.revoke("y")

    found = SignatureVerifier(store.trust()).verify(tmp_path / "findings.dcm")
    assert (found.verdict, found.explanation) == (Verdict.UNTRUSTED, "The signer's certificate has been revoked")


def test_a_signature_from_the_future_is_not_believed(case: SignedCase, folder: Path) -> None:
    """Whoever turns the clock back two days sees a signing time that has not come yet."""
    two_days_ago = datetime.now(UTC) - timedelta(days=2)

    found = SignatureVerifier(case.trust, now=lambda: two_days_ago).verify(folder / "report.pdf")

    assert (found.verdict, found.explanation) == (Verdict.UNTRUSTED, "The time of signing lies in the future")


def test_a_pdf_is_not_valid_when_its_page_names_another_verifier_than_who_signed_it(lidc_0314: Path) -> None:
    """A resident's own key under the senior's printed name: intact and trusted, yet not what the page says."""
    case = signed_case(lidc_0314, key_of=JUNIOR)

    for name in ("report.pdf", "report_pdf.dcm"):
        found = SignatureVerifier(case.trust).verify_bytes(name, case.files[name])
        assert (found.verdict, found.explanation) == (
            Verdict.UNTRUSTED,
            "宋佳 signed, but the report names another verifying physician",
        )


def test_a_valid_pdf_says_which_report_of_which_study_it_is(case: SignedCase) -> None:
    found = SignatureVerifier(case.trust).verify_bytes("report_pdf.dcm", case.files["report_pdf.dcm"])

    assert found.study_instance_uid == case.study.study_instance_uid
    assert found.report_uid.startswith("2.25.")


def test_what_was_measured_on_a_prior_is_under_the_one_signature_and_a_change_is_told(
    lidc_0314: Path, tmp_path: Path
) -> None:
    prior = replace(real_study(lidc_0314), study_instance_uid="2.25.55", study_date="20250113")
    kept = measured_on(prior, AnnotationList("2.25.55", every_drawing(prior)))
    assert kept is not None
    case = signed_case(lidc_0314, priors=(kept,))
    case.write(tmp_path)
    there = tmp_path / "prior_measurements_1.dcm"
    assert SignatureVerifier(case.trust).verify(there).verdict is Verdict.VALID

    ds = dcmread(BytesIO(case.files[there.name]))
    ds.PertinentOtherEvidenceSequence[0].StudyInstanceUID = "2.25.56"
    ds.save_as(there)

    found = SignatureVerifier(case.trust).verify(there)
    assert (found.verdict, found.explanation) == (Verdict.ALTERED, "Changed after signing: the list of images")
