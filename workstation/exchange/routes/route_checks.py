"""
Asking a receiver whether it would take reports, without sending any: nothing of a patient leaves the hub.

A check ends with what the receiver said, or raises as a delivery would.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
from pynetdicom import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made when the module is loaded

from resources.translation import tr
from workstation.dicom.objects.encapsulated import ENCAPSULATED_PDF
from workstation.dicom.sr.structured_report import ENHANCED_SR
from workstation.domain.dispatch import Route, RouteChecks, RouteKind
from workstation.domain.errors import Refused, StorageError, Unreachable
from workstation.exchange.routes.c_store import associated
from workstation.exchange.routes.commitment_listener import STORAGE_COMMITMENT
from workstation.exchange.routes.route_http import client, sent
from workstation.exchange.routes.secure_lines import SecureLines, greet

LONGEST_S: Final = 10.0
"""Somebody waits for the answer."""
_KEPT: Final = {
    str(ENHANCED_SR): "Enhanced SR",
    str(ENCAPSULATED_PDF): "Encapsulated PDF",
    str(STORAGE_COMMITMENT): "Storage Commitment",
}
_NOBODY: Final = "2.25.0"
"""A study that does not exist: a search for it shows whether searching works, and no patient"""
_LISTS_NOTHING: Final = frozenset({200, 204})


def route_checks(drop_folder: Path, lines: SecureLines) -> RouteChecks:
    """Return a check for each kind of route."""
    http = _HttpChecks(lines)
    checks: dict[RouteKind, Callable[[Route], str]] = {
        RouteKind.HL7: lambda route: _connects(route, lines),
        RouteKind.FHIR: http.fhir,
        RouteKind.STOW: http.stow,
        RouteKind.C_STORE: lambda route: _echoes(route, lines),
        RouteKind.FOLDER: lambda route: _writes(drop_folder / route.address, route.address),
    }
    return {kind: _in_time(check) for kind, check in checks.items()}


def _in_time(check: Callable[[Route], str]) -> Callable[[Route], str]:
    return lambda route: check(replace(route, answer_timeout_s=min(route.answer_timeout_s, LONGEST_S)))


def _connects(route: Route, lines: SecureLines) -> str:
    """An HL7 message would be a report or a riddle to the receiver, so the line alone is tried."""
    try:
        greet(route, lines, route.answer_timeout_s)
    except OSError as exc:
        raise Unreachable(
            tr("The receiver does not answer"), hint=tr("Compare address and port with the site."),
            detail=type(exc).__name__,
        ) from exc  # fmt: skip
    return tr("The receiver takes connections; no message was sent")


def _echoes(route: Route, lines: SecureLines) -> str:
    wanted = [str(ENHANCED_SR), str(ENCAPSULATED_PDF), *([str(STORAGE_COMMITMENT)] if route.commitment else [])]
    with associated(route, [build_context(one) for one in (str(Verification), *wanted)], lines) as line:
        taken = {str(context.abstract_syntax) for context in line.accepted_contexts}
        answer = line.send_c_echo() if str(Verification) in taken else None
    if answer is not None and ("Status" not in answer or int(answer.Status) != 0):
        raise Refused(tr("The PACS does not answer C-ECHO"), detail="C-ECHO")
    missing = [_KEPT[one] for one in wanted if one not in taken]
    if missing:
        raise Refused(
            tr("The PACS answers, but does not take: {kinds}", kinds=", ".join(missing)),
            hint=tr("Ask the site to accept structured reports and encapsulated PDF."),
            detail="contexts " + " ".join(missing),
        )
    return tr("The PACS answers and takes reports: {kinds}", kinds=", ".join(_KEPT[one] for one in wanted))


def _writes(folder: Path, name: str) -> str:
    if not folder.is_dir():
        raise Refused(
            tr("The drop folder {name} does not exist on the hub", name=name),
            hint=tr("Make it, or mount the site's share there."),
            detail="no folder",
        )
    probe = folder / f".lianyue-check-{uuid.uuid4().hex}"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, b"check")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            probe.unlink(missing_ok=True)
    except OSError as exc:
        raise StorageError(tr("The drop folder cannot be written"), detail=f"errno {exc.errno}") from exc
    return tr("The drop folder can be written")


@dataclass(frozen=True, slots=True)
class _HttpChecks:
    lines: SecureLines

    def fhir(self, route: Route) -> str:
        """Read the CapabilityStatement."""
        answer = self._get(route, "metadata", "application/fhir+json")
        told = _object(answer)
        version = str(told.get("fhirVersion", ""))
        if answer.status_code != httpx.codes.OK or told.get("resourceType") != "CapabilityStatement":
            raise Refused(
                tr("There is no FHIR server at this address (HTTP {code})", code=answer.status_code),
                hint=tr("Give the base address, under which “metadata” is found."),
                detail=f"HTTP {answer.status_code}",
            )
        if not version.startswith("4."):
            raise Refused(tr("The server speaks FHIR {version}, reports are R4", version=version), detail=version)
        return tr("The FHIR server answers, version {version}", version=version)

    def stow(self, route: Route) -> str:
        """Search for a study that does not exist."""
        answer = self._get(route, f"studies?StudyInstanceUID={_NOBODY}&limit=1", "application/dicom+json")
        if answer.status_code not in _LISTS_NOTHING:
            raise Refused(
                tr("The archive does not let itself be searched (HTTP {code})", code=answer.status_code),
                hint=tr("Compare address, user and password with the site."),
                detail=f"HTTP {answer.status_code}",
            )
        return tr("The archive answers to searches; nothing was stored")

    def _get(self, route: Route, path: str, accept: str) -> httpx.Response:
        with client(route, self.lines) as line:
            return sent(line, line.build_request("GET", path, headers={"Accept": accept}))


def _object(answer: httpx.Response) -> dict[str, object]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
