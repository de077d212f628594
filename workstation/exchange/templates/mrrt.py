"""
IHE MRRT: report templates as HTML5, written and read; nothing in them is ever executed or fetched.

What MRRT cannot say (conditions, critical triggers, the second language) is not written; a template that was read
has the same words in both languages. Reading refuses every active content instead of leaving it out, because a
template that tries to bring some is not one to trust. *Source:* IHE Radiology, Management of Radiology Report
Templates, HTML5 with ``template_attributes`` and ``coded_content``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import IMPRESSIONS, Code, FieldType, ReportTemplate, TemplateField
from workstation.exchange.templates.library import parse_template

LARGEST: Final = 1_000_000
DEEPEST: Final = 64
MOST_FIELDS: Final = 400
_FINDINGS: Final = Code("59776-5", "LN", "Findings")
_FINDING: Final = Code("121071", "DCM", "Finding")
_HEADINGS: Final = (
    (re.compile(r"impression|conclusion|诊断|结论|印象", re.IGNORECASE), Code(IMPRESSIONS, "LN", "Impressions")),
    (re.compile(r"recommend|建议", re.IGNORECASE), Code("18783-1", "LN", "Recommendations")),
    (re.compile(r"compar|previous|对比|既往", re.IGNORECASE), Code("18834-2", "LN", "Previous Findings")),
    (re.compile(r"procedure|technique|检查", re.IGNORECASE), Code("55111-9", "LN", "Current Procedure Descriptions")),
    (
        re.compile(r"clinical|history|indication|临床|病史", re.IGNORECASE),
        Code("18785-6", "LN", "Indications for Procedure"),
    ),
)
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
_SECTION: Final = "section-"
"""Begins the ids of our sections, which may otherwise be those of their fields."""
_EMPTY: Final = frozenset({"meta", "input", "br", "hr"})
_ACTIVE_VALUE: Final = re.compile(r"^\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)
_FORBIDDEN_ATTRIBUTES: Final = frozenset(
    {"src", "srcset", "href", "action", "formaction", "style", "background", "poster", "http-equiv", "ping", "srcdoc"}
)
_PASSIVE_INPUTS: Final = frozenset({"text", "number", "checkbox", "radio", "date", "time", ""})


def export_mrrt(template: ReportTemplate, language: str) -> str:
    """Return a template as an MRRT document in one language; tables of findings are left out."""
    entries, body = [], []
    for section in template.sections:
        title = section.label.get(language)
        origin = f"{_SECTION}{section.key}"
        body.append(f'<section id={quoteattr(origin)} class="level1" data-section-name={quoteattr(title)}>')
        body.append(f'<header class="level1">{escape(title)}</header>')
        entries.append(_entry(origin, section.heading))
        for item in section.fields:
            if item.type is FieldType.FINDINGS:
                continue
            body.append(_written(item, language))
            entries.append(_entry(item.key, item.concept or _FINDING))
            entries += [_entry(f"{item.key}.{choice.key}", choice.code) for choice in item.choices if choice.code]
        body.append("</section>")
    metas = {
        "dcterms.title": template.title.get(language),
        "dcterms.identifier": template.template_id,
        "dcterms.type": "IMAGE_REPORT_TEMPLATE",
        "dcterms.language": "zh" if language.startswith("zh") else "en",
        "dcterms.publisher": "Lianyue",
        "lianyue.version": template.version,
        "lianyue.modalities": " ".join(template.modalities),
        "lianyue.body_parts": "|".join(template.body_parts),
    }
    head = [f"<meta name={quoteattr(name)} content={quoteattr(content)}/>" for name, content in metas.items()]
    coded = [_entry("title", template.title_code), _entry("procedure", template.procedure), *entries]
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{metas["dcterms.language"]}">',
            '<head><meta charset="UTF-8"/>',
            f"<title>{escape(template.title.get(language))}</title>",
            *head,
            '<script type="text/xml">',
            "<template_attributes><coded_content>",
            *coded,
            "</coded_content></template_attributes>",
            "</script></head>",
            "<body>",
            *body,
            "</body></html>",
            "",
        )
    )


def import_mrrt(content: bytes, name: str) -> ReportTemplate:
    """Return the template of an MRRT document, called ``name`` in the error. Raises TemplateViolation."""
    return parse_template(mrrt_to_json(content, name), name)


def mrrt_to_json(content: bytes, name: str) -> str:
    """Return an MRRT document as a template of our own, not yet validated. Raises TemplateViolation."""
    if len(content) > LARGEST:
        raise _refused(name, "too large")
    reader = _Reader()
    try:
        reader.feed(content.decode("utf-8-sig"))
        reader.close()
        raw = reader.template(name)
    except (_Active, UnicodeDecodeError, ValueError, ET.ParseError) as exc:
        raise _refused(name, str(exc)) from exc
    return json.dumps(raw, ensure_ascii=False, indent=2)


def _refused(name: str, why: str) -> TemplateViolation:
    return TemplateViolation(
        tr("Template file {name} was refused", name=name),
        hint=tr("It is no MRRT template, or it holds scripts, links or frames, which are never opened."),
        detail=f"{name}: {why}"[:500],
    )


class _Active(Exception):
    """The document holds something that acts or fetches."""


def _entry(key: str, code: Code) -> str:
    attributes = f"meaning={quoteattr(code.meaning)} value={quoteattr(code.value)} scheme={quoteattr(code.scheme)}"
    return f"<entry ORIGTXT={quoteattr(key)}><term><code {attributes}/></term></entry>"


def _written(item: TemplateField, language: str) -> str:
    caption = item.label.get(language)
    unit = f" ({item.unit})" if item.unit else ""
    common = f"id={quoteattr(item.key)} name={quoteattr(caption)}"
    if item.required:
        common += ' data-field-completion-action="ALERT"'
    label = f"<label for={quoteattr(item.key)}>{escape(caption + unit)}</label>"
    if item.type is FieldType.CHOICE:
        options = "".join(
            f"<option id={quoteattr(f'{item.key}.{choice.key}')} value={quoteattr(choice.key)}>"
            f"{escape(choice.label.get(language))}</option>"
            for choice in item.choices
        )
        control = f'<select {common} data-field-type="SELECTION_LIST">{options}</select>'
    elif item.type is FieldType.NUMBER:
        bounds = f'min="{item.minimum:g}" max="{item.maximum:g}" data-field-units={quoteattr(item.unit)}'
        control = f'<input type="number" {common} data-field-type="NUMBER" {bounds}/>'
    elif item.multiline:
        normal = escape(item.normal_phrase.get(language)) if item.normal_phrase is not None else ""
        control = f'<textarea {common} data-field-type="TEXT">{normal}</textarea>'
    else:
        control = f'<input type="text" {common} data-field-type="TEXT"/>'
    return f"<p>{label} {control}</p>"


@dataclass
class _Section:
    key: str
    origin: str
    title: str
    fields: list[dict[str, Any]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects metas, codes, sections and fields; raises _Active at the first thing that is not passive."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._metas: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._sections: list[_Section] = []
        self._control: dict[str, Any] | None = None
        self._keys: set[str] = set()
        self._section_keys: set[str] = set()
        self._xml = ""
        self._title = ""
        self._label_for = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag in, or refuse the document."""
        given = {name.lower(): value or "" for name, value in attrs}
        _refuse_active(tag, given)
        if tag not in _EMPTY:
            self._open.append(tag)
            if len(self._open) > DEEPEST:
                raise _Active("nested too deep")
        if tag == "meta" and given.get("name"):
            self._metas[given["name"].lower()] = given.get("content", "")
        elif tag == "section":
            title = given.get("data-section-name", "")
            origin = given.get("id", "")
            key = _key(origin.removeprefix(_SECTION) or title or "section", self._section_keys)
            self._sections.append(_Section(key, origin, title))
        elif tag == "label":
            self._label_for = given.get("for", "")
        elif tag in {"input", "textarea", "select"}:
            self._add_control(tag, given)
        elif tag == "option" and self._control is not None:
            self._control["options"].append({"id": given.get("id", ""), "value": given.get("value", ""), "text": ""})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat ``<br/>`` like ``<br>``."""
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag; what was left open inside is closed with it."""
        while self._open and tag in self._open:
            if self._open.pop() == tag:
                break
        if tag in {"select", "textarea"}:
            self._control = None
        if tag == "label":
            self._label_for = ""

    def handle_data(self, data: str) -> None:
        """Take the text of what is open."""
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self._xml += data
        elif inside == "title":
            self._title += data
        elif inside == "header" and self._sections and not self._sections[-1].title:
            self._sections[-1].title = data.strip()
        elif inside == "label" and self._label_for:
            self._labels[self._label_for] = (self._labels.get(self._label_for, "") + data).strip()
        elif self._control is not None and inside == "option":
            self._control["options"][-1]["text"] += data.strip()
        elif self._control is not None and inside == "textarea":
            self._control["text"] += data

    def _add_control(self, tag: str, given: dict[str, str]) -> None:
        if sum(len(section.fields) for section in self._sections) >= MOST_FIELDS:
            raise _Active("too many fields")
        if not self._sections:
            self._sections.append(_Section(_key("findings", self._section_keys), "", ""))
        control: dict[str, Any] = {
            "tag": tag,
            "given": given,
            "text": "",
            "options": [],
            "key": _key(given.get("id") or given.get("name") or "field", self._keys),
        }
        self._sections[-1].fields.append(control)
        self._control = control if tag != "input" else None

    def template(self, name: str) -> dict[str, Any]:
        """Return what was read in the form of our own templates. Raises ValueError when there is no field."""
        codes = _codes(self._xml)
        sections = [self._section(section, codes) for section in self._sections if section.fields]
        if not sections:
            raise ValueError("no field")
        title = self._metas.get("dcterms.title") or self._title.strip() or name
        identifier = re.sub(r"[^a-z0-9-]+", "-", (self._metas.get("dcterms.identifier") or title).lower()).strip("-")
        version = self._metas.get("lianyue.version", "")
        return {
            "schema": 1,
            "template_id": identifier if identifier[:1].isalpha() else f"mrrt-{identifier}".rstrip("-"),
            "version": version if re.fullmatch(r"\d+\.\d+\.\d+", version) else "1.0.0",
            "language": ["zh", "en"],
            "title": _both(title),
            "title_code": _code(codes.get("title", Code("18748-4", "LN", "Diagnostic Imaging Report"))),
            "match": {
                "modalities": self._metas.get("lianyue.modalities", "").split(),
                "body_parts": [part for part in self._metas.get("lianyue.body_parts", "").split("|") if part],
            },
            "procedure": _code(codes.get("procedure", Code("363679005", "SCT", "Imaging procedure"))),
            "sections": sections,
        }

    def _section(self, section: _Section, codes: dict[str, Code]) -> dict[str, Any]:
        title = section.title or section.key
        guessed = next((code for pattern, code in _HEADINGS if pattern.search(title)), _FINDINGS)
        return {
            "key": section.key,
            "heading": _code(codes.get(section.origin, guessed)),
            "label": _both(title),
            "fields": [self._field(control, codes) for control in section.fields],
        }

    def _field(self, control: dict[str, Any], codes: dict[str, Code]) -> dict[str, Any]:
        given: dict[str, str] = control["given"]
        origin = given.get("id", "") or given.get("name", "")
        caption = given.get("name") or self._labels.get(origin) or control["key"]
        made: dict[str, Any] = {"key": control["key"], "label": _both(caption)}
        made["concept"] = _code(codes.get(origin, _FINDING))
        if given.get("data-field-completion-action", "").upper() == "ALERT" or "required" in given:
            made["required"] = True
        if control["tag"] == "select" or given.get("type") in {"checkbox", "radio"}:
            made |= {"type": "choice", "choices": _choices(control, codes)}
        elif given.get("type") == "number":
            low, high = float(given.get("min") or 0), float(given.get("max") or 1e6)
            made |= {"type": "number", "unit": given.get("data-field-units") or "1", "minimum": low, "maximum": high}
        else:
            made |= {"type": "text", "multiline": control["tag"] == "textarea"}
            if control["text"].strip():
                made["normal_phrase"] = _both(control["text"].strip())
        return made


def _key(wanted: str, taken: set[str]) -> str:
    """Return a key of our form that nobody has taken yet, and take it."""
    base = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_") or "field"
    base = base if base[0].isalpha() else f"f_{base}"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def _choices(control: dict[str, Any], codes: dict[str, Code]) -> list[dict[str, Any]]:
    if control["tag"] != "select":
        yes, no = Code("373066001", "SCT", "Yes"), Code("373067005", "SCT", "No")
        return [
            {"key": "no", "label": {"zh": "否", "en": "No"}, "code": _code(no)},
            {"key": "yes", "label": {"zh": "是", "en": "Yes"}, "code": _code(yes)},
        ]
    made = []
    taken: set[str] = set()
    for number, option in enumerate(control["options"], 1):
        key = re.sub(r"[^a-z0-9_]+", "_", option["value"].lower()).strip("_")
        key = key if key[:1].isalpha() and key not in taken else f"option_{number}"
        taken.add(key)
        choice: dict[str, Any] = {"key": key, "label": _both(option["text"] or option["value"] or key)}
        if option["id"] in codes:
            choice["code"] = _code(codes[option["id"]])
        made.append(choice)
    return made


def _refuse_active(tag: str, given: dict[str, str]) -> None:
    if tag not in _ALLOWED:
        raise _Active(f"<{tag}>")
    if tag == "script" and given.get("type", "").lower() != "text/xml":
        raise _Active("script")
    if tag == "input" and given.get("type", "").lower() not in _PASSIVE_INPUTS:
        raise _Active(f"input {given.get('type')}")
    for name, value in given.items():
        if name.startswith("on") or name in _FORBIDDEN_ATTRIBUTES or _ACTIVE_VALUE.match(value):
            raise _Active(f"attribute {name}")


def _codes(xml: str) -> dict[str, Code]:
    """Return the codes of ``coded_content`` by their ORIGTXT; a document type or an entity is refused."""
    if not xml.strip():
        return {}
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", xml, re.IGNORECASE):
        raise _Active("XML entities")
    found: dict[str, Code] = {}
    for entry in ET.fromstring(xml.strip()).iter("entry"):  # noqa: S314 - no document type, so no entity to expand
        code = next(iter(entry.iter("code")), None)
        key = entry.get("ORIGTXT") or entry.get("origtxt") or ""
        if code is not None and key:
            found[key] = Code(*_attributes(code, ("value", "scheme", "meaning")))
    return found


def _attributes(element: ET.Element, names: Iterable[str]) -> tuple[str, ...]:
    return tuple((element.get(name) or "-")[:64] for name in names)


def _code(code: Code) -> dict[str, str]:
    return {"value": code.value[:16], "scheme": code.scheme[:16], "meaning": code.meaning}


def _both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
