"""Editing report templates: kept as versions of the site, never over a shipped one, and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.audit import AuditAction
from workstation.domain.ports import AuditPort
from workstation.domain.template import ReportTemplate
from workstation.domain.template_draft import Draft, TemplateEntry, TemplateProblem
from workstation.domain.template_ports import TemplateStorePort


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """What a draft is worth: its problems, or the template that it is."""

    problems: tuple[TemplateProblem, ...]
    template: ReportTemplate | None


@dataclass(frozen=True, slots=True)
class EditTemplates:
    """The acts of the template page."""

    store: TemplateStorePort
    audit: AuditPort

    def entries(self) -> Sequence[TemplateEntry]:
        """Return every template in use. Raises TemplateViolation."""
        return self.store.entries()

    def load(self, template_id: str) -> Draft:
        """Return one template as JSON. Raises TemplateViolation."""
        return self.store.load(template_id)

    def check(self, draft: Draft) -> CheckedDraft:
        """Return what is wrong with a draft, or the template that it is."""
        problems = tuple(self.store.problems(draft))
        return CheckedDraft(problems, None if problems else self.store.parse(draft))

    def save(self, draft: Draft) -> None:
        """Record the act and keep the draft. Raises Refused, Unreachable, TemplateViolation, DiskFull, StorageError."""
        self.store.parse(draft)
        self.audit.record(AuditAction.TEMPLATE_CHANGED, detail=f"{draft['template_id']} {draft['version']}")
        self.store.save(draft)

    def read(self, path: Path) -> Draft:
        """Return the template of a JSON or MRRT file. Raises TemplateViolation."""
        return self.store.read(path)

    def write(self, draft: Draft, path: Path, language: str) -> None:
        """Write a valid draft as MRRT or JSON. Raises TemplateViolation, DiskFull, StorageError."""
        self.store.write(draft, path, language)
