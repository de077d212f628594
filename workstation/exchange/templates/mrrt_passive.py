"""What an MRRT document may hold: nothing that acts and nothing that fetches; and raised figures as characters."""

from __future__ import annotations

import re
from typing import Final

_ALLOWED: Final = frozenset(
    [
        "html",
        "head",
        "title",
        "meta",
        "script",
        "body",
        "main",
        "section",
        "article",
        "header",
        "footer",
        "p",
        "div",
        "span",
        "pre",
        "blockquote",
        "label",
        "input",
        "select",
        "optgroup",
        "option",
        "textarea",
        "table",
        "caption",
        "colgroup",
        "col",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "br",
        "hr",
        "wbr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "b",
        "i",
        "u",
        "s",
        "em",
        "strong",
        "small",
        "sup",
        "sub",
        "mark",
        "abbr",
        "cite",
        "code",
        "q",
        "fieldset",
        "legend",
    ]
)
_ACTIVE_VALUE: Final = re.compile(r"^\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)
_FORBIDDEN_ATTRIBUTES: Final = frozenset(
    {"src", "srcset", "href", "action", "formaction", "style", "background", "poster", "http-equiv", "ping", "srcdoc"}
)
_RAISED: Final = {
    "sup": str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"),
    "sub": str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋"),
}
_PASSIVE_INPUTS: Final = frozenset({"text", "number", "checkbox", "radio", "date", "time", ""})


class Active(Exception):
    """The document holds something that acts or fetches, or an element that is not known to do neither."""


def refuse_active(tag: str, given: dict[str, str]) -> None:
    """Raise Active for a tag or an attribute that may act or fetch."""
    if tag not in _ALLOWED:
        raise Active(f"<{tag}>")
    if tag == "script" and given.get("type", "").lower() != "text/xml":
        raise Active("<script>")
    if tag == "input" and given.get("type", "").lower() not in _PASSIVE_INPUTS:
        raise Active(f'<input type="{given.get("type")}">')
    for name, value in given.items():
        if name.startswith("on") or name in _FORBIDDEN_ATTRIBUTES or _ACTIVE_VALUE.match(value):
            raise Active(f"<{tag} {name}=…>")


def raised(text: str, tag: str) -> str:
    """Return a text with the figures that ``sup`` or ``sub`` raise or lower, so that 10³ is not read as 103."""
    return text.translate(_RAISED.get(tag, {}))
