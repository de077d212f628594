"""Editing report templates: kept as versions of the site, never over a shipped one, and recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.audit import AuditAction
from workstation.domain.ports import AuditPort
from workstation.domain.shared_document import DocumentInfo, DocumentKey, DocumentKind, SharedDocumentPort
from workstation.domain.site import Site
from workstation.domain.template import ReportTemplate
from workstation.domain.template_draft import Draft, TemplateEntry, TemplateProblem
from workstation.domain.template_ports import TemplateStorePort


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """What a draft is worth: its problems, or the template that it is."""

    problems: tuple[TemplateProblem, ...]
    template: ReportTemplate | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the hub has where a draft would go: its newest version, whether that came after the draft was begun."""

    template_id: str
    version: str
    """The draft's own"""
    now: DocumentInfo | None
    overtaken: bool
    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class PublishTemplate:
    """Gives this machine's draft to the sites."""

    hub: SharedDocumentPort
    store: TemplateStorePort
    refetch: Callable[[], object]
    """Brings the hub's documents here again"""

    def standing(self, draft: Draft) -> Standing:
        """Return what publishing would meet. Raises Unreachable, Refused, NotPermitted."""
        name = str(draft["template_id"])
        found = [one for one in self.hub.all() if one.key.kind is DocumentKind.TEMPLATE and one.key.name == name]
        now = found[0] if found else None
        begun = self.store.begun_from(name)
        overtaken = now is not None and now.revision != begun
        return Standing(name, str(draft["version"]), now, overtaken, tuple(self.hub.sites()))

    def __call__(self, draft: Draft, standing: Standing, site_id: str) -> DocumentInfo:
        """
        Publish over what ``standing`` showed, and nothing else. The draft becomes history on this machine.

        Raises NoLongerUpdatable, TemplateViolation, Unreachable, Refused, NotPermitted, StorageError.
        """
        site = standing.now.key.site_id if standing.now is not None else site_id
        key = DocumentKey(DocumentKind.TEMPLATE, standing.template_id, site)
        content = json.dumps(draft, ensure_ascii=False, indent=2) + "\n"
        info = self.hub.put(key, content, follows=standing.now)
        self.refetch()
        self.store.published(standing.template_id)
        return info


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

    def write(self, draft: Draft, path: Path, language: str) -> Sequence[str]:
        """
        Write a valid draft as MRRT or JSON; returns what the file does not say, in words.

        Raises TemplateViolation, DiskFull, StorageError.
        """
        return self.store.write(draft, path, language)
