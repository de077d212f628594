"""A hub's side of the report's way in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.domain.double_reading import AgreementFigures
from workstation.domain.errors import WorkstationError
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, ReportState, WithdrawalCode
from workstation.domain.report_version import CaseRules, ReportPolicy, ReportVersion
from workstation.domain.workitem import Claim, OutputReference


class FakeWorkflow:
    """Implements ``WorkflowPort``: tells what it was given and remembers what was asked of it."""

    def __init__(self) -> None:
        self.case_rules = CaseRules()
        self.history: tuple[ReportVersion, ...] = ()
        self.both: tuple[Report, ...] = ()
        self.revised: list[tuple[str, ReportKind, str, Claim]] = []
        self.cancelled: list[Report] = []
        self.withdrawn: list[tuple[str, WithdrawalCode, str, tuple[OutputReference, ...]]] = []
        self.ordered: list[str] = []
        self.policies: list[ReportPolicy] = []
        self.error: WorkstationError | None = None
        self.on_revise: Callable[[Claim], None] = lambda _claim: None

    def rules(self, ups_instance_uid: str) -> CaseRules:
        return self.case_rules

    def versions(self, ups_instance_uid: str) -> tuple[ReportVersion, ...]:
        self._fail()
        return self.history

    def revise(self, ups_instance_uid: str, kind: ReportKind, predecessor_uid: str, claim: Claim) -> None:
        self._fail()
        self.revised.append((ups_instance_uid, kind, predecessor_uid, claim))
        self.on_revise(claim)

    def cancel(self, report: Report, claim: Claim, reason: str) -> Report:
        self._fail()
        self.cancelled.append(report)
        return report

    def withdraw(
        self,
        ups_instance_uid: str,
        report_uid: str,
        code: WithdrawalCode,
        reason: str,
        outputs: Sequence[OutputReference],
    ) -> Report:
        self._fail()
        self.withdrawn.append((report_uid, code, reason, tuple(outputs)))
        signed = next(one.report for one in reversed(self.history) if one.report.report_uid == report_uid)
        return signed.moved(ReportState.ENTERED_IN_ERROR, at=signed.updated_at, reason=reason)

    def order_double_reading(self, ups_instance_uid: str) -> None:
        self._fail()
        self.ordered.append(ups_instance_uid)

    def readings(self, ups_instance_uid: str) -> tuple[Report, ...]:
        self._fail()
        return self.both

    def policy(self) -> ReportPolicy:
        return self.policies[-1] if self.policies else ReportPolicy()

    def set_policy(self, policy: ReportPolicy) -> ReportPolicy:
        self.policies.append(policy)
        return policy

    def agreement(self) -> AgreementFigures:
        return AgreementFigures(0, 0, 0, 0, ())

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
