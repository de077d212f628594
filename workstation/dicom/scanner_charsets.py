"""
The character set that a site's setting names for a scanner, found by the scanner's own attributes.

*Source:* Manufacturer (0008,0070), Institution Name (0008,0080), Station Name (0008,1010): PS3.3 C.7.5.1. They may be
mislabelled as well, so each counts both as the file labels it and as the rule would read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import jsonschema
from pydicom.dataset import Dataset

from resources.shared_documents import shared_schema
from resources.translation import tr
from workstation.dicom.charset import LATIN_OR_NONE, TEXT_VRS, TextDecoder, charsets_of, vr_of
from workstation.domain.errors import TemplateViolation
from workstation.domain.scanner_charset import CharsetRule
from workstation.domain.study import DecodeWarning

TAGS: Final = {"manufacturer": 0x00080070, "institution": 0x00080080, "station_name": 0x00081010}
CHARSETS: Final = ("GB18030", "GBK", "ISO_IR 192")
SETTING: Final = "charset_setting"
"""Code of the warning that a site's setting was used"""
ORIGINAL_ATTRIBUTES: Final = "04000561"
_SYSTEM: Final = "Lianyue, site setting: "


def parse_scanner_charsets(content: str, name: str, by: str = "") -> tuple[CharsetRule, ...]:
    """Check the rules as JSON text, called ``name`` in the error; ``by`` names them. Raises TemplateViolation."""
    try:
        raw = json.loads(content)
        _validator().validate(raw)
        return tuple(_rule(one, by) for one in raw["rules"])
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise TemplateViolation(
            tr("The character sets of scanners {name} are not valid", name=name),
            hint=tr("Text is read as the files label it until they are corrected."),
            detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
        ) from exc


def decoder_for(dataset: Dataset, rules: Sequence[CharsetRule]) -> tuple[TextDecoder, CharsetRule | None]:
    """
    Return how the text of a file just read is decoded, and the rule that says so (None: as the file labels it).

    A rule replaces a missing or Latin label, and another one only where some text of the file cannot be in it.
    """
    charsets = _labels(dataset)
    if not rules:
        return TextDecoder(charsets), None
    values = {key: _raw(dataset, tag) for key, tag in TAGS.items()}
    rule = next((one for one in rules if one.meets(**_ways(values, charsets, one.charset))), None)
    high = [one for one in _texts(dataset) if not one.isascii() or b"\x1b" in one]
    if rule is None or not high:
        return TextDecoder(charsets), None
    if all(name in LATIN_OR_NONE for name in charsets):
        return TextDecoder(charsets, rule.charset), rule
    labelled = TextDecoder(charsets)
    if all(labelled.fits(one) for one in high):
        return labelled, None
    return TextDecoder(charsets, rule.charset, overrides=True), rule


def mark_of(rule: CharsetRule, charsets: Sequence[str]) -> dict[str, Any]:
    """
    Return the item of Original Attributes Sequence that says in DICOM JSON what was read otherwise, and by whom.

    *Source:* PS3.3 C.12.1.1.9 (Reason for the Attribute Modification: COERCE). Only metadata carry it; the file
    stays as it came.
    """
    label = {"00080005": {"vr": "CS", "Value": list(charsets)} if any(charsets) else {"vr": "CS"}}
    return {
        "04000550": {"vr": "SQ", "Value": [label]},
        "04000563": {"vr": "LO", "Value": [f"{_SYSTEM}{rule.charset} {rule.by}"[:64].strip()]},
        "04000565": {"vr": "CS", "Value": ["COERCE"]},
    }


def read_as(metadata: Mapping[str, Any]) -> str:
    """Return by metadata what its text was read as by a site's setting (charset and document), empty for none."""
    items = metadata.get(ORIGINAL_ATTRIBUTES, {}).get("Value", [])
    for item in items if isinstance(items, list) else []:
        values = item.get("04000563", {}).get("Value", []) if isinstance(item, dict) else []
        if values and str(values[0]).startswith(_SYSTEM):
            return str(values[0]).removeprefix(_SYSTEM)
    return ""


def setting_told(metadata: Mapping[str, Any]) -> tuple[DecodeWarning, ...]:
    """Return what the reader is told where a site's setting was used."""
    said = read_as(metadata)
    if not said:
        return ()
    return (_told(next((one for one in CHARSETS if said.startswith(one)), said)),)


def told_charset(warnings: Iterable[DecodeWarning]) -> str:
    """Return the character set that ``setting_told`` told of, empty where a site's setting was not used."""
    told = set(warnings)
    return next((one for one in CHARSETS if _told(one) in told), "")


def _told(charset: str) -> DecodeWarning:
    return DecodeWarning(SETTING, tr("Read as {charset} by the site's setting", charset=charset))


def _labels(dataset: Dataset) -> tuple[str, ...]:
    value = dataset.get_item(0x00080005).value if 0x00080005 in dataset else ""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").rstrip(" \x00").split("\\")
    return charsets_of(value)


def _texts(dataset: Dataset) -> Iterator[bytes]:
    for tag in dataset.keys():  # noqa: SIM118 - iterating a dataset would convert its elements
        element = dataset.get_item(tag)
        if (element.VR or vr_of(int(tag))) in TEXT_VRS and isinstance(element.value, bytes):
            yield element.value


def _raw(dataset: Dataset, tag: int) -> bytes:
    value = dataset.get_item(tag).value if tag in dataset else b""
    return value if isinstance(value, bytes) else str(value or "").encode("utf-8", "replace")


def _ways(values: Mapping[str, bytes], charsets: tuple[str, ...], charset: str) -> dict[str, tuple[str, str]]:
    labelled, said = TextDecoder(charsets), TextDecoder((charset,))
    return {key: (labelled.text(one, "LO", []), said.text(one, "LO", [])) for key, one in values.items()}


def _rule(raw: Mapping[str, Any], by: str) -> CharsetRule:
    return CharsetRule(
        raw["charset"], raw.get("manufacturer", ""), raw.get("station_name", ""), raw.get("institution", ""), by
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(shared_schema("charsets"))
