"""The report page: form, live preview, what still blocks the signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Priority
from workstation.ui import paint
from workstation.ui.commands import Command
from workstation.ui.keymap import key_of, shown_key
from workstation.ui.pages.page import Page
from workstation.ui.report.checks import CRITICAL_TARGET
from workstation.ui.report.former_panel import FormerPanel
from workstation.ui.report.side_column import SideColumn, SidePlace
from workstation.ui.report.way_panel import WayPanel
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.check_list import CheckList
from workstation.ui.widgets.key_image_links import KeyImageLinks
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, EmptyState, Panel, label
from workstation.ui.widgets.nodule_table import NoduleRow
from workstation.ui.widgets.page_header import CountTabs, PageHeader
from workstation.ui.widgets.paper_view import PaperView
from workstation.ui.widgets.report_form import ReportForm
from workstation.ui.widgets.report_tool_bar import ReportToolBar
from workstation.ui.widgets.state_line import StateLine, Step
from workstation.ui.widgets.urgency import PriorityMark, SlaTimer

_FORM_WIDTH = 512
_SIDE_WIDTH = 384
_SIDE_WIDTH_COMPACT = 320
_COMPACT_BELOW = 1440
_WHO_WIDTH = 240
_FORM, _PREVIEW, _FORMER = "form", "preview", "former"


class ReportPage(Page):
    """Shows and asks; the presenter does."""

    images_requested = Signal()
    submit_requested = Signal()
    return_requested = Signal()
    sign_requested = Signal()
    save_requested = Signal()
    normal_requested = Signal()
    phrases_requested = Signal()
    manage_requested = Signal()
    insert_requested = Signal()
    jump_requested = Signal()
    renew_requested = Signal()
    spelling_requested = Signal()
    confirm_requested = Signal()
    former_requested = Signal()
    closing = Signal()
    locate_requested = Signal(str)
    critical_requested = Signal()
    """Somebody goes to the critical value that waits"""
    key_image_requested = Signal(object)
    """``KeyImage`` to go to"""

    def __init__(self, *, in_steps: bool = False) -> None:
        super().__init__()
        self.way = WayPanel()
        self.leave_guard: Callable[[], bool] = lambda: True
        """Set by the presenter: whether the window may close now"""
        self.building = Stepwise(self._build(), self)
        """Makes the parts; a page made in slices takes several turns of the window for them"""
        if not in_steps:
            self.building.finish()

    def _build(self) -> Iterator[None]:
        self.header = PageHeader()
        self.add_header(self.header)
        self._who = label("", "h1", "t0")
        self._what = ElidedLabel("", "body", "t2")
        self._priority = PriorityMark()
        self.timer = SlaTimer()
        self._lock = ChipLabel("", "acc", "lock-2")
        self._saved = label("", "caption", "t3")
        self.images = Button(tr("Images"), icon="image-edit", key="F3")
        self.give_back = Button(tr("Send back"), icon="arrow-go-back")
        key = key_of("report.sign", "Ctrl+Return")
        self.submit = Button(tr("Submit for review"), icon="send-plane", key=key)
        self.sign = Button(tr("Sign"), "primary", icon="quill-pen", key=key)
        self.missing = Button("", "ghost", icon="error-warning")
        """How much is missing before the report can go; leads to the first"""
        self.missing.clicked.connect(self._to_the_first)
        self.images.clicked.connect(self.images_requested)
        self.give_back.clicked.connect(self.return_requested)
        self.submit.clicked.connect(self.submit_requested)
        self.sign.clicked.connect(self.sign_requested)
        self.header.row.addWidget(self._priority)
        self.header.row.addWidget(self._who)
        self.header.row.addWidget(self._what, 1)
        for widget in (self._saved, self._lock, self.timer, self.images, self.give_back, self.missing, self.submit):
            self.header.row.addWidget(widget)
        self.header.row.addWidget(self.sign)
        yield
        self.state_line = StateLine()
        self.column.addWidget(self.state_line)
        self._stack = QStackedWidget()
        self.column.addWidget(self._stack, 1)
        self._stack.addWidget(EmptyState(tr("No case is open"), tr("Open a case from the worklist (F2).")))
        body = QWidget()
        self._stack.addWidget(body)
        yield from self._content(body)
        self._first_target = ""
        self._waiting: list[str] = []
        self.side.critical_changed.connect(self._arrange)
        self._add_commands()
        self.show_nothing()

    def _content(self, body: QWidget) -> Iterator[None]:
        self._row = QHBoxLayout(body)
        self._row.setContentsMargins(8, 8, 8, 8)
        self._row.setSpacing(8)
        self._make_form()
        yield
        self._preview_panel = Panel(tr("Live preview"))
        self._preview_panel.header.insertWidget(1, label("PDF · A4", "caption", "t3"))
        self._preview_panel.body.setContentsMargins(0, 0, 0, 0)
        self.paper = PaperView(redrawn=True)
        self._preview_panel.body.addWidget(self.paper)
        yield
        self.side = SideColumn()
        panel = Panel(tr("Before signing"))
        self._side_chip = ChipLabel("", "neutral")
        panel.header.addWidget(self._side_chip)
        self.checks = CheckList()
        self.checks.locate_requested.connect(self.locate_requested)
        panel.body.setContentsMargins(0, 0, 0, 0)
        panel.body.addWidget(self.checks, 1)
        self.key_images = KeyImageLinks()
        self.key_images.chosen.connect(self.key_image_requested)
        panel.body.addWidget(self.key_images)
        self.side.put(SidePlace.CHECKS, panel)
        self.side.put(SidePlace.VERSIONS, self.way)
        yield
        self.former = FormerPanel()
        self.former.hide()
        self._beside = False
        button = Button(tr("Previous report"), "ghost", icon="history", small=True)
        button.setToolTip(tr("Previous report beside this one ({key})", key=shown_key("report.former", "Ctrl+B")))
        button.clicked.connect(self.toggle_former)
        self._preview_panel.header.addWidget(button)
        self.former.closed.connect(self.toggle_former)
        self._tabs = CountTabs(
            [(_FORM, tr("Structured report")), (_PREVIEW, tr("Live preview")), (_FORMER, tr("Previous report"))]
        )
        self._tabs.picked.connect(self._tab_picked)
        self._tabs.setFixedHeight(40)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._tabs)
        self._pair = QHBoxLayout()
        self._pair.setSpacing(8)
        self._pair.addWidget(self._form_panel)
        self._pair.addWidget(self._preview_panel, 1)
        self._pair.addWidget(self.former, 1)
        column.addLayout(self._pair, 1)
        self._row.addWidget(left, 1)
        self._row.addWidget(self.side)
        yield

    def _make_form(self) -> None:
        self._form_panel = Panel(tr("Structured report"))
        self.phrases = Button(tr("Phrases"), "ghost", icon="chat-quote", small=True)
        self.phrases.setToolTip(
            tr(
                "Insert a phrase (type ; and its abbreviation, or {key}); {other} manages them",
                key=shown_key("report.phrases", "Ctrl+;"),
                other=shown_key("report.manage", "Ctrl+Shift+P"),
            )
        )
        self.phrases.clicked.connect(self.phrases_requested)
        self.phrases.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.insert = Button(tr("Insert finding"), "ghost", icon="pencil-ruler", small=True)
        shown = shown_key("report.insert", "Ctrl+M")
        self.insert.setToolTip(tr("Insert a finding or measurement as a link ({key})", key=shown))
        self.insert.clicked.connect(self.insert_requested)
        self.insert.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._form_panel.header.addWidget(self.phrases)
        self._form_panel.header.addWidget(self.insert)
        self.fill_normal = Button(tr("Fill normal phrases"), "ghost", small=True)
        self.fill_normal.clicked.connect(self.normal_requested)
        self._form_panel.header.addWidget(self.fill_normal)
        self._form_panel.body.setContentsMargins(0, 0, 0, 0)
        self.tools = ReportToolBar()
        self._form_panel.body.addWidget(self.tools)
        self.form = ReportForm()
        self._form_panel.body.addWidget(self.form)

    def _add_commands(self) -> None:
        area = tr("Report")
        for command in (
            Command(
                "report.save",
                tr("Save the draft"),
                "save",
                "Ctrl+S",
                self.save_requested.emit,
                area,
                everywhere=True,
            ),
            Command(
                "report.sign",
                tr("Submit or sign"),
                "quill-pen",
                "Ctrl+Return",
                self._sign_by_key,
                area,
                more_keys=("Ctrl+Enter",),
                everywhere=True,
            ),
            *self._writing_commands(area),
        ):
            self.commands.add(replace(command, editable=True))

    def _writing_commands(self, area: str) -> tuple[Command, ...]:
        """Return the keys that help write; all of them work from inside a text."""
        rows = (
            ("phrases", tr("Phrases"), "chat-quote", "Ctrl+;", self.phrases_requested),
            ("manage", tr("Manage phrases"), "draft", "Ctrl+Shift+P", self.manage_requested),
            ("insert", tr("Insert finding or measurement"), "pencil-ruler", "Ctrl+M", self.insert_requested),
            ("jump", tr("Show the linked finding"), "links", "Ctrl+J", self.jump_requested),
            ("renew", tr("Take over new measurements"), "refresh", "Ctrl+U", self.renew_requested),
            ("spelling", tr("Correct the spelling"), "font-size", "Ctrl+.", self.spelling_requested),
            ("confirm", tr("Confirm copied text"), "check-double", "Ctrl+D", self.confirm_requested),
        )
        former = ("report.former", tr("Previous report"), "history", "Ctrl+B", self.toggle_former)
        return (
            *(Command(f"report.{name}", text, icon, key, signal.emit, area, everywhere=True)
              for name, text, icon, key, signal in rows),
            Command(*former, area, everywhere=True),
        )  # fmt: skip

    def _sign_by_key(self) -> None:
        """Press the button the person sees; where it is disabled, lead to the first thing that is missing."""
        button = self.sign if self.sign.isVisible() else self.submit
        if button.isVisible() and not button.isEnabled():
            self._to_the_first()
        elif button.isVisible():
            button.click()

    def _to_the_first(self) -> None:
        if self._waiting:
            self.locate_requested.emit(self._first_target)

    def show_nothing(self) -> None:
        """Show that no case is open."""
        self._stack.setCurrentIndex(0)
        self._who.setText(tr("Report"))
        self._what.show_text("")
        self.paper.show_message("")
        self._saved.setText("")
        self.state_line.hide()
        self.timer.show_times(None, None)
        for widget in (self._priority, self._lock, self.images, self.give_back, self.missing, self.submit, self.sign):
            widget.hide()

    def show_case(
        self,
        who: str,
        what: str,
        template: ReportTemplate,
        values: dict[str, str],
        *,
        read_only: bool,
        report_language: str = "",
    ) -> None:
        """Show a case; the buttons come with ``show_buttons``."""
        self._stack.setCurrentIndex(1)
        self._who.setText(paint.elided(who, _WHO_WIDTH, "h1"))
        self._who.setToolTip(who)
        self._what.show_text(what)
        self.form.build(template, values, read_only=read_only, report_language=report_language)
        for button in (self.fill_normal, self.phrases, self.insert):
            button.setVisible(not read_only)
        self.state_line.show()
        self.images.show()
        self._arrange()

    def show_urgency(self, priority: Priority, arrived: datetime, due: datetime | None) -> None:
        """Show the priority and the time left until ``due``; None stops the clock of a report that is closed."""
        self._priority.show()
        self._priority.show_priority(priority)
        self.timer.show_times(arrived, due)

    def show_buttons(
        self,
        *,
        lock: str,
        submit: bool,
        give_back: bool,
        sign: bool,
        reason: str,
        missing: int = 0,
        ready: bool = True,
    ) -> None:
        """
        Show what may be done; ``reason`` disables submitting and signing and says why.

        Where it is not ``ready`` signing asks first about what stands in red: it is offered then, and not lit.

        ``missing`` is how much keeps the report back: it is said beside the button that waits for it, and leads there.
        """
        self.missing.setVisible(bool(reason and missing) and (submit or sign))
        self.missing.set_text(trn("{count} left to do", "{count} left to do", missing))
        self.missing.setToolTip(reason)
        self._lock.setVisible(bool(lock))
        self._lock.show_chip(lock, "acc", "lock-2")
        self.submit.setVisible(submit and not sign)
        self.give_back.setVisible(give_back)
        self.sign.setVisible(sign)
        self.submit.enable(not reason, reason)
        self.sign.enable(not reason, reason)
        self._looks_ready = ready
        self.sign.show_kind("primary" if ready else "secondary")

    _looks_ready = True

    def sign_looks_ready(self) -> bool:
        """Tell whether the button that signs is lit."""
        return self._looks_ready

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show where the case stands."""
        self.state_line.show_steps(steps)

    def show_checks(
        self,
        blocking: Sequence[tuple[str, str]],
        passed: Sequence[str],
        messages: dict[str, str],
        *,
        missing: int,
        looking: bool = False,
    ) -> None:
        """
        Show blockers beside the form and below their fields; nothing is complete while somebody is ``looking``.

        ``missing`` of the blockers keep the report back, the others ask: the heading tells them apart, with the number
        that stands beside the button.
        """
        asking = [row for n, row in enumerate(blocking) if n >= missing and row[0] != CRITICAL_TARGET]
        self.checks.show_checks([row for row in blocking if row not in asking], passed, asking)
        self._first_target = blocking[0][0] if blocking else ""
        self._waiting = [target.partition("\n")[0] for target, _sentence in blocking]
        if blocking:
            tone, icon = ("bad", "close") if missing or len(asking) < len(blocking) else ("warn", "error-warning")
            self._side_chip.show_chip(_open_words(missing, len(blocking) - missing), tone, icon)
        elif looking:
            self._side_chip.show_chip(tr("Checking…"), "neutral", "timer")
        else:
            self._side_chip.show_chip(tr("Complete"), "ok", "check")
        self.form.say(messages)

    def checks_words(self) -> str:
        """Return what stands in the heading of the checks."""
        return self._side_chip.text()

    def show_busy(self, *, busy: bool) -> None:
        """Keep hands off while the report is on its way."""
        self.form.setEnabled(not busy)
        for button in (self.fill_normal, self.phrases, self.insert):
            button.setEnabled(not busy)
        if busy:
            for button in (self.give_back, self.submit, self.sign):
                button.enable(False, tr("The report is on its way"))

    def locate(self, key: str, words: str = "") -> None:
        """Bring a field of the form into view, and choose words in it."""
        if self._compact and self._tabs.current() == _PREVIEW:
            self._tabs.pick(_FORM)
        self.form.focus_field(key, words)

    def may_close(self) -> bool:
        """Ask before the window closes while a draft is not on disk."""
        return self.leave_guard()

    def close_page(self) -> None:
        """Let the presenter stop what it does for this page."""
        self.building.stop()
        self.closing.emit()

    def add_to_preview(self, *buttons: QWidget) -> None:
        """Put buttons into the heading of the preview, before the one of the previous report."""
        header = self._preview_panel.header
        for button in buttons:
            header.insertWidget(header.count() - 1, button)

    def show_saved(self, text: str) -> None:
        """Say when the draft was saved."""
        self._saved.setText(text)

    def show_nodules(self, rows: Sequence[NoduleRow]) -> None:
        """Show the accepted findings."""
        self.form.show_nodules(rows)

    def show_pages(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Show the preview."""
        self.paper.show_pages(pictures)

    def showEvent(self, event: QShowEvent) -> None:
        """Put the cursor where work waits: into the first field that lacks something, else where it was before."""
        super().showEvent(event)
        if self.building.is_done and self._stack.currentIndex() == 1:
            self.form.begin(self._waiting)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the preview a tab beside the form where there is little room."""
        super().resizeEvent(event)
        if self.building.is_done:
            self._arrange()

    def toggle_former(self) -> None:
        """Put the previous report beside the form in the place of the preview, or take it away."""
        if self._compact:
            self._tabs.pick(_FORM if self.former_is_beside else _FORMER)
        else:
            self._beside = not self._beside
            self._show_beside()

    @property
    def former_is_beside(self) -> bool:
        """Tell whether the previous report lies beside the form."""
        return self._tabs.current() == _FORMER if self._compact else self._beside

    def _tab_picked(self, _key: str) -> None:
        self._show_beside()

    def _show_beside(self) -> None:
        self._arrange()
        if self.former_is_beside:
            self.former_requested.emit()

    @property
    def _compact(self) -> bool:
        return self.width() < _COMPACT_BELOW - 64

    def _arrange(self) -> None:
        compact = self._compact
        self.side.setFixedWidth(_SIDE_WIDTH_COMPACT if compact else _SIDE_WIDTH)
        self._tabs.setVisible(compact)
        tab, beside = self._tabs.current(), self.former_is_beside
        self.side.setVisible(not (compact and beside) or self.side.has_critical)
        self._form_panel.setVisible(not compact or tab != _PREVIEW)
        self._preview_panel.setVisible(tab == _PREVIEW if compact else not beside)
        self.former.setVisible(beside)
        if compact and not beside:
            self._form_panel.setMinimumWidth(0)
            self._form_panel.setMaximumWidth(16_777_215)
        else:
            self._form_panel.setFixedWidth(_FORM_WIDTH)


def _open_words(missing: int, asked: int) -> str:
    """Say how much is left to do and, apart from it, how much asks and may be answered for."""
    left = trn("{count} left to do", "{count} left to do", missing)
    asks = trn("{count} to check", "{count} to check", asked)
    return f"{left} · {asks}" if missing and asked else left if missing else asks
