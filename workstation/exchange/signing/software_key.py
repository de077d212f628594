"""RSA keys as pyHanko asks for them, wherever they lie; and one in memory, opened from an encrypted file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid

_DIGESTS: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


class RsaSigner(Signer):
    """
    What pyHanko asks for a signature; ``sign`` makes one of PKCS#1 v1.5 over content by the name of a digest.

    pyHanko's own signer for keys in memory parses and checks the key anew for each signature, which takes
    longer than all the rest; its own for tokens embeds the certificate twice.
    """

    def __init__(
        self,
        certificate: asn1_x509.Certificate,
        issuers: Iterable[asn1_x509.Certificate],
        sign: Callable[[bytes, str], bytes],
    ) -> None:
        chain = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        chain.register_multiple(issuers)
        super().__init__(signing_cert=certificate, cert_registry=chain, embed_roots=False)
        self._length = int(certificate.public_key.byte_size)
        self._sign = sign

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - pyHanko's signature
    ) -> bytes:
        """Return a signature; ``dry_run`` asks for its length only. Raises SignatureInvalid."""
        return bytes(self._length) if dry_run else self._sign(data, digest_algorithm)


def software_key(bundle: pkcs12.PKCS12KeyAndCertificates) -> Signer:
    """Return pyHanko's view of an RSA key in memory. Raises SignatureInvalid."""
    key = bundle.key
    if bundle.cert is None or not isinstance(key, rsa.RSAPrivateKey):
        raise SignatureInvalid(tr("The signing certificate is damaged"))
    der = serialization.Encoding.DER
    issuers = [asn1_x509.Certificate.load(one.certificate.public_bytes(der)) for one in bundle.additional_certs]
    certificate = asn1_x509.Certificate.load(bundle.cert.certificate.public_bytes(der))
    return RsaSigner(certificate, issuers, lambda data, digest: key.sign(data, padding.PKCS1v15(), _DIGESTS[digest]))
