"""
DICOM JSON (PS3.18 Annex F) from the raw elements of a file.

Values are converted here from their bytes and not by pydicom, for three reasons: text goes through
our own character set decoder, a malformed number becomes the string that it is instead of a warning,
and nothing larger than a threshold is touched at all: it is told as BulkDataURI.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.multival import MultiValue

from resources.translation import tr
from workstation.dicom.charset import TextDecoder, charsets_of
from workstation.dicom.scanner_charsets import ORIGINAL_ATTRIBUTES, decoder_for, mark_of
from workstation.domain.errors import DecodeError
from workstation.domain.scanner_charset import CharsetRule
from workstation.domain.study import DecodeWarning

JsonAttributes = dict[str, dict[str, Any]]

MAX_INLINE_BYTES: Final = 4096
"""Binary values above this travel on their own."""
_DEFERRED_BYTES: Final = 65_536
"""Values above this are not even read from the file."""

_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_WORD_SIZE: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_TEXT: Final = frozenset({"PN", "LO", "SH", "ST", "LT", "UT", "UC"})
_SINGLE_TEXT: Final = frozenset({"ST", "LT", "UT", "UR"})
_NUMBERS: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_BULK_NEVER: Final = frozenset({"SQ", "PN", "UI", "CS", "DA", "TM", "DT", "AS", "AE", "SH", "LO", "AT"})
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_UNREADABLE: Final = (
    InvalidDicomError,
    RecursionError,
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    struct.error,
    NotImplementedError,
)
"""What pydicom raises on bytes that are no DICOM."""


def read_header(source: Path | bytes) -> Dataset:
    """
    Read an inspected Part 10 file, leaving values above 64 KiB in it.

    Raises DecodeError where pydicom gives up.
    """
    try:
        if isinstance(source, bytes):
            return pydicom.dcmread(DicomBytesIO(source))
        return pydicom.dcmread(source, defer_size=_DEFERRED_BYTES)
    except _UNREADABLE as exc:
        raise DecodeError(tr("The file is damaged or not DICOM."), detail=f"pydicom: {type(exc).__name__}") from exc


def dataset_to_json(
    dataset: Dataset, bulk_uri: str, rules: Sequence[CharsetRule] = ()
) -> tuple[JsonAttributes, list[DecodeWarning]]:
    """
    Return all attributes as DICOM JSON in ascending order, and the doubts about its text.

    ``bulk_uri`` ends in ``/bulkdata/``; the path of a value is its tag, for nested ones
    ``tag/item/tag`` with items from 0. Where one of ``rules`` says what the text of this scanner really is, it is
    read so and the attributes say that it was. Raises DecodeError for sequences nobody can read.
    """
    writer = _Writer(dataset, bulk_uri)
    try:
        decoder, rule = decoder_for(dataset, rules)
        attributes = writer.item(dataset, decoder, "")
        if rule is not None:
            marked = attributes.get(ORIGINAL_ATTRIBUTES, {}).get("Value", [])
            attributes[ORIGINAL_ATTRIBUTES] = {"vr": "SQ", "Value": [*marked, mark_of(rule, decoder.charsets)]}
            attributes = dict(sorted(attributes.items()))
        return attributes, list(dict.fromkeys(writer.doubts))
    except _UNREADABLE as exc:
        raise DecodeError(tr("The file is damaged or not DICOM."), detail=f"attributes: {type(exc).__name__}") from exc


class _Writer:
    def __init__(self, dataset: Dataset, bulk_uri: str) -> None:
        self.little = bool(dataset.original_encoding[1])
        self.bulk_uri = bulk_uri
        self.doubts: list[DecodeWarning] = []
        value = getattr(dataset.get_item(0x00280103) if 0x00280103 in dataset else None, "value", None)
        if isinstance(value, bytes):
            value = int.from_bytes(value[:2], "little" if self.little else "big")
        self.signed = value == 1

    def item(self, dataset: Dataset, inherited: TextDecoder, path: str) -> JsonAttributes:
        decoder = _decoder(dataset, inherited)
        result: JsonAttributes = {}
        for tag in sorted(dataset.keys()):
            number = int(tag)
            if number & 0xFFFF == 0 or number < 0x00080000:
                continue
            element: RawDataElement | DataElement = dataset.get_item(tag)
            key = f"{number:08X}"
            if number == 0x00080005:
                result[key] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # the JSON itself is UTF-8
            elif isinstance(element, RawDataElement):
                result[key] = self._raw(dataset, element, number, decoder, path + key)
            else:
                result[key] = self._converted(element.VR, element.value, decoder, path + key)
        return result

    def _raw(
        self, dataset: Dataset, element: RawDataElement, tag: int, decoder: TextDecoder, path: str
    ) -> dict[str, Any]:
        vr = self._vr(element.VR, tag, element.length)
        if vr == "SQ":
            return self._converted("SQ", dataset[tag].value, decoder, path)
        value = element.value
        if tag in _PIXELS or (value is None and element.length):
            return {"vr": vr, "BulkDataURI": self.bulk_uri + path}
        if not value:
            return {"vr": vr}
        if len(value) > MAX_INLINE_BYTES and vr not in _BULK_NEVER:
            return {"vr": vr, "BulkDataURI": self.bulk_uri + path}
        if vr in _BINARY:
            return {"vr": vr, "InlineBinary": self._base64(value, vr)}
        values = self._values(value, vr, decoder)
        return {"vr": vr, "Value": values} if any(v is not None for v in values) else {"vr": vr}

    def _vr(self, vr: str | None, tag: int, length: int) -> str:
        if vr is None:
            try:
                vr = dictionary_VR(tag)
            except KeyError:
                # PS3.5 7.8.1: an odd group's elements 0010-00FF are names of creators
                vr = "LO" if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
        if " or " in vr:
            if "OW" in vr:
                return "OW"
            return "SS" if self.signed and length == 2 else "US"
        return vr

    def _base64(self, value: bytes, vr: str) -> str:
        size = _WORD_SIZE.get(vr, 1)
        if not self.little and size > 1:  # JSON is always little endian
            value = b"".join(value[n : n + size][::-1] for n in range(0, len(value), size))
        return base64.b64encode(value).decode("ascii")

    def _values(self, value: bytes, vr: str, decoder: TextDecoder) -> list[Any]:
        order = "<" if self.little else ">"
        if vr in _NUMBERS:
            count = len(value) // struct.calcsize("=" + _NUMBERS[vr])
            return [_finite(n) for n in struct.unpack_from(f"{order}{count}{_NUMBERS[vr]}", value)]
        if vr == "AT":
            words = struct.unpack_from(f"{order}{len(value) // 2}H", value)
            return [f"{g:04X}{e:04X}" for g, e in zip(words[::2], words[1::2], strict=False)]
        if vr in _TEXT:
            return _split(decoder.text(value, vr, self.doubts), vr)
        return _split(value.decode("ascii", "replace").rstrip(" \x00"), vr)

    def _converted(self, vr: str, value: object, decoder: TextDecoder, path: str) -> dict[str, Any]:
        """Turn what pydicom converts while reading: sequences and a few more."""
        vr = self._vr(vr, 0, 2)
        if vr == "SQ":
            nested: list[Dataset] = list(value) if value else []  # type: ignore[call-overload] # pydicom's Sequence
            items = [self.item(item, decoder, f"{path}/{n}/") for n, item in enumerate(nested)]
            return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        if isinstance(value, bytes):
            if vr in _BINARY and len(value) <= MAX_INLINE_BYTES:
                return {"vr": vr, "InlineBinary": self._base64(value, vr)} if value else {"vr": vr}
            return {"vr": vr, "BulkDataURI": self.bulk_uri + path}
        if value is None or value == "":
            return {"vr": vr}
        many: list[Any] = list(value) if isinstance(value, (list, tuple, MultiValue)) else [value]
        if vr in _NUMBERS:
            return {"vr": vr, "Value": [_finite(number) for number in many]}
        return {"vr": vr, "Value": _split("\\".join(str(v) for v in many), vr)}


def _decoder(dataset: Dataset, inherited: TextDecoder) -> TextDecoder:
    if 0x00080005 not in dataset:
        return inherited
    value = dataset.get_item(0x00080005).value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").rstrip(" \x00").split("\\")
    return TextDecoder(charsets_of(value), inherited.assumed, inherited.overrides)


def _split(text: str, vr: str) -> list[Any]:
    parts = [text] if vr in _SINGLE_TEXT else text.split("\\")
    if vr == "PN":
        return [person_name_json(part) for part in parts]
    if vr in {"IS", "DS"}:
        return [_decimal(part.strip(), whole=vr == "IS") for part in parts]
    # leading blanks of long texts are layout, of the others padding (PS3.5 6.2)
    return [(part.rstrip(" ") if vr in {"ST", "LT", "UT"} else part.strip(" ")) or None for part in parts]


def person_name_json(text: str) -> dict[str, str] | None:
    """Return a PN value ``alphabetic=ideographic=phonetic`` by groups, None when empty."""
    groups = {name: group.strip() for name, group in zip(_GROUPS, text.split("="), strict=False) if group.strip(" ^")}
    return groups or None


def person_name_text(value: dict[str, str]) -> str:
    """Return a JSON person name as one PN value."""
    return "=".join(value.get(name, "") for name in _GROUPS).rstrip("=")


def _finite(number: float) -> float | int | str:
    if not math.isfinite(number):
        if math.isnan(number):
            return "NaN"
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _decimal(text: str, *, whole: bool) -> float | int | str | None:
    """Return a number where there is one; PS3.18 F.2.3 allows the string otherwise."""
    if not text:
        return None
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def first(attributes: JsonAttributes, tag: str) -> Any:  # noqa: ANN401 - DICOM JSON values are of many kinds
    """Return the first value of an attribute, None when absent or empty."""
    values = attributes.get(tag, {}).get("Value")
    return values[0] if values else None


def text_of(attributes: JsonAttributes, tag: str) -> str:
    """Return the first value as text, person names in their PN form, empty when absent."""
    value = first(attributes, tag)
    if value is None:
        return ""
    return person_name_text(value) if isinstance(value, dict) else str(value)
