"""A report template while somebody edits it: plain JSON that need not be valid yet, changed by places in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from workstation.domain.template import Text

Place = tuple[str | int, ...]
"""Keys and list positions from the top of the template down; empty for the template itself."""
Draft = dict[str, Any]
EACH: Final = "each"
"""Where a field of findings holds what is asked for each of them"""
FORM_OF_QUESTIONS: Final = 2
"""The form of templates that knows them (ADR 0045)"""
MISSING: Final = object()
"""In the place of a value: leave it out"""


@dataclass(frozen=True, slots=True)
class TemplateEntry:
    """
    A template in the list; ``own`` says that a draft of this machine stands before the shared or shipped one.

    ``shared`` is the version that the hub gives to the sites, empty where it gives none.
    """

    template_id: str
    version: str
    title: Text
    own: bool
    shared: str = ""


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Why a draft is no template yet: where, and what people are told."""

    place: Place
    text: str


def value_at(draft: Draft, place: Place) -> Any:  # noqa: ANN401 - JSON has no static type
    """Return what stands at a place, MISSING where nothing does."""
    value: Any = draft
    for step in place:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value


def changed(draft: Draft, place: Place, value: Any) -> Draft:  # noqa: ANN401 - JSON has no static type
    """
    Return the draft with another value at a place; MISSING takes it out, and a parent left empty with it.

    ValueError for the place of the whole template.
    """
    if not place:
        raise ValueError("the template itself is not exchanged")
    put: Draft = _put(draft, place, value)
    return put


def _put(node: Any, place: Place, value: Any) -> Any:  # noqa: ANN401 - JSON has no static type
    step, rest = place[0], place[1:]
    copy: Any = list(node) if isinstance(node, list) else dict(node) if isinstance(node, dict) else {}
    is_list = isinstance(copy, list)
    if rest:
        value = _put(copy[step] if is_list else copy.get(step, {}), rest, value)
        value = MISSING if value == {} and not is_list else value
    if value is not MISSING:
        copy[step] = value
    elif is_list:
        del copy[step]
    else:
        copy.pop(step, None)
    return copy


def moved(draft: Draft, place: Place, by: int) -> tuple[Draft, Place]:
    """Return the draft with an element one step up (-1) or down (1) in its list, and where it is then."""
    *parent, at = place
    whole = value_at(draft, tuple(parent))
    to = int(at) + by
    if not isinstance(whole, list) or not 0 <= to < len(whole):
        return draft, place
    order = list(whole)
    order.insert(to, order.pop(int(at)))
    return changed(draft, tuple(parent), order), (*parent, to)


def new_section(draft: Draft) -> Draft:
    """Return the draft with one more section, with one text in it."""
    fresh = _section(_free_key("section", _section_keys(draft)), _field(_free_key("text", field_keys(draft))))
    return {**draft, "sections": [*draft.get("sections", ()), fresh]}


def new_field(draft: Draft, section: int, after: int = -1) -> tuple[Draft, Place]:
    """Return the draft with a text field behind another one of a section (at its end for -1), and its place."""
    fields = list(draft["sections"][section].get("fields", ()))
    at = len(fields) if after < 0 else after + 1
    fields.insert(at, _field(_free_key("text", field_keys(draft))))
    return changed(draft, ("sections", section, "fields"), fields), ("sections", section, "fields", at)


def removed(draft: Draft, place: Place) -> Draft:
    """Return the draft without a part; the last question for each finding takes their list along."""
    siblings = value_at(draft, place[:-1])
    alone = place[-2:-1] == (EACH,) and len(siblings) == 1
    return changed(draft, place[:-1] if alone else place, MISSING)


def new_question(draft: Draft, place: Place) -> tuple[Draft, Place]:
    """
    Return the draft with one more question for each finding, and its place.

    ``place`` is that of a field of findings, whose last question it becomes, or of a question, behind which it goes.
    """
    field, after = place[:4], int(place[5]) if len(place) == 6 else -1
    former = value_at(draft, (*field, EACH))
    asked = list(former) if isinstance(former, list) else []
    at = len(asked) if after < 0 else after + 1
    asked.insert(at, _question(_free_key("question", [str(one.get("key", "")) for one in asked])))
    with_form = {**draft, "schema": max(FORM_OF_QUESTIONS, int(draft.get("schema", 1)))}
    return changed(with_form, (*field, EACH), asked), (*field, EACH, at)


def part_of(place: Place) -> Place:
    """Return the part that has a form of its own and holds a place: template, section, field or question."""
    if place[:1] != ("sections",) or len(place) < 2:
        return ()
    if place[2:3] != ("fields",) or len(place) < 4:
        return place[:2]
    return place[:6] if place[4:5] == (EACH,) and len(place) >= 6 else place[:4]


def of_type(field: Draft, kind: str) -> Draft:
    """Return a field of another type, without what only the former type has and with what the new one needs."""
    kept = {key: value for key, value in field.items() if key in {"key", "label", "concept", "required", "required_if"}}
    extra: dict[str, Draft] = {
        "text": {"multiline": True},
        "choice": {"choices": [_choice("yes", "有", "Yes"), _choice("no", "无", "No")]},
        "number": {"unit": "mm", "minimum": 0, "maximum": 1000},
        "findings": {},
    }
    return {**kept, "type": kind, **extra[kind]}


def field_keys(draft: Draft) -> tuple[str, ...]:
    """Return the keys of every field in document order."""
    return tuple(
        str(item.get("key", "")) for section in draft.get("sections", ()) for item in section.get("fields", ())
    )


def _section_keys(draft: Draft) -> tuple[str, ...]:
    return tuple(str(section.get("key", "")) for section in draft.get("sections", ()))


def clone(draft: Draft, taken: Sequence[str]) -> Draft:
    """Return a copy under an identifier of its own, as a first version."""
    wanted = f"{draft['template_id']}-copy"
    at, free = 2, wanted
    while free in taken:
        free, at = f"{wanted}-{at}", at + 1
    title = draft["title"]
    return {
        **draft,
        "template_id": free,
        "version": "1.0.0",
        "title": {"zh": f"{title['zh']}（副本）", "en": f"{title['en']} (copy)"},
    }


def next_version(version: str) -> str:
    """Return the version behind one: 3.2.1 becomes 3.3.0; ValueError for what is no version."""
    major, minor, _patch = (int(part) for part in version.split("."))
    return f"{major}.{minor + 1}.0"


def is_newer(version: str, than: str) -> bool:
    """Tell whether a version comes behind another one. ValueError for what is no version."""
    return [int(part) for part in version.split(".")] > [int(part) for part in than.split(".")]


def _free_key(stem: str, taken: Sequence[str]) -> str:
    at = 1
    while f"{stem}_{at}" in taken:
        at += 1
    return f"{stem}_{at}"


def _section(key: str, first: Draft) -> Draft:
    return {
        "key": key,
        "heading": {"value": "59776-5", "scheme": "LN", "meaning": "Findings"},
        "label": {"zh": "新的部分", "en": "New section"},
        "fields": [first],
    }


def _field(key: str) -> Draft:
    return {
        "key": key,
        "type": "text",
        "label": {"zh": "新字段", "en": "New field"},
        "concept": {"value": "121071", "scheme": "DCM", "meaning": "Finding"},
        "multiline": True,
    }


def _question(key: str) -> Draft:
    return {
        "key": key,
        "type": "choice",
        "label": {"zh": "新问题", "en": "New question"},
        "concept": {"value": "121071", "scheme": "DCM", "meaning": "Finding"},
        "choices": [_choice("yes", "有", "Yes"), _choice("no", "无", "No")],
    }


def _choice(key: str, zh: str, en: str) -> Draft:
    return {"key": key, "label": {"zh": zh, "en": en}}
