"""The pages of the workstation, each joined to what it needs; they are made in slices of idle time."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from resources.translation import language, tr
from workstation.bootstrap.pictures import picture_services
from workstation.bootstrap.sign_in import ORGANISATION
from workstation.domain.access import Permission
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.page import Page, PageSpec

if TYPE_CHECKING:  # loaded by the sign-in job, after the window is up
    from workstation.bootstrap.desktop import Desktop
    from workstation.services.model_service import ModelPage
    from workstation.ui.pages.report_page import ReportPage

T = TypeVar("T")

LOGIN: Final = "login"
WORKLIST: Final = "worklist"
READING: Final = "reading"
REPORT: Final = "report"
GRASSROOTS: Final = "grassroots"
MODELS: Final = "models"
TEMPLATES: Final = "templates"
DELIVERIES: Final = "deliveries"
DOCUMENTS: Final = "documents"
QUALITY: Final = "quality"


def page_specs(desktop: Desktop) -> tuple[PageSpec, ...]:
    """Return every page in the order of the rail."""
    return (
        PageSpec(
            LOGIN, lambda: tr("Sign in"), "login-circle", partial(_login, desktop), in_rail=False, full_window=True
        ),
        PageSpec(WORKLIST, lambda: tr("Worklist"), "task", partial(_worklist, desktop), key="F2"),
        PageSpec(READING, lambda: tr("Images"), "image-edit", partial(_reading, desktop), key="F3", slim_rail=True),
        PageSpec(REPORT, lambda: tr("Report"), "file-text", partial(_report, desktop), key="F4"),
        PageSpec(GRASSROOTS, lambda: tr("Station"), "hospital", partial(_grassroots, desktop), key="F7"),
        PageSpec(MODELS, lambda: tr("Models"), "robot", partial(_models, desktop), key="F9"),
        PageSpec(TEMPLATES, lambda: tr("Templates"), "layout-4", partial(_templates, desktop), key="Shift+F4"),
        PageSpec(DOCUMENTS, lambda: tr("Shared"), "archive", partial(_documents, desktop), key="Shift+F5"),
        PageSpec(
            DELIVERIES, lambda: _deliveries_word(desktop), "mail-send", partial(_deliveries, desktop), key="Shift+F9"
        ),
        PageSpec(QUALITY, lambda: tr("Quality"), "bar-chart-2", partial(_quality, desktop), key="Shift+F7"),
    )


def _login(desktop: Desktop) -> Page:
    page = LoginPage(
        desktop.login,
        hub=f"{ORGANISATION.get(language())} · {desktop.hub_url}",
        version=desktop.version,
        last_user=desktop.settings.connection.last_user,
        demo_accounts=desktop.demo_accounts,
    )
    page.signed_in.connect(desktop.signed_in)
    page.language_chosen.connect(desktop.choose_language)
    return page


def _worklist(desktop: Desktop) -> Iterator[Page]:
    from workstation.ui.pages.worklist_page import WorklistPage

    page = WorklistPage(_present(desktop.worklist), desktop.settings.worklist, in_steps=True)
    yield page
    for _ in page.building:
        yield page
    page.open_requested.connect(desktop.open_case)
    page.preferences_changed.connect(
        lambda worklist: desktop.keep_settings(replace(desktop.settings, worklist=worklist))
    )


def _reading(desktop: Desktop) -> Iterator[Page]:
    from workstation.bootstrap.comparing import comparing
    from workstation.bootstrap.foreign import foreign_reading
    from workstation.bootstrap.fusing import fusing
    from workstation.bootstrap.image_stream import open_stream
    from workstation.bootstrap.nodules import measure_nodule
    from workstation.bootstrap.reading_ai import reading_ai
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.reading_presenter import ReadingPresenter

    desk = _present(desktop.desk)
    page = ReadingPage(desktop.settings.reading, in_steps=True)
    yield page
    for _ in page.building:
        yield page
    page.pictures = picture_services(desktop.hub, desktop.data_dir)
    page.measure_nodule = measure_nodule()
    page.fetch_picture = desktop.hub.images.picture
    page.preferences_changed.connect(desktop.keep_reading_settings)
    presenter = ReadingPresenter(
        page,
        desk,
        desktop.shell.jobs,
        open_stream=open_stream(desktop.hub.images),
        comparing=comparing(desktop.hub, desktop.session.storage),
        fusing=fusing(desktop.hub),
        foreign=foreign_reading(desktop.hub),
        reading_ai=reading_ai(desktop.data_dir, desktop.hub.images),
        in_steps=True,
    )
    yield page
    for _ in presenter.joining:
        yield page
    desktop.critical.reading_page(page, desk)
    desk.finding_wanted.connect(page.jump_to)
    desk.annotation_wanted.connect(page.annotation_wanted)


def _report(desktop: Desktop) -> Iterator[Page]:
    from workstation.bootstrap.desk import Preview, way_services
    from workstation.bootstrap.grading import grade_beside_report
    from workstation.bootstrap.letterheads import LiveLetterheads
    from workstation.bootstrap.paper import paper_of_report
    from workstation.bootstrap.writing import writing_aids
    from workstation.exchange.paper.report_pdf import ReportPdf
    from workstation.ui.pages.report_page import ReportPage
    from workstation.ui.pages.report_presenter import ReportPresenter

    page = ReportPage(in_steps=True)
    yield page
    for _ in page.building:
        yield page
    desktop.report = ReportPresenter(
        page,
        _present(desktop.desk),
        desktop.shell.jobs,
        preview=Preview(ReportPdf(LiveLetterheads(desktop.session.storage.documents))),
        certificate_subject=desktop.signing.keys.subject,
        certificate_facts=desktop.signing.keys.certificate,
        aids=writing_aids(desktop.hub, desktop.session.storage, lambda: _site_of_case(desktop)),
        way=way_services(desktop.hub, desktop.session.storage),
    )
    desktop.report.guards.append(desktop.critical.report_page(page, _present(desktop.desk)))
    paper_of_report(
        page, _present(desktop.desk), desktop.shell.jobs, desktop.hub, desktop.session.storage,
        trusted=desktop.signing.trusted, data_dir=desktop.data_dir,
    )  # fmt: skip
    _tell_return(desktop, page)
    grade_beside_report(page, _present(desktop.desk), desktop.hub.quality, desktop.shell.jobs, _present(desktop.actor))


def _site_of_case(desktop: Desktop) -> str:
    session = desktop.desk.session if desktop.desk is not None else None
    return "" if session is None else session.row.site_id


def _tell_return(desktop: Desktop, page: ReportPage) -> None:
    """Show beside the report what became of it, and of what it follows, after the signature."""
    from workstation.ui.report.side_column import SidePlace
    from workstation.ui.timelines import TimelineFollower
    from workstation.ui.widgets.timeline_panel import TimelinePanel

    panel, desk = TimelinePanel(), _present(desktop.desk)
    page.side.put(SidePlace.RETURN, panel)
    timelines = TimelineFollower(panel, desktop.hub.dispatch, desktop.shell.jobs)
    desk.opened.connect(lambda session: timelines.follow(session.row.ups_instance_uid))
    desk.delivered.connect(lambda _outcome: timelines.refresh())
    if desk.session is not None:
        timelines.follow(desk.session.row.ups_instance_uid)


def _templates(desktop: Desktop) -> Page:
    from workstation.bootstrap.documents import fetch_documents
    from workstation.bootstrap.site_templates import SiteTemplates
    from workstation.services.template_service import EditTemplates, PublishTemplate
    from workstation.ui.pages.template_page import TemplatePage
    from workstation.ui.pages.template_presenter import TemplatePresenter

    page, hub = TemplatePage(), desktop.hub
    fetch = fetch_documents(hub, desktop.data_dir)
    store = SiteTemplates(desktop.data_dir, fetch.cache.load)
    publish = PublishTemplate(hub.documents, store, fetch)
    TemplatePresenter(page, EditTemplates(store, hub.audit), desktop.shell.jobs, publish)
    return page


def _documents(desktop: Desktop) -> Page:
    from workstation.bootstrap.shared_page import document_trials, edit_documents
    from workstation.ui.pages.document_page import DocumentPage
    from workstation.ui.pages.document_presenter import DocumentPresenter

    page = DocumentPage()
    service = edit_documents(desktop.hub, desktop.data_dir)
    DocumentPresenter(page, service, document_trials(), desktop.shell.jobs, lambda: desktop.actor)
    return page


def _models(desktop: Desktop) -> Page:
    from workstation.ui.pages.model_page import ModelsPage
    from workstation.ui.pages.model_presenter import ModelPresenter

    actor, hub, data_dir = _present(desktop.actor), desktop.hub, desktop.data_dir

    def services() -> ModelPage:
        from workstation.bootstrap.models import model_page

        return model_page(hub.audit, data_dir)

    page = ModelsPage(may_change=actor.may(Permission.MANAGE_MODELS), machine=platform.node())
    ModelPresenter(page, services, desktop.shell.jobs, actor)
    return page


def _deliveries_word(desktop: Desktop) -> str:
    """Return what stands in the rail: what the page itself is called, by who is signed in."""
    actor = desktop.actor
    return tr("Deliveries") if actor is None or actor.may(Permission.MANAGE_ROUTES) else tr("Outbox")


def _deliveries(desktop: Desktop) -> Page:
    """Administrators see all that goes to the sites, signers their own outbox."""
    actor = _present(desktop.actor)
    if actor.may(Permission.MANAGE_ROUTES):
        from workstation.ui.pages.deliveries_page import DeliveriesPage
        from workstation.ui.pages.deliveries_presenter import DeliveriesPresenter

        page = DeliveriesPage()
        DeliveriesPresenter(page, desktop.hub.dispatch, desktop.shell.jobs)
        return page
    from workstation.dicom.objects.report_objects import DicomObjects
    from workstation.dicom.objects.whose import case_of
    from workstation.services.outbox_service import OutboxDesk
    from workstation.services.uid import SystemClock, new_uid
    from workstation.services.untaken_objects import RejectUntaken
    from workstation.ui.pages.outbox_page import OutboxPage, OutboxPresenter

    own, storage, hub = OutboxPage(), desktop.session.storage, desktop.hub
    reject = RejectUntaken(hub.workflow, hub.images, hub.images, DicomObjects(SystemClock()))
    box = OutboxDesk(
        storage.outbox,
        storage.drafts,
        hub.reports,
        hub.audit,
        new_uid,
        reject,
        case_of=case_of,
        awaited=hub.late_stamps.awaited if desktop.signing.wants_time_stamps else tuple,
    )
    OutboxPresenter(own, box, desktop.shell.jobs, actor, _present(desktop.desk).deliver)
    return own


def _quality(desktop: Desktop) -> Page:
    from workstation.services.uid import SystemClock
    from workstation.storage.files import replace_file
    from workstation.ui.pages.quality_page import QualityPage
    from workstation.ui.pages.quality_presenter import QualityPresenter

    page, hub = QualityPage(), desktop.hub
    QualityPresenter(page, hub.quality, hub.workflow, desktop.shell.jobs, SystemClock(), replace_file)
    return page


def _grassroots(desktop: Desktop) -> Page:
    from workstation.bootstrap.adapters import verifier
    from workstation.bootstrap.grading import grade_sent_cases
    from workstation.bootstrap.letterheads import recognition_policy
    from workstation.bootstrap.paper import paper_services, pdf_in
    from workstation.dicom.images.source import scan
    from workstation.exchange.paper.pdf_pages import page_pictures
    from workstation.services.recognition_service import FindRepeats, TellRepeats
    from workstation.services.returned_report_service import OpenReturnedReport
    from workstation.services.uid import SystemClock
    from workstation.ui.pages.grassroots_page import GrassrootsPage
    from workstation.ui.pages.grassroots_presenter import GrassrootsPresenter, GrassrootsServices
    from workstation.ui.timelines import TimelineFollower

    hub, policy = desktop.hub, recognition_policy(desktop.session.storage.documents.known, desktop.data_dir)
    page = GrassrootsPage()
    services = GrassrootsServices(
        scan=scan,
        sender=hub.sender,
        inbox=hub.inbox,
        worklist=hub.worklist,
        open_returned=OpenReturnedReport(hub.images, verifier(desktop.signing.trusted, desktop.data_dir), pdf_in),
        pictures=page_pictures,
        repeated=TellRepeats(hub.recognised.results, FindRepeats(policy, SystemClock())),
        repeats=hub.repeats,
        paper=paper_services(hub),
    )
    presenter = GrassrootsPresenter(page, services, desktop.shell.jobs, lambda: desktop.actor, desktop.send_queue)
    presenter.refresh()
    grade_sent_cases(page, hub.quality, desktop.shell.jobs)
    timelines = TimelineFollower(page.timeline, hub.dispatch, desktop.shell.jobs)
    page.inbox.chosen.connect(timelines.follow)
    page.inbox.acknowledge_requested.connect(lambda _ups: timelines.refresh())
    return page


def _present(value: T | None) -> T:
    if value is None:
        raise RuntimeError("this page is offered after signing in only")
    return value
