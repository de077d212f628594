"""The 24 px strip above an image: plane, mode, link, fidelity and maximise, never on the image itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import qtawesome
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QIcon, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from resources import theme_tokens
from resources.translation import tr
from viewers.qt.outlined_text import color, role_font
from viewers.scene.fidelity import Fidelity, FidelityChip, FidelityKind, chip

_SQUARE_PX: Final = 8.0
_CHIP_PX: Final = 18.0
_AFTER_MS: Final = 20
"""So that the chip is gone for certain when the strip paints itself without it."""


@dataclass(frozen=True, slots=True)
class HeaderText:
    """What the strip says; ``plane_token`` is the theme colour of the square, ``apart`` the word of a prior alone."""

    plane: str = ""
    mode: str = ""
    plane_token: str = "plane.3d"  # noqa: S105 - a colour token
    is_linked: bool = False
    apart: str = ""


class HeaderStrip(QWidget):
    """Shows what the viewport shows; asks for maximise by signal."""

    maximise_clicked = Signal()
    double_clicked = Signal()
    play_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = HeaderText()
        self.fidelity = Fidelity()
        self._active = False
        self.setFixedHeight(int(theme_tokens.px("vp.header")))
        self._maximise = IconButton("ri.fullscreen-line", self)
        self._maximise.clicked.connect(self.maximise_clicked)
        self._play = IconButton("ri.play-line", self)
        self._play.clicked.connect(self.play_clicked)
        self._play.hide()
        self._rate = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        layout.addWidget(self._play)
        layout.addWidget(self._maximise)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setTimerType(Qt.TimerType.PreciseTimer)
        self._fade.timeout.connect(self.update)
        self.retranslate()

    def retranslate(self) -> None:
        """Take the language in use."""
        label = tr("Maximise or restore (double click)")
        self._maximise.setToolTip(label)
        self._maximise.setAccessibleName(label)
        play = tr("Play or stop (C)")
        self._play.setToolTip(play)
        self._play.setAccessibleName(play)

    def set_text(self, text: HeaderText) -> None:
        """Replace what the strip says."""
        if text != self.text:
            self.text = text
            self.setAccessibleName(" ".join(filter(None, (text.plane, text.mode, text.apart))))
            self.update()

    def show_cine(self, playing: bool | None, rate: str) -> None:  # noqa: FBT001 - three states
        """Offer to play or to stop, with the speed in words; None where there is nothing to play."""
        self._play.setVisible(playing is not None)
        self._play.set_icon("ri.stop-line" if playing else "ri.play-line")
        if rate != self._rate:
            self._rate = rate
            self.update()

    def set_active(self, *, active: bool) -> None:
        """Show whether keys go to this viewport."""
        self._active = active
        self.update()

    def set_fidelity(self, fidelity: Fidelity) -> None:
        """Show how true the pixels are; the chip "Full" takes itself away."""
        self.fidelity = fidelity
        self._fade.start(int(theme_tokens.px("motion.fidelity_full_chip_ms")) + _AFTER_MS)
        self.update()

    def show_fidelity(self, fidelity: Fidelity) -> None:
        """Show how true the pixels are now, and for a moment that they became complete."""
        shown = self.fidelity.followed_by(fidelity, time.monotonic() * 1000)
        if shown != self.fidelity:
            self.set_fidelity(shown)

    def current_chip(self) -> FidelityChip | None:
        """Return the chip on show right now, None for none."""
        return chip(self.fidelity, time.monotonic() * 1000)

    @property
    def is_passing(self) -> bool:
        """Tell whether the chip goes by itself: a finer picture is being made, or has just become full."""
        is_done = self.fidelity.kind is FidelityKind.COMPLETE and self.current_chip() is not None
        return is_done or self.fidelity.kind is FidelityKind.IMPROVING

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise from the strip as well."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint the strip."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), color("vp.header.active" if self._active else "vp.header"))
        x = theme_tokens.px("space.2")
        middle = self.height() / 2
        if self.text.plane:
            square = QRectF(x, middle - _SQUARE_PX / 2, _SQUARE_PX, _SQUARE_PX)
            painter.fillRect(square, color(self.text.plane_token))
            x += _SQUARE_PX + theme_tokens.px("space.2")
        right = self.width() - self._maximise.width() - theme_tokens.px("space.1")
        if not self._play.isHidden():
            right -= self._play.width()
        right = self._paint_chip(painter, self._paint_rate(painter, right))
        if self.text.apart:
            right = self._paint_apart(painter, x, right)
        for words, token, bold in ((self.text.plane, "t0", True), (self.text.mode, "t2", False)):
            x = _text(painter, x, right, self.height(), words, token, bold=bold)
        size = int(theme_tokens.px("icon.s"))
        if self.text.is_linked and not self.text.apart and x + size < right:
            _icon("ri.link", "t2").paint(painter, int(x), int(middle - size / 2), size, size)
        painter.end()

    def _paint_apart(self, painter: QPainter, x: float, right: float) -> float:
        """Say in words that a prior is not linked; by a sign where plane and slab would be cut for the words."""
        shown = FidelityChip(self.text.apart, "warn", "warn.bg")
        if x + _width(self.text.plane, bold=True) + _width(self.text.mode, bold=False) <= right - _chip_width(shown):
            return _chip(painter, right, self.height(), shown)
        size = int(theme_tokens.px("icon.s"))
        left = int(right - size)
        _icon("ri.link-unlink", shown.token).paint(painter, left, int(self.height() / 2 - size / 2), size, size)
        return left - theme_tokens.px("space.2")

    def _paint_rate(self, painter: QPainter, right: float) -> float:
        if not self._rate:
            return right
        font = role_font("caption", bold=False)
        width = QFontMetricsF(font).horizontalAdvance(self._rate)
        painter.setFont(font)
        painter.setPen(color("t2"))
        box = QRectF(right - width, 0, width, self.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), self._rate)
        return box.x() - theme_tokens.px("space.2")

    def _paint_chip(self, painter: QPainter, right: float) -> float:
        shown = self.current_chip()
        return right if shown is None else _chip(painter, right, self.height(), shown)


class IconButton(QAbstractButton):
    """A 24 px icon without a frame."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = icon
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        if icon != self._name:
            self._name = icon
            self.update()

    def sizeHint(self) -> QSize:
        """Return the smallest target the design allows."""
        side = int(theme_tokens.px("vp.header"))
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint the icon, brighter under the pointer."""
        painter = QPainter(self)
        size = int(theme_tokens.px("icon.s"))
        at = (self.width() - size) // 2
        _icon(self._name, "t0" if self.underMouse() else "t1").paint(painter, at, at, size, size)
        painter.end()


def _icon(name: str, token: str) -> QIcon:
    icon: QIcon = qtawesome.icon(name, color=theme_tokens.color(token))
    return icon


def _chip(painter: QPainter, right: float, height: int, shown: FidelityChip) -> float:
    """Paint a chip that ends at ``right`` and return where the room left of it ends."""
    font = role_font("caption", bold=True)
    width = _chip_width(shown)
    box = QRectF(right - width, (height - _CHIP_PX) / 2, width, _CHIP_PX)
    radius = theme_tokens.px("radius.control")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(shown.background_token))
    painter.drawRoundedRect(box, radius, radius)
    painter.setFont(font)
    painter.setPen(color(shown.token))
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), shown.text)
    return box.x() - theme_tokens.px("space.2")


def _chip_width(shown: FidelityChip) -> float:
    return QFontMetricsF(role_font("caption", bold=True)).horizontalAdvance(shown.text) + 2 * theme_tokens.px("space.2")


def _width(words: str, *, bold: bool) -> float:
    return QFontMetricsF(role_font("caption", bold=bold)).horizontalAdvance(words) + theme_tokens.px("space.2")


def _text(painter: QPainter, x: float, right: float, height: int, words: str, token: str, *, bold: bool) -> float:
    if not words or x >= right:
        return x
    font = role_font("caption", bold=bold)
    metrics = QFontMetricsF(font)
    elided = metrics.elidedText(words, Qt.TextElideMode.ElideRight, right - x)
    painter.setFont(font)
    painter.setPen(color(token))
    painter.drawText(QRectF(x, 0, right - x, height), int(Qt.AlignmentFlag.AlignVCenter), elided)
    return x + metrics.horizontalAdvance(elided) + theme_tokens.px("space.2")
