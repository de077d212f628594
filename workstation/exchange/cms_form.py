"""
The one form in which we write signature containers.

A signature does not protect its own container: letter case of the hexadecimal digits, version
numbers, padding and spare certificates can change while the signature still verifies. Anything
but the canonical form is therefore not accepted as VALID.
"""

from __future__ import annotations

from collections.abc import Iterable

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509

_ISSUER_AND_SERIAL = "issuer_and_serial_number"


def is_canonical(der: bytes, trusted_path: Iterable[asn1_x509.Certificate]) -> bool:
    """
    Tell whether ``der`` is byte for byte what its signed and checked parts determine.

    Signed attributes and the signature value are protected by cryptography, the certificates by
    the validated path they must be part of; everything else has one fixed value.
    """
    info = cms.ContentInfo.load(der, strict=True)
    signed = info["content"]
    (signer,) = signed["signer_infos"]
    known = {certificate.dump() for certificate in trusted_path}
    embedded = [choice.chosen for choice in signed["certificates"]]
    if len({c.dump() for c in embedded}) != len(embedded) or any(c.dump() not in known for c in embedded):
        return False
    digest = cms.DigestAlgorithm({"algorithm": signer["digest_algorithm"]["algorithm"].native})
    wanted_signer = next((c for c in embedded if _names(signer["sid"], c)), None)
    if wanted_signer is None:
        return False
    sid = cms.IssuerAndSerialNumber({"issuer": wanted_signer.issuer, "serial_number": wanted_signer.serial_number})
    rebuilt = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((digest,)),
            "encap_content_info": {"content_type": "data"},
            "certificates": embedded,
            "signer_infos": [
                cms.SignerInfo(
                    {
                        "version": "v1",
                        "sid": cms.SignerIdentifier({_ISSUER_AND_SERIAL: sid}),
                        "digest_algorithm": digest,
                        "signature_algorithm": {"algorithm": signer["signature_algorithm"]["algorithm"].native},
                        "signed_attrs": signer["signed_attrs"],
                        "signature": signer["signature"].native,
                    }
                )
            ],
        }
    )
    canonical = cms.ContentInfo({"content_type": "signed_data", "content": rebuilt}).dump(force=True)
    return bool(canonical == der)


def _names(sid: cms.SignerIdentifier, certificate: asn1_x509.Certificate) -> bool:
    chosen = sid.chosen
    return bool(
        sid.name == _ISSUER_AND_SERIAL
        and chosen["serial_number"].native == certificate.serial_number
        and bool(chosen["issuer"] == certificate.issuer)
    )
