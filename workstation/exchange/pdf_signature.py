"""Checking the PAdES signature of a PDF and reading what it carries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus

from resources.translation import tr
from workstation.dicom.report_manifest import MANIFEST_NAME
from workstation.domain.signature import Verdict
from workstation.exchange.cms_form import is_canonical
from workstation.exchange.pades import Trust

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_MARKS_OF_A_SIGNATURE: Final = (b"/ByteRange", b"/Contents <", b"ETSI.CAdES", b"/Sig")


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one signature check; ``manifest`` only of a PDF that carries one and is VALID."""

    verdict: Verdict
    explanation: str
    signer: str = ""
    manifest: dict[str, Any] | None = None


def check_pdf(data: bytes, trust: Trust, now: Callable[[], datetime]) -> Checked:
    """
    Check every signature of a PDF.

    VALID only when all of them are intact and trusted, cover the whole file and nothing was
    appended. May raise whatever the parser raises on damaged input.
    """
    reader = PdfFileReader(BytesIO(data))
    signatures = list(reader.embedded_signatures)
    if not signatures:
        if any(mark in data for mark in _MARKS_OF_A_SIGNATURE):
            return Checked(Verdict.ALTERED, tr("The signature inside the PDF has been damaged or removed"))
        return Checked(Verdict.UNSIGNED, tr("This PDF carries no signature"))
    checked = [_check(signature, data, trust, now) for signature in signatures]
    bad = next((one for one in checked if one.verdict is not Verdict.VALID), None)
    if bad is not None:
        return bad
    return Checked(Verdict.VALID, checked[-1].explanation, checked[-1].signer, _manifest(reader))


def _check(  # noqa: PLR0911 - one return for each thing that can be wrong reads best
    signature: EmbeddedPdfSignature, data: bytes, trust: Trust, now: Callable[[], datetime]
) -> Checked:
    status = validate_pdf_signature(signature, trust.context())
    signer = str(status.signing_cert.subject.native.get("common_name", ""))
    if not status.intact:
        return Checked(Verdict.ALTERED, tr("The content of the PDF was changed after it was signed"), signer)
    if not status.valid:
        return Checked(Verdict.ALTERED, tr("The signature of the PDF was changed"), signer)
    if not _covers_everything(status):
        return Checked(Verdict.ALTERED, tr("Something was added to the PDF after it was signed"), signer)
    if not status.trusted:
        return Checked(Verdict.UNTRUSTED, trust_words(status), signer)
    if not status.bottom_line:
        return Checked(Verdict.UNKNOWN, tr("The signature of the PDF breaks the rules for signatures"), signer)
    late = time_words(status.signer_reported_dt, status.signing_cert, now())
    if late:
        return Checked(Verdict.UNTRUSTED, late, signer)
    if not _tight(signature, data, status):
        return Checked(Verdict.UNKNOWN, tr("The signature container has bytes that no signature protects"), signer)
    return Checked(Verdict.VALID, tr("Signed by {name}; unchanged since", name=signer), signer)


def _covers_everything(status: PdfSignatureStatus) -> bool:
    """Allow later revisions only where they add archive time stamps, never page content."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return (
        status.coverage == SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level is not None
        and status.modification_level <= ModificationLevel.LTA_UPDATES
    )


def trust_words(status: Any) -> str:  # noqa: ANN401 - pyHanko's PDF and CMS statuses share no public base
    """Say why a signer is not trusted."""
    if status.revoked:
        return tr("The signer's certificate has been revoked")
    return tr("The signer's certificate does not come from a trusted authority or is not valid now")


def time_words(claimed: datetime | None, certificate: Any, now: datetime) -> str:  # noqa: ANN401 - asn1crypto has no types
    """Return what is wrong with the claimed time of signing, empty when nothing is."""
    if claimed is None:
        return ""
    if claimed.tzinfo is None:
        claimed = claimed.replace(tzinfo=UTC)
    if claimed > now + CLOCK_TOLERANCE:
        return tr("The time of signing lies in the future")
    if not certificate.not_valid_before - CLOCK_TOLERANCE <= claimed <= certificate.not_valid_after:
        return tr("The time of signing lies outside the validity of the certificate")
    return ""


def trusted_path(status: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the certificates of the validated path, root first."""
    return list(status.validation_path.iter_certs(include_root=True))


def _tight(signature: EmbeddedPdfSignature, data: bytes, status: PdfSignatureStatus) -> bool:
    """Tell whether nothing hides between the signed ranges: canonical CMS, hexadecimal of one case, zeros."""
    start, length, resume, rest = (int(number) for number in signature.byte_range)
    whole = status.modification_level is not ModificationLevel.LTA_UPDATES
    if start != 0 or resume + rest > len(data) or (whole and resume + rest != len(data)):
        return False  # pyHanko tolerates bytes after the end of the file
    gap = data[length:resume]
    der = cms.ContentInfo.load(signature.pkcs7_content).dump()
    digits = der.hex().encode()
    padding = len(gap) - len(digits) - 2
    exact = [b"<" + form + b"0" * padding + b">" for form in (digits, digits.upper())]
    return padding >= 0 and gap in exact and is_canonical(der, trusted_path(status))


def _manifest(reader: PdfFileReader) -> dict[str, Any] | None:
    """Return the embedded manifest, None when the PDF carries none."""
    names = reader.root.get("/Names") or {}
    entries = (names.get("/EmbeddedFiles") or {}).get("/Names") or []
    for index in range(1, len(entries), 2):
        specification = entries[index]
        if MANIFEST_NAME in {specification.get("/F"), specification.get("/UF")}:
            content = json.loads(specification["/EF"]["/F"].data)
            return content if isinstance(content, dict) else None
    return None
