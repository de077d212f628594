"""One person's desk: use cases over one hub session and one person's storage."""

from __future__ import annotations

from dataclasses import dataclass, field

from workstation.bootstrap.adapters import Hub, LocalStorage
from workstation.bootstrap.letterheads import LiveLetterheads, live_policy, site_letterheads
from workstation.bootstrap.signing import Signing
from workstation.bootstrap.templates import live_templates
from workstation.dicom.critical_policy import default_policy
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow
from workstation.exchange.paper.pdf_pages import page_pictures
from workstation.exchange.paper.report_pdf import ReportPdf
from workstation.services.author_signing import SignedPreliminaries, SignPreliminary
from workstation.services.carry_over import CarryOver
from workstation.services.citing import CiteOthers
from workstation.services.claim_check import CheckClaim
from workstation.services.critical_gate import AskCritical, AskSuggestions
from workstation.services.delivery_service import DeliverReports
from workstation.services.late_stamps import AddLateStamps, StampedVersions, StampRound
from workstation.services.recognition_service import RecogniseReport
from workstation.services.report_service import RevealAi, SaveDraft, SendReportBack, SubmitPreliminary
from workstation.services.report_workflow import CancelReport, ReportHistory, StartSuccessor, WithdrawReport
from workstation.services.signing_service import SignReport
from workstation.services.study_service import OpenCase, ReleaseCase, StudyFindings
from workstation.services.time_stamping import StampPending
from workstation.services.uid import SystemClock, new_uid, transaction_uid
from workstation.ui.desk_services import DeskServices
from workstation.ui.pages.report_presenter import Pictures
from workstation.ui.report.way import WayServices


@dataclass(frozen=True, slots=True)
class Preview:
    """Implements ``PreviewPort``: the draft as the signed PDF would look."""

    renderer: ReportPdf = field(default_factory=lambda: ReportPdf(site_letterheads()))

    def __call__(
        self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow, width_px: int
    ) -> Pictures:
        """Return page pictures, ``width_px`` wide."""
        draft = report.signed_at is None
        return page_pictures(self.renderer.render(report, template, study, row, draft=draft), width_px)


def desk_services(hub: Hub, storage: LocalStorage, signing: Signing) -> DeskServices:
    """Join the use cases of a reader's desk."""
    clock = SystemClock()
    objects = DicomObjects(clock)
    renderer = ReportPdf(LiveLetterheads(storage.documents))
    check_claim = CheckClaim(hub.worklist)
    return DeskServices(
        open_case=OpenCase(
            worklist=hub.worklist,
            retrieve=hub.images,
            finding_source=StudyFindings(hub.images),
            reports=hub.reports,
            drafts=storage.drafts,
            templates=live_templates(storage.documents),
            audit=hub.audit,
            clock=clock,
            new_uid=new_uid,
            transaction_uid=lambda user, ups: transaction_uid(storage.secret, user, ups),
            rules=hub.workflow.rules,
        ),
        save_draft=SaveDraft(storage.drafts),
        sign_preliminary=SignPreliminary(renderer, objects, signing.keys, hub.images, hub.audit, clock),
        submit=SubmitPreliminary(hub.reports, storage.drafts, hub.audit, clock),
        send_back=SendReportBack(hub.reports, clock),
        sign=SignReport(
            renderer,
            objects,
            signing.keys,
            storage.outbox,
            storage.drafts,
            hub.audit,
            clock,
            preliminary=SignedPreliminaries(hub.images),
            recognise=RecogniseReport(live_policy(storage.documents), clock),
            critical=AskCritical(hub.critical),
            suggested=AskSuggestions(hub.critical, default_policy()),
            cite=CiteOthers(hub.priors, hub.images.study),
        ),
        check_claim=check_claim,
        deliver=DeliverReports(
            storage.outbox,
            hub.images,
            hub.reports,
            hub.session,
            hub.audit,
            clock,
            storage.drafts,
            check_claim,
            new_uid,
            may_go=StampPending(storage.outbox, signing.add_time_stamp, clock, signing.hold),
            add_late_stamps=late_stamps(hub, signing) if signing.wants_time_stamps else lambda _job: StampRound(),
            wants_time_stamps=signing.wants_time_stamps,
        ),
        release=ReleaseCase(hub.worklist),
        reveal=RevealAi(hub.audit),
        clock=clock,
        new_uid=new_uid,
    )


def late_stamps(hub: Hub, signing: Signing) -> AddLateStamps:
    """Join what adds time stamps to reports that were delivered without one."""
    return AddLateStamps(hub.late_stamps, hub.images, hub.images, hub.session, signing.carry_on, SystemClock())


def way_services(hub: Hub, storage: LocalStorage) -> WayServices:
    """Join the use cases of what follows a signed report, and of the history."""
    clock = SystemClock()
    return WayServices(
        start=StartSuccessor(
            hub.workflow,
            hub.worklist,
            storage.drafts,
            clock,
            new_uid,
            lambda user, ups: transaction_uid(storage.secret, user, ups),
        ),
        cancel=CancelReport(hub.workflow, storage.drafts, clock),
        withdraw=WithdrawReport(
            hub.workflow,
            hub.reports,
            hub.images,
            DicomObjects(clock),
            StampedVersions(hub.late_stamps, hub.images),
        ),
        history=ReportHistory(hub.workflow, storage.drafts),
        carry=CarryOver(live_templates(storage.documents).of_site, hub.audit, storage.withdrawn),
    )
