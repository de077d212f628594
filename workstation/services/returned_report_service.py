"""The sender opens a returned report: fetch it, check its signature, take the PDF out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.ports import RetrievePort, VerifierPort
from workstation.domain.signature import Verdict, VerificationResult
from workstation.domain.site import ReturnedReport


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """A returned report as the sender sees it."""

    returned: ReturnedReport
    pdf: bytes
    verdict: VerificationResult


@dataclass(frozen=True, slots=True)
class OpenReturnedReport:
    """Fetch and verify one returned report; what cannot be verified is still shown, and said so."""

    retrieve: RetrievePort
    verifier: VerifierPort
    pdf_in: Callable[[bytes], bytes]
    """Takes the PDF out of an Encapsulated PDF object; raises DecodeError."""

    def __call__(self, returned: ReturnedReport) -> OpenedReport:
        """Return PDF and verdict. Raises Unreachable, Refused, IntegrityMismatch, DecodeError."""
        part10 = self.retrieve.instance(
            returned.study_instance_uid, returned.pdf_series_instance_uid, returned.pdf_sop_instance_uid
        )
        verdict = self.verifier.verify_bytes("report.pdf.dcm", part10)
        return OpenedReport(returned, self.pdf_in(part10), _held_against(returned, verdict))


def _held_against(returned: ReturnedReport, verdict: VerificationResult) -> VerificationResult:
    """Trust a report only as the one of the list: a valid signature over another patient's report proves nothing."""
    pairs = (
        (returned.report_uid, verdict.report_uid),
        (returned.study_instance_uid, verdict.study_instance_uid),
    )
    if verdict.verdict is not Verdict.VALID:
        return verdict
    if returned.report_uid and not verdict.report_uid:
        silent = tr("{signer} signed this, but it does not say which report it is", signer=verdict.signer)
        return replace(verdict, verdict=Verdict.UNKNOWN, explanation=silent)
    if not any(listed and signed and listed != signed for listed, signed in pairs):
        return verdict
    words = tr("What {signer} signed here is another report than the list says", signer=verdict.signer)
    return replace(verdict, verdict=Verdict.UNTRUSTED, explanation=words)
