"""
Certificates, revocation lists and detached signatures with SM2, as bytes.

*Source:* GB/T 35275-2017 (signed data, its object identifiers), GM/T 0015-2012 (certificates),
GM/T 0006-2012 (SM3 1.401, SM2 with SM3 1.501), RFC 5280, RFC 5652.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from asn1crypto import cms, core, crl, x509

SIGNED_DATA: Final = "1.2.156.10197.6.1.4.2.2"
DATA: Final = "1.2.156.10197.6.1.4.2.1"
SM3: Final = "1.2.156.10197.1.401"
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
SUFFIX: Final = ".sm2.p7s"


class Signs(Protocol):
    """Whatever makes a bare signature."""

    def sign(self, content: bytes) -> bytes:
        """Return the signature of SM2 with SM3, DER."""
        ...


def sm3(content: bytes) -> bytes:
    """Return the digest, 32 bytes."""
    return hashlib.new("sm3", content).digest()


def certificate(
    subject: x509.Name,
    public: bytes,
    issuer: x509.Name,
    key: Signs,
    times: tuple[datetime, datetime],
    serial: int,
    *,
    below: int | None = None,
) -> bytes:
    """Return a certificate (DER) of a public key (DER); ``below`` CAs may follow an issuing one, None signs reports."""
    authority = below is not None
    constraints: dict[str, Any] = {"ca": authority} | ({"path_len_constraint": below} if authority else {})
    usage = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature", "non_repudiation"}
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": _algorithm(),
            "issuer": issuer,
            "validity": {"not_before": _time(times[0]), "not_after": _time(times[1])},
            "subject": subject,
            "subject_public_key_info": x509.PublicKeyInfo.load(public),
            "extensions": [
                {"extn_id": "basic_constraints", "critical": True, "extn_value": constraints},
                {"extn_id": "key_usage", "critical": True, "extn_value": usage},
            ],
        }
    )
    return signed_body(body.dump(), key.sign(body.dump()))


def signed_body(body: bytes, signature: bytes) -> bytes:
    """Return the certificate (DER) that consists of a body and its signature; it has this one form."""
    parts = {"signature_algorithm": _algorithm(), "signature_value": signature}
    return bytes(x509.Certificate({"tbs_certificate": x509.TbsCertificate.load(body)} | parts).dump())


def revocation_list(
    issuer: x509.Name, key: Signs, times: tuple[datetime, datetime], revoked: Mapping[int, datetime]
) -> bytes:
    """Return a revocation list, DER."""
    entries = [{"user_certificate": serial, "revocation_date": _time(at)} for serial, at in sorted(revoked.items())]
    body = crl.TbsCertList(
        {
            "version": "v2",
            "signature": _algorithm(),
            "issuer": issuer,
            "this_update": _time(times[0]),
            "next_update": _time(times[1]),
            **({"revoked_certificates": entries} if entries else {}),
        }
    )
    return bytes(
        crl.CertificateList(
            {"tbs_cert_list": body, "signature_algorithm": _algorithm(), "signature": key.sign(body.dump())}
        ).dump()
    )


def attributes(digest: bytes, at: datetime) -> bytes:
    """Return the signed attributes as they are signed: a SET in DER."""
    made = (
        cms.CMSAttribute({"type": "content_type", "values": [DATA]}),
        cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": at.replace(microsecond=0)})]}),
        cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
    )
    body = b"".join(sorted(one.dump() for one in made))
    return b"\x31" + _length(body) + body


def detached(signed: bytes, signature: bytes, own: bytes, issuing: bytes) -> bytes:
    """Return the container of a detached signature over the signed attributes (DER); it has this one form."""
    signer = x509.Certificate.load(own)
    digest = cms.DigestAlgorithm({"algorithm": SM3})
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((digest,)),
            "encap_content_info": {"content_type": DATA},
            "certificates": [signer, x509.Certificate.load(issuing)],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        {
                            "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                                {"issuer": signer.issuer, "serial_number": signer.serial_number}
                            )
                        }
                    ),
                    "digest_algorithm": digest,
                    "signed_attrs": cms.CMSAttributes.load(signed),
                    "signature_algorithm": {"algorithm": SM2_WITH_SM3},
                    "signature": signature,
                }
            ],
        }
    )
    body = bytes(content.dump())
    inside = b"\xa0" + _length(body) + body
    whole = bytes(core.ObjectIdentifier(SIGNED_DATA).dump()) + inside
    return b"\x30" + _length(whole) + whole


def taken_apart(container: bytes) -> cms.SignedData:
    """Return what lies in the container. ValueError for any other form than GB/T 35275."""
    outer = core.SequenceOf.load(container, spec=core.Any, strict=True)
    kind, inside = outer[0], outer[1]
    if core.ObjectIdentifier.load(kind.dump()).dotted != SIGNED_DATA:
        raise ValueError("no signed data of GB/T 35275")
    found: cms.SignedData = cms.SignedData.load(inside.contents, strict=True)
    return found


def _algorithm() -> dict[str, str]:
    return {"algorithm": SM2_WITH_SM3}


def _time(at: datetime) -> x509.Time:
    return x509.Time({"utc_time": at.replace(microsecond=0)})


def _length(body: bytes) -> bytes:
    count = len(body)
    if count < 0x80:
        return bytes((count,))
    digits = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits
