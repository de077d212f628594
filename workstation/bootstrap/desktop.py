"""The workstation: window, pages and the person signed in, joined."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QInputDialog

from resources.translation import tr, trn
from workstation import settings as settings_file
from workstation.bootstrap.environment import prepare_offscreen
from workstation.bootstrap.pictures import monitor_checking, picture_services
from workstation.bootstrap.sign_in import ORGANISATION, UnlockingSession
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import DecodeError, WorkstationError
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import Pool
from workstation.services.uid import transaction_uid
from workstation.settings import ReadingSettings, Settings
from workstation.storage.data_dir import default_data_dir, private_dir
from workstation.ui.app import Shell, build_shell
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.login_presenter import LoginPresenter
from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.send_queue import GrassrootsQueue
from workstation.ui.sign_in_again import SignInAgain
from workstation.ui.widgets.status_bar import StatusFact

if TYPE_CHECKING:  # loaded by the sign-in job, after the window is up
    from workstation.bootstrap.adapters import Hub
    from workstation.domain.report import Report
    from workstation.exchange.demo_pki import DemoKeyStore
    from workstation.services.delivery_service import DeliveryOutcome
    from workstation.services.model_service import ModelPage
    from workstation.ui.case_desk import CaseDesk
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.report_presenter import ReportPresenter
    from workstation.ui.pages.worklist_presenter import WorklistPresenter
    from workstation.ui.sign_dialog import SignDialog

T = TypeVar("T")

LOGIN: Final = "login"
WORKLIST: Final = "worklist"
READING: Final = "reading"
REPORT: Final = "report"
GRASSROOTS: Final = "grassroots"
MODELS: Final = "models"
_IDLE_MS: Final = 400


class Desktop:
    """Everything of one running workstation; ``demo_accounts`` are shown on the sign-in page of a demo."""

    def __init__(
        self,
        hub_url: str,
        *,
        data_dir: Path,
        settings: Settings,
        settings_path: Path | None,
        demo_accounts: Sequence[str] = (),
    ) -> None:
        self._settings = settings
        self._settings_path = settings_path
        self._demo_accounts = tuple(demo_accounts)
        self._version = version("lianyue")
        self.shell: Shell = build_shell(settings, crash_folder=data_dir / "crashes", version=self._version)
        self._hub_url = hub_url
        self.session = UnlockingSession(lambda: self.hub, data_dir)
        self._login = LoginPresenter(self.session, self.shell.jobs)
        self._worklist: WorklistPresenter | None = None
        self.send_queue = GrassrootsQueue()
        self._data_dir = data_dir
        self.desk: CaseDesk | None = None
        self._report: ReportPresenter | None = None
        self._ahead: ReadingPage | None = None
        """The reading page on its way, before a case needs it"""
        self._register()
        window = self.shell.window
        self._again = SignInAgain(window, self.shell.jobs)
        self._again.signed_in.connect(self._signed_in_again)
        self._again.sign_out_wanted.connect(self.sign_out)
        window.sign_out_requested.connect(self.sign_out)
        window.settings_changed.connect(self._keep_settings)
        window.monitors = monitor_checking(data_dir, lambda: self.actor)
        window.show_page(LOGIN)

    @cached_property
    def hub(self) -> Hub:
        """Return the clients of the hub; first asked for by the sign-in job."""
        from workstation.bootstrap.adapters import connect

        return connect(self._hub_url)

    @cached_property
    def keys(self) -> DemoKeyStore:
        """Return the signing keys of this machine."""
        from workstation.exchange.demo_pki import DemoKeyStore

        return DemoKeyStore(private_dir(self._data_dir / "pki"))

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self.session.actor

    @property
    def sign_dialog(self) -> SignDialog | None:
        """Return the open sign dialog."""
        return self._report.dialog if self._report is not None else None

    def page(self, page_id: str) -> Page:
        """Return a page of the window."""
        return self.shell.window.page(page_id)

    def run(self) -> int:
        """Show the window and run until it is closed."""
        self.shell.window.showMaximized()
        status = self.shell.app.exec()
        self.close()
        return status

    def close(self) -> None:
        """Save, sign out and end background work."""
        leave_hub = self._leave()
        self.shell.window.discard_pages()
        self.shell.close()
        self.session.forget()
        leave_hub()

    def _leave(self) -> Callable[[], None]:
        """Put the desk away; return what is left to do at the hub, which may take its time."""
        desk, worklist = self.desk, self._worklist
        self.desk = self._worklist = self._report = None
        self._drop_ahead()
        gc.unfreeze()
        self._again.forget()
        if desk is not None:
            desk.stop()
        hub: Hub | None = self.__dict__.pop("hub", None)  # whoever comes next gets a session of their own

        def leave() -> None:
            if hub is None:
                return
            if desk is not None:
                desk.put_back_unopened()
            if worklist is not None:
                worklist.put_back_unopened()
            hub.session.sign_out()
            hub.client.close()

        return leave

    # people come and go

    def signed_in(self, actor: Actor) -> None:
        """Open the person's desk and show the page the role works on."""
        window = self.shell.window
        hub = self.hub
        hub.client.session_ended = lambda: self.shell.main_thread.post(lambda: self._session_ended(hub))
        pages = set()
        if actor.may(Permission.CLAIM_READING):
            from workstation.bootstrap.desk import desk_services
            from workstation.ui.case_desk import CaseDesk
            from workstation.ui.pages.worklist_presenter import WorklistPresenter

            storage = self.session.storage
            self._worklist = WorklistPresenter(
                self.hub.worklist,
                self.shell.jobs,
                actor=lambda: self.actor,
                transaction_uid=lambda user, ups: transaction_uid(storage.secret, user, ups),
                now=lambda: datetime.now().astimezone(),
            )
            self.desk = CaseDesk(
                desk_services(self.hub, storage, self.keys),
                self.shell.jobs,
                lambda: self.actor,
                read_first=lambda reader: reader.role in self._settings.reading.read_first_roles,
            )
            self.desk.submitted.connect(self._note_decisions)
            self.desk.signed.connect(lambda signed: self._note_decisions(signed.report))
            self.desk.refused.connect(self._refused)
            self.desk.delivered.connect(self._delivered)
            self.desk.put_back.connect(self._put_back)
            self.desk.kept.connect(self._kept)
            self.desk.start()
            pages |= {WORKLIST, READING, REPORT}
        if actor.may(Permission.SEND_STUDY):
            pages.add(GRASSROOTS)
        if actor.may(Permission.MANAGE_MODELS) or actor.may(Permission.SIGN_FINAL):
            pages.add(MODELS)
        window.set_available(frozenset(pages))
        window.set_actor(actor)
        window.set_fact("hub", lambda: StatusFact("hub", self._hub_url, icon="signal-tower", icon_tone="ok"))
        self._settings = replace(self._settings, connection=replace(self._settings.connection, last_user=actor.user_id))
        self._keep_settings(self._settings)
        if WORKLIST in pages:
            # each in a turn of its own: rail, page and first picture are work enough for three
            QTimer.singleShot(0, self._make_worklist_ahead)
        elif GRASSROOTS in pages:
            window.show_page(GRASSROOTS)
        elif MODELS in pages:
            window.show_page(MODELS)
        else:
            window.toast.say(tr("There is no page for this role yet"))
            self.sign_out()

    def _make_worklist_ahead(self) -> None:
        if self.desk is not None:
            self.page(WORKLIST)
            QTimer.singleShot(0, self._show_worklist)

    def _show_worklist(self) -> None:
        if self.desk is not None:
            self.shell.window.show_page(WORKLIST)
            # what is loaded by now stays: the collector, which stops the window, need not look at it again
            gc.freeze()
            QTimer.singleShot(_IDLE_MS, self._build_ahead)

    def _build_ahead(self) -> None:
        """Make the pages of a case while nothing happens, little by little, so that opening the first one is quick."""
        if self.desk is None or self._ahead is not None:
            return
        from workstation.bootstrap.image_stream import open_stream
        from workstation.ui.pages.reading_page import ReadingPage

        window, hub = self.shell.window, self.hub
        self.shell.jobs.submit(Pool.IO, lambda _job: open_stream(hub.images))  # starts the children that decode
        self._ahead = ahead = ReadingPage(self._settings.reading, in_steps=True)
        ahead.setParent(window)  # else it would be a window of its own
        ahead.building.finished.connect(lambda: QTimer.singleShot(0, self._take_ahead))
        ahead.building.start()

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.building.stop()
            self._ahead.deleteLater()
            self._ahead = None

    def _take_ahead(self) -> None:
        if self.desk is not None and self._ahead is not None:
            self.page(READING)
            QTimer.singleShot(_IDLE_MS, self._make_report_ahead)

    def _make_report_ahead(self) -> None:
        if self.desk is not None:
            self.page(REPORT)
            gc.freeze()

    def sign_out(self) -> None:
        """Save the open case, forget the person and show the sign-in page."""
        desk = self.desk
        leave_hub = self._leave()
        window = self.shell.window
        window.discard_pages()
        if desk is not None:
            desk.deleteLater()
        self.send_queue.stop_all()
        self.send_queue = GrassrootsQueue()
        window.toast.clear()
        self.session.forget()
        self.shell.jobs.submit(Pool.IO, lambda _job: leave_hub())
        window.set_actor(None)
        window.set_fact("hub", None)
        window.show_page(LOGIN)

    def _session_ended(self, hub: Hub) -> None:
        actor = self.actor
        if actor is not None and self.__dict__.get("hub") is hub:
            self._again.ask(actor, lambda password: hub.session.sign_in(actor.user_id, password))

    def _signed_in_again(self) -> None:
        from workstation.ui.pages.reading_page import ReadingPage

        self.shell.window.toast.say(tr("Signed in again"))
        if self.desk is not None:
            self.desk.deliver()
            reading = self.page(READING) if self.desk.session is not None else None
            if isinstance(reading, ReadingPage):
                reading.retry_requested.emit()  # the slices that the ended session did not get
        if self._worklist is not None:
            self._worklist.refresh()

    # pages

    def _register(self) -> None:
        for spec in (
            PageSpec(LOGIN, lambda: tr("Sign in"), "login-circle", self._make_login, in_rail=False, full_window=True),
            PageSpec(WORKLIST, lambda: tr("Worklist"), "task", self._make_worklist, key="F2"),
            PageSpec(READING, lambda: tr("Images"), "image-edit", self._make_reading, key="F3", slim_rail=True),
            PageSpec(REPORT, lambda: tr("Report"), "file-text", self._make_report, key="F4"),
            PageSpec(GRASSROOTS, lambda: tr("Station"), "hospital", self._make_grassroots, key="F7"),
            PageSpec(MODELS, lambda: tr("Models"), "robot", self._make_models, key="F9"),
        ):
            self.shell.window.register(spec)

    def _make_login(self) -> Page:
        page = LoginPage(
            self._login,
            hub=f"{ORGANISATION.get(self._settings.appearance.language)} · {self._hub_url}",
            version=self._version,
            last_user=self._settings.connection.last_user,
            demo_accounts=self._demo_accounts,
        )
        page.signed_in.connect(self.signed_in)
        page.language_chosen.connect(self._choose_language)
        return page

    def _make_worklist(self) -> Page:
        from workstation.ui.pages.worklist_page import WorklistPage

        page = WorklistPage(_present(self._worklist), self._settings.worklist)
        page.open_requested.connect(self.open_case)
        page.preferences_changed.connect(
            lambda worklist: self._keep_settings(replace(self._settings, worklist=worklist))
        )
        return page

    def _make_reading(self) -> Page:
        from workstation.bootstrap.comparing import comparing
        from workstation.bootstrap.foreign import foreign_reading
        from workstation.bootstrap.fusing import fusing
        from workstation.bootstrap.image_stream import open_stream
        from workstation.bootstrap.nodules import measure_nodule
        from workstation.bootstrap.reading_ai import reading_ai
        from workstation.ui.pages.reading_page import ReadingPage
        from workstation.ui.pages.reading_presenter import ReadingPresenter

        desk = _present(self.desk)
        ahead, self._ahead = self._ahead, None
        page = ahead or ReadingPage(self._settings.reading)
        page.building.finish()
        page.pictures = picture_services(self.hub, self._data_dir)
        page.measure_nodule = measure_nodule()
        page.preferences_changed.connect(self._keep_share)
        ReadingPresenter(
            page,
            desk,
            self.shell.jobs,
            open_stream=open_stream(self.hub.images),
            comparing=comparing(self.hub, self.session.storage),
            fusing=fusing(self.hub),
            foreign=foreign_reading(self.hub),
            reading_ai=reading_ai(self._data_dir),
            in_steps=ahead is not None,
        )
        desk.finding_wanted.connect(page.jump_to)
        return page

    def _keep_share(self, reading: ReadingSettings) -> None:
        share = replace(self._settings.reading, findings_share=reading.findings_share)
        self._keep_settings(replace(self._settings, reading=share))

    def _note_decisions(self, report: Report) -> None:
        """Count how the reader decided on the marks of the model; the report is safe whether this succeeds or not."""
        from workstation.bootstrap.reading_ai import reading_ai

        actor = self.actor
        if actor is not None:
            known, user = reading_ai(self._data_dir), actor.user_id
            self.shell.jobs.submit(Pool.IO, lambda _job: known.note(report, user), on_error=_uncounted)

    def _make_report(self) -> Page:
        from workstation.bootstrap.desk import Preview
        from workstation.ui.pages.report_page import ReportPage
        from workstation.ui.pages.report_presenter import ReportPresenter

        desk = _present(self.desk)
        page = ReportPage()
        self._report = ReportPresenter(
            page,
            desk,
            self.shell.jobs,
            preview=Preview(),
            certificate_subject=self.keys.subject,
        )
        return page

    def _make_models(self) -> Page:
        from workstation.ui.pages.model_page import ModelsPage
        from workstation.ui.pages.model_presenter import ModelPresenter

        actor, hub, data_dir = _present(self.actor), self.hub, self._data_dir

        def services() -> ModelPage:
            from workstation.bootstrap.models import model_page

            return model_page(hub.audit, data_dir)

        page = ModelsPage(may_change=actor.may(Permission.MANAGE_MODELS))
        ModelPresenter(page, services, self.shell.jobs, actor)
        return page

    def _make_grassroots(self) -> Page:
        from workstation.bootstrap.adapters import verifier
        from workstation.dicom.source import scan
        from workstation.exchange.pdf_pages import page_pictures
        from workstation.services.returned_report_service import OpenReturnedReport
        from workstation.ui.pages.grassroots_page import GrassrootsPage
        from workstation.ui.pages.grassroots_presenter import GrassrootsPresenter, GrassrootsServices

        page = GrassrootsPage()
        services = GrassrootsServices(
            scan=scan,
            sender=self.hub.sender,
            inbox=self.hub.inbox,
            worklist=self.hub.worklist,
            open_returned=OpenReturnedReport(self.hub.images, verifier(None, self._data_dir), _pdf_in),
            pictures=page_pictures,
        )
        presenter = GrassrootsPresenter(page, services, self.shell.jobs, lambda: self.actor, self.send_queue)
        presenter.refresh()
        return page

    # what pages ask

    def open_case(self, row: WorklistRow, read_only: bool) -> None:  # noqa: FBT001 - the signal's argument
        """Open a case from the worklist in one step."""
        if self.desk is not None:
            self.page(READING)  # made before the case opens, so that it hears of it
            self.page(REPORT)
            self.desk.open(row, read_only=read_only)
            self.shell.window.show_page(READING)

    def _refused(self, row: WorklistRow, error: WorkstationError) -> None:
        self.shell.window.show_page(WORKLIST)
        if self._worklist is not None:
            self._worklist.opening_refused(row, error)

    def _put_back(self, row: WorklistRow) -> None:
        self._tell_left(tr("{name} is back on the list.", name=name_or_placeholder(row.patient_name)))

    def _kept(self, row: WorklistRow) -> None:
        self._tell_left(tr("{name} stays under Mine.", name=name_or_placeholder(row.patient_name)))

    def _tell_left(self, text: str) -> None:
        self.shell.window.toast.say(text)
        if self._worklist is not None:
            self._worklist.refresh()

    def _delivered(self, outcome: DeliveryOutcome) -> None:
        window = self.shell.window
        if outcome.delivered:
            window.toast.say(
                trn("{count} signed report delivered", "{count} signed reports delivered", outcome.delivered)
            )
        if self._worklist is not None:
            self._worklist.refresh()

    def _choose_language(self, language: str) -> None:
        appearance = replace(self._settings.appearance, language=language)
        self._keep_settings(replace(self._settings, appearance=appearance))
        self.shell.window.apply_settings(self._settings)

    def _keep_settings(self, settings: Settings) -> None:
        if settings.appearance != self._settings.appearance:
            self._drop_ahead()  # it speaks the language it was begun in
        self._settings = settings
        if self._settings_path is None:
            return
        try:
            settings_file.save(settings, self._settings_path)
        except WorkstationError as error:
            self.shell.window.toast.say(error.user_text)


def _present(value: T | None) -> T:
    if value is None:
        raise RuntimeError("this page is offered after signing in only")
    return value


def _uncounted(error: Exception) -> None:
    """Let a count go that the disk refuses: it is a convenience, no result."""
    if not isinstance(error, WorkstationError):
        raise error


def _pdf_in(part10: bytes) -> bytes:
    from workstation.dicom.encapsulated import taken_apart

    try:
        return taken_apart(part10).pdf
    except ValueError as exc:
        raise DecodeError(tr("The returned report is damaged"), detail=str(exc)) from exc


def run_desktop(*, hub_url: str | None) -> int:
    """Start the workstation with the person's settings."""
    prepare_offscreen()
    path = settings_file.default_path()
    settings = settings_file.load(path, settings_file.policy_path()).settings
    url = hub_url or settings.connection.hub_url or _ask_for_hub(settings)
    if not url:
        return 2
    settings = replace(settings, connection=replace(settings.connection, hub_url=url))
    return Desktop(url, data_dir=private_dir(default_data_dir()), settings=settings, settings_path=path).run()


def _ask_for_hub(settings: Settings) -> str:
    """Ask for the hub's address on the first start."""
    build_shell(settings, crash_folder=default_data_dir() / "crashes").window.hide()
    url, given = QInputDialog.getText(None, "联阅 Lianyue", tr("Address of the hub, for example https://hub.example"))
    return url.strip() if given else ""
