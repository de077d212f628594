"""The header of the reading page: who, what, window, layout, tools, lock and time left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QWidget

from resources.translation import tr
from workstation.domain.workitem import Priority
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import IconButton, key_text
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, label, rule
from workstation.ui.widgets.page_header import PageHeader
from workstation.ui.widgets.urgency import PriorityMark, SlaTimer


class MenuButton(QAbstractButton):
    """A field with icon, word, key hint and arrow that opens a menu."""

    def __init__(self, icon: str, words: str) -> None:
        super().__init__()
        self._icon, self._key = icon, ""
        self.menu = QMenu(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(words)
        self.show_choice(words)
        self.clicked.connect(self.open_menu)

    def open_menu(self) -> None:
        """Open the menu below the field."""
        self.menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def show_choice(self, text: str, key: str = "") -> None:
        """Show what is chosen and its key."""
        if (text, key_text(key)) == (self.text(), self._key):
            return
        self.setText(text)
        self._key = key_text(key)
        self.setAccessibleName(f"{self.toolTip()} {text}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room for icon, word, key and arrow."""
        words = paint.metrics("body").horizontalAdvance(self.text())
        key = 8 + paint.key_hint_width(self._key) if self._key else 0
        return QSize(max(112, words + key + 66), 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the field."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("line2"))
        painter.setBrush(theme.color("bg3" if self.underMouse() or self.isDown() else "bg0"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        paint_icon(painter, QRectF(10, 8, 16, 16), self._icon, theme.color("t1"))
        paint.text(painter, QRectF(32, 0, self.width() - 50, self.height()), self.text(), tone="t1")
        paint_icon(painter, QRectF(self.width() - 24, 8, 16, 16), "arrow-down-s", theme.color("t2"))
        if self._key:
            paint.key_hint(painter, self.width() - 30 - paint.key_hint_width(self._key), 16, self._key, "t2")


class ToolButton(IconButton):
    """A tool of the header: shows the text, key and state of its action and triggers it."""

    def __init__(self, action: QAction, icon: str) -> None:
        key = action.shortcut().toString()
        super().__init__(icon, action.text(), key=key)
        self.setCheckable(action.isCheckable())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._action = action
        self.clicked.connect(self._press)
        action.changed.connect(self._follow)
        self._follow()

    def _press(self) -> None:
        self._action.trigger()
        self._follow()  # a tool that is chosen already stays pressed

    def _follow(self) -> None:
        self.setChecked(self._action.isChecked())
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


class _Words(ElidedLabel):
    """A text that takes the room it needs and is cut only where there is none."""

    def __init__(self, tone: str) -> None:
        super().__init__("", "body", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, tone: str | None = None) -> None:
        super().show_text(text, tone)
        self.setVisible(bool(text))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(paint.metrics("body").horizontalAdvance(self.text()) + 4, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.height())


class ReadingHeader(PageHeader):
    """48 px with everything, 40 px with what fits; the rest is in the menu at its end."""

    more_requested = Signal()

    def __init__(self) -> None:
        super().__init__(size="page.header.reading")
        self.row.setContentsMargins(12, 0, 12, 1)
        self.row.setSpacing(8)
        self._priority = PriorityMark()
        self.who = label("", "h1", "t0")
        self.person = _Words("t2")
        self.exam = _Words("t0")
        self.site = _Words("t2")
        self._split = rule(vertical=True)
        self._split.setFixedHeight(24)
        self._left = QWidget()
        left = QHBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(8)
        left.addWidget(self._priority)
        left.addWidget(self.who)
        for widget in (self.person, self._split, self.exam, self.site):
            left.addWidget(widget)
        left.addStretch(1)
        self.presets = MenuButton("contrast-2", tr("Window"))
        self.layouts = MenuButton("layout-grid", tr("Layout"))
        self._tools = QHBoxLayout()
        self._tools.setSpacing(2)
        self.lock = ChipLabel("", "acc", "lock-2")
        self.timer = SlaTimer()
        self.more = IconButton("more", tr("More"))
        self.more.clicked.connect(self._open_more)
        self.menu = QMenu(self)
        self.row.addWidget(self._left, 1)
        self.row.addWidget(self.presets)
        self.row.addWidget(self.layouts)
        self.row.addSpacing(4)
        self.row.addLayout(self._tools)
        self.row.addWidget(self.more)
        self.row.addSpacing(8)
        self.row.addWidget(self.lock)
        self.row.addWidget(self.timer)
        self._compact = False
        self._texts = ("", "", "", "")
        self.show_nothing()

    def add_tools(self, groups: Sequence[Sequence[tuple[QAction, str]]]) -> None:
        """Put the tool buttons, one hairline between groups."""
        for at, group in enumerate(groups):
            if at:
                line = rule(vertical=True)
                line.setFixedHeight(20)
                self._tools.addSpacing(6)
                self._tools.addWidget(line)
                self._tools.addSpacing(6)
            for action, icon in group:
                self._tools.addWidget(ToolButton(action, icon))

    def tool(self, command_id: str) -> ToolButton:
        """Return the button of a command; KeyError when there is none."""
        for at in range(self._tools.count()):
            item = self._tools.itemAt(at)
            widget = item.widget() if item is not None else None
            if isinstance(widget, ToolButton) and widget._action.objectName() == command_id:  # noqa: SLF001 - same module
                return widget
        raise KeyError(command_id)

    def show_nothing(self) -> None:
        """Show that no case is open."""
        self._texts = (tr("Images"), "", "", "")
        self._show_texts()
        self._priority.show_priority(None)
        self._priority.hide()
        self.show_lock("", "neutral", "")
        self.timer.show_times(None, None)
        self.set_usable(usable=False)

    def show_case(self, priority: Priority, who: str, person: str, exam: str, site: str) -> None:
        """Name the case."""
        self._texts = (who, person, exam, site)
        self._priority.show()
        self._priority.show_priority(priority)
        self._show_texts()

    def show_lock(self, text: str, kind: str, reason: str, icon: str = "lock-2") -> None:
        """Say who may write, and why not."""
        self.lock.setVisible(bool(text))
        self.lock.show_chip(text, kind, icon)
        self.lock.setToolTip(reason)

    def set_usable(self, *, usable: bool) -> None:
        """Show the tools only where there are images."""
        self.presets.setVisible(usable and not self._compact)
        self.layouts.setVisible(usable and not self._compact)
        self.more.setVisible(usable)
        self._usable = usable
        for at in range(self._tools.count()):
            item = self._tools.itemAt(at)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setVisible(usable)

    def set_compact(self, *, compact: bool) -> None:
        """Fit a narrow window."""
        if compact == self._compact:
            return
        self._compact = compact
        self.setFixedHeight(current_theme().px("page.header.compact" if compact else "page.header.reading"))
        self.set_usable(usable=self._usable)
        self._show_texts()

    def _show_texts(self) -> None:
        who, person, exam, site = self._texts
        if self._compact:
            person, exam, site = " · ".join(part for part in (person, exam) if part), "", ""
        self.who.setText(who)
        for widget, text in ((self.person, person), (self.exam, exam), (self.site, site)):
            widget.show_text(text)
        self._split.setVisible(bool(exam))

    def _open_more(self) -> None:
        self.more_requested.emit()
        self.menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height() + 2)))
