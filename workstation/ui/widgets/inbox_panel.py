"""Returned reports of the own site: two lines each, with their state and the acknowledge button."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.site import ReturnedReport
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, EmptyState, Panel, label, rule


class InboxPanel(Panel):
    """``chosen(ups)`` opens a report beside the list; ``acknowledge_requested(ups)`` confirms its receipt."""

    chosen = Signal(str)
    acknowledge_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Returned reports"))
        self._count = ChipLabel("", "neutral")
        self.header.insertWidget(1, self._count)
        self.body.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.body.addWidget(self._area)
        self._items: dict[str, InboxItem] = {}
        self._chosen = ""
        self.show_reports(())

    def show_reports(self, reports: Sequence[ReturnedReport]) -> None:
        """Replace the list, keeping the chosen report and the scroll position."""
        scrolled = self._area.verticalScrollBar().value()
        waiting = sum(not report.acknowledged_at for report in reports)
        if waiting:
            self._count.show_chip(tr("{count} to acknowledge", count=waiting), "bad")
        else:
            self._count.show_chip(tr("All acknowledged") if reports else tr("None"), "neutral")
        self._items = {}
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if not reports:
            column.addWidget(EmptyState(tr("No report yet"), tr("Signed reports come back here by themselves.")))
        for report in reports:
            item = InboxItem(report)
            item.setProperty("chosen", report.ups_instance_uid == self._chosen)
            item.pressed.connect(self._choose)
            item.acknowledge_requested.connect(self.acknowledge_requested)
            self._items[report.ups_instance_uid] = item
            column.addWidget(item)
            column.addWidget(rule())
        column.addStretch(0 if not reports else 1)
        self._area.setWidget(inner)
        self._area.verticalScrollBar().setValue(scrolled)

    def has(self, ups_instance_uid: str) -> bool:
        """Tell whether a report is listed."""
        return ups_instance_uid in self._items

    def item(self, ups_instance_uid: str) -> InboxItem:
        """Return one entry; KeyError when it is not there."""
        return self._items[ups_instance_uid]

    def _choose(self, ups_instance_uid: str) -> None:
        self._chosen = ups_instance_uid
        for uid, item in self._items.items():
            item.setProperty("chosen", uid == ups_instance_uid)
            item.update()
        self.chosen.emit(ups_instance_uid)


class InboxItem(QFrame):
    """One returned report."""

    pressed = Signal(str)
    acknowledge_requested = Signal(str)

    def __init__(self, report: ReturnedReport) -> None:
        super().__init__()
        self._uid = report.ups_instance_uid
        self._waiting = not report.acknowledged_at
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{report.patient_name} {report.description}")
        column = QVBoxLayout(self)
        column.setContentsMargins(15, 10, 12, 10)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(label(report.patient_name, "body", "t0"))
        top.addWidget(label(f"{report.modality} {report.description}", "body", "t2"), 1)
        top.addWidget(label(_clock(report.signed_at), "caption", "t3"))
        column.addLayout(top)
        summary = label(report.summary, "body", "t1", wrap=True)
        summary.setMaximumHeight(44)
        column.addWidget(summary)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        if self._waiting:
            bottom.addWidget(ChipLabel(tr("To acknowledge"), "acc", "inbox"))
        else:
            bottom.addWidget(ChipLabel(tr("Acknowledged"), "ok", "check-double"))
        bottom.addWidget(ChipLabel(tr("Signed by {name}", name=report.signer), "outline", "quill-pen"))
        bottom.addStretch(1)
        self.acknowledge = Button(tr("Acknowledge"), "primary", icon="check", small=True)
        self.acknowledge.setVisible(self._waiting)
        self.acknowledge.clicked.connect(lambda: self.acknowledge_requested.emit(self._uid))
        bottom.addWidget(self.acknowledge)
        column.addLayout(bottom)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Choose this report."""
        self.pressed.emit(self._uid)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint background and the left edge."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("sel" if self.property("chosen") else "bg1"))
        if self._waiting:
            painter.fillRect(0, 0, 3, self.height(), theme.color("acc"))


def _clock(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%m-%d %H:%M")
    except ValueError:
        return text
