"""multipart/related as DICOMweb uses it (RFC 2387): bodies are bytes, boundaries unguessable."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message

from resources.translation import tr
from workstation.domain.errors import IntegrityMismatch


@dataclass(frozen=True, slots=True)
class Part:
    """One part: lower-case headers and the body as it was sent."""

    headers: dict[str, str]
    body: bytes


def encode(bodies: Sequence[bytes], media_type: str) -> tuple[bytes, str]:
    """Return the multipart body and its Content-Type value."""
    boundary = secrets.token_hex(16)
    head = f"--{boundary}\r\nContent-Type: {media_type}\r\n\r\n".encode("ascii")
    parts = b"".join(head + body + b"\r\n" for body in bodies)
    return parts + f"--{boundary}--\r\n".encode("ascii"), f'multipart/related; type="{media_type}"; boundary={boundary}'


def decode(content: bytes, content_type: str) -> list[Part]:
    """
    Return the parts of a whole body. Raises IntegrityMismatch when the closing boundary is missing.

    A body without its closing boundary was cut on the way and must not pass for a short one.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = str(message.get_param("boundary", "") or "").encode("ascii", "replace")
    if not boundary:
        raise cut_short("no multipart boundary")
    delimiter = b"\r\n--" + boundary
    sections = (b"\r\n" + content).split(delimiter)
    if len(sections) < 2 or not sections[-1].startswith(b"--"):
        raise cut_short("no closing multipart boundary")
    parts = []
    for section in sections[1:-1]:
        head, gap, body = section.partition(b"\r\n\r\n")
        if not gap:
            raise cut_short("a part without a header")
        parts.append(Part(_headers(head), body))
    return parts


def cut_short(detail: str) -> IntegrityMismatch:
    """Return what to say when bytes arrived damaged or not whole."""
    return IntegrityMismatch(
        tr("An image did not arrive whole"),
        hint=tr("It is fetched again by itself. If this goes on, tell your administrator."),
        detail=detail,
    )


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(b":") for line in head.split(b"\r\n") if b":" in line)
    return {name.strip().lower().decode("latin-1"): value.strip().decode("latin-1") for name, _, value in lines}
