"""The status bar: facts that are real, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QDateTime, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workstation.ui.icons import icon_pixmap
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import label, set_tone


@dataclass(frozen=True, slots=True)
class StatusFact:
    """One fact; a new one with the same ``key`` replaces the old. ``right`` puts it beside the clock."""

    key: str
    text: str
    icon: str = ""
    icon_tone: str = "t2"
    tone: str = "t2"
    right: bool = False
    tooltip: str = ""


class StatusBar(QWidget):
    """28 px across the window; hub, AI and audit on the left, user and clock on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[str, tuple[QLabel, QLabel]] = {}
        self.setFixedHeight(current_theme().px("status.bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 1, 12, 0)
        row.setSpacing(20)
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        for side in (self._left, self._right):
            side.setSpacing(20)
        row.addLayout(self._left)
        row.addStretch(1)
        row.addLayout(self._right)
        self._clock = label("", "caption", "t2")
        row.addWidget(self._clock)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(5000)
        self._tick()

    def show_fact(self, fact: StatusFact) -> None:
        """Show a fact or replace the one with the same key."""
        if fact.key not in self._facts:
            pair = QHBoxLayout()
            pair.setSpacing(6)
            glyph, words = QLabel(), label("", "caption", fact.tone)
            pair.addWidget(glyph)
            pair.addWidget(words)
            (self._right if fact.right else self._left).addLayout(pair)
            self._facts[fact.key] = (glyph, words)
        glyph, words = self._facts[fact.key]
        glyph.setVisible(bool(fact.icon))
        if fact.icon:
            glyph.setPixmap(icon_pixmap(fact.icon, fact.icon_tone, 14, 2.0))
            glyph.setFixedSize(14, 14)
        words.setText(fact.text)
        words.setToolTip(fact.tooltip)
        words.show()
        set_tone(words, fact.tone)

    def clear_fact(self, key: str) -> None:
        """Take a fact away that is no longer known."""
        if key in self._facts:
            for part in self._facts[key]:
                part.hide()

    def fact(self, key: str) -> str:
        """Return the text of a fact, empty when it is not shown."""
        parts = self._facts.get(key)
        return parts[1].text() if parts is not None and not parts[1].isHidden() else ""

    def left_fields(self) -> list[tuple[int, int]]:
        """Return first and last x of each fact on the left, icon included, in pixels of this bar."""
        spans = []
        for glyph, words in self._facts.values():
            if not words.isHidden() and words.x() < self.right_begins():
                begin = glyph.x() if not glyph.isHidden() else words.x()
                spans.append((begin, words.geometry().right()))
        return spans

    def right_begins(self) -> int:
        """Return where name and clock begin, in pixels of this bar: who is signed in stays to be read."""
        spans = self._right.geometry()
        return min(self._clock.x(), spans.left()) if spans.width() > 0 else self._clock.x()

    def _tick(self) -> None:
        self._clock.setText(QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and hairline."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg0"))
        painter.fillRect(0, 0, self.width(), 1, theme.color("line"))
