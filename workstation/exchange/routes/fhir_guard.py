"""
The rules of R4 that libraries do not hold us to: required codes, required elements, references that lead somewhere.

*Source:* FHIR R4 4.0.1, the value sets bound as *required* to the elements that we write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

STATUSES: Final = {
    "DiagnosticReport": frozenset(
        {"registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled",
         "entered-in-error", "unknown"}
    ),
    "Observation": frozenset(
        {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
    ),
    "ImagingStudy": frozenset({"registered", "available", "cancelled", "entered-in-error", "unknown"}),
}  # fmt: skip
GENDERS: Final = frozenset({"male", "female", "other", "unknown"})
ENTITY_ROLES: Final = frozenset({"derivation", "revision", "quotation", "source", "removal"})
_REQUIRED: Final = {
    "Patient": ("identifier",),
    "Practitioner": ("identifier",),
    "ImagingStudy": ("status", "subject"),
    "Observation": ("status", "code"),
    "DiagnosticReport": ("status", "code"),
    "Provenance": ("target", "recorded", "agent"),
}
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
_INSTANTS: Final = frozenset({"issued", "recorded", "when", "started", "creation", "effectiveDateTime"})


def check_bundle(bundle: dict[str, Any]) -> None:
    """Return for a transaction that an R4 server has no formal reason to refuse. Raises ValueError."""
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    if len(known) != len(bundle["entry"]):
        raise ValueError("two entries have one fullUrl")
    for entry in bundle["entry"]:
        resource = entry["resource"]
        _check_codes(resource)
        for name, value in _values(resource):
            _check_value(f"{resource['resourceType']}.{name}", name, value, known)


def _check_codes(resource: dict[str, Any]) -> None:
    kind = resource["resourceType"]
    if kind not in _REQUIRED:
        raise ValueError(f"{kind} is not written here")
    for name in _REQUIRED[kind]:
        if not resource.get(name):
            raise ValueError(f"{kind} without {name}")
    if kind in STATUSES and resource["status"] not in STATUSES[kind]:
        raise ValueError(f"{kind} status {resource['status']!r}")
    if resource.get("gender", "unknown") not in GENDERS:
        raise ValueError(f"gender {resource['gender']!r}")
    for entity in resource.get("entity", ()):
        if entity["role"] not in ENTITY_ROLES:
            raise ValueError(f"entity role {entity['role']!r}")


def _check_value(where: str, name: str, value: object, known: set[str]) -> None:
    if name == "reference" and value not in known:
        raise ValueError(f"{where} refers to nothing: {value}")
    if name in _INSTANTS and not _INSTANT.fullmatch(str(value)):
        raise ValueError(f"{where} is no instant: {value!r}")
    if value in ("", [], {}, None):
        raise ValueError(f"{where} is empty")


def _values(node: object, name: str = "") -> Iterator[tuple[str, object]]:
    yield name, node
    if isinstance(node, dict):
        for key, child in node.items():
            yield from _values(child, key)
    elif isinstance(node, list):
        for child in node:
            yield from _values(child, f"{name}[]")
