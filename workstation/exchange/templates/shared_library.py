"""Report templates as the hub gives them to the sites, before those of this machine and the shipped ones."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import EVERY_SITE, SharedDocument
from workstation.domain.template import ReportTemplate
from workstation.domain.template_match import fitting
from workstation.domain.template_ports import TemplateSource
from workstation.exchange.templates.library import GENERAL, parse_template


class SharedTemplates:
    """
    Implements TemplatePort: shared templates, and what ``other`` has besides.

    Each is read once; ``broken`` names those of a newer hub that this version cannot use.
    """

    def __init__(self, shared: Sequence[SharedDocument], other: TemplateSource) -> None:
        self._shared = tuple(shared)
        self._other = other
        self._loaded: tuple[tuple[str, ReportTemplate], ...] | None = None
        self.broken: tuple[str, ...] = ()

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template, of every site. Raises TemplateViolation."""
        return tuple(template for _site, template in self._all())

    def get(self, template_id: str) -> ReportTemplate:
        """Return one template by its identifier. Raises TemplateViolation."""
        found = next((one for one in self.all() if one.template_id == template_id), None)
        return found if found is not None else self._other.get(template_id)

    def of_site(self, site_id: str) -> tuple[ReportTemplate, ...]:
        """
        Return what a site's studies may be reported with, each identifier once: its own, those of all, this machine's.

        What only another site has replaced is still there for this one. Raises TemplateViolation.
        """
        mine = [template for site, template in self._all() if site and site == site_id]
        of_all = (*(template for site, template in self._all() if not site), *self._other.all())
        first: dict[str, ReportTemplate] = {}
        for one in (*mine, *of_all):
            first.setdefault(one.template_id, one)
        return tuple(first.values())

    def begun_with(self, template_id: str, version: str, site_id: str = EVERY_SITE) -> ReportTemplate | None:
        """Return a site's template of this identifier, this version before others; another site's is never taken."""
        found = [
            one
            for where in dict.fromkeys((site_id, EVERY_SITE))
            for site, one in self._all()
            if site == where and one.template_id == template_id
        ] or [one for one in self._other.all() if one.template_id == template_id]
        return next((one for one in found if one.version == version), found[0] if found else None)

    def for_study(self, modality: str, description: str, site_id: str = EVERY_SITE) -> ReportTemplate:
        """Return the template that fits, the study's site's own before all others', else the general one."""
        here = self.of_site(site_id)
        general = next((one for one in here if one.template_id == GENERAL), None)
        return fitting(here, modality, description) or general or self.get(GENERAL)

    def _all(self) -> tuple[tuple[str, ReportTemplate], ...]:
        if self._loaded is None:
            shared, broken = [], []
            for one in self._shared:
                try:
                    shared.append((one.info.key.site_id, parse_template(one.content, one.info.key.name)))
                except TemplateViolation as exc:  # one bad document must not keep anybody from reporting
                    broken.append(exc.user_text)
            taken = {template.template_id for _site, template in shared}
            others = ((EVERY_SITE, one) for one in self._other.all() if one.template_id not in taken)
            self.broken = tuple(broken)
            self._loaded = (*shared, *others)
        return self._loaded
