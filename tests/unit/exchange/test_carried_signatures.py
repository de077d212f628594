"""Whoever gets the files of a report gets their signatures beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF

from tests.helpers.signed_reports import SignedCase, signed_case
from workstation.domain.signature import Verdict
from workstation.exchange.signing.carried_signatures import signatures_beside
from workstation.exchange.signing.verify import SignatureVerifier


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def test_each_object_gets_its_own_signature_whatever_its_file_is_called(case: SignedCase, tmp_path: Path) -> None:
    files = {f"object-{number}.dcm": content for number, content in enumerate(case.files.values())}
    files["letter.txt"] = b"not of this report"
    found = signatures_beside(case.files["report.pdf"], files)
    for name, content in (files | found).items():
        (tmp_path / name).write_bytes(content)
    for number in (0, 3):  # the PDF and the object around it, which vouch for themselves
        (tmp_path / f"object-{number}.dcm").unlink()
    judge = SignatureVerifier(case.trust)

    names = list(case.files)
    assert [names[int(name.split("-")[1].split(".")[0])] for name in found] == [
        name for name in names if name not in {"report.pdf", "report_pdf.dcm"}
    ]
    assert {judge.verify(tmp_path / name).verdict for name in found} == {Verdict.VALID}


def test_a_pdf_that_carries_no_signatures_gives_none() -> None:
    paper = FPDF()
    paper.add_page()

    assert signatures_beside(bytes(paper.output()), {"object-1.dcm": b"x"}) == {}
    assert signatures_beside(b"no PDF", {"object-1.dcm": b"x"}) == {}
