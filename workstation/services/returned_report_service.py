"""The sender opens a returned report: fetch it, check its signature, take the PDF out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid
from workstation.domain.ports import InboxPort, RetrievePort, VerifierPort
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
    if verdict.verdict is not Verdict.VALID:
        return verdict
    if returned.report_uid and not verdict.report_uid:
        silent = tr("{signer} signed this, but it does not say which report it is", signer=verdict.signer)
        return replace(verdict, verdict=Verdict.UNKNOWN, explanation=silent)
    if not _names_another(returned, verdict):
        return verdict
    words = tr("What {signer} signed here is another report than the list says", signer=verdict.signer)
    return replace(verdict, verdict=Verdict.UNTRUSTED, explanation=words)


def _names_another(returned: ReturnedReport, verdict: VerificationResult) -> bool:
    """Tell whether what was signed names another report, or another study, than the list does."""
    pairs = (
        (returned.report_uid, verdict.report_uid),
        (returned.study_instance_uid, verdict.study_instance_uid),
    )
    return any(listed and signed and listed != signed for listed, signed in pairs)


def receipt_fault(returned: ReturnedReport, verdict: VerificationResult) -> SignatureInvalid | None:
    """
    Return why the receipt of a report must not be confirmed, None where it may be.

    Who confirms says that the signed report is here: an altered one, one whose signature was taken off (the hub gives
    out signed ones only) and the report of another study are not. A signer whom this machine does not trust, or a check
    that could not be made, is shown and left to people; of a withdrawn report the withdrawal is what is confirmed.
    """
    gone = verdict.verdict in {Verdict.ALTERED, Verdict.UNSIGNED} or _names_another(returned, verdict)
    if not gone or returned.withdrawn_code is not None:
        return None
    return SignatureInvalid(
        tr("The receipt is not confirmed: {reason}", reason=verdict.explanation or tr("the report was altered")),
        hint=tr("Do not act on this report. Call the reading centre and have it sent anew."),
    )


@dataclass(frozen=True, slots=True)
class ConfirmReceipt:
    """Tell the centre that a report is here, after a look at whether it is the one that was signed."""

    open_returned: OpenReturnedReport
    inbox: InboxPort

    def __call__(
        self, returned: ReturnedReport, seen: VerificationResult | None = None
    ) -> tuple[ReturnedReport, VerificationResult]:
        """
        Return the report with its receipt, or without one where ``receipt_fault`` forbids it, and the verdict.

        Args:
            returned: the report of the list.
            seen: the verdict on this very object where the page has shown it already; it is fetched where None.

        Raises:
            Unreachable, Refused, IntegrityMismatch, DecodeError: it cannot be looked at, or the hub did not take it.
        """
        verdict = seen if seen is not None else self.open_returned(returned).verdict
        if receipt_fault(returned, verdict) is not None:
            return returned, verdict
        return self.inbox.acknowledge(returned.ups_instance_uid), verdict
