"""
SM2 signatures with SM3 by the OpenSSL that Python itself is linked with.

pyca/cryptography offers no SM2. OpenSSL 3 does, and is there wherever ``ssl`` is; nothing is computed here.
*Source:* GB/T 32918.2-2016 (algorithm), GB/T 32905-2016 (SM3), GM/T 0009-2012 section 10 (default identity),
OpenSSL EVP_PKEY-SM2(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
from collections.abc import Iterator
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ubyte, c_ulong, c_void_p
from functools import cache
from typing import Any, Final

from resources.translation import tr
from workstation.domain.errors import SignatureInvalid

IDENTITY: Final = b"1234567812345678"
"""Whom a signature names where the parties agreed on nothing else."""
_ROUNDS: Final = 200_000
_OPENSSL_3: Final = 0x30000000
_BYTES: Final = POINTER(c_ubyte)
_CALLS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "OpenSSL_version_num": (c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "EVP_sm3": (c_void_p, ()),
    "EVP_aes_256_cbc": (c_void_p, ()),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_int)),
    "EVP_PKEY_keygen_init": (c_int, (c_void_p,)),
    "EVP_PKEY_generate": (c_int, (c_void_p, POINTER(c_void_p))),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY2PKCS8": (c_void_p, (c_void_p,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (c_void_p,)),
    "PKCS8_encrypt": (c_void_p, (c_int, c_void_p, c_char_p, c_int, c_char_p, c_int, c_int, c_void_p)),
    "PKCS8_decrypt": (c_void_p, (c_void_p, c_char_p, c_int)),
    "EVP_PKCS82PKEY": (c_void_p, (c_void_p,)),
    "i2d_X509_SIG": (c_int, (c_void_p, POINTER(_BYTES))),
    "d2i_X509_SIG": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "X509_SIG_free": (None, (c_void_p,)),
    "i2d_PUBKEY": (c_int, (c_void_p, POINTER(_BYTES))),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "CRYPTO_free": (None, (c_void_p, c_char_p, c_int)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (c_void_p, c_void_p)),
    "EVP_DigestSignInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
}


class Sm2Key:
    """A private key, open in memory until this object is forgotten."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._free = _openssl().EVP_PKEY_free

    @classmethod
    def generate(cls) -> Sm2Key:
        """Return a new key. Raises SignatureInvalid where this OpenSSL has no SM2."""
        openssl = _openssl()
        context = _made(openssl.EVP_PKEY_CTX_new_from_name(None, b"SM2", None))
        made = c_void_p()
        try:
            if openssl.EVP_PKEY_keygen_init(context) != 1 or openssl.EVP_PKEY_generate(context, byref(made)) != 1:
                raise _failed("keygen")
        finally:
            openssl.EVP_PKEY_CTX_free(context)
        return cls(_made(made.value))

    @classmethod
    def opened(cls, sealed: bytes, pin: str) -> Sm2Key:
        """Open what ``sealed`` returned. Raises SignatureInvalid for another PIN and for damaged bytes."""
        openssl, word = _openssl(), pin.encode()
        with _freed(openssl.d2i_X509_SIG(None, byref(c_char_p(sealed)), len(sealed)), openssl.X509_SIG_free) as box:
            plain = openssl.PKCS8_decrypt(box, word, len(word))
        with _freed(plain, openssl.PKCS8_PRIV_KEY_INFO_free) as inner:
            key = cls(_made(openssl.EVP_PKCS82PKEY(inner)))
        if openssl.EVP_PKEY_is_a(key._handle, b"SM2") != 1:
            raise _failed("another algorithm")
        return key

    def sealed(self, pin: str, *, rounds: int = _ROUNDS) -> bytes:
        """Return the key under a PIN: PKCS#8 (DER) with PBES2, AES-256 and PBKDF2, slow to guess on purpose."""
        openssl, word = _openssl(), pin.encode()
        with _freed(openssl.EVP_PKEY2PKCS8(self._handle), openssl.PKCS8_PRIV_KEY_INFO_free) as inner:
            box = openssl.PKCS8_encrypt(-1, openssl.EVP_aes_256_cbc(), word, len(word), None, 0, rounds, inner)
        with _freed(box, openssl.X509_SIG_free) as made:
            return _der(openssl.i2d_X509_SIG, made)

    @property
    def public(self) -> bytes:
        """Return the public key: SubjectPublicKeyInfo, DER."""
        return _der(_openssl().i2d_PUBKEY, self._handle)

    def sign(self, content: bytes, identity: bytes = IDENTITY) -> bytes:
        """Return the signature of SM2 with SM3: SEQUENCE of r and s, DER. Raises SignatureInvalid."""
        openssl = _openssl()
        with _digesting(self._handle, identity) as context:
            if openssl.EVP_DigestSignInit(context, None, openssl.EVP_sm3(), None, self._handle) != 1:
                raise _failed("sign")
            room = c_size_t(256)
            made = ctypes.create_string_buffer(room.value)
            if openssl.EVP_DigestSign(context, made, byref(room), content, len(content)) != 1:
                raise _failed("sign")
            return made.raw[: room.value]

    def __del__(self) -> None:
        self._free(self._handle)


def holds(public: bytes, content: bytes, signature: bytes, identity: bytes = IDENTITY) -> bool:
    """Tell whether a signature (DER) over the content is that of a public key (SubjectPublicKeyInfo, DER)."""
    openssl = _openssl()
    handle = openssl.d2i_PUBKEY(None, byref(c_char_p(public)), len(public))
    if not handle:
        openssl.ERR_clear_error()
        return False
    try:
        if openssl.EVP_PKEY_is_a(handle, b"SM2") != 1:
            return False
        with _digesting(handle, identity) as context:
            begun = openssl.EVP_DigestVerifyInit(context, None, openssl.EVP_sm3(), None, handle) == 1
            verified = (
                openssl.EVP_DigestVerify(context, signature, len(signature), content, len(content)) if begun else 0
            )
            return bool(verified == 1)
    finally:
        openssl.ERR_clear_error()
        openssl.EVP_PKEY_free(handle)


@contextlib.contextmanager
def _digesting(key: int, identity: bytes) -> Iterator[int]:
    """Yield a digest context that knows the signer's identity, which SM2 digests before the content."""
    openssl = _openssl()
    with (
        _freed(openssl.EVP_PKEY_CTX_new(key, None), openssl.EVP_PKEY_CTX_free) as named,
        _freed(openssl.EVP_MD_CTX_new(), openssl.EVP_MD_CTX_free) as context,
    ):
        if openssl.EVP_PKEY_CTX_set1_id(named, identity, len(identity)) != 1:
            raise _failed("identity")
        openssl.EVP_MD_CTX_set_pkey_ctx(context, named)
        yield context


@contextlib.contextmanager
def _freed(handle: int | None, free: Any) -> Iterator[int]:  # noqa: ANN401 - a foreign function
    made = _made(handle)
    try:
        yield made
    finally:
        free(made)


def _der(write: Any, handle: int) -> bytes:  # noqa: ANN401 - a foreign function
    out = _BYTES()
    length = write(handle, byref(out))
    if length <= 0:
        raise _failed("encode")
    try:
        return ctypes.string_at(out, length)
    finally:
        _openssl().CRYPTO_free(out, None, 0)


def _made(handle: int | None) -> int:
    if not handle:
        raise _failed("no object")
    return handle


def _failed(detail: str) -> SignatureInvalid:
    _openssl().ERR_clear_error()
    return SignatureInvalid(
        tr("The SM2 key cannot be used"), hint=tr("Nothing was signed, and the draft is kept."), detail=detail
    )


@cache
def _openssl() -> Any:  # noqa: ANN401 - a foreign library
    """Return libcrypto with its functions declared. Raises SignatureInvalid where there is none with SM2."""
    for place in _places():
        try:
            library = ctypes.CDLL(place)
            for name, (result, arguments) in _CALLS.items():
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        if library.OpenSSL_version_num() >= _OPENSSL_3:
            return library
    raise SignatureInvalid(
        tr("This machine's OpenSSL offers no SM2"),
        hint=tr("Switch the SM2 signature off in the policy, or install OpenSSL 3."),
    )


def _places() -> Iterator[str]:
    """Name the library that Python's own ``ssl`` has loaded, then where the system keeps its own."""
    import _ssl  # noqa: PLC0415 - imported here, so that a Python without it still has all the rest

    for place in (getattr(_ssl, "__file__", None), ctypes.util.find_library("crypto"), "libcrypto-3-x64.dll"):
        if place:
            yield place
