"""Text, chips, rules and panels: the passive pieces of every page."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.ui import paint
from workstation.ui.icons import icon_pixmap, paint_icon, paint_logo
from workstation.ui.theme import current_theme


def label(text: str, role: str = "body", tone: str = "t1", *, wrap: bool = False) -> QLabel:
    """Return a text label in a type role and a colour token; its text is plain, never HTML."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("role", role)
    result.setProperty("tone", tone)
    result.setWordWrap(wrap)
    return result


def set_tone(target: QWidget, tone: str) -> None:
    """Change a label's colour token."""
    if target.property("tone") != tone:
        target.setProperty("tone", tone)
        target.style().unpolish(target)
        target.style().polish(target)


def icon_label(name: str, tone: str = "t2", px: int = 16) -> QLabel:
    """Return a label that shows an icon."""
    result = QLabel()
    result.setPixmap(icon_pixmap(name, tone, px, 2.0))
    result.setFixedSize(px, px)
    return result


def rule(*, vertical: bool = False) -> QFrame:
    """Return a hairline."""
    result = QFrame()
    result.setProperty("rule", "true")
    if vertical:
        result.setFixedWidth(1)
    else:
        result.setFixedHeight(1)
    return result


class ElidedLabel(QLabel):
    """One line that is cut with an ellipsis; the tooltip then has the whole text."""

    def __init__(self, text: str = "", role: str = "body", tone: str = "t1") -> None:
        super().__init__()
        self._role, self._tone, self._whole = role, tone, ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(current_theme().font(role).pixelSize() + 7)
        self.show_text(text)

    def show_text(self, text: str, tone: str | None = None) -> None:
        """Replace the text and optionally the colour token."""
        self._whole, self._tone = text, tone or self._tone
        self.setAccessibleName(text)
        self.update()

    def text(self) -> str:
        """Return the whole text, cut or not."""
        return self._whole

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the text, cut to the width there is."""
        painter = QPainter(self)
        shown = paint.elided(self._whole, self.width(), self._role)
        self.setToolTip(self._whole if shown != self._whole else "")
        paint.text(painter, QRectF(self.rect()), shown, role=self._role, tone=self._tone)


class ChipLabel(QWidget):
    """A chip: word, icon and tint; kinds neutral, acc, ai, ok, warn, bad, info and outline."""

    def __init__(self, text: str, kind: str = "neutral", icon: str = "") -> None:
        super().__init__()
        self._text, self._kind, self._icon = text, kind, icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def show_chip(self, text: str, kind: str, icon: str = "") -> None:
        """Replace what the chip says."""
        self._text, self._kind, self._icon = text, kind, icon
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """Return the word on the chip."""
        return self._text

    def sizeHint(self) -> QSize:
        """Return the size of the painted chip."""
        return QSize(paint.chip_width(self._icon, self._text), current_theme().px("chip"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the chip."""
        paint.paint_chip(QPainter(self), QRectF(self.rect()), self._kind, self._icon, self._text)


class Logo(QWidget):
    """The product mark."""

    def __init__(self, px: int) -> None:
        super().__init__()
        self.setFixedSize(px, px)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the mark."""
        paint_logo(QPainter(self), QRectF(self.rect()))


class Panel(QFrame):
    """A titled panel with a 40 px header; put content into ``body``, extras into ``header``."""

    def __init__(self, title: str, icon: str = "") -> None:
        super().__init__()
        self.setProperty("panel", "true")
        theme = current_theme()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 1, 1)
        outer.setSpacing(0)
        bar = QWidget()
        bar.setFixedHeight(theme.px("panel.header"))
        self.header = QHBoxLayout(bar)
        self.header.setContentsMargins(12, 0, 12, 0)
        self.header.setSpacing(8)
        if icon:
            self.header.addWidget(icon_label(icon))
        self.header.addWidget(label(title, "h2", "t0"))
        self.header.addStretch(1)
        outer.addWidget(bar)
        outer.addWidget(rule())
        self.body = QVBoxLayout()
        self.body.setContentsMargins(12, 12, 12, 12)
        self.body.setSpacing(8)
        outer.addLayout(self.body, 1)


class EmptyState(QWidget):
    """What a page shows instead of an empty table: a drawing, a sentence and ways on."""

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(_EmptyDrawing(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        self.title = label(title, "h1", "t0", wrap=True)
        self.text = label(text, "body", "t2", wrap=True)
        for widget in (self.title, self.text):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(widget)
        column.addSpacing(8)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self.buttons)
        column.addStretch(3)


class _EmptyDrawing(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(124, 80)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("line2"))
        painter.setBrush(theme.color("bg1"))
        painter.drawRoundedRect(QRectF(1.5, 2.5, 118, 73), 6, 6)
        painter.drawLine(2, 27, 119, 27)
        painter.drawLine(18, 42, 62, 42)
        painter.drawLine(18, 58, 46, 58)
        paint_icon(painter, QRectF(72, 32, 40, 40), "search", theme.color("acc"))
