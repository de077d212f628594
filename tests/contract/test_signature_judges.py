"""What others say of our signatures: DCMTK, OpenSSL and poppler agree, and disagree once something is changed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from asn1crypto import pem
from fpdf import FPDF
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from tests.helpers.full_reports import JUNIOR, OBJECTS, SENIOR, SIGNED, TEMPLATE, final_report, worklist_row
from tests.helpers.hub_archives import orthanc
from tests.helpers.orthanc import Orthanc
from tests.helpers.signed_reports import PIN, SignedCase, signed_case
from workstation.domain.signature import SignatureRole, SignatureStamp, Verdict
from workstation.exchange.signing.verify import SignatureVerifier

__all__ = ["orthanc"]

DCMTK_BUFFER = 16_384
"""dcmsign 3.6.7 stops hashing nested content there and then calls a right signature wrong."""


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def _run(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], cwd=folder, check=False, capture_output=True, text=True)


def test_dcmtk_agrees_with_the_signature_inside_an_sr_and_with_what_was_altered(
    case: SignedCase, tmp_path: Path
) -> None:
    series = max(case.study.series, key=lambda one: len(one.instances))
    trust = case.store.trust()
    study = replace(case.study, series=(replace(series, instances=series.instances[:8]),))
    report = final_report(case.study)
    plain = OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study))
    signed = OBJECTS.signed_sr(report, plain, case.store.unlock(SENIOR.user_id, PIN))
    (tmp_path / "signed.dcm").write_bytes(signed)
    for name, keyword, value in (
        ("patient.dcm", "PatientID", "QS0118794"),
        ("flag.dcm", "CompletionFlag", "PARTIAL"),
    ):
        ds = dcmread(BytesIO(signed))
        setattr(ds, keyword, value)
        ds.save_as(tmp_path / name)
    ds = dcmread(BytesIO(signed))
    next(item for item in _items(ds) if "TextValue" in item).TextValue = "未见异常。"
    ds.save_as(tmp_path / "text.dcm")

    assert len(signed) < DCMTK_BUFFER
    for name, der in zip(("root", "issuing"), (*trust.roots, *trust.intermediates), strict=True):
        (tmp_path / f"{name}.pem").write_bytes(pem.armor("CERTIFICATE", der))
    command = ["dcmsign", "--verify", "--pem-keys", "+cf", "root.pem", "+cf", "issuing.pem"]
    judged = {path.name: _run([*command, path], tmp_path) for path in sorted(tmp_path.glob("*.dcm"))}
    assert {name: bool(re.search(r"Signature Verification +: OK", one.stderr)) for name, one in judged.items()} == {
        "flag.dcm": False,
        "patient.dcm": False,
        "signed.dcm": True,
        "text.dcm": False,
    }


def _items(ds: Dataset) -> list[Dataset]:
    children = [below for child in ds.get("ContentSequence") or () for below in _items(child)]
    return [ds, *children]


def test_openssl_agrees_with_the_detached_signature_of_every_object(case: SignedCase, tmp_path: Path) -> None:
    """The signatures come out of the signed PDF; that of the object around the PDF is beside it."""
    case.write(tmp_path)
    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", case.trust.roots[0]))
    assert _run(["pdfdetach", "-saveall", "report.pdf"], tmp_path).returncode == 0
    (tmp_path / "report_pdf.dcm.p7s").write_bytes(case.detached["report_pdf.dcm"])
    objects = sorted(path.name for path in tmp_path.glob("*.dcm"))

    def judge(name: str) -> int:
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"]
        return _run([*command, "-in", f"{name}.p7s", "-content", name, "-CAfile", "root.pem"], tmp_path).returncode

    assert [judge(name) for name in objects] == [0] * len(objects)
    assert len(objects) == len(case.files) - 1
    for name in objects:
        data = bytearray((tmp_path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (tmp_path / name).write_bytes(data)
    assert 0 not in [judge(name) for name in objects]


def test_what_the_author_signed_comes_out_of_the_final_pdf_and_verifies_alone(case: SignedCase, tmp_path: Path) -> None:
    case.write(tmp_path)
    assert _run(["pdfdetach", "-savefile", "preliminary.pdf", "report.pdf"], tmp_path).returncode == 0

    printed = _run(["pdfsig", "preliminary.pdf"], tmp_path).stdout
    found = SignatureVerifier(case.trust).verify(tmp_path / "preliminary.pdf")

    assert "Signature Field Name: AuthorSignature" in printed
    assert "Signer Certificate Common Name: 宋佳" in printed
    assert "Signature Validation: Signature is Valid." in printed
    assert "The signature form field is not signed." in printed  # the verifier's
    assert (found.verdict, found.explanation) == (
        Verdict.VALID,
        "Signed by 宋佳; unchanged since. A preliminary report: nobody has verified it",
    )


def test_a_page_says_who_signed_and_what_is_not_signed(case: SignedCase, tmp_path: Path) -> None:
    case.write(tmp_path)
    (tmp_path / "preliminary.pdf").write_bytes(case.preliminary)
    local = SIGNED.astimezone().strftime("%Y-%m-%d %H:%M")

    final = _run(["pdftotext", "-layout", "report.pdf", "-"], tmp_path).stdout
    written = _run(["pdftotext", "-layout", "preliminary.pdf", "-"], tmp_path).stdout

    assert f"数字签名 {local}" in final
    assert f"宋佳 {local} 签名于初步报告" in final
    assert "王启明" in final
    assert "初步报告，尚未审核签名" in written
    assert f"数字签名 {local}" in written


@pytest.mark.orthanc
@pytest.mark.dcmtk
def test_what_an_archive_gives_back_after_c_store_verifies_with_the_archive_s_own_file_head(
    case: SignedCase, orthanc: Orthanc, tmp_path: Path
) -> None:
    case.write(tmp_path)
    orthanc.clear()
    orthanc.storescu(*tmp_path.glob("*.dcm"))
    back = tmp_path / "back"
    back.mkdir()
    with httpx.Client(auth=orthanc.auth, timeout=60, base_url=orthanc.rest) as client:
        for uid in client.get("/instances").json():
            (back / f"{uid}.dcm").write_bytes(client.get(f"/instances/{uid}/file").content)
    sent = {path.read_bytes() for path in tmp_path.glob("*.dcm")}
    verifier = SignatureVerifier(case.trust)

    found = [verifier.verify(path) for path in back.iterdir()]

    assert len(found) == len(sent)
    assert not sent & {path.read_bytes() for path in back.iterdir()}
    assert {one.verdict for one in found} == {Verdict.VALID}
    assert all("The file head is that of the system" in one.explanation for one in found)


@pytest.fixture
def twice(case: SignedCase) -> bytes:
    """Return a page that its author signed and then its verifier."""
    paper = FPDF()
    paper.add_page()
    content = bytes(paper.output())
    for person, role in ((JUNIOR, SignatureRole.AUTHOR), (SENIOR, SignatureRole.VERIFIER)):
        stamp = SignatureStamp(role, person.name, person.organisation, SIGNED, "zh_CN")
        key = case.store.unlock(person.user_id, PIN)
        content = key.sign_pdf(content, reason="报告", signer_name=person.name, stamp=stamp).content
    return content


def test_a_page_that_author_and_verifier_sign_holds_for_both(case: SignedCase, twice: bytes, tmp_path: Path) -> None:
    (tmp_path / "twice.pdf").write_bytes(twice)

    printed = _run(["pdfsig", "twice.pdf"], tmp_path).stdout
    found = SignatureVerifier(case.trust).verify(tmp_path / "twice.pdf")

    assert printed.count("Signature Validation: Signature is Valid.") == 2
    assert (found.verdict, found.signer, found.explanation) == (
        Verdict.VALID,
        "王启明",
        "Signed by 王启明; unchanged since; written and signed by 宋佳",
    )


def test_a_third_signature_of_anybody_is_a_change(case: SignedCase, twice: bytes, tmp_path: Path) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415 - used once
    from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner  # noqa: PLC0415 - as above

    key = case.store.unlock(JUNIOR.user_id, PIN)
    output = BytesIO()
    PdfSigner(PdfSignatureMetadata(field_name="Another", md_algorithm="sha256"), key._signer).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(twice)), output=output
    )
    (tmp_path / "thrice.pdf").write_bytes(output.getvalue())

    found = SignatureVerifier(case.trust).verify(tmp_path / "thrice.pdf")

    assert (found.verdict, found.explanation) == (
        Verdict.ALTERED,
        "Something was added to the PDF after it was signed",
    )
