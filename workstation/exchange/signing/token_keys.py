"""
Signing keys on a token or in a module that never gives them out (PKCS#11).

The certificate tells whose token it is; each act of signing opens a session with the PIN and closes it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pkcs11
from asn1crypto import x509 as asn1_x509
from cryptography.x509 import load_der_x509_certificate
from pkcs11 import Attribute, Mechanism, ObjectClass, PKCS11Error, TokenFlag

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import CertificateFacts, PinState, SignatureLevel
from workstation.exchange.signing.certificate_facts import certificate_facts
from workstation.exchange.signing.pades import PadesSigner, Trust
from workstation.exchange.signing.software_key import RsaSigner
from workstation.exchange.signing.time_stamps import TimeAuthority
from workstation.exchange.signing.usable_certificate import require_usable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyhanko.sign.signers import Signer

_MECHANISMS: Final = {
    "sha256": Mechanism.SHA256_RSA_PKCS,
    "sha384": Mechanism.SHA384_RSA_PKCS,
    "sha512": Mechanism.SHA512_RSA_PKCS,
}
TRIES: Final = 3
"""After so many wrong PINs in a row a token is not asked again, because most lock themselves for good soon after."""


class TokenSession(PadesSigner):
    """A key on a token, open until it is closed."""

    def __init__(
        self,
        signer: Signer,
        trust: Trust,
        authority: TimeAuthority | None,
        level: SignatureLevel,
        close: Callable[[], None],
    ) -> None:
        super().__init__(signer, trust, authority, level)
        self._close = close

    def close(self) -> None:
        """Forget the PIN: the token asks for it anew."""
        self._close()


class _Key:
    """The private key of one session; it is fetched for each signature, so that a pulled token is noticed."""

    def __init__(self, session: pkcs11.Session, key_id: bytes, closed: Callable[[], None]) -> None:
        self._session: pkcs11.Session | None = session
        self._id = key_id
        self._closed = closed

    def sign(self, data: bytes, digest: str) -> bytes:
        """Return a signature made by the token. Raises SignatureInvalid."""
        with _told():
            if self._session is None:
                raise pkcs11.SessionClosed
            key: Any = self._session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=self._id)
            return bytes(key.sign(data, mechanism=_MECHANISMS[digest]))

    def close(self) -> None:
        """End the session; the token may be gone, and its session with it."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(PKCS11Error):
                session.close()
            self._closed()


@dataclass(slots=True)
class TokenKeys:
    """
    Implements SignerPort with the token of a label behind a PKCS#11 module.

    ``authority`` is asked for at each signature. An empty ``label`` takes any token that holds a certificate
    of the person.
    """

    module: str
    label: str
    trust: Callable[[], Trust]
    authority: Callable[[], TimeAuthority | None]
    level: SignatureLevel = SignatureLevel.LT
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _wrong: dict[bytes, int] = field(default_factory=dict, init=False)
    _open: bool = field(default=False, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False)

    def unlock(self, user_id: str, pin: str) -> TokenSession:
        """Open the key for one act of signing. Raises SignatureInvalid; no PIN is tried that cannot fit."""
        with self._lock:
            token, key_id, certificate = self._found(user_id)
            trust = self.trust()
            require_usable(certificate.dump(), trust, self.now())
            session = self._opened(token, pin)
            self._open = True
        key = _Key(session, key_id, self._session_closed)
        issuers = [asn1_x509.Certificate.load(der) for der in trust.intermediates]
        signer = RsaSigner(certificate, issuers, key.sign)
        return TokenSession(signer, trust, self.authority(), self.level, key.close)

    def subject(self, user_id: str) -> str:
        """Return the certificate subject's name, empty where no token of this person is plugged in."""
        try:
            with self._lock:
                return _name(self._found(user_id)[2])
        except SignatureInvalid:
            return ""

    def certificate(self, user_id: str) -> CertificateFacts | None:
        """
        Return what the certificate on the person's token says, None where no such token is plugged in.

        The tries are those after which this program asks no more; a token tells none, only how near its end is.
        """
        try:
            with self._lock:
                token, _key_id, certificate = self._found(user_id)
                flags, wrong = token.flags, self._wrong.get(token.serial, 0)
        except SignatureInvalid:
            return None
        left = 1 if TokenFlag.USER_PIN_FINAL_TRY in flags else TRIES - wrong
        pin = PinState.LOW if wrong or TokenFlag.USER_PIN_COUNT_LOW in flags else PinState.FINE
        if left <= 1:
            pin = PinState.LAST_TRY
        if left <= 0 or TokenFlag.USER_PIN_LOCKED in flags:
            pin, left = PinState.LOCKED, 0
        known = load_der_x509_certificate(certificate.dump())
        return certificate_facts(known, self.trust(), self.now(), pin=pin, tries_left=left)

    def _session_closed(self) -> None:
        self._open = False

    def _opened(self, token: pkcs11.Token, pin: str) -> pkcs11.Session:
        wrong = self._wrong.get(token.serial, 0)
        if wrong >= TRIES or TokenFlag.USER_PIN_LOCKED in token.flags:
            raise _locked()
        try:
            session = token.open(user_pin=pin)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as exc:
            self._wrong[token.serial] = wrong + 1
            if wrong + 1 >= TRIES:
                raise _locked() from exc
            raise SignatureInvalid(
                tr("Wrong PIN. After {count} more the token is no longer asked", count=TRIES - wrong - 1),
                hint=tr("The report is unchanged."),
            ) from exc
        except pkcs11.PinLocked as exc:
            raise _locked() from exc
        except PKCS11Error as exc:
            raise _gone(exc) from exc
        self._wrong.pop(token.serial, None)
        return session

    def _found(self, user_id: str) -> tuple[pkcs11.Token, bytes, asn1_x509.Certificate]:
        """Return the person's token, certificate and the id that it shares with its key; needs no PIN."""
        others = ""
        with _told():
            library = pkcs11.lib(self.module)
            for anew in (False, True):
                if anew and not self._open:
                    library.reinitialize()  # some modules see only so that a token came; it ends every session
                with contextlib.nullcontext() if anew else contextlib.suppress(PKCS11Error):
                    for token, key_id, certificate in _on(library, self.label):
                        if certificate.subject.native.get("user_id") in {user_id, None}:
                            return token, key_id, certificate
                        others = _name(certificate)
        if others:
            raise SignatureInvalid(
                tr("The signing token is {holder}'s", holder=others), hint=tr("Plug in your own. The draft is kept.")
            )
        raise SignatureInvalid(
            tr("The signing token is not plugged in"), hint=tr("Plug it in, then sign again. The draft is kept.")
        )


def _on(library: Any, label: str) -> Iterator[tuple[pkcs11.Token, bytes, asn1_x509.Certificate]]:  # noqa: ANN401 - the module's class is loaded with it
    """Yield the certificates on the tokens that are plugged in; those of a token never need its PIN."""
    for slot in library.get_slots(token_present=True):
        token = slot.get_token()
        if label and token.label != label:
            continue
        for key_id, certificate in _certificates(token):
            yield token, key_id, certificate


def _certificates(token: pkcs11.Token) -> list[tuple[bytes, asn1_x509.Certificate]]:
    with token.open() as session:
        return [
            (found[Attribute.ID], asn1_x509.Certificate.load(found[Attribute.VALUE]))
            for found in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
        ]


@contextmanager
def _told() -> Iterator[None]:
    """Translate the module's errors at the edge."""
    try:
        yield
    except (PKCS11Error, OSError, ValueError) as exc:
        raise _gone(exc) from exc


def _name(certificate: asn1_x509.Certificate) -> str:
    return str(certificate.subject.native.get("common_name", ""))


def _gone(exc: Exception) -> SignatureInvalid:
    return SignatureInvalid(
        tr("The signing token does not answer"),
        hint=tr("Plug it in, then sign again. Nothing was signed, and the draft is kept."),
        detail=type(exc).__name__,
    )


def _locked() -> SignatureInvalid:
    return SignatureInvalid(
        tr("The signing token is no longer asked after {count} wrong PINs", count=TRIES),
        hint=tr("It would lock itself for good. Ask for your PIN, then start Lianyue anew. The draft is kept."),
    )
