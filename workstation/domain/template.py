"""Report templates: typed fields in sections, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

IMPRESSIONS: Final = "19005-8"
"""LOINC of the section of the impression (CID 7001)."""


class FieldType(StrEnum):
    """How a template field is filled."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    FINDINGS = "findings"
    """The table of accepted findings; filled from the reading page, the lobe left to the reader."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept: value, coding scheme designator (DCM, LN, SCT, UCUM) and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        """Return the text for ``zh_CN`` (or any ``zh``) or, otherwise, English."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a CHOICE field; ``denies`` are the keys of fields that cannot say anything beside it."""

    key: str
    label: Text
    code: Code | None = None
    denies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequiredIf:
    """A field becomes required when the CHOICE field ``field`` has one of the keys ``choices``."""

    field: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CriticalTrigger:
    """
    What makes a field suggest a critical value: one of ``choices``, or a number from ``at_least`` on.

    ``level`` is the code of CID 7035, ``text`` what is called through.
    """

    level: Code
    text: Text
    choices: tuple[str, ...] = ()
    at_least: float | None = None

    def fires(self, value: str) -> bool:
        """Tell whether a value of the field is critical; text that is no number never is."""
        if self.at_least is None:
            return value.strip() in self.choices
        try:
            return float(value) >= self.at_least
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class TemplateField:
    """
    One field; ``minimum`` and ``maximum`` bound NUMBER fields in ``unit`` (UCUM).

    ``normal_phrase`` is what a normal examination says here.
    """

    key: str
    type: FieldType
    label: Text
    required: bool = False
    concept: Code | None = None
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    normal_phrase: Text | None = None
    multiline: bool = False
    required_if: RequiredIf | None = None
    critical: CriticalTrigger | None = None
    each: tuple[TemplateField, ...] = ()
    """Of a FINDINGS field: the CHOICE fields that are asked for each finding"""
    only_if: RequiredIf | None = None
    """Of a field for each finding: asked only where another one has one of these options"""

    @property
    def unit_words(self) -> str:
        """Return the unit as people write it: nothing for a number without one, a raised dot for a product."""
        return "" if self.unit == "1" else self.unit.replace(".", "·")

    def is_required(self, values: Mapping[str, str]) -> bool:
        """Tell whether the field has to be filled, given what stands in the others."""
        if self.required or self.required_if is None:
            return self.required
        return values.get(self.required_if.field, "").strip() in self.required_if.choices


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """A heading of the report (CID 7001) with its fields."""

    key: str
    heading: Code
    label: Text
    fields: tuple[TemplateField, ...]


@dataclass(frozen=True, slots=True)
class ReportTemplate:
    """
    A validated template. ``title_code`` is the document title (CID 7000).

    ``modalities`` empty: chosen by hand only; ``body_parts`` empty: for every part. ``categories`` are the schemes of
    ``workstation.domain.categories`` that the report may take one from, and must where ``category_required``.
    """

    template_id: str
    version: str
    title: Text
    title_code: Code
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    procedure: Code
    sections: tuple[TemplateSection, ...]
    categories: tuple[str, ...] = ()
    category_required: bool = False

    def field(self, key: str) -> TemplateField:
        """Return a field by its key; KeyError when there is none."""
        for section in self.sections:
            for item in section.fields:
                if item.key == key:
                    return item
        raise KeyError(key)

    @property
    def fields(self) -> tuple[TemplateField, ...]:
        """Return all fields in document order."""
        return tuple(item for section in self.sections for item in section.fields)

    def critical(self, values: Mapping[str, str]) -> tuple[TemplateField, ...]:
        """Return the fields whose value suggests a critical value, in document order."""
        return tuple(
            item for item in self.fields if item.critical is not None and item.critical.fires(values.get(item.key, ""))
        )
