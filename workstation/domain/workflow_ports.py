"""Port of the report's way beyond submitting and signing: versions, successors, withdrawal, double reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workstation.domain.double_reading import AgreementFigures
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.report_version import CaseRules, ReportPolicy, ReportVersion
from workstation.domain.workitem import Claim, OutputReference


class WorkflowPort(Protocol):
    """The hub's side of the report's way. Every method raises Unreachable and Refused."""

    def rules(self, ups_instance_uid: str) -> CaseRules:
        """Return what the alliance's rules mean for a case."""
        ...

    def versions(self, ups_instance_uid: str) -> tuple[ReportVersion, ...]:
        """Return every step of every document of the case that this person may see, oldest first."""
        ...

    def revise(self, ups_instance_uid: str, kind: ReportKind, predecessor_uid: str, claim: Claim) -> None:
        """
        Begin what follows a signed report: a workitem named and locked by ``claim``; the same again is success.

        Raises AlreadyClaimed (its text names who writes one), NoLongerUpdatable (no longer the newest).
        """
        ...

    def cancel(self, report: Report, claim: Claim, reason: str) -> Report:
        """Give up a report before it is signed; the case waits for a reader again, or holds what it held."""
        ...

    def withdraw(
        self,
        ups_instance_uid: str,
        report_uid: str,
        code: WithdrawalCode,
        reason: str,
        outputs: Sequence[OutputReference],
    ) -> Report:
        """Declare a signed report to be of the wrong patient or study; the case goes back to reading. Idempotent."""
        ...

    def order_double_reading(self, ups_instance_uid: str) -> None:
        """Have a case read twice, blind. Raises NoLongerUpdatable once somebody has read it."""
        ...

    def readings(self, ups_instance_uid: str) -> tuple[Report, ...]:
        """Return both readings of a case once both are in, none before that."""
        ...

    def policy(self) -> ReportPolicy:
        """Return the alliance's rules."""
        ...

    def set_policy(self, policy: ReportPolicy) -> ReportPolicy:
        """Change the alliance's rules. Raises NotPermitted."""
        ...

    def agreement(self) -> AgreementFigures:
        """Return how double readings agreed. Raises NotPermitted."""
        ...
