"""The routes of critical values. Thin: rights and rules live in the services."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from worklist.hub.auth import signed_in
from worklist.hub.critical_policy_service import CriticalPolicyService
from worklist.hub.critical_service import CriticalService
from workstation.domain.access import Actor
from workstation.domain.critical import CallMethod, CallOutcome, CriticalSource, CriticalValue
from workstation.domain.critical_board import CallReport, CriticalBoard, Recognition
from workstation.domain.critical_clock import NotificationShare
from workstation.domain.critical_policy import CriticalPolicy

CurrentActor = Annotated[Actor, Depends(signed_in)]
Name = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(max_length=4000)]
Uid = Annotated[str, Field(min_length=1, max_length=64)]
Age = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class RecognitionBody:
    """A recognition as it is sent."""

    critical_uid: Uid
    entry_key: Annotated[str, Field(max_length=64)]
    text: Words
    source: CriticalSource = CriticalSource.READER
    level: Annotated[int, Field(ge=1, le=3)] = 1
    age_s: Age = 0.0


@dataclass(frozen=True, slots=True)
class CallBody:
    """A call as it is sent."""

    call_uid: Uid
    receiver: Name
    receiver_role: Name
    number: Name
    content: Words
    method: CallMethod = CallMethod.PHONE
    outcome: CallOutcome = CallOutcome.REACHED
    read_back: bool = False
    read_back_text: Words = ""
    age_s: Age = 0.0


@dataclass(frozen=True, slots=True)
class AcknowledgementBody:
    """What the receiver puts the name to."""

    receiver: Name
    read_back_text: Words


@dataclass(frozen=True, slots=True)
class DismissalBody:
    """Why it is no critical value."""

    reason: Words


@dataclass(frozen=True, slots=True)
class PolicyBody:
    """A policy as JSON text."""

    content: str


def critical_routes(critical: CriticalService, policies: CriticalPolicyService) -> APIRouter:
    """Return the routes of critical values and their policy."""
    router = _policy_routes(critical, policies)

    @router.get("/critical")
    def board(actor: CurrentActor) -> CriticalBoard:
        return critical.board(actor)

    @router.get("/critical/case/{ups_instance_uid}")
    def of_case(ups_instance_uid: str, actor: CurrentActor) -> CriticalBoard:
        return critical.of_case(actor, ups_instance_uid)

    @router.post("/critical/case/{ups_instance_uid}")
    def recognise(ups_instance_uid: str, actor: CurrentActor, body: RecognitionBody) -> CriticalValue:
        return critical.recognise(actor, ups_instance_uid, Recognition(**asdict(body)))

    @router.post("/critical/{critical_uid}/call")
    def call(critical_uid: str, actor: CurrentActor, body: CallBody) -> CriticalValue:
        return critical.call(actor, critical_uid, CallReport(**asdict(body)))

    @router.post("/critical/{critical_uid}/acknowledge")
    def acknowledge(critical_uid: str, actor: CurrentActor, body: AcknowledgementBody) -> CriticalValue:
        return critical.acknowledge(actor, critical_uid, body.receiver, body.read_back_text)

    @router.post("/critical/{critical_uid}/close")
    def close(critical_uid: str, actor: CurrentActor) -> CriticalValue:
        return critical.close(actor, critical_uid)

    @router.post("/critical/{critical_uid}/dismiss")
    def dismiss(critical_uid: str, actor: CurrentActor, body: DismissalBody) -> CriticalValue:
        return critical.dismiss(actor, critical_uid, body.reason)

    return router


def _policy_routes(critical: CriticalService, policies: CriticalPolicyService) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["critical values"])

    @router.get("/critical-policy")
    def policy(actor: CurrentActor) -> CriticalPolicy:
        return policies.read(actor)

    @router.put("/critical-policy")
    def replace_policy(actor: CurrentActor, body: PolicyBody) -> CriticalPolicy:
        return policies.replace(actor, body.content)

    @router.get("/critical-indicator")
    def notified_in_time(actor: CurrentActor, days: Annotated[int, Query(ge=1, le=3660)] = 30) -> NotificationShare:
        return critical.notified_in_time(actor, days)

    return router
