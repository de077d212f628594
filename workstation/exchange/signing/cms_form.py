"""
The one form in which we write signature containers.

A signature does not protect its own container: letter case of the hexadecimal digits, version
numbers, padding and spare certificates can change while the signature still verifies. Anything
but the canonical form is therefore not accepted as VALID.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509

_ISSUER_AND_SERIAL: Final = "issuer_and_serial_number"
_TIME_STAMP: Final = "signature_time_stamp_token"


def is_canonical(
    der: bytes, trusted_path: Iterable[asn1_x509.Certificate], stamp_path: Iterable[asn1_x509.Certificate] = ()
) -> bool:
    """
    Tell whether ``der`` is byte for byte what its signed and checked parts determine.

    Signed attributes and the signature value are protected by cryptography, the certificates by
    the validated path they must be part of; everything else has one fixed value. A time stamp
    inside, the only unsigned attribute allowed, is held to the same by ``stamp_path``.
    """
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    (signer,) = signed["signer_infos"]
    parts: dict[str, Any] = {"version": "v1", "encap_content_info": {"content_type": "data"}}
    unsigned = signer["unsigned_attrs"]
    if len(unsigned):
        (attribute,) = unsigned
        if attribute["type"].native != _TIME_STAMP:
            return False
        (token,) = attribute["values"]
        if not is_canonical_token(token.dump(), stamp_path):
            return False
        unsigned = cms.CMSAttributes([cms.CMSAttribute({"type": _TIME_STAMP, "values": [token]})])
    return _fixed(der, signed, parts, trusted_path, {"unsigned_attrs": unsigned} if len(unsigned) else {})


def is_canonical_token(der: bytes, trusted_path: Iterable[asn1_x509.Certificate]) -> bool:
    """Tell the same of a time-stamp token. *Source:* RFC 3161, section 2.4.2."""
    signed = cms.ContentInfo.load(der, strict=True)["content"]
    content = core.ParsableOctetString(signed["encap_content_info"]["content"].contents)
    parts = {"version": "v3", "encap_content_info": {"content_type": "tst_info", "content": content}}
    (signer,) = signed["signer_infos"]
    return not len(signer["unsigned_attrs"]) and _fixed(der, signed, parts, trusted_path, {})


def _fixed(
    der: bytes,
    signed: cms.SignedData,
    parts: dict[str, Any],
    trusted_path: Iterable[asn1_x509.Certificate],
    further: dict[str, Any],
) -> bool:
    (signer,) = signed["signer_infos"]
    known = {certificate.dump() for certificate in trusted_path}
    embedded = [choice.chosen for choice in signed["certificates"]]
    if len({c.dump() for c in embedded}) != len(embedded) or any(c.dump() not in known for c in embedded):
        return False
    wanted_signer = next((c for c in embedded if _names(signer["sid"], c)), None)
    if wanted_signer is None:
        return False
    sid = cms.IssuerAndSerialNumber({"issuer": wanted_signer.issuer, "serial_number": wanted_signer.serial_number})
    # forced anew where the bytes are only read; forcing the whole would double the work at every level
    attributes = cms.CMSAttributes.load(signer["signed_attrs"].untag().dump(force=True))
    for digest, signature in _algorithms(signer):
        info = {
            "version": "v1",
            "sid": cms.SignerIdentifier({_ISSUER_AND_SERIAL: sid}),
            "digest_algorithm": digest,
            "signature_algorithm": signature,
            "signed_attrs": attributes,
            "signature": signer["signature"].native,
        }
        rebuilt = cms.SignedData(
            parts
            | {
                "digest_algorithms": cms.DigestAlgorithms((digest,)),
                "certificates": embedded,
                "signer_infos": [cms.SignerInfo(info | further)],
            }
        )
        if cms.ContentInfo({"content_type": "signed_data", "content": rebuilt}).dump() == der:
            return True
    return False


def _algorithms(signer: cms.SignerInfo) -> Iterator[tuple[cms.DigestAlgorithm, cms.SignedDigestAlgorithm]]:
    """Yield both encodings that authorities use: parameters absent or NULL (RFC 5754, section 2)."""
    digest, signature = (signer[name]["algorithm"].native for name in ("digest_algorithm", "signature_algorithm"))
    for first in ({}, {"parameters": core.Null()}):
        for second in ({}, {"parameters": core.Null()}):
            yield (
                cms.DigestAlgorithm({"algorithm": digest} | first),
                cms.SignedDigestAlgorithm({"algorithm": signature} | second),
            )


def _names(sid: cms.SignerIdentifier, certificate: asn1_x509.Certificate) -> bool:
    chosen = sid.chosen
    return bool(
        sid.name == _ISSUER_AND_SERIAL
        and chosen["serial_number"].native == certificate.serial_number
        and bool(chosen["issuer"] == certificate.issuer)
    )
