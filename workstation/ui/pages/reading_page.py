"""The reading page: series, images, findings and the report beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from resources.translation import tr
from viewers.scene.note_scene import NoteScene
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import Window
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_scene import VolumeScene
from workstation.services.nodule_service import MeasureNodule
from workstation.settings import ReadingSettings
from workstation.ui.images.pictures import FetchPicture, PictureServices
from workstation.ui.keymap import key_of
from workstation.ui.notice import in_one_line
from workstation.ui.pages.image_menu import ImageMenu
from workstation.ui.pages.page import Page
from workstation.ui.pages.reading_commands import (
    TOOLS,
    ReadingCommands,
    add_layout_command,
    add_page_commands,
    fill_header,
    preset_words,
)
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.finding_panel import FindingPanel
from workstation.ui.widgets.labels import EmptyState
from workstation.ui.widgets.prior_strip import PriorStrip
from workstation.ui.widgets.reading_dock import FINDINGS_TAB, ReadingDock
from workstation.ui.widgets.reading_header import ReadingHeader
from workstation.ui.widgets.report_dock import ReportDock
from workstation.ui.widgets.series_panel import SeriesPanel
from workstation.ui.widgets.side_panel import SidePanel, SidePanels, first_stop
from workstation.ui.widgets.tiling import STACK, Layout, Tiling
from workstation.ui.widgets.viewport_grid import ViewportGrid

COMPACT_UP_TO = 1440


class ReadingPage(Page):
    """Shows and asks; the presenter does."""

    series_requested = Signal(str)
    retry_requested = Signal()
    jump_requested = Signal(str)
    annotation_wanted = Signal(str)
    """UID of an annotation to go to"""
    accept_requested = Signal()
    """Accept, reject or edit whatever finding is chosen."""
    reject_asked = Signal()
    edit_asked = Signal()
    reveal_requested = Signal()
    """The reader has looked and wants to see the AI."""
    rest_asked = Signal()
    evidence_asked = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()
    add_requested = Signal(object)
    """A patient point (L, P, S) in mm for a finding of the reader's own."""
    measured_add_requested = Signal(object, float)
    """A patient point in mm and the diameter in mm that was measured there."""
    follow_requested = Signal(str, object)
    """Tracking UID, ``FollowUp``: the finding is the same nodule as one of a prior."""
    unfollow_requested = Signal(str, str)
    key_image_asked = Signal(object)
    """``KeyImage`` to mark, or to take the mark from"""
    image_wanted = Signal(object)
    """``KeyImage`` that somebody wants to see"""
    left = Signal()
    """Another page is shown instead."""
    rejected_shown = Signal(bool)
    report_requested = Signal()
    finish_requested = Signal()
    going_away = Signal()
    place_given = Signal(object)
    """What ``keep_place`` returned on the page in the other language."""
    preferences_changed = Signal(object)
    """``ReadingSettings``"""

    def __init__(self, preferences: ReadingSettings | None = None, *, in_steps: bool = False) -> None:
        super().__init__()
        self.keep_place: Callable[[], object] = lambda: None
        """Set by the presenter: where the reader stands in the images"""
        self._here = self._failed = self._count = 0
        self._has_case = False
        self._layout_words: dict[str, str] = {}
        self.preferences = preferences or ReadingSettings()
        self.measure_nodule: MeasureNodule | None = None
        """One-click measurement of nodules; set before the presenter is made, None where nobody offers it"""
        self.fetch_picture: FetchPicture | None = None
        """Small pictures of series that were not opened; None where nobody offers them"""
        self.pictures: PictureServices | None = None
        """Monitors and pictures taken out; set before the presenter is made"""
        self.building = Stepwise(self._build(self.preferences), self)
        """Makes the parts; a page made ahead of its use takes several turns of the window for them"""
        if not in_steps:
            self.building.finish()

    # building

    def _build(self, preferences: ReadingSettings) -> Iterator[None]:
        # from the outside in: a part that is put into its place with everything in it is styled once more
        self.header = ReadingHeader()
        self.add_header(self.header)
        yield
        self._stack = QStackedWidget()
        self.column.addWidget(self._stack, 1)
        self._empty = EmptyState(tr("No case is open"), tr("Open a case from the worklist (F2)."))
        self._stack.addWidget(self._empty)
        body = QWidget()
        self._stack.addWidget(body)
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.series = SeriesPanel()
        row.addWidget(self.series)
        yield
        self._sides = QHBoxLayout()
        row.addLayout(self._sides)
        centre = QVBoxLayout()
        centre.setSpacing(0)
        row.addLayout(centre, 1)
        self.grid = ViewportGrid()
        self._beside = SidePanels(self.grid)
        centre.addWidget(self.grid, 1)
        yield
        self.priors = PriorStrip()
        centre.addWidget(self.priors)
        yield
        self.findings = FindingPanel()
        yield
        self.report = ReportDock()
        yield
        self.dock = ReadingDock(preferences, self.findings, self.report)
        row.addWidget(self.dock)
        self.footer, self.tabs, self.question = self.dock.footer, self.dock.tabs, self.dock.question
        yield
        self.view_commands = ReadingCommands(self.commands, self.grid)
        yield from add_page_commands(self, self.commands, self.view_commands)
        fill_header(self.header, self.view_commands, self.grid)
        self.grid.leave_keys()
        yield
        self._add_layouts()
        self.image_menu = ImageMenu(self)
        self._wire()
        self.commands = self.view_commands
        self.grid.choose_tool(self.grid.active.navigator.tool)
        self.show_nothing()

    def _wire(self) -> None:
        self.series.chosen.connect(self.series_requested)
        self.grid.finding_clicked.connect(self.jump_requested)
        self.grid.add_requested.connect(self.add_requested)
        self.grid.tool_changed.connect(self._show_tool)
        self.grid.layout_changed.connect(self._show_layout)
        self.grid.window_changed.connect(lambda _window: self.show_window())
        self.grid.activated.connect(lambda _key: self.show_window())
        self.grid.adding_changed.connect(lambda on: self.view_commands.action("findings.add").setChecked(on))
        self.grid.marks_toggled.connect(self._show_marks)
        self.grid.refused.connect(lambda text, hint: self.toast.emit(in_one_line(text, hint)))
        self.findings.chosen.connect(self.jump_requested)
        self.findings.next_requested.connect(self.step)
        self.findings.marks_toggle_requested.connect(self.toggle_marks)
        self.dock.preferences_changed.connect(self.preferences_changed)
        self.report.report_requested.connect(self.report_requested)
        self.footer.report_requested.connect(self.report_requested)
        self.footer.finish_requested.connect(self.finish_requested)

    def _add_layouts(self) -> None:
        tilings = self.grid.tilings
        self.add_layout(
            Layout.ONE, tilings[Layout.ONE], text=tr("One view"), short="1×1", icon="checkbox-blank", key="Shift+1"
        )
        self.add_layout(
            Layout.MPR, tilings[Layout.MPR], text=tr("Three planes and the stack"), short=tr("MPR 2×2"),
            icon="layout-grid", key="Shift+4",
        )  # fmt: skip

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

    def choose_layout(self, layout: str) -> None:
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
        self.image_menu.close()
        self.grid.clear()
        self.series.clear()
        self.dock.clear()
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
        if scene is None or isinstance(scene, NoteScene) or not scene.has_window:
            self.header.presets.show_choice("\u2014")
            return
        if isinstance(scene, VolumeScene) and scene.preset is not VolumePreset.MIP:
            self.header.presets.show_choice(scene.title)  # light and shade have thresholds, not a window
            return
        window = scene.window
        # the windows of 0 and 1 depend on the pixels: asking for them here would cost a whole plane
        known = [key for key, preset in CT_PRESETS.items() if preset.window == window and scene.takes_ct_windows]
        centre = f"{window.centre:.0f}".replace("-", "\u2212")
        words = preset_words(known[0]) if known else f"W {window.width:.0f} L {centre}{scene.raw_unit}"
        if scene.uptake is not None:
            words = scene.uptake.words(window)
        elif not known and (scene.windowing.own_words or not isinstance(scene.voi, Window)):
            words, known = scene.windowing.own_words or tr("VOI LUT"), []
        self.header.presets.show_choice(words, key_of(f"preset.{known[0]}", known[0]) if known else "")

    def show_no_images(self, text: str) -> None:
        """Say in the image area that there is nothing to look at; the header names no window and no layout."""
        self.grid.set_scenes({STACK: NoteScene(text)})
        self.show_window()
        self.header.layouts.show_choice("\u2014")

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

    def add_layout(self, name: str, tiling: Tiling, *, text: str, short: str, icon: str, key: str = "") -> None:
        """Offer another division of the image area by key and in the header; ``short`` is what the header shows."""
        self.grid.tilings[name] = tiling
        self._layout_words[name] = short
        add_layout_command(self.view_commands, self.grid, name, text, icon, key)
        self.header.layouts.menu.addAction(self.view_commands.action(f"layout.{name}"))

    def add_side(self, panel: SidePanel) -> None:
        """Put a panel between the series and the images; who closes it goes on with the images."""
        self._sides.addWidget(panel)
        self._beside.add(panel)
        panel.closed.connect(lambda: self.grid.active.setFocus(Qt.FocusReason.OtherFocusReason))

    def _show_layout(self, layout: str) -> None:
        for name in self._layout_words:
            self.view_commands.action(f"layout.{name}").setChecked(name == layout)
        self.header.layouts.show_choice(self._layout_words.get(layout, ""))

    def toggle_marks(self) -> None:
        """Draw the marks, or take them away."""
        self.grid.show_marks(not self.grid.marks_shown)

    def toggle_rejected(self) -> None:
        """Draw rejected marks as well, or no longer."""
        self.rejected_shown.emit(self.view_commands.action("findings.rejected").isChecked())

    def _show_marks(self, shown: bool) -> None:  # noqa: FBT001 - a signal's argument
        self.view_commands.action("findings.marks").setChecked(shown)
        self.findings.show_marks_state(shown=shown)

    # layout

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make room for the images first."""
        super().resizeEvent(event)
        if self.building.is_done:
            self._arrange()

    def _arrange(self) -> None:
        window = self.window()
        compact = window.width() <= COMPACT_UP_TO or window.height() <= 800
        self.header.set_compact(compact=compact)
        self.series.set_compact(compact=compact)
        self.dock.set_compact(compact=compact)
        self.priors.set_compact(compact=compact)

    def next_area(self) -> None:
        """Move the focus on: series, open panels beside them, images, findings, earlier exams."""
        items = (self._sides.itemAt(n) for n in range(self._sides.count()))
        panels = [one for item in items if item is not None and (one := item.widget()) is not None]
        stops = [
            (self.series, self.series.first()),
            *((panel, first_stop(panel)) for panel in panels),
            (self.grid, self.grid.active.canvas),
            (self.dock, self.dock.first()),
            (self.priors, first_stop(self.priors)),
        ]
        focus = QApplication.focusWidget()
        inside = [n for n, (area, _stop) in enumerate(stops) if focus is not None and _holds(area, focus)]
        at = inside[0] if inside else 0
        following = next(stop for _area, stop in (*stops[at + 1 :], *stops[: at + 1]) if stop is not None)
        following.setFocus(Qt.FocusReason.TabFocusReason)

    # life

    def save_state(self) -> object:
        """Return where the reader stands, for the page in the other language."""
        return self.keep_place(), self.dock.save_state()

    def restore_state(self, state: object) -> None:
        """Go on where the former page stood."""
        if isinstance(state, tuple):
            place, dock = state
            self.dock.restore_state(*dock)
            self.place_given.emit(place)

    def hidden(self) -> None:
        """Put a half-drawn measurement down."""
        self.grid.set_adding(adding=False)
        self.left.emit()

    def close_page(self) -> None:
        """Stop fetching; the widget is going away."""
        if not self.building.is_done:
            self.building.stop()
            return
        self.going_away.emit()
        self.grid.clear()


def _holds(area: QWidget, widget: QWidget) -> bool:
    return area is widget or area.isAncestorOf(widget)
