"""A signer's own outbox: signed reports that have not reached the hub, why, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.domain.access import Actor
from workstation.services.jobs import JobRunner
from workstation.services.outbox_service import OutboxDesk, OutboxEntry
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.dispatch_words import moment
from workstation.ui.page_jobs import PageJobs
from workstation.ui.pages.page import Page
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, EmptyState, Panel, label
from workstation.ui.widgets.page_header import PageHeader

_EVERY_MS = 10_000


class OutboxPage(Page):
    """Shows and asks; the presenter does."""

    refresh_requested = Signal()
    try_again_requested = Signal(str)
    drop_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        header = PageHeader(tr("My outbox"))
        self.count = label("", "body", "t2")
        header.row.addWidget(self.count)
        header.row.addStretch(1)
        self.add_header(header)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.nothing = EmptyState(tr("No report waits to be sent"), tr("What the hub does not take is listed here."))
        self.column.addWidget(self._area, 1)
        self.column.addWidget(self.nothing, 1)
        self.cards: dict[str, OutboxCard] = {}
        self.show_entries(())

    def show_entries(self, entries: Sequence[OutboxEntry]) -> None:
        """Show what is still here, the refused ones first."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        self.cards = {}
        for entry in entries:
            card = OutboxCard(entry)
            card.try_again.clicked.connect(lambda _on=False, uid=entry.report_uid: self.try_again_requested.emit(uid))
            card.drop.clicked.connect(lambda _on=False, uid=entry.report_uid: self.drop_requested.emit(uid))
            self.cards[entry.report_uid] = card
            column.addWidget(card)
        column.addStretch(1)
        self._area.setWidget(inner)
        self._area.setVisible(bool(entries))
        self.nothing.setVisible(not entries)
        refused = sum(entry.refused for entry in entries)
        self.count.setText(
            trn("{count} report was refused", "{count} reports were refused", refused) if refused else ""
        )

    def refresh(self) -> None:
        """Fetch anew (F5)."""
        self.refresh_requested.emit()


class OutboxCard(Panel):
    """One signed report: what it is, why it is still here, what can be done."""

    def __init__(self, entry: OutboxEntry) -> None:
        super().__init__(tr("Signed {time}", time=moment(entry.signed_at)))
        self.entry = entry
        word, kind, icon = (
            (tr("Refused by the hub"), "bad", "error-warning") if entry.refused else (tr("On its way"), "acc", "time")
        )
        if entry.is_delivered:
            word, kind, icon = tr("Delivered, without its time stamp"), "warn", "timer"
        self.header.addWidget(ChipLabel(word, kind, icon))
        unknown = tr("Patient not known here · study …{end}", end=entry.study_instance_uid[-8:])
        self.case = label(entry.case or unknown, "body", "t0" if entry.case else "warn", wrap=True)
        self.body.addWidget(self.case)
        self.body.addWidget(label(entry.words, "body", "t1", wrap=True))
        self.reason = label(entry.reason, "body", "bad" if entry.refused else "t2", wrap=True)
        self.reason.setVisible(bool(entry.reason))
        self.body.addWidget(self.reason)
        todo = tr("It is sent by itself as soon as the hub answers; nothing is lost.")
        if entry.refused and entry.is_draft:
            todo = tr(
                "Its text is a draft again. If another reader holds the case, ask that reader first; then open it from "
                "the list “Worklist”, sign it anew and drop this one."
            )
        elif entry.is_delivered:
            todo = tr(
                "The authority was silent. The stamp is added by itself once it answers, and proves nothing of before."
            )
        elif entry.refused:
            todo = tr("It goes by itself once this is settled. If you drop it, its text becomes your draft again.")
        self.body.addWidget(label(todo, "caption", "t2", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(8)
        self.try_again = Button(tr("Try now"), "secondary", icon="refresh", small=True)
        self.drop = Button(tr("Drop…"), "danger", icon="delete-bin", small=True)
        self.drop.enable(entry.refused, tr("Only what the hub refused can be dropped."))
        row.addWidget(self.try_again)
        row.addWidget(self.drop)
        row.addStretch(1)
        if entry.refused and entry.is_draft:  # as it is it will not be taken; it still goes by itself if it can
            self.try_again.hide()
        if entry.is_delivered:
            self.try_again.hide()
            self.drop.hide()
        self.body.addLayout(row)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)


class OutboxPresenter(QObject):
    """One page, one signer; ``deliver`` begins a round of delivering."""

    def __init__(
        self, page: OutboxPage, desk: OutboxDesk, jobs: JobRunner, actor: Actor, deliver: Callable[[], object]
    ) -> None:
        super().__init__(page)
        self._page, self._desk, self._actor, self._deliver = page, desk, actor, deliver
        self._work = PageJobs(page, jobs, "outbox")
        self._shown: tuple[OutboxEntry, ...] = ()
        self.dialog: ConfirmDialog | None = None
        page.refresh_requested.connect(self.refresh)
        page.try_again_requested.connect(self._try_again)
        page.drop_requested.connect(self._ask_drop)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Read the outbox."""
        self._work.run(lambda: self._desk.entries(self._actor), self._show)

    def _show(self, entries: tuple[OutboxEntry, ...]) -> None:
        if entries != self._shown:  # what somebody is about to click stays under the mouse
            self._shown = entries
            self._page.show_entries(entries)

    def _look(self) -> None:
        if self._page.isVisible():
            self.refresh()

    def _try_again(self, report_uid: str) -> None:
        def done(_value: object) -> None:
            self._deliver()
            self._page.toast.emit(tr("It is sent again"))

        self._work.run(lambda: self._desk.try_again(report_uid), done)

    def _ask_drop(self, report_uid: str) -> None:
        self.dialog = ConfirmDialog(
            self._page,
            tr("Drop this signed report?"),
            tr("It never reached the hub. Its text stays as a draft; the signature is gone. This is audited."),
            tr("Drop"),
        )
        self.dialog.name_case(next((one.case for one in self._shown if one.report_uid == report_uid), ""))
        self.dialog.accepted.connect(lambda: self._drop(report_uid))
        self.dialog.open()

    def _drop(self, report_uid: str) -> None:
        def done(_value: object) -> None:
            self._page.toast.emit(tr("Dropped; its text is a draft"))
            self.refresh()

        self._work.run(lambda: self._desk.drop(report_uid, self._actor), done)
