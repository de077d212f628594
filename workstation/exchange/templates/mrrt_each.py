"""
What is asked for each finding, as far as MRRT goes: it has no group that repeats.

The questions stand once, as lists in a ``fieldset`` of the table, so that another reader shows them for one finding.
That they are asked again for each finding, and on what condition, stands in ``data-lianyue-*`` attributes, which
HTML5 leaves to whoever writes them: this product reads them back. *Source:* HTML Living Standard 3.2.6.6; IHE
Radiology, Management of Radiology Report Templates (fields of a template have no multiplicity).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from resources.translation import tr
from workstation.domain.template import Code, TemplateField
from workstation.domain.template_draft import EACH
from workstation.exchange.templates.mrrt_fields import Control, NoCounterpart, both, choices_of, code_of

TYPE: Final = "data-lianyue-type"
FINDINGS: Final = "findings"
SOURCES: Final = "lianyue.sources"
_EACH: Final = "data-lianyue-each"
_IF: Final = "data-lianyue-if"
_IS: Final = "data-lianyue-is"
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_FINDING: Final = Code("121071", "DCM", "Finding")
_SHORTEST_SOURCE, _LONGEST_SOURCE = 3, 200


def written_findings(item: TemplateField, language: str) -> str:
    """Return a table of findings with its questions as HTML."""
    title = item.label.get(language)
    action = ' data-field-completion-action="ALERT"' if item.required else ""
    lines = [f'<fieldset id={quoteattr(item.key)} {TYPE}="{FINDINGS}"{action}><legend>{escape(title)}</legend>']
    if item.each:
        told = "以下各项须对每个病灶分别填写。" if language.startswith("zh") else "To be answered for each finding."
        lines.append(f"<p>{told}</p>")
    lines += [_written(item.key, one, language) for one in item.each]
    return "\n".join((*lines, "</fieldset>"))


def _written(table: str, item: TemplateField, language: str) -> str:
    origin, caption = f"{table}.{item.key}", item.label.get(language)
    condition = ""
    if item.only_if is not None:
        condition = f" {_IF}={quoteattr(item.only_if.field)} {_IS}={quoteattr(' '.join(item.only_if.choices))}"
    options = "".join(
        f"<option id={quoteattr(f'{origin}.{choice.key}')} value={quoteattr(choice.key)}>"
        f"{escape(choice.label.get(language))}</option>"
        for choice in item.choices
    )
    return (
        f"<p><label for={quoteattr(origin)}>{escape(caption)}</label> "
        f'<select id={quoteattr(origin)} name={quoteattr(caption)} data-field-type="SELECTION_LIST" '
        f"{_EACH}={quoteattr(item.key)}{condition}>{options}</select></p>"
    )


def codes_of(item: TemplateField) -> Iterator[tuple[str, Code]]:
    """Return the codes of a table of findings and its questions by the ids of their elements."""
    yield item.key, item.concept or _FINDING
    for one in item.each:
        origin = f"{item.key}.{one.key}"
        yield origin, one.concept or _FINDING
        yield from ((f"{origin}.{choice.key}", choice.code) for choice in one.choices if choice.code is not None)


def is_findings(given: Mapping[str, str]) -> bool:
    """Tell whether a ``fieldset`` with these attributes is a table of findings."""
    return given.get(TYPE, "").lower() == FINDINGS


def questions(control: Control, codes: Mapping[str, Code]) -> list[dict[str, Any]]:
    """
    Return what a table of findings asks for each of them, as templates write it.

    Raises NoCounterpart for a control that is no list of options with one answer.
    """
    return [_question(one, codes) for one in control[EACH]]


def _question(control: Control, codes: Mapping[str, Code]) -> dict[str, Any]:
    given: dict[str, str] = control["given"]
    caption = given.get("name") or control["label"] or given.get("id", "")
    if control["tag"] != "select" or "multiple" in given:
        raise NoCounterpart(
            tr("“{field}” is asked for each finding: that can only be a list with one answer.", field=caption or "?")
        )
    origin = given.get("id", "")
    key = given.get(_EACH, "")
    made: dict[str, Any] = {
        "key": key if _KEY.fullmatch(key) else re.sub(r"[^a-z0-9_]+", "_", f"q_{origin}".lower()),
        "type": "choice",
        "label": both(caption),
        "concept": code_of(codes.get(origin, _FINDING)),
        "choices": choices_of(control, codes),
    }
    if given.get(_IF):
        made["only_if"] = {"field": given[_IF], "is": given.get(_IS, "").split()}
    return made


# where codes were looked up


def sources_of(node: object) -> dict[str, str]:
    """Return where the codes of a template as JSON were looked up, by scheme and value."""
    found: dict[str, str] = {}
    for one in _nodes(node):
        if _is_code(one) and isinstance(one.get("source"), str):
            found[f"{one['scheme']} {one['value']}"] = one["source"]
    return found


def with_sources(raw: dict[str, Any], told: str) -> dict[str, Any]:
    """Give the codes of a template the sources that ``told`` (JSON) says; what is not to be understood tells none."""
    try:
        known = json.loads(told)
    except (ValueError, RecursionError):
        return raw
    for one in _nodes(raw):
        source = known.get(f"{one['scheme']} {one['value']}") if _is_code(one) and isinstance(known, dict) else None
        if isinstance(source, str) and _SHORTEST_SOURCE <= len(source.strip()) <= _LONGEST_SOURCE:
            one["source"] = source.strip()
    return raw


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _is_code(node: Mapping[str, Any]) -> bool:
    return {"value", "scheme", "meaning"} <= set(node)
