"""
Whether certificates held when they were used: as of now, else as of a time that an authority has proven.

A certificate ends, and may be revoked later, while what it signed stays as true as it was. What counts is the time
of a time stamp that is itself trusted, never the time that a signer claims: whoever has an old key can claim any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Final

from asn1crypto import cms, crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import extract_signer_info
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import (
    extract_tst_data_iter,
    message_imprint_checker,
    validate_tst_signed_data,
)
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

from resources.translation import tr
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.usable_certificate import unfit_words


class Revocation(Enum):
    """By what it was judged whether a certificate was revoked."""

    LISTS = "the authority's lists"
    INSIDE = "the lists that the document carries, and no other"
    UNCHECKED = "nothing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a document carries to judge its certificates by, DER: signed by authorities, or it counts for nothing."""

    certificates: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, reader: PdfFileReader) -> Evidence:
        """Return what the security store of a PDF holds. *Source:* ETSI EN 319 142-1, section 5.4."""
        try:
            store = DocumentSecurityStore.read_dss(reader)
        except NoDSSFoundError:
            return cls()
        lists = (bytes(one.get_object().data) for one in store.crls)
        return cls(tuple(bytes(one.dump()) for one in store.load_certs()), tuple(lists))

    @property
    def made(self) -> datetime:
        """Return when the newest list was made."""
        found: datetime = max(
            crl.CertificateList.load(one)["tbs_cert_list"]["this_update"].native for one in self.lists
        )
        return found


NOTHING: Final = Evidence()


@dataclass(frozen=True, slots=True)
class Judged:
    """pyHanko's status, and how it came about."""

    status: Any
    basis: Revocation
    context: ValidationContext


@dataclass(frozen=True, slots=True)
class Judge:
    """Whom to believe, at what time, and by what evidence."""

    trust: Trust
    now: datetime
    evidence: Evidence = NOTHING
    _contexts: dict[tuple[datetime, bool, bool], ValidationContext] = field(default_factory=dict, init=False)

    def ask(self, check: Callable[[ValidationContext], Any], proven: datetime | None) -> Judged:
        """
        Judge by all lists that are known; by none only where there is none, and say so.

        ``proven`` is a trusted time at which what is judged existed already.
        """
        basis = Revocation.LISTS if self.trust.crls else Revocation.INSIDE
        if self.trust.crls or self.evidence.lists:
            found = self._ask(check, proven, basis)
            if self.trust.crls or _is_told(found.status):
                return found
        return self._ask(check, proven, Revocation.UNCHECKED)

    def signature(
        self,
        signed: cms.SignedData,
        check: Callable[[ValidationContext, ValidationContext], Any],
        proven: datetime | None,
    ) -> Judged:
        """
        Judge a signature together with the time stamp on it, if it has one: that proves when it was made.

        ``check`` takes the context for the signer and that for the time stamp.
        """
        found = self.ask(lambda context: check(context, context), None)
        stamp = getattr(found.status, "timestamp_validity", None)
        if not (found.status.intact and found.status.valid):
            return found
        if found.status.trusted and (stamp is None or stamp.trusted):
            return found
        signer = extract_signer_info(signed)
        token = next(iter(extract_tst_data_iter(signer, signed=False)), None)
        if token is None:
            return self.ask(lambda context: check(context, context), proven)
        stamped = self.ask(lambda context: _stamp(token, signer, context), proven)
        at = stamped.status.timestamp if stamped.status.trusted else None
        return self.ask(lambda context: check(context, stamped.context), at)

    def _ask(self, check: Callable[[ValidationContext], Any], proven: datetime | None, basis: Revocation) -> Judged:
        by_lists = basis is not Revocation.UNCHECKED
        now = self._context(self.now, by_lists=by_lists)
        status = check(now)
        if proven is None or status.trusted or not (status.intact and status.valid):
            return Judged(status, basis, now)
        then = self._context(proven, by_lists=by_lists, by_later_lists=True)
        status = check(then)
        if by_lists and status.trusted and self._has_ended(status):
            # authorities take ended certificates off their lists: only a list of that time tells of them
            of_that_time = self._context(proven, by_lists=True)
            return Judged(check(of_that_time), basis, of_that_time)
        return Judged(status, basis, then)

    def _context(self, at: datetime, *, by_lists: bool, by_later_lists: bool = False) -> ValidationContext:
        """
        Return pyHanko's view of a moment, without network.

        A revocation counts when it was before the moment, also where a list told of it later.
        """
        key = (at, by_lists, by_later_lists)
        if key not in self._contexts:
            rule = RevocationCheckingRule.CRL_REQUIRED if by_lists else RevocationCheckingRule.NO_CHECK
            known = dict.fromkeys((*self.trust.intermediates, *self.evidence.certificates))
            self._contexts[key] = ValidationContext(
                trust_roots=[asn1_x509.Certificate.load(der) for der in self.trust.roots],
                other_certs=[asn1_x509.Certificate.load(der) for der in known],
                crls=list(dict.fromkeys((*self.trust.crls, *self.evidence.lists))) if by_lists else [],
                allow_fetching=False,
                moment=at,
                revinfo_policy=CertRevTrustPolicy(
                    RevocationCheckingPolicy(rule, rule), retroactive_revinfo=by_later_lists
                ),
            )
        return self._contexts[key]

    def _has_ended(self, status: Any) -> bool:  # noqa: ANN401 - pyHanko's statuses share no public base
        path = status.validation_path.iter_certs(include_root=False)
        return any(one.not_valid_after < self.now for one in path)


def _is_told(status: Any) -> bool:  # noqa: ANN401 - as above
    """Tell whether lists gave an answer: it held, it was altered, it was revoked."""
    return bool(status.trusted or status.revoked or not (status.intact and status.valid))


def _stamp(token: cms.SignedData, signer: cms.SignerInfo, context: ValidationContext) -> TimestampSignatureStatus:
    found = asyncio.run(validate_tst_signed_data(token, context, message_imprint_checker(signer)))
    return TimestampSignatureStatus(**found)


def revocation_words(words: str, basis: Revocation, evidence: Evidence) -> str:
    """Return what a signature is worth, with what was not checked."""
    if basis is Revocation.UNCHECKED:
        return tr(
            "{words}. Whether the certificate was revoked has not been checked: no revocation list is at hand",
            words=words,
        )
    if basis is Revocation.INSIDE:
        return tr(
            "{words}. Whether the certificate was revoked is known up to {date} only, by the lists inside",
            words=words,
            date=evidence.made.astimezone().strftime("%Y-%m-%d"),
        )
    return words


def doubt_words(status: Any, before: datetime | None, now: datetime) -> str:  # noqa: ANN401 - as above
    """
    Say why a signer, or the time stamp on the signature, is not trusted, empty where both are.

    A signer is held to what its certificate was made for, as before signing; an authority of time to its own purpose.

    ``before`` is a proven time at which both existed.
    """
    stamp = getattr(status, "timestamp_validity", None)
    if stamp is None or (stamp.intact and stamp.valid and stamp.trusted):
        is_proven = stamp is not None or before is not None
        return unfit_words(status.signing_cert) if status.trusted else trust_words(status, now, stamped=is_proven)
    if not status.trusted and not stamp.revoked and stamp.signing_cert.not_valid_after > now:
        return trust_words(status, now, stamped=False)  # a stranger on the whole
    return stamp_words(stamp, before or now)


def trust_words(status: Any, now: datetime, *, stamped: bool) -> str:  # noqa: ANN401 - as above
    """Say why a signer is not trusted."""
    if status.revoked:
        return tr("The signer's certificate has been revoked")
    if unfit := unfit_words(status.signing_cert):
        return unfit
    ended = status.signing_cert.not_valid_after
    if ended >= now:
        return tr("The signer's certificate does not come from a trusted authority or is not valid now")
    date = ended.astimezone().strftime("%Y-%m-%d")
    if stamped:
        return tr(
            "The signer's certificate ended on {date}, and nothing at hand tells that it was in force when it signed",
            date=date,
        )
    return tr("The signer's certificate ended on {date}, and no time stamp proves that it signed before", date=date)


def stamp_words(status: Any, proven: datetime, *, whole: bool = False) -> str:  # noqa: ANN401 - as above
    """Say why a time stamp is not trusted; ``proven`` is the time of the stamp over it, else now."""
    if status.intact and status.valid:
        if status.revoked:
            return tr("The certificate of the time-stamping authority has been revoked")
        ended = status.signing_cert.not_valid_after
        if ended < proven:
            return tr(
                "The certificate of the time-stamping authority ended on {date}, and no archive time stamp was "
                "added before: nothing proves any more when this was signed",
                date=ended.astimezone().strftime("%Y-%m-%d"),
            )
    if whole:
        return tr("The time stamp of the document does not hold")
    return tr("The time stamp of the signature does not hold")
