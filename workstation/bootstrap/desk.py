"""One person's desk: use cases over one hub session and one person's storage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workstation.bootstrap.adapters import Hub, LocalStorage, open_storage
from workstation.dicom.report_objects import DicomObjects
from workstation.domain.access import Actor
from workstation.domain.errors import SignInFailed
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate, Text
from workstation.domain.workitem import WorklistRow
from workstation.exchange.demo_pki import DemoKeyStore
from workstation.exchange.pdf_pages import page_pictures
from workstation.exchange.report_pdf import ReportPdf
from workstation.exchange.templates import TemplateLibrary
from workstation.services.delivery_service import DeliverReports
from workstation.services.report_service import SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.signing_service import SignReport
from workstation.services.study_service import OpenCase, ReleaseCase, StudyFindings
from workstation.services.uid import SystemClock, new_uid, transaction_uid
from workstation.ui.case_desk import DeskServices
from workstation.ui.pages.report_presenter import Pictures

ORGANISATION = Text("省影像专科联盟远程诊断中心", "Provincial Imaging Alliance Remote Diagnostic Centre")


class UnlockingSession:
    """
    Implements ``SessionPort``: signing in also opens the person's storage on this machine.

    Both happen in the one job of the sign-in page, so that the password is never kept.
    """

    def __init__(self, hub: Hub, data_dir: Path) -> None:
        self._hub = hub
        self._data_dir = data_dir
        self._storage: LocalStorage | None = None

    def sign_in(self, user: str, password: str) -> Actor:
        """Open session and storage. Raises SignInFailed, Unreachable, Locked."""
        actor = self._hub.session.sign_in(user, password)
        try:
            self._storage = open_storage(self._data_dir, actor.user_id, password)
        except Exception:
            self._hub.session.sign_out()
            raise
        return actor

    def sign_out(self) -> None:
        """End the session and close the storage."""
        self._hub.session.sign_out()
        if self._storage is not None:
            self._storage.close()
            self._storage = None

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self._hub.session.actor

    @property
    def storage(self) -> LocalStorage:
        """Return the open storage; SignInFailed when nobody is signed in."""
        if self._storage is None:
            raise SignInFailed("nobody is signed in")
        return self._storage


@dataclass(frozen=True, slots=True)
class Preview:
    """Implements ``PreviewPort``: the draft as the signed PDF would look."""

    renderer: ReportPdf

    def __call__(
        self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow, width_px: int
    ) -> Pictures:
        """Return page pictures, ``width_px`` wide."""
        draft = report.signed_at is None
        return page_pictures(self.renderer.render(report, template, study, row, draft=draft), width_px)


def desk_services(hub: Hub, storage: LocalStorage, signer: DemoKeyStore) -> DeskServices:
    """Join the use cases of a reader's desk."""
    clock = SystemClock()
    objects = DicomObjects(clock)
    renderer = ReportPdf(ORGANISATION)
    return DeskServices(
        open_case=OpenCase(
            worklist=hub.worklist,
            retrieve=hub.images,
            finding_source=StudyFindings(hub.images),
            reports=hub.reports,
            drafts=storage.drafts,
            templates=TemplateLibrary(),
            audit=hub.audit,
            clock=clock,
            new_uid=new_uid,
            transaction_uid=lambda user, ups: transaction_uid(storage.secret, user, ups),
        ),
        save_draft=SaveDraft(storage.drafts),
        submit=SubmitPreliminary(hub.reports, storage.drafts, hub.audit, clock),
        send_back=SendReportBack(hub.reports, clock),
        sign=SignReport(renderer, objects, signer, storage.outbox, storage.drafts, hub.audit, clock),
        deliver=DeliverReports(storage.outbox, hub.images, hub.reports, hub.session, clock),
        release=ReleaseCase(hub.worklist),
        clock=clock,
        new_uid=new_uid,
    )
