"""
The character set that a site's setting names for a scanner, found by the scanner's own attributes.

*Source:* Manufacturer (0008,0070), Institution Name (0008,0080), Station Name (0008,1010): PS3.3 C.7.5.1. They may be
mislabelled as well, so each counts both as the file labels it and as the rule would read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import jsonschema

from resources.shared_documents import shared_schema
from resources.translation import tr
from workstation.dicom.charset import TextDecoder
from workstation.domain.errors import TemplateViolation
from workstation.domain.scanner_charset import CharsetRule

TAGS: Final = {"manufacturer": 0x00080070, "institution": 0x00080080, "station_name": 0x00081010}
RawText = Callable[[int], bytes]
"""Gives the bytes of an attribute by its tag, empty where there is none"""


def parse_scanner_charsets(content: str, name: str) -> tuple[CharsetRule, ...]:
    """Check the rules as JSON text, called ``name`` in the error. Raises TemplateViolation."""
    try:
        raw = json.loads(content)
        _validator().validate(raw)
        return tuple(_rule(one) for one in raw["rules"])
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise TemplateViolation(
            tr("The character sets of scanners {name} are not valid", name=name),
            hint=tr("Text is read as the files label it until they are corrected."),
            detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
        ) from exc


def charset_for(rules: Sequence[CharsetRule], raw: RawText, charsets: tuple[str, ...]) -> str | None:
    """Return what the first rule says whose scanner wrote the file, None where none is meant."""
    if not rules:
        return None
    values = {key: raw(tag) for key, tag in TAGS.items()}
    found = next((rule for rule in rules if rule.meets(**_ways(values, charsets, rule.charset))), None)
    return None if found is None else found.charset


def _ways(values: Mapping[str, bytes], charsets: tuple[str, ...], charset: str) -> dict[str, tuple[str, str]]:
    labelled, said = TextDecoder(charsets), TextDecoder((charset,))
    return {key: (labelled.text(one, "LO", []), said.text(one, "LO", [])) for key, one in values.items()}


def _rule(raw: Mapping[str, Any]) -> CharsetRule:
    return CharsetRule(
        raw["charset"], raw.get("manufacturer", ""), raw.get("station_name", ""), raw.get("institution", "")
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(shared_schema("charsets"))
