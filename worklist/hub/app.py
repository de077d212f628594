"""Putting a hub together: database, archive, services and routes as one FastAPI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worklist.hub.accounts import AccountService
from worklist.hub.api_routes import account_routes, audit_routes, case_routes, report_routes
from worklist.hub.archive import open_archive
from worklist.hub.audit import HubAudit
from worklist.hub.audit_service import AuditService
from worklist.hub.auth import signed_in
from worklist.hub.case_follower import CaseFollower
from worklist.hub.case_service import CaseService
from worklist.hub.context import HubContext, SystemClock
from worklist.hub.critical_policy_service import CriticalPolicyService
from worklist.hub.critical_routes import critical_routes
from worklist.hub.critical_service import CriticalService
from worklist.hub.critical_watch import CriticalWatch
from worklist.hub.database import open_database
from worklist.hub.demo import seed_demo
from worklist.hub.dicomweb import create_router as create_dicomweb_router
from worklist.hub.discovery import Discovery
from worklist.hub.dispatch_process import Dispatching
from worklist.hub.dispatch_routes import dispatch_routes
from worklist.hub.dispatch_service import DispatchService
from worklist.hub.document_routes import document_routes
from worklist.hub.document_service import DocumentService
from worklist.hub.double_reading import DoubleReadings
from worklist.hub.errors import HubError
from worklist.hub.exam_repeats import RepeatService
from worklist.hub.image_door import ImageDoor
from worklist.hub.image_grades import ImageGrades, image_grade_routes
from worklist.hub.inbox_service import InboxService
from worklist.hub.instances import InstanceIndex
from worklist.hub.late_stamps import LateStamps
from worklist.hub.prior_service import PriorService
from worklist.hub.quality_routes import quality_routes
from worklist.hub.quality_service import QualityService
from worklist.hub.recognised_service import RecognisedService, recognised_routes
from worklist.hub.report_policy import PolicyService
from worklist.hub.report_service import ReportService
from worklist.hub.report_workflow import ReportWorkflow
from worklist.hub.settings import HubSettings
from worklist.hub.signed_check import SignedCheck
from worklist.hub.timeline_service import TimelineService
from worklist.hub.ups import UpsService
from worklist.hub.ups_routes import create_router as create_ups_router
from worklist.hub.wado import WadoService
from worklist.hub.workflow_routes import double_reading_routes, late_stamp_routes, workflow_routes
from worklist.hub.worklist_query import WorklistService
from workstation.domain.dispatch import Carriers, RouteChecks
from workstation.domain.errors import DiskFull, NotPermitted, Unreachable, WorkstationError
from workstation.domain.ports import Clock
from workstation.domain.shared_document import Judges
from workstation.domain.signed_judging import ReportJudge

__all__ = ["HubSettings", "create_hub"]

MAXIMUM_JSON_BYTES: Final = 32 * 1024 * 1024
SMALL_JSON_BYTES: Final = 64 * 1024
"""All that is taken from somebody without a session."""
_SMALL_BODIES: Final = ("/api/", "/dicom-web/workitems")

log = logging.getLogger(__name__)


def create_hub(
    settings: HubSettings,
    *,
    clock: Clock | None = None,
    carriers: Carriers | None = None,
    judges: Judges | None = None,
    checks: RouteChecks | None = None,
    signatures: ReportJudge | None = None,
) -> FastAPI:
    """
    Open database and archive and return the application; its shutdown closes them.

    With ``carriers`` it sends signed reports to the sites itself, from its start to its shutdown; with ``judges``
    it takes documents that the sites share, with ``checks`` it tells whether a route's receiver answers, with
    ``signatures`` it holds signed reports to their signatures.

    Raises:
        NewerSchema: a newer version wrote the database.
        StorageError: database or data folder cannot be used.
    """
    used_clock = clock or SystemClock()
    engine = open_database(settings.data_dir, settings.database_url)
    context = HubContext(engine, used_clock, HubAudit(engine, used_clock), settings.data_dir, films=settings.films)
    archive = open_archive(settings.data_dir, settings.archive_url or "")
    accounts = AccountService(context)
    if settings.demo_users:
        seed_demo(accounts)

    policies = CriticalPolicyService(context)
    critical = CriticalService(context, policies)
    watch = CriticalWatch(critical, used_clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        dispatching = Dispatching(context, archive, carriers or {})
        dispatching.start()
        watch.start()
        yield
        dispatching.stop()
        watch.stop()
        archive.close()
        engine.dispose()

    app = FastAPI(
        title="Lianyue hub",
        version=version("lianyue"),
        lifespan=lifespan,
        docs_url=None,  # the pages would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.hub = context
    app.state.critical = critical
    app.state.critical_watch = watch
    app.state.accounts = accounts
    follower = CaseFollower(context)
    ups = UpsService(context, follower)
    cases = CaseService(context, InstanceIndex(context), ups, follower)
    app.include_router(account_routes(accounts))
    discovery = Discovery(context, archive)
    app.include_router(
        case_routes(WorklistService(context), cases, PriorService(context), discovery.refresh),
        dependencies=[Depends(signed_in), Depends(discovery.for_path)],  # nobody unknown makes us ask the archive
    )
    reports = ReportService(context, ups, follower, SignedCheck(context, archive, signatures))
    app.include_router(report_routes(reports, InboxService(context)))
    app.include_router(recognised_routes(RecognisedService(context), RepeatService(context)))
    app.include_router(workflow_routes(reports, ReportWorkflow(context, follower)))
    app.include_router(double_reading_routes(DoubleReadings(context, follower), PolicyService(context)))
    stamps = LateStamps(context, SignedCheck(context, archive, signatures))
    for router in (
        critical_routes(critical, policies),
        audit_routes(AuditService(context)),
        late_stamp_routes(stamps),
        dispatch_routes(DispatchService(context, checks), TimelineService(context)),
        document_routes(DocumentService(context, judges or {})),
        image_grade_routes(ImageGrades(context)),
        quality_routes(QualityService(context)),
    ):
        app.include_router(router)
    app.include_router(create_ups_router(ups, cases))
    wado = WadoService(context, archive, discovery)
    app.include_router(create_dicomweb_router(context, archive, discovery, wado, stamps.require_fit))

    @app.get("/api/health", tags=["health"])
    def health() -> dict[str, str]:
        with context.read() as connection:
            connection.execute(text("SELECT 1"))
        return {"version": app.version, "database": engine.dialect.name, "archive": archive.description}

    @app.options("/", include_in_schema=False, dependencies=[Depends(signed_in)])
    @app.options("/dicom-web", include_in_schema=False, dependencies=[Depends(signed_in)])
    def capabilities() -> dict[str, object]:
        """Answer Retrieve Capabilities (PS3.18 8.9) with the transactions there are, generated from the routes."""
        paths = {path: methods for path, methods in app.openapi()["paths"].items() if path.startswith("/dicom-web/")}
        return {
            "service": app.title,
            "version": app.version,
            "transactions": [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods],
        }

    _add_error_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(ImageDoor, context=context, wado=wado)
    return app


def _add_error_handlers(app: FastAPI) -> None:
    def answer(status: int, code: str, message: str, **extra: Any) -> JSONResponse:  # noqa: ANN401 - headers or nothing
        return JSONResponse({"error": code, "message": message}, status_code=status, **extra)

    handlers: dict[type[Exception], Callable[[Request, Any], JSONResponse]] = {
        HubError: lambda _request, exc: JSONResponse(exc.body(), status_code=exc.status, headers=exc.headers),
        NotPermitted: lambda _request, exc: answer(403, "not_permitted", exc.detail or "not permitted"),
        DiskFull: lambda _request, _exc: answer(507, "disk_full", "the disk is full"),
        Unreachable: lambda _request, exc: answer(502, "archive_unreachable", exc.detail or "the archive is away"),
        WorkstationError: lambda _request, exc: answer(400, "bad_request", exc.detail or "the request failed"),
        # what was sent may hold a name, so only where the fault lies is told
        RequestValidationError: lambda _request, exc: answer(400, "bad_request", _places(exc)),
        HTTPException: lambda _request, exc: answer(
            exc.status_code,
            {404: "not_found", 405: "bad_request"}.get(exc.status_code, "bad_request"),
            HTTPStatus(exc.status_code).phrase,
            headers=exc.headers,
        ),
        # what the database cannot hold: NUL, too long a text, too large a number
        DataError: lambda _request, _exc: answer(400, "bad_request", "a value cannot be stored"),
        UnicodeEncodeError: lambda _request, _exc: answer(400, "bad_request", "a text holds a character that is none"),
        OverflowError: lambda _request, _exc: answer(400, "bad_request", "a number is too large"),
        IntegrityError: lambda _request, _exc: answer(409, "no_longer_updatable", "another request was faster"),
        OperationalError: lambda _request, exc: _database_trouble(exc, answer),
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _database_trouble(exc: OperationalError, answer: Callable[..., JSONResponse]) -> JSONResponse:
    told = str(exc.orig)
    log.error("database: %s", told)
    if "full" in told or "No space" in told:
        return answer(507, "disk_full", "the disk is full")
    return answer(503, "unavailable", "the database does not answer", headers={"Retry-After": "2"})


def _places(exc: RequestValidationError) -> str:
    return "invalid: " + ", ".join(".".join(str(part) for part in error["loc"]) for error in exc.errors()[:5])


class BodyLimit:
    """Refuses JSON bodies that are larger than any honest one; images have a door of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes."""
        if scope["type"] != "http" or not scope["path"].startswith(_SMALL_BODIES):
            await self._app(scope, receive, send)
            return
        seen = 0
        limit = SMALL_JSON_BYTES

        async def counted() -> Message:
            nonlocal seen, limit
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit == SMALL_JSON_BYTES:
                await self._require_session(scope)
                limit = MAXIMUM_JSON_BYTES
            if seen > limit:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)

    async def _require_session(self, scope: Scope) -> None:
        """Bodies are read before a route asks who sends them: nobody unknown fills the memory."""
        try:
            await signed_in(Request(scope))
        except HubError as exc:
            raise HTTPException(413) from exc
