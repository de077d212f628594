"""What goes to the sites and did not arrive; for a signer what the hub did not take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)
from PySide6.QtWidgets import QWidget as _Widget

from resources.translation import tr, trn
from workstation.domain.dispatch import Dispatch, DispatchState, Route, RouteStatus
from workstation.ui.commands import Command
from workstation.ui.dispatch_words import document_words, kind_words, moment, state_words, study_of
from workstation.ui.keymap import key_of
from workstation.ui.pages.page import Page
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import EmptyState, Panel, label
from workstation.ui.widgets.page_header import PageHeader

_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROW_PX = 32
_TONES = {DispatchState.DEAD: "bad", DispatchState.WAITING: "acc.text", DispatchState.DELIVERED: "ok"}


class DeliveriesPage(Page):
    """The administrator's page: routes above, what was put on them below. Shows and asks; the presenter does."""

    refresh_requested = Signal()
    send_again_requested = Signal(int)
    give_up_requested = Signal(int)
    route_changed = Signal(object)
    """``Route``, switched on or off"""
    route_wanted = Signal(object)
    """``Route`` whose form is wanted, None for a new one"""

    def __init__(self) -> None:
        super().__init__()
        header = PageHeader(tr("Deliveries"))
        self.count = label("", "body", "t2")
        header.row.addWidget(self.count)
        header.row.addStretch(1)
        self.everything = QCheckBox(tr("Also what was delivered"))
        self.everything.toggled.connect(lambda _on: self._fill())
        header.row.addWidget(self.everything)
        again = Button(tr("Refresh"), "secondary", icon="refresh", small=True, key="F5")
        again.clicked.connect(self.refresh_requested)
        header.row.addWidget(again)
        self.add_header(header)
        body = _Widget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._routes(), 2)
        column.addWidget(self._dispatches(), 3)
        self.column.addWidget(body, 1)
        self.commands.add(
            Command(
                "deliveries.new",
                tr("New route…"),
                "add",
                "Ctrl+N",
                self.new_route.click,
                tr("Deliveries"),
                editable=True,
            )
        )
        self._status: tuple[RouteStatus, ...] = ()
        self._all: tuple[Dispatch, ...] = ()
        self._shown: tuple[Dispatch, ...] = ()
        self._pick()

    def _routes(self) -> Panel:
        panel = Panel(tr("Routes of the sites"))
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.switch = Button(tr("Switch off"), "secondary", small=True)
        self.switch.clicked.connect(self._switch)
        self.new_route = Button(
            tr("New route…"), "secondary", icon="add", small=True, key=key_of("deliveries.new", "Ctrl+N")
        )
        self.new_route.clicked.connect(lambda: self.route_wanted.emit(None))
        self.edit_route = Button(tr("Edit…"), "secondary", icon="edit", small=True)
        self.edit_route.clicked.connect(self._edit)
        for button in (self.switch, self.edit_route, self.new_route):
            panel.header.addWidget(button)
        titles = (tr("Site"), tr("Route"), tr("Kind"), tr("Address"), tr("Waiting"), tr("Not delivered"), tr("State"))
        self.routes = _table(titles, stretch=6, numbers=(4, 5))
        self.routes.setAccessibleName(tr("Routes of the sites"))
        self.routes.itemSelectionChanged.connect(self._pick)
        self.routes.itemDoubleClicked.connect(lambda _item: self._edit())
        self.no_routes = EmptyState(
            tr("No site has a route yet"),
            tr("Signed reports wait in the inbox of their sender until a route leads to the hospital's own systems."),
        )
        panel.body.addWidget(self.routes, 1)
        panel.body.addWidget(self.no_routes, 1)
        return panel

    def _dispatches(self) -> Panel:
        panel = Panel(tr("Reports on their way"))
        panel.body.setContentsMargins(0, 0, 0, 0)
        self.send_again = Button(tr("Send again"), "primary", icon="refresh", small=True)
        self.send_again.clicked.connect(lambda: self._ask(self.send_again_requested))
        self.give_up = Button(tr("Do not send…"), "danger", icon="forbid", small=True)
        self.give_up.clicked.connect(lambda: self._ask(self.give_up_requested))
        panel.header.addWidget(self.give_up)
        panel.header.addWidget(self.send_again)
        titles = (tr("State"), tr("Report"), tr("Site"), tr("Route"), tr("Queued at"), tr("Attempts"), tr("Reason"))
        self.table = _table(titles, stretch=6, numbers=(5,))
        self.table.setAccessibleName(tr("Reports on their way"))
        self.table.itemSelectionChanged.connect(self._pick)
        self.nothing = EmptyState(tr("Everything has arrived"), tr("What a site does not take is listed here."))
        panel.body.addWidget(self.table, 1)
        panel.body.addWidget(self.nothing, 1)
        return panel

    # showing

    def show_all(self, routes: Sequence[RouteStatus], dispatches: Sequence[Dispatch]) -> None:
        """Show what the hub says now; the chosen lines stay chosen."""
        self._status, self._all = tuple(routes), tuple(dispatches)
        chosen = self.routes.currentRow()
        self.routes.setRowCount(len(routes))
        for row, status in enumerate(routes):
            self._route_row(row, status)
        self.routes.setCurrentCell(min(max(chosen, 0), len(routes) - 1), 0)
        self.routes.setVisible(bool(routes))
        self.no_routes.setVisible(not routes)
        self.count.setText(_counted(routes) if routes or dispatches else "")
        if routes or dispatches:
            self.nothing.title.setText(tr("Everything has arrived"))
            self.nothing.text.setText(tr("What a site does not take is listed here."))
        else:  # nothing went out, so that nothing can have arrived
            self.nothing.title.setText(tr("Nothing is sent out"))
            self.nothing.text.setText(
                tr("Reports are sent once a site has a route; what it does not take is listed here.")
            )
        self._fill()

    def _route_row(self, row: int, status: RouteStatus) -> None:
        route = status.route
        if not route.enabled:
            state, tone = tr("Off"), "t3"
        elif status.trouble:
            state, tone = status.trouble, "bad"
        elif status.dead:
            state, tone = tr("Answers, but did not take every report"), "warn"
        else:
            state, tone = tr("Works"), "ok"
        cells = (status.site_name, route.name, kind_words(route.kind), route.address, str(status.waiting),
                 str(status.dead))  # fmt: skip
        for column, text in enumerate(cells):
            self.routes.setItem(row, column, _cell(text, "bad" if column == 5 and status.dead else "t1"))
        self.routes.setItem(row, 6, _cell(state, tone))

    def _fill(self) -> None:
        undone = {DispatchState.DEAD, DispatchState.WAITING}
        chosen = self.chosen
        self._shown = tuple(one for one in self._all if self.everything.isChecked() or one.state in undone)
        self.table.setRowCount(len(self._shown))
        for row, one in enumerate(self._shown):
            word, _kind, _icon = state_words(one.state)
            report = " · ".join((document_words(one.report_state), *study_of(one)))
            cells = (word, report, one.site_name, one.route_name, moment(one.queued_at), str(one.attempts),
                     one.reason or one.proof)  # fmt: skip
            for column, text in enumerate(cells):
                cell = _cell(text, _TONES.get(one.state, "t2") if column == 0 else "t1")
                if column == 1:
                    cell.setToolTip(f"{text}\n{one.report_uid}")
                self.table.setItem(row, column, cell)
        numbers = [one.number for one in self._shown]
        at = numbers.index(chosen.number) if chosen is not None and chosen.number in numbers else 0
        self.table.setCurrentCell(at if numbers else -1, 0)
        self.table.setVisible(bool(numbers))
        self.nothing.setVisible(not numbers)
        self._pick()

    @property
    def chosen(self) -> Dispatch | None:
        """Return the chosen line, None where nothing is listed."""
        row = self.table.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    @property
    def chosen_route(self) -> Route | None:
        """Return the chosen route."""
        row = self.routes.currentRow()
        return self._status[row].route if 0 <= row < len(self._status) else None

    @property
    def route_ids(self) -> frozenset[str]:
        """Return the identifiers that are taken."""
        return frozenset(one.route.route_id for one in self._status)

    def _pick(self) -> None:
        chosen, route = self.chosen, self.chosen_route
        dead = chosen is not None and chosen.state is DispatchState.DEAD
        why = tr("Only what was not delivered needs a decision")
        self.send_again.enable(dead, why)
        self.give_up.enable(dead, why)
        self.switch.enable(route is not None, tr("Choose a route"))
        self.edit_route.enable(route is not None, tr("Choose a route"))
        self.switch.set_text(tr("Switch on") if route is not None and not route.enabled else tr("Switch off"))

    def _ask(self, asked: object) -> None:
        chosen = self.chosen
        if chosen is not None:
            asked.emit(chosen.number)  # type: ignore[attr-defined]  # a bound signal, which PySide types as Signal

    def _switch(self) -> None:
        route = self.chosen_route
        if route is not None:
            self.route_changed.emit(replace(route, enabled=not route.enabled))

    def _edit(self) -> None:
        route = self.chosen_route
        if route is not None:
            self.route_wanted.emit(route)

    def refresh(self) -> None:
        """Fetch anew (F5)."""
        self.refresh_requested.emit()


def _counted(routes: Sequence[RouteStatus]) -> str:
    """Return how many reports ask for a decision, and how many go on waiting by themselves."""
    dead, waiting = sum(one.dead for one in routes), sum(one.waiting for one in routes)
    words = trn("{count} report to decide on", "{count} reports to decide on", dead) if dead else tr("No action needed")
    return f"{words} · {trn('{count} waiting', '{count} waiting', waiting)}" if waiting else words


class _InItsTone(QStyledItemDelegate):
    """Leaves the words of the selected row the colour of their state; the faintest tone is read there as the next."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        brush = index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(brush, QBrush):
            theme = current_theme()
            color = theme.color("t2") if brush.color() == theme.color("t3") else brush.color()
            option.palette.setColor(QPalette.ColorRole.HighlightedText, color)


def _table(titles: Sequence[str], *, stretch: int, numbers: Sequence[int]) -> QTableWidget:
    table = QTableWidget(0, len(titles))
    table.setHorizontalHeaderLabels(list(titles))
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setItemDelegate(_InItsTone(table))
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    for column in numbers:
        title = QTableWidgetItem(titles[column])
        title.setTextAlignment(_NUMBER)
        table.setHorizontalHeaderItem(column, title)
    return table


def _cell(text: str, tone: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setForeground(current_theme().color(tone))
    item.setToolTip(text)
    if text.isdecimal():
        item.setTextAlignment(_NUMBER)
    return item
