"""What a digital signature inside a DICOM object says, where no signed PDF is at hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from pydicom.dataset import Dataset
from pyhanko_certvalidator.errors import InvalidCertificateError, RevokedError

from resources.translation import tr
from workstation.dicom.objects.digital_signature import DatasetSignature, check_dataset, is_as_written
from workstation.domain.signature import Verdict
from workstation.exchange.signing.checked import Checked
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.proof import NOTHING, Revocation, revocation_words
from workstation.exchange.signing.time_words import time_words
from workstation.exchange.signing.usable_certificate import distrust


def check_inside(data: bytes, ds: Dataset, trust: Trust, now: Callable[[], datetime]) -> Checked | None:
    """
    Check the signatures inside an object, None where it has none.

    VALID needs more than PS3.15: everything in the object is signed, every byte is as we write it, and the
    signer is the verifying observer that the object names.
    """
    found = check_dataset(ds)
    if not found:
        return None
    checked = [_check(one, ds, trust, now()) for one in found]
    bad = next((one for one in checked if one.verdict is not Verdict.VALID), None)
    if bad is not None:
        return bad
    if not is_as_written(data, ds):
        words = tr("The signature inside holds, but technical bytes around what it protects were changed")
        return Checked(Verdict.UNKNOWN, words, checked[-1].signer)
    return checked[-1]


def _check(signature: DatasetSignature, ds: Dataset, trust: Trust, now: datetime) -> Checked:
    try:
        certificate = asn1_x509.Certificate.load(signature.certificate, strict=True)
        signer = str(certificate.subject.native.get("common_name", ""))
    except (ValueError, TypeError):
        return Checked(Verdict.ALTERED, tr("The signature inside the object was changed"))
    if not signature.intact:
        return Checked(Verdict.ALTERED, tr("The object was changed after the signature inside it was made"), signer)
    if not signature.covers_all:
        return Checked(Verdict.ALTERED, tr("Something was added to the object after it was signed"), signer)
    at = _time(signature.signed_at)
    doubt = _distrust(certificate, trust, now) or other_observer(signer, ds) or time_words(at, None, certificate, now)
    if doubt:
        return Checked(Verdict.UNTRUSTED, doubt, signer)
    words = tr("Signed by {name} inside the object; unchanged since", name=signer)
    basis = Revocation.LISTS if trust.crls else Revocation.UNCHECKED
    return Checked(Verdict.VALID, revocation_words(words, basis, NOTHING), signer, signed_at=at)


def _distrust(certificate: asn1_x509.Certificate, trust: Trust, now: datetime) -> str:
    """Say why a signer is not trusted now; nothing in an object proves an earlier time."""
    doubt = distrust(certificate.dump(), trust, now)
    if doubt is RevokedError:
        return tr("The signer's certificate has been revoked")
    if doubt is InvalidCertificateError:
        return tr("The signer's certificate is not made for signing documents")
    if doubt is not None and certificate.not_valid_after < now:
        date = certificate.not_valid_after.astimezone().strftime("%Y-%m-%d")
        return tr("The signer's certificate ended on {date}, and no time stamp proves that it signed before", date=date)
    return (
        ""
        if doubt is None
        else tr("The signer's certificate does not come from a trusted authority or is not valid now")
    )


def other_observer(signer: str, ds: Dataset) -> str:
    """Say that a report names another verifying physician than who signed it; empty where it names this one."""
    observers = [str(item.get("VerifyingObserverName", "")) for item in ds.get("VerifyingObserverSequence") or ()]
    if signer in observers:
        return ""
    return tr("{signer} signed, but the report names another verifying physician", signer=signer)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S.%f%z").astimezone(UTC)
    except ValueError:
        return None
