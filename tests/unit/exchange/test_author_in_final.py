"""What a final report says of its author's signature when that one does not hold or is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fpdf import FPDF

from tests.helpers.full_reports import JUNIOR, OBJECTS, SENIOR, SIGNED, TEMPLATE, final_report, worklist_row
from tests.helpers.signed_reports import PIN, RENDERER, SignedCase, signed_case
from workstation.domain.signature import AuthorSignature, Verdict
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.sealing import Sealing


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def _said(case: SignedCase, preliminary: bytes) -> str:
    named = AuthorSignature(JUNIOR.user_id, JUNIOR.name, SIGNED, "1.2.3", "1.2.4", "00")
    report = replace(final_report(case.study), author_signature=named)
    key = case.store.unlock(SENIOR.user_id, PIN)
    row = worklist_row(case.study)
    _objects, pdf = Sealing(RENDERER, OBJECTS).final(report, key, TEMPLATE, case.study, row, preliminary=preliminary)
    found = SignatureVerifier(case.trust).verify_bytes("report.pdf", pdf.content)
    assert found.verdict is Verdict.VALID  # of the verifier, who fixed the content
    return found.explanation


def test_the_author_s_part_is_told_as_it_is(case: SignedCase) -> None:
    paper = FPDF()
    paper.add_page()
    start = "Signed by 王启明; unchanged since"
    broken = f"{start}; the author's signature on the preliminary report does not hold: "

    assert _said(case, b"") == f"{start}; its author signed the preliminary report, which is kept apart"
    assert _said(case, bytes(paper.output())) == f"{broken}This PDF carries no signature"
    assert _said(case, b"no PDF").startswith(broken)
    assert _said(case, case.preliminary + b"\n ") == f"{broken}Something was added to the PDF after it was signed"
