"""Accept headers of WADO-RS (PS3.18 8.7): which representation the client wants, best first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from worklist.hub.errors import HubError
from worklist.hub.multipart import parse_content_type

EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
AS_STORED: Final = "*"
DICOM: Final = "application/dicom"
DICOM_JSON: Final = "application/dicom+json"
DICOM_XML: Final = "application/dicom+xml"
OCTETS: Final = "application/octet-stream"

FRAME_TYPES: Final = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.4.110": "image/jxl",
    "1.2.840.10008.1.2.4.111": "image/jxl",
    "1.2.840.10008.1.2.4.112": "image/jxl",
}
"""Media type of a compressed frame by its transfer syntax."""

_JSON_RANGES: Final = frozenset({DICOM_JSON, "application/json", "application/*", "*/*"})
_LONGEST: Final = 4096
# nothing is tried twice (possessive), and a quote that never closes reaches to the end: linear in any header
_RANGE: Final = re.compile(r'(?:[^,"]|"(?:\\.?|[^"\\])*+(?:"|\Z))++')


class NotAcceptable(HubError):
    """None of the representations the client takes can be made."""

    status = 406
    code = "not_acceptable"


@dataclass(frozen=True, slots=True)
class Wish:
    """One media range; ``media_type`` is the part's type when ``multipart``; ``syntax`` may be empty."""

    media_type: str
    multipart: bool
    syntax: str = ""


def wishes(accept: str) -> list[Wish]:
    """Return the media ranges, best first; an absent header is anything at all."""
    if len(accept) > _LONGEST:
        raise NotAcceptable("the Accept header is too long")
    ranked: list[tuple[float, int, Wish]] = []
    for number, text in enumerate(_RANGE.findall(accept or "*/*")):
        media_type, parameters = parse_content_type(text.strip())
        if text.strip().partition(";")[0].strip() == "*/*":
            media_type = "*/*"
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            quality = 0.0
        if not quality > 0 or not media_type:
            continue
        multipart = media_type == "multipart/related"
        kind = parameters.get("type", "*/*").lower() if multipart else media_type
        ranked.append((-quality, number, Wish(kind, multipart, parameters.get("transfer-syntax", ""))))
    return [wish for _, _, wish in sorted(ranked, key=lambda entry: entry[:2])]


def takes(accept: str, *media_types: str) -> str:
    """Return the first of our media types that the best wish allows. Raises NotAcceptable."""
    for wish in wishes(accept):
        for media_type in media_types:
            major = media_type.partition("/")[0]
            if not wish.multipart and wish.media_type in {media_type, "*/*", f"{major}/*"}:
                return media_type
    raise NotAcceptable(f"only {' or '.join(media_types)} can be given")


def wants_xml(accept: str) -> bool:
    """Tell whether attributes are wanted as multipart XML rather than JSON. Raises NotAcceptable for neither."""
    for wish in wishes(accept):
        if wish.multipart and wish.media_type == DICOM_XML:
            return True
        if not wish.multipart and wish.media_type in _JSON_RANGES:
            return False
    raise NotAcceptable(f'only {DICOM_JSON} or multipart/related; type="{DICOM_XML}" can be given')
