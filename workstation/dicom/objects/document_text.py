"""Reports of any make: the text of a structured report's content tree, and the document inside a DICOM object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.objects.markup_text import plain
from workstation.dicom.quiet import quiet
from workstation.dicom.sr.common import read_part10

_DEEPEST: Final = 32
_MOST_LINES: Final = 500
_TIMES: Final = {"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime"}


def sr_text(part10: bytes) -> str:
    """Return the headings, texts, codes and numbers of an SR, one a line, indented by depth. Raises DecodeError."""
    with quiet():
        dataset = read_part10(part10)
        return "\n".join(islice(_lines(dataset, 0), _MOST_LINES))


def encapsulated_document(part10: bytes) -> bytes:
    """Return the document of an encapsulated object of any make, empty when it holds none. Raises DecodeError."""
    with quiet():
        value = read_part10(part10).get("EncapsulatedDocument")
    return value if isinstance(value, bytes) else b""


def document_kind(part10: bytes) -> str:
    """Return the MIME type of the document inside an encapsulated object in small letters. Raises DecodeError."""
    with quiet():
        return str(read_part10(part10).get("MIMETypeOfEncapsulatedDocument", "") or "").strip().lower()


def _lines(item: Dataset, depth: int) -> Iterator[str]:
    name, value = _meaning(item.get("ConceptNameCodeSequence")), _value(item)
    kind = str(item.get("ValueType", ""))
    if value or (kind == "CONTAINER" and name):
        words = f"{name}: {value}" if name and value else name or value
        yield "  " * depth + words
    if depth < _DEEPEST:
        for child in item.get("ContentSequence") or ():
            yield from _lines(child, depth + 1)


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
        measured = item.get("MeasuredValueSequence") or ()
        return " ".join(
            f"{one.get('NumericValue', '')} {_unit(one.get('MeasurementUnitsCodeSequence'))}".strip()
            for one in measured
        )
    return ""


def _meaning(sequence: Iterable[Dataset] | None) -> str:
    first = next(iter(sequence or ()), None)
    return str(first.get("CodeMeaning", "")).strip() if first is not None else ""


def _unit(sequence: Iterable[Dataset] | None) -> str:
    first = next(iter(sequence or ()), None)
    value = str(first.get("CodeValue", "")) if first is not None else ""
    return "" if value == "1" else value
