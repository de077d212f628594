"""UPS-RS (PS3.18 chapter 11) over the UPS service. Thin: no rule lives here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from worklist.hub.auth import signed_in
from worklist.hub.case_service import CaseService
from worklist.hub.errors import HubError
from worklist.hub.media_types import DICOM_JSON, DICOM_XML, wants_xml
from worklist.hub.multipart import MultipartError, MultipartReader, parse_content_type
from worklist.hub.multipart_answers import xml_parts
from worklist.hub.native_xml import from_xml
from worklist.hub.ups import UpsAnswer, UpsService
from worklist.hub.ups_errors import invalid, warning_header
from worklist.hub.ups_json import Dataset, InvalidDataset, check, text
from worklist.hub.ups_matching import parse_query
from workstation.domain.access import Actor, Permission

CurrentActor = Annotated[Actor, Depends(signed_in)]


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]


class UnsupportedMedia(HubError):
    """The body is neither DICOM JSON nor Native DICOM Model XML."""

    status = 415


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
        as_xml = wants_xml(request.headers.get("accept", ""))
        query = parse_query(request.query_params.multi_items())
        if actor.may(Permission.RUN_DETECTOR):
            cases.reclaim_lost_detections(actor)
        found = ups.search(actor, query)
        headers = warning_header(*found.warnings)
        if not found.datasets:
            return Response(status_code=204, headers=headers)
        return _datasets(list(found.datasets), as_xml=as_xml, status=206 if found.is_partial else 200, headers=headers)

    @router.get("/{ups_instance_uid}")
    def retrieve(ups_instance_uid: str, request: Request, actor: CurrentActor) -> Response:
        """Retrieve one workitem; the Transaction UID is never in it."""
        as_xml = wants_xml(request.headers.get("accept", ""))
        return _datasets([ups.retrieve(actor, ups_instance_uid)], as_xml=as_xml)

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
    media_type, parameters = parse_content_type(request.headers.get("content-type", DICOM_JSON))
    if media_type == "multipart/related" and parameters.get("type", "").lower() == DICOM_XML:
        media_type, body = DICOM_XML, _only_part(body, parameters.get("boundary", ""))
    if media_type not in {DICOM_JSON, "application/json", DICOM_XML}:
        raise UnsupportedMedia(f"send {DICOM_JSON} or {DICOM_XML}")
    try:
        return check(from_xml(body) if media_type == DICOM_XML else json.loads(body))
    except InvalidDataset as exc:
        raise invalid(str(exc)) from exc
    except (ValueError, RecursionError) as exc:
        raise invalid("the body is no JSON") from exc


class _Part:
    """Keeps the one part of a body."""

    def __init__(self) -> None:
        self.content = bytearray()

    def begin(self, headers: Mapping[str, str]) -> None:
        """Take note of nothing: the type of the part is that of the body."""

    def write(self, data: bytes | memoryview) -> None:
        """Keep a piece."""
        self.content += data

    def end(self) -> None:
        """Do nothing more."""


def _only_part(body: bytes, boundary: str) -> bytes:
    """Return the single part that a request has (PS3.18 11.4.1.4)."""
    part = _Part()
    try:
        reader = MultipartReader(boundary, part, max_part=len(body), max_total=len(body))
        reader.feed(body)
        reader.finish()
    except MultipartError as exc:
        raise invalid(str(exc)) from exc
    if reader.parts != 1:
        raise invalid("the body has one part")
    return bytes(part.content)


def _bare_uid(request: Request, *names: str) -> str:
    """Return the UID of ``?1.2.3`` or ``?name=1.2.3``; empty without one."""
    for name, value in request.query_params.multi_items():
        if not value:
            return name
        if name.lower() in names:
            return value
    return ""


def _warning(answer: UpsAnswer) -> dict[str, str]:
    return warning_header(answer.warning)


def _answer(answer: UpsAnswer, *, status: int = 200) -> Response:
    content = {"ups_instance_uid": answer.ups_instance_uid, "dimse_status": answer.dimse_status}
    return Response(json.dumps(content), status_code=status, headers=_warning(answer), media_type="application/json")


def _datasets(
    content: list[Dataset], *, as_xml: bool, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    if as_xml:
        return xml_parts(content, status=status, headers=headers)
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status_code=status, headers=headers, media_type=DICOM_JSON)
