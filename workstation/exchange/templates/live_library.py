"""Report templates of the documents in use, which may be exchanged between two reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import EVERY_SITE, DocumentKind, KnownDocuments, SharedDocument
from workstation.domain.template import ReportTemplate
from workstation.domain.template_ports import TemplateSource
from workstation.exchange.templates.library import parse_template
from workstation.exchange.templates.shared_library import SharedTemplates


class LiveTemplates:
    """
    Implements TemplatePort over what ``known`` gives now; ``other`` is what this machine has besides.

    ``former`` are documents that were in use before: a report goes on in the version that it was begun with.
    """

    def __init__(
        self,
        known: Callable[[], KnownDocuments],
        former: Callable[[], Sequence[SharedDocument]],
        other: Callable[[], TemplateSource],
    ) -> None:
        self._known, self._former, self._other = known, former, other
        self._of: KnownDocuments | None = None
        self._templates = SharedTemplates((), other())

    def _now(self) -> SharedTemplates:
        known = self._known()
        if known is not self._of:
            self._of, self._templates = known, SharedTemplates(known.of_kind(DocumentKind.TEMPLATE), self._other())
        return self._templates

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template, of every site. Raises TemplateViolation."""
        return self._now().all()

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template by its identifier. Raises TemplateViolation."""
        return self._now().get(template_id)

    def for_study(self, modality: str, description: str, site_id: str = EVERY_SITE) -> ReportTemplate:
        """Return the template that fits, the study's site's own before all others', else the general one."""
        return self._now().for_study(modality, description, site_id)

    def begun_with(self, template_id: str, version: str) -> ReportTemplate | None:
        """Return the version that a report was begun with, the newest one where it is not at hand."""
        now = self._now().begun_with(template_id, version)
        if now is not None and now.version == version:
            return now
        for one in self._former():
            if (one.info.key.kind, one.info.key.name) != (DocumentKind.TEMPLATE, template_id):
                continue
            try:
                former = parse_template(one.content, template_id)
            except TemplateViolation:  # it was in use: damaged since, or never readable
                continue
            if former.version == version:
                return former
        shipped = next((one for one in self._other().all() if one.template_id == template_id), None)
        return shipped if shipped is not None and shipped.version == version else now
