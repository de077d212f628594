"""
``multipart/related`` read as it arrives and written as it leaves (RFC 2387, PS3.18 8.6).

The reader never holds a part: content goes to the sink in pieces, and header size, part size, part
count and total size all have caps, because nobody vouches for the sender.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from typing import Final, Protocol

MAX_PART_HEADER: Final = 16_384
MAX_PARTS: Final = 10_000
_LONGEST_TYPE: Final = 1024


class MultipartError(Exception):
    """The body is not what its Content-Type says; ``str()`` is an English sentence."""


class TooLarge(MultipartError):
    """A part, or the whole body, is larger than the hub takes (HTTP 413)."""


class PartSink(Protocol):
    """Takes parts as they arrive."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """Start a part; header names are lower case."""
        ...

    def write(self, data: bytes | memoryview) -> None:
        """Take the next piece of the current part."""
        ...

    def end(self) -> None:
        """Finish the current part."""
        ...


def parse_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return a media type in lower case and its parameters, names in lower case, quotes removed."""
    if len(value) > _LONGEST_TYPE:
        return "", {}  # the parser below takes quadratic time
    message = Message()
    message["Content-Type"] = value
    parameters = {name.lower(): str(text) for name, text in (message.get_params(header="Content-Type") or [])[1:]}
    return message.get_content_type() if "/" in value else "", parameters


class MultipartReader:
    """Feed it the body in pieces; ask ``finish`` at the end."""

    def __init__(self, boundary: str, sink: PartSink, *, max_part: int, max_total: int) -> None:
        if not 1 <= len(boundary) <= 70 or not boundary.isascii():
            raise MultipartError("the boundary is missing or not valid")
        self._delimiter = b"\r\n--" + boundary.encode()
        self._sink = sink
        self._max_part = max_part
        self._max_total = max_total
        self._pending = bytearray(b"\r\n")  # so that the first boundary looks like the others
        self._state = "preamble"
        self._part = 0
        self._total = 0
        self.parts = 0

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body. Raises MultipartError, and what the sink raises."""
        self._total += len(data)
        if self._total > self._max_total:
            raise TooLarge(f"the body is larger than {self._max_total} bytes")
        self._pending += data
        while self._step():
            pass

    def finish(self) -> None:
        """Check that the closing boundary arrived. Raises MultipartError."""
        if self._state != "epilogue":
            raise MultipartError("the body ends before its closing boundary")

    def _step(self) -> bool:
        if self._state == "headers":
            return self._headers()
        if self._state == "boundary":
            return self._boundary()
        if self._state == "epilogue":
            self._pending.clear()
            return False
        return self._content()

    def _content(self) -> bool:
        """Pass content on up to the next delimiter; the preamble is content that nobody wants."""
        at = self._pending.find(self._delimiter)
        ready = at if at >= 0 else max(0, len(self._pending) - len(self._delimiter) + 1)
        if ready:
            if self._state == "part":
                self._part += ready
                if self._part > self._max_part:
                    raise TooLarge(f"a part is larger than {self._max_part} bytes")
                self._sink.write(bytes(self._pending[:ready]))
            del self._pending[:ready]
        if at < 0:
            return False
        del self._pending[: len(self._delimiter)]
        if self._state == "part":
            self._sink.end()
        self._state = "boundary"
        return True

    def _boundary(self) -> bool:
        if len(self._pending) < 2:
            return False
        if self._pending.startswith(b"--"):
            self._state = "epilogue"
            return True
        end = self._pending.find(b"\r\n")
        if end < 0:
            if len(self._pending) > MAX_PART_HEADER:
                raise MultipartError("a boundary line does not end")
            return False
        if self._pending[:end].strip(b" \t"):
            raise MultipartError("text behind a boundary")
        del self._pending[:end]  # the line end stays: a part may have no headers at all
        self._state = "headers"
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise TooLarge(f"more than {MAX_PARTS} parts")
        return True

    def _headers(self) -> bool:
        end = self._pending.find(b"\r\n\r\n")
        if end < 0:
            if len(self._pending) > MAX_PART_HEADER:
                raise MultipartError("the headers of a part are too long")
            return False
        headers: dict[str, str] = {}
        for line in bytes(self._pending[:end]).decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        del self._pending[: end + 4]
        self._part = 0
        self._state = "part"
        self._sink.begin(headers)
        # an empty part is closed by a delimiter whose line end was the headers' own
        if self._pending.startswith(self._delimiter[2:]):
            self._pending[:0] = b"\r\n"
        return True


def new_boundary() -> str:
    """Return a boundary that no content contains."""
    return secrets.token_hex(16)


def written(parts: Iterable[tuple[Mapping[str, str], Iterable[bytes]]], boundary: str) -> Iterator[bytes]:
    """Yield a multipart body; each part is its headers and its content in pieces."""
    line_end = b""
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        yield line_end + f"--{boundary}\r\n{lines}\r\n".encode("latin-1")
        yield from content
        line_end = b"\r\n"
    yield line_end + f"--{boundary}--\r\n".encode("latin-1")
