"""A strict HL7 receiver on loopback: it checks the frame, reads the characters that MSH-18 names and obeys a script."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CODECS = {"UNICODE UTF-8": "utf-8", "GB 18030-2000": "gb18030", "GBK": "gbk"}


def ack(code: str, control_id: str, words: str = "", error: str = "") -> str:
    """Return an acknowledgement as a HIS writes it."""
    head = f"MSH|^~\\&|HIS|HOSPITAL|LIANYUE||20260305090001||ACK^R01|A{control_id}|P|2.5.1"
    msa = f"MSA|{code}|{control_id}|{words}"
    err = f"\rERR||OBX^1^3|{error}^^HL70357|E|||{words}" if error else ""
    return f"{head}\r{msa}{err}\r"


@dataclass
class Receiver:
    """What arrived, in order; ``answers`` are given one after the other, then every message is accepted."""

    port: int = 0
    arrived: list[bytes] = field(default_factory=list)
    answers: list[Callable[[str], str | None]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [decoded(one) for one in self.arrived]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


def decoded(message: bytes) -> str:
    """Read a message in the characters that its own header names, strictly."""
    label = message.split(b"\r", 1)[0].split(b"|")[17].decode("ascii")
    return message.decode(CODECS[label])


def control_id(message: bytes) -> str:
    """Return MSH-10."""
    return message.split(b"\r", 1)[0].split(b"|")[9].decode("ascii")


@contextmanager
def running_receiver(secured: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a free loopback port, encrypted where told; an answer of None closes the line without one."""
    receiver = Receiver()

    class Handler(socketserver.StreamRequestHandler):
        def _part(self) -> bytes:
            try:
                return bytes(self.connection.recv(65_536))
            except OSError:  # the caller left, or what it says is no TLS
                return b""

        def handle(self) -> None:
            seen = b""
            while b"\x1c\r" not in seen:
                part = self._part()
                if not part:
                    return
                seen += part
            frame, rest = seen.split(b"\x1c\r", 1)
            assert frame[:1] == b"\x0b"
            assert rest == b""
            message = frame[1:]
            receiver.arrived.append(message)
            script = receiver.answers.pop(0) if receiver.answers else (lambda known: ack("AA", known))
            answer = script(control_id(message))
            if answer is not None:
                self.connection.sendall(b"\x0b" + answer.encode() + b"\x1c\r")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            line, caller = super().get_request()
            return (secured.wrap_socket(line, server_side=True) if secured else line), caller

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join(10)
