"""Report templates: JSON checked against its schema, turned into domain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from resources.templates import schema, template_paths
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import (
    Choice,
    Code,
    FieldType,
    ReportTemplate,
    TemplateField,
    TemplateSection,
    Text,
)

GENERAL = "general"


class TemplateLibrary:
    """
    Implements TemplatePort over JSON files.

    Loaded once, on first use; every later call is a lookup.
    """

    def __init__(self, paths: Sequence[Path] | None = None) -> None:
        self._paths = tuple(paths) if paths is not None else None
        self._loaded: tuple[ReportTemplate, ...] | None = None

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template. Raises TemplateViolation."""
        if self._loaded is None:
            paths = self._paths if self._paths is not None else template_paths()
            self._loaded = tuple(load_template(path) for path in paths)
        return self._loaded

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template by its identifier. Raises TemplateViolation."""
        for template in self.all():
            if template.template_id == template_id:
                return template
        raise TemplateViolation(
            tr("Report template {name} is not installed", name=template_id),
            hint=tr("Update the workstation or ask for the missing template."),
        )

    def for_study(self, modality: str, description: str) -> ReportTemplate:
        """Return the template whose modality and body part both fit, otherwise the general one."""
        words = description.upper()
        for template in self.all():
            if modality in template.modalities and any(part in words for part in template.body_parts):
                return template
        return self.get(GENERAL)


def load_template(path: Path) -> ReportTemplate:
    """Read and check one template file. Raises TemplateViolation naming the file and the place."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        _validator().validate(raw)
        return _template(raw)
    except (OSError, ValueError, jsonschema.ValidationError) as exc:
        place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
        raise TemplateViolation(
            tr("Report template {name} is not valid", name=path.name),
            hint=tr("The template was not loaded; the other templates still work."),
            detail=f"{path.name} {place} {type(exc).__name__}: {exc}"[:500],
        ) from exc


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def _template(raw: dict[str, Any]) -> ReportTemplate:
    template = ReportTemplate(
        template_id=raw["template_id"],
        version=raw["version"],
        title=Text(**raw["title"]),
        title_code=Code(**raw["title_code"]),
        modalities=tuple(raw["match"]["modalities"]),
        body_parts=tuple(part.upper() for part in raw["match"]["body_parts"]),
        procedure=Code(**raw["procedure"]),
        sections=tuple(_section(section) for section in raw["sections"]),
    )
    keys = [item.key for item in template.fields]
    if len(set(keys)) != len(keys):  # a schema cannot say this
        raise ValueError("two fields have the same key")
    return template


def _section(raw: dict[str, Any]) -> TemplateSection:
    fields = tuple(_field(item) for item in raw["fields"])
    return TemplateSection(raw["key"], Code(**raw["heading"]), Text(**raw["label"]), fields)


def _field(raw: dict[str, Any]) -> TemplateField:
    phrase = raw.get("normal_phrase")
    low, high = raw.get("minimum"), raw.get("maximum")
    if low is not None and high is not None and low > high:
        raise ValueError(f"field {raw['key']}: minimum is above maximum")
    return TemplateField(
        key=raw["key"],
        type=FieldType(raw["type"]),
        label=Text(**raw["label"]),
        required=raw.get("required", False),
        concept=Code(**raw["concept"]),
        choices=tuple(_choice(item) for item in raw.get("choices", ())),
        unit=raw.get("unit", ""),
        minimum=low,
        maximum=high,
        normal_phrase=Text(**phrase) if phrase else None,
        multiline=raw.get("multiline", False),
    )


def _choice(raw: dict[str, Any]) -> Choice:
    code = raw.get("code")
    return Choice(raw["key"], Text(**raw["label"]), Code(**code) if code else None)
