"""Text with a dark outline, kept as small images because stroking glyphs is slow."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from resources import theme_tokens

_KEPT: Final = 1024
_BOLD: Final = 600


@dataclass(frozen=True, slots=True)
class TextStyle:
    """A type role, a colour token and whether the weight is raised to 600."""

    role: str = "overlay"
    token: str = "overlay.text"  # noqa: S105 - a colour token
    bold: bool = False


class OutlinedText:
    """Paints outlined strings; one per window, on the main thread."""

    def __init__(self) -> None:
        self._images: OrderedDict[tuple[str, TextStyle, float], QImage] = OrderedDict()
        self._fonts: dict[TextStyle, tuple[QFont, QFontMetricsF]] = {}

    def size(self, text: str, style: TextStyle) -> QSizeF:
        """Return the width of a string and the height of its line box, outline not counted."""
        return QSizeF(self._font(style)[1].horizontalAdvance(text), theme_tokens.font_role(style.role).line)

    def draw(self, painter: QPainter, x: float, y: float, text: str, style: TextStyle) -> None:
        """Paint a string with the top left corner of its line box at a logical pixel."""
        ratio = painter.device().devicePixelRatioF()
        image = self._image(text, style, ratio)
        pad = theme_tokens.px("stroke.overlay.outline")
        # whole device pixels keep the cached glyphs as sharp as they were stroked
        painter.drawImage(QPointF(round((x - pad) * ratio) / ratio, round((y - pad) * ratio) / ratio), image)

    def _image(self, text: str, style: TextStyle, ratio: float) -> QImage:
        key = (text, style, ratio)
        image = self._images.get(key)
        if image is None:
            image = self._images[key] = self._stroked(text, style, ratio)
            if len(self._images) > _KEPT:
                self._images.popitem(last=False)
        else:
            self._images.move_to_end(key)
        return image

    def _stroked(self, text: str, style: TextStyle, ratio: float) -> QImage:
        font, metrics = self._font(style)
        pad = theme_tokens.px("stroke.overlay.outline")
        box = self.size(text, style)
        width, height = box.width() + 2 * pad + 1, box.height() + 2 * pad
        image = QImage(
            max(1, round(width * ratio)), max(1, round(height * ratio)), QImage.Format.Format_ARGB32_Premultiplied
        )
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        baseline = pad + (box.height() + metrics.ascent() - metrics.descent()) / 2
        path = QPainterPath()
        path.addText(QPointF(pad, baseline), font, text)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPen(color("overlay.outline"), theme_tokens.px("stroke.overlay.outline"))
        outline.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, outline)
        painter.fillPath(path, color(style.token))
        painter.end()
        return image

    def _font(self, style: TextStyle) -> tuple[QFont, QFontMetricsF]:
        found = self._fonts.get(style)
        if found is None:
            font = role_font(style.role, bold=style.bold)
            found = self._fonts[style] = font, QFontMetricsF(font)
        return found


def role_font(role: str, *, bold: bool = False) -> QFont:
    """Return the font of a type role, with digits of equal width."""
    step = theme_tokens.font_role(role)
    font = QFont()
    font.setFamilies(list(theme_tokens.font_families()))
    font.setPixelSize(step.px)
    font.setWeight(QFont.Weight(_BOLD if bold else step.weight))
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def color(token: str) -> QColor:
    """Return a theme colour, alpha included."""
    value = theme_tokens.rgba(token)
    return QColor(value.red, value.green, value.blue, value.alpha)
