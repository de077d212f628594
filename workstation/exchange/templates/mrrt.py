"""
IHE MRRT: report templates as HTML5, read; nothing in them is ever executed or fetched.

A template that was read has the same words in both languages. Radio buttons of one name are one choice; what lets
several answers be given at once has no counterpart and is refused by its name, not read as less than it is. Reading
refuses every active content instead of leaving it out, because a template that tries to bring some is not one to
trust. *Source:* IHE Radiology, Management of Radiology Report Templates, HTML5 with ``template_attributes`` and
``coded_content``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from xml.etree import ElementTree as ET

from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import IMPRESSIONS, Code, ReportTemplate
from workstation.domain.template_draft import EACH, FORM_OF_QUESTIONS
from workstation.exchange.templates.library import parse_template
from workstation.exchange.templates.mrrt_each import SOURCES, is_findings, questions, with_sources
from workstation.exchange.templates.mrrt_export import SECTION
from workstation.exchange.templates.mrrt_fields import NoCounterpart, both, choices_of, code_of, join_groups, key_of
from workstation.exchange.templates.mrrt_passive import Active, raised, refuse_active

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
_EMPTY: Final = frozenset({"meta", "input", "br", "hr", "wbr", "col"})
_TAKING: Final = frozenset({"script", "title", "header", "legend", "label", "option", "textarea"})
"""What takes the words inside it, also those that other elements mark"""


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
    except NoCounterpart as exc:
        raise TemplateViolation(
            tr("Template file {name} was refused", name=name), hint=exc.words, detail=f"{name}: no counterpart"
        ) from exc
    except Active as exc:
        held = tr("It holds {what}; only what neither acts nor fetches is taken in.", what=str(exc)[:80])
        raise _refused(name, str(exc), held) from exc
    except (UnicodeDecodeError, ValueError, ET.ParseError) as exc:
        raise _refused(name, str(exc)) from exc
    return json.dumps(raw, ensure_ascii=False, indent=2)


def _refused(name: str, why: str, hint: str = "") -> TemplateViolation:
    return TemplateViolation(
        tr("Template file {name} was refused", name=name),
        hint=hint or tr("It is no MRRT template, or larger than one may be."),
        detail=f"{name}: {why}"[:500],
    )


@dataclass
class _Section:
    key: str
    origin: str
    title: str
    is_named: bool
    fields: list[dict[str, Any]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects metas, codes, sections and fields; raises Active at the first thing that is not passive."""

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
        self._label_text = ""
        self._wrapped: dict[str, Any] | None = None
        self._legends: list[str] = []
        self._tables: list[dict[str, Any] | None] = []
        """The table of findings that each open ``fieldset`` is, None for others"""
        self._count = 0
        self._group = ""
        """Words of the group of options that is open"""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag in, or refuse the document."""
        given = {name.lower(): value or "" for name, value in attrs}
        refuse_active(tag, given)
        if tag not in _EMPTY:
            self._open.append(tag)
            if len(self._open) > DEEPEST:
                raise ValueError("nested too deep")
        if tag == "meta" and given.get("name"):
            self._metas[given["name"].lower()] = given.get("content", "")
        elif tag == "section":
            title = given.get("data-section-name", "")
            origin = given.get("id", "")
            key = key_of(origin.removeprefix(SECTION) or title or "section", self._section_keys)
            self._sections.append(_Section(key, origin, title, bool(title)))
        elif tag == "fieldset":
            self._legends.append("")
            self._tables.append(self._add_table(given) if is_findings(given) else None)
        elif tag == "label":
            self._label_for, self._label_text, self._wrapped = given.get("for", ""), "", None
        elif tag in {"input", "textarea", "select"}:
            self._add_control(tag, given)
        elif tag == "optgroup":
            self._group = given.get("label", "").strip()
        elif tag == "option" and self._control is not None:
            option = {"id": given.get("id", ""), "value": given.get("value", ""), "text": "", "group": self._group}
            self._control["options"].append(option)

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
        if tag in {"select", "optgroup"}:
            self._group = ""
        if tag == "fieldset" and self._legends:
            legend, table = self._legends.pop(), self._tables.pop()
            if table is not None:
                table["label"] = _one_line(legend)
        if tag == "label":
            self._end_label()

    def handle_data(self, data: str) -> None:
        """Take the text of what is open."""
        inside = next((tag for tag in reversed(self._open) if tag in _TAKING), "")
        data = raised(data, self._open[-1]) if self._open else data
        if inside == "script":
            self._xml += data
        elif inside == "title":
            self._title += data
        elif inside == "header" and self._sections and not self._sections[-1].is_named:
            self._sections[-1].title += data
        elif inside == "legend" and self._legends:
            self._legends[-1] += data
        elif inside == "label":
            self._label_text += data
        elif self._control is not None and inside == "option":
            self._control["options"][-1]["text"] += data
        elif self._control is not None and inside == "textarea":
            self._control["text"] += data

    def _end_label(self) -> None:
        """Give the words to the control that the label names, else to the one that it holds."""
        if self._label_for:
            self._labels[self._label_for] = _one_line(self._label_text)
        elif self._wrapped is not None:
            self._wrapped["label"] = _one_line(self._label_text)
        self._label_for, self._wrapped = "", None

    def _add_control(self, tag: str, given: dict[str, str]) -> None:
        control = self._new(tag, given)
        control["legend"] = next((words for words in map(_one_line, reversed(self._legends)) if words), "")
        if self._open[-1:] == ["label"] and tag == "input":
            self._wrapped = control
        table = next((one for one in reversed(self._tables) if one is not None), None)
        (table[EACH] if table is not None else self._sections[-1].fields).append(control)
        self._control = control if tag != "input" else None

    def _add_table(self, given: dict[str, str]) -> dict[str, Any]:
        table = self._new("fieldset", given) | {EACH: []}
        self._sections[-1].fields.append(table)
        return table

    def _new(self, tag: str, given: dict[str, str]) -> dict[str, Any]:
        self._count += 1
        if self._count > MOST_FIELDS:
            raise ValueError("too many fields")
        if not self._sections:
            self._sections.append(_Section(key_of("findings", self._section_keys), "", "", is_named=False))
        return {"tag": tag, "given": given, "text": "", "label": "", "legend": "", "options": []}

    def template(self, name: str) -> dict[str, Any]:
        """Return what was read in the form of our own templates. Raises ValueError when there is no field."""
        codes = _codes(self._xml)
        listed = [one for section in self._sections for one in section.fields]
        for control in (*listed, *(each for one in listed for each in one.get(EACH, ()))):
            control["label"] = self._labels.get(control["given"].get("id", "")) or control["label"]
            for option in control["options"]:
                option["text"] = _one_line(option["text"])
                said = option["text"] or option["value"]
                if option["group"] and said:
                    option["text"] = f"{option['group']}: {said}"
        join_groups([section.fields for section in self._sections])
        for control in (one for section in self._sections for one in section.fields):
            given = control["given"]
            control["key"] = key_of(given.get("id") or given.get("name") or "field", self._keys)
        sections = [self._section(section, codes) for section in self._sections if section.fields]
        if not sections:
            raise ValueError("no field")
        title = self._metas.get("dcterms.title") or self._title.strip() or name
        identifier = re.sub(r"[^a-z0-9-]+", "-", (self._metas.get("dcterms.identifier") or title).lower()).strip("-")
        version = self._metas.get("lianyue.version", "")
        made = {
            "schema": FORM_OF_QUESTIONS if any(EACH in one for part in sections for one in part["fields"]) else 1,
            "template_id": identifier if identifier[:1].isalpha() else f"mrrt-{identifier}".rstrip("-"),
            "version": version if re.fullmatch(r"\d+\.\d+\.\d+", version) else "1.0.0",
            "language": ["zh", "en"],
            "title": both(title),
            "title_code": code_of(codes.get("title", Code("18748-4", "LN", "Diagnostic Imaging Report"))),
            "match": {
                "modalities": self._metas.get("lianyue.modalities", "").split(),
                "body_parts": [part for part in self._metas.get("lianyue.body_parts", "").split("|") if part],
            },
            "procedure": code_of(codes.get("procedure", Code("363679005", "SCT", "Imaging procedure"))),
            "sections": sections,
        }
        return with_sources(made, self._metas.get(SOURCES, ""))

    def _section(self, section: _Section, codes: dict[str, Code]) -> dict[str, Any]:
        title = _one_line(section.title) or section.key
        guessed = next((code for pattern, code in _HEADINGS if pattern.search(title)), _FINDINGS)
        return {
            "key": section.key,
            "heading": code_of(codes.get(section.origin, guessed)),
            "label": both(title),
            "fields": [self._field(control, codes) for control in section.fields],
        }

    def _field(self, control: dict[str, Any], codes: dict[str, Code]) -> dict[str, Any]:
        given: dict[str, str] = control["given"]
        origin = given.get("id", "") or given.get("name", "")
        caption = given.get("name") or control["label"] or self._labels.get(origin) or control["key"]
        made: dict[str, Any] = {"key": control["key"], "label": both(caption)}
        made["concept"] = code_of(codes.get(origin, _FINDING))
        if given.get("data-field-completion-action", "").upper() == "ALERT" or "required" in given:
            made["required"] = True
        if control["tag"] == "fieldset":
            asked = questions(control, codes)
            made |= {"type": "findings", **({EACH: asked} if asked else {})}
        elif control["tag"] == "select" or given.get("type", "").lower() == "checkbox":
            made |= {"type": "choice", "choices": choices_of(control, codes)}
        elif given.get("type") == "number":
            low, high = float(given.get("min") or 0), float(given.get("max") or 1e6)
            made |= {"type": "number", "unit": given.get("data-field-units") or "1", "minimum": low, "maximum": high}
        else:
            made |= {"type": "text", "multiline": control["tag"] == "textarea"}
            if control["text"].strip():
                made["normal_phrase"] = both(control["text"].strip())
        return made


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _codes(xml: str) -> dict[str, Code]:
    """Return the codes of ``coded_content`` by their ORIGTXT; a document type or an entity is refused."""
    if not xml.strip():
        return {}
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", xml, re.IGNORECASE):
        raise Active("XML entities")
    found: dict[str, Code] = {}
    for entry in ET.fromstring(xml.strip()).iter("entry"):  # noqa: S314 - no document type, so no entity to expand
        code = next(iter(entry.iter("code")), None)
        key = entry.get("ORIGTXT") or entry.get("origtxt") or ""
        if code is not None and key:
            found[key] = Code(*_attributes(code, ("value", "scheme", "meaning")))
    return found


def _attributes(element: ET.Element, names: Iterable[str]) -> tuple[str, ...]:
    return tuple((element.get(name) or "-")[:64] for name in names)
