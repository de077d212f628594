"""A returned report is trusted only as the one that the list of returned reports names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.helpers.grassroots import returned_report
from workstation.domain.signature import Verdict, VerificationResult
from workstation.services.returned_report_service import OpenReturnedReport

if TYPE_CHECKING:
    from workstation.domain.ports import RetrievePort, VerifierPort

LISTED = replace(returned_report(), report_uid="2.25.7")


class Archive:
    def instance(self, *_uids: str) -> bytes:
        return b"part 10"


class Holds:
    """A verifier that finds a valid signature over the report named here."""

    def __init__(self, report_uid: str, study_instance_uid: str) -> None:
        self.named = report_uid, study_instance_uid

    def verify_bytes(self, name: str, _content: bytes) -> VerificationResult:
        report_uid, study = self.named
        held = VerificationResult(name, Verdict.VALID, "Signed by 王启明; unchanged since", "王启明")
        return replace(held, report_uid=report_uid, study_instance_uid=study)


@pytest.mark.parametrize(
    ("report_uid", "study", "expected"),
    [
        ("2.25.7", LISTED.study_instance_uid, Verdict.VALID),
        ("", "", Verdict.UNKNOWN),  # a signed page of anybody's
        ("2.25.8", LISTED.study_instance_uid, Verdict.UNTRUSTED),
        ("2.25.7", "1.2.3.4.5.6", Verdict.UNTRUSTED),
    ],
)
def test_a_valid_signature_over_another_report_is_not_trusted(report_uid: str, study: str, expected: Verdict) -> None:
    verifier = cast("VerifierPort", Holds(report_uid, study))

    opened = OpenReturnedReport(cast("RetrievePort", Archive()), verifier, lambda part10: part10)(LISTED)

    assert opened.verdict.verdict is expected
    if expected is Verdict.UNKNOWN:
        assert opened.verdict.explanation == "王启明 signed this, but it does not say which report it is"
    if expected is Verdict.UNTRUSTED:
        assert opened.verdict.explanation == "What 王启明 signed here is another report than the list says"
