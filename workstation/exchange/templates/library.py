"""Report templates: JSON checked against its schema, turned into domain values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jsonschema

from resources.templates import schema, template_paths
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.mark import NoduleType
from workstation.domain.template import (
    Choice,
    Code,
    CriticalTrigger,
    FieldType,
    ReportTemplate,
    RequiredIf,
    TemplateField,
    TemplateSection,
    Text,
)
from workstation.domain.template_match import fitting
from workstation.domain.trait import COMPOSITION

GENERAL = "general"


class TemplateLibrary:
    """
    Implements TemplatePort over JSON files.

    Loaded once, on first use; every later call is a lookup. ``own`` is the folder of the site's own templates:
    they come first and replace shipped ones of the same identifier; ``broken`` names those that cannot be used.
    """

    def __init__(self, paths: Sequence[Path] | None = None, own: Path | None = None) -> None:
        self._paths = tuple(paths) if paths is not None else None
        self._own = own
        self._loaded: tuple[ReportTemplate, ...] | None = None
        self.broken: tuple[str, ...] = ()

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template. Raises TemplateViolation."""
        if self._loaded is None:
            paths = self._paths if self._paths is not None else template_paths()
            own = self._own_templates()
            replaced = {template.template_id for template in own}
            shipped = (load_template(path) for path in paths)
            self._loaded = (*own, *(one for one in shipped if one.template_id not in replaced))
        return self._loaded

    def _own_templates(self) -> list[ReportTemplate]:
        own, broken = [], []
        for path in sorted(self._own.glob("*.json")) if self._own is not None and self._own.is_dir() else ():
            try:
                own.append(load_template(path))
            except TemplateViolation as exc:  # one bad file must not keep anybody from reporting
                broken.append(exc.user_text)
        self.broken = tuple(broken)
        return own

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template by its identifier. Raises TemplateViolation."""
        for template in self.all():
            if template.template_id == template_id:
                return template
        raise TemplateViolation(
            tr("Report template {name} is not installed", name=template_id),
            hint=tr("Update the workstation or ask for the missing template."),
        )

    def begun_with(self, template_id: str, version: str, site_id: str = "") -> ReportTemplate | None:  # noqa: ARG002 - a port's
        """Return the template of this identifier; only one version of it is here."""
        return next((one for one in self.all() if one.template_id == template_id), None)

    def for_study(self, modality: str, description: str, site_id: str = "") -> ReportTemplate:  # noqa: ARG002 - a port's
        """Return the template whose modality and body part both fit, otherwise the general one."""
        return fitting(self.all(), modality, description) or self.get(GENERAL)


def load_template(path: Path) -> ReportTemplate:
    """Read and check one template file. Raises TemplateViolation naming the file and the place."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise _invalid(path.name, exc) from exc
    return parse_template(content, path.name)


def parse_template(content: str, name: str) -> ReportTemplate:
    """Check one template as JSON text, called ``name`` in the error. Raises TemplateViolation."""
    try:
        return _parsed(content)
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        raise _invalid(name, exc) from exc


def _invalid(name: str, exc: Exception) -> TemplateViolation:
    place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
    return TemplateViolation(
        tr("Report template {name} is not valid", name=name),
        hint=tr("The template was not loaded; the other templates still work."),
        detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
    )


@lru_cache(maxsize=64)
def _parsed(content: str) -> ReportTemplate:
    """Check and turn one template into values; checking takes far longer than looking up the same text again."""
    raw = json.loads(content)
    _validator().validate(raw)
    return _template(raw)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def _template(raw: dict[str, Any]) -> ReportTemplate:
    template = ReportTemplate(
        template_id=raw["template_id"],
        version=raw["version"],
        title=Text(**raw["title"]),
        title_code=_code(raw["title_code"]),
        modalities=tuple(raw["match"]["modalities"]),
        body_parts=tuple(part.upper() for part in raw["match"]["body_parts"]),
        procedure=_code(raw["procedure"]),
        sections=tuple(_section(section) for section in raw["sections"]),
        categories=tuple(raw.get("categories", ())),
        category_required=raw.get("category_required", False),
    )
    _check(template)
    return template


def _check(template: ReportTemplate) -> None:
    """Hold a template to what a schema cannot say. Raises ValueError."""
    keys = [item.key for item in template.fields]
    if len(set(keys)) != len(keys):
        raise ValueError("two fields have the same key")
    if template.category_required and not template.categories:
        raise ValueError("a category is required and none is offered")
    choices = {item.key: {choice.key for choice in item.choices} for item in template.fields}
    for item in template.fields:
        if item.required_if is not None and not set(item.required_if.choices) <= choices.get(
            item.required_if.field, set()
        ):
            raise ValueError(f"field {item.key}: required by a choice that does not exist")
        if item.critical is not None and not set(item.critical.choices) <= choices[item.key]:
            raise ValueError(f"field {item.key}: critical by a choice that does not exist")
        if not {key for choice in item.choices for key in choice.denies} <= set(keys) - {item.key}:
            raise ValueError(f"field {item.key}: a choice denies a field that does not exist")
        _check_each(item)


def _check_each(item: TemplateField) -> None:
    before: dict[str, set[str]] = {}
    for each in item.each:
        options = [choice.key for choice in each.choices]
        if each.key in before or len(set(options)) != len(options):
            raise ValueError(f"field {each.key}: asked for each finding twice, or two options have the same key")
        if each.only_if is not None and not set(each.only_if.choices) <= before.get(each.only_if.field, set()):
            raise ValueError(f"field {each.key}: asked only by a choice that does not exist")
        if each.key == COMPOSITION and not set(options) <= {kind.value for kind in NoduleType}:
            raise ValueError(f"field {each.key}: an option is no type of a nodule")
        before[each.key] = set(options)


def _section(raw: dict[str, Any]) -> TemplateSection:
    fields = tuple(_field(item) for item in raw["fields"])
    return TemplateSection(raw["key"], _code(raw["heading"]), Text(**raw["label"]), fields)


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
        concept=_code(raw["concept"]),
        choices=tuple(_choice(item) for item in raw.get("choices", ())),
        unit=raw.get("unit", ""),
        minimum=low,
        maximum=high,
        normal_phrase=Text(**phrase) if phrase else None,
        multiline=raw.get("multiline", False),
        required_if=_required_if(raw.get("required_if")),
        critical=_critical(raw.get("critical")),
        each=tuple(_field(item) for item in raw.get("each", ())),
        only_if=_required_if(raw.get("only_if")),
    )


def _required_if(raw: dict[str, Any] | None) -> RequiredIf | None:
    return None if raw is None else RequiredIf(raw["field"], tuple(raw["is"]))


def _critical(raw: dict[str, Any] | None) -> CriticalTrigger | None:
    if raw is None:
        return None
    return CriticalTrigger(_code(raw["level"]), Text(**raw["text"]), tuple(raw.get("is", ())), raw.get("at_least"))


def _choice(raw: dict[str, Any]) -> Choice:
    code = raw.get("code")
    return Choice(raw["key"], Text(**raw["label"]), _code(code) if code else None, tuple(raw.get("denies", ())))


def _code(raw: dict[str, str]) -> Code:
    return Code(raw["value"], raw["scheme"], raw["meaning"])
