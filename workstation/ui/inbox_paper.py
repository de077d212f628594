"""A returned report leaves the technician's page: only with a signature that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject

from resources.translation import tr
from workstation.domain.signature import Verdict
from workstation.domain.site import ReturnedReport
from workstation.services.jobs import JobRunner
from workstation.services.paper_service import Paper, paper_name
from workstation.services.returned_report_service import OpenedReport
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.paper_out import PaperOut, PaperServices, ShownPaper


class InboxPaper(QObject):
    """Belongs to one technician's page; ``show`` whenever another report, or none, is on it."""

    def __init__(self, page: GrassrootsPage, jobs: JobRunner, services: PaperServices) -> None:
        super().__init__(page)
        self._opened: OpenedReport | None = None
        self.out = PaperOut(page, jobs, services, self._shown)
        page.add_to_report(self.out.save, self.out.print)

    def show(self, opened: OpenedReport | None) -> None:
        """Offer the report that is on the page now, None while there is none."""
        self._opened = opened
        self.out.forget()

    def renew(self, returned: Mapping[str, ReturnedReport]) -> None:
        """Take note of what the hub says now, by UPS Instance UID: a report may have been withdrawn meanwhile."""
        opened = self._opened
        if opened is not None and (now := returned.get(opened.returned.ups_instance_uid)) is not None:
            self._opened = replace(opened, returned=now)
            self.out.show_state()

    def _shown(self) -> ShownPaper | None:
        opened = self._opened
        if opened is None:
            return None
        warning = ""
        if opened.returned.superseded_by:
            warning = tr("A newer report of this exam is in the list and takes its place. Give out the newer one.")
        return ShownPaper(
            key=opened.returned.pdf_sop_instance_uid,
            fetch=partial(_paper, opened),
            refused=_refused(opened),
            warning=warning,
        )


def _paper(opened: OpenedReport) -> Paper:
    returned = opened.returned
    name = paper_name(returned.accession_number, _study_date(returned), signed=True)
    return Paper(opened.pdf, returned.study_instance_uid, name, signed=True)


def _refused(opened: OpenedReport) -> str:
    if opened.returned.withdrawn_code is not None:
        return tr("This report was withdrawn: nothing of it holds, and it is not given out.")
    if opened.verdict.verdict is not Verdict.VALID:
        return tr("The signature of this report cannot be confirmed: it is neither saved nor printed")
    return ""


def _study_date(returned: ReturnedReport) -> str:
    if not returned.studied:
        return ""
    return datetime.fromisoformat(returned.studied).astimezone().strftime("%Y%m%d")
