"""UPS-RS (PS3.18 chapter 11) over the UPS service. Thin: no rule lives here."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from worklist.hub.auth import signed_in
from worklist.hub.case_service import CaseService
from worklist.hub.errors import HubError
from worklist.hub.ups import UpsAnswer, UpsService
from worklist.hub.ups_errors import invalid, warning_header
from worklist.hub.ups_json import Dataset, InvalidDataset, check, text
from worklist.hub.ups_matching import parse_query
from workstation.domain.access import Actor, Permission

DICOM_JSON: Final = "application/dicom+json"
_READABLE: Final = (DICOM_JSON, "application/json", "application/*", "*/*")

CurrentActor = Annotated[Actor, Depends(signed_in)]


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]


class UnsupportedMedia(HubError):
    """The body is no DICOM JSON."""

    status = 415


class NotAcceptable(HubError):
    """The client takes no DICOM JSON."""

    status = 406


def create_router(ups: UpsService, cases: CaseService) -> APIRouter:
    """Return the routes below ``/dicom-web/workitems``."""
    router = APIRouter(prefix="/dicom-web/workitems", tags=["UPS-RS"])

    @router.post("", status_code=201)
    def create(request: Request, actor: CurrentActor, body: RawBody) -> Response:
        """Create a workitem; its UID is the bare query or in the dataset."""
        answer = ups.create(actor, _dataset(request, body), _bare_uid(request, "workitem", "affectedsopinstanceuid"))
        location = f"/dicom-web/workitems/{answer.ups_instance_uid}"
        return Response(
            status_code=201, headers={"Location": location, "Content-Location": location} | _warning(answer)
        )

    @router.get("")
    def search(request: Request, actor: CurrentActor) -> Response:
        """Search; 204 when nothing matches, 206 when the hub cut the list short."""
        _require_acceptable(request)
        query = parse_query(request.query_params.multi_items())
        if actor.may(Permission.RUN_DETECTOR):
            cases.reclaim_lost_detections(actor)
        found = ups.search(actor, query)
        headers = warning_header(*found.warnings)
        if not found.datasets:
            return Response(status_code=204, headers=headers)
        return _json(list(found.datasets), status=206 if found.is_partial else 200, headers=headers)

    @router.get("/{ups_instance_uid}")
    def retrieve(ups_instance_uid: str, request: Request, actor: CurrentActor) -> Response:
        """Retrieve one workitem; the Transaction UID is never in it."""
        _require_acceptable(request)
        return _json([ups.retrieve(actor, ups_instance_uid)])

    @router.post("/{ups_instance_uid}")
    def update(ups_instance_uid: str, request: Request, actor: CurrentActor, body: RawBody) -> Response:
        """Update; under a lock the Transaction UID is the bare query."""
        content = _dataset(request, body)
        transaction_uid = _bare_uid(request, "transaction-uid", "transactionuid")
        return _answer(ups.update(actor, ups_instance_uid, transaction_uid, content))

    @router.put("/{ups_instance_uid}/state")
    def change_state(ups_instance_uid: str, request: Request, actor: CurrentActor, body: RawBody) -> Response:
        """Change the Procedure Step State under the Transaction UID in the body."""
        content = _dataset(request, body)
        return _answer(
            ups.change_state(
                actor, ups_instance_uid, text(content, "TransactionUID"), text(content, "ProcedureStepState")
            )
        )

    @router.post("/{ups_instance_uid}/cancelrequest", status_code=202)
    def request_cancel(ups_instance_uid: str, request: Request, actor: CurrentActor, body: RawBody) -> Response:
        """Ask for cancellation; reason and contact in the body are optional."""
        content = _dataset(request, body) if body else {}
        return _answer(ups.request_cancel(actor, ups_instance_uid, content), status=202)

    return router


def _dataset(request: Request, body: bytes) -> Dataset:
    media_type = request.headers.get("content-type", DICOM_JSON).partition(";")[0].strip().lower()
    if media_type not in {DICOM_JSON, "application/json"}:
        raise UnsupportedMedia(f"send {DICOM_JSON}")
    try:
        return check(json.loads(body))
    except InvalidDataset as exc:
        raise invalid(str(exc)) from exc
    except (ValueError, RecursionError) as exc:
        raise invalid("the body is no JSON") from exc


def _bare_uid(request: Request, *names: str) -> str:
    """Return the UID of ``?1.2.3`` or ``?name=1.2.3``; empty without one."""
    for name, value in request.query_params.multi_items():
        if not value:
            return name
        if name.lower() in names:
            return value
    return ""


def _require_acceptable(request: Request) -> None:
    accepted = request.headers.get("accept", "*/*")
    kinds = [part.partition(";")[0].strip().lower() for part in accepted.split(",")]
    if not any(kind in _READABLE for kind in kinds):
        raise NotAcceptable(f"this hub answers {DICOM_JSON}")


def _warning(answer: UpsAnswer) -> dict[str, str]:
    return warning_header(answer.warning)


def _answer(answer: UpsAnswer, *, status: int = 200) -> Response:
    content = {"ups_instance_uid": answer.ups_instance_uid, "dimse_status": answer.dimse_status}
    return Response(json.dumps(content), status_code=status, headers=_warning(answer), media_type="application/json")


def _json(content: list[Dataset], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status_code=status, headers=headers, media_type=DICOM_JSON)
