"""Signatures: PAdES on the PDF, detached CMS on anything else (pyHanko does the cryptography)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final, Protocol

from asn1crypto import cms
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from cryptography.x509 import load_der_x509_certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    SigDSSPlacementPreference,
    TimestampDSSContentSettings,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule

from resources.translation import tr, trn
from workstation.domain.errors import SignatureInvalid, TimeStampUnavailable
from workstation.domain.signature import KeyHolder, SignatureLevel, SignatureRole, SignatureStamp, SignedPdf
from workstation.exchange.paper.signature_fields import FIELDS, stamp_style, with_fields
from workstation.exchange.signing.sm2_check import FOLDER, Sm2Trust
from workstation.exchange.signing.sm2_form import SUFFIX
from workstation.exchange.signing.time_stamps import CLOCK_TOLERANCE, Stamper, TimeAuthority, stamped_time

_LOG: Final = logging.getLogger(__name__)
DIGEST: Final = "sha256"
REFUSED: Final = (SigningError, PdfError, ValueError)
"""What pyHanko raises where it does not sign."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a verifier believes: DER certificates of roots, known intermediates and revocation lists."""

    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    sm2: Sm2Trust | None = None
    """Whom it believes where a report carries a further signature"""

    @classmethod
    def from_folder(cls, folder: Path) -> Trust:
        """Read root.pem, issuing.pem and the revocation lists of a key store's folder."""
        lists = tuple(path.read_bytes() for path in sorted(folder.glob("*.crl")))
        sm2 = Sm2Trust.from_folder(folder / FOLDER)
        return cls(_certificates(folder / "root.pem"), _certificates(folder / "issuing.pem"), lists, sm2)

    @classmethod
    def from_root(cls, path: Path) -> Trust:
        """
        Read a root certificate in PEM or DER (intermediates then come with the signature), or a key store's folder.

        Raises SignatureInvalid when there is none.
        """
        try:
            trust = cls.from_folder(path) if path.is_dir() else cls(_certificates(path))
            for der in trust.roots + trust.intermediates:
                load_der_x509_certificate(der)
        except (OSError, ValueError) as exc:
            raise SignatureInvalid(
                tr("{path} holds no certificate to trust", path=path),
                hint=tr("Give the root certificate in PEM, or the folder that holds root.pem and issuing.pem."),
                detail=type(exc).__name__,
            ) from exc
        return trust

    def context(self, moment: datetime | None = None) -> ValidationContext:
        """
        Return pyHanko's view of it, for now or a moment, and without any network access.

        Where revocation lists are known, every certificate must be covered by a current one.
        """
        required = RevocationCheckingRule.CRL_REQUIRED if self.crls else RevocationCheckingRule.NO_CHECK
        return ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(der) for der in self.roots],
            other_certs=[asn1_x509.Certificate.load(der) for der in self.intermediates],
            crls=list(self.crls),
            allow_fetching=False,
            moment=moment,
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(required, required)),
        )


class FurtherSigner(Protocol):
    """A second key of the same person, open for the same act."""

    def sign_detached(self, content: bytes) -> bytes:
        """Return a detached signature over the content. Raises SignatureInvalid."""
        ...


class PadesSigner:
    """
    Implements UnlockedSigner for any key that pyHanko can use, in memory or on a token.

    ``level`` is the policy. Where the time authority does not answer, a PDF is signed at B with
    its revocation data: it awaits its time stamp (``TimeStamps.add``), and says so.
    """

    def __init__(
        self,
        signer: signers.Signer,
        trust: Trust,
        authority: TimeAuthority | None = None,
        level: SignatureLevel = SignatureLevel.LT,
    ) -> None:
        # it warns that revocation lists are not fetched from a network; they are local on purpose
        logging.getLogger("pyhanko.sign.signers").setLevel(logging.ERROR)
        self._signer = signer
        self._trust = trust
        self._authority = authority
        self._level = level
        self.further: FurtherSigner | None = None
        """A second key of the same person, where the policy wants one"""

    @property
    def holder(self) -> KeyHolder:
        """Return whom the certificate names. *Source:* RFC 4519, sections 2.3 (commonName) and 2.39 (uid)."""
        named = _certificate(self._signer).subject.native
        return KeyHolder(str(named.get("user_id", "")), str(named.get("common_name", "")))

    @property
    def certificate(self) -> bytes:
        """Return the certificate, DER."""
        return bytes(_certificate(self._signer).dump())

    def sign_pdf(self, pdf: bytes, *, reason: str, signer_name: str, stamp: SignatureStamp | None = None) -> SignedPdf:
        """
        Return the PDF with a PAdES signature over every byte, in the field of the stamp's role.

        Raises SignatureInvalid, also where this clock and the authority's differ by more than five minutes.
        """
        sign = partial(self._signed, pdf, reason, signer_name, stamp)
        if self._authority is not None and self._level is not SignatureLevel.B:
            stamper = Stamper(self._authority)
            try:
                _check_clock(asyncio.run(stamper.async_dummy_response(DIGEST)))
                return SignedPdf(sign(self._level, stamper), self._level)
            except TimeStampUnavailable as exc:
                _LOG.info("signed without a time stamp: %s", exc.detail)
        return SignedPdf(sign(SignatureLevel.B, None), SignatureLevel.B, self._level is not SignatureLevel.B)

    def _signed(
        self,
        pdf: bytes,
        reason: str,
        signer_name: str,
        stamp: SignatureStamp | None,
        level: SignatureLevel,
        stamper: Stamper | None,
    ) -> bytes:
        metadata = PdfSignatureMetadata(
            field_name=FIELDS[SignatureRole.VERIFIER if stamp is None else stamp.role],
            md_algorithm=DIGEST,
            reason=reason,
            name=signer_name,
            subfilter=SigSeedSubFilter.PADES,
            embed_validation_info=level is not SignatureLevel.T,
            use_pades_lta=level is SignatureLevel.LTA,
            validation_context=None if level is SignatureLevel.T else self._trust.context(),
            dss_settings=DSSContentSettings(
                include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
            ),
        )
        output = BytesIO()
        style = None if stamp is None else stamp_style(stamp)
        try:
            writer = IncrementalPdfFileWriter(BytesIO(pdf))
            with_fields(writer)
            signer = PdfSigner(metadata, self._signer, timestamper=stamper, stamp_style=style)
            signer.sign_pdf(writer, existing_fields_only=True, output=output)
        except REFUSED as exc:
            raise _failed(exc) from exc
        return output.getvalue()

    def sign_bytes(self, content: bytes) -> bytes:
        """Return the bare signature over the content: RSA PKCS#1 v1.5 with SHA-256. Raises SignatureInvalid."""
        try:
            return bytes(asyncio.run(self._signer.async_sign_raw(content, DIGEST)))
        except REFUSED as exc:
            raise _failed(exc) from exc

    def sign_detached(self, content: bytes) -> bytes:
        """Return a detached CMS (DER) over the content. Raises SignatureInvalid."""
        try:
            signed = asyncio.run(self._signer.async_sign_general_data(content, DIGEST, detached=True))
        except REFUSED as exc:
            raise _failed(exc) from exc
        return bytes(signed.dump())

    def sign_further(self, content: bytes) -> dict[str, bytes]:
        """Return the SM2 signature over the content where the policy wants one. Raises SignatureInvalid."""
        return {} if self.further is None else {SUFFIX: self.further.sign_detached(content)}

    def close(self) -> None:
        """A key in memory needs no closing; it is forgotten with this object."""


def _certificate(signer: signers.Signer) -> asn1_x509.Certificate:
    found = signer.signing_cert
    if found is None:
        raise SignatureInvalid(tr("The signing certificate is damaged"))
    return found


def add_time_stamp(pdf: bytes, trust: Trust, authority: TimeAuthority, moment: datetime | None = None) -> SignedPdf:
    """
    Return a PDF with a time stamp over the whole document: one that it lacked, or one that archives it.

    ``moment`` is the authority's time where it is not this clock's. Raises TimeStampUnavailable, SignatureInvalid.
    """
    output = BytesIO()
    try:
        PdfTimeStamper(Stamper(authority)).timestamp_pdf(
            IncrementalPdfFileWriter(BytesIO(pdf)),
            DIGEST,
            trust.context(moment),
            output=output,
            dss_settings=TimestampDSSContentSettings(include_vri=False, update_before_ts=True),
        )
    except REFUSED as exc:
        raise _failed(exc) from exc
    return SignedPdf(output.getvalue(), SignatureLevel.LT)


def _check_clock(token: cms.ContentInfo) -> None:
    """Raise SignatureInvalid where this machine's clock and the authority's do not agree."""
    difference = datetime.now(UTC) - stamped_time(token)
    if abs(difference) > CLOCK_TOLERANCE:
        raise SignatureInvalid(
            tr(
                "The clock of this computer is off by {span}",
                span=_span(difference),
            ),
            hint=tr("Nothing was signed. Set it by the time-stamping authority, then sign again."),
        )


def _span(difference: timedelta) -> str:
    minutes = round(abs(difference).total_seconds() / 60)
    return trn("{count} minute", "{count} minutes", minutes)


def _failed(exc: Exception) -> SignatureInvalid:
    return SignatureInvalid(
        tr("The report could not be signed"),
        hint=tr("The draft is kept. Check the certificate, then sign again."),
        detail=f"{type(exc).__name__}: {exc}"[:300],
    )


def _certificates(path: Path) -> tuple[bytes, ...]:
    content = path.read_bytes()
    if not asn1_pem.detect(content):
        return (content,)
    return tuple(der for _, _, der in asn1_pem.unarmor(content, multiple=True))
