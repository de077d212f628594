"""Critical values at the hub, as a workstation sees them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient, as_json
from workstation.domain.critical import CriticalValue
from workstation.domain.critical_board import CallReport, CriticalBoard, Recognition
from workstation.domain.critical_clock import NotificationShare
from workstation.domain.critical_policy import CriticalPolicy

_VALUE: Final = TypeAdapter(CriticalValue)
_BOARD: Final = TypeAdapter(CriticalBoard)
_POLICY: Final = TypeAdapter(CriticalPolicy)
_SHARE: Final = TypeAdapter(NotificationShare)
_RECOGNITION: Final = TypeAdapter(Recognition)
_CALL: Final = TypeAdapter(CallReport)


class HubCritical:
    """Implements ``CriticalPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def board(self) -> CriticalBoard:
        """Return what waits, within what the signed-in person may see."""
        return self._client.ask(_BOARD, "GET", "/api/critical")

    def of_case(self, ups_instance_uid: str) -> CriticalBoard:
        """Return every critical value of a case, also closed and dismissed ones."""
        return self._client.ask(_BOARD, "GET", f"/api/critical/case/{ups_instance_uid}")

    def recognise(self, ups_instance_uid: str, recognition: Recognition) -> CriticalValue:
        """Start the clock; the same UID again answers as the first time."""
        return self._post(f"case/{ups_instance_uid}", as_json(_RECOGNITION, recognition))

    def call(self, critical_uid: str, call: CallReport) -> CriticalValue:
        """Add a call; the same UID again answers as the first time."""
        return self._post(f"{critical_uid}/call", as_json(_CALL, call))

    def acknowledge(self, critical_uid: str, receiver: str, read_back_text: str) -> CriticalValue:
        """Put the receiver's name and read-back to it."""
        return self._post(f"{critical_uid}/acknowledge", {"receiver": receiver, "read_back_text": read_back_text})

    def close(self, critical_uid: str) -> CriticalValue:
        """Close what was read back. Raises NoLongerUpdatable before that."""
        return self._post(f"{critical_uid}/close", None)

    def dismiss(self, critical_uid: str, reason: str) -> CriticalValue:
        """Take back what is no critical value. Raises NoLongerUpdatable after its read-back."""
        return self._post(f"{critical_uid}/dismiss", {"reason": reason})

    def policy(self) -> CriticalPolicy:
        """Return the policy in force."""
        return self._client.ask(_POLICY, "GET", "/api/critical-policy")

    def replace_policy(self, content: str) -> CriticalPolicy:
        """Put another policy (JSON text) in force. Raises Refused when it does not hold, NotPermitted."""
        return self._client.ask(_POLICY, "PUT", "/api/critical-policy", json={"content": content})

    def notified_in_time(self, days: int) -> NotificationShare:
        """Return national indicator 4 over the last days."""
        return self._client.ask(_SHARE, "GET", "/api/critical-indicator", query={"days": days})

    def _post(self, path: str, body: object) -> CriticalValue:
        return self._client.ask(_VALUE, "POST", f"/api/critical/{path}", json=body)
