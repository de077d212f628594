"""Checking the PAdES signature of a PDF and reading what it carries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    SignatureCoverageLevel,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko.sign.validation.status import DocumentTimestampStatus, PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from resources.translation import tr
from workstation.dicom.report_manifest import MANIFEST_NAME
from workstation.domain.signature import SignatureLevel, SignatureRole, Verdict
from workstation.exchange.cms_form import is_canonical, is_canonical_token
from workstation.exchange.pades import Trust
from workstation.exchange.signature_fields import FIELDS
from workstation.exchange.time_stamps import CLOCK_TOLERANCE

_MARKS_OF_A_SIGNATURE: Final = (b"/ByteRange", b"/Contents <", b"ETSI.CAdES", b"/Sig")


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of one signature check; ``manifest`` only of a PDF that carries one and is VALID."""

    verdict: Verdict
    explanation: str
    signer: str = ""
    manifest: dict[str, Any] | None = None
    signed_at: datetime | None = None
    level: SignatureLevel | None = None
    role: SignatureRole = SignatureRole.VERIFIER
    attached: Mapping[str, bytes] = field(default_factory=dict)
    """The files that a VALID PDF carries, the manifest apart"""


def check_pdf(data: bytes, trust: Trust, now: Callable[[], datetime]) -> Checked:
    """
    Check every signature and every time stamp of a PDF.

    VALID only when all of them are intact and trusted, cover the whole file and nothing was
    appended. May raise whatever the parser raises on damaged input.
    """
    reader = PdfFileReader(BytesIO(data))
    found = list(reader.embedded_signatures)
    signatures = [one for one in found if one.sig_object_type == "/Sig"]
    if not signatures:
        if any(mark in data for mark in _MARKS_OF_A_SIGNATURE):
            return Checked(Verdict.ALTERED, tr("The signature inside the PDF has been damaged or removed"))
        return Checked(Verdict.UNSIGNED, tr("This PDF carries no signature"))
    if max(int(one.byte_range[2]) + int(one.byte_range[3]) for one in found) != len(data):
        # pyHanko tolerates bytes after the end of the file
        return Checked(Verdict.ALTERED, tr("Something was added to the PDF after it was signed"))
    context = trust.context()
    stamps = [(stamp, validate_pdf_timestamp(stamp, context)) for stamp in found if stamp not in signatures]
    for stamp, status in stamps:
        if fault := _stamp_fault(stamp, data, status, now()):
            return fault
    earliest = min((status.timestamp for _, status in stamps), default=None)
    both = _author_then_verifier(reader, signatures)
    checked = [_check(signature, data, context, earliest, now(), both=both) for signature in signatures]
    bad = next((one for one in checked if one.verdict is not Verdict.VALID), None)
    if bad is not None:
        return bad
    last = checked[-1]
    files = attached_files(reader)
    return replace(
        last,
        explanation=_people(checked),
        manifest=_manifest(files.pop(MANIFEST_NAME, None)),
        level=_level(reader, last.level, documents=bool(stamps)),
        attached=files,
    )


def _author_then_verifier(reader: PdfFileReader, signatures: list[EmbeddedPdfSignature]) -> bool:
    """Tell whether a verifier signed what its author had signed, in fields that both were there from the first."""
    names = [signature.field_name for signature in signatures]
    if names != [FIELDS[SignatureRole.AUTHOR], FIELDS[SignatureRole.VERIFIER]]:
        return False
    before = reader.get_historical_resolver(signatures[0].signed_revision)
    return _field_names(before) == _field_names(reader) == set(names)


def _field_names(document: PdfHandler) -> set[str]:
    return {name for name, _value, _field in enumerate_sig_fields(document)}


def _people(checked: list[Checked]) -> str:
    """Say who signed as what."""
    last = checked[-1]
    if len(checked) > 1:
        author = checked[0].signer
        return tr("{words}; written and signed by {author}", words=last.explanation, author=author)
    if last.role is SignatureRole.AUTHOR:
        return tr("{words}. A preliminary report: nobody has verified it", words=last.explanation)
    return last.explanation


def _check(  # noqa: PLR0911 - one return for each thing that can be wrong reads best
    signature: EmbeddedPdfSignature,
    data: bytes,
    context: ValidationContext,
    document_stamp: datetime | None,
    now: datetime,
    *,
    both: bool,
) -> Checked:
    """
    Check one signature; ``document_stamp`` is the time of the earliest time stamp over the whole document.

    ``both`` tells that a later signature in the other field is the one change that is allowed.
    """
    status = validate_pdf_signature(signature, context)
    signer = str(status.signing_cert.subject.native.get("common_name", ""))
    if not status.intact:
        return Checked(Verdict.ALTERED, tr("The content of the PDF was changed after it was signed"), signer)
    if not status.valid:
        return Checked(Verdict.ALTERED, tr("The signature of the PDF was changed"), signer)
    most = ModificationLevel.FORM_FILLING if both else ModificationLevel.LTA_UPDATES
    if not _covers_everything(status, most):
        return Checked(Verdict.ALTERED, tr("Something was added to the PDF after it was signed"), signer)
    if not status.trusted:
        return Checked(Verdict.UNTRUSTED, trust_words(status), signer)
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid and stamp.trusted):
        return Checked(Verdict.UNTRUSTED, tr("The time stamp of the signature does not hold"), signer)
    if not status.bottom_line:
        return Checked(Verdict.UNKNOWN, tr("The signature of the PDF breaks the rules for signatures"), signer)
    claimed, stamped = status.signer_reported_dt, stamp.timestamp if stamp else document_stamp
    wrong = time_words(claimed, stamped, status.signing_cert, now, beside=stamp is not None)
    if wrong:
        return Checked(Verdict.UNTRUSTED, wrong, signer)
    if not _tight(signature, data, status):
        return Checked(Verdict.UNKNOWN, tr("The signature container has bytes that no signature protects"), signer)
    level = SignatureLevel.B if stamp is None else SignatureLevel.T
    words = tr("Signed by {name}; unchanged since", name=signer)
    if stamped is None:
        words = tr("Signed by {name}; unchanged since. The time stamp is still missing", name=signer)
    role = SignatureRole.AUTHOR if signature.field_name == FIELDS[SignatureRole.AUTHOR] else SignatureRole.VERIFIER
    return Checked(Verdict.VALID, words, signer, None, stamped or claimed, level, role)


def _stamp_fault(
    stamp: EmbeddedPdfSignature, data: bytes, status: DocumentTimestampStatus, now: datetime
) -> Checked | None:
    """Return what is wrong with a time stamp over the whole document, None when nothing is."""
    if not (status.intact and status.valid) or not _covers_everything(status):
        return Checked(Verdict.ALTERED, tr("The PDF was changed after its time stamp was added"))
    if not status.trusted:
        return Checked(Verdict.UNTRUSTED, tr("The time stamp of the document does not hold"))
    if status.timestamp > now + CLOCK_TOLERANCE:
        return Checked(Verdict.UNTRUSTED, tr("The time of signing lies in the future"))
    if not _tight(stamp, data, status):
        return Checked(Verdict.UNKNOWN, tr("The signature container has bytes that no signature protects"))
    return None


def _level(reader: PdfFileReader, own: SignatureLevel | None, *, documents: bool) -> SignatureLevel:
    """Say how much proof travels inside: ETSI EN 319 142-1 counts a document time stamp as a time stamp."""
    if own is not SignatureLevel.T and not documents:
        return SignatureLevel.B
    if "/DSS" not in reader.root:
        return SignatureLevel.T
    return SignatureLevel.LTA if own is SignatureLevel.T and documents else SignatureLevel.LT


def _covers_everything(
    status: PdfSignatureStatus | DocumentTimestampStatus, most: ModificationLevel = ModificationLevel.LTA_UPDATES
) -> bool:
    """Allow later revisions only where they add archive time stamps or the second signature, never page content."""
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return True
    return (
        status.coverage == SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level is not None
        and status.modification_level <= most
    )


def trust_words(status: Any) -> str:  # noqa: ANN401 - pyHanko's PDF and CMS statuses share no public base
    """Say why a signer is not trusted."""
    if status.revoked:
        return tr("The signer's certificate has been revoked")
    return tr("The signer's certificate does not come from a trusted authority or is not valid now")


def time_words(
    claimed: datetime | None,
    stamped: datetime | None,
    certificate: asn1_x509.Certificate,
    now: datetime,
    *,
    beside: bool = True,
) -> str:
    """
    Return what is wrong with the times of a signature, empty when nothing is.

    Neither time may lie in the future or outside the certificate's validity. A time stamp made
    with the signature (``beside``) must agree with the signer's clock; one added later may be
    later, never earlier.
    """
    claimed, stamped = _aware(claimed), _aware(stamped)
    for time in (claimed, stamped):
        if time is None:
            continue
        if time > now + CLOCK_TOLERANCE:
            return tr("The time of signing lies in the future")
        if not certificate.not_valid_before - CLOCK_TOLERANCE <= time <= certificate.not_valid_after:
            return tr("The time of signing lies outside the validity of the certificate")
    if claimed is not None and stamped is not None:
        late = stamped - claimed
        if late < -CLOCK_TOLERANCE or (beside and late > CLOCK_TOLERANCE):
            return tr("The signer's clock and the time stamp do not agree")
    return ""


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def trusted_path(status: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Return the certificates of the validated path, root first."""
    return list(status.validation_path.iter_certs(include_root=True))


def _tight(signature: EmbeddedPdfSignature, data: bytes, status: PdfSignatureStatus | DocumentTimestampStatus) -> bool:
    """Tell whether nothing hides between the signed ranges: canonical CMS, hexadecimal of one case, zeros."""
    start, length, resume, rest = (int(number) for number in signature.byte_range)
    if start != 0 or resume + rest > len(data):
        return False
    gap = data[length:resume]
    der = cms.ContentInfo.load(signature.pkcs7_content).dump()
    digits = der.hex().encode()
    padding = len(gap) - len(digits) - 2
    exact = [b"<" + form + b"0" * padding + b">" for form in (digits, digits.upper())]
    if padding < 0 or gap not in exact:
        return False
    if isinstance(status, DocumentTimestampStatus):
        return is_canonical_token(der, trusted_path(status))
    stamp = getattr(status, "timestamp_validity", None)
    return is_canonical(der, trusted_path(status), trusted_path(stamp) if stamp else ())


def attached_files(reader: PdfFileReader) -> dict[str, bytes]:
    """Return the files embedded in a PDF by name."""
    names = reader.root.get("/Names") or {}
    entries = (names.get("/EmbeddedFiles") or {}).get("/Names") or []
    found = {}
    for index in range(1, len(entries), 2):
        specification = entries[index]
        name = specification.get("/UF") or specification.get("/F")
        found[str(name)] = bytes(specification["/EF"]["/F"].data)
    return found


def _manifest(content: bytes | None) -> dict[str, Any] | None:
    """Return the embedded manifest, None when the PDF carries none."""
    parsed = None if content is None else json.loads(content)
    return parsed if isinstance(parsed, dict) else None
