"""Offers the text of a withdrawn report, which waits on this machine, to the right study."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from resources.translation import tr, trn
from workstation.domain.errors import WorkstationError
from workstation.domain.template import FieldType
from workstation.domain.withdrawn import WaitingTexts, Withdrawn
from workstation.services.carry_over import (
    CarriedText,
    CarryOver,
    offered,
    take_over,
    without_field,
)
from workstation.services.jobs import JobRunner, Pool
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.page import Page
from workstation.ui.report.carry_dialog import CarryDialog, named

_KEY: Final = "report-carrying"


class Carrying(QObject):
    """Belongs to one report page; offers what waits on this machine until it is taken over or refused."""

    looked = Signal(object)
    """``WaitingTexts`` as they are on disk now"""

    def __init__(self, page: Page, desk: CaseDesk, jobs: JobRunner, carry: CarryOver | None) -> None:
        super().__init__(page)
        self._page, self._desk, self._jobs, self._carry = page, desk, jobs, carry
        self._waiting: tuple[Withdrawn, ...] = ()
        self._used: set[str] = set()
        """Report UIDs of what was taken over; they go from disk once the drafts are there"""
        self.dialog: CarryDialog | None = None
        self.confirm: ConfirmDialog | None = None
        desk.closed.connect(self._closed)
        desk.draft_saved.connect(self._drop_used)
        self.look()

    def keep(self, withdrawn: Withdrawn) -> WorkstationError | None:
        """Keep a text on disk, in the thread of a job; return why it could not be kept."""
        if self._carry is None:
            return None
        try:
            self._carry.waiting.keep(withdrawn)
        except WorkstationError as error:
            return error
        return None

    def look(self) -> None:
        """Look at the disk for what waits."""
        carry = self._carry
        if carry is None or not isValid(self):
            return

        def found(waiting: WaitingTexts) -> None:
            if not isValid(self):
                return  # the page was built anew, and looks by itself
            self._waiting = tuple(one for one in waiting.texts if one.report.report_uid not in self._used)
            if waiting.unreadable:
                title = tr("A withdrawn text that waited on this machine cannot be opened")
                self._tell(Severity.DEGRADED, title, tr("It stays to be read in the versions of its case."))
            self.looked.emit(waiting)

        self._jobs.submit(Pool.DB, lambda _job: carry.waiting.all(), on_success=found, on_error=self._failed)

    def may(self, session: ReadingSession) -> bool:
        """Tell whether a text may be offered for the open case."""
        return bool(offered(self._waiting, session))

    def ask(self) -> None:
        """Ask whose study this is, then take the text over."""
        session = self._desk.session
        if session is None or self.dialog is not None or self.confirm is not None:
            return
        waiting = offered(self._waiting, session)
        if not waiting:
            return
        dialog = CarryDialog(self._page, waiting, session.study)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.confirmed.connect(lambda withdrawn, typed: self._take(session, withdrawn, typed))
        dialog.refused.connect(self._ask_refusal)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    def _ask_refusal(self, withdrawn: Withdrawn) -> None:
        self.confirm = dialog = ConfirmDialog(
            self._page,
            tr("Discard the withdrawn text?"),
            named(withdrawn),
            tr("Discard"),
            hint=tr(
                "It is not offered any more. It stays to be read in the versions of the case it was withdrawn from."
            ),
            danger=True,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._drop(withdrawn.report.report_uid))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _drop(self, report_uid: str) -> None:
        carry = self._carry
        if carry is None:
            return
        self._jobs.submit(
            Pool.DB,
            lambda _job: carry.waiting.drop(report_uid),
            on_success=lambda _none: self.look(),
            on_error=self._failed,
        )

    def _drop_used(self, _saved_at: object = None) -> None:
        """Delete what was taken over, once every draft is on disk: a crash before that loses no word."""
        if self._used and not self._desk.has_unsaved:
            used, self._used = self._used, set()
            for report_uid in used:
                self._drop(report_uid)

    def _take(self, session: ReadingSession, withdrawn: Withdrawn, typed: str) -> None:
        carry = self._carry
        if carry is None:
            return

        def arrived(carried: CarriedText) -> None:
            if self._desk.session is session and not session.content_locked:
                self._put(session, withdrawn, carried)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self._desk.session is session:
                self._tell(Severity.DEGRADED, error.user_text, error.hint)

        self._jobs.submit(Pool.IO, lambda _job: carry(withdrawn, session, typed), on_success=arrived, on_error=failed)

    def _put(self, session: ReadingSession, withdrawn: Withdrawn, carried: CarriedText) -> None:
        template = carried.template or session.template
        if not any(item.type is FieldType.TEXT for item in template.fields):
            self._tell(
                Severity.DEGRADED,
                tr("This template has no field for the words"),
                tr("Choose another one and take them over again."),
            )
            return
        # before the report says that it changed, so that it is not offered again
        self._waiting = tuple(one for one in self._waiting if one is not withdrawn)
        self._used.add(withdrawn.report.report_uid)
        taken = take_over(carried, session)
        said = trn("{count} field was taken over", "{count} fields were taken over", len(taken))
        told = [
            tr(
                "Check each against these images, then confirm it with {key}.",
                key=shown_key("report.confirm", "Ctrl+D"),
            )
        ]
        strange = without_field(carried, session.template)
        if strange:
            told.insert(
                0,
                trn(
                    "{count} field is not in this template: its words stand below the findings.",
                    "{count} fields are not in this template: their words stand below the findings.",
                    len(strange),
                ),
            )
        self._tell(Severity.NEWS, said, " ".join(told))
        if self._desk.flush():
            self._drop_used()

    def _closed(self) -> None:
        self._page.notices.clear_notice(_KEY)
        for dialog in (self.dialog, self.confirm):
            if dialog is not None:
                dialog.reject()
        self._drop_used()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if isValid(self):
            self._tell(Severity.DEGRADED, error.user_text, error.hint)

    def _forget(self, _result: int) -> None:
        self.dialog = self.confirm = None

    def _tell(self, severity: Severity, title: str, text: str) -> None:
        self._page.notices.show_notice(Notice(_KEY, severity, title, text))
