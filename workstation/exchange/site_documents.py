"""What keeps a letterhead, a policy, phrases or character sets from being published, place by place in words."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from resources.letterheads import letterhead_schema, shipped_letterhead
from resources.recognition_policy import recognition_schema, shipped_recognition_policy
from resources.shared_documents import shared_schema
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import DocumentKind, active_part
from workstation.domain.template_draft import Draft, Place, TemplateProblem
from workstation.exchange.paper.letterheads import unpacked_letterhead
from workstation.exchange.templates.problems import problem_of

LOGO: Final = "logo_png"
_LOGO_NAME: Final = "logo.png"
_LARGEST_LOGO: Final = 512 * 1024


def blank_document(kind: DocumentKind) -> Draft:
    """Return what a document begins with where the hub has none: the shipped one, or nothing."""
    if kind is DocumentKind.LETTERHEAD:
        return {"letterhead": json.loads(shipped_letterhead().read_text(encoding="utf-8")), LOGO: ""}
    if kind is DocumentKind.RECOGNITION_POLICY:
        policy: Draft = json.loads(shipped_recognition_policy())
        return policy
    return {"phrases": []} if kind is DocumentKind.PHRASES else {"rules": []}


def document_problems(kind: DocumentKind, draft: Draft) -> tuple[TemplateProblem, ...]:
    """Return every problem of a draft; none for one that a hub takes unless another was faster."""
    part, place = (draft.get("letterhead", {}), ("letterhead",)) if kind is DocumentKind.LETTERHEAD else (draft, ())
    errors = sorted(_validator(kind).iter_errors(part), key=lambda error: [str(step) for step in error.absolute_path])
    found = [TemplateProblem((*place, *one.place), one.text) for one in map(problem_of, errors)]
    if not found:
        found = list(_OF_SENSE[kind](draft))
    acting = active_part(draft)
    if acting and not found:
        found.append(TemplateProblem((), tr("“{what}” could act instead of being read", what=acting[:60])))
    return tuple(dict.fromkeys(found))


def with_logo(draft: Draft, path: Path | None) -> Draft:
    """Return a letterhead with the logo of a file, or without one. Raises TemplateViolation for no usable PNG."""
    head = {key: value for key, value in draft["letterhead"].items() if key != "logo"}
    if path is None:
        return {"letterhead": head, LOGO: ""}
    try:
        with path.open("rb") as file:
            png = file.read(_LARGEST_LOGO + 1)
    except OSError as exc:
        raise TemplateViolation(tr("{path} cannot be read", path=path), detail=type(exc).__name__) from exc
    made = {"letterhead": {**head, "logo": _LOGO_NAME}, LOGO: base64.b64encode(png).decode()}
    try:
        unpacked_letterhead(json.dumps(made), path.name)
    except TemplateViolation as exc:
        raise TemplateViolation(
            tr("{path} cannot be the logo", path=path.name),
            hint=tr("A logo is a PNG picture of at most 512 KB and 4 million pixels."),
            detail=exc.detail,
        ) from exc
    return made


def logo_of(draft: Draft) -> bytes:
    """Return the logo of a letterhead, empty where there is none or it is damaged."""
    try:
        return base64.b64decode(str(draft.get(LOGO, "")), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _of_letterhead(draft: Draft) -> Iterator[TemplateProblem]:
    try:
        unpacked_letterhead(json.dumps(draft), "letterhead")
    except TemplateViolation:
        yield TemplateProblem((LOGO,), tr("The logo cannot be used; choose another PNG picture or none"))


def _of_policy(draft: Draft) -> Iterator[TemplateProblem]:
    yield from _twice(draft["items"], "items", lambda one: one["key"], "key")


def _of_phrases(draft: Draft) -> Iterator[TemplateProblem]:
    yield from _twice(
        draft["phrases"], "phrases", lambda one: f"{one['abbreviation']} ({one['language']})", "abbreviation"
    )


def _of_charsets(draft: Draft) -> Iterator[TemplateProblem]:
    def said(one: Draft) -> str:
        return " · ".join(one.get(key, "") for key in ("manufacturer", "station_name", "institution") if one.get(key))

    yield from _twice(draft["rules"], "rules", said, "manufacturer")


def _twice(items: list[Draft], name: str, key: Callable[[Draft], str], at: str) -> Iterator[TemplateProblem]:
    seen: set[str] = set()
    for number, one in enumerate(items):
        if key(one).casefold() in seen:
            place: Place = (name, number, at)
            yield TemplateProblem(place, tr("“{what}” is here twice", what=key(one)))
        seen.add(key(one).casefold())


_OF_SENSE: Final = {
    DocumentKind.LETTERHEAD: _of_letterhead,
    DocumentKind.RECOGNITION_POLICY: _of_policy,
    DocumentKind.PHRASES: _of_phrases,
    DocumentKind.SCANNER_CHARSETS: _of_charsets,
}


@cache
def _validator(kind: DocumentKind) -> jsonschema.Draft202012Validator:
    schemas: dict[DocumentKind, Callable[[], dict[str, Any]]] = {
        DocumentKind.LETTERHEAD: letterhead_schema,
        DocumentKind.RECOGNITION_POLICY: recognition_schema,
        DocumentKind.PHRASES: lambda: shared_schema("phrases"),
        DocumentKind.SCANNER_CHARSETS: lambda: shared_schema("charsets"),
    }
    return jsonschema.Draft202012Validator(schemas[kind]())
