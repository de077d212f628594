"""The rail at the left edge: logo, pages, and at its foot settings and signing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.style import PAINTS_FOCUS
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import Logo


@dataclass(frozen=True, slots=True)
class RailItem:
    """An entry of the rail; ``action`` carries text, key and what happens."""

    page_id: str
    icon: str
    action: QAction


class MainRail(QWidget):
    """64 px with words, 48 px with icons only."""

    def __init__(self, pages: Sequence[RailItem], foot: Sequence[RailItem]) -> None:
        super().__init__()
        self._slim = False
        self._column = QVBoxLayout(self)
        self._column.setSpacing(4)
        self._column.setContentsMargins(0, 8, 0, 8)
        self._column.addWidget(Logo(32), 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addSpacing(12)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, RailButton] = {}
        for item in pages:
            button = self._add(item)
            button.setCheckable(True)
            self._group.addButton(button)
        self._column.addStretch(1)
        for item in foot:
            self._add(item)
        self.setFixedWidth(current_theme().px("rail"))

    def _add(self, item: RailItem) -> RailButton:
        button = RailButton(item.icon, item.action)
        self._buttons[item.page_id] = button
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button

    def set_slim(self, slim: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Switch between words and icons."""
        if slim != self._slim:
            self._slim = slim
            self.setFixedWidth(current_theme().px("rail.slim" if slim else "rail"))
            for button in self._buttons.values():
                button.set_slim(slim)

    def set_active(self, page_id: str) -> None:
        """Mark the page in front; a page that is not in the rail unmarks all."""
        self._group.setExclusive(False)
        for each, button in self._buttons.items():
            if button.isCheckable():
                button.setChecked(each == page_id)
        self._group.setExclusive(True)
        self.update()

    def set_badge(self, page_id: str, count: int) -> None:
        """Show a red number at a page; 0 takes it away."""
        if page_id in self._buttons:
            self._buttons[page_id].set_badge(count)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and hairline."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg0"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.color("line"))
        for button in self._buttons.values():
            if button.isChecked():
                top = button.geometry().center().y() - 13
                painter.fillRect(QRectF(0, top, 3, 28), theme.color("acc"))


class RailButton(QToolButton):
    """One entry: icon over word, or the icon alone."""

    def __init__(self, icon: str, action: QAction) -> None:
        super().__init__()
        self._icon, self._slim, self._badge = icon, False, 0
        self.setDefaultAction(action)
        self.setAccessibleName(action.text())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(PAINTS_FOCUS, True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_slim(self, slim: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Show the icon alone."""
        self._slim = slim
        self.updateGeometry()

    def set_badge(self, count: int) -> None:
        """Show a number; 0 takes it away."""
        self._badge = count
        self.setAccessibleDescription(str(count) if count else "")
        self.update()

    def sizeHint(self) -> QSize:
        """Return 62 x 52 with a word, for the longest English one, 40 x 40 without."""
        return QSize(40, 40) if self._slim else QSize(62, 52)

    def minimumSizeHint(self) -> QSize:
        """Return the only size there is."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the entry in its state."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.isChecked()
        painter.setPen(Qt.PenStyle.NoPen)
        if active or self.underMouse() or self.isDown():
            painter.setBrush(theme.color("acc.bg" if active else "bg2"))
            painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        tone = "on.dark" if active else "t2"
        top = (self.height() - 20) / 2 if self._slim else 7
        paint_icon(painter, QRectF((self.width() - 20) / 2, top, 20, 20), self._icon, theme.color(tone))
        if not self._slim:
            words = paint.elided(self.text(), self.width() - 2, "caption")
            paint.text(painter, QRectF(0, 29, self.width(), 18), words, role="caption", tone=tone,
                       align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
        if self._badge:
            self._paint_badge(painter)
        if self.hasFocus():  # only the keyboard comes here; round it the rail has no room for a ring
            paint.focus_ring(painter, self.rect())

    def _paint_badge(self, painter: QPainter) -> None:
        theme = current_theme()
        count = "99+" if self._badge > 99 else str(self._badge)
        width = max(16, paint.metrics("kbd", 600).horizontalAdvance(count) + 8)
        box = QRectF(min(self.width() / 2 + 6, self.width() - width), 2, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("bad"))
        painter.drawRoundedRect(box, 8, 8)
        paint.text(painter, box, count, role="kbd", tone="bg0", weight=600, align=Qt.AlignmentFlag.AlignCenter)
