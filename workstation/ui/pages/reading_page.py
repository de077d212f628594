"""The reading page: series, images, findings and the report beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from resources.translation import tr
from viewers.scene.presets import CT_PRESETS
from workstation.settings import ReadingSettings
from workstation.ui.commands import Command
from workstation.ui.notice import in_one_line
from workstation.ui.pages.page import Page
from workstation.ui.pages.reading_commands import TOOLS, ReadingCommands, add_view_commands, preset_words
from workstation.ui.theme import current_theme
from workstation.ui.widgets.finding_panel import FindingPanel
from workstation.ui.widgets.labels import ElidedLabel, EmptyState, icon_label
from workstation.ui.widgets.page_header import CountTabs
from workstation.ui.widgets.reading_header import ReadingHeader
from workstation.ui.widgets.report_dock import DockFooter, ReportDock
from workstation.ui.widgets.series_panel import SeriesPanel
from workstation.ui.widgets.viewport_grid import Layout, ViewportGrid

COMPACT_UP_TO = 1440
_SETTLE_MS: Final = 800
FINDINGS_TAB = "findings"
REPORT_TAB = "report"


class ReadingPage(Page):
    """Shows and asks; the presenter does."""

    series_requested = Signal(str)
    retry_requested = Signal()
    jump_requested = Signal(str)
    accept_requested = Signal()
    """Accept, reject or edit whatever finding is chosen."""
    reject_asked = Signal()
    edit_asked = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()
    add_requested = Signal(object)
    """A patient point (L, P, S) in mm for a finding of the reader's own."""
    rejected_shown = Signal(bool)
    finish_requested = Signal()
    going_away = Signal()
    place_given = Signal(object)
    """What ``keep_place`` returned on the page in the other language."""
    preferences_changed = Signal(object)
    """``ReadingSettings``"""

    def __init__(self, preferences: ReadingSettings | None = None) -> None:
        super().__init__()
        self._preferences = preferences or ReadingSettings()
        self.keep_place: Callable[[], object] = lambda: None
        """Set by the presenter: where the reader stands in the images"""
        self._here = self._failed = self._count = 0
        self._compact = False
        self._has_case = False
        self.header = ReadingHeader()
        self.add_header(self.header)
        self.series = SeriesPanel()
        self.grid = ViewportGrid()
        self.findings = FindingPanel()
        self.report = ReportDock()
        self.footer = DockFooter()
        self.menu: QMenu | None = None
        self._stack = QStackedWidget()
        self._empty = EmptyState(tr("No case is open"), tr("Open a case from the worklist (F2)."))
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._content())
        self.column.addWidget(self._stack, 1)
        self.view_commands = ReadingCommands(self.commands, self.grid)
        self._add_commands()
        self._wire()
        self.commands = self.view_commands
        self.grid.choose_tool(self.grid.active.navigator.tool)
        self.show_nothing()

    # building

    def _content(self) -> QWidget:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.series)
        row.addWidget(self.grid, 1)
        self._dock = _Dock()
        column = QVBoxLayout(self._dock)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        self.tabs = _DockTabs([(FINDINGS_TAB, tr("AI findings")), (REPORT_TAB, tr("Report"))])
        self.tabs.picked.connect(lambda _key: self._arrange())
        column.addWidget(self.tabs)
        self.question = _Question()
        column.addWidget(self.question)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.findings)
        self._split.addWidget(self.report)
        self._divide(self._preferences.findings_share)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._keep_share)
        self._split.splitterMoved.connect(lambda _at, _index: self._settle.start())
        column.addWidget(self._split, 1)
        column.addWidget(self.footer)
        row.addWidget(self._dock)
        return body

    def _divide(self, findings_share: int) -> None:
        self._split.setSizes([findings_share * 10, (100 - findings_share) * 10])
        self._split.setStretchFactor(0, findings_share)
        self._split.setStretchFactor(1, 100 - findings_share)

    def _keep_share(self) -> None:
        sizes = self._split.sizes()
        if min(sizes) > 0:  # a narrow dock shows one of the two only
            share = min(90, max(10, round(100 * sizes[0] / sum(sizes))))
            self._preferences = replace(self._preferences, findings_share=share)
            self.preferences_changed.emit(self._preferences)

    def _add_commands(self) -> None:
        images, ai = tr("Images"), tr("Findings")
        add_view_commands(self.view_commands, self.grid)
        for command in (
            Command("findings.next", tr("Next finding"), "skip-forward", "N", lambda: self.step(1), ai),
            Command("findings.previous", tr("Previous finding"), "skip-back", "Shift+N", lambda: self.step(-1), ai),
            Command("findings.accept", tr("Accept"), "check", "Return", self.accept_requested.emit, ai, ("Enter",)),
            Command("findings.reject", tr("Reject, then 1 to 6"), "close", "Backspace", self.reject_asked.emit, ai),
            Command("findings.edit", tr("Edit"), "edit", "Ctrl+E", self.edit_asked.emit, ai),
            Command("findings.add", tr("Add a finding"), "add-circle", "Ins", self.begin_adding, ai, checkable=True,
                    tooltip=tr("Add a finding where you click")),
            Command("findings.marks", tr("Show the AI marks"), "robot", "G", self._toggle_marks, ai, checkable=True),
            Command("findings.undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", self.undo_requested.emit, ai),
            Command("findings.redo", tr("Redo"), "arrow-go-forward", "Ctrl+Y", self.redo_requested.emit, ai,
                    ("Ctrl+Shift+Z",)),
            Command("findings.rejected", tr("Show rejected marks"), "eye", "Shift+G", self._toggle_rejected, ai,
                    checkable=True),
        ):  # fmt: skip
            self.view_commands.of_images(command)
        for command in (
            Command("reading.save", tr("Save the draft"), "save", "Ctrl+S", self.save_requested.emit, images),
            Command("reading.finish", tr("Submit or sign"), "quill-pen", "Ctrl+Return", self.finish_requested.emit,
                    images),
            Command("reading.area", tr("Next area"), "layout-column", "F6", self._next_area, images),
        ):  # fmt: skip
            self.commands.add(command)
        action = self.view_commands.action
        tool = [(action(command_id), TOOLS[command_id][1]) for command_id in TOOLS]
        self.header.add_tools(
            (
                [tool[0], tool[1], tool[2], tool[4]],
                tool[5:],
                [(action("findings.add"), "add-circle"), (action("findings.marks"), "robot")],
            )
        )
        self._fill_menus()

    def _fill_menus(self) -> None:
        action = self.view_commands.action
        for key in "2345678910":
            self.header.presets.menu.addAction(action(f"preset.{key}"))
        for layout in Layout:
            self.header.layouts.menu.addAction(action(f"layout.{layout}"))
        more = self.header.menu
        more.addMenu(self.header.presets.menu).setText(tr("Window"))
        more.addMenu(self.header.layouts.menu).setText(tr("Layout"))
        more.addSeparator()
        for command_id in ("tool.scroll", "view.invert", "view.fit", "view.reset", "view.link", "view.text"):
            more.addAction(action(command_id))
        more.addSeparator()
        for command_id in ("findings.rejected", "findings.undo", "findings.redo", "view.delete"):
            more.addAction(action(command_id))

    def _wire(self) -> None:
        self.series.chosen.connect(self.series_requested)
        self.grid.finding_clicked.connect(self.jump_requested)
        self.grid.add_requested.connect(self.add_requested)
        self.grid.menu_requested.connect(self._open_menu)
        self.grid.tool_changed.connect(self._show_tool)
        self.grid.layout_changed.connect(self._show_layout)
        self.grid.window_changed.connect(lambda _window: self.show_window())
        self.grid.activated.connect(lambda _key: self.show_window())
        self.grid.adding_changed.connect(lambda on: self.view_commands.action("findings.add").setChecked(on))
        self.grid.marks_toggled.connect(self._show_marks)
        self.grid.refused.connect(lambda text, hint: self.toast.emit(in_one_line(text, hint)))
        self.findings.chosen.connect(self.jump_requested)
        self.findings.next_requested.connect(self.step)
        self.findings.marks_toggle_requested.connect(self._toggle_marks)
        self.report.report_requested.connect(self.finish_requested)
        self.footer.report_requested.connect(self.finish_requested)

    # what a person, or a driver without a screen, can ask

    def jump_to(self, tracking_uid: str) -> None:
        """Bring a finding to every view and choose it."""
        self.jump_requested.emit(tracking_uid)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) finding in number order, round at the ends."""
        uids = [card.tracking_uid for card in self.findings.cards]
        if uids:
            at = uids.index(self.findings.selected) + by if self.findings.selected in uids else (0 if by > 0 else -1)
            self.jump_requested.emit(uids[at % len(uids)])

    def begin_adding(self) -> None:
        """Let the next click on an image put a finding of the reader's own."""
        self.grid.set_adding(adding=not self.grid.is_adding)
        self.view_commands.action("findings.add").setChecked(self.grid.is_adding)

    def choose_layout(self, layout: Layout) -> None:
        """Divide the image area."""
        self.grid.choose_layout(layout)

    def has_image(self) -> bool:
        """Tell whether a slice of the open case is on screen."""
        scene = self.grid.stack
        return scene is not None and scene.image(scene.index) is not None

    def is_complete(self) -> bool:
        """Tell whether every slice of the series on screen is here."""
        return self._count > 0 and self._here == self._count

    def has_volume(self) -> bool:
        """Tell whether the three planes can be shown."""
        return self.grid.has_planes

    @property
    def slice_count(self) -> int:
        """Return the number of slices of the series on screen."""
        return self._count

    @property
    def failed_count(self) -> int:
        """Return how many of them could not be had."""
        return self._failed

    # showing

    def show_nothing(self) -> None:
        """Show nothing of any case."""
        self._has_case = False
        self.header.show_nothing()
        self._clear_content()
        self._empty.title.setText(tr("No case is open"))
        self._empty.text.setText(tr("Open a case from the worklist (F2)."))
        self._stack.setCurrentIndex(0)

    def show_opening(self) -> None:
        """Say that a case is being opened; the last one's images are gone."""
        self._clear_content()
        self._empty.title.setText(tr("Opening the case…"))
        self._empty.text.setText(tr("The first image appears as soon as it is here."))
        self._stack.setCurrentIndex(0)

    def show_content(self) -> None:
        """Show the areas of an opened case."""
        self._has_case = True
        self.header.set_usable(usable=True)
        self._stack.setCurrentIndex(1)
        self._arrange()
        self.grid.active.setFocus(Qt.FocusReason.OtherFocusReason)

    def _clear_content(self) -> None:
        if self.menu is not None:
            self.menu.close()
        if self.findings.menu is not None:
            self.findings.menu.close()
        self.grid.clear()
        self.series.clear()
        self.findings.clear()
        self.report.clear()
        self.footer.say("")
        self.question.show_text("")
        self.show_loading(0, 0, 0)
        for notice in self.notices.notices():
            self.notices.clear_notice(notice.key)
        for command_id in ("findings.rejected", "findings.add"):
            self.view_commands.action(command_id).setChecked(False)
        self._show_marks(shown=True)

    def show_loading(self, here: int, failed: int, count: int) -> None:
        """Show how much of the series is here."""
        self._here, self._failed, self._count = here, failed, count
        self.series.show_total(here, failed, count)

    def show_counts(self, findings: int) -> None:
        """Show the number of findings on the tab."""
        self.tabs.show_counts({FINDINGS_TAB: findings} if self._has_case and findings else {})

    def show_window(self) -> None:
        """Name the window of the active viewport."""
        scene = self.grid.active.scene
        if scene is None:
            return
        window = scene.window
        # the windows of 0 and 1 depend on the pixels: asking for them here would cost a whole plane
        known = [key for key, preset in CT_PRESETS.items() if preset.window == window and scene.modality == "CT"]
        centre = f"{window.centre:.0f}".replace("-", "\u2212")
        words = preset_words(known[0]) if known else f"W {window.width:.0f} L {centre}"
        self.header.presets.show_choice(words, known[0] if known else "")

    def enable_planes(self, reason: str) -> None:
        """Offer the three planes, or say why there are none."""
        action = self.view_commands.action(f"layout.{Layout.MPR}")
        action.setEnabled(not reason)
        text = tr("Three planes and the stack")
        action.setToolTip(reason or text)
        action.setText(f"{text} · {reason}" if reason else text)

    def _show_tool(self, name: object) -> None:
        for command_id, (tool, _icon, _key) in TOOLS.items():
            self.view_commands.action(command_id).setChecked(tool is name)

    def _show_layout(self, layout: object) -> None:
        for each in Layout:
            self.view_commands.action(f"layout.{each}").setChecked(each is layout)
        words = tr("MPR 2×2") if layout is Layout.MPR else "1×1"
        self.header.layouts.show_choice(words)

    def _toggle_marks(self) -> None:
        self.grid.show_marks(not self.grid.marks_shown)

    def _toggle_rejected(self) -> None:
        self.rejected_shown.emit(self.view_commands.action("findings.rejected").isChecked())

    def _show_marks(self, shown: bool) -> None:  # noqa: FBT001 - a signal's argument
        self.view_commands.action("findings.marks").setChecked(shown)
        self.findings.show_marks_state(shown=shown)

    def _open_menu(self, key: str, at: QPoint) -> None:
        canvas = self.grid.frames[key].canvas
        local = canvas.mapFromGlobal(at)
        point = self.grid.point_at(key, local.x(), local.y())
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add = menu.addAction(tr("Add a finding here"))
        add.setObjectName("menu.add")
        add.setEnabled(point is not None)
        add.triggered.connect(lambda: self.add_requested.emit(point))
        menu.addSeparator()
        action = self.view_commands.action
        for command_id in ("view.reset", "view.fit", "view.invert", "view.text"):
            menu.addAction(action(command_id))
        menu.addSeparator()
        menu.addAction(action("findings.marks"))
        menu.addAction(action("findings.rejected"))
        menu.destroyed.connect(self._menu_gone)
        self.menu = menu
        menu.popup(at)

    def _menu_gone(self) -> None:
        self.menu = None

    # layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make room for the images first."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        window = self.window()
        compact = window.width() <= COMPACT_UP_TO or window.height() <= 800
        theme = current_theme()
        self._dock.setFixedWidth(theme.px("dock.compact" if compact else "dock"))
        self.header.set_compact(compact=compact)
        self.series.set_compact(compact=compact)
        self.findings.set_compact(compact=compact)
        self.report.heading.setVisible(not compact)
        self.tabs.setTabVisible(1, compact)
        front = self.tabs.current()
        self.findings.setVisible(not compact or front == FINDINGS_TAB)
        self.report.setVisible(not compact or front == REPORT_TAB)
        self._compact = compact

    def _next_area(self) -> None:
        starts = (self.series.first(), self.grid.active.canvas, self.findings.first() or self.footer.report)
        areas = (self.series, self.grid, self._dock)
        focus = QApplication.focusWidget()
        inside = [n for n, area in enumerate(areas) if focus is not None and area.isAncestorOf(focus)]
        at = inside[0] if inside else 0
        following = next(start for n in (1, 2, 3) if (start := starts[(at + n) % 3]) is not None)
        following.setFocus(Qt.FocusReason.TabFocusReason)

    # life

    def save_state(self) -> object:
        """Return where the reader stands, for the page in the other language."""
        return self.keep_place(), self.tabs.current(), self._split.sizes()

    def restore_state(self, state: object) -> None:
        """Go on where the former page stood."""
        if isinstance(state, tuple):
            place, tab, sizes = state
            self.tabs.pick(tab)
            if min(sizes) > 0:
                self._split.setSizes(sizes)
            self.place_given.emit(place)

    def hidden(self) -> None:
        """Put a half-drawn measurement down."""
        self.grid.set_adding(adding=False)

    def close_page(self) -> None:
        """Stop fetching; the widget is going away."""
        self.going_away.emit()
        self.grid.clear()


class _Dock(QWidget):
    """The right-hand column on bg1 with a hairline towards the images."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, 0, 1, self.height(), theme.color("line"))


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
