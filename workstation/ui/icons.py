"""
Icons: Remix line glyphs from qtawesome, painted as text so that they stay crisp at every scale.

One meaning per icon (DESIGN 3.5); names are without the ``ri.`` prefix and the ``-line`` suffix.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from workstation.ui.theme import current_theme

_RATIOS = (1.0, 1.5, 2.0, 3.0)
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


@cache
def _icon(name: str, rgba: int, px: int) -> QIcon:
    dimmed = QColor.fromRgba(rgba)
    dimmed.setAlphaF(_DISABLED_OPACITY)
    result = QIcon()
    for ratio in _RATIOS:
        result.addPixmap(_pixmap(name, rgba, px, ratio), QIcon.Mode.Normal)
        result.addPixmap(_pixmap(name, dimmed.rgba(), px, ratio), QIcon.Mode.Disabled)
    return result


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
