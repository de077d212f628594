"""The report page: form, live preview, what still blocks the signature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.template import ReportTemplate
from workstation.ui.commands import Command
from workstation.ui.pages.page import Page
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, EmptyState, Panel, icon_label, label
from workstation.ui.widgets.page_header import PageHeader
from workstation.ui.widgets.paper_view import PaperView
from workstation.ui.widgets.report_form import NoduleRow, ReportForm
from workstation.ui.widgets.state_line import StateLine, Step

_FORM_WIDTH = 512
_SIDE_WIDTH = 384
_SIDE_WIDTH_COMPACT = 320
_COMPACT_BELOW = 1440


class CheckList(QWidget):
    """What blocks the signature, each with a way to it; or one line that all is well."""

    locate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def show_checks(self, blocking: Sequence[tuple[str, str]], passed: Sequence[str]) -> None:
        """Show ``(target, sentence)`` rows in red and passed rules in green."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for target, text in blocking:
            self._column.addWidget(self._row("close-circle", "bad", text, target))
        for text in passed:
            self._column.addWidget(self._row("checkbox-circle", "ok", text, ""))
        self._column.addStretch(1)

    def _row(self, icon: str, tone: str, text: str, target: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(icon_label(icon, tone, 16), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(label(text, "body", "t1", wrap=True), 1)
        if target:
            locate = Button(tr("Locate"), "ghost", small=True)
            locate.clicked.connect(lambda: self.locate_requested.emit(target))
            line.addWidget(locate, 0, Qt.AlignmentFlag.AlignTop)
        return row


class ReportPage(Page):
    """Shows and asks; the presenter does."""

    images_requested = Signal()
    submit_requested = Signal()
    return_requested = Signal()
    sign_requested = Signal()
    save_requested = Signal()
    normal_requested = Signal()
    locate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.header = PageHeader()
        self._who = label("", "h1", "t0")
        self._what = label("", "body", "t2")
        self._lock = ChipLabel("", "acc", "lock-2")
        self._saved = label("", "caption", "t3")
        self.images = Button(tr("Images"), icon="image-edit", key="F3")
        self.give_back = Button(tr("Send back"), icon="arrow-go-back")
        self.submit = Button(tr("Submit for review"), icon="send-plane")
        self.sign = Button(tr("Sign"), "primary", icon="quill-pen", key="Ctrl+Return")
        self.images.clicked.connect(self.images_requested)
        self.give_back.clicked.connect(self.return_requested)
        self.submit.clicked.connect(self.submit_requested)
        self.sign.clicked.connect(self.sign_requested)
        self.header.row.addWidget(self._who)
        self.header.row.addWidget(self._what)
        self.header.row.addStretch(1)
        for widget in (self._saved, self._lock, self.images, self.give_back, self.submit, self.sign):
            self.header.row.addWidget(widget)
        self.add_header(self.header)
        self.state_line = StateLine()
        self.column.addWidget(self.state_line)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState(tr("No case is open"), tr("Open a case from the worklist (F2).")))
        self._stack.addWidget(self._content())
        self.column.addWidget(self._stack, 1)
        self._add_commands()
        self.show_nothing()

    def _content(self) -> QWidget:
        body = QWidget()
        self._row = QHBoxLayout(body)
        self._row.setContentsMargins(8, 8, 8, 8)
        self._row.setSpacing(8)
        self._form_panel = Panel(tr("Structured report"))
        self._template = ChipLabel("", "outline")
        self._form_panel.header.insertWidget(1, self._template)
        self.fill_normal = Button(tr("Fill normal phrases"), "ghost", icon="chat-quote", small=True)
        self.fill_normal.clicked.connect(self.normal_requested)
        self._form_panel.header.addWidget(self.fill_normal)
        self._form_panel.body.setContentsMargins(0, 0, 0, 0)
        self.form = ReportForm()
        self._form_panel.body.addWidget(self.form)
        self._preview_panel = Panel(tr("Live preview"))
        self._preview_panel.header.insertWidget(1, label("PDF · A4", "caption", "t3"))
        self._preview_panel.body.setContentsMargins(0, 0, 0, 0)
        self.paper = PaperView()
        self._preview_panel.body.addWidget(self.paper)
        self._side = Panel(tr("Checks before signing"))
        self._side_chip = ChipLabel("", "neutral")
        self._side.header.addWidget(self._side_chip)
        self.checks = CheckList()
        self.checks.locate_requested.connect(self.locate_requested)
        self._side.body.addWidget(self.checks)
        self._tabs = QTabBar()
        self._tabs.setDocumentMode(True)
        self._tabs.setDrawBase(False)
        self._tabs.addTab(tr("Structured report"))
        self._tabs.addTab(tr("Live preview"))
        self._tabs.currentChanged.connect(lambda _at: self._arrange())
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._tabs)
        self._pair = QHBoxLayout()
        self._pair.setSpacing(8)
        self._pair.addWidget(self._form_panel)
        self._pair.addWidget(self._preview_panel, 1)
        column.addLayout(self._pair, 1)
        self._row.addWidget(left, 1)
        self._row.addWidget(self._side)
        return body

    def _add_commands(self) -> None:
        area = tr("Report")
        for command in (
            Command("report.save", tr("Save the draft"), "save", "Ctrl+S", self.save_requested.emit, area),
            Command("report.sign", tr("Sign"), "quill-pen", "Ctrl+Return", self._sign_by_key, area),
            Command("report.images", tr("Images"), "image-edit", "", self.images_requested.emit, area),
        ):
            self.commands.add(command)

    def _sign_by_key(self) -> None:
        button = self.sign if self.sign.isVisible() else self.submit
        if button.isEnabled() and button.isVisible():
            button.click()

    def show_nothing(self) -> None:
        """Show that no case is open."""
        self._stack.setCurrentIndex(0)
        self._who.setText(tr("Report"))
        self._what.setText("")
        self._saved.setText("")
        self.state_line.hide()
        for widget in (self._lock, self.images, self.give_back, self.submit, self.sign):
            widget.hide()

    def show_case(
        self, who: str, what: str, template: ReportTemplate, values: dict[str, str], *, read_only: bool
    ) -> None:
        """Show a case; the buttons come with ``show_buttons``."""
        self._stack.setCurrentIndex(1)
        self._who.setText(who)
        self._what.setText(what)
        self._template.show_chip(f"{template.template_id} v{template.version}", "outline")
        self.form.build(template, values, read_only=read_only)
        self.fill_normal.setVisible(not read_only)
        self.state_line.show()
        self.images.show()
        self._arrange()

    def show_buttons(self, *, lock: str, submit: bool, give_back: bool, sign: bool, reason: str) -> None:
        """Show what may be done; ``reason`` disables submitting and signing and says why."""
        self._lock.setVisible(bool(lock))
        self._lock.show_chip(lock, "acc", "lock-2")
        self.submit.setVisible(submit)
        self.give_back.setVisible(give_back)
        self.sign.setVisible(sign)
        self.submit.enable(not reason, reason)
        self.sign.enable(not reason, reason)

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show where the case stands."""
        self.state_line.show_steps(steps)

    def show_checks(self, blocking: Sequence[tuple[str, str]], passed: Sequence[str], messages: dict[str, str]) -> None:
        """Show blockers beside the form and below their fields."""
        self.checks.show_checks(blocking, passed)
        if blocking:
            self._side_chip.show_chip(tr("{count} open", count=len(blocking)), "bad", "close")
        else:
            self._side_chip.show_chip(tr("Ready to sign"), "ok", "check")
        self.form.say(messages)

    def show_saved(self, text: str) -> None:
        """Say when the draft was saved."""
        self._saved.setText(text)

    def show_nodules(self, rows: Sequence[NoduleRow]) -> None:
        """Show the accepted findings."""
        self.form.show_nodules(rows)

    def show_pages(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Show the preview."""
        self.paper.show_pages(pictures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the preview a tab beside the form where there is little room."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        compact = self.width() < _COMPACT_BELOW - 64
        self._side.setFixedWidth(_SIDE_WIDTH_COMPACT if compact else _SIDE_WIDTH)
        self._tabs.setVisible(compact)
        self._form_panel.setVisible(not compact or self._tabs.currentIndex() == 0)
        self._preview_panel.setVisible(not compact or self._tabs.currentIndex() == 1)
        if compact:
            self._form_panel.setMinimumWidth(0)
            self._form_panel.setMaximumWidth(16_777_215)
        else:
            self._form_panel.setFixedWidth(_FORM_WIDTH)
