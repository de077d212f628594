"""Critical values of the open case: the panel, F8, and what a signature waits for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from resources.translation import language, tr
from workstation.domain.critical import CriticalSource, CriticalValue
from workstation.domain.critical_policy import CriticalEntry, CriticalSuggestion
from workstation.domain.norm.values import CRITICAL_RULES
from workstation.services.critical_gate import in_words, open_critical, open_suggestions
from workstation.services.critical_service import new_suggestions, open_of
from workstation.services.norm_answers import answers
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.commands import Command
from workstation.ui.critical.desk import CriticalDesk
from workstation.ui.critical.dialogs import CallDialog, ReasonDialog, RecogniseDialog, SuggestedDialog
from workstation.ui.critical.panel import CriticalPanel
from workstation.ui.dialogs import Dialog
from workstation.ui.pages.page import Page
from workstation.ui.patient_words import case_words


class CriticalCase(QObject):
    """Belongs to one page of the case; the report page has a panel, the reading page only the key."""

    def __init__(self, page: Page, desk: CaseDesk, critical: CriticalDesk, panel: CriticalPanel | None = None) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self._critical = critical
        self._panel = panel
        self.dialog: Dialog | None = None
        page.commands.add(
            Command("critical", tr("Critical value"), "alarm-warning", "F8", self.act, tr("Report"), everywhere=True)
        )
        critical.changed.connect(self._show)
        critical.ticked.connect(self._tick)
        critical.failed.connect(self._failed)
        desk.opened.connect(self._opened)
        desk.changed.connect(self._changed)
        desk.closed.connect(self._closed)
        desk.sign_failed.connect(self._refresh)
        if panel is not None:
            panel.act_requested.connect(self.act)
            panel.close_requested.connect(self._close)
            panel.dismiss_requested.connect(self._dismiss)
        if desk.session is not None:
            self._opened(desk.session)

    def values(self) -> tuple[CriticalValue, ...]:
        """Return the critical values of the open case; those of the report until the hub has told of its own."""
        session = self._desk.session
        if session is None:
            return ()
        study = session.report.study_instance_uid
        kept = () if self._critical.knows(study) else session.report.critical_values
        found = {value.critical_uid: value for value in (*kept, *self._critical.values_of(study))}
        return tuple(sorted(found.values(), key=lambda value: value.recognised_at))

    def suggestions(self) -> tuple[CriticalSuggestion, ...]:
        """Return what the report suggests and nobody has taken up."""
        session = self._desk.session
        if session is None or session.read_only:
            return ()
        report = session.report
        return new_suggestions(
            self._critical.policy, self.values(), session.template, report.values, session.displayed, language()
        )

    def act(self) -> None:
        """Call the most urgent open value through, else recognise one."""
        session = self._desk.session
        if session is None or not self._critical.may_notify or self._dialog_is_open():
            return
        waiting = [value for value in open_of(self.values()) if value.is_open]
        if waiting:
            self._call(session, waiting[0])
            return
        self._recognise(session)

    def _recognise(self, session: ReadingSession) -> None:
        dialog = RecogniseDialog(self._page, case_words(session.row), self._critical.policy, self.suggestions())

        def recognised(entry: CriticalEntry, text: str, source: CriticalSource, level: int) -> None:
            self._critical.recognise(session.row, entry, text, source, level=level)

        dialog.recognised.connect(recognised)
        self._open(dialog)

    def hold_up(self, go_on: Callable[[], None]) -> bool:
        """
        Return True while the signature waits for a critical value.

        One that the report suggests is recognised or dismissed with a reason first; one that nobody has read back needs
        a reason as well.
        """
        session = self._desk.session
        if session is None:
            return False
        self._show()
        return self._ask_suggested(session, go_on) or self._ask_open(session, go_on)

    def _ask_suggested(self, session: ReadingSession, go_on: Callable[[], None]) -> bool:
        waiting = open_suggestions(session.report, self.suggestions(), session.reader.user_id)
        if not waiting:
            return False
        keys = {one.entry.key or one.text for one in waiting}
        dialog = SuggestedDialog(self._page, [in_words(one) for one in waiting], self._former_answers(session, keys))
        dialog.name_case(case_words(session.row))

        def dismissed(reason: str) -> None:
            if self._desk.session is session and not session.read_only:
                session.dismiss_suggested(waiting, reason)
                go_on()

        def recognise() -> None:
            if self._desk.session is session and not session.read_only:
                self.dialog = None
                self._recognise(session)

        dialog.none_of_them.connect(dismissed)
        dialog.recognise_requested.connect(recognise)
        self._open(dialog)
        return True

    def _ask_open(self, session: ReadingSession, go_on: Callable[[], None]) -> bool:
        waiting = open_critical(session.report, session.reader.user_id)
        if not waiting:
            return False
        dialog = ReasonDialog(
            self._page,
            tr("Nobody has read back the critical value"),
            [value.text for value in waiting]
            + self._former_answers(session, {value.critical_uid for value in waiting}),
            tr("Sign all the same"),
            tr("Call the receiver first (F8). The reason is kept with the report and in the audit record."),
        )
        dialog.name_case(case_words(session.row))

        def answer(reason: str) -> None:
            if self._desk.session is session and not session.read_only:
                session.answer_critical(reason)
                go_on()

        dialog.reason_given.connect(answer)
        self._open(dialog)
        return True

    def _former_answers(self, session: ReadingSession, targets: set[str]) -> list[str]:
        """Return each one's newest answer for these: none of them holds here, or nobody would be asked."""
        former = {
            (one.by, one.target): one
            for one in session.report.norm_overrides
            if one.rule in CRITICAL_RULES and one.target in targets
        }
        told = (
            tr("Answered for by {who}: {reason}", who=one.who, reason=one.reason)
            for one in answers(former.values(), session.template)
        )
        return list(dict.fromkeys(told))

    def _call(self, session: ReadingSession, value: CriticalValue) -> None:
        row = session.row
        dialog = CallDialog(self._page, case_words(row), row.site_name, value)
        dialog.told.connect(lambda report: self._critical.call(value, report))
        self._open(dialog)

    def _close(self) -> None:
        for value in open_of(self.values()):
            if not value.is_open:
                self._critical.close_value(value)
                return

    def _dismiss(self) -> None:
        session, waiting = self._desk.session, [value for value in open_of(self.values()) if value.is_open]
        if session is None or not waiting or self._dialog_is_open():
            return
        value = waiting[0]
        dialog = ReasonDialog(
            self._page,
            tr("Not a critical value"),
            [value.text],
            tr("Not a critical value"),
            tr("The clock stops. The record stays with the reason and your name."),
            is_alarm=False,
        )
        dialog.name_case(case_words(session.row))
        dialog.reason_given.connect(lambda reason: self._critical.dismiss(value, reason))
        self._open(dialog)

    def _open(self, dialog: Dialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self, _result: int) -> None:
        self.dialog = None

    def _dialog_is_open(self) -> bool:
        active: QWidget | None = self.dialog
        return active is not None

    def _opened(self, session: ReadingSession) -> None:
        self._critical.show_case(session.row)
        self._show()

    def _closed(self) -> None:
        self._critical.show_case(None)
        self._show()

    def _changed(self, _change: object) -> None:
        self._show_panel()

    def _show(self) -> None:
        session = self._desk.session
        if session is not None and self._panel is not None:
            session.know_critical(self.values())
        self._show_panel()

    def _show_panel(self) -> None:
        if self._panel is not None:
            session = self._desk.session
            found = self.suggestions()
            if session is not None:
                found = open_suggestions(session.report, found, session.reader.user_id)
            names = [in_words(one) for one in found]
            values = self.values()
            refused = {one.critical_uid: self._critical.refusal(one.critical_uid) for one in values}
            now, may_act = self._critical.now(), self._critical.may_notify
            self._panel.show_values(
                values, names, now, may_act=may_act, may_dismiss=self._critical.may_dismiss, refused=refused
            )

    def _refresh(self, _error: object) -> None:
        self._critical.refresh()  # the hub may know of a value that this machine does not show yet

    def _tick(self) -> None:
        if self._panel is not None and self._panel.isVisible():
            self._panel.tick(self._critical.now())

    def _failed(self, error: Exception) -> None:
        if self._page.isVisible():
            self._page.toast.emit(getattr(error, "user_text", ""))
