"""
Icons: Remix line glyphs from qtawesome, painted as text so that they stay crisp at every scale.

One meaning per icon (DESIGN 3.5); names are without the ``ri.`` prefix and the ``-line`` suffix.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QIconEngine, QPainter, QPen, QPixmap

from workstation.ui.theme import current_theme

_DISABLED_OPACITY = 0.42


@cache
def _glyph(name: str) -> str:
    import qtawesome  # noqa: PLC0415 - loads its fonts, so only when the first icon is painted

    line = name if name.endswith(("-line", "-fill")) else f"{name}-line"
    try:
        return str(qtawesome.charmap(f"ri.{line}"))
    except KeyError:
        return str(qtawesome.charmap(f"ri.{name}"))  # a few glyphs have one form only


@cache
def _font(px: int) -> QFont:
    import qtawesome  # noqa: PLC0415

    font = QFont(qtawesome.font("ri", px))
    font.setPixelSize(px)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: QColor) -> None:
    """Paint a glyph centred in ``rect``; its size is the rectangle's smaller side."""
    painter.setFont(_font(max(1, round(min(rect.width(), rect.height())))))
    painter.setPen(color)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, _glyph(name))


@cache
def _pixmap(name: str, rgba: int, px: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(px * ratio), round(px * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_icon(painter, QRectF(0, 0, px, px), name, QColor.fromRgba(rgba))
    painter.end()
    return pixmap


def icon_pixmap(name: str, color: str = "t1", px: int = 16, ratio: float = 1.0) -> QPixmap:
    """Return a glyph as pixmap in a theme colour, cached per name, colour, size and ratio."""
    return _pixmap(name, current_theme().color(color).rgba(), px, ratio)


def icon(name: str, color: str = "t1", px: int = 16) -> QIcon:
    """Return a glyph as ``QIcon`` in a theme colour, with a dimmed disabled form."""
    return _icon(name, current_theme().color(color).rgba(), px)


class _Glyph(QIconEngine):
    """Paints a glyph at the size and ratio that is asked for: a page has a hundred icons and shows ten."""

    def __init__(self, name: str, rgba: int, px: int) -> None:
        super().__init__()
        self._name, self._rgba, self._px = name, rgba, px

    def _at(self, size: QSize, mode: QIcon.Mode, ratio: float) -> QPixmap:
        color = QColor.fromRgba(self._rgba)
        if mode is QIcon.Mode.Disabled:
            color.setAlphaF(_DISABLED_OPACITY)
        return _pixmap(self._name, color.rgba(), min(self._px, size.width(), size.height()), ratio)

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:  # noqa: ARG002 - Qt's signature
        """Return the size at which it is painted: a glyph is not blown up."""
        px = min(self._px, size.width(), size.height())
        return QSize(px, px)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:  # noqa: ARG002
        """Paint it in the middle."""
        pixmap = self._at(rect.size(), mode, painter.device().devicePixelRatioF())
        box = QRectF(QPointF(0, 0), pixmap.deviceIndependentSize())
        box.moveCenter(QRectF(rect).center())
        painter.drawPixmap(box.topLeft(), pixmap)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:  # noqa: ARG002
        """Return it for an ordinary screen."""
        return self._at(size, mode, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:  # noqa: ARG002
        """Return it for a screen of that ratio; Qt gives ``size`` in logical pixels."""
        return self._at(size, mode, scale)

    def clone(self) -> QIconEngine:
        """Return another of the same."""
        return _Glyph(self._name, self._rgba, self._px)


@cache
def _icon(name: str, rgba: int, px: int) -> QIcon:
    return QIcon(_Glyph(name, rgba, px))


def paint_logo(painter: QPainter, rect: QRectF) -> None:
    """Paint the product mark: two linked rings, the alliance, with one eye where they meet."""
    theme = current_theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(rect.width(), rect.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("acc.bg"))
    painter.drawRoundedRect(rect, side * 0.2, side * 0.2)
    radius, offset = side * 0.2, side * 0.135
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shift, name in ((-offset, "acc"), (offset, "acc.text")):
        painter.setPen(QPen(theme.color(name), side * 0.07))
        centre = rect.center()
        painter.drawEllipse(QRectF(centre.x() + shift - radius, centre.y() - radius, 2 * radius, 2 * radius))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("t0"))
    dot = side * 0.06
    painter.drawEllipse(rect.center(), dot, dot)
    painter.restore()


def logo_icon() -> QIcon:
    """Return the product mark for the window and the task bar."""
    result = QIcon()
    for px in (16, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(px, px)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_logo(painter, QRectF(0, 0, px, px))
        painter.end()
        result.addPixmap(pixmap)
    return result
