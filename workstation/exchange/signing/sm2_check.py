"""Whether a further signature with SM2 holds, in words: container, digest, signature, certificates, revocation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from asn1crypto import crl, pem, x509

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid
from workstation.exchange.signing.sm2 import holds
from workstation.exchange.signing.sm2_form import attributes, detached, signed_body, sm3, taken_apart

FOLDER: Final = "sm2"
_TOLERANCE: Final = timedelta(minutes=5)
"""Between this clock and the signer's."""


class Sm2Verdict(StrEnum):
    """What one check came to."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Sm2Trust:
    """Whom a verifier believes with SM2: one root, the authority that issues below it, its revocation list (DER)."""

    root: bytes
    issuing: bytes
    revoked: bytes

    @classmethod
    def from_folder(cls, folder: Path) -> Sm2Trust | None:
        """Read root.pem, issuing.pem and issuing.crl, None where there are none."""
        try:
            root, issuing = (_der((folder / name).read_bytes()) for name in ("root.pem", "issuing.pem"))
            return cls(root, issuing, (folder / "issuing.crl").read_bytes())
        except FileNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class Sm2Checked:
    """The outcome; ``reason`` is translated and empty where the signature holds."""

    verdict: Sm2Verdict
    reason: str = ""
    signer: str = ""
    user_id: str = ""
    signed_at: datetime | None = None


def check_sm2(content: bytes, container: bytes, trust: Sm2Trust | None, now: datetime) -> Sm2Checked:
    """Check a detached signature over ``content``. Raises SignatureInvalid where this machine has no SM2."""
    try:
        return _checked(content, container, trust, now)
    except SignatureInvalid:
        raise
    except Exception:  # noqa: BLE001 - the parser raises many kinds on damaged bytes
        return Sm2Checked(Sm2Verdict.BROKEN, tr("its container is damaged"))


def _checked(content: bytes, container: bytes, trust: Sm2Trust | None, now: datetime) -> Sm2Checked:
    signed = taken_apart(container)
    (info,) = signed["signer_infos"]
    serial = info["sid"].chosen["serial_number"].native
    both = [choice.chosen for choice in signed["certificates"]]
    own, issuing = sorted(both, key=lambda one: one.serial_number != serial)
    named = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    at, digest, signature = named["signing_time"], named["message_digest"], info["signature"].native
    ours = attributes(digest, at)
    is_ours = detached(ours, signature, own.dump(), issuing.dump()) == container
    holder = own.subject.native
    signer, user_id = str(holder.get("common_name", "")), str(holder.get("user_id", ""))
    if digest != sm3(content):
        return Sm2Checked(Sm2Verdict.BROKEN, tr("it belongs to another content"), signer, user_id, at)
    if not is_ours or not holds(_public(own), ours, signature):
        return Sm2Checked(Sm2Verdict.BROKEN, tr("it was changed"), signer, user_id, at)
    reason = _distrust(own, issuing, at, trust, now)
    return Sm2Checked(Sm2Verdict.UNTRUSTED if reason else Sm2Verdict.HOLDS, reason, signer, user_id, at)


def about_sm2(content: bytes, container: bytes, trust: Sm2Trust | None, signer: str, now: datetime) -> tuple[str, bool]:
    """Say in words what a further signature beside ``signer``'s is worth, and whether it speaks against the report."""
    try:
        checked = check_sm2(content, container, trust, now)
    except SignatureInvalid:
        return tr("; its SM2 signature cannot be checked on this machine"), False
    if checked.verdict is Sm2Verdict.UNTRUSTED:
        return tr("; the SM2 signature of {name} counts for nothing: {reason}",
                  name=checked.signer, reason=checked.reason), False  # fmt: skip
    if checked.verdict is Sm2Verdict.HOLDS and checked.signer == signer:
        return tr("; also signed with SM2"), False
    reason = checked.reason or tr("it is {name}'s", name=checked.signer)
    return tr("; its SM2 signature does not hold: {reason}", reason=reason), True


def _distrust(
    own: x509.Certificate, issuing: x509.Certificate, at: datetime, trust: Sm2Trust | None, now: datetime
) -> str:
    """Return in words why the certificates are not believed, empty where they are."""
    if trust is None or issuing.dump() != trust.issuing:
        return tr("its authority is not trusted here")
    root = x509.Certificate.load(trust.root)
    path = ((own, issuing), (issuing, root), (root, root))
    if any(not _issued(one, by) for one, by in path) or not (_issues(issuing) and _issues(root)):
        return tr("its certificates do not hold")
    usage = own.key_usage_value.native if own.key_usage_value is not None else set()
    if own.ca or "digital_signature" not in usage:
        return tr("its certificate is not for signing")
    if any(not one.not_valid_before <= at <= one.not_valid_after for one in (own, issuing, root)):
        return tr("its certificate was not valid at that time")
    return tr("its time lies in the future") if at > now + _TOLERANCE else _revocation(own, issuing, trust, now)


def _revocation(own: x509.Certificate, issuing: x509.Certificate, trust: Sm2Trust, now: datetime) -> str:
    """Return in words what the revocation list says against a certificate, empty where it says nothing."""
    known = crl.CertificateList.load(trust.revoked)
    body = known["tbs_cert_list"]
    listed = holds(_public(issuing), body.dump(), known["signature"].native) and known.issuer == issuing.subject
    if not listed or not body["this_update"].native <= now + _TOLERANCE or body["next_update"].native < now:
        return tr("nobody tells now whether its certificate was revoked")
    if any(one["user_certificate"].native == own.serial_number for one in body["revoked_certificates"]):
        return tr("its certificate was revoked")
    return ""


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    """Tell whether it is byte for byte what ``by`` issued: what stands around the signed body is not signed."""
    body, signature = one["tbs_certificate"].dump(), one["signature_value"].native
    whole = signed_body(body, signature) == one.dump()
    return whole and bool(one.issuer == by.subject) and holds(_public(by), body, signature)


def _issues(one: x509.Certificate) -> bool:
    usage = one.key_usage_value.native if one.key_usage_value is not None else set()
    return bool(one.ca) and "key_cert_sign" in usage


def _public(one: x509.Certificate) -> bytes:
    return bytes(one["tbs_certificate"]["subject_public_key_info"].dump())


def _der(content: bytes) -> bytes:
    return pem.unarmor(content)[2] if pem.detect(content) else content
