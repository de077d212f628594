"""The report's way on the hub: rules, versions, successors, withdrawal, double reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient, as_json
from workstation.domain.double_reading import AgreementFigures
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.report_version import CaseRules, ReportPolicy, ReportVersion
from workstation.domain.workitem import Claim, OutputReference

_REPORT: Final = TypeAdapter(Report)
_READINGS: Final = TypeAdapter(tuple[Report, ...])
_VERSIONS: Final = TypeAdapter(tuple[ReportVersion, ...])
_RULES: Final = TypeAdapter(CaseRules)
_POLICY: Final = TypeAdapter(ReportPolicy)
_FIGURES: Final = TypeAdapter(AgreementFigures)
_OUTPUTS: Final = TypeAdapter(list[OutputReference])


class HubWorkflow:
    """Implements ``WorkflowPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def rules(self, ups_instance_uid: str) -> CaseRules:
        """Return what the alliance's rules mean for a case."""
        return self._client.ask(_RULES, "GET", f"/api/reports/{ups_instance_uid}/rules")

    def versions(self, ups_instance_uid: str) -> tuple[ReportVersion, ...]:
        """Return every step of every document of the case that this person may see, oldest first."""
        return self._client.ask(_VERSIONS, "GET", f"/api/reports/{ups_instance_uid}/versions")

    def revise(self, ups_instance_uid: str, kind: ReportKind, predecessor_uid: str, claim: Claim) -> None:
        """Begin what follows a signed report; AlreadyClaimed when somebody else has begun."""
        self._do(
            f"/api/reports/{ups_instance_uid}/revise",
            {
                "kind": kind.value,
                "predecessor_uid": predecessor_uid,
                "ups_instance_uid": claim.ups_instance_uid,
                "transaction_uid": claim.transaction_uid,
            },
        )

    def cancel(self, report: Report, claim: Claim, reason: str) -> Report:
        """Give up a report before it is signed."""
        body = {"report": as_json(_REPORT, report), "transaction_uid": claim.transaction_uid, "reason": reason}
        return self._client.ask(_REPORT, "POST", f"/api/reports/{claim.ups_instance_uid}/cancel", json=body)

    def withdraw(
        self,
        ups_instance_uid: str,
        report_uid: str,
        code: WithdrawalCode,
        reason: str,
        outputs: Sequence[OutputReference],
    ) -> Report:
        """Declare a signed report to be of the wrong patient or study; idempotent."""
        body = {
            "report_uid": report_uid,
            "code": code.value,
            "reason": reason,
            "outputs": as_json(_OUTPUTS, list(outputs)),
        }
        return self._client.ask(_REPORT, "POST", f"/api/reports/{ups_instance_uid}/withdraw", json=body)

    def order_double_reading(self, ups_instance_uid: str) -> None:
        """Have a case read twice, blind."""
        self._do(f"/api/reports/{ups_instance_uid}/double", None)

    def readings(self, ups_instance_uid: str) -> tuple[Report, ...]:
        """Return both readings of a case once both are in, none before that."""
        return self._client.ask(_READINGS, "GET", f"/api/reports/{ups_instance_uid}/readings")

    def policy(self) -> ReportPolicy:
        """Return the alliance's rules."""
        return self._client.ask(_POLICY, "GET", "/api/policy/report")

    def set_policy(self, policy: ReportPolicy) -> ReportPolicy:
        """Change the alliance's rules."""
        return self._client.ask(_POLICY, "PUT", "/api/policy/report", json=as_json(_POLICY, policy))

    def agreement(self) -> AgreementFigures:
        """Return how double readings agreed."""
        return self._client.ask(_FIGURES, "GET", "/api/quality/agreement")

    def _do(self, path: str, body: object) -> None:
        self._client.request("POST", path, json=body)
