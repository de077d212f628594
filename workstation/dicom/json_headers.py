"""
The headers of many instances of WADO-RS metadata, each read from what sets it apart from the one before.

The instances of a series share nine elements in ten, and comparing an element costs a fraction of reading it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from workstation.dicom.header import SEQUENCES, WANTED, Header, header_from_json, json_texts
from workstation.dicom.scanner_charsets import ORIGINAL_ATTRIBUTES, setting_told

_PLAIN: Final[Mapping[str, str]] = {
    f"{tag:08X}": keyword
    for tag, keyword in WANTED.items()
    if tag not in SEQUENCES and keyword not in {"NumberOfFrames", "ViewPosition"}
}
"""What a header takes as it stands; the view may be told by a code, and frames by more than their number."""
_CAREFUL: Final = frozenset(
    {
        ORIGINAL_ATTRIBUTES,
        "00020010",
        "00083002",
        "00082218",
        "00185101",
        "00280008",
        *(f"{tag:08X}" for tag in SEQUENCES),
    }
)
"""What changes more of a header than one value"""


def headers_from_json(instances: Iterable[Mapping[str, Any]]) -> list[Header]:
    """Return what ``header_from_json`` returns for each instance."""
    headers: list[Header] = []
    last: Mapping[str, Any] = {}
    for metadata in instances:
        header = _like(headers[-1], last, metadata) if headers else None
        headers.append(header or _told(header_from_json(metadata), metadata))
        last = metadata
    return headers


def _told(header: Header, metadata: Mapping[str, Any]) -> Header:
    told = setting_told(metadata)
    return replace(header, warnings=(*header.warnings, *told)) if told else header


def _like(known: Header, last: Mapping[str, Any], metadata: Mapping[str, Any]) -> Header | None:
    """Return the header of an instance from that of another, None where more than plain values differ."""
    if known.frames or known.integer("NumberOfFrames", 1) > 1 or metadata.keys() != last.keys():
        return None
    changed = [tag for tag, element in metadata.items() if element != last[tag]]
    if not _CAREFUL.isdisjoint(changed):
        return None
    own = {keyword: json_texts(metadata[tag]) for tag in changed if (keyword := _PLAIN.get(tag))}
    return replace(known, values={**known.values, **own})
