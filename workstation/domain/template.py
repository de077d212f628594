"""Report templates: typed fields in sections, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """One option of a CHOICE field."""

    key: str
    label: Text
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One field; ``minimum`` and ``maximum`` bound NUMBER fields in ``unit`` (UCUM)."""

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


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """A heading of the report (CID 7001) with its fields."""

    key: str
    heading: Code
    label: Text
    fields: tuple[TemplateField, ...]


@dataclass(frozen=True, slots=True)
class ReportTemplate:
    """A validated template. ``title_code`` is the document title (CID 7000)."""

    template_id: str
    version: str
    title: Text
    title_code: Code
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    procedure: Code
    sections: tuple[TemplateSection, ...]

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
