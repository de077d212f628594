"""Report templates of the documents in use, which may be exchanged between two reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import EVERY_SITE, DocumentKey, DocumentKind, KnownDocuments, SharedDocument
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
        self._read: tuple[KnownDocuments, SharedTemplates] | None = None

    def _now(self) -> SharedTemplates:
        known, read = self._known(), self._read
        if read is None or read[0] is not known:  # kept together: another thread never takes one with the other's
            read = known, SharedTemplates(known.of_kind(DocumentKind.TEMPLATE), self._other())
            self._read = read
        return read[1]

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template, of every site. Raises TemplateViolation."""
        return self._now().all()

    def of_site(self, site_id: str) -> tuple[ReportTemplate, ...]:
        """Return what a site's studies may be reported with, its own first. Raises TemplateViolation."""
        return self._now().of_site(site_id)

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template by its identifier. Raises TemplateViolation."""
        return self._now().get(template_id)

    def for_study(self, modality: str, description: str, site_id: str = EVERY_SITE) -> ReportTemplate:
        """Return the template that fits, the study's site's own before all others', else the general one."""
        return self._now().for_study(modality, description, site_id)

    def begun_with(self, template_id: str, version: str, site_id: str = EVERY_SITE) -> ReportTemplate | None:
        """Return the version that a report of a site was begun with, the newest one where it is not at hand."""
        now = self._now().begun_with(template_id, version, site_id)
        if now is not None and now.version == version:
            return now
        former = [one for site in dict.fromkeys((site_id, EVERY_SITE)) for one in self._former_of(template_id, site)]
        for one in former:
            if one.version == version:
                return one
        shipped = next((one for one in self._other().all() if one.template_id == template_id), None)
        return shipped if shipped is not None and shipped.version == version else now

    def _former_of(self, template_id: str, site_id: str) -> Iterator[ReportTemplate]:
        """Yield what was in use before of a site's own documents, the latest first."""
        wanted = DocumentKey(DocumentKind.TEMPLATE, template_id, site_id)
        for one in self._former():
            if one.info.key != wanted:
                continue
            try:
                yield parse_template(one.content, template_id)
            except TemplateViolation:  # it was in use: damaged since, or never readable
                continue
