"""F12: whatever is changed after signing, it is never called valid."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.helpers.full_reports import JUNIOR, SENIOR, SIGNED
from tests.helpers.signed_reports import PIN, SignedCase, flipped, signed_case
from workstation.domain.signature import SignatureRole, SignatureStamp, Verdict
from workstation.exchange.signing.verify import SignatureVerifier

# damaged DICOM makes pydicom warn about each doubtful value; the verdict is what counts here
pytestmark = [
    pytest.mark.fault,
    pytest.mark.no_cover,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
SAMPLES = 200


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


@pytest.fixture
def folder(case: SignedCase, tmp_path: Path) -> Path:
    case.write(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["report.pdf", "report_pdf.dcm", "report.dcm", "findings.dcm"])
def test_one_flipped_bit_anywhere_is_never_valid(case: SignedCase, folder: Path, name: str) -> None:
    verifier = SignatureVerifier(case.trust)
    assert verifier.verify(folder / name).verdict is Verdict.VALID

    accepted = []
    for place, damaged in flipped(case.files[name], SAMPLES):
        (folder / name).write_bytes(damaged)
        if verifier.verify(folder / name).verdict is Verdict.VALID:
            accepted.append(place)

    assert accepted == []


def test_one_flipped_bit_in_the_signature_container_is_never_valid(case: SignedCase, folder: Path) -> None:
    """The container is a tenth of the file, so it gets its own samples: digits, padding, both ends."""
    data = case.files["report.pdf"]
    start = data.index(b"/Contents <") + len(b"/Contents ")
    end = data.index(b">", start) + 1
    verifier = SignatureVerifier(case.trust)

    accepted = []
    for place, damaged in flipped(data[start:end], SAMPLES):
        (folder / "report.pdf").write_bytes(data[:start] + damaged + data[end:])
        if verifier.verify(folder / "report.pdf").verdict is Verdict.VALID:
            accepted.append(place)

    assert accepted == []


@pytest.mark.parametrize("part", ["signature", "content"])
def test_one_flipped_bit_in_a_detached_signature_or_its_file_is_never_valid(
    case: SignedCase, tmp_path: Path, part: str
) -> None:
    report, signature = tmp_path / "report.dcm", tmp_path / "report.dcm.p7s"
    report.write_bytes(case.files["report.dcm"])
    signature.write_bytes(case.p7s)
    verifier = SignatureVerifier(case.trust)
    assert [verifier.verify(path).verdict for path in (report, signature)] == [Verdict.VALID] * 2

    target = signature if part == "signature" else report
    accepted = []
    for place, damaged in flipped(target.read_bytes(), SAMPLES):
        target.write_bytes(damaged)
        if verifier.verify(target).verdict is Verdict.VALID:
            accepted.append(place)

    assert accepted == []


def test_one_flipped_bit_in_an_sr_that_lies_alone_is_never_valid(case: SignedCase, tmp_path: Path) -> None:
    """Only the signature inside it vouches for it, which protects neither preamble nor meta information."""
    alone, verifier = tmp_path / "alone.dcm", SignatureVerifier(case.store.trust())
    alone.write_bytes(case.files["report.dcm"])
    assert verifier.verify(alone).verdict is Verdict.VALID

    accepted = []
    for place, damaged in flipped(case.files["report.dcm"], SAMPLES):
        alone.write_bytes(damaged)
        if verifier.verify(alone).verdict is Verdict.VALID:
            accepted.append(place)

    assert accepted == []


def test_one_flipped_bit_around_the_signature_inside_an_sr_is_never_valid(case: SignedCase, tmp_path: Path) -> None:
    """Preamble, meta information, method, certificate and signature are a twentieth of the file: their own samples."""
    data = case.files["report.dcm"]
    start = data.index(b"\xfe\x4f\x01\x00SQ")
    alone, verifier = tmp_path / "alone.dcm", SignatureVerifier(case.store.trust())

    accepted = []
    for first, last in ((0, 400), (start, start + 300), (data.index(b"\xfa\xff\xfa\xffSQ"), len(data))):
        for place, damaged in flipped(data[first:last], SAMPLES // 4):
            alone.write_bytes(data[:first] + damaged + data[last:])
            if verifier.verify(alone).verdict is Verdict.VALID:
                accepted.append(first + place)

    assert accepted == []


def test_one_flipped_bit_in_a_page_that_two_signed_is_never_valid(case: SignedCase, tmp_path: Path) -> None:
    paper = FPDF()
    paper.add_page()
    content = bytes(paper.output())
    for person, role in ((JUNIOR, SignatureRole.AUTHOR), (SENIOR, SignatureRole.VERIFIER)):
        stamp = SignatureStamp(role, person.name, person.organisation, SIGNED, "zh_CN")
        key = case.store.unlock(person.user_id, PIN)
        content = key.sign_pdf(content, reason="", signer_name=person.name, stamp=stamp).content
    twice, verifier = tmp_path / "twice.pdf", SignatureVerifier(case.trust)
    twice.write_bytes(content)
    assert verifier.verify(twice).verdict is Verdict.VALID

    accepted = []
    for place, damaged in flipped(content, SAMPLES // 4):
        twice.write_bytes(damaged)
        if verifier.verify(twice).verdict is Verdict.VALID:
            accepted.append(place)

    assert accepted == []


@pytest.mark.parametrize("name", ["report.pdf", "report_pdf.dcm", "report.dcm"])
@pytest.mark.parametrize("kept", [0, 1, 131, 140, 5000, -1])
def test_a_cut_file_is_never_valid(case: SignedCase, folder: Path, name: str, kept: int) -> None:
    (folder / name).write_bytes(case.files[name][:kept])

    assert SignatureVerifier(case.trust).verify(folder / name).verdict is not Verdict.VALID


@pytest.mark.parametrize("name", ["report.pdf", "report_pdf.dcm", "report.dcm"])
def test_appended_bytes_are_never_valid(case: SignedCase, folder: Path, name: str) -> None:
    (folder / name).write_bytes(case.files[name] + b"\0\0")

    assert SignatureVerifier(case.trust).verify(folder / name).verdict is not Verdict.VALID


def test_text_laid_over_the_page_by_an_incremental_update_is_named(case: SignedCase, folder: Path) -> None:
    """pdfsig calls such a file valid; a reader would see another diagnosis."""
    writer = IncrementalPdfFileWriter(BytesIO(case.files["report.pdf"]))
    overlay = generic.StreamObject(stream_data=b"1 1 1 rg 40 300 500 200 re f")
    found_page = writer.find_page_for_modification(0)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    page = found_page[0].get_object()
    old = page.raw_get("/Contents")
    page["/Contents"] = generic.ArrayObject([old, writer.add_object(overlay)])
    writer.update_container(page)
    attacked = BytesIO()
    writer.write(attacked)  # type: ignore[no-untyped-call]  # as above
    (folder / "report.pdf").write_bytes(attacked.getvalue())

    found = SignatureVerifier(case.trust).verify(folder / "report.pdf")

    assert (found.verdict, found.explanation) == (Verdict.ALTERED, "Something was added to the PDF after it was signed")
