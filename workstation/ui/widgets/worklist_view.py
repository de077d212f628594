"""The table of the worklist: fixed rows, hover by row, keyboard focus lines, header with sort arrow."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QItemSelection, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from resources.translation import ENGLISH, language
from workstation.domain.workitem import WorklistRow
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.worklist_cells import WorklistCells
from workstation.ui.widgets.worklist_columns import COLUMNS, INDEX, Column, dragged, plan_columns
from workstation.ui.widgets.worklist_model import CRITICAL_COLUMN, TIME_COLUMN, WorklistModel

_DRAG_PAUSE_MS: Final = 300
_CENTRED: Final = frozenset({Column.PRIORS})
_CHOOSING: Final = {
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
}
_KEY_REASONS: Final = {
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
}


class WorklistTable(QTableView):
    """
    Shows a ``WorklistModel``.

    Signals: ``opened(WorklistRow)`` on Enter and double click, ``selected(object)`` with the case or
    None, ``sort_clicked(Column)`` and ``menu_asked(WorklistRow, QPoint)`` with a global position;
    ``widths_changed`` when the person dragged a column or, by a double click, gave its width back.
    """

    opened = Signal(object)
    selected = Signal(object)
    sort_clicked = Signal(object)
    menu_asked = Signal(object, object)
    widths_changed = Signal()

    def __init__(self, model: WorklistModel) -> None:
        super().__init__()
        self.rows = model
        self.hidden_columns: Collection[str] = ()
        self.own_widths: dict[Column, int] = {}
        self._fitting = False
        self._dragged = QTimer(self)
        self._dragged.setSingleShot(True)
        self._dragged.setInterval(_DRAG_PAUSE_MS)
        self._dragged.timeout.connect(self._keep_dragged)
        self._cells = WorklistCells(model)
        self._hovered = -1
        self._selected = -1
        self._keyboard = False
        """True while the keyboard moves the selection: the row then carries the two focus lines."""
        self.setModel(model)
        # every pixel is painted: scrolling copies what stays and paints only the rows that come in
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        self.setHorizontalHeader(_Header(model))
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.sectionResized.connect(self._resized)
        header.sectionHandleDoubleClicked.connect(self._give_width_back)
        header.setFixedHeight(current_theme().px("table.header"))
        header.sectionClicked.connect(lambda at: self.sort_clicked.emit(COLUMNS[at]))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.set_dense(dense=False)
        self.doubleClicked.connect(lambda index: self.opened.emit(model.row_at(index.row())))
        model.layoutChanged.connect(self._rows_moved)
        model.rowsInserted.connect(self._rows_moved)
        model.rowsRemoved.connect(self._rows_moved)

    def set_dense(self, *, dense: bool) -> None:
        """Choose 32 or 40 px rows."""
        height = current_theme().px("row.dense" if dense else "row")
        if self.verticalHeader().defaultSectionSize() != height:
            self.verticalHeader().setMinimumSectionSize(height)
            self.verticalHeader().setDefaultSectionSize(height)

    def current_row(self) -> WorklistRow | None:
        """Return the selected case."""
        indexes = self.selectionModel().selectedRows()
        return self.rows.row_at(indexes[0].row()) if indexes else None

    def select(self, ups_instance_uid: str) -> None:
        """Select a case without scrolling; unknown ones do nothing."""
        at = self.rows.find(ups_instance_uid)
        if at >= 0:
            scroll = self.verticalScrollBar().value()
            self.selectRow(at)
            self.verticalScrollBar().setValue(scroll)

    def fit(self) -> None:
        """Lay the columns out for the present width."""
        plan = plan_columns(
            self.viewport().width(), self.hidden_columns, latin=language() == ENGLISH, own=self.own_widths
        )
        self.rows.joined, self.rows.dated = plan.joined, plan.dated
        self._fitting = True
        for column, at in INDEX.items():
            self.setColumnHidden(at, not plan.shows(column))
            if plan.shows(column):
                self.setColumnWidth(at, plan.widths[column])
        self._fitting = False

    def _resized(self, at: int, _before: int, width: int) -> None:
        column = COLUMNS[at]
        if not self._fitting and column is not Column.DESCRIPTION and not self.isColumnHidden(at):
            self.own_widths[column] = dragged(width)
        if not self._fitting:
            self._dragged.start()

    def _give_width_back(self, at: int) -> None:
        self.own_widths.pop(COLUMNS[at], None)
        self._dragged.start()

    def _keep_dragged(self) -> None:
        self.fit()  # the description takes what the others leave
        self.widths_changed.emit()

    def tick(self, now: datetime) -> None:
        """Take over the time and repaint the timers that can be seen, nothing else."""
        self.rows.tick(now)
        if not self.isVisible() or not self.rows.rowCount():
            return
        for column in (TIME_COLUMN, CRITICAL_COLUMN) if self.rows.has_critical else (TIME_COLUMN,):
            left = self.columnViewportPosition(column)
            self.viewport().update(QRect(left, 0, self.columnWidth(column), self.viewport().height()))

    def anchor(self) -> tuple[str, int]:
        """Return the first visible case and how far it is scrolled off, to find the place again."""
        at = self.rowAt(0)
        if at < 0:
            return "", 0
        return self.rows.row_at(at).ups_instance_uid, self.rowViewportPosition(at)

    def restore_anchor(self, place: tuple[str, int]) -> None:
        """Scroll so that the case of ``anchor`` stands where it stood; nothing moves under the pointer."""
        uid, offset = place
        at = self.rows.find(uid) if uid else -1
        if at >= 0:
            self.verticalScrollBar().setValue(at * self.verticalHeader().defaultSectionSize() - offset)

    # Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows that need it from the kept pictures; QTableView would ask for one cell at a time."""
        area = event.rect()
        theme = current_theme()
        with QPainter(self.viewport()) as painter:
            painter.fillRect(area, theme.color("bg0"))
            first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
            if first < 0:
                return
            if last < 0:
                last = self.rows.rowCount() - 1
            columns = self._columns_in(area)
            height = self.verticalHeader().defaultSectionSize()
            top = self.rowViewportPosition(first)
            for at in range(first, last + 1):
                self._paint_row(painter, at, QRect(area.left(), top, area.width(), height), columns)
                top += height

    def _columns_in(self, area: QRect) -> list[tuple[Column, int, int]]:
        """Return the columns that an area touches, each with its left edge and its width."""
        found = []
        for column, at in INDEX.items():
            left, width = self.columnViewportPosition(at), self.columnWidth(at)
            if width and left <= area.right() and left + width > area.left():
                found.append((column, left, width))
        return found

    def _paint_row(self, painter: QPainter, at: int, box: QRect, columns: list[tuple[Column, int, int]]) -> None:
        row, ratio = self.rows.row_at(at), self.devicePixelRatioF()
        ground = "sel" if at == self._selected else "bg2" if at == self._hovered else "bg0"
        # whole device pixels keep the pictures sharp where the scale is no whole number
        top = round(box.top() * ratio) / ratio
        for column, left, width in columns:
            picture = self._cells.picture(row, column, (width, box.height()), ratio, ground=ground)
            painter.drawImage(QPointF(round(left * ratio) / ratio, top), picture)
        if at == self._selected and self._keyboard:
            accent = current_theme().color("acc")
            painter.fillRect(box.left(), box.top(), box.width(), 2, accent)
            painter.fillRect(box.left(), box.bottom() - 1, box.width(), 2, accent)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell which case is selected."""
        super().selectionChanged(selected, deselected)
        self._take_selection()
        self.selected.emit(self.current_row())

    def _take_selection(self) -> None:
        indexes = self.selectionModel().selectedRows()
        self._selected = indexes[0].row() if indexes else -1

    def _rows_moved(self, *_what: object) -> None:
        self._take_selection()
        if self._hovered >= 0:
            self._hovered = self.rowAt(self.viewport().mapFromGlobal(self.cursor().pos()).y())
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; arrow keys show the focus lines, and the first of them chooses where nothing is chosen."""
        if event.key() in _CHOOSING and self.current_row() is None and self.model().rowCount() > 0:
            self._set_keyboard(keyboard=True)
            self.selectRow(max(0, self.currentIndex().row()))
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers() & ~(
            Qt.KeyboardModifier.KeypadModifier
        ):
            row = self.current_row()
            if row is not None:
                self.opened.emit(row)
            return
        self._set_keyboard(keyboard=True)
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The mouse takes the focus lines away."""
        self._set_keyboard(keyboard=False)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Hover whole rows."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(round(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is hovered any more."""
        super().leaveEvent(event)
        self._hover(-1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus lines when the keyboard brought the focus; select the first row if none is."""
        super().focusInEvent(event)
        if event.reason() in _KEY_REASONS or self._is_by_keyboard(event):
            self._set_keyboard(keyboard=True)
            if self.current_row() is None and self.rows.rowCount():
                self.selectRow(0)

    def _is_by_keyboard(self, event: QFocusEvent) -> bool:
        """Tell whether somebody who goes by the keyboard gets the focus back, as when the window is activated."""
        is_back = event.reason() is Qt.FocusReason.ActiveWindowFocusReason
        return is_back and self.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the focus lines away."""
        super().focusOutEvent(event)
        self._set_keyboard(keyboard=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the columns out anew."""
        super().resizeEvent(event)
        self.fit()

    def _set_keyboard(self, *, keyboard: bool) -> None:
        if self._keyboard != keyboard:
            self._keyboard = keyboard
            self.viewport().update()

    def _hover(self, row: int) -> None:
        before = self._hovered
        if row == before:
            return
        self._hovered = row
        if row >= 0:
            self.rows.seen(row)
        for each in (before, row):
            if each >= 0:
                self.viewport().update(
                    QRect(0, self.rowViewportPosition(each), self.viewport().width(), self.rowHeight(each))
                )

    def _ask_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.menu_asked.emit(self.rows.row_at(index.row()), self.viewport().mapToGlobal(place))


class _Header(QHeaderView):
    """Captions in t3, the sorted column with its arrow; a cut title has a tooltip."""

    def __init__(self, model: WorklistModel) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._rows = model
        self.setMinimumSectionSize(24)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt's name
        theme = current_theme()
        painter.save()
        painter.fillRect(rect, theme.color("bg1"))
        painter.fillRect(QRectF(rect.left(), rect.bottom(), rect.width(), 1), theme.color("line"))
        column = COLUMNS[logicalIndex]
        order = self._rows.order
        active = order.column is column
        box = QRectF(rect).adjusted(8, 0, -4, 0)
        room = int(box.width()) - (16 if active else 0)
        words = paint.elided(str(self._rows.headerData(logicalIndex, Qt.Orientation.Horizontal)), room, "caption")
        align = Qt.AlignmentFlag.AlignCenter if column in _CENTRED else paint.V_CENTRE
        if column is Column.IMAGES and not active:  # above its figures, which end at the right
            align, box = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, box.adjusted(0, 0, -4, 0)
        paint.text(painter, box, words, role="caption", tone="t2" if active else "t3", align=align)
        if active:
            left = box.left() + paint.metrics("caption").horizontalAdvance(words) + 3
            name = "arrow-down" if order.descending else "arrow-up"
            paint_icon(painter, QRectF(left, box.center().y() - 6, 12, 12), name, theme.color("t2"))
        painter.restore()
