"""Time stamps that come after a report was delivered, as the hub keeps them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.errors import is_unknown_address, refusal
from worklist.http import HubClient, as_json, understood
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.workitem import OutputReference

_AWAITED: Final = TypeAdapter(list[AwaitedStamp])
_OUTPUT: Final = TypeAdapter(OutputReference)
_PATH: Final = "/api/late-stamps"


class HubLateStamps:
    """Implements ``LateStampPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def awaited(self) -> list[AwaitedStamp]:
        """Return what waits for its stamp; a hub of a former version knows of none."""
        response = self._client.raw("GET", _PATH)
        if is_unknown_address(response):
            return []
        if response.is_error:
            raise refusal(response, doing=f"GET {_PATH}")
        return understood(_AWAITED, response)

    def stamped(self, awaited: AwaitedStamp, stored: OutputReference) -> None:
        """Tell that the stamped version is stored; the same again is success."""
        path = f"{_PATH}/{awaited.pdf_sop_instance_uid}"
        self._client.request("POST", path, json=as_json(_OUTPUT, stored))
