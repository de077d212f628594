"""A TCP proxy on loopback that breaks lines the way hospital networks do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self


class FaultyProxy:
    """
    Forwards connections to ``target`` until told otherwise.

    ``cut_after(n)`` resets every connection once ``n`` more bytes went from client to server;
    ``cut_answers_after(n)`` the same for the other direction; ``down()`` also refuses new ones
    until ``up()``; ``throttle`` limits both directions to a number of bytes a second.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._left: dict[str, int | None] = {"sent": None, "answered": None}
        self._is_down = False
        self._rate: int | None = None
        self._closing = False
        self.cuts = 0
        self.bytes_sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut_after(self, count: int | None) -> None:
        with self._lock:
            self._left["sent"] = count

    def cut_answers_after(self, count: int | None) -> None:
        with self._lock:
            self._left["answered"] = count

    def throttle(self, bytes_per_second: int | None) -> None:
        self._rate = bytes_per_second

    def down(self) -> None:
        self._is_down = True
        self._reset_all()

    def up(self) -> None:
        self._is_down = False

    def close(self) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()
        for thread in list(self._threads):
            thread.join(10)

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]  # any callable
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_down:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            self._spawn(self._pump, client, server, "sent", pair)
            self._spawn(self._pump, server, client, "answered", pair)

    def _pump(
        self, source: socket.socket, sink: socket.socket, way: str, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        try:
            while data := source.recv(16384):
                allowed = self._allow(way, len(data))
                if self._rate:
                    time.sleep(len(data) / self._rate)  # a slow line is what is being simulated
                sink.sendall(data[:allowed])
                if allowed < len(data):
                    self.cuts += 1
                    self._reset_all()
                    return
        except OSError:
            pass
        finally:
            with self._lock:
                self._pairs.discard(pair)
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _allow(self, way: str, size: int) -> int:
        with self._lock:
            if way == "sent":
                self.bytes_sent += size
            left = self._left[way]
            if left is None:
                return size
            allowed = min(left, size)
            self._left[way] = None if allowed < size else left - size  # a cut happens once
            return allowed

    def _reset_all(self) -> None:
        with self._lock:
            pairs, self._pairs = set(self._pairs), set()
        for pair in pairs:
            for end in pair:
                _reset(end)


def _reset(end: socket.socket) -> None:
    """Close with RST, as a dying line does."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()
