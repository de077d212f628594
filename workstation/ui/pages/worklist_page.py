"""The worklist page (design 01): header, filters, table, preview; it shows and asks, nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget

from resources.translation import tr
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.workitem import WorklistRow, WorklistTab
from workstation.settings import WorklistSettings
from workstation.ui.act_words import hint_after_act, try_again
from workstation.ui.commands import Command
from workstation.ui.icons import icon
from workstation.ui.keymap import key_of
from workstation.ui.notice import Notice, NoticeAction, Severity, code_of
from workstation.ui.pages.page import Page
from workstation.ui.pages.take_back_dialog import TakeBackDialog
from workstation.ui.pages.worklist_presenter import WorklistPresenter
from workstation.ui.pages.worklist_view import ListState
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import SearchBox
from workstation.ui.widgets.labels import EmptyState
from workstation.ui.widgets.page_header import CountTabs, PageHeader
from workstation.ui.widgets.preview_strip import PreviewStrip
from workstation.ui.widgets.worklist_columns import Column, kept_widths, widths_of
from workstation.ui.widgets.worklist_filters import WorklistFilters, is_filtered
from workstation.ui.widgets.worklist_merge import Merge
from workstation.ui.widgets.worklist_model import WorklistModel
from workstation.ui.widgets.worklist_tab_words import belongs_here
from workstation.ui.widgets.worklist_view import WorklistTable

_SEARCH_PAUSE_MS = 250
_LOW = 800
_NARROW = 1200


class WorklistPage(Page):
    """
    Signals: ``open_requested(WorklistRow, bool)``, True = read-only; ``preferences_changed(WorklistSettings)``.

    Opening claims the case (``OpenCase`` does); give a refusal to ``presenter.acts.opening_refused``.
    """

    open_requested = Signal(object, bool)
    preferences_changed = Signal(object)
    counts_changed = Signal(object)

    def __init__(
        self, presenter: WorklistPresenter, preferences: WorklistSettings | None = None, *, in_steps: bool = False
    ) -> None:
        super().__init__()
        self.presenter = presenter
        self._preferences = preferences or WorklistSettings()
        self._preview_wanted = self._preferences.preview_open
        self._applying = False
        self.building = Stepwise(self._build(), self)
        """Makes the parts; a page made in slices takes several turns of the window for them"""
        if not in_steps:
            self.building.finish()

    # building

    def _build(self) -> Iterator[None]:
        self.model = WorklistModel(self)
        self.table = WorklistTable(self.model)
        self.table.hidden_columns = self._preferences.hidden_columns
        self.table.own_widths = widths_of(self._preferences.column_widths)
        yield
        self._build_header()
        yield
        self.filters = WorklistFilters(
            preview_open=self._preview_wanted,
            hidden_columns=self._preferences.hidden_columns,
            refresh_s=self._preferences.refresh_s,
        )
        self.column.addWidget(self.filters)
        yield
        self._middle = QStackedWidget()
        self.column.addWidget(self._middle, 1)
        self._empty = EmptyState("")
        self._clear = Button(tr("Clear filters"), "secondary", icon="filter-off")
        self._show_all = Button(tr("Show all cases"), "ghost", icon="list-check")
        self._empty.buttons.addWidget(self._clear)
        self._empty.buttons.addWidget(self._show_all)
        self._middle.addWidget(self.table)
        self._middle.addWidget(self._empty)
        yield
        self.preview = PreviewStrip()
        self.column.addWidget(self.preview)
        yield
        self._add_commands()
        yield
        self._connect()
        self._start_timers()
        self._fit()
        self.presenter.attach(self)

    def _build_header(self) -> None:
        header = PageHeader(tr("Remote reading"))
        self._header = header
        self.tabs = CountTabs(
            [
                (WorklistTab.TO_READ, tr("To read")),
                (WorklistTab.MINE, tr("Mine")),
                (WorklistTab.TO_REVIEW, tr("Reviews")),
                (WorklistTab.RETURNED, tr("Returned")),
                (WorklistTab.SIGNED, tr("Signed")),
                (WorklistTab.CRITICAL, tr("Critical values")),
                (WorklistTab.ALL, tr("All")),
            ],
            critical=frozenset({WorklistTab.CRITICAL}),
        )
        self.tabs.pick(self.presenter.query.tab)
        self.search = SearchBox(tr("Name / pinyin initials / ID / accession"), key_of("worklist.search", "Ctrl+K"))
        self.search.setMaximumWidth(360)
        self.search.setMinimumWidth(140)
        self.search.setText(self.presenter.query.text)
        key = key_of("worklist.next", "Ctrl+Shift+N")
        self.take_next = Button(tr("Take next"), "primary", icon="arrow-right-circle", key=key)
        header.row.addSpacing(8)
        header.row.addWidget(self.tabs)
        header.row.addStretch(1)
        header.row.addWidget(self.search, 4)
        header.row.addWidget(self.take_next)
        self.add_header(header)

    def _add_commands(self) -> None:
        area = tr("Worklist")
        for command_id, text, glyph, key, handler in (
            ("worklist.search", tr("Search"), "search", "Ctrl+K", self._focus_search),
            ("worklist.next", tr("Take next"), "arrow-right-circle", "Ctrl+Shift+N", self.presenter.acts.take_next),
            ("worklist.claim", tr("Claim"), "lock", "Ctrl+L", self._claim_current),
            ("worklist.release", tr("Release"), "lock-unlock", "Ctrl+U", self._release_current),
            ("worklist.preview", tr("Preview on or off"), "layout-bottom", "Ctrl+I", self.filters.preview.toggle),
        ):
            self.commands.add(Command(command_id, text, glyph, key, handler, area, editable=True))

    def _connect(self) -> None:
        self.tabs.picked.connect(self._tab_picked)
        self.take_next.clicked.connect(self.presenter.acts.take_next)
        self._search_pause = QTimer(self)
        self._search_pause.setSingleShot(True)
        self._search_pause.setInterval(_SEARCH_PAUSE_MS)
        self._search_pause.timeout.connect(lambda: self.presenter.set_query(text=self.search.text().strip()))
        self.search.textChanged.connect(lambda _text: self._search_pause.start())
        self.search.returnPressed.connect(self._search_entered)
        self.filters.changed.connect(self._filters_changed)
        self.filters.refresh_clicked.connect(self.refresh)
        self.filters.preview_toggled.connect(self._preview_toggled)
        self.filters.columns_changed.connect(self._columns_changed)
        self.table.opened.connect(self.presenter.acts.open)
        self.table.selected.connect(self._show_preview)
        self.table.sort_clicked.connect(self._sort)
        self.table.menu_asked.connect(self._row_menu)
        self.table.widths_changed.connect(self._widths_changed)
        self.preview.open_clicked.connect(self._open_current)
        self.preview.claim_clicked.connect(self._claim_current)
        self.preview.release_clicked.connect(self._release_current)
        self._clear.clicked.connect(self.filters.clear_all)
        self._show_all.clicked.connect(lambda: self.tabs.pick(WorklistTab.ALL))

    def _start_timers(self) -> None:
        self._seconds = QTimer(self)
        self._seconds.setInterval(1000)
        self._seconds.timeout.connect(lambda: self.table.tick(self.presenter.now()))
        self._seconds.start()
        self._rounds = QTimer(self)
        self._rounds.setInterval(self._preferences.refresh_s * 1000)
        self._rounds.timeout.connect(self.presenter.refresh)
        self._rounds.start()

    # what the presenter asks

    def planner(self) -> Callable[[Sequence[WorklistRow]], Merge]:
        """Return what works out, in a job, how cases come into the table."""
        return self.model.planner()

    def show_list(self, state: ListState, *, mark_new: bool) -> None:
        """Merge the cases; selection, scroll and hover stay where they are."""
        self.model.user_id = self.presenter.acts.user_id
        self.model.tick(self.presenter.now())
        selected = self.table.current_row()
        place = self.table.anchor()
        at_top = self.table.verticalScrollBar().value() == 0 and not mark_new
        if state.merge is not None and self.model.fits(state.merge):
            self.model.apply(state.merge, mark_new=mark_new)
        else:
            self.model.merge(state.rows, mark_new=mark_new)
        if selected is not None and self.table.current_row() is None:
            self.table.select(selected.ups_instance_uid)
        if not at_top:
            self.table.restore_anchor(place)
        self.filters.show_state(state)
        counts = {tab.value: count for tab, count in state.counts.items() if tab is not WorklistTab.ALL}
        self.tabs.show_counts(counts)
        self.counts_changed.emit(state.counts)
        self._show_emptiness(state)
        self._enable_next()
        if self.search.text().strip() != state.query.text and not self._search_pause.isActive():
            self.search.setText(state.query.text)
        self._show_preview(self.table.current_row())

    def _show_emptiness(self, state: ListState) -> None:
        empty = not state.rows and state.fetched is not None
        self._middle.setCurrentIndex(1 if empty else 0)
        self.preview.setVisible(self.filters.preview.isChecked() and not empty)
        if not empty:
            return
        filtered = is_filtered(state.query)
        none = tr("No critical values now") if state.query.tab is WorklistTab.CRITICAL else tr("No cases here now")
        self._empty.title.setText(tr("No case matches the filters") if filtered else none)
        news = tr("New cases appear by themselves and never interrupt the window in which you read.")
        self._empty.text.setText(f"{belongs_here(state.query.tab)}\n{news}")
        self._clear.setVisible(filtered)
        self._show_all.setVisible(state.query.tab is not WorklistTab.ALL)

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Dim the refresh button while the hub is asked."""
        self.filters.show_busy(busy)

    def show_problem(
        self, key: str, error: WorkstationError, again: Callable[[], object] | None = None, *, what: str = ""
    ) -> None:
        """Show what happened, what still works and what to do; ``again`` repeats the act that failed."""
        lost = isinstance(error, Unreachable)
        if key == "refresh":
            self.filters.show_stalled(True)
            known = tr(
                "The list shows the last known state and asks again by itself; open cases and drafts stay usable."
            )
            hint = known if lost else error.hint
            actions: tuple[NoticeAction, ...] = (NoticeAction(tr("Try again"), self.refresh, "refresh"),)
        else:
            hint, actions = hint_after_act(error), try_again(error, again)
        fact = tr("{what}: {reason}", what=what, reason=error.user_text) if what else error.user_text
        severity = Severity.LOST if lost else Severity.DEGRADED
        self.notices.show_notice(Notice(key, severity, fact, hint, code_of(error), actions))

    def show_line_back(self, key: str, what: str, again: Callable[[], object]) -> None:
        """Leave the act that did not reach the hub to the reader, now that it would."""
        actions = (NoticeAction(tr("Try again"), again, "refresh"),)
        answers = tr("The hub answers again. Nothing was lost and nothing was repeated.")
        self.notices.show_notice(Notice(key, Severity.DEGRADED, what, answers, actions=actions))

    def clear_problem(self, key: str) -> None:
        """Take the notice away: it works again."""
        if key == "refresh":
            self.filters.show_stalled(False)
        self.notices.clear_notice(key)

    def say(self, text: str) -> None:
        """Tell a success in a toast."""
        self.toast.emit(text)

    def open_case(self, row: WorklistRow, *, read_only: bool) -> None:
        """Ask for the case to be opened."""
        self.open_requested.emit(row, read_only)

    # what the person does

    def _tab_picked(self, key: str) -> None:
        self.presenter.set_query(tab=WorklistTab(key))

    def _filters_changed(self, changes: dict[str, object]) -> None:
        if "text" in changes:
            self.search.setText(str(changes["text"]))
            self._search_pause.stop()
        self.presenter.set_query(**changes)

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _search_entered(self) -> None:
        self._search_pause.stop()
        self.presenter.set_query(text=self.search.text().strip())
        self.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _sort(self, column: Column) -> None:
        self.model.sort_by(self.model.order.clicked(column))
        self.table.horizontalHeader().viewport().update()

    def _open_current(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self.presenter.acts.open(row)

    def _claim_current(self) -> None:
        row = self.table.current_row()
        if row is not None and self.presenter.acts.may_claim(row):
            self.presenter.acts.claim(row)

    def _release_current(self) -> None:
        row = self.table.current_row()
        if row is not None and self.presenter.acts.may_release(row):
            self.presenter.acts.release(row)

    def _row_menu(self, row: WorklistRow, place: QPoint) -> None:
        self.row_menu(row).popup(place)

    def row_menu(self, row: WorklistRow) -> QMenu:
        """Return the context menu of a case."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        presenter = self.presenter
        menu.addAction(icon("eye"), tr("Open and read"), lambda: presenter.acts.open(row))
        if presenter.acts.may_claim(row):
            menu.addAction(icon("lock"), tr("Claim"), lambda: presenter.acts.claim(row))
        if presenter.acts.may_release(row):
            menu.addAction(icon("lock-unlock"), tr("Release"), lambda: presenter.acts.release(row))
        if presenter.acts.may_free(row):
            menu.addAction(icon("lock-unlock"), tr("Take back…"), lambda: self._take_back(row))
        menu.addAction(
            icon("eye-2"),
            tr("Open read-only"),
            lambda: self.open_requested.emit(row, True),
        )
        return menu

    def _take_back(self, row: WorklistRow) -> None:
        dialog = TakeBackDialog(self, row, is_own=self.presenter.acts.may_release(row))
        dialog.reason_given = partial(self.presenter.acts.free, row)
        dialog.open()

    def _preview_toggled(self, shown: bool) -> None:  # noqa: FBT001 - a Qt slot
        if self._applying:
            return
        self._preview_wanted = shown
        self.preview.setVisible(shown)
        self._show_preview(self.table.current_row())
        self._keep_preferences(preview_open=shown)

    def _columns_changed(self, hidden: tuple[str, ...]) -> None:
        self.table.hidden_columns = hidden
        self.table.fit()
        self._keep_preferences(hidden_columns=hidden)

    def _widths_changed(self) -> None:
        self._keep_preferences(column_widths=kept_widths(self.table.own_widths))

    def _keep_preferences(self, **changes: object) -> None:
        self._preferences = replace(self._preferences, **changes)  # type: ignore[arg-type] # fields by name
        self.preferences_changed.emit(self._preferences)

    def _show_preview(self, row: WorklistRow | None) -> None:
        self.preview.show_row(
            row,
            may_claim=row is not None and self.presenter.acts.may_claim(row),
            may_release=row is not None and self.presenter.acts.may_release(row),
        )
        is_seen = self.filters.preview.isChecked()
        self.presenter.pictures.ask(row if is_seen else None, self.preview.show_pictures)

    def _enable_next(self) -> None:
        free = self.presenter.acts.has_next()
        self.take_next.enable(free, tr("No case is free to take."))
        self.commands.action("worklist.next").setEnabled(free)

    # Page

    def shown(self) -> None:
        """Fetch when the page comes to the front; the focus goes to the table so that keys work."""
        self.presenter.refresh()
        if self.window().isActiveWindow():
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Ask the hub now."""
        self.presenter.refresh()

    def save_state(self) -> object:
        """Return selection, place and order for the page in the other language."""
        row = self.table.current_row()
        return (row.ups_instance_uid if row else "", self.table.anchor(), self.model.order)

    def restore_state(self, state: object) -> None:
        """Go on where the former page stood."""
        if isinstance(state, tuple):
            selected, place, order = state
            self.model.sort_by(order)
            self.table.select(selected)
            self.table.restore_anchor(place)

    def close_page(self) -> None:
        """Stop the timers."""
        if not self.building.is_done:
            self.building.stop()
            return
        self._seconds.stop()
        self._rounds.stop()
        self._search_pause.stop()
        self.presenter.pictures.forget_question()
        self.presenter.detach(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Fit to the window."""
        super().showEvent(event)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose dense rows and a closed preview in a low window."""
        super().resizeEvent(event)
        if self.building.is_done:
            self._fit()

    def _fit(self) -> None:
        low = self.window().height() < _LOW
        self.table.set_dense(dense=low)
        self._applying = True
        self.filters.preview.setChecked(self._preview_wanted and not low)
        self._applying = False
        self.preview.setVisible(self.filters.preview.isChecked() and self._middle.currentIndex() == 0)
        self.filters.fit(self.width())
        self._header.title.setVisible(self.width() >= _NARROW)
