"""
The DICOMweb doors below ``/dicom-web/studies``: STOW-RS, QIDO-RS and WADO-RS.

Routes only read the request and write the answer; what they do is in ``stow``, ``qido``, ``wado`` and
``rendered``. They are plain functions, so that each runs in a worker thread of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from worklist.hub import qido, stow
from worklist.hub.archive import Archive
from worklist.hub.auth import current_actor, signed_in
from worklist.hub.context import HubContext
from worklist.hub.discovery import Discovery
from worklist.hub.errors import BadRequest, HubError, NotFound
from worklist.hub.instances import with_root
from worklist.hub.media_types import DICOM, DICOM_JSON, DICOM_XML, FRAME_TYPES, OCTETS, takes, wants_xml
from worklist.hub.multipart import MultipartError, MultipartReader, TooLarge, parse_content_type
from worklist.hub.multipart_answers import multipart_answer, xml_parts
from worklist.hub.native_xml import to_xml
from worklist.hub.rendered import JPEG, PNG, Rendering, rendered
from worklist.hub.rendered import parse as parse_rendering
from worklist.hub.ups_errors import warning_header
from worklist.hub.wado import (
    CHUNK,
    WHOLE_FILE,
    StoredInstance,
    WadoService,
    bulk_value,
    frame_numbers,
    frame_representation,
    instance_representation,
    syntax_given,
)
from workstation.dicom.quarantine import UID_SHAPE
from workstation.domain.access import Actor
from workstation.domain.errors import DiskFull, SourceError, StorageError

PREFIX: Final = "/dicom-web"
_SERIES: Final = "/studies/{study}/series/{series}"
_INSTANCE: Final = "/studies/{study}/series/{series}/instances/{instance}"

Signed = Annotated[Actor, Depends(signed_in)]


class ArchiveUnavailable(HubError):
    """The disk or the external archive does not do its part."""

    status = 503
    code = "archive_unavailable"


class HubDiskFull(HubError):
    """No space left."""

    status = 507
    code = "disk_full"


class UnsupportedMedia(HubError):
    """A body of another type than STOW-RS takes."""

    status = 415
    code = "unsupported_media_type"


class BodyTooLarge(HubError):
    """More than the hub takes at once."""

    status = 413
    code = "too_large"


class _Route(APIRoute):
    """Gives errors of the archive their HTTP form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                for name in ("study", "series", "instance"):
                    if not UID_SHAPE.fullmatch(request.path_params.get(name, "0")):
                        raise BadRequest(f"the {name} is no UID")
                return await handle(request)
            except DiskFull as exc:
                raise HubDiskFull("the hub's disk is full") from exc
            except (SourceError, StorageError) as exc:
                raise ArchiveUnavailable("the archive cannot be reached or read") from exc

        return guarded


def create_router(
    context: HubContext,
    archive: Archive,
    discovery: Discovery,
    wado: WadoService,
    require_fit: stow.FitCheck | None = None,
) -> APIRouter:
    """Return the routes below ``/dicom-web``; ``archive`` keeps the files that ``require_fit`` lets pass."""
    router = APIRouter(prefix=PREFIX, tags=["DICOMweb"], route_class=_Route)
    _add_store(router, context, archive, discovery, require_fit)
    _add_search(router, context, discovery)
    _add_instances(router, wado)
    _add_metadata(router, wado)
    _add_frames(router, wado)
    _add_rendered(router, wado)
    return router


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/") + PREFIX


def _accept(request: Request) -> str:
    return request.query_params.get("accept") or ",".join(request.headers.getlist("accept"))


def _add_store(
    router: APIRouter,
    context: HubContext,
    archive: Archive,
    discovery: Discovery,
    require_fit: stow.FitCheck | None,
) -> None:
    @router.post("/studies", summary="STOW-RS")
    @router.post("/studies/{study}", summary="STOW-RS into one study")
    async def store(request: Request, actor: Signed, study: str = "") -> Response:
        form = takes(_accept(request), DICOM_JSON, DICOM_XML)
        media_type, parameters = parse_content_type(request.headers.get("content-type", ""))
        if media_type != "multipart/related" or parameters.get("type", DICOM).lower() != DICOM:
            raise UnsupportedMedia('the body is multipart/related; type="application/dicom"')
        intake = await run_in_threadpool(
            stow.Intake,
            context,
            archive,
            discovery,
            actor,
            study_instance_uid=request.path_params.get("study", ""),
            require_fit=require_fit,
        )
        try:
            reader = MultipartReader(
                parameters.get("boundary", ""),
                intake,
                max_part=stow.MAX_PART_BYTES,
                max_total=stow.MAX_BODY_BYTES,
            )
            block = bytearray()
            async for chunk in request.stream():
                block += chunk
                if len(block) >= CHUNK:
                    await run_in_threadpool(reader.feed, bytes(block))
                    block.clear()
            await run_in_threadpool(reader.feed, bytes(block))
            reader.finish()
        except TooLarge as exc:
            raise BodyTooLarge(str(exc)) from exc
        except MultipartError as exc:
            raise BadRequest(str(exc)) from exc
        except ClientDisconnect as exc:
            raise BadRequest("the sender went away") from exc
        finally:
            # whole parts that arrived before a cut count: sending again then skips them
            await run_in_threadpool(_finish, intake)
        if not intake.outcomes:
            raise BadRequest("the body has no parts")
        status, body = stow.response(intake.outcomes, _root(request), study)
        content = to_xml(body) if form == DICOM_XML else json.dumps(body)
        return Response(content, status, media_type=form)


def _finish(intake: stow.Intake) -> None:
    try:
        intake.flush()
    finally:
        intake.close()


def _add_search(router: APIRouter, context: HubContext, discovery: Discovery) -> None:  # noqa: C901 - three small routes
    def answer(request: Request, find: Callable[[qido.Search], qido.Found]) -> Response:
        as_xml = wants_xml(_accept(request))
        search = qido.parse([(k, v) for k, v in request.query_params.multi_items() if k != "accept"])
        found = find(search)
        warnings = list(found.warnings)
        if found.remaining:
            warnings.append(f"There are {found.remaining} additional results that can be requested")
        headers = warning_header(*warnings)
        if not found.results:
            return Response(status_code=204, headers=headers)
        if as_xml:
            return xml_parts(found.results, headers=headers)
        body = json.dumps(found.results, ensure_ascii=False)
        return Response(body, media_type=DICOM_JSON, headers=headers)

    @router.get("/studies", summary="QIDO-RS studies")
    def studies(request: Request, actor: Signed) -> Response:
        def find(search: qido.Search) -> qido.Found:
            discovery.search(search.match)
            with context.read() as connection:
                return qido.studies(connection, actor, search, _root(request))

        return answer(request, find)

    @router.get("/series", summary="QIDO-RS series")
    @router.get("/studies/{study}/series", summary="QIDO-RS series of one study")
    def series(request: Request, actor: Signed, study: str = "") -> Response:
        def find(search: qido.Search) -> qido.Found:
            if study:
                discovery.refresh(study)
            with context.read() as connection:
                return qido.series(connection, actor, search, _root(request), study=study)

        return answer(request, find)

    @router.get("/instances", summary="QIDO-RS instances")
    @router.get("/studies/{study}/instances", summary="QIDO-RS instances of one study")
    @router.get(_SERIES + "/instances", summary="QIDO-RS instances of one series")
    def instances(request: Request, actor: Signed, study: str = "", series: str = "") -> Response:
        def find(search: qido.Search) -> qido.Found:
            if study:
                discovery.refresh(study)
            with context.read() as connection:
                return qido.instances(connection, actor, search, _root(request), study=study, series=series)

        return answer(request, find)


def _add_instances(router: APIRouter, wado: WadoService) -> None:
    # the busiest door: the session is looked up in the same worker thread, one hand-over less than a dependency
    @router.get(_INSTANCE, summary="WADO-RS instance")
    def instance(request: Request, study: str, series: str, instance: str) -> Response:
        stored = wado.instance(current_actor(request), study, series, instance)
        accept = _accept(request)
        form = instance_representation(accept, [stored], single=True)
        syntax = syntax_given(stored, form, asked="transfer-syntax=" in accept)
        as_stored = syntax == stored.transfer_syntax_uid
        etag = stored.digests["ETag"]
        headers = {**stored.digests, "Cache-Control": "private"} if as_stored else {}
        if as_stored and request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        location = _root(request) + stored.path
        content_type = f"{DICOM}; transfer-syntax={syntax}"
        if form.multipart:
            return multipart_answer(DICOM, [_part(wado, stored, syntax, location)], headers)
        headers["Content-Location"] = location
        path = wado.stored_path(stored)
        if as_stored and path is not None and stored.size > WHOLE_FILE:
            response = FileResponse(path, media_type=content_type, headers=headers)
            response.headers["ETag"] = etag
            return response
        return Response(wado.part10(stored, syntax), headers=headers, media_type=content_type)

    @router.get("/studies/{study}", summary="WADO-RS study")
    @router.get(_SERIES, summary="WADO-RS series")
    def many(request: Request, actor: Signed, study: str, series: str = "") -> Response:
        stored = wado.instances(actor, study, series)
        accept = _accept(request)
        form = instance_representation(accept, stored, single=False)
        asked = "transfer-syntax=" in accept
        root = _root(request)
        parts = (_part(wado, s, syntax_given(s, form, asked=asked), root + s.path) for s in stored)
        return multipart_answer(DICOM, parts, {})


def _part(
    wado: WadoService, stored: StoredInstance, syntax: str, location: str
) -> tuple[dict[str, str], Iterator[bytes]]:
    headers = {"Content-Type": f"{DICOM}; transfer-syntax={syntax}", "Content-Location": location}
    if syntax == stored.transfer_syntax_uid:
        headers |= stored.digests

    def content() -> Iterator[bytes]:
        path = wado.stored_path(stored)
        if syntax != stored.transfer_syntax_uid or path is None:
            yield wado.part10(stored, syntax)
            return
        with path.open("rb") as file:
            while block := file.read(CHUNK):
                yield block

    return headers, content()


def _add_metadata(router: APIRouter, wado: WadoService) -> None:
    @router.get("/studies/{study}/metadata", summary="WADO-RS metadata of a study")
    @router.get(_SERIES + "/metadata", summary="WADO-RS metadata of a series")
    @router.get(_INSTANCE + "/metadata", summary="WADO-RS metadata of an instance")
    def metadata(request: Request, actor: Signed, study: str, series: str = "", instance: str = "") -> Response:
        as_xml = wants_xml(_accept(request))
        texts = wado.attributes(actor, study, series, instance)
        if as_xml:
            root = _root(request)
            return xml_parts(json.loads(with_root(text, root)) for text in texts)
        return Response(with_root("[" + ",".join(texts) + "]", _root(request)), media_type=DICOM_JSON)

    @router.get(_INSTANCE + "/bulkdata/{path:path}", summary="WADO-RS bulk data")
    def bulkdata(request: Request, actor: Signed, study: str, series: str, instance: str, path: str) -> Response:
        stored = wado.instance(actor, study, series, instance)
        if path == "7FE00010" and stored.transfer_syntax_uid in FRAME_TYPES:
            return _frames(request, wado, stored, ",".join(str(n + 1) for n in range(stored.frames)))
        media_type, multipart, _ = frame_representation(_accept(request), stored, 1)
        if media_type != OCTETS:
            raise BadRequest("bulk data are octets")
        value = bulk_value(wado.dataset(stored), path)
        location = f"{_root(request)}{stored.path}/bulkdata/{path}"
        if multipart:
            return multipart_answer(OCTETS, [({"Content-Type": OCTETS, "Content-Location": location}, [value])], {})
        return Response(value, media_type=OCTETS, headers={"Content-Location": location})


def _add_frames(router: APIRouter, wado: WadoService) -> None:
    @router.get(_INSTANCE + "/frames/{frames}", summary="WADO-RS frames")
    def frames(request: Request, actor: Signed, study: str, series: str, instance: str, frames: str) -> Response:
        return _frames(request, wado, wado.instance(actor, study, series, instance), frames)


def _frames(request: Request, wado: WadoService, stored: StoredInstance, text: str) -> Response:
    numbers = frame_numbers(text, stored)
    media_type, multipart, as_stored = frame_representation(_accept(request), stored, len(numbers))
    compressed = as_stored and stored.transfer_syntax_uid in FRAME_TYPES
    syntax = f"; transfer-syntax={stored.transfer_syntax_uid}" if compressed else ""
    locations = [f"{_root(request)}{stored.path}/frames/{number}" for number in numbers]
    contents = wado.frames(stored, numbers, as_stored=as_stored)
    first = next(contents)  # so that what cannot be decoded is told by the status
    if not multipart:
        return Response(first, media_type=media_type + syntax, headers={"Content-Location": locations[0]})

    def parts() -> Iterator[tuple[dict[str, str], list[bytes]]]:
        for location, content in zip(locations, _chained(first, contents), strict=True):
            yield {"Content-Type": media_type + syntax, "Content-Location": location}, [content]

    return multipart_answer(media_type, parts() if len(numbers) > 1 else list(parts()), {})


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _add_rendered(router: APIRouter, wado: WadoService) -> None:
    def answer(request: Request, stored: StoredInstance, frame: str, wanted: Rendering) -> Response:
        media_type = takes(_accept(request), JPEG, PNG)
        number = frame_numbers(frame, stored)[0]
        image = rendered(wado.dataset(stored), number, wanted, media_type)
        return Response(image, media_type=media_type)

    def middle(stored: list[StoredInstance]) -> StoredInstance:
        shown = [s for s in stored if s.frame_bits]
        if not shown:
            raise NotFound("there is no image to show")
        return shown[len(shown) // 2]

    @router.get(_INSTANCE + "/rendered", summary="WADO-RS rendered instance")
    @router.get(_INSTANCE + "/frames/{frames}/rendered", summary="WADO-RS rendered frame")
    def rendered_frame(
        request: Request, actor: Signed, study: str, series: str, instance: str, frames: str = "1"
    ) -> Response:
        stored = wado.instance(actor, study, series, instance)
        return answer(request, stored, frames, parse_rendering(request.query_params))

    @router.get("/studies/{study}/rendered", summary="WADO-RS rendered study: its middle image")
    @router.get(_SERIES + "/rendered", summary="WADO-RS rendered series: its middle image")
    def rendered_middle(request: Request, actor: Signed, study: str, series: str = "") -> Response:
        wanted = parse_rendering(request.query_params)
        return answer(request, middle(wado.instances(actor, study, series)), "1", wanted)

    @router.get("/studies/{study}/thumbnail", summary="Thumbnail of a study")
    @router.get(_SERIES + "/thumbnail", summary="Thumbnail of a series")
    @router.get(_INSTANCE + "/thumbnail", summary="Thumbnail of an instance")
    def thumbnail(request: Request, actor: Signed, study: str, series: str = "", instance: str = "") -> Response:
        viewport = request.query_params.get("viewport", "128,128")
        wanted = parse_rendering({"viewport": viewport})
        if instance:
            return answer(request, wado.instance(actor, study, series, instance), "1", wanted)
        return answer(request, middle(wado.instances(actor, study, series)), "1", wanted)
