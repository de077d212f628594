"""
TLS on the lines to the sites: whom the hub believes, what it shows of itself, and failures in words.

A route with TLS never falls back to plain text: without a line that both sides trust nothing is sent.
*Source:* PS3.15 B.12 (BCP 195 with RFC 8996 and RFC 9325): TLS 1.2 or 1.3, ECDHE with AES-GCM only.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from resources.translation import tr
from workstation.domain.dispatch import Route
from workstation.domain.errors import NotTrusted, Unreachable

KEY_PASSWORD: Final = "LIANYUE_TLS_KEY_PASSWORD"  # noqa: S105 - the name of an environment variable
"""Names the environment variable that opens ``own.key`` where that is encrypted."""
_CIPHERS: Final = "ECDHE+AESGCM"
"""Of TLS 1.2; those of 1.3 are all recommended. *Source:* RFC 9325 section 4.2."""
_HANDSHAKE_S: Final = 10.0
_LAST_WORD_S: Final = 1.0
_EXPIRED, _NOT_YET, _REVOKED, _OTHER_HOST, _OTHER_ADDRESS = 10, 9, 23, 62, 64
_UNTRUSTED: Final = frozenset({2, 18, 19, 20, 21})
"""Verification results of X.509. *Source:* OpenSSL x509_vfy.h."""
_PLAIN: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})
_OUTDATED: Final = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "INSUFFICIENT_SECURITY", "NO_SHARED_CIPHER")
_OUR_CERTIFICATE: Final = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR")
"""Alerts of the other side about what we showed; others only say that a line ended. *Source:* RFC 8446 6.2."""


class _PatientContext(ssl.SSLContext):
    """The side that is called: somebody who connects and stays silent must not hold up the others."""

    def wrap_socket(self, sock: socket.socket, *args: Any, **named: Any) -> ssl.SSLSocket:  # noqa: ANN401 - as in ssl
        sock.settimeout(_HANDSHAKE_S)
        line = super().wrap_socket(sock, *args, **named)
        line.settimeout(None)
        return line


@dataclass(frozen=True, slots=True)
class SecureLines:
    """
    The hub's certificates for its lines to the sites, as PEM files in a folder.

    ``trusted.pem`` holds the authorities to believe (without it the system's own), ``revoked.pem`` their
    revocation lists, ``own.pem`` and ``own.key`` the hub's certificate with its chain and its key. A folder
    below it, named as a route, goes first for that route. No folder means the system's authorities alone.
    """

    folder: Path | None = None

    def calling(self, route: Route) -> ssl.SSLContext:
        """Return what a line to the receiver of the route is secured with. Raises NotTrusted."""
        trusted = self._file("trusted.pem", route.route_id)
        with _readable():
            context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=trusted)
            self._complete(context, route.route_id)
            if self._file("own.pem", route.route_id) is not None:
                self._show_own(context, route.route_id)
        return context

    def called(self) -> ssl.SSLContext:
        """Return what the hub answers calls with: both sides show certificates. Raises NotTrusted."""
        with _readable():
            context = _PatientContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_verify_locations(cafile=self._required("trusted.pem"))
            context.verify_mode = ssl.CERT_REQUIRED
            self._complete(context)
            self._show_own(context)
        return context

    def _complete(self, context: ssl.SSLContext, route_id: str = "") -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        revoked = self._file("revoked.pem", route_id)
        if revoked is not None:
            context.load_verify_locations(cafile=revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    def _show_own(self, context: ssl.SSLContext, route_id: str = "") -> None:
        """Load certificate and key; without a password OpenSSL would ask for one on the terminal."""
        certificate, key = self._required("own.pem", route_id), self._required("own.key", route_id)
        context.load_cert_chain(certificate, key, password=lambda: os.environ.get(KEY_PASSWORD, ""))

    def _required(self, name: str, route_id: str = "") -> Path:
        found = self._file(name, route_id)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def _file(self, name: str, route_id: str = "") -> Path | None:
        if self.folder is None:
            return None
        places = (self.folder / route_id / name, self.folder / name) if route_id else (self.folder / name,)
        return next((place for place in places if place.is_file()), None)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        raise NotTrusted(
            tr("The hub's own TLS files cannot be used"),
            hint=tr("Look at trusted.pem, own.pem and own.key in its folder tls. Nothing was sent."),
            detail=f"{type(exc).__name__} {getattr(exc, 'reason', '') or exc}",
        ) from exc


def secured(plain: socket.socket, route: Route, lines: SecureLines) -> ssl.SSLSocket:
    """Return the line, encrypted, to whom the route names. Raises NotTrusted, Unreachable; ``plain`` is used up."""
    context = lines.calling(route)
    host, _port = route.host_and_port
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except OSError as exc:
        raise line_failure(exc, host, greeting=True) from exc


def greet(route: Route, lines: SecureLines, timeout_s: float) -> None:
    """
    Say hello to the receiver of a route and leave, to hear whether it and we accept each other.

    In TLS 1.3 the other side refuses our certificate only after our part of the handshake, and whoever sends at
    once may lose its words with the line. Raises NotTrusted, Unreachable; OSError where nobody listens.
    """
    host, port = route.host_and_port
    with socket.create_connection((host, port), timeout=timeout_s) as plain:
        if not route.tls:
            return
        with secured(plain, route, lines) as line:
            line.settimeout(_LAST_WORD_S)
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(line.fileno())) as raw:
                raw.shutdown(socket.SHUT_WR)  # to say that we leave in TLS would let it hang up on its own words
            try:
                line.recv(1)
            except ssl.SSLError as exc:
                if _refuses_us(exc.reason or ""):
                    raise line_failure(exc, host, greeting=True) from exc
            except OSError:
                pass  # it hung up without a word, as most do


def line_failure(exc: OSError, host: str, *, greeting: bool = False) -> Unreachable:
    """Return in words what is wrong with a line that was to be encrypted; ``greeting`` while it is being made."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _certificate(exc, host)
    reason = (getattr(exc, "reason", None) or "") if isinstance(exc, ssl.SSLError) else ""
    if reason in _PLAIN:
        return NotTrusted(
            tr("{host} does not speak TLS on this port", host=host),
            hint=tr("Switch TLS on there, or correct the route. Nothing was sent in plain text."),
            detail=reason,
        )
    if any(word in reason for word in _OUTDATED):
        return NotTrusted(
            tr("{host} offers only outdated encryption", host=host),
            hint=tr("TLS 1.2 or later is needed there. Nothing was sent."),
            detail=reason,
        )
    if _refuses_us(reason):
        return NotTrusted(
            tr("{host} does not accept the hub's certificate", host=host),
            hint=tr("Put one that the site trusts into the hub's folder tls (own.pem, own.key)."),
            detail=reason,
        )
    return (
        _broken_off(exc, host, reason)
        if greeting
        else Unreachable(
            tr("The receiver does not answer"), hint=tr("It is tried again until it does."), detail=type(exc).__name__
        )
    )


def _broken_off(exc: OSError, host: str, reason: str) -> Unreachable:
    if isinstance(exc, TimeoutError):
        return Unreachable(
            tr("{host} does not answer the TLS greeting; it may expect plain text", host=host),
            hint=tr("Switch TLS on there, or correct the route. Nothing was sent in plain text."),
            detail="handshake timed out",
        )
    silent = "_ALERT_" not in reason  # a line that was cut, or a receiver that is being started, says nothing either
    kind = Unreachable if silent else NotTrusted
    return kind(
        tr("{host} breaks off the TLS greeting", host=host),
        hint=tr("It may expect plain text on this port, or not know the hub's certificate. Nothing was sent."),
        detail=reason or type(exc).__name__,
    )


def _refuses_us(reason: str) -> bool:
    return "_ALERT_" in reason and any(word in reason for word in _OUR_CERTIFICATE)


def _certificate(exc: ssl.SSLCertVerificationError, host: str) -> NotTrusted:
    code = exc.verify_code
    if code == _EXPIRED:
        text, hint = tr("The certificate of {host} has expired", host=host), tr("Ask the site for a new one.")
    elif code == _NOT_YET:
        text = tr("The certificate of {host} is not valid yet", host=host)
        hint = tr("Compare the clocks of the hub and of the site.")
    elif code == _REVOKED:
        text, hint = tr("The certificate of {host} has been revoked", host=host), tr("Ask the site for a new one.")
    elif code in {_OTHER_HOST, _OTHER_ADDRESS}:
        text = tr("Whoever answers at {host} shows the certificate of another system", host=host)
        hint = tr("The address in the route must be a name that stands in the certificate.")
    elif code in _UNTRUSTED:
        text = tr("{host} shows a certificate that the hub does not trust", host=host)
        hint = tr("If the site confirms it, put its authority into the hub's folder tls (trusted.pem).")
    else:
        text, hint = tr("The certificate of {host} does not hold", host=host), tr("Ask the site for a new one.")
    return NotTrusted(text, hint=f"{hint} {tr('Nothing was sent.')}", detail=f"X.509 {code} {exc.verify_message}")
