"""The right-hand column of the reading page: clinical question, findings and the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.settings import ReadingSettings
from workstation.ui.theme import current_theme
from workstation.ui.widgets.finding_panel import FindingPanel
from workstation.ui.widgets.labels import ElidedLabel, icon_label
from workstation.ui.widgets.page_header import CountTabs
from workstation.ui.widgets.report_dock import DockFooter, ReportDock
from workstation.ui.widgets.side_panel import paint_ground

_SETTLE_MS: Final = 800
_BARE_PX, _QT_WIDEST = 48, 16_777_215
FINDINGS_TAB: Final = "findings"
REPORT_TAB: Final = "report"


class ReadingDock(QWidget):
    """Findings above the report; a narrow window shows one of the two by tab."""

    preferences_changed = Signal(object)
    """``ReadingSettings`` once the reader has let go of the handle"""

    def __init__(self, preferences: ReadingSettings, findings: FindingPanel, report: ReportDock) -> None:
        super().__init__()
        self._preferences = preferences
        self._compact = self._report_first = False
        self.findings, self.report = findings, report
        self.footer = DockFooter()
        self.tabs = _DockTabs([(FINDINGS_TAB, tr("AI findings")), (REPORT_TAB, tr("Report"))])
        self.question = _Question()
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.findings)
        self.split.addWidget(self.report)
        share = preferences.findings_share
        self.split.setSizes([share * 10, (100 - share) * 10])
        self.split.setStretchFactor(0, share)
        self.split.setStretchFactor(1, 100 - share)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.tabs, self.question):
            column.addWidget(part)
        column.addWidget(self.split, 1)
        column.addWidget(self.footer)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._keep_share)
        self.split.splitterMoved.connect(lambda _at, _index: self._settle.start())
        self.tabs.picked.connect(lambda _key: self.set_compact(compact=self._compact))

    def clear(self) -> None:
        """Show nothing of any case."""
        if self.findings.menu is not None:
            self.findings.menu.close()
        self.findings.clear()
        self.give_report_room(given=False)
        self.report.clear()
        self.footer.say("")
        self.question.show_text("")

    def set_compact(self, *, compact: bool) -> None:
        """Fit a narrow window: one of the two at a time."""
        narrowed, self._compact = compact and not self._compact, compact
        self.setFixedWidth(current_theme().px("dock.compact" if compact else "dock"))
        self.findings.set_compact(compact=compact)
        self.report.heading.setVisible(not compact)
        self.tabs.setTabVisible(1, compact)
        if narrowed and self._report_first:
            self.tabs.pick(REPORT_TAB)
        front = self.tabs.current()
        self.findings.setVisible(not compact or front == FINDINGS_TAB)
        self.findings.setMaximumHeight(_BARE_PX if self._report_first and not compact else _QT_WIDEST)
        self.report.setVisible(not compact or front == REPORT_TAB)

    def give_report_room(self, *, given: bool) -> None:
        """Leave the findings their one sentence where no model reads such images, and the report the rest."""
        if given == self._report_first:
            return
        self._report_first = given
        self.set_compact(compact=self._compact)
        if not given:
            share = self._preferences.findings_share
            self.split.setSizes([share * 10, (100 - share) * 10])
        if self._compact:
            self.tabs.pick(REPORT_TAB if given else FINDINGS_TAB)

    def first(self) -> QWidget:
        """Return the button that the keyboard enters at."""
        return self.findings.first() or self.footer.report

    def save_state(self) -> tuple[str, list[int]]:
        """Return the tab in front and how the column is divided."""
        return self.tabs.current(), self.split.sizes()

    def restore_state(self, tab: str, sizes: list[int]) -> None:
        """Stand as the former dock stood."""
        self.tabs.pick(tab)
        if min(sizes) > 0:
            self.split.setSizes(sizes)

    def _keep_share(self) -> None:
        sizes = self.split.sizes()
        if min(sizes) > 0 and not self._report_first:  # a narrow dock shows one of the two only
            share = min(90, max(10, round(100 * sizes[0] / sum(sizes))))
            self._preferences = replace(self._preferences, findings_share=share)
            self.preferences_changed.emit(self._preferences)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Keep clicks beside the fields from the images."""
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground with a hairline towards the images."""
        paint_ground(self, is_left=False)


class _Question(QWidget):
    """What the sender wants to know, on every size of window."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(28)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(icon_label("question-answer", "t2", 14))
        self._words = ElidedLabel("", "body", "t1")
        row.addWidget(self._words, 1)
        self.hide()

    def show_text(self, text: str) -> None:
        words = " ".join(text.split())
        self._words.show_text(words)
        self.setToolTip(f"{tr('Clinical question')}\n{text}" if words else "")
        self.setAccessibleName(f"{tr('Clinical question')} {words}" if words else "")
        self.setVisible(bool(words))

    def text(self) -> str:
        return self._words.text()


class _DockTabs(CountTabs):
    """Page tabs at the height of a dock."""

    def __init__(self, tabs: list[tuple[str, str]]) -> None:
        super().__init__(tabs)
        self.setFixedHeight(current_theme().px("tab.dock"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def tabSizeHint(self, index: int) -> QSize:
        """Return tabs as high as the dock's row, so that the line below the front one is seen."""
        return QSize(super().tabSizeHint(index).width(), current_theme().px("tab.dock"))
