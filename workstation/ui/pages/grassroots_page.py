"""The technician's page: send studies, see where they stand, receive and acknowledge reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.mutual_recognition import OpenRepeat
from workstation.domain.signature import Verdict, VerificationResult
from workstation.ui.notice import in_one_line
from workstation.ui.pages.page import Page
from workstation.ui.verdict_words import verdict_chip
from workstation.ui.widgets.inbox_panel import InboxPanel
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, Panel, label, set_tone
from workstation.ui.widgets.page_header import CountTabs, PageHeader
from workstation.ui.widgets.paper_view import PaperView
from workstation.ui.widgets.send_panel import SendPanel
from workstation.ui.widgets.sent_cases import SentCases
from workstation.ui.widgets.timeline_panel import TimelinePanel

_COMPACT_BELOW = 1440
_SEND, _CASES, _INBOX = "send", "cases", "inbox"


class _Told(QLabel):
    """Wrapped words that ask for no height of their own: one that does lets stretch count no more on its page."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "caption")
        self.setWordWrap(True)

    def hasHeightForWidth(self) -> bool:
        return False


class GrassrootsPage(Page):
    """Three columns, or three tabs where there is little room."""

    closing = Signal()
    refresh_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        header = PageHeader(tr("Grassroots station"))
        self._site = label("", "body", "t2")
        header.row.addWidget(self._site)
        self.tabs = CountTabs(
            [(_SEND, tr("Send")), (_CASES, tr("Sent studies and reports")), (_INBOX, tr("Returned reports"))],
            critical=frozenset({_INBOX}),
        )
        self._counts: dict[str, int] = {}
        self.tabs.picked.connect(lambda _key: self._arrange())
        header.row.addWidget(self.tabs)
        header.row.addStretch(1)
        self.add_header(header)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        self.send = SendPanel()
        self.inbox = InboxPanel()
        self._middle = QWidget()
        column = QVBoxLayout(self._middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._report = Panel(tr("Report"))
        self._report_who = ElidedLabel("", "body", "t2")
        self._report.header.insertWidget(1, self._report_who, 1)
        self._verdict = ChipLabel("", "neutral")
        self._report.header.addWidget(self._verdict)
        self._report.body.setContentsMargins(0, 0, 0, 0)
        self._explanation = _Told()
        self._explanation.setContentsMargins(12, 8, 12, 8)
        self._report.body.addWidget(self._explanation)
        self.paper = PaperView()
        self._report.body.addWidget(self.paper, 1)
        self.timeline = TimelinePanel()
        self._report.body.addWidget(self.timeline)
        self.cases = SentCases()
        column.addWidget(self.cases, 2)
        column.addWidget(self._report, 3)
        row.addWidget(self.send)
        row.addWidget(self._middle, 1)
        row.addWidget(self.inbox)
        self.column.addWidget(body, 1)
        self._report.hide()
        self.leave_guard: Callable[[], bool] = lambda: True
        """Set by the presenter: whether the window may close now"""
        self._arrange()

    def show_site(self, text: str) -> None:
        """Show whose page this is."""
        self._site.setText(text)

    def show_inbox_count(self, waiting: int) -> None:
        """Show how many reports wait for their receipt."""
        self._counts[_INBOX] = waiting
        self.tabs.show_counts(self._counts)

    def show_open_repeats(self, waiting: Sequence[OpenRepeat]) -> None:
        """Show which sent studies still lack the reason for which they repeat a recognised exam."""
        self.send.show_open_repeats(waiting)
        self._counts.pop(_SEND, None)
        if waiting:
            self._counts[_SEND] = len(waiting)
        self.tabs.show_counts(self._counts)

    def show_report(
        self, who: str, pictures: Sequence[npt.NDArray[np.uint8]], verdict: VerificationResult, todo: str = ""
    ) -> None:
        """Show a returned report with what its signature says, and what to do where it does not hold."""
        self._report.show()
        self._report_who.show_text(who)
        self.paper.show_pages(pictures)
        word, kind, icon = verdict_chip(verdict.verdict)
        self._verdict.show_chip(word, kind, icon)
        said = in_one_line(verdict.explanation, todo) if verdict.explanation else todo
        self._explanation.setText(said)
        set_tone(self._explanation, "t2" if verdict.verdict is Verdict.VALID else kind)
        self._explanation.setVisible(bool(said))
        if self._compact:
            self.tabs.pick(_CASES)

    def show_report_loading(self, who: str) -> None:
        """Say that a report is being fetched and checked."""
        self._report.show()
        self._report_who.show_text(who)
        self._verdict.show_chip(tr("Checking…"), "neutral", "timer")
        self._explanation.hide()
        self.paper.show_message(tr("Fetching the report…"))

    def show_report_failed(self, text: str) -> None:
        """Say why the report is not shown; nothing of another report stays on the page."""
        self._verdict.show_chip(tr("Not checked"), "warn", "question")
        self.paper.show_message(text)

    def add_to_report(self, *buttons: QWidget) -> None:
        """Put buttons into the heading of the report."""
        for button in buttons:
            self._report.header.addWidget(button)

    def explanation(self) -> str:
        """Return what the check of the signature says."""
        return self._explanation.text()

    def may_close(self) -> bool:
        """Ask before the window closes while a study is on its way."""
        return self.leave_guard()

    def close_page(self) -> None:
        """Let the presenter stop what it does for this page."""
        self.closing.emit()

    def refresh(self) -> None:
        """Fetch anew (F5)."""
        self.refresh_requested.emit()

    def verdict_text(self) -> str:
        """Return the word on the signature chip."""
        return self._verdict.text()

    @property
    def _compact(self) -> bool:
        return self.width() < _COMPACT_BELOW - 64

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn columns into tabs where there is little room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        compact = self._compact
        self.tabs.setVisible(compact)
        current = self.tabs.current()
        for key, widget, width in ((_SEND, self.send, 560), (_CASES, self._middle, 0), (_INBOX, self.inbox, 432)):
            widget.setVisible(not compact or current == key)
            if compact or not width:
                widget.setMinimumWidth(0)
                widget.setMaximumWidth(16_777_215)
            else:
                widget.setFixedWidth(width)
