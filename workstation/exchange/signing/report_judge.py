"""
What a hub holds a signed report to: the same checks that ``lianyue verify`` makes, and whose report it is.

The signature over the PDF covers the manifest, and the manifest names every other object by its digest: so one
check of one PDF, and a comparison of digests that the hub has at hand, judge all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader

from workstation.dicom.objects.encapsulated import taken_apart
from workstation.dicom.objects.file_head import copy_of
from workstation.dicom.objects.stamped_version import follows
from workstation.domain.access import Actor
from workstation.domain.report import Report
from workstation.domain.signature import SignatureLevel, SignatureRole, Verdict
from workstation.domain.signed_judging import LARGEST_JUDGED_BYTES, JudgedReport, SignedFault
from workstation.exchange.signing.checked import Checked
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.verify import SignatureVerifier

_AT_ONCE: Final = 2
_FAULTS: Final = {
    Verdict.UNSIGNED: SignedFault.UNSIGNED,
    Verdict.ALTERED: SignedFault.ALTERED,
    Verdict.UNTRUSTED: SignedFault.UNTRUSTED,
    Verdict.UNKNOWN: SignedFault.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class SignedReportJudge:
    """
    Implements ``ReportJudge``.

    ``trust`` is asked each time, so that new revocation lists count; where it gives None, whoever signed is believed
    to be whom the certificate names, and only what was signed is judged: the answer says so.
    """

    trust: Callable[[], Trust | None]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AT_ONCE), init=False, compare=False)

    def __call__(self, pdf_object: bytes, digests: Mapping[str, str], report: Report, signer: Actor) -> JudgedReport:
        """Judge the object around the signed PDF of a report."""
        if len(pdf_object) > LARGEST_JUDGED_BYTES:
            return JudgedReport(SignedFault.UNREADABLE, "too large to be judged")
        trust = self.trust()
        with self._turn:  # a crowd of signers must not take every core of the hub
            checked = SignatureVerifier(trust or _own_authorities(pdf_object), self.now).examined(pdf_object)
        fault, detail = _fault(checked, digests, report, signer)
        if fault is not None:
            return JudgedReport(fault, detail, is_chain_checked=trust is not None)
        is_bare = checked.level is SignatureLevel.B
        copy = copy_of(pdf_object)
        return JudgedReport(
            is_chain_checked=trust is not None,
            awaits_time_stamp=is_bare,
            follows=follows(pdf_object if copy is None or copy.signed is None else copy.signed),
            stamped_at=None if is_bare else checked.signed_at,
        )


def _fault(
    checked: Checked, digests: Mapping[str, str], report: Report, signer: Actor
) -> tuple[SignedFault | None, str]:
    if checked.verdict is not Verdict.VALID:
        return _FAULTS[checked.verdict], checked.explanation
    manifest = checked.manifest or {}
    named = checked.signer_id or checked.signer
    if checked.role is not SignatureRole.VERIFIER:
        return SignedFault.OTHER_SIGNER, "signed as its author, by nobody as its verifier"
    if named != (signer.user_id if checked.signer_id else signer.display_name):
        return SignedFault.OTHER_SIGNER, "the certificate names another person than the account"
    if (manifest.get("report_uid"), manifest.get("study_instance_uid")) != (
        report.report_uid,
        report.study_instance_uid,
    ):
        return SignedFault.OTHER_REPORT, "the signature is over another report"
    return _foreign_object(manifest, digests)


def _foreign_object(manifest: Mapping[str, Any], digests: Mapping[str, str]) -> tuple[SignedFault | None, str]:
    objects, uids = manifest.get("objects") or {}, manifest.get("sop_instance_uids") or {}
    signed = {uid: objects.get(name) for name, uid in uids.items()}
    for uid, digest in digests.items():
        if uid not in signed or (digest and digest != signed[uid]):
            return SignedFault.OTHER_OBJECT, f"the signature does not cover the object {uid[:64]} as it is stored"
    return None, ""


def _own_authorities(pdf_object: bytes) -> Trust:
    """
    Return the authorities that a report brings along, to be believed for one check of its integrity.

    A certificate whose authority does not come along stands for itself: that of a time stamp may, where the signer's
    does not. For what cannot be read nobody is believed, which the check then says.
    """
    found: dict[bytes, asn1_x509.Certificate] = {}
    with suppress(Exception):  # the parsers raise many kinds on damaged input, and the check itself tells of it
        for one in PdfFileReader(BytesIO(taken_apart(pdf_object).pdf)).embedded_signatures:
            for certificate in _certificates(one.signed_data):
                found[certificate.dump()] = certificate
    named = {certificate.subject.hashable for certificate in found.values() if certificate.ca}
    return Trust(tuple(der for der, one in found.items() if one.ca or one.issuer.hashable not in named))


def _certificates(signed: cms.SignedData) -> Iterator[asn1_x509.Certificate]:
    """Yield the certificates of a container and of the time stamps in it."""
    for choice in signed["certificates"]:
        yield choice.chosen
    for signer in signed["signer_infos"]:
        for attribute in signer["unsigned_attrs"]:
            if attribute["type"].native == "signature_time_stamp_token":
                for token in attribute["values"]:
                    yield from _certificates(token["content"])
