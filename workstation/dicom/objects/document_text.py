"""Reports of any make: the text of a structured report's content tree, and the document inside a DICOM object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.charset import decode_as_set
from workstation.dicom.coded_value import code_value
from workstation.dicom.objects.markup_text import plain
from workstation.dicom.quiet import quiet
from workstation.dicom.sr.common import read_part10

_DEEPEST: Final = 32
"""Items that lie deeper are indented no further."""
MOST_LINES: Final = 100_000
"""Far more than any report has: only what was made to fill a memory is longer, and its text says where it ends."""
_TIMES: Final = {"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime"}


@dataclass(frozen=True, slots=True)
class SrText:
    """The words of an SR; ``is_doubtful`` where some may be in another character set than the file says."""

    text: str
    is_doubtful: bool = False


def sr_text(part10: bytes) -> str:
    """Return the text of ``read_sr_text`` alone. Raises DecodeError."""
    return read_sr_text(part10).text


def read_sr_text(part10: bytes, assumed: str = "") -> SrText:
    """
    Return the headings, texts, codes and numbers of an SR, one a line, indented by depth.

    ``assumed`` is the character set that a site's setting names for its maker, empty for none. Doubts and an end
    before the last line are told in the text, whoever shows it. Raises DecodeError.
    """
    with quiet():
        dataset = read_part10(part10)
        doubts = decode_as_set(dataset, assumed)
        lines = list(islice(_lines(dataset), MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"[{tr('The document is too long: what follows is not shown')}]"]
    if doubts:
        lines.insert(
            0, f"[{tr('Characters may be wrong: the text may be in another character set than the file says')}]"
        )
    return SrText("\n".join(lines), bool(doubts))


def encapsulated_document(part10: bytes) -> bytes:
    """Return the document of an encapsulated object of any make, empty when it holds none. Raises DecodeError."""
    with quiet():
        value = read_part10(part10).get("EncapsulatedDocument")
    return value if isinstance(value, bytes) else b""


def document_kind(part10: bytes) -> str:
    """Return the MIME type of the document inside an encapsulated object in small letters. Raises DecodeError."""
    with quiet():
        return str(read_part10(part10).get("MIMETypeOfEncapsulatedDocument", "") or "").strip().lower()


def _lines(root: Dataset) -> Iterator[str]:
    waiting = [(root, 0)]
    while waiting:
        item, depth = waiting.pop()
        name, value = _meaning(item.get("ConceptNameCodeSequence")), _value(item)
        kind = str(item.get("ValueType", ""))
        if value or (kind == "CONTAINER" and name):
            words = f"{name}: {value}" if name and value else name or value
            yield "  " * min(depth, _DEEPEST) + words
        waiting += [(child, depth + 1) for child in reversed(item.get("ContentSequence") or ())]


def _value(item: Dataset) -> str:
    kind = str(item.get("ValueType", ""))
    if kind == "TEXT":
        return plain(str(item.get("TextValue", ""))).strip()
    if kind == "CODE":
        return _meaning(item.get("ConceptCodeSequence"))
    if kind == "PNAME":
        return str(item.get("PersonName", "")).replace("^", " ").strip()
    if kind in _TIMES:
        return str(item.get(_TIMES[kind], ""))
    if kind == "NUM":
        numbers = (
            f"{one.get('NumericValue', '')} {_unit(one.get('MeasurementUnitsCodeSequence'))}".strip()
            for one in item.get("MeasuredValueSequence") or ()
        )
        why = _meaning(item.get("NumericValueQualifierCodeSequence"))  # why there is none, or how far to trust it
        return " ".join(one for one in (*numbers, f"({why})" if why else "") if one)
    return ""


def _meaning(sequence: Iterable[Dataset] | None) -> str:
    first = next(iter(sequence or ()), None)
    return str(first.get("CodeMeaning", "")).strip() if first is not None else ""


def _unit(sequence: Iterable[Dataset] | None) -> str:
    first = next(iter(sequence or ()), None)
    value = code_value(first) if first is not None else ""
    return "" if value == "1" else value
