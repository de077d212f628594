"""The alarm: an overdue critical value is seen on whatever page one is, in the notice bar and the status bar."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from workstation.domain.critical import CriticalStage
from workstation.domain.critical_board import CriticalNotice
from workstation.domain.critical_clock import critical_timer
from workstation.domain.errors import WorkstationError
from workstation.ui.critical.desk import CriticalDesk
from workstation.ui.critical.dialogs import AcknowledgeDialog, CallDialog, ReasonDialog
from workstation.ui.critical.words import clock_text
from workstation.ui.dialogs import Dialog
from workstation.ui.main_window import MainWindow
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.two_identifiers import name_and_id, notice_words
from workstation.ui.widgets.status_bar import StatusFact

_KEY = "critical"
_TAKEN_BACK = "critical_taken_back"
_MINUTE_S = 60


class CriticalAlarm(QObject):
    """One for each signed-in person; ``stop`` when the person leaves."""

    def __init__(self, window: MainWindow, critical: CriticalDesk) -> None:
        super().__init__(window)
        self._window = window
        self._critical = critical
        self.dialog: Dialog | None = None
        self._first: CriticalNotice | None = None
        critical.changed.connect(self._show)
        critical.ticked.connect(self._show)
        critical.failed.connect(self._failed)
        window.page_shown.connect(self._page_shown)
        window.notices_moved.connect(self._show)

    def stop(self) -> None:
        """Say no more."""
        self._critical.changed.disconnect(self._show)
        self._critical.ticked.disconnect(self._show)
        self._critical.failed.disconnect(self._failed)
        self._window.page_shown.disconnect(self._page_shown)
        self._window.notices_moved.disconnect(self._show)
        self._window.set_fact(_KEY, None)
        self.deleteLater()

    def pressing(self) -> tuple[CriticalNotice, ...]:
        """Return what this person has to do something about now, the most urgent first."""
        notices = self._critical.notices()
        if self._critical.may_acknowledge:
            return tuple(one for one in notices if one.value.received is None)
        mine = (one for one in notices if one.value.is_open or one.refused)
        return tuple(sorted(mine, key=lambda one: not one.refused))

    def act(self) -> None:
        """Open the dialog for the most urgent value."""
        notice = self._first
        if notice is None or self.dialog is not None:
            return
        case, value = notice_words(notice), notice.value
        if self._critical.may_acknowledge:
            actor = self._critical.actor
            receipt = AcknowledgeDialog(self._window, case, value, "" if actor is None else actor.display_name)
            receipt.acknowledged.connect(lambda who, words: self._critical.acknowledge(value, who, words))
            self._open(receipt)
        elif self._critical.may_notify:
            call = CallDialog(self._window, case, notice.site_name, value)
            call.told.connect(lambda report: self._critical.call(value, report))
            self._open(call)

    def let_go(self) -> None:
        """Ask why a value that the hub did not take is let go of here."""
        notice = self._first
        if notice is None or not notice.refused or self.dialog is not None:
            return
        value = notice.value
        dialog = ReasonDialog(
            self._window,
            tr("The hub did not take this critical value"),
            [value.text, notice.refused],
            tr("Let it go"),
            tr("Say who was told and when, or why it is none. The reason goes into the audit record."),
        )
        dialog.name_case(notice_words(notice))
        dialog.reason_given.connect(lambda reason: self._critical.dismiss(value, reason))
        self._open(dialog)

    def _open(self, dialog: Dialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self, _result: int) -> None:
        self.dialog = None

    def _page_shown(self, _page_id: str) -> None:
        self._show()

    def _show(self) -> None:
        pressing, now = self.pressing(), self._critical.now()
        self._first = pressing[0] if pressing else None
        if self._first is None:
            self._window.set_fact(_KEY, None)
        else:
            open_ones = [one for one in pressing if one.value.is_open]
            left = clock_text(critical_timer((open_ones or list(pressing))[0].value, now))
            text = tr("Critical values: {count} · {left}", count=len(pressing), left=left)
            self._window.set_fact(
                _KEY, lambda: StatusFact(_KEY, text, icon="alarm-warning", icon_tone="bad", tone="bad")
            )
        self._show_notice()

    def _show_notice(self) -> None:
        bar = self._window.notices
        if bar is None:
            return  # the next tick comes when the page is whole
        taken = self._taken_back()
        if taken is None:
            bar.clear_notice(_TAKEN_BACK)
        else:
            bar.show_notice(taken)
        notice = self._notice()
        if notice is None:
            bar.clear_notice(_KEY)
        else:
            bar.show_notice(notice)

    def _taken_back(self) -> Notice | None:
        """Return that somebody else dismissed what this person recognised."""
        notice = next(iter(self._critical.taken_back()), None)
        if notice is None or notice.value.dismissal is None:
            return None
        ended = notice.value.dismissal
        fact = tr("{name} dismissed your critical value: {patient} · {finding}", name=ended.by.name,
                  patient=name_and_id(notice), finding=notice.value.text)  # fmt: skip
        hint = tr("Reason: {reason}. Recognise it anew (F8) if you do not agree.", reason=ended.reason)
        known = NoticeAction(tr("Understood"), self._understood, "check")
        return Notice(_TAKEN_BACK, Severity.DEGRADED, fact, hint, actions=(known,))

    def _understood(self) -> None:
        for notice in self._critical.taken_back()[:1]:
            self._critical.know_taken_back(notice.value.critical_uid)

    def _notice(self) -> Notice | None:
        first = self._first
        if first is None:
            return None
        timer = critical_timer(first.value, self._critical.now())
        is_receiver = self._critical.may_acknowledge
        minutes = int((timer.total_s - timer.left_s) // _MINUTE_S)
        who = name_and_id(first)
        if is_receiver:
            fact = tr("Critical value: {patient} · {finding}", patient=who, finding=first.value.text)
            hint = tr("Tell the treating doctor at once, then acknowledge.")
            action = NoticeAction(tr("Acknowledge"), self.act, "check")
            return Notice(_KEY, Severity.LOST, fact, hint, actions=(action,))
        if first.refused:
            fact = tr("The hub did not take a critical value: {patient} · {finding}",
                      patient=who, finding=first.value.text)  # fmt: skip
            hint = tr("{reason}. Tell the receiver all the same, then let it go with a reason.", reason=first.refused)
            call = (NoticeAction(tr("Record the call"), self.act, "phone"),) if first.value.is_open else ()
            let_go = NoticeAction(tr("Let it go…"), self.let_go, "close")
            return Notice(_KEY, Severity.LOST, fact, hint, actions=(*call, let_go))
        if timer.stage not in {CriticalStage.REMINDED, CriticalStage.ESCALATED}:
            return None
        fact = tr("Critical value not read back for {minutes} min: {patient} · {finding}",
                  minutes=minutes, patient=who, finding=first.value.text)  # fmt: skip
        escalated = timer.stage is CriticalStage.ESCALATED
        hint = tr("Escalated to every senior.") if escalated else tr("Call the receiver now.")
        severity = Severity.LOST if escalated else Severity.DEGRADED
        actions = (NoticeAction(tr("Record the call"), self.act, "phone"),) if self._critical.may_notify else ()
        return Notice(_KEY, severity, fact, hint, actions=actions)

    def _failed(self, error: WorkstationError) -> None:
        self._window.toast.say(error.user_text)
