"""
The connections that images come over: keep-alive like the others, with less work for each byte.

httpx copies a body of half a megabyte several times in small pieces, which for a series costs more than the
hub and the network together; here it is read in one piece.
"""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final

import httpx

_IDLE: Final = 8


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer as it came; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class LineClosedError(OSError):
    """The session that the line belonged to has ended."""


class ImageLine:
    """Connections to one server, safe to use from any thread; TCP_NODELAY is set by ``http.client``."""

    def __init__(self, url: str, *, timeout: httpx.Timeout, tls: ssl.SSLContext | None) -> None:
        parsed = httpx.URL(url)
        self._host, self._port = parsed.host, parsed.port
        self._prefix = parsed.path.rstrip("/")
        self._timeout = timeout
        self._tls = tls
        self._idle: deque[HTTPConnection] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def get(self, path: str, headers: Mapping[str, str]) -> Fetched:
        """Send one GET and return the whole answer. Raises OSError, HTTPException."""
        connection = self._take()
        try:
            connection.request("GET", self._prefix + path, headers=dict(headers))
            response = connection.getresponse()
            content = _whole(response)
        except (OSError, HTTPException):
            connection.close()
            self._close_idle()  # they are as old as this one
            raise
        found = Fetched(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        self._give_back(connection)
        return found

    @contextmanager
    def opened(self, path: str, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
        """
        Send one GET and give the answer to be read piece by piece. Raises OSError, HTTPException.

        A connection whose answer was not read to its end is closed.
        """
        connection = self._take()
        try:
            connection.request("GET", self._prefix + path, headers=dict(headers))
            response = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()
            self._close_idle()
            raise
        try:
            yield response
        finally:
            if response.isclosed():
                self._give_back(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close every connection; those in use close when their answer is here."""
        with self._lock:
            self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, deque()
        for connection in idle:
            connection.close()

    def _take(self) -> HTTPConnection:
        with self._lock:
            if self._closed:
                raise LineClosedError
            if self._idle:
                return self._idle.pop()
        connection = (
            HTTPConnection(self._host, self._port, timeout=self._timeout.connect)
            if self._tls is None
            else HTTPSConnection(self._host, self._port, timeout=self._timeout.connect, context=self._tls)
        )
        connection.connect()
        connection.sock.settimeout(self._timeout.read)
        return connection

    def _give_back(self, connection: HTTPConnection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close()


def _whole(response: HTTPResponse) -> bytes:
    if response.length is None and not response.chunked:
        raise HTTPException("nothing tells where the answer ends")
    return response.read()
