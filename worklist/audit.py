"""Audit events of the workstation, recorded in the hub's chain."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient
from workstation.domain.audit import AuditAction, AuditEvent

_EVENTS: Final = TypeAdapter(list[AuditEvent])


class HubAudit:
    """Implements ``AuditPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def record(self, action: AuditAction, *, subject_uid: str = "", outcome: int = 0, detail: str = "") -> None:
        """Append one event for the signed-in user. A failure blocks the act that asked for it."""
        event = {"action": action.value, "subject_uid": subject_uid, "outcome": outcome, "detail": detail}
        self._client.request("POST", "/api/audit", json=event)

    def events(self, *, study_instance_uid: str = "") -> list[AuditEvent]:
        """Return the chain, optionally what concerns one study. Raises NotPermitted."""
        query = {"study_instance_uid": study_instance_uid} if study_instance_uid else None
        return self._client.ask(_EVENTS, "GET", "/api/audit", query=query)
