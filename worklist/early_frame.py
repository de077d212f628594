"""One frame of a clip before the clip is here: its metadata and its pixels by WADO-RS, put together."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from typing import Any, Final

from pydicom.dataset import Dataset

from worklist.dicom_json import JSON, Attributes
from worklist.http import HubClient
from workstation.dicom.images.frame_reader import one_frame
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError

_AS_STORED: Final = "application/octet-stream; transfer-syntax=*"
_EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
_PIXELS: Final = frozenset({"7FE00008", "7FE00009", "7FE00010"})
_LOOKS: Final = ("0028", "60", "5400")
"""Groups whose values may lie elsewhere and are needed all the same: palettes, look-up tables, overlays."""
_TABLES: Final = frozenset({"7FE00001", "7FE00002"})
"""Offset tables tell where frames begin, which nobody asks of a single one."""


def early_frame(client: HubClient, path: str, sop_instance_uid: str, frame_number: int) -> bytes | None:
    """
    Return a frame of the instance at ``path`` as a Part 10 object, None where the answers do not suffice.

    Raises Unreachable, Refused.
    """
    answer = client.request("GET", f"{path}/metadata", headers={"Accept": JSON})
    attributes = _only_instance(answer.json(), sop_instance_uid)
    if attributes is None:
        return None
    frame = client.request("GET", f"{path}/frames/{frame_number}", headers={"Accept": _AS_STORED})
    try:
        with quiet():
            return one_frame(Dataset.from_json(dict(attributes)), frame_number, frame.content, _syntax(frame.headers))
    except (DecodeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        return None  # the whole object tells what is wrong with it


def _only_instance(found: object, sop_instance_uid: str) -> Attributes | None:
    """Return the metadata of exactly the instance asked for, pixels left out; None where other bulk data are needed."""
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        return None
    kept = _without_bulk({tag: value for tag, value in found[0].items() if tag not in _PIXELS | _TABLES})
    named = None if kept is None else kept.get("00080018", {}).get("Value")
    return kept if named == [sop_instance_uid] else None


def _without_bulk(item: Attributes) -> dict[str, Any] | None:
    """Return what stands in the metadata itself; None where what lies elsewhere decides how the frame looks."""
    kept: dict[str, Any] = {}
    for tag, element in item.items():
        if "BulkDataURI" in element:
            if tag.startswith(_LOOKS):
                return None
            continue
        if element.get("vr") == "SQ":
            children = [_without_bulk(child) for child in element.get("Value") or () if isinstance(child, Mapping)]
            if None in children:
                return None
            kept[tag] = {"vr": "SQ", "Value": children}
        else:
            kept[tag] = element
    return kept


def _syntax(headers: Mapping[str, str]) -> str:
    """Return the transfer syntax that the answer names; native little endian without one."""
    message = Message()
    message["Content-Type"] = headers.get("content-type", "")
    return str(message.get_param("transfer-syntax", "") or _EXPLICIT_LITTLE_ENDIAN)
