"""Carrying the signed objects into a DICOMweb archive: STOW-RS, and a look whether they are there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Receipt, Route
from workstation.domain.errors import Refused, Undeliverable
from workstation.exchange.routes.route_http import client, require_success, sent
from workstation.exchange.routes.secure_lines import SecureLines

_JSON: Final = "application/dicom+json"
_REFERENCED: Final = "00081199"
_FAILED: Final = "00081198"
_REASON: Final = "00081197"
_UID: Final = "00081155"
_CONFLICT: Final = 409
_PASSING: Final = frozenset({0xA700, 0x0122})
"""Failure Reason: out of resources, refused for the moment (PS3.18 I.2.2)."""


@dataclass(frozen=True, slots=True)
class StowCarrier:
    """Implements ``Carrier`` for STOW routes; an identical instance again is success (PS3.18 10.5.3)."""

    lines: SecureLines = field(default_factory=SecureLines)

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """Return once the archive lists every object. Raises Undeliverable, Refused, Unreachable."""
        if not consignment.objects:
            raise Undeliverable(tr("The report has no DICOM objects to store"), detail="no objects")
        wanted = [one.sop_instance_uid for one in consignment.objects]
        study = consignment.study.study_instance_uid
        mark = uuid.uuid4().hex
        parts = [
            f"--{mark}\r\nContent-Type: application/dicom\r\n\r\n".encode() + one.read() + b"\r\n"
            for one in consignment.objects
        ]
        with client(route, self.lines) as line:
            request = line.build_request(
                "POST",
                f"studies/{study}",
                content=b"".join(parts) + f"--{mark}--\r\n".encode(),
                headers={
                    "Content-Type": f'multipart/related; type="application/dicom"; boundary={mark}',
                    "Accept": _JSON,
                },
            )
            answer = sent(line, request)
            told = _json(answer)
            _require_taken(answer, told, consignment)
            for one in consignment.objects:
                _require_listed(line, study, one.series_instance_uid, one.sop_instance_uid)
        return Receipt(tr("{count} objects stored", count=len(wanted)))


def _require_taken(answer: httpx.Response, told: dict[str, Any], consignment: Consignment) -> None:
    reasons = {uid: reason for uid, reason in _failures(told).items() if uid}
    if reasons:
        kind = Refused if set(reasons.values()) <= _PASSING else Undeliverable
        words = " ".join(sorted({f"{reason:04X}" for reason in reasons.values()}))
        raise kind(
            tr("The archive refused {count} objects (reason {reason})", count=len(reasons), reason=words),
            detail=f"failed {words}",
        )
    require_success(answer, consignment, "")
    missing = {one.sop_instance_uid for one in consignment.objects} - _stored(told)
    if missing:
        raise Refused(tr("The receiver did not confirm the whole report"), detail=f"{len(missing)} not named")


def _require_listed(line: httpx.Client, study: str, series: str, uid: str) -> None:
    """A server that says yes and keeps nothing is asked once more: plain ASCII, so that none decodes it wrongly."""
    path = f"studies/{study}/series/{series}/instances?SOPInstanceUID={uid}"
    answer = sent(line, line.build_request("GET", path, headers={"Accept": _JSON}))
    if answer.status_code != httpx.codes.OK or uid not in answer.text:
        raise Refused(tr("The archive does not list what it has taken"), detail=f"QIDO {answer.status_code}")


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    found = told[0] if isinstance(told, list) and told else told
    return found if isinstance(found, dict) else {}


def _items(told: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    element = told.get(tag)
    value = element.get("Value") if isinstance(element, dict) else None
    return [one for one in value or () if isinstance(one, dict)]


def _stored(told: dict[str, Any]) -> set[str]:
    return {_first(item, _UID) for item in _items(told, _REFERENCED)}


def _failures(told: dict[str, Any]) -> dict[str, int]:
    return {_first(item, _UID): int(_first(item, _REASON) or 0) for item in _items(told, _FAILED)}


def _first(item: dict[str, Any], tag: str) -> str:
    value = item.get(tag, {}).get("Value") or [""]
    return str(value[0])
