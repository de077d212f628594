"""
Verifying what this product signs, and saying in words what was altered.

A signed PDF vouches for itself and, through its manifest, for the SRs and for the DICOM object
around it. A detached signature (``.p7s``) beside a file vouches for that file.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms
from pydicom.dataset import Dataset
from pyhanko.sign.validation import async_validate_detached_cms

from resources.translation import tr
from workstation.dicom.objects.encapsulated import ENCAPSULATED_PDF, taken_apart
from workstation.dicom.objects.file_head import copy_of
from workstation.dicom.objects.report_manifest import altered_parts
from workstation.dicom.objects.stamped_version import before_its_stamp
from workstation.dicom.sr.common import read_part10
from workstation.domain.errors import HostileInput
from workstation.domain.signature import Verdict, VerificationResult
from workstation.exchange.signing.checked import Checked
from workstation.exchange.signing.cms_form import is_canonical
from workstation.exchange.signing.inner_signature import check_inside, other_observer
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.pdf_signature import check_pdf, trusted_path
from workstation.exchange.signing.proof import NOTHING, Judge, doubt_words, revocation_words
from workstation.exchange.signing.time_words import time_words

_LOG: Final = logging.getLogger(__name__)
_P7S: Final = ".p7s"
_LARGEST_NEIGHBOUR: Final = 30_000_000
_MOST_NEIGHBOURS: Final = 64
_RECENT: Final = timedelta(seconds=10)
_DICM: Final = 128


@dataclass(frozen=True, slots=True)
class SignatureVerifier:
    """Implements VerifierPort: report.pdf, the DICOM object around it, SRs and .p7s files."""

    trust: Trust
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _seen: dict[str, tuple[datetime, Checked]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("pyhanko", "pyhanko_certvalidator"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs each damage; the verdict tells it better

    def verify(self, path: Path) -> VerificationResult:
        """Return the verdict on one file; broken input gives UNKNOWN, never an exception."""
        return _guarded(path.name, lambda: self._checked(path))

    def verify_bytes(self, name: str, content: bytes) -> VerificationResult:
        """Return the verdict on what carries its own signature, held in memory: a PDF, the object around one, an SR."""
        return _guarded(name, lambda: self._self_contained(content))

    def examined(self, content: bytes) -> Checked:
        """Return all that was found of what carries its own signature; broken input gives UNKNOWN."""
        try:
            return self._self_contained(content)
        except Exception as exc:  # noqa: BLE001 - the parsers raise many kinds on damaged input
            return Checked(Verdict.UNKNOWN, type(exc).__name__)

    def _self_contained(self, data: bytes) -> Checked:
        if data[:5] == b"%PDF-":
            return check_pdf(data, self.trust, self.now)
        if data[_DICM : _DICM + 4] == b"DICM":
            return _of_copy(data, self._dicom)
        return Checked(Verdict.UNKNOWN, tr("This is neither a PDF nor a DICOM object"))

    def _checked(self, path: Path) -> Checked:
        if path.suffix.lower() == _P7S:
            content = path.with_suffix("")
            if not content.exists():
                return Checked(Verdict.UNKNOWN, tr("The file that this signature belongs to is missing"))
            signature = path.read_bytes()
            return _of_copy(content.read_bytes(), lambda signed: self._beside(content, signed, signature))
        data = path.read_bytes()
        if data[:5] == b"%PDF-":
            return check_pdf(data, self.trust, self.now)
        if data[_DICM : _DICM + 4] != b"DICM":
            beside = path.with_name(path.name + _P7S)
            if beside.exists():
                return self._detached(data, beside.read_bytes())
            return Checked(Verdict.UNKNOWN, tr("This is neither a PDF nor a DICOM object"))
        return _of_copy(data, lambda signed: self._dicom(signed, path))

    def _dicom(self, data: bytes, path: Path | None = None) -> Checked:
        if ENCAPSULATED_PDF.encode() in data[:1024]:
            return self._encapsulated(data, path)
        if path is not None:
            return self._object(path, data)
        return check_inside(data, _read(data), self.trust, self.now) or _unsigned(None)

    def _encapsulated(self, data: bytes, path: Path | None = None) -> Checked:
        """
        Check the PDF inside, then every byte around it against the PDF's manifest.

        Where the time of the PDF is proven no more, a preserved copy beside it counts: the same bytes, stamped on.
        """
        try:
            data = before_its_stamp(data)
            envelope = taken_apart(data)
        except (ValueError, HostileInput, IndexError, AttributeError):
            return Checked(Verdict.ALTERED, tr("The DICOM object around the PDF was changed"))
        checked = self._recently_checked(envelope.pdf)
        if checked.verdict is Verdict.UNTRUSTED and path is not None:
            checked = self._preserved(envelope.pdf, path) or checked
        if checked.verdict is not Verdict.VALID:
            return checked
        expected = (checked.manifest or {}).get("encapsulated")
        if expected is None:
            words = tr("The PDF inside is unchanged, but nothing vouches for the DICOM object around it")
            return Checked(Verdict.UNKNOWN, words, checked.signer)
        if hashlib.sha256(envelope.surroundings).hexdigest() == expected:
            return checked
        parts = ((checked.manifest or {}).get("parts") or {}).get("encapsulated", {})
        return _altered(altered_parts(parts, data), checked.signer)

    def _object(self, path: Path, data: bytes) -> Checked:
        """
        Check a DICOM object by the signed PDF that knows it, else by the detached signature beside it.

        Anybody who may sign can put a signature beside what was changed: the manifest of the report decides.
        """
        ds = _read(data)
        digest, uid = hashlib.sha256(data).hexdigest(), str(ds.get("SOPInstanceUID", ""))
        beside = path.with_name(path.name + _P7S)
        detached = self._beside(path, data, beside.read_bytes()) if beside.exists() else None
        if detached is not None and detached.verdict is not Verdict.ALTERED:
            return self._contradicted(path, data, digest, uid) or _of_observer(detached, ds)
        damaged: Checked | None = None
        for checked in self._neighbours(path):
            if checked.verdict is not Verdict.VALID:
                damaged = damaged or checked
                continue
            manifest = checked.manifest or {}
            name = _entry(manifest, path.name, digest, uid)
            if name is None:
                continue
            if manifest["objects"][name] == digest:
                return detached or self._carried(checked, name, data)
            parts = (manifest.get("parts") or {}).get(name, {})
            return _altered(altered_parts(parts, data) if parts else [], checked.signer)
        return detached or check_inside(data, ds, self.trust, self.now) or _unsigned(damaged)

    def _contradicted(self, path: Path, data: bytes, digest: str, uid: str) -> Checked | None:
        """Return what a signed report beside an object says where it knows it otherwise, None where none does."""
        found: Checked | None = None
        for checked in self._neighbours(path):
            manifest = checked.manifest or {}
            name = _entry(manifest, "", digest, uid) if checked.verdict is Verdict.VALID else None
            if name is None:
                continue
            if manifest["objects"][name] == digest:
                return None
            parts = (manifest.get("parts") or {}).get(name, {})
            found = found or _altered(altered_parts(parts, data) if parts else [], checked.signer)
        return found

    def _beside(self, path: Path, data: bytes, signature: bytes) -> Checked:
        """
        Check a detached CMS that lies beside a file.

        It has no time stamp: once its certificate has ended, only a valid PDF that carries the same proves its time.
        """
        alone = self._detached(data, signature)
        if alone.verdict is not Verdict.UNTRUSTED:
            return alone
        for checked in self._neighbours(path):
            if checked.verdict is Verdict.VALID and signature in checked.attached.values():
                return self._detached(data, signature, checked)
        return alone

    def _carried(self, checked: Checked, name: str, data: bytes) -> Checked:
        """Hold an object that a signed PDF vouches for to the detached signature that travels in the PDF as well."""
        signature = checked.attached.get(name + _P7S)
        own = checked if signature is None else self._detached(data, signature, checked)
        return checked if own.verdict is Verdict.VALID else own

    def _preserved(self, pdf: bytes, path: Path) -> Checked | None:
        """Check the copies of a PDF in the same folder to which an archive time stamp was added."""
        for copy in sorted(path.parent.glob("*.pdf"))[:_MOST_NEIGHBOURS]:
            if not copy.is_file() or not len(pdf) < copy.stat().st_size <= _LARGEST_NEIGHBOUR:
                continue
            data = copy.read_bytes()
            if data.startswith(pdf) and (checked := self._recently_checked(data)).verdict is Verdict.VALID:
                return checked
        return None

    def _neighbours(self, path: Path) -> Iterator[Checked]:
        """Check the signed PDFs in the same folder, plain ones first."""
        files = [p for p in sorted(path.parent.iterdir()) if p != path and p.suffix.lower() in {".pdf", ".dcm"}]
        files.sort(key=lambda p: p.suffix.lower() != ".pdf")
        for candidate in files[:_MOST_NEIGHBOURS]:
            if not candidate.is_file() or candidate.stat().st_size > _LARGEST_NEIGHBOUR:
                continue
            data = candidate.read_bytes()
            try:
                if data[:5] == b"%PDF-":
                    yield self._recently_checked(data)
                elif ENCAPSULATED_PDF.encode() in data[:1024]:
                    yield _of_copy(data, self._encapsulated)
            except Exception:  # noqa: BLE001 - one damaged neighbour must not hide the others
                yield Checked(Verdict.UNKNOWN, tr("The file is damaged; its signature cannot be checked"))

    def _recently_checked(self, pdf: bytes) -> Checked:
        """Check a signed PDF that vouches for several objects once in a while, not once for each of them."""
        digest, now = hashlib.sha256(pdf).hexdigest(), self.now()
        known = self._seen.get(digest)
        if known is None or not now - _RECENT < known[0] <= now:
            if len(self._seen) >= _MOST_NEIGHBOURS:
                self._seen.clear()
            known = self._seen[digest] = (now, check_pdf(pdf, self.trust, self.now))
        return known[1]

    def _detached(self, content: bytes, signature: bytes, by: Checked | None = None) -> Checked:
        """Check a detached CMS over ``content``; ``by`` is the valid PDF that carries it."""
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        judge = Judge(self.trust, self.now(), NOTHING if by is None else by.evidence)
        proven = None if by is None else by.proven
        judged = judge.signature(
            signed,
            lambda signer, stamp: asyncio.run(async_validate_detached_cms(content, signed, signer, stamp)),
            proven,
        )
        status, stamp = judged.status, judged.status.timestamp_validity
        signer = str(status.signing_cert.subject.native.get("common_name", ""))
        if not status.intact:
            return Checked(Verdict.ALTERED, tr("The file was changed after it was signed"), signer)
        if not status.valid:
            return Checked(Verdict.ALTERED, tr("The detached signature was changed"), signer)
        stamped = None if stamp is None else stamp.timestamp
        doubt = doubt_words(status, proven, judge.now) or time_words(
            status.signer_reported_dt, stamped, status.signing_cert, judge.now
        )
        if doubt:
            return Checked(Verdict.UNTRUSTED, doubt, signer)
        stamp_path = () if stamp is None else trusted_path(stamp)
        if not status.bottom_line or not is_canonical(signature, trusted_path(status), stamp_path):
            words = tr("The signature container has bytes that no signature protects")
            return Checked(Verdict.UNKNOWN, words, signer)
        words = revocation_words(tr("Signed by {name}; unchanged since", name=signer), judged.basis, judge.evidence)
        return Checked(Verdict.VALID, words, signer, signed_at=stamped)


def _of_copy(data: bytes, check: Callable[[bytes], Checked]) -> Checked:
    """
    Check a file, or what it was before another system wrote its own head, as every C-STORE does.

    A data set that was encoded anew has other bytes than those that were signed: that is said, and nothing is judged.
    """
    copy = copy_of(data)
    if copy is None:
        return check(data)
    if copy.signed is None:
        words = tr(
            "This copy was encoded anew ({syntax}): what was signed cannot be compared with it. Get it as Explicit VR "
            "Little Endian",
            syntax=copy.transfer_syntax,
        )
        return Checked(Verdict.UNKNOWN, words)
    checked = check(copy.signed)
    if checked.verdict is not Verdict.VALID:
        return checked
    words = tr("{words}. The file head is that of the system that this copy comes from", words=checked.explanation)
    return replace(checked, explanation=words)


def _guarded(name: str, check: Callable[[], Checked]) -> VerificationResult:
    try:
        checked = check()
    except FileNotFoundError:
        checked = Checked(Verdict.UNKNOWN, tr("There is no such file"))
    except IsADirectoryError:
        checked = Checked(Verdict.UNKNOWN, tr("This is a folder: name the files in it"))
    except OSError as exc:
        checked = Checked(Verdict.UNKNOWN, tr("The file cannot be read: {reason}", reason=exc.strerror or ""))
    except Exception as exc:  # noqa: BLE001 - the parsers raise many kinds on damaged input
        _LOG.info("verification gave up: %s", type(exc).__name__)
        checked = Checked(Verdict.UNKNOWN, tr("The file is damaged; its signature cannot be checked"))
    manifest = checked.manifest or {}
    return VerificationResult(
        name,
        checked.verdict,
        checked.explanation,
        checked.signer,
        checked.signed_at,
        checked.level,
        report_uid=str(manifest.get("report_uid", "")),
        study_instance_uid=str(manifest.get("study_instance_uid", "")),
    )


def _entry(manifest: dict[str, Any], file_name: str, digest: str, uid: str) -> str | None:
    """Return the manifest's name for an object: by digest, by SOP Instance UID, else by file name."""
    objects: dict[str, str] = manifest.get("objects") or {}
    by_digest = next((name for name, value in objects.items() if value == digest), None)
    uids: dict[str, str] = manifest.get("sop_instance_uids") or {}
    by_uid = next((name for name, value in uids.items() if uid and value == uid and name in objects), None)
    return by_digest or by_uid or (file_name if file_name in objects else None)


def _of_observer(checked: Checked, ds: Dataset) -> Checked:
    """Hold a detached signature over a report to the physician whom the report names as its verifier."""
    doubt = other_observer(checked.signer, ds) if ds.get("VerifyingObserverSequence") else ""
    return Checked(Verdict.UNTRUSTED, doubt, checked.signer) if doubt and checked.verdict is Verdict.VALID else checked


def _read(data: bytes) -> Dataset:
    try:
        return read_part10(data)
    except HostileInput:
        return Dataset()


def _unsigned(damaged: Checked | None) -> Checked:
    if damaged is None:
        return Checked(Verdict.UNSIGNED, tr("No signature for this object was found beside it"))
    words = tr("The signed PDF beside this object is itself not valid: {reason}", reason=damaged.explanation)
    return Checked(Verdict.UNKNOWN, words, damaged.signer)


def _altered(parts: list[str], signer: str) -> Checked:
    if not parts:
        words = tr("Technical bytes of the object were changed after it was signed; its content reads the same")
        return Checked(Verdict.ALTERED, words, signer)
    return Checked(Verdict.ALTERED, tr("Changed after signing: {parts}", parts="；".join(parts)), signer)
