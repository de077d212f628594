"""What keeps a draft from being a report template, place by place, in words for the person who edits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import jsonschema

from resources.templates import schema
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.mark import NoduleType
from workstation.domain.template_draft import Draft, Place, TemplateProblem
from workstation.domain.trait import COMPOSITION
from workstation.exchange.templates.codes import code_problems

_NUMBER: Final = (int, float)
_TOLD: Final = 5


def template_problems(draft: Draft) -> tuple[TemplateProblem, ...]:
    """Return every problem of form, else every problem of sense; none for a template that can be used."""
    errors = sorted(_validator().iter_errors(draft), key=lambda error: [str(step) for step in error.absolute_path])
    if errors:
        return tuple(dict.fromkeys(problem_of(error) for error in errors))
    return (*_of_sense(draft), *code_problems(draft))


def require_usable(draft: Draft, name: str) -> None:
    """Raise TemplateViolation with the first problems in words, for a template that is to be brought in or given on."""
    problems = template_problems(draft)
    if problems:
        raise TemplateViolation(
            tr("Report template {name} is not valid", name=name),
            hint="\n".join(one.text for one in problems[:_TOLD]),
            detail=f"{name}: {len(problems)} problems, first at {problems[0].place}",
        )


def problem_of(error: jsonschema.ValidationError) -> TemplateProblem:
    """Return what a schema refused, at its place and in words."""
    place: Place = tuple(error.absolute_path)
    value = error.instance if isinstance(error.instance, str | int | float) else ""
    texts = {
        "required": tr("Something is missing here: {what}", what=_missing(error)),
        "pattern": tr("“{value}” is not written as it has to be", value=value),
        "minLength": tr("This is empty"),
        "maxLength": tr("This is too long"),
        "minItems": tr("There are too few entries here"),
        "uniqueItems": tr("An entry is here twice"),
        "anyOf": tr("At least one of these lines has to be filled"),
        "enum": tr("“{value}” is not one of what is allowed", value=value),
        "type": tr("This is not of the right kind"),
        "additionalProperties": tr("Something stands here that does not belong here"),
    }
    text = texts.get(str(error.validator), tr("This does not fit the type of the field"))
    return TemplateProblem(place, text)


def _missing(error: jsonschema.ValidationError) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else []
    there = error.instance if isinstance(error.instance, dict) else {}
    return ", ".join(name for name in wanted if isinstance(name, str) and name not in there)


def _of_sense(draft: Draft) -> Iterator[TemplateProblem]:
    seen: set[str] = set()
    choices: dict[str, set[str]] = {}
    items: list[tuple[Place, dict[str, Any]]] = [
        (("sections", s, "fields", f), item)
        for s, section in enumerate(draft["sections"])
        for f, item in enumerate(section["fields"])
    ]
    for place, item in items:
        if item["key"] in seen:
            yield TemplateProblem((*place, "key"), tr("Another field has the key “{key}” as well", key=item["key"]))
        seen.add(item["key"])
        keys = [choice["key"] for choice in item.get("choices", ())]
        if len(set(keys)) != len(keys):
            yield TemplateProblem((*place, "choices"), tr("Two options have the same key"))
        choices[item["key"]] = set(keys)
    for place, item in items:
        condition, critical = item.get("required_if"), item.get("critical")
        if condition is not None and not set(condition["is"]) <= choices.get(condition["field"], set()):
            yield TemplateProblem(
                (*place, "required_if"), tr("The condition names a field or an option that is not here")
            )
        if critical is not None and not set(critical.get("is", ())) <= choices[item["key"]]:
            yield TemplateProblem((*place, "critical"), tr("The critical value names an option that is not here"))
        yield from _of_denials(place, item, seen)
        yield from _of_each(place, item.get("each", ()))
        low, high = item.get("minimum"), item.get("maximum")
        if isinstance(low, _NUMBER) and isinstance(high, _NUMBER) and low > high:
            yield TemplateProblem((*place, "minimum"), tr("The least value lies above the greatest"))
    if draft.get("category_required") and not draft.get("categories"):
        yield TemplateProblem(("categories",), tr("A category is required and none is offered"))


def _of_denials(place: Place, item: dict[str, Any], keys: set[str]) -> Iterator[TemplateProblem]:
    for at, choice in enumerate(item.get("choices", ())):
        if not set(choice.get("denies", ())) <= keys - {item["key"]}:
            yield TemplateProblem((*place, "choices", at, "denies"), tr("The option names a field that is not here"))


def _of_each(place: Place, items: Sequence[dict[str, Any]]) -> Iterator[TemplateProblem]:
    """What is asked for each finding is known by its key; a condition looks back, at what was asked before."""
    before: dict[str, set[str]] = {}
    for at, item in enumerate(items):
        keys = [choice["key"] for choice in item["choices"]]
        if item["key"] in before:
            yield TemplateProblem(
                (*place, "each", at, "key"), tr("Another field has the key “{key}” as well", key=item["key"])
            )
        if len(set(keys)) != len(keys):
            yield TemplateProblem((*place, "each", at, "choices"), tr("Two options have the same key"))
        condition = item.get("only_if")
        if condition is not None and not set(condition["is"]) <= before.get(condition["field"], set()):
            yield TemplateProblem(
                (*place, "each", at, "only_if"), tr("The condition names a field or an option that is not here")
            )
        if item["key"] == COMPOSITION and not set(keys) <= {kind.value for kind in NoduleType}:
            yield TemplateProblem((*place, "each", at, "choices"), tr("An option is no type of a nodule"))
        before[item["key"]] = set(keys)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())
