"""
Time stamps of RFC 3161: asked of an authority, or given by the demonstration's own.

The time in a signature is what the signer's clock says. An authority signs the digest of the
signature together with its own time, which is what a verifier believes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import httpx
from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.timestamps import TimeStamper

from resources.translation import tr
from workstation.domain.errors import TimeStampUnavailable

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far a signer's clock may differ from the authority's before a signature is refused."""
_POLICY: Final = "2.25.139047193340518402610127415932283360137"
_DIGESTS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_GRANTED: Final = frozenset({"granted", "granted_with_mods"})
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_PATIENCE_S: Final = 8.0
_LARGEST_REPLY: Final = 256_000


class TimeAuthority(Protocol):
    """Whoever answers time-stamp requests."""

    def answer(self, request: bytes) -> bytes:
        """Return the DER of a TimeStampResp for the DER of a TimeStampReq. Raises TimeStampUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class LocalTimeAuthority:
    """Answers with a key of this machine and this machine's clock: for the demonstration only."""

    certificate: bytes
    """DER; its extended key usage is timeStamping, critical and alone (RFC 3161, section 2.3)."""
    chain: tuple[bytes, ...]
    key: ec.EllipticCurvePrivateKey
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def answer(self, request: bytes) -> bytes:
        """Return the reply. Raises TimeStampUnavailable for a request it cannot read, or with a weak digest."""
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            imprint = asked["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            length = len(imprint["hashed_message"].native)
            wants_certificates = bool(asked["cert_req"].native)
            nonce = asked["nonce"].native
        except (ValueError, TypeError) as exc:
            raise unavailable("the request is no TimeStampReq") from exc
        if _DIGESTS.get(algorithm) != length:
            raise unavailable(f"digest {algorithm} of {length} bytes")
        return self._granted(imprint, nonce, wants_certificates=wants_certificates)

    def _granted(self, imprint: tsp.MessageImprint, nonce: int | None, *, wants_certificates: bool) -> bytes:
        certificate = asn1_x509.Certificate.load(self.certificate)
        content: dict[str, Any] = {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(127),
            "gen_time": self.now().astimezone(UTC).replace(microsecond=0),
            "accuracy": {"seconds": 1},
        }
        if nonce is not None:
            content["nonce"] = nonce
        info = tsp.TSTInfo(content).dump()
        digest = hashes.Hash(hashes.SHA256())
        digest.update(info)
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [digest.finalize()]},
                {"type": "signing_certificate_v2", "values": [as_signing_certificate_v2(certificate)]},
            ]
        )
        algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
        sid = cms.IssuerAndSerialNumber({"issuer": certificate.issuer, "serial_number": certificate.serial_number})
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": sid}),
            "digest_algorithm": algorithm,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signed_attrs": attributes,
            "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        signed: dict[str, Any] = {
            "version": "v3",
            "digest_algorithms": cms.DigestAlgorithms((algorithm,)),
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "signer_infos": [signer],
        }
        if wants_certificates:
            signed["certificates"] = [certificate, *map(asn1_x509.Certificate.load, self.chain)]
        token = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
        reply = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
        return bytes(reply.dump())


@dataclass(frozen=True, slots=True)
class RemoteTimeAuthority:
    """Asks an authority over HTTP. *Source:* RFC 3161, section 3.4."""

    url: str
    client: Callable[[], httpx.Client] = lambda: httpx.Client(timeout=_PATIENCE_S, follow_redirects=False)

    def answer(self, request: bytes) -> bytes:
        """Return the reply of the authority. Raises TimeStampUnavailable."""
        try:
            with self.client() as client:
                response = client.post(self.url, content=request, headers={"Content-Type": _QUERY, "Accept": _REPLY})
        except httpx.HTTPError as exc:
            raise unavailable(type(exc).__name__) from exc
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != httpx.codes.OK or kind != _REPLY or len(response.content) > _LARGEST_REPLY:
            raise unavailable(f"HTTP {response.status_code} {kind[:60]}")
        return response.content


class Stamper(TimeStamper):
    """A time authority as pyHanko asks for it; each signature asks twice, once to learn the size."""

    def __init__(self, authority: TimeAuthority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Return the authority's reply. Raises TimeStampUnavailable."""
        reply = await asyncio.to_thread(self._authority.answer, req.dump())
        try:
            response = tsp.TimeStampResp.load(reply, strict=True)
            status = response["status"]["status"].native
            if status in _GRANTED:
                response["time_stamp_token"]["content"]["signer_infos"]  # read here, where it may fail
        except (ValueError, TypeError, KeyError) as exc:
            raise unavailable("the reply is no TimeStampResp") from exc
        if status not in _GRANTED:
            raise unavailable(f"refused: {status}")
        return response


def unavailable(detail: str) -> TimeStampUnavailable:
    """Return the error of an authority that does not stamp."""
    return TimeStampUnavailable(
        tr("The time-stamping authority does not answer"),
        hint=tr("The signature stands without a time stamp; it can be added when the authority is back."),
        detail=detail,
    )


def stamped_time(token: cms.ContentInfo) -> datetime:
    """Return the time in a token, UTC."""
    found: datetime = token["content"]["encap_content_info"]["content"].parsed["gen_time"].native
    return found
