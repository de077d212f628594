"""The JSON routes of the report's way beyond submitting and signing. Thin: rights and rules live in the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from worklist.hub.auth import signed_in
from worklist.hub.double_reading import DoubleReadings
from worklist.hub.late_stamps import LateStamps
from worklist.hub.report_policy import PolicyService
from worklist.hub.report_service import ReportService
from worklist.hub.report_workflow import ReportWorkflow
from workstation.domain.access import Actor
from workstation.domain.double_reading import AgreementFigures
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.report_version import CaseRules, ReportPolicy, ReportVersion
from workstation.domain.workitem import OutputReference

CurrentActor = Annotated[Actor, Depends(signed_in)]
LongText = Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, slots=True)
class ReviseBody:
    """What follows a signed report, with the workitem and the lock that the client chose for it."""

    kind: ReportKind
    predecessor_uid: str
    ups_instance_uid: str
    transaction_uid: str


@dataclass(frozen=True, slots=True)
class CancelBody:
    """A report that is given up before it is signed."""

    report: Report
    transaction_uid: str
    reason: LongText


@dataclass(frozen=True, slots=True)
class WithdrawBody:
    """A signed report of the wrong patient or study, with its stored rejection note."""

    report_uid: str
    code: WithdrawalCode
    reason: LongText
    outputs: list[OutputReference]


def workflow_routes(reports: ReportService, workflow: ReportWorkflow) -> APIRouter:
    """Return the routes of versions, successors, cancelling and withdrawing."""
    router = APIRouter(prefix="/api", tags=["reports"])

    @router.get("/reports/{ups_instance_uid}/rules")
    def rules(ups_instance_uid: str, actor: CurrentActor) -> CaseRules:
        return workflow.rules(actor, ups_instance_uid)

    @router.get("/reports/{ups_instance_uid}/versions")
    def versions(ups_instance_uid: str, actor: CurrentActor) -> list[ReportVersion]:
        return workflow.versions(actor, ups_instance_uid)

    @router.post("/reports/{ups_instance_uid}/revise", status_code=204)
    def revise(ups_instance_uid: str, actor: CurrentActor, body: ReviseBody) -> Response:
        workflow.revise(
            actor,
            ups_instance_uid,
            body.kind,
            body.predecessor_uid,
            new_ups_instance_uid=body.ups_instance_uid,
            transaction_uid=body.transaction_uid,
        )
        return Response(status_code=204)

    @router.post("/reports/{ups_instance_uid}/cancel")
    def cancel(ups_instance_uid: str, actor: CurrentActor, body: CancelBody) -> Report:
        return reports.cancel(actor, ups_instance_uid, body.report, body.transaction_uid, body.reason)

    @router.post("/reports/{ups_instance_uid}/withdraw")
    def withdraw(ups_instance_uid: str, actor: CurrentActor, body: WithdrawBody) -> Report:
        return workflow.withdraw(actor, ups_instance_uid, body.report_uid, body.code, body.reason, body.outputs)

    return router


def late_stamp_routes(stamps: LateStamps) -> APIRouter:
    """Return the routes of time stamps that come after a report was taken."""
    router = APIRouter(prefix="/api/late-stamps", tags=["reports"])

    @router.get("")
    def awaited(actor: CurrentActor) -> list[AwaitedStamp]:
        return stamps.awaited(actor)

    @router.post("/{pdf_sop_instance_uid}", status_code=204)
    def stamped(pdf_sop_instance_uid: str, actor: CurrentActor, body: OutputReference) -> Response:
        stamps.stamped(actor, pdf_sop_instance_uid, body)
        return Response(status_code=204)

    return router


def double_reading_routes(double: DoubleReadings, policy: PolicyService) -> APIRouter:
    """Return the routes of double reading and of the alliance's rules."""
    router = APIRouter(prefix="/api", tags=["quality"])

    @router.post("/reports/{ups_instance_uid}/double", status_code=204)
    def order_double_reading(ups_instance_uid: str, actor: CurrentActor) -> Response:
        double.order(actor, ups_instance_uid)
        return Response(status_code=204)

    @router.get("/reports/{ups_instance_uid}/readings")
    def readings(ups_instance_uid: str, actor: CurrentActor) -> list[Report]:
        return double.readings(actor, ups_instance_uid)

    @router.get("/policy/report")
    def read_policy(actor: CurrentActor) -> ReportPolicy:  # noqa: ARG001 - for whoever is signed in
        return policy.policy()

    @router.put("/policy/report")
    def change_policy(actor: CurrentActor, body: ReportPolicy) -> ReportPolicy:
        return policy.change(actor, body)

    @router.get("/quality/agreement")
    def agreement(actor: CurrentActor) -> AgreementFigures:
        return double.figures(actor)

    return router
