"""
Report templates written as IHE MRRT documents.

What MRRT cannot say (conditions, critical triggers, the second language) is not written; ``mrrt_losses`` names it.
What is asked for each finding: ``mrrt_each``. *Source:* IHE Radiology, Management of Radiology Report Templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Final
from xml.sax.saxutils import quoteattr

from workstation.domain.template import Code, FieldType, ReportTemplate, TemplateField
from workstation.exchange.templates.mrrt_each import SOURCES, codes_of, written_findings

SECTION: Final = "section-"
"""Begins the ids of our sections, which may otherwise be those of their fields."""
_FINDING: Final = Code("121071", "DCM", "Finding")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def export_mrrt(template: ReportTemplate, language: str, sources: Mapping[str, str] = _NONE) -> str:
    """Return a template as an MRRT document in one language; ``sources`` say where codes were looked up."""
    entries, body = [], []
    for section in template.sections:
        title = section.label.get(language)
        origin = f"{SECTION}{section.key}"
        body.append(f'<section id={quoteattr(origin)} class="level1" data-section-name={quoteattr(title)}>')
        body.append(f'<header class="level1">{escape(title)}</header>')
        entries.append(_entry(origin, section.heading))
        for item in section.fields:
            if item.type is FieldType.FINDINGS:
                body.append(written_findings(item, language))
                entries += [_entry(origin, code) for origin, code in codes_of(item)]
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
    if sources:
        metas[SOURCES] = json.dumps(dict(sources), ensure_ascii=False)
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
