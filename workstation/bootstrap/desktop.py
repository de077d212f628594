"""The workstation: window, pages and the person signed in, joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QInputDialog

from resources.translation import tr, trn
from workstation import settings as settings_file
from workstation.bootstrap.critical import CriticalValues
from workstation.bootstrap.desktop_pages import (
    DELIVERIES,
    DOCUMENTS,
    GRASSROOTS,
    LOGIN,
    MODELS,
    QUALITY,
    READING,
    REPORT,
    TEMPLATES,
    WORKLIST,
    page_specs,
)
from workstation.bootstrap.environment import prepare_offscreen
from workstation.bootstrap.heap import HeapAfterCases
from workstation.bootstrap.pictures import monitor_checking
from workstation.bootstrap.sign_in import UnlockingSession
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import WorkstationError
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import Pool
from workstation.services.uid import transaction_uid
from workstation.settings import ReadingSettings, Settings
from workstation.storage.data_dir import default_data_dir, private_dir
from workstation.ui.app import Shell, build_shell
from workstation.ui.document_watch import DocumentWatch
from workstation.ui.document_words import FACT, documents_fact, taken_words, waiting_fact
from workstation.ui.pages.login_page import LoginPage
from workstation.ui.pages.login_presenter import LoginPresenter
from workstation.ui.pages.page import Page
from workstation.ui.quiet_collector import QuietCollector
from workstation.ui.send_queue import GrassrootsQueue
from workstation.ui.sign_in_again import SignInAgain
from workstation.ui.two_identifiers import name_and_id
from workstation.ui.widgets.status_bar import StatusFact

if TYPE_CHECKING:  # loaded by the sign-in job, after the window is up
    from workstation.bootstrap.adapters import Hub
    from workstation.bootstrap.signing import Signing
    from workstation.domain.report import Report
    from workstation.domain.shared_document import DocumentInfo
    from workstation.services.delivery_service import DeliveryOutcome
    from workstation.ui.case_desk import CaseDesk
    from workstation.ui.pages.report_presenter import ReportPresenter
    from workstation.ui.pages.worklist_presenter import WorklistPresenter
    from workstation.ui.sign_dialog import SignDialog

__all__ = ["GRASSROOTS", "LOGIN", "MODELS", "READING", "REPORT", "WORKLIST", "Desktop", "run_desktop"]

_IDLE_MS: Final = 400
_SOON_MS: Final = 30_000


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
        self.settings = settings
        self._settings_path = settings_path
        self.demo_accounts = tuple(demo_accounts)
        self.version = version("lianyue")
        self.shell: Shell = build_shell(settings, crash_folder=data_dir / "crashes", version=self.version)
        self.hub_url = hub_url
        self.session = UnlockingSession(lambda: self.hub, data_dir)
        self.login = LoginPresenter(self.session, self.shell.jobs)
        self.worklist: WorklistPresenter | None = None
        self.send_queue = GrassrootsQueue()
        self.data_dir = data_dir
        self.desk: CaseDesk | None = None
        self.report: ReportPresenter | None = None
        self.critical = CriticalValues(self.shell)
        self._is_settled = False
        self._watch: DocumentWatch | None = None
        self._collector = QuietCollector()
        self._collector.start()
        self._heap = HeapAfterCases(self.shell.jobs)
        window = self.shell.window
        for spec in page_specs(self):
            window.register(spec)
        self._again = SignInAgain(window, self.shell.jobs)
        self._again.signed_in.connect(self._signed_in_again)
        self._again.sign_out_wanted.connect(self.sign_out)
        window.sign_out_requested.connect(self.sign_out)
        window.settings_changed.connect(self.keep_settings)
        window.page_shown.connect(self._page_shown)
        window.page_prepared.connect(self._page_prepared)
        window.monitors = monitor_checking(data_dir, lambda: self.actor)
        window.show_page(LOGIN)

    @cached_property
    def hub(self) -> Hub:
        """Return the clients of the hub; first asked for by the sign-in job."""
        from workstation.bootstrap.adapters import connect

        return connect(self.hub_url)

    @cached_property
    def signing(self) -> Signing:
        """Return the signing keys of this machine."""
        from workstation.bootstrap.signing import signing

        return signing(self.settings.signing, self.data_dir)

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self.session.actor

    @property
    def sign_dialog(self) -> SignDialog | None:
        """Return the open sign dialog."""
        return self.report.dialog if self.report is not None else None

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
        self.send_queue.stop_all()  # a send that waits for the line would keep the program alive for minutes
        self._heap.stop()
        self.shell.close()
        self._collector.stop()
        self.session.forget()
        leave_hub()

    def _leave(self) -> Callable[[], None]:
        """Put the desk away; return what is left to do at the hub, which may take its time."""
        desk, worklist = self.desk, self.worklist
        self.desk = self.worklist = self.report = None
        self._is_settled = False
        self._collector.release()
        self._again.forget()
        if self._watch is not None:
            self._watch.stop()
            self._watch.deleteLater()
            self._watch = None
        self.critical.leave()
        if desk is not None:
            desk.stop()
        hub: Hub | None = self.__dict__.pop("hub", None)  # whoever comes next gets a session of their own

        def leave() -> None:
            if hub is None:
                return
            if desk is not None:
                desk.put_back_unopened()
            if worklist is not None:
                worklist.acts.put_back_unopened()
            hub.session.sign_out()
            hub.client.close()

        return leave

    # people come and go

    def signed_in(self, actor: Actor) -> None:
        """Open the person's desk and show the page the role works on."""
        window = self.shell.window
        hub = self.hub
        hub.client.session_ended = lambda: self.shell.main_thread.post(lambda: self._session_ended(hub))
        hub.client.line_changed = lambda up: self.shell.main_thread.post(lambda: self._show_line(hub, up=up))
        pages = set()
        if actor.may(Permission.CLAIM_READING):
            from worklist.thumbnails import HubThumbnails
            from workstation.bootstrap.desk import desk_services
            from workstation.ui.case_desk import CaseDesk
            from workstation.ui.pages.worklist_presenter import WorklistPresenter

            storage = self.session.storage
            self.worklist = WorklistPresenter(
                self.hub.worklist,
                self.shell.jobs,
                actor=lambda: self.actor,
                transaction_uid=lambda user, ups: transaction_uid(storage.secret, user, ups),
                now=lambda: datetime.now().astimezone(),
                thumbnails=HubThumbnails(hub.client, hub.images),
                read_first=self._reads_first,
            )
            self.desk = CaseDesk(
                desk_services(self.hub, storage, self.signing),
                self.shell.jobs,
                lambda: self.actor,
                read_first=self._reads_first,
            )
            self.desk.submitted.connect(self._note_decisions)
            self.desk.signed.connect(lambda signed: self._note_decisions(signed.report))
            self.desk.refused.connect(self._refused)
            self.desk.delivered.connect(self._delivered)
            self.desk.put_back.connect(self._put_back)
            self.desk.closed.connect(self._heap.case_closed)
            self.desk.kept.connect(self._kept)
            self.desk.undelivered.connect(self.worklist.tell_undelivered)
            self.worklist.acts.released, self.worklist.acts.holds_back = self.desk.let_go, self.desk.holds_back
            self.desk.start()
            pages |= {WORKLIST, READING, REPORT}
        if actor.may(Permission.SEND_STUDY):
            pages.add(GRASSROOTS)
        if actor.may(Permission.MANAGE_MODELS) or actor.may(Permission.SIGN_FINAL):
            pages.add(MODELS)
        if actor.may(Permission.SET_REPORT_POLICY):
            pages |= {TEMPLATES, DOCUMENTS}
        if actor.may(Permission.MANAGE_ROUTES) or actor.may(Permission.SIGN_FINAL):
            pages.add(DELIVERIES)
        if actor.may(Permission.SEE_STATISTICS):
            pages.add(QUALITY)
        window.set_available(frozenset(pages))
        window.set_actor(actor)
        self.critical.enter(hub, self.session.storage, lambda: self.actor)
        self._show_line(hub, up=True)
        at_hand = self.session.at_hand
        window.set_fact(FACT, partial(documents_fact, at_hand) if at_hand is not None and at_hand.is_stale else None)
        self._watch_documents(hub)
        self.settings = replace(self.settings, connection=replace(self.settings.connection, last_user=actor.user_id))
        self.keep_settings(self.settings)
        start = next((page for page in (WORKLIST, GRASSROOTS, MODELS, QUALITY, TEMPLATES) if page in pages), None)
        if start is not None:
            window.show_soon(start)
        else:
            window.toast.say(tr("There is no page for this role yet"))
            self.sign_out()

    def _watch_documents(self, hub: Hub) -> None:
        """Let new reports begin with what the hub gives anew, never one that is open."""
        from workstation.bootstrap.documents import fetch_documents, read_ahead

        window = self.shell.window

        def taken(newer: tuple[DocumentInfo, ...]) -> None:
            window.set_fact(FACT, None)
            if newer:
                window.toast.say(taken_words(newer))

        self._watch = DocumentWatch(
            self.shell.jobs,
            read_ahead(fetch_documents(hub, self.data_dir)),
            self.session.storage.documents,
            lambda: self.desk is None or self.desk.is_free,
            waiting=lambda newer: window.set_fact(FACT, partial(waiting_fact, newer)),
            taken=taken,
        )
        at_hand = self.session.at_hand
        if at_hand is not None and at_hand.is_stale:  # the hub was silent as one signed in
            QTimer.singleShot(_SOON_MS, self._watch, self._watch.ask)

    def _page_shown(self, page_id: str) -> None:
        if page_id == WORKLIST and not self._is_settled:
            self._is_settled = True
            # what is loaded by now stays: the collector, which stops the window, need not look at it again
            self._collector.settle()
            QTimer.singleShot(_IDLE_MS, self._prepare_case)

    def _prepare_case(self) -> None:
        """Make the pages of a case while nothing happens, little by little, so that opening the first one is quick."""
        if self.desk is None:
            return
        from workstation.bootstrap.image_stream import open_stream

        hub, hanging = self.hub, self.session.storage.hanging
        self.shell.jobs.submit(Pool.IO, lambda _job: open_stream(hub.images))  # starts the children that decode
        self.shell.jobs.submit(Pool.IO, lambda _job: hanging.all())
        self.shell.window.prepare(READING)

    def _page_prepared(self, page_id: str) -> None:
        if page_id == READING:
            QTimer.singleShot(_IDLE_MS, self._prepare_report)
        elif page_id == REPORT:
            self._collector.settle()

    def _prepare_report(self) -> None:
        if self.desk is not None:
            self.shell.window.prepare(REPORT)

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
        window.set_fact(FACT, None)
        window.set_fact("late_stamps", None)
        window.show_soon(LOGIN)

    def _show_line(self, hub: Hub, *, up: bool) -> None:
        if self.__dict__.get("hub") is not hub:
            return  # somebody signed out since

        def fact() -> StatusFact:
            if up:
                return StatusFact("hub", self.hub_url, icon="signal-tower", icon_tone="ok")
            silent = tr("{hub} does not answer", hub=self.hub_url)
            return StatusFact("hub", silent, icon="wifi-off", icon_tone="bad", tone="bad")

        self.shell.window.set_fact("hub", fact)

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
        if self.worklist is not None:
            self.worklist.refresh()

    # what pages ask

    def keep_reading_settings(self, reading: ReadingSettings) -> None:
        """Keep what the reading page was given by hand."""
        share = replace(self.settings.reading, findings_share=reading.findings_share)
        self.keep_settings(replace(self.settings, reading=share))

    def _reads_first(self, reader: Actor) -> bool:
        """Tell whether a person sees what the AI found only after an own look."""
        return reader.role in self.settings.reading.read_first_roles

    def _note_decisions(self, report: Report) -> None:
        """Count how the reader decided on the marks of the model; the report is safe whether this succeeds or not."""
        from workstation.bootstrap.reading_ai import reading_ai

        actor = self.actor
        if actor is not None:
            known, user = reading_ai(self.data_dir), actor.user_id
            self.shell.jobs.submit(Pool.IO, lambda _job: known.note(report, user), on_error=_uncounted)

    def open_case(self, row: WorklistRow, read_only: bool) -> None:  # noqa: FBT001 - the signal's argument
        """Open a case from the worklist in one step."""
        if self.desk is not None:
            self.page(READING)  # made before the case opens, so that it hears of it
            self.page(REPORT)
            self.desk.open(row, read_only=read_only)
            self.shell.window.show_page(READING)

    def _refused(self, row: WorklistRow, error: WorkstationError) -> None:
        self.shell.window.show_page(WORKLIST)
        if self.worklist is not None:
            self.worklist.acts.opening_refused(row, error)

    def _put_back(self, row: WorklistRow) -> None:
        self._tell_left(tr("{name} is back on the list.", name=name_and_id(row)))

    def _kept(self, row: WorklistRow) -> None:
        self._tell_left(tr("{name} stays under Mine.", name=name_and_id(row)))

    def _tell_left(self, text: str) -> None:
        self.shell.window.toast.say(text)
        if self.worklist is not None:
            self.worklist.refresh()

    def _delivered(self, outcome: DeliveryOutcome) -> None:
        window = self.shell.window
        if outcome.delivered:
            window.toast.say(
                trn("{count} signed report delivered", "{count} signed reports delivered", outcome.delivered)
            )
        if outcome.stamped:
            window.toast.say(
                trn(
                    "{count} delivered report has got its time stamp, later than it was signed",
                    "{count} delivered reports have got their time stamps, later than they were signed",
                    outcome.stamped,
                )
            )
        window.set_fact("stamps", partial(_held_fact, outcome.held) if outcome.held else None)
        window.set_fact("late_stamps", partial(_unstamped_fact, outcome.unstamped) if outcome.unstamped else None)
        if self.worklist is not None:
            self.worklist.refresh()

    def choose_language(self, language: str) -> None:
        """Speak another language."""
        appearance = replace(self.settings.appearance, language=language)
        self.keep_settings(replace(self.settings, appearance=appearance))
        self.shell.window.apply_settings(self.settings)

    def keep_settings(self, settings: Settings) -> None:
        """Take over settings and write them down; a full disk costs only their survival."""
        self.settings = settings
        if self._settings_path is None:
            return
        try:
            settings_file.save(settings, self._settings_path)
        except WorkstationError as error:
            self.shell.window.toast.say(error.user_text)


def _uncounted(error: Exception) -> None:
    """Let a count go that the disk refuses: it is a convenience, no result."""
    if not isinstance(error, WorkstationError):
        raise error


def run_desktop(*, hub_url: str | None) -> int:
    """Start the workstation with the person's settings."""
    prepare_offscreen()
    path = settings_file.default_path()
    loaded = settings_file.load(path, settings_file.policy_path())
    settings = loaded.settings
    url = hub_url or settings.connection.hub_url or _ask_for_hub(settings)
    if not url:
        return 2
    settings = replace(settings, connection=replace(settings.connection, hub_url=url))
    desktop = Desktop(url, data_dir=private_dir(default_data_dir()), settings=settings, settings_path=path)
    tell_doubts(desktop.page(LOGIN), loaded.doubts)
    return desktop.run()


def tell_doubts(page: Page, doubts: Sequence[str]) -> None:
    """Say on the sign-in page that a settings file could not be read: somebody will miss what was set."""
    if isinstance(page, LoginPage) and any(doubt.startswith("unreadable:") for doubt in doubts):
        page.show_problem(
            WorkstationError(
                tr("The settings could not be read; the defaults are used"),
                hint=tr("The damaged file is kept in the settings folder. Set what you miss once more."),
            )
        )


def _ask_for_hub(settings: Settings) -> str:
    """Ask for the hub's address on the first start."""
    build_shell(settings, crash_folder=default_data_dir() / "crashes").window.hide()
    url, given = QInputDialog.getText(None, "联阅 Lianyue", tr("Address of the hub, for example https://hub.example"))
    return url.strip() if given else ""


def _unstamped_fact(count: int) -> StatusFact:
    words = trn(
        "{count} delivered report lacks its time stamp", "{count} delivered reports lack their time stamps", count
    )
    return StatusFact("late_stamps", words, icon="timer", icon_tone="warn", tone="warn")


def _held_fact(count: int) -> StatusFact:
    words = trn("{count} signed report waits for its time stamp", "{count} signed reports wait for a time stamp", count)
    return StatusFact("stamps", words, icon="timer", icon_tone="warn", tone="warn")
