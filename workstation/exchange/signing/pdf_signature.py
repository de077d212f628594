"""Checking the PAdES signature of a PDF and reading what it carries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any, Final

from asn1crypto import cms
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

from resources.translation import tr
from workstation.dicom.objects.report_manifest import MANIFEST_NAME, PRELIMINARY_NAME, names_as_verifier
from workstation.domain.signature import SignatureLevel, SignatureRole, Verdict
from workstation.exchange.paper.signature_fields import FIELDS
from workstation.exchange.signing.checked import Checked
from workstation.exchange.signing.cms_form import is_canonical, is_canonical_token
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.proof import Evidence, Judge, doubt_words, revocation_words, stamp_words
from workstation.exchange.signing.sm2_check import about_sm2
from workstation.exchange.signing.sm2_form import SUFFIX
from workstation.exchange.signing.time_words import came_later, future_words, time_words

_MARKS_OF_A_SIGNATURE: Final = (b"/ByteRange", b"/Contents <", b"ETSI.CAdES", b"/Sig")


def check_pdf(data: bytes, trust: Trust, now: Callable[[], datetime], proven: datetime | None = None) -> Checked:
    """
    Check every signature and every time stamp of a PDF.

    VALID only when all of them are intact and trusted, cover the whole file and nothing was
    appended. ``proven`` is a time at which the file is known to have existed. May raise whatever the
    parser raises on damaged input.
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
    judge = Judge(trust, now(), Evidence.of(reader))
    stamps = [stamp for stamp in found if stamp not in signatures]
    times: list[tuple[int, datetime]] = []
    for stamp in reversed(stamps):  # each proves that what lies below it existed before
        status = judge.ask(partial(validate_pdf_timestamp, stamp), times[-1][1] if times else proven).status
        if fault := _stamp_fault(stamp, data, status, times[-1][1] if times else now()):
            return fault
        times.append((stamp.signed_revision, status.timestamp))
    both = _author_then_verifier(reader, signatures)
    checked = []
    for signature in signatures:
        over = min((time for revision, time in times if revision > signature.signed_revision), default=None)
        checked.append(_check(signature, data, judge, over, proven, both=both))
    bad = next((one for one in checked if one.verdict is not Verdict.VALID), None)
    if bad is not None:
        return bad
    last = checked[-1]
    last = replace(last, level=_level(reader, last.level, documents=bool(stamps)), evidence=judge.evidence)
    return _with_what_it_carries(last, _people(checked), attached_files(reader), trust, now)


def _with_what_it_carries(
    last: Checked, words: str, files: dict[str, bytes], trust: Trust, now: Callable[[], datetime]
) -> Checked:
    """Hold the last signature against the files inside: who verified, what the author signed, a further signature."""
    listed = files.pop(MANIFEST_NAME, None)
    manifest = _manifest(listed)
    if last.role is SignatureRole.VERIFIER:
        if not names_as_verifier(manifest or {}, name=last.signer, user_id=last.signer_id):
            other = tr("{signer} signed, but the report names another verifying physician", signer=last.signer)
            return Checked(Verdict.UNTRUSTED, other, last.signer)
        words += _about_the_author(files.get(PRELIMINARY_NAME), manifest or {}, trust, now, last.proven)
    verdict = last.verdict
    if listed is not None and MANIFEST_NAME + SUFFIX in files:
        told, contradicts = about_sm2(listed, files[MANIFEST_NAME + SUFFIX], trust.sm2, last.signer, now())
        words, verdict = words + told, Verdict.UNKNOWN if contradicts else verdict
    return replace(
        last,
        verdict=verdict,
        explanation=revocation_words(words, last.basis, last.evidence),
        manifest=manifest if verdict is Verdict.VALID else None,
        attached=files,
    )


def _about_the_author(
    preliminary: bytes | None,
    manifest: Mapping[str, Any],
    trust: Trust,
    now: Callable[[], datetime],
    proven: datetime | None,
) -> str:
    """Say what became of the author's signature over the preliminary report, empty where there was none."""
    if preliminary is None:
        named = manifest.get("author_signature")
        return "" if named is None else tr("; its author signed the preliminary report, which is kept apart")
    try:
        own = check_pdf(preliminary, trust, now, proven)
    except Exception as exc:  # noqa: BLE001 - pyHanko raises many kinds on damaged input
        own = Checked(Verdict.UNKNOWN, type(exc).__name__)
    if own.verdict is Verdict.VALID and own.role is SignatureRole.AUTHOR:
        return tr("; {author} wrote it and signed the preliminary report", author=own.signer)
    return tr("; the author's signature on the preliminary report does not hold: {reason}", reason=own.explanation)


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
    judge: Judge,
    document_stamp: datetime | None,
    proven: datetime | None,
    *,
    both: bool,
) -> Checked:
    """
    Check one signature; ``document_stamp`` is the time of the earliest time stamp over the whole of it.

    ``both`` tells that a later signature in the other field is the one change that is allowed.
    """
    before = document_stamp or proven
    judged = judge.signature(
        signature.signed_data, lambda signer, stamp: validate_pdf_signature(signature, signer, stamp), before
    )
    status = judged.status
    signer = str(status.signing_cert.subject.native.get("common_name", ""))
    if not status.intact:
        return Checked(Verdict.ALTERED, tr("The content of the PDF was changed after it was signed"), signer)
    if not status.valid:
        return Checked(Verdict.ALTERED, tr("The signature of the PDF was changed"), signer)
    most = ModificationLevel.FORM_FILLING if both else ModificationLevel.LTA_UPDATES
    if not _covers_everything(status, most):
        return Checked(Verdict.ALTERED, tr("Something was added to the PDF after it was signed"), signer)
    stamp = status.timestamp_validity
    claimed, stamped = status.signer_reported_dt, stamp.timestamp if stamp else document_stamp
    doubt = future_words(judge.now, claimed, stamped) or doubt_words(status, before, judge.now)
    if doubt:
        return Checked(Verdict.UNTRUSTED, doubt, signer)
    if not status.bottom_line:
        return Checked(Verdict.UNKNOWN, tr("The signature of the PDF breaks the rules for signatures"), signer)
    wrong = time_words(claimed, stamped, status.signing_cert, judge.now, beside=stamp is not None)
    if wrong:
        return Checked(Verdict.UNTRUSTED, wrong, signer)
    if not _tight(signature, data, status):
        return Checked(Verdict.UNKNOWN, tr("The signature container has bytes that no signature protects"), signer)
    level = SignatureLevel.B if stamp is None else SignatureLevel.T
    words = tr("Signed by {name}; unchanged since", name=signer)
    if stamped is None:
        words = tr("Signed by {name}; unchanged since. The time stamp is still missing", name=signer)
    elif came_later(claimed, document_stamp if stamp is None else None):
        words = tr(
            "Signed by {name}; unchanged since. The time stamp was added later, on {time}: it proves nothing of before",
            name=signer,
            time=stamped.astimezone().strftime("%Y-%m-%d %H:%M"),
        )
    role = SignatureRole.AUTHOR if signature.field_name == FIELDS[SignatureRole.AUTHOR] else SignatureRole.VERIFIER
    at = stamped or claimed
    held = Checked(Verdict.VALID, words, signer, None, at, level, role, proven=stamped or proven, basis=judged.basis)
    return replace(held, signer_id=str(status.signing_cert.subject.native.get("user_id", "")))


def _stamp_fault(
    stamp: EmbeddedPdfSignature, data: bytes, status: DocumentTimestampStatus, before: datetime
) -> Checked | None:
    """Return what is wrong with a time stamp over the whole document; ``before`` is the stamp over it, else now."""
    if not (status.intact and status.valid) or not _covers_everything(status):
        return Checked(Verdict.ALTERED, tr("The PDF was changed after its time stamp was added"))
    if words := future_words(before, status.timestamp):
        return Checked(Verdict.UNTRUSTED, words)
    if not status.trusted:
        return Checked(Verdict.UNTRUSTED, stamp_words(status, before, whole=True))
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
