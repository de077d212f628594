"""Why exams were repeated, asked afterwards: the hub keeps the question until it is answered."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient, as_json
from workstation.domain.mutual_recognition import OpenRepeat, RepeatReason

_OPEN: Final = TypeAdapter(list[OpenRepeat])
_REASON: Final = TypeAdapter(RepeatReason)


class HubRepeats:
    """Implements ``RepeatPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def open(self) -> list[OpenRepeat]:
        """Return what the own site has not answered, the newest first."""
        return self._client.ask(_OPEN, "GET", "/api/repeats/open")

    def ask(self, study_instance_uid: str, exists: str) -> None:
        """Open the question of a study; idempotent."""
        self._client.request("POST", f"/api/repeats/{study_instance_uid}/question", json={"exists": exists})

    def answer(self, study_instance_uid: str, reason: RepeatReason) -> RepeatReason:
        """Answer it; return the reason that stands, which is the first one given."""
        body = as_json(_REASON, reason)
        return self._client.ask(_REASON, "POST", f"/api/repeats/{study_instance_uid}", json=body)
