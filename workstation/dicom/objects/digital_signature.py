"""
Digital signatures inside DICOM objects: the signature travels with the object, wherever it goes.

*Source:* PS3.15 C.1 (creator), C.4 (structured reports); PS3.3 C.12.1.1.3. What is hashed: every signed
element in Explicit VR Little Endian; a sequence without its length, its items by their tag alone, closed
by the sequence delimiter; then the signature's own item but for certificate, signature and time stamp.
DCMTK's dcmsign 3.6.7 agrees up to 16 KiB of nested content and stops hashing there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_der_x509_certificate
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr.common import code_dataset, part10, read_part10
from workstation.domain.template import Code

VERIFICATION: Final = Code("5", "ASTM-sigpurpose", "Verification Signature")
"""Required where Verification Flag is VERIFIED (PS3.15 C.4)."""
AUTHORSHIP: Final = Code("1", "ASTM-sigpurpose", "Author's Signature")
_PREAMBLE: Final = 128
_TAG: Final = struct.Struct("<HH")
_ITEM: Final = b"\xfe\xff\x00\xe0"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0"
_MAC_ALGORITHM: Final = "SHA256"
_CERTIFICATE_TYPE: Final = "X509_1993_SIG"
_UNSIGNED: Final = frozenset(
    Tag(keyword) for keyword in ("CertificateOfSigner", "Signature", "CertifiedTimestampType", "CertifiedTimestamp")
)
_NEVER_SIGNED: Final = frozenset({Tag("MACParametersSequence"), Tag("DigitalSignaturesSequence")})


@dataclass(frozen=True, slots=True)
class DatasetSignature:
    """One signature found in an object. Whether its certificate is to be believed, others decide."""

    intact: bool
    """Every signed element is as it was when signed."""
    certificate: bytes
    """DER of the signer's certificate."""
    signed_at: str
    """Digital Signature DateTime as written."""
    purpose: str
    """Code value of the purpose, empty where none is given."""
    covers_all: bool
    """Nothing stands in the object that this signature does not protect, but for other signatures."""


def sign_dataset(
    ds: Dataset,
    *,
    sign: Callable[[bytes], bytes],
    certificate: bytes,
    uid: str,
    at: datetime,
    purpose: Code = VERIFICATION,
) -> None:
    """
    Add a signature over everything in the object but its signatures.

    ``sign`` makes an RSA PKCS#1 v1.5 signature with SHA-256 over its argument, ``certificate`` is the DER of
    its key, ``at`` has a time zone. PS3.15 C.4 asks for less: who the patient is, what was asked and whether
    the report is final it leaves out.
    """
    number = len(ds.get("MACParametersSequence") or ()) + 1
    tags = sorted(_signable(ds))
    method = Dataset()
    method.MACIDNumber = number
    method.MACCalculationTransferSyntaxUID = ExplicitVRLittleEndian
    method.MACAlgorithm = _MAC_ALGORITHM
    method.DataElementsSigned = tags
    item = Dataset()
    item.MACIDNumber = number
    item.DigitalSignatureUID = uid
    item.DigitalSignatureDateTime = f"{at:%Y%m%d%H%M%S.%f%z}"
    item.CertificateType = _CERTIFICATE_TYPE
    item.DigitalSignaturePurposeCodeSequence = [code_dataset(purpose)]
    item.CertificateOfSigner = _even(certificate)
    item.Signature = _even(sign(_hashed(ds, tags, item)))
    ds.MACParametersSequence = Sequence([*(ds.get("MACParametersSequence") or ()), method])
    ds.DigitalSignaturesSequence = Sequence([*(ds.get("DigitalSignaturesSequence") or ()), item])


def check_dataset(ds: Dataset) -> list[DatasetSignature]:
    """Return what each signature of an object says; one that cannot be read or checked is not intact."""
    methods = {int(one.get("MACIDNumber", -1)): one for one in ds.get("MACParametersSequence") or ()}
    return [_checked(ds, item, methods) for item in ds.get("DigitalSignaturesSequence") or ()]


def signed_part10(
    data: bytes, *, sign: Callable[[bytes], bytes], certificate: bytes, uid: str, at: datetime, purpose: Code
) -> bytes:
    """Return one of our own Part 10 files, without a signature so far, with one inside; all other bytes stay."""
    ds = read_part10(data)
    if _NEVER_SIGNED & ds.keys() or max(ds.keys()) > min(_NEVER_SIGNED):
        raise ValueError("signatures are written behind all else, once")
    sign_dataset(ds, sign=sign, certificate=certificate, uid=uid, at=at, purpose=purpose)
    added = Dataset()
    added.MACParametersSequence, added.DigitalSignaturesSequence = (
        ds.MACParametersSequence,
        ds.DigitalSignaturesSequence,
    )
    encoded = DicomBytesIO()
    encoded.is_little_endian, encoded.is_implicit_VR = True, False
    write_dataset(encoded, added)
    return data + encoded.getvalue()


def is_as_written(data: bytes, ds: Dataset) -> bool:
    """Tell whether the bytes around the signed values are as we write them: preamble, meta information, padding."""
    return data[:_PREAMBLE] == bytes(_PREAMBLE) and part10(ds) == data


def _checked(ds: Dataset, item: Dataset, methods: dict[int, Dataset]) -> DatasetSignature:
    certificate = _without_padding(bytes(item.get("CertificateOfSigner", b"")))
    method = methods.get(int(item.get("MACIDNumber", -2)), Dataset())
    signed = method.get("DataElementsSigned") or ()
    tags = [Tag(tag) for tag in ([signed] if isinstance(signed, BaseTag) else signed)]
    codes = item.get("DigitalSignaturePurposeCodeSequence") or ()
    known = (
        method.get("MACAlgorithm") == _MAC_ALGORITHM
        and method.get("MACCalculationTransferSyntaxUID") == ExplicitVRLittleEndian
        and not _NEVER_SIGNED & set(tags)
        and all(tag in ds for tag in tags)
    )
    return DatasetSignature(
        intact=known and _verifies(certificate, bytes(item.get("Signature", b"")), _hashed(ds, tags, item)),
        certificate=certificate,
        signed_at=str(item.get("DigitalSignatureDateTime", "")),
        purpose=code_value(codes[0]) if codes else "",
        covers_all=set(tags) == _signable(ds) and len(tags) == len(set(tags)),
    )


def _signable(ds: Dataset) -> set[BaseTag]:
    return set(ds.keys()) - _NEVER_SIGNED


def _verifies(certificate: bytes, signature: bytes, content: bytes) -> bool:
    try:
        key = load_der_x509_certificate(certificate).public_key()
    except ValueError:
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature[: key.key_size // 8], content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return not any(signature[key.key_size // 8 :])


def _hashed(ds: Dataset, tags: Iterable[BaseTag], item: Dataset) -> bytes:
    """Return the bytes that one signature protects."""
    charset = ds.get("SpecificCharacterSet") or "ISO_IR 6"
    own = sorted(tag for tag in item.keys() if tag not in _UNSIGNED)  # noqa: SIM118 - a Dataset yields elements
    return b"".join([*(_encoded(ds, tag, charset) for tag in tags), *(_encoded(item, tag, charset) for tag in own)])


def _encoded(ds: Dataset, tag: BaseTag, charset: str | list[str]) -> bytes:
    element: object = ds.get_item(tag)
    if isinstance(element, RawDataElement) and element.VR not in {None, "SQ", "UN"}:
        return _as_it_came(element)
    chosen = ds[tag]
    if chosen.VR == "SQ":
        items = (
            _ITEM + b"".join(_encoded(one, nested, charset) for nested in sorted(one.keys())) for one in chosen.value
        )
        return _TAG.pack(tag.group, tag.element) + b"SQ\0\0" + b"".join(items) + _SEQUENCE_END
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, chosen, encodings=charset)
    return buffer.getvalue()


def _as_it_came(element: RawDataElement) -> bytes:
    """Return an element as the file has it, which is what was signed; decoding it would cost the most time here."""
    value = element.value or b""
    vr = str(element.VR)
    length = struct.pack("<HI", 0, len(value)) if vr in EXPLICIT_VR_LENGTH_32 else struct.pack("<H", len(value))
    return _TAG.pack(element.tag.group, element.tag.element) + vr.encode() + length + value


def _even(content: bytes) -> bytes:
    return content + b"\0" * (len(content) % 2)


def _without_padding(der: bytes) -> bytes:
    """Return a certificate without the byte that made its length even: DER says how long it is."""
    if len(der) < 4 or der[0] != 0x30 or der[1] != 0x82:
        return der
    end = 4 + int.from_bytes(der[2:4], "big")
    return der if any(der[end:]) else der[:end]
