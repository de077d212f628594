"""The sender's inbox of signed reports."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient
from workstation.domain.site import ReturnedReport

_ONE: Final = TypeAdapter(ReturnedReport)
_ALL: Final = TypeAdapter(list[ReturnedReport])


class HubInbox:
    """Implements ``InboxPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def returned(self) -> list[ReturnedReport]:
        """Return the signed reports of the own site, newest first."""
        entries = self._client.ask(_ALL, "GET", "/api/inbox")
        return sorted(entries, key=lambda entry: entry.signed_at, reverse=True)

    def acknowledge(self, ups_instance_uid: str) -> ReturnedReport:
        """Record that the sender has seen the report; idempotent."""
        return self._client.ask(_ONE, "POST", f"/api/inbox/{ups_instance_uid}/acknowledge")
