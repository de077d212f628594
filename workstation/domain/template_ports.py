"""What editing report templates needs from the machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workstation.domain.template import ReportTemplate
from workstation.domain.template_draft import Draft, TemplateEntry, TemplateProblem


class TemplateSource(Protocol):
    """Templates by their identifiers."""

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template. Raises TemplateViolation."""
        ...

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template. Raises TemplateViolation."""
        ...


class TemplateStorePort(Protocol):
    """The shipped templates and those of the site; shipped ones are never written."""

    def entries(self) -> Sequence[TemplateEntry]:
        """Return every template in use by title, a site's own before a shipped one. Raises TemplateViolation."""
        ...

    def load(self, template_id: str) -> Draft:
        """Return one template as JSON. Raises TemplateViolation."""
        ...

    def problems(self, draft: Draft) -> Sequence[TemplateProblem]:
        """Return everything that keeps a draft from being a template, in document order."""
        ...

    def parse(self, draft: Draft) -> ReportTemplate:
        """Return the draft as a template. Raises TemplateViolation."""
        ...

    def save(self, draft: Draft) -> None:
        """
        Keep the draft as the site's own version; the version before it is kept as well.

        Raises TemplateViolation for one that is not newer or not valid, DiskFull, StorageError.
        """
        ...

    def begun_from(self, template_id: str) -> int:
        """Return the revision of the hub that this machine's draft was begun from, 0 where there was none."""
        ...

    def published(self, template_id: str) -> None:
        """Let the shared version stand where this machine's draft stood; the draft goes into the history."""
        ...

    def read(self, path: Path) -> Draft:
        """Return the template of a JSON or MRRT file. Raises TemplateViolation; active content is refused."""
        ...

    def write(self, draft: Draft, path: Path, language: str) -> Sequence[str]:
        """
        Write a valid draft as MRRT (.html) or JSON; returns what the file does not say, in words.

        Raises TemplateViolation, DiskFull, StorageError.
        """
        ...
