"""Earlier studies of a person, as the hub knows them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient
from workstation.domain.hanging import PriorStudy

_PRIORS: Final = TypeAdapter(list[PriorStudy])


class HubPriors:
    """Implements ``PriorPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def priors(self, ups_instance_uid: str) -> list[PriorStudy]:
        """Return other studies of the same person, newest first. Raises Unreachable, Refused."""
        return self._client.ask(_PRIORS, "GET", f"/api/worklist/{ups_instance_uid}/priors")
