"""A time stamp that comes late: the object around the PDF stays what the signature vouches for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.signed_reports import SignedCase, signed_case
from workstation.dicom.objects.encapsulated import taken_apart, with_pdf
from workstation.domain.signature import SignatureLevel, Verdict
from workstation.exchange.signing.pades import add_time_stamp
from workstation.exchange.signing.verify import SignatureVerifier


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def test_the_object_verifies_with_the_stamped_pdf_inside_and_nothing_around_it_changed(case: SignedCase) -> None:
    before = case.files["report_pdf.dcm"]
    stamped = add_time_stamp(taken_apart(before).pdf, case.store.trust(), case.store.time_authority())

    after = with_pdf(before, stamped.content)

    assert taken_apart(after).surroundings == taken_apart(before).surroundings
    assert taken_apart(after).pdf == stamped.content
    found = SignatureVerifier(case.store.trust()).verify_bytes("report", after)
    assert (found.verdict, found.level) == (Verdict.VALID, SignatureLevel.LTA)


def test_the_same_pdf_gives_the_same_object(case: SignedCase) -> None:
    before = case.files["report_pdf.dcm"]

    assert with_pdf(before, taken_apart(before).pdf) == before
