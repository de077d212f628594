"""The phrases of a site or of the alliance as the JSON text that a hub keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

import jsonschema

from resources.shared_documents import shared_schema
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.phrase import Phrase
from workstation.domain.shared_document import EVERY_SITE, SharedDocument

_MOST_DOCUMENTS: Final = 256
"""So many are kept read: one for each hospital of an alliance, and those in use before"""


def parse_shared_phrases(content: str, name: str, site_id: str = EVERY_SITE) -> tuple[Phrase, ...]:
    """Check phrases as JSON text, called ``name`` in the error. Raises TemplateViolation."""
    try:
        raw = json.loads(content)
        _validator().validate(raw)
        return _distinct(raw["phrases"], site_id)
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise TemplateViolation(
            tr("The shared phrases {name} are not valid", name=name),
            hint=tr("Own and shipped phrases still work."),
            detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
        ) from exc


def _distinct(raw: Sequence[dict[str, Any]], site_id: str) -> tuple[Phrase, ...]:
    """Raises ValueError where an abbreviation stands for two phrases of one language."""
    phrases = tuple(
        Phrase(
            one["abbreviation"], one["title"], one["text"], one["language"], tuple(one.get("templates", ())),
            shared=True, site_id=site_id,
        )
        for one in raw
    )  # fmt: skip
    if len({(one.abbreviation, one.language) for one in phrases}) != len(phrases):
        raise ValueError("an abbreviation stands for two phrases of one language")
    return phrases


def shared_phrases(documents: Sequence[SharedDocument]) -> tuple[Phrase, ...]:
    """Return the phrases that a hub gives, each document read once; one that this version cannot read is left out."""
    return tuple(phrase for one in documents for phrase in _phrases_of(one))


@lru_cache(maxsize=_MOST_DOCUMENTS)
def _phrases_of(document: SharedDocument) -> tuple[Phrase, ...]:
    try:
        return parse_shared_phrases(document.content, document.info.key.name, document.info.key.site_id)
    except TemplateViolation:  # of a newer hub
        return ()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(shared_schema("phrases"))
