"""
What the hub promises of an image's bytes, and whether they keep it.

Every stored file is named by its SHA-256. On a processor without instructions for that, checking a series by it
takes longer than bringing it over, so that the hub also tells the BLAKE3 that it computed when it took the file
in: as strong, and ten times as fast (ADR 0049).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

from blake3 import blake3

from resources.translation import tr
from worklist.multipart import cut_short
from workstation.domain.errors import IntegrityMismatch

_HEX: Final = re.compile("[0-9a-f]{64}")
_ETAG: Final = re.compile('"(?:sha256[:-])?([0-9a-f]{64})"')
_REPR_DIGEST: Final = re.compile(r"(?:^|[,\s])blake3=:([A-Za-z0-9+/]{43}=):")
_DIGESTS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "blake3": lambda content: blake3(content).hexdigest(),
    "sha256": lambda content: hashlib.sha256(content).hexdigest(),
}


def promised_by(headers: Mapping[str, str]) -> str:
    """Return ``NAME:HEX`` of the digest that the headers (lower case) tell, the fastest there is; empty without one."""
    found = _REPR_DIGEST.search(headers.get("repr-digest", ""))
    if found is not None:
        try:
            return f"blake3:{base64.b64decode(found[1], validate=True).hex()}"
        except binascii.Error:
            pass
    tag = _ETAG.fullmatch(headers.get("etag", "").strip())
    return f"sha256:{tag[1]}" if tag is not None else ""


def require_kept(content: bytes, promised: str) -> None:
    """
    Raise IntegrityMismatch unless content has the digest ``NAME:HEX``.

    The hub tells one of every file as stored: where there is none, something on the way took it off, and nobody
    knows what else it did.
    """
    if not promised:
        raise IntegrityMismatch(
            tr("An image came without its checksum"),
            hint=tr("Tell your administrator: something on the way to the hub drops the headers ETag and Repr-Digest."),
            detail="no digest",
        )
    if not keeps(content, promised):
        raise cut_short("the digest differs from the promised one")


def keeps(content: bytes, promised: str) -> bool:
    """Tell whether content has the digest ``NAME:HEX``; a digest nobody knows is kept by nothing."""
    name, _, digest = promised.partition(":")
    of = _DIGESTS.get(name)
    return of is not None and _HEX.fullmatch(digest) is not None and of(content) == digest
