"""Reports on the hub: the newest version of each case and the steps that change its state."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from pydantic import TypeAdapter

from worklist.errors import is_unknown_address, refusal
from worklist.http import HubClient, as_json, understood
from workstation.domain.report import Report
from workstation.domain.workitem import Claim, OutputReference

_REPORT: Final = TypeAdapter(Report)
_OUTPUTS: Final = TypeAdapter(list[OutputReference])


class HubReports:
    """Implements ``ReportPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def fetch(self, ups_instance_uid: str) -> Report | None:
        """Return the newest report of the case, None when nobody submitted one."""
        path = f"/api/reports/{ups_instance_uid}"
        response = self._client.raw("GET", path)
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.is_error:
            raise refusal(response, doing=f"GET {path}")
        return understood(_REPORT, response)

    def submit(self, report: Report, claim: Claim) -> Report:
        """Store a preliminary report; a stale revision raises NoLongerUpdatable."""
        return self._post(claim, "submit", report)

    def send_back(self, report: Report, claim: Claim, reason: str) -> Report:
        """Return a preliminary report to its author with a reason."""
        return self._post(claim, "return", report, reason=reason)

    def check_final(self, report: Report, claim: Claim) -> None:
        """
        Ask whether the report would be taken; raises what ``finalise`` would, before anything is stored.

        A hub of a former version knows no such question: ``finalise`` judges there as ever.
        """
        body = {"report": as_json(_REPORT, report), "transaction_uid": claim.transaction_uid}
        path = f"/api/reports/{claim.ups_instance_uid}/final/check"
        response = self._client.raw("POST", path, json=body)
        if response.is_error and not is_unknown_address(response):
            raise refusal(response, doing=f"POST {path}")

    def finalise(
        self, report: Report, claim: Claim, artefacts: Sequence[OutputReference], *, wants_time_stamp: bool = True
    ) -> Report:
        """Record the report as final with its signed objects; idempotent."""
        outputs = as_json(_OUTPUTS, list(artefacts))
        return self._post(claim, "final", report, outputs=outputs, wants_time_stamp=wants_time_stamp)

    def _post(self, claim: Claim, step: str, report: Report, **more: object) -> Report:
        body = {"report": as_json(_REPORT, report), "transaction_uid": claim.transaction_uid, **more}
        return self._client.ask(_REPORT, "POST", f"/api/reports/{claim.ups_instance_uid}/{step}", json=body)
