"""What an MRRT document may hold: nothing that acts and nothing that fetches."""

from __future__ import annotations

import re
from typing import Final

_ALLOWED: Final = frozenset(
    {
        "html",
        "head",
        "title",
        "meta",
        "script",
        "body",
        "section",
        "header",
        "p",
        "div",
        "span",
        "label",
        "input",
        "select",
        "option",
        "textarea",
        "table",
        "tbody",
        "thead",
        "tr",
        "td",
        "th",
        "ul",
        "ol",
        "li",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "b",
        "i",
        "em",
        "strong",
        "fieldset",
        "legend",
    }
)
_ACTIVE_VALUE: Final = re.compile(r"^\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)
_FORBIDDEN_ATTRIBUTES: Final = frozenset(
    {"src", "srcset", "href", "action", "formaction", "style", "background", "poster", "http-equiv", "ping", "srcdoc"}
)
_PASSIVE_INPUTS: Final = frozenset({"text", "number", "checkbox", "radio", "date", "time", ""})


class Active(Exception):
    """The document holds something that acts or fetches."""


def refuse_active(tag: str, given: dict[str, str]) -> None:
    """Raise Active for a tag or an attribute that may act or fetch."""
    if tag not in _ALLOWED:
        raise Active(f"<{tag}>")
    if tag == "script" and given.get("type", "").lower() != "text/xml":
        raise Active("script")
    if tag == "input" and given.get("type", "").lower() not in _PASSIVE_INPUTS:
        raise Active(f"input {given.get('type')}")
    for name, value in given.items():
        if name.startswith("on") or name in _FORBIDDEN_ATTRIBUTES or _ACTIVE_VALUE.match(value):
            raise Active(f"attribute {name}")
