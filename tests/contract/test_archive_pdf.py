"""The printed report as an archive file: PDF/A-3u as far as we can judge, before and after real signatures."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pikepdf
import pypdfium2
import pytest
import zxingcpp

from tests.helpers.archive_rules import archive_faults
from tests.helpers.fakes import FakeAudit, FakeImages
from tests.helpers.full_reports import final_report
from tests.helpers.papers import ATTACHED, printed, simple, with_pictures
from tests.helpers.signed_reports import SignedCase, signed_case
from workstation.bootstrap.paper import pdf_in
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import Verdict
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.exchange.paper.report_code import read_code
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.paper_service import Paper, SignedPaper, TakePaperOut
from workstation.services.report_workflow import signed_objects
from workstation.storage.files import replace_file


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def test_a_report_with_pictures_and_attachments_breaks_no_rule_that_we_can_judge() -> None:
    assert archive_faults(printed(with_pictures(simple(), 2), attachments=ATTACHED)) == []


@pytest.mark.parametrize("which", ["preliminary", "final"])
def test_signatures_stamps_and_time_stamps_keep_it_an_archive_file(case: SignedCase, which: str) -> None:
    assert archive_faults(case.preliminary if which == "preliminary" else case.files["report.pdf"]) == []


def test_the_manifest_is_attached_as_data_and_the_signatures_as_supplements(case: SignedCase) -> None:
    with pikepdf.open(BytesIO(case.files["report.pdf"])) as document:
        relations = {str(one.UF).rpartition(".")[2]: str(one.AFRelationship) for one in document.Root.AF}

    assert relations == {"json": "/Data", "p7s": "/Supplement", "pdf": "/Source"}


def test_the_code_on_the_signed_page_names_the_manifest_inside_the_file(case: SignedCase) -> None:
    with pikepdf.open(BytesIO(case.files["report.pdf"])) as document:
        manifest = document.attachments["manifest.json"].get_file().read_bytes()
    opened = pypdfium2.PdfDocument(case.files["report.pdf"])
    picture = opened[0].render(scale=150 / 72).to_numpy()[..., 0]
    opened.close()
    (scanned,) = zxingcpp.read_barcodes(picture)

    assert read_code(scanned.text) == ("2.25.555", hashlib.sha256(manifest).hexdigest())


def test_both_names_can_be_read_in_the_stamps(case: SignedCase, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(case.files["report.pdf"])
    # the box of the verifier's stamp in points from the upper left corner
    box = ["-x", "365", "-y", "730", "-W", "185", "-H", "36"]
    words = subprocess.run(
        ["pdftotext", *box, str(tmp_path / "report.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout

    assert "王启明" in words


def test_the_page_on_screen_and_on_paper_shows_the_stamp_of_the_signature(case: SignedCase) -> None:
    stamp = (slice(730, 766), slice(365, 550))  # the verifier's box in points from the upper left corner
    (unsigned,) = page_pictures(printed(simple(), attachments=ATTACHED), 595)
    (signed,) = page_pictures(case.files["report.pdf"], 595)

    def blue(page: npt.NDArray[np.uint8]) -> int:
        box = page[stamp].astype(int)
        return int((box[..., 2] - box[..., 0] > 40).sum())

    assert (blue(unsigned), blue(signed) > 100) == (0, True)


def test_pages_are_drawn_by_a_library_that_runs_no_scripts() -> None:
    assert not {"V8", "XFA"} & set(pypdfium2.PDFIUM_INFO.flags)


def test_a_signed_report_on_a_stick_is_the_pdf_that_was_signed_byte_for_byte(case: SignedCase, tmp_path: Path) -> None:
    report, images, path = final_report(case.study), FakeImages(), tmp_path / "report.pdf"
    images.files = {signed_objects(report)[1].sop_instance_uid: case.files["report_pdf.dcm"]}
    verifier = SignatureVerifier(case.trust)
    fetch = SignedPaper(images, list, verifier, pdf_in)
    TakePaperOut(FakeAudit(), replace_file).save(Paper(fetch(report), "2.25.1", "report", signed=True), path)

    assert path.read_bytes() == case.files["report.pdf"]
    assert verifier.verify(path).verdict is Verdict.VALID

    at = case.files["report_pdf.dcm"].index(b"stream") + 40
    damaged = bytearray(case.files["report_pdf.dcm"])
    damaged[at] ^= 1
    images.files = {signed_objects(report)[1].sop_instance_uid: bytes(damaged)}
    with pytest.raises(SignatureInvalid):
        fetch(report)


def broken(change: Callable[[pikepdf.Pdf], None]) -> list[str]:
    with pikepdf.open(BytesIO(printed(simple(), attachments=ATTACHED))) as document:
        change(document)
        buffer = BytesIO()
        document.save(buffer)
    return [re.match(r"[\d.]+", fault)[0] for fault in archive_faults(buffer.getvalue())]  # type: ignore[index]  # each begins with its clause


def fonts(document: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    return [
        one for one in document.objects
        if isinstance(one, pikepdf.Dictionary) and str(one.get("/Type")) == "/Font" and "/DescendantFonts" in one
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (lambda pdf: pdf.Root.__delitem__("/Metadata"), "6.6.2.1"),
        (lambda pdf: pdf.Root.__delitem__("/OutputIntents"), "6.2.3"),
        (lambda pdf: pdf.Root.__delitem__("/AF"), "6.8"),
        (lambda pdf: pdf.Root.__setitem__("/AA", pikepdf.Dictionary()), "6.6"),
        (lambda pdf: pdf.Root.__setitem__("/OpenAction", pikepdf.Dictionary(S=pikepdf.Name.JavaScript)), "6.5.1"),
        (lambda pdf: fonts(pdf)[0].__delitem__("/ToUnicode"), "6.2.11.7"),
        (lambda pdf: fonts(pdf)[0].DescendantFonts[0].FontDescriptor.__delitem__("/FontFile2"), "6.2.11.4"),
    ],
)
def test_the_judge_finds_what_breaks_the_rules(change: Callable[[pikepdf.Pdf], None], clause: str) -> None:
    assert clause in broken(change)
