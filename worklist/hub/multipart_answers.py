"""Answers of many parts, streamed: instances, frames, and attributes as XML documents."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Response
from fastapi.responses import StreamingResponse

from worklist.hub.media_types import DICOM_XML
from worklist.hub.multipart import new_boundary, written
from worklist.hub.native_xml import to_xml
from worklist.hub.ups_json import Dataset

Part = tuple[dict[str, str], Iterable[bytes]]


def multipart_answer(media_type: str, parts: Iterable[Part], headers: dict[str, str]) -> Response:
    """Return a ``multipart/related`` answer; a list is written at once, anything else as it comes."""
    boundary = new_boundary()
    content_type = f'multipart/related; type="{media_type}"; boundary={boundary}'
    if isinstance(parts, list):  # known to be small: one write instead of several
        return Response(b"".join(written(parts, boundary)), media_type=content_type, headers=headers)
    return StreamingResponse(written(parts, boundary), media_type=content_type, headers=headers)


def xml_parts(datasets: Iterable[Dataset], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer datasets as Native DICOM Model documents, one part each (PS3.18 8.7.3.2)."""
    parts = (({"Content-Type": DICOM_XML}, [to_xml(dataset)]) for dataset in datasets)
    answer = multipart_answer(DICOM_XML, parts, headers or {})
    answer.status_code = status
    return answer
