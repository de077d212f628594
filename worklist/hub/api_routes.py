"""The JSON routes below ``/api`` (resources/docs/hub-api.md). Thin: rights and rules live in the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter

from worklist.hub.accounts import AccountService, NewAccount, SignedIn
from worklist.hub.audit_service import AuditService, ClientAct
from worklist.hub.auth import signed_in
from worklist.hub.case_service import CaseService, Completed, Missing
from worklist.hub.inbox_service import InboxService
from worklist.hub.prior_service import PriorService
from worklist.hub.report_service import ReportService
from worklist.hub.ups_json import is_uid
from worklist.hub.worklist_query import WorklistService
from workstation.domain.access import Actor
from workstation.domain.audit import AuditEvent
from workstation.domain.hanging import PriorStudy
from workstation.domain.report import Report
from workstation.domain.site import ReadingRequest, ReturnedReport, Site
from workstation.domain.workitem import OutputReference, WorklistPage, WorklistQuery, WorklistRow, WorklistTab

CurrentActor = Annotated[Actor, Depends(signed_in)]
_PAGE: Final = TypeAdapter(WorklistPage)

ShortText = Annotated[str, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person types to sign in."""

    user: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=1024)]


@dataclass(frozen=True, slots=True)
class Lock:
    """The Transaction UID that locks a workitem."""

    transaction_uid: str


@dataclass(frozen=True, slots=True)
class Freed:
    """Why a case is taken from who holds it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Promised:
    """What a sender holds: SHA-256 of the Part 10 file by SOP Instance UID."""

    instances: dict[str, str]


@dataclass(frozen=True, slots=True)
class RegisteredStudy:
    """A study that the hub expects."""

    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class ScheduledWorkitem:
    """The workitem that took another's place."""

    ups_instance_uid: str


@dataclass(frozen=True, slots=True)
class ReportBody:
    """A report under its lock."""

    report: Report
    transaction_uid: str


@dataclass(frozen=True, slots=True)
class ReturnBody:
    """A report that goes back to its author."""

    report: Report
    transaction_uid: str
    reason: Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, slots=True)
class FinalBody:
    """A signed report with its stored objects."""

    report: Report
    transaction_uid: str
    outputs: list[OutputReference]
    wants_time_stamp: bool = True
    """False where the signer's house takes reports without: then one without a stamp lacks nothing"""


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Where the audit chain breaks, null when it is whole."""

    first_broken: int | None


def account_routes(accounts: AccountService) -> APIRouter:
    """Return sign-in, sign-out and account routes."""
    router = APIRouter(prefix="/api", tags=["accounts"])

    @router.post("/session")
    def sign_in(body: Credentials) -> SignedIn:
        return accounts.sign_in(body.user, body.password)

    @router.get("/session")
    def who_am_i(actor: CurrentActor) -> Actor:
        return actor

    @router.delete("/session", status_code=204)
    def sign_out(request: Request, actor: CurrentActor) -> Response:
        accounts.sign_out(actor, request.headers["authorization"].partition(" ")[2].strip())
        return Response(status_code=204)

    @router.post("/accounts", status_code=201)
    def create_account(actor: CurrentActor, body: NewAccount) -> Response:
        accounts.create(actor, body)
        return Response(status_code=201)

    @router.get("/sites")
    def sites(actor: CurrentActor) -> list[Site]:
        return accounts.sites(actor)

    @router.post("/sites", status_code=201)
    def create_site(actor: CurrentActor, body: Site) -> Response:
        accounts.create_site(actor, body)
        return Response(status_code=201)

    return router


def case_routes(
    worklist: WorklistService, cases: CaseService, priors: PriorService, discover: Callable[[str], None]
) -> APIRouter:
    """Return worklist and request routes; ``discover`` registers what an external archive has of a study."""
    router = APIRouter(prefix="/api", tags=["worklist"])

    @router.get("/worklist", response_model=WorklistPage)
    def query(
        actor: CurrentActor,
        tab: WorklistTab = WorklistTab.TO_READ,
        text: ShortText = "",
        modality: ShortText = "",
        site_id: ShortText = "",
        *,
        today_only: bool = False,
        with_ai_findings: bool = False,
        offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
        limit: Annotated[int, Query(ge=0, le=10_000)] = 1000,
    ) -> Response:
        wanted = WorklistQuery(tab, text, modality, site_id, today_only, with_ai_findings, offset, limit)
        # our own dataclasses need no second validation, which takes as long as the query
        return Response(_PAGE.dump_json(worklist.query(actor, wanted)), media_type="application/json")

    @router.get("/worklist/{ups_instance_uid}")
    def row(ups_instance_uid: str, actor: CurrentActor) -> WorklistRow:
        return worklist.row(actor, ups_instance_uid)

    @router.get("/worklist/{ups_instance_uid}/priors")
    def priors_of(ups_instance_uid: str, actor: CurrentActor) -> list[PriorStudy]:
        return priors.priors(actor, ups_instance_uid)

    @router.post("/worklist/{ups_instance_uid}/release")
    def release(ups_instance_uid: str, actor: CurrentActor, body: Lock) -> ScheduledWorkitem:
        return ScheduledWorkitem(cases.release(actor, ups_instance_uid, body.transaction_uid))

    @router.post("/worklist/{ups_instance_uid}/free")
    def free(ups_instance_uid: str, actor: CurrentActor, body: Freed) -> ScheduledWorkitem:
        return ScheduledWorkitem(cases.free(actor, ups_instance_uid, body.reason))

    @router.post("/requests", status_code=201)
    def request_reading(actor: CurrentActor, body: ReadingRequest) -> RegisteredStudy:
        if is_uid(body.study_instance_uid):
            discover(body.study_instance_uid)
        cases.request(actor, body)
        return RegisteredStudy(body.study_instance_uid)

    @router.post("/requests/{study_instance_uid}/missing")
    def missing(study_instance_uid: str, actor: CurrentActor, body: Promised) -> Missing:
        return cases.missing(actor, study_instance_uid, body.instances)

    @router.post("/requests/{study_instance_uid}/complete")
    def complete(study_instance_uid: str, actor: CurrentActor, body: Promised) -> Completed:
        return cases.complete(actor, study_instance_uid, body.instances)

    return router


def report_routes(reports: ReportService, inbox: InboxService) -> APIRouter:
    """Return report and inbox routes."""
    router = APIRouter(prefix="/api", tags=["reports"])

    @router.get("/reports/{ups_instance_uid}")
    def newest(ups_instance_uid: str, actor: CurrentActor) -> Report:
        return reports.newest(actor, ups_instance_uid)

    @router.post("/reports/{ups_instance_uid}/submit")
    def submit(ups_instance_uid: str, actor: CurrentActor, body: ReportBody) -> Report:
        return reports.submit(actor, ups_instance_uid, body.report, body.transaction_uid)

    @router.post("/reports/{ups_instance_uid}/return")
    def send_back(ups_instance_uid: str, actor: CurrentActor, body: ReturnBody) -> Report:
        return reports.send_back(actor, ups_instance_uid, body.report, body.transaction_uid, body.reason)

    @router.post("/reports/{ups_instance_uid}/final/check", status_code=204)
    def check_final(ups_instance_uid: str, actor: CurrentActor, body: ReportBody) -> None:
        reports.check_final(actor, ups_instance_uid, body.report, body.transaction_uid)

    @router.post("/reports/{ups_instance_uid}/final")
    def finalise(ups_instance_uid: str, actor: CurrentActor, body: FinalBody) -> Report:
        return reports.finalise(
            actor,
            ups_instance_uid,
            body.report,
            body.transaction_uid,
            body.outputs,
            wants_time_stamp=body.wants_time_stamp,
        )

    @router.get("/inbox")
    def returned(actor: CurrentActor) -> list[ReturnedReport]:
        return inbox.returned(actor)

    @router.post("/inbox/{ups_instance_uid}/acknowledge")
    def acknowledge(ups_instance_uid: str, actor: CurrentActor) -> ReturnedReport:
        return inbox.acknowledge(actor, ups_instance_uid)

    return router


def audit_routes(audit: AuditService) -> APIRouter:
    """Return the audit routes."""
    router = APIRouter(prefix="/api", tags=["audit"])

    @router.post("/audit", status_code=201)
    def record(actor: CurrentActor, body: ClientAct) -> Response:
        audit.record(actor, body)
        return Response(status_code=201)

    @router.get("/audit")
    def events(actor: CurrentActor, study_instance_uid: ShortText = "") -> list[AuditEvent]:
        return audit.events(actor, study_instance_uid)

    @router.get("/audit/check")
    def check(actor: CurrentActor) -> ChainCheck:
        return ChainCheck(audit.first_broken(actor))

    return router
