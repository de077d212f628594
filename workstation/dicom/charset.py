"""
Text out of DICOM bytes: character sets of PS3.5 section 6.1, with Chinese right first.

pydicom leaves the escape ``ESC $ ) A`` of ISO 2022 IR 58 inside the text and reads GBK with a codec
that lacks many names, so text elements are decoded here from their bytes. A label that looks wrong is
never guessed away: the reader gets a ``charset`` warning, and ``assumed`` is a setting per source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydicom import config
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from resources.translation import tr
from workstation.dicom.quiet import quiet
from workstation.domain.study import DecodeWarning

UTF_8: Final = "ISO_IR 192"

TEXT_VRS: Final = frozenset({"PN", "LO", "SH", "ST", "LT", "UT", "UC"})
_SINGLE_VALUED: Final = frozenset({"ST", "LT", "UT"})
_GB2312_ESCAPE: Final = b"\x1b$)A"
_ANY_ESCAPE: Final = re.compile(rb"\x1b(?:\$[\(\)]?[@A-D]|[\(\)-/][0-9A-Z])")
_LEFT_OVER_ESCAPE: Final = re.compile(r"\x1b(?:\$[()]?[@A-D]|[()\-./][0-9A-Z])")
_DELIMITERS: Final = {"PN": re.compile(rb"([\^=\\\r\n\f\t])"), "": re.compile(rb"([\\\r\n\f\t])")}
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x80-\x9f\ufffd]")
_CJK: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")

# one superset codec for every Chinese label: GB18030 contains GBK contains GB2312
_OWN_CODECS: Final = {"GB18030": "gb18030", "GBK": "gb18030", "ISO_IR 192": "utf-8"}
# labels that are not in the standard but are unmistakable
_ALIASES: Final = {
    "GB2312": "gb18030",
    "ISO_IR 58": "gb18030",
    "ISO-IR 58": "gb18030",
    "ISO 2022 GBK": "gb18030",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "ISO IR 192": "utf-8",
    "ISO-IR 192": "utf-8",
    "ISO 2022 IR 192": "utf-8",
}
LATIN_OR_NONE: Final = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6", "ISO_IR 100", "ISO-IR 100", "ISO 2022 IR 100"})


@dataclass(frozen=True, slots=True)
class TextDecoder:
    """
    Decodes text values under one Specific Character Set (0008,0005).

    ``assumed`` is a defined term (``GB18030``, ``GBK``, ``ISO_IR 192``) that replaces a missing or
    Latin label of a source known to mislabel; other labels are believed, unless ``overrides`` says that
    this file's cannot be right. Text that does not fit it is read by the label, aloud. Source: PS3.5 6.1.2.5.
    """

    charsets: tuple[str, ...] = ()
    assumed: str | None = None
    overrides: bool = False

    def text(self, raw: bytes, vr: str, seen: list[DecodeWarning]) -> str:
        """Return the whole value with trailing padding removed; doubts are appended to ``seen``."""
        raw = raw.rstrip(b" \x00=") if vr == "PN" else raw.rstrip(b" \x00")
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        said = self._as_assumed(raw)
        text = self._decoded(raw, vr, seen) if said is None else said
        if _CONTROL.search(text) or (said is None and (self.overrides or self._suspicious(raw))):
            seen.append(_doubt(text))
        return text

    def _as_assumed(self, raw: bytes) -> str | None:
        """Return the text as the source's setting reads it, None where that does not hold or does not fit."""
        codec = _OWN_CODECS.get(self.assumed or "") or _ALIASES.get(self.assumed or "")
        if codec is None or not (self.overrides or all(name in LATIN_OR_NONE for name in self.charsets)):
            return None
        try:
            return raw.replace(_GB2312_ESCAPE, b"").decode(codec)
        except UnicodeDecodeError:
            return None  # the source is not always wrong: what the file says counts, and is doubted

    def fits(self, raw: bytes) -> bool:
        """Tell whether a value can be what its label says; only labels that rule bytes out are ever contradicted."""
        name = self.charsets[0] if len(self.charsets) == 1 else ""
        codec = _OWN_CODECS.get(name) or _ALIASES.get(name)
        return codec is None or _decodes(raw.replace(_GB2312_ESCAPE, b""), codec)

    def _decoded(self, raw: bytes, vr: str, seen: list[DecodeWarning]) -> str:
        if len(self.charsets) == 1:
            name = self.charsets[0]
            codec = _OWN_CODECS.get(name)
            if codec is None and (codec := _ALIASES.get(name)):
                seen.append(DecodeWarning("charset", tr("Unknown character set label {label}.", label=repr(name))))
            if codec:
                return _lenient(raw.replace(_GB2312_ESCAPE, b""), codec)
        if "ISO 2022 IR 58" in self.charsets:
            return _with_gb2312(raw, vr, self.charsets)
        return _by_pydicom(raw, self.charsets, vr)

    def _suspicious(self, raw: bytes) -> bool:
        if not all(name in LATIN_OR_NONE for name in self.charsets):
            return False
        if not any("100" in name for name in self.charsets):
            return True  # high bytes under plain ASCII are wrong whatever they mean
        runs = _HIGH_RUN.findall(raw)
        # accented Latin letters stand alone; multi-byte characters come in runs
        return all(len(run) % 2 == 0 and _decodes(run, "gb2312") for run in runs) or (
            all(len(run) > 1 for run in runs) and _decodes(raw, "utf-8")
        )


def charsets_of(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydicom values have no static type
    """Return the defined terms of Specific Character Set as stripped strings."""
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, str) else list(value)
    return tuple(str(term).strip() for term in values)


def decode_dataset(dataset: Dataset, *, assumed: str | None = None) -> list[DecodeWarning]:
    """
    Decode every text element in place, nested items included, and relabel the dataset as UTF-8.

    After this call the dataset can be written again without loss. Call it right after reading.
    Returns one ``charset`` warning per distinct doubt; nothing is guessed.
    """
    seen: list[DecodeWarning] = []
    _decode_item(dataset, TextDecoder(assumed=assumed), seen)
    dataset.SpecificCharacterSet = UTF_8
    return list(dict.fromkeys(seen))


def decode_as_set(dataset: Dataset, charset: str) -> list[DecodeWarning]:
    """
    Decode every text element in place as ``decode_dataset``; ``charset`` is what a site's setting says, empty for none.

    Whoever says it has seen that a label which names another set cannot be right.
    """
    labelled = charsets_of(dataset.get("SpecificCharacterSet"))
    overrides = bool(charset) and not all(name in LATIN_OR_NONE for name in labelled)
    seen: list[DecodeWarning] = []
    _decode_item(dataset, TextDecoder(assumed=charset or None, overrides=overrides), seen)
    dataset.SpecificCharacterSet = UTF_8
    return list(dict.fromkeys(seen))


def person_name(dataset: Dataset) -> str:
    """Return the patient's name for display: ideographic group preferred, else ``Family Given``."""
    return display_name(str(dataset.get("PatientName", "") or ""))


def display_name(value: str) -> str:
    """
    Return the display form of a PN value ``alphabetic=ideographic=phonetic``.

    CJK names are joined without spaces, others with one. Source: PS3.5 6.2.1.
    """
    groups = [group.strip() for group in value.split("=")]
    ideographic = groups[1] if len(groups) > 1 else ""
    chosen = ideographic.strip("^ ") or groups[0].strip("^ ") or next((g.strip("^ ") for g in groups[2:]), "")
    parts = [part.strip() for part in chosen.split("^")][:3]
    return ("" if _CJK.search(chosen) else " ").join(part for part in parts if part)


def _decode_item(item: Dataset, inherited: TextDecoder, seen: list[DecodeWarning]) -> None:
    own = item.get("SpecificCharacterSet") if "SpecificCharacterSet" in item else None
    decoder = inherited if own is None else TextDecoder(charsets_of(own), inherited.assumed, inherited.overrides)
    # tags first: elements are replaced while walking
    for tag in list(item.keys()):
        element: Any = item.get_item(tag)
        if isinstance(element, RawDataElement):
            vr = element.VR or vr_of(int(tag))
            if vr in TEXT_VRS and isinstance(element.value, bytes):
                item[tag] = _element(int(tag), vr, decoder.text(element.value, vr, seen))
                continue
        converted = item[tag]
        if converted.VR == "SQ":
            for child in converted.value or []:
                _decode_item(child, decoder, seen)
        elif converted.VR in TEXT_VRS:
            _repair(converted, decoder, seen)
    if own is not None:
        item.SpecificCharacterSet = UTF_8


def _repair(element: DataElement, decoder: TextDecoder, seen: list[DecodeWarning]) -> None:
    """Put right what pydicom converted before we saw the bytes."""
    values = element.value if element.VM > 1 else [element.value]
    repaired = []
    for value in values or []:
        original = getattr(value, "original_string", None)
        if isinstance(original, bytes):
            repaired.append(decoder.text(original, element.VR, seen))
        else:
            repaired.append(_LEFT_OVER_ESCAPE.sub("", str(value if value is not None else "")))
    texts = [str(value) for value in values or []]
    if texts != repaired or element.VR == "PN":
        element.value = _value(element.VR, "\\".join(repaired))


def _element(tag: int, vr: str, text: str) -> DataElement:
    return DataElement(tag, vr, _value(vr, text), validation_mode=config.IGNORE)


def _value(vr: str, text: str) -> Any:  # noqa: ANN401 - pydicom values have no static type
    parts: Sequence[str] = [text] if vr in _SINGLE_VALUED else text.split("\\")
    values: list[Any] = [PersonName(part, ["utf-8"]) if vr == "PN" else part.strip(" ") for part in parts]
    if vr in _SINGLE_VALUED:
        return text
    return values[0] if len(values) == 1 else values


def vr_of(tag: int) -> str:
    """Return the VR of the dictionary, UN for what it does not know."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def _with_gb2312(raw: bytes, vr: str, charsets: tuple[str, ...]) -> str:
    """
    Decode ISO 2022 with GB 2312 designated to G1 by ``ESC $ ) A``.

    The designation ends at each delimiter (PS3.5 6.1.2.5.3); files that forget to repeat it are read
    all the same when nothing else could own the high bytes.
    """
    others = tuple(name for name in charsets if name != "ISO 2022 IR 58")
    only_ascii = all(name in {"", "ISO 2022 IR 6", "ISO_IR 6"} for name in others)
    out: list[str] = []
    for piece in _DELIMITERS.get(vr, _DELIMITERS[""]).split(raw):
        in_gb2312 = only_ascii
        for escape, fragment in _fragments(piece):
            if escape:
                in_gb2312 = escape == _GB2312_ESCAPE or (only_ascii and escape == b"\x1b(B")
            if in_gb2312:
                out.append(_lenient(fragment, "gb18030"))
            else:
                out.append(_by_pydicom(escape + fragment, others, vr))
    return "".join(out)


def _fragments(piece: bytes) -> Iterator[tuple[bytes, bytes]]:
    start, escape = 0, b""
    for match in _ANY_ESCAPE.finditer(piece):
        if match.start() > start or escape:
            yield escape, piece[start : match.start()]
        escape, start = match.group(), match.end()
    yield escape, piece[start:]


def _by_pydicom(raw: bytes, charsets: tuple[str, ...], vr: str) -> str:
    with quiet():
        encodings = convert_encodings(list(charsets) or [""])
        delimiters = set("^=\\\r\n\f\t") if vr == "PN" else set("\\\r\n\f\t")
        text = decode_bytes(raw, encodings, {ord(one) for one in delimiters})
    return _LEFT_OVER_ESCAPE.sub("", text)


def _lenient(raw: bytes, codec: str) -> str:
    return raw.decode(codec, errors="replace")


def _decodes(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _doubt(text: str) -> DecodeWarning:
    return DecodeWarning(
        "charset",
        tr("The text {text} may be in another character set than the file says.", text=repr(text[:64])),
    )
