"""Carrying a report as one HL7 message over MLLP: a frame out, an acknowledgement back."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Final

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Receipt, Route
from workstation.domain.errors import Refused, Unreachable
from workstation.exchange.routes.dispatched_objects import signed_pdf
from workstation.exchange.routes.hl7v2 import oru_r01, read_acknowledgement, require_accepted
from workstation.exchange.routes.report_body import TemplateOf, words_of
from workstation.exchange.routes.secure_lines import SecureLines, greet, line_failure, secured

START: Final = b"\x0b"
END: Final = b"\x1c\x0d"
LONGEST_ANSWER: Final = 1 << 20
CONNECT_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Hl7Carrier:
    """Implements ``Carrier`` for HL7 routes; one connection for each message."""

    template_of: TemplateOf
    lines: SecureLines = field(default_factory=SecureLines)

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """Return with the receiver's AA. Raises Undeliverable, Refused, Unreachable."""
        body = words_of(consignment, self.template_of)
        message = oru_r01(consignment, route, body, signed_pdf(consignment))
        answer = exchange(message, route, self.lines)
        found = read_acknowledgement(answer, route.charset)
        require_accepted(found, consignment)
        return Receipt(f"{found.code} {found.control_id}")


def exchange(message: bytes, route: Route, lines: SecureLines) -> bytes:
    """Send one message and return the answer without its frame. Raises NotTrusted, Unreachable, Refused."""
    host, port = route.host_and_port
    deadline = time.monotonic() + route.answer_timeout_s
    try:
        with socket.create_connection((host, port), timeout=min(CONNECT_TIMEOUT_S, route.answer_timeout_s)) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with secured(plain, route, lines) if route.tls else plain as line:
                line.settimeout(_left(deadline))
                line.sendall(START + message + END)
                return _answer(line, deadline)
    except OSError as exc:
        if route.tls and isinstance(exc, ConnectionError | ssl.SSLEOFError):
            _find_out(route, lines)
        raise line_failure(exc, host) from exc


def _find_out(route: Route, lines: SecureLines) -> None:
    """Hear why the line was closed: a refusal of our certificate may have been lost with it. Raises NotTrusted."""
    with contextlib.suppress(OSError):
        greet(route, lines, CONNECT_TIMEOUT_S)


def _answer(line: socket.socket, deadline: float) -> bytes:
    seen = bytearray()
    while END not in seen:
        line.settimeout(_left(deadline))
        part = line.recv(65_536)
        if not part:
            raise _away("closed without an acknowledgement")
        seen += part
        if len(seen) > LONGEST_ANSWER:
            raise Refused(tr("The receiver's answer has no end"), detail=f"over {LONGEST_ANSWER} bytes")
    return bytes(seen[: seen.index(END)]).lstrip(START)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no acknowledgement in time")
    return left


def _away(detail: str) -> Unreachable:
    return Unreachable(
        tr("The receiver does not answer"), hint=tr("It is tried again until it does."), detail=detail
    )  # fmt: skip
