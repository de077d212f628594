"""The filter bar of the worklist: pills, the count, when it was refreshed, columns and preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from resources.translation import tr, trn
from workstation.domain.workitem import WorklistQuery
from workstation.ui.icons import icon
from workstation.ui.pages.worklist_view import ListState
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, Pill
from workstation.ui.widgets.labels import label, set_tone
from workstation.ui.widgets.worklist_columns import COLUMNS, NEVER_HIDDEN, title

_ROOMY = 1300


class WorklistFilters(QWidget):
    """
    Shows the filters and asks for changes by signals.

    ``changed(dict)`` carries the changed fields of ``WorklistQuery``.
    """

    changed = Signal(dict)
    refresh_clicked = Signal()
    preview_toggled = Signal(bool)
    columns_changed = Signal(object)

    def __init__(self, *, preview_open: bool, hidden_columns: Sequence[str], refresh_s: int) -> None:
        super().__init__()
        self._hidden = set(hidden_columns)
        self._refresh_s = refresh_s
        self._shown_at: datetime | None = None
        self._stalled = False
        self._state: ListState | None = None
        self.setFixedHeight(current_theme().px("filter.bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 1)
        row.setSpacing(8)
        self.today = Pill(tr("Today"))
        self.today.clicked.connect(lambda: self.changed.emit({"today_only": self.today.isChecked()}))
        self.modality = Pill(tr("All modalities"), menu=True)
        self.modality.clicked.connect(self._pick_modality)
        self.site = Pill(tr("All sites"), menu=True)
        self.site.clicked.connect(self._pick_site)
        self.with_ai = Pill(tr("Only with AI marks"))
        self.with_ai.clicked.connect(lambda: self.changed.emit({"with_ai_findings": self.with_ai.isChecked()}))
        self.clear = Button(tr("Clear filters"), "ghost", icon="filter-off", small=True)
        self.clear.clicked.connect(self.clear_all)
        self.count = label("", "body", "t3")
        for widget in (self.today, self.modality, self.site, self.with_ai, self.clear, self.count):
            row.addWidget(widget)
        row.addStretch(1)
        self.refreshed = label("", "body", "t3")
        self.refresh = Button(tr("Refresh"), "ghost", icon="refresh", key="F5", small=True)
        self.refresh.clicked.connect(self.refresh_clicked)
        self.columns = Button(tr("Columns"), "ghost", icon="layout-column", small=True)
        self.columns.clicked.connect(self._pick_columns)
        self.preview = Button(tr("Preview"), "ghost", icon="layout-bottom", small=True)
        self.preview.setCheckable(True)
        self.preview.setChecked(preview_open)
        self.preview.toggled.connect(self.preview_toggled)
        for widget in (self.refreshed, self.refresh, self.columns, self.preview):
            row.addWidget(widget)
        self.clear.hide()

    def show_state(self, state: ListState) -> None:
        """Show the filters in force, the number of cases and the time of the last answer."""
        self._state = state
        query = state.query
        self.today.setChecked(query.today_only)
        self.with_ai.setChecked(query.with_ai_findings)
        self.with_ai.setVisible(not state.looks_first)
        self.modality.setChecked(bool(query.modality))
        self.modality.show_text(query.modality or tr("All modalities"))
        self.site.setChecked(bool(query.site_id))
        names = dict(state.sites)
        all_sites = trn("{count} site", "{count} sites", len(names)) if names else tr("All sites")
        self.site.show_text(names.get(query.site_id, query.site_id) if query.site_id else all_sites)
        self.clear.setVisible(is_filtered(query))
        self.count.setText(
            ""
            if not state.rows
            else trn(
                "{count} case · STAT first, then least time left",
                "{count} cases · STAT first, then least time left",
                len(state.rows),
            )
        )
        self.show_refreshed(state.fetched)

    def show_refreshed(self, fetched: datetime | None) -> None:
        """Show when the list was fetched."""
        if fetched is None:
            self.refreshed.setText("")
            return
        self._shown_at = fetched
        set_tone(self.refreshed, "warn" if self._stalled else "t3")
        if self._stalled:
            self.refreshed.setText(tr("The list stands at {time}", time=f"{fetched.astimezone():%H:%M:%S}"))
            return
        self.refreshed.setText(
            tr("Refreshed {time} · every {seconds} s", time=f"{fetched.astimezone():%H:%M:%S}", seconds=self._refresh_s)
        )

    def show_stalled(self, stalled: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Say that the list is as old as its last answer while the hub gives none."""
        self._stalled = stalled
        self.show_refreshed(self._shown_at)

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Dim the refresh button while the hub is asked."""
        self.refresh.enable(not busy, tr("Refreshing…"))

    def fit(self, width: int) -> None:
        """Leave out the sentences in a narrow window."""
        self.refreshed.setVisible(width >= _ROOMY)
        self.count.setVisible(width >= _ROOMY - 200)

    def clear_all(self) -> None:
        """Take every filter away, the search text too."""
        self.changed.emit({"today_only": False, "with_ai_findings": False, "modality": "", "site_id": "", "text": ""})

    def _menu(self, pill: QWidget, entries: Sequence[tuple[str, str]], chosen: str,
              pick: Callable[[str], object]) -> QMenu:  # fmt: skip
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for value, text in entries:
            glyph = icon("check", "acc") if value == chosen else icon("subtract", "t3")
            action = menu.addAction(glyph, text)
            action.triggered.connect(lambda _on=False, value=value: pick(value))
        menu.popup(pill.mapToGlobal(QPoint(0, pill.height() + 4)))
        return menu

    def _pick_modality(self) -> None:
        state = self._state
        self.modality.setChecked(bool(state and state.query.modality))
        if state is not None:
            entries = [("", tr("All modalities")), *((m, m) for m in state.modalities)]
            self._menu(self.modality, entries, state.query.modality, lambda m: self.changed.emit({"modality": m}))

    def _pick_site(self) -> None:
        state = self._state
        self.site.setChecked(bool(state and state.query.site_id))
        if state is not None:
            entries = [("", tr("All sites")), *state.sites]
            self._menu(self.site, entries, state.query.site_id, lambda s: self.changed.emit({"site_id": s}))

    def _pick_columns(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in COLUMNS:
            if column in NEVER_HIDDEN:
                continue
            shown = column.value not in self._hidden
            action = menu.addAction(icon("check" if shown else "subtract", "acc" if shown else "t3"), title(column))
            action.triggered.connect(lambda _on=False, name=column.value: self._toggle_column(name))
        menu.popup(self.columns.mapToGlobal(QPoint(0, self.columns.height() + 4)))

    def _toggle_column(self, name: str) -> None:
        self._hidden ^= {name}
        self.columns_changed.emit(tuple(sorted(self._hidden)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and hairline."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))


def is_filtered(query: WorklistQuery) -> bool:
    """Tell whether any filter is in force."""
    return bool(query.text or query.modality or query.site_id or query.today_only or query.with_ai_findings)
