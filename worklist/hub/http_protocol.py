"""The HTTP protocol of the hub: uvicorn's, with a limit on how large and how slow a request's head may be."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAXIMUM_HEAD: Final = 65_536
HEAD_TIMEOUT_S: Final = 20.0
"""For a new connection and for each head; between requests the keep-alive time counts."""


class GuardedProtocol(HttpToolsProtocol):
    """
    Closes connections whose request head grows beyond any honest one or never ends.

    The parser below keeps a head of any size in memory, and nobody has signed in at that point.
    """

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        """Give the first head its time."""
        super().connection_made(transport)
        self._in_head = True
        self._began = False
        self._head = 0
        self._late: asyncio.TimerHandle | None = self.loop.call_later(HEAD_TIMEOUT_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and count what belongs to an unfinished head."""
        self._began = False
        super().data_received(data)
        if not self._in_head:
            return
        if not self._began:  # the piece in which a head begins may hold the end of a body too
            self._head += len(data)
        if self._head > MAXIMUM_HEAD:
            self._give_up()

    def on_message_begin(self) -> None:
        """Start counting."""
        super().on_message_begin()
        self._in_head, self._began, self._head = True, True, 0
        if self._late is None:
            self._late = self.loop.call_later(HEAD_TIMEOUT_S, self._give_up)

    def on_headers_complete(self) -> None:
        """Stop counting."""
        self._in_head = False
        self._stop_clock()
        super().on_headers_complete()

    def _stop_clock(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self._in_head and not self.transport.is_closing():
            self.transport.close()
