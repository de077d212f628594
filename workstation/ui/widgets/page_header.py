"""The strip at the top of a page and its tabs with counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QTabBar, QWidget

from workstation.ui import paint
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import label


class PageHeader(QWidget):
    """A header bar (56, 48 or 40 px) on bg1 with a hairline below; ``row`` takes the rest after the title."""

    def __init__(self, title: str = "", *, size: str = "page.header", background: str = "bg1") -> None:
        super().__init__()
        self._background = background
        self.setFixedHeight(current_theme().px(size))
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(16, 0, 16, 1)
        self.row.setSpacing(12)
        if title:
            self.title = label(title, "h1", "t0")
            self.row.addWidget(self.title)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and hairline."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color(self._background))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))


class CountTabs(QTabBar):
    """Page tabs: word, count pill, accent underline; a critical tab has its count in red."""

    picked = Signal(str)

    def __init__(self, tabs: Sequence[tuple[str, str]], *, critical: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._keys = [key for key, _text in tabs]
        self._counts: dict[str, int | None] = dict.fromkeys(self._keys)
        self._critical = critical
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)  # shown only where a narrow window has no room for all tabs
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        for key, text in tabs:
            at = self.addTab(text)
            self.setTabToolTip(at, text)
            self.setTabData(at, key)
        self.currentChanged.connect(lambda at: self.picked.emit(self._keys[at]))

    def current(self) -> str:
        """Return the key of the tab in front."""
        return self._keys[self.currentIndex()]

    def pick(self, key: str) -> None:
        """Bring a tab to the front."""
        self.setCurrentIndex(self._keys.index(key))

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show the numbers; a tab that is not named shows none."""
        new: dict[str, int | None] = {key: counts.get(key) for key in self._keys}
        if new != self._counts:
            self._counts = new
            for at, key in enumerate(self._keys):
                count = new[key]
                words = self.tabText(at)
                self.setAccessibleTabName(at, words if count is None else f"{words} {count}")
            self.updateGeometry()
            self.setIconSize(self.iconSize())  # the tab bar lays its tabs out anew
            self.update()

    def tabSizeHint(self, index: int) -> QSize:
        """Return word plus pill plus padding."""
        return QSize(self._width(index), max(self.height(), 40))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Never squeeze a tab."""
        return self.tabSizeHint(index)

    def _width(self, index: int) -> int:
        width = paint.metrics("body", 600).horizontalAdvance(self.tabText(index)) + 24
        count = self._counts[self._keys[index]]
        if count is not None:
            width += 8 + max(18, paint.metrics("caption").horizontalAdvance(str(count)) + 12)
        return width

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint all tabs."""
        theme = current_theme()
        painter = QPainter(self)
        if self.hasFocus():  # only the keyboard comes here: the bar takes no focus by a click
            paint.focus_ring(painter, self.tabRect(self.currentIndex()).adjusted(2, 6, -2, -6))
        for at, key in enumerate(self._keys):
            box = QRectF(self.tabRect(at))
            active = at == self.currentIndex()
            words = paint.metrics("body", 600).horizontalAdvance(self.tabText(at))
            tone = "on.dark" if active else "t2"
            paint.text(painter, QRectF(box.left() + 12, box.top(), words + 8, box.height()), self.tabText(at),
                       tone=tone, weight=600 if active else None)  # fmt: skip
            count = self._counts[key]
            if count is not None:
                fill, text_tone = ("acc", "acc.on") if active else ("bg3", "t2")
                if key in self._critical and count:
                    fill, text_tone = "bad.bg", "bad"
                paint.count_pill(painter, box.left() + 20 + words, box.center().y(), str(count), fill, text_tone)
            if active:
                painter.fillRect(QRectF(box.left() + 12, box.bottom() - 1, box.width() - 24, 2), theme.color("acc"))
