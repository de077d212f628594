"""The few corners of the DICOM JSON model (PS3.18 F.2) that the clients read and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

JSON: Final = "application/dicom+json"
Attributes = Mapping[str, Any]


def element(vr: str, *values: object) -> dict[str, Any]:
    """Return one attribute; without values it is present and empty."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def code_item(value: str, scheme: str, meaning: str) -> dict[str, Any]:
    """Return one item of a code sequence."""
    return {"00080100": element("SH", value), "00080102": element("SH", scheme), "00080104": element("LO", meaning)}


def text(attributes: Attributes, tag: str) -> str:
    """Return the first value of an attribute as text, empty when it has none."""
    values = attributes.get(tag, {}).get("Value") or [""]
    value = values[0]
    if isinstance(value, Mapping):  # a person name
        return str(value.get("Ideographic") or value.get("Alphabetic") or "")
    return "" if value is None else str(value)


def number(attributes: Attributes, tag: str) -> int:
    """Return the first value as an integer, 0 when it is absent or unreadable."""
    try:
        return int(float(text(attributes, tag)))
    except ValueError:
        return 0


def items(attributes: Attributes, tag: str) -> Sequence[Attributes]:
    """Return the items of a sequence."""
    return [item for item in attributes.get(tag, {}).get("Value") or [] if isinstance(item, Mapping)]
