"""Text with a dark outline, kept as small images because stroking glyphs is slow."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from resources import theme_tokens

_KEPT: Final = 1024
_PIECES: Final = re.compile(r"[0-9]|[^0-9]+")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_BOLD: Final = 600


class TextStyle(NamedTuple):
    """A type role, a colour token and whether the weight is raised to 600; a tuple because it is hashed so often."""

    role: str = "overlay"
    token: str = "overlay.text"  # noqa: S105 - a colour token
    bold: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    """A digit or a run between digits: outline and glyphs apart, so that no outline covers a neighbour's glyph."""

    outline: QImage
    glyphs: QImage
    advance: float


class OutlinedText:
    """
    Paints outlined strings; one per window, on the main thread.

    Stroking glyphs is slow and numbers change with every frame, so pieces (digits, and runs
    between digits) are stroked once and strings are put together from them.
    """

    def __init__(self) -> None:
        self._images: OrderedDict[tuple[str, TextStyle, float], QImage] = OrderedDict()
        self._pieces: OrderedDict[tuple[str, TextStyle, float], _Piece] = OrderedDict()
        self._widths: OrderedDict[tuple[str, TextStyle], float] = OrderedDict()
        self._fonts: dict[TextStyle, tuple[QFont, QFontMetricsF]] = {}

    def size(self, text: str, style: TextStyle) -> tuple[float, float]:
        """Return the width of a string and the height of its line box, outline not counted."""
        width = self._widths.get((text, style))
        if width is None:
            metrics = self._font(style)[1]
            width = sum(metrics.horizontalAdvance(piece) for piece in _PIECES.findall(text))
            _keep(self._widths, (text, style), width)
        return width, float(theme_tokens.font_role(style.role).line)

    def draw(self, painter: QPainter, x: float, y: float, text: str, style: TextStyle) -> None:
        """Paint a string with the top left corner of its line box at a logical pixel."""
        ratio = painter.device().devicePixelRatioF()
        image = self._images.get((text, style, ratio))
        if image is None:
            image = self._composed(text, style, ratio)
            _keep(self._images, (text, style, ratio), image)
        pad = theme_tokens.px("stroke.overlay.outline")
        # whole device pixels keep the cached glyphs as sharp as they were stroked
        painter.drawImage(QPointF(round((x - pad) * ratio) / ratio, round((y - pad) * ratio) / ratio), image)

    def _composed(self, text: str, style: TextStyle, ratio: float) -> QImage:
        pieces = [self._piece(piece, style, ratio) for piece in _PIECES.findall(text)]
        image = _canvas(self.size(text, style), ratio)
        painter = QPainter(image)
        for layer in ("outline", "glyphs"):
            x = 0.0
            for piece in pieces:
                painter.drawImage(QPointF(x, 0), getattr(piece, layer))
                x += piece.advance
        painter.end()
        return image

    def _piece(self, text: str, style: TextStyle, ratio: float) -> _Piece:
        piece = self._pieces.get((text, style, ratio))
        if piece is None:
            piece = self._stroked(text, style, ratio)
            _keep(self._pieces, (text, style, ratio), piece)
        return piece

    def _stroked(self, text: str, style: TextStyle, ratio: float) -> _Piece:
        font, metrics = self._font(style)
        pad = theme_tokens.px("stroke.overlay.outline")
        size = self.size(text, style)
        path = QPainterPath()
        path.addText(QPointF(pad, pad + (size[1] + metrics.ascent() - metrics.descent()) / 2), font, text)
        # half of a stroke lies inside the letter; a pixel less, so that no line covers the tails of the line above
        pen = QPen(color("overlay.outline"), 2 * theme_tokens.px("stroke.overlay.outline") - 1)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        outline, glyphs = _canvas(size, ratio), _canvas(size, ratio)
        with _painting(outline) as painter:
            painter.strokePath(path, pen)
        with _painting(glyphs) as painter:
            painter.fillPath(path, color(style.token))
        return _Piece(outline, glyphs, metrics.horizontalAdvance(text))

    def _font(self, style: TextStyle) -> tuple[QFont, QFontMetricsF]:
        found = self._fonts.get(style)
        if found is None:
            font = role_font(style.role, bold=style.bold)
            found = self._fonts[style] = font, QFontMetricsF(font)
        return found


def _canvas(size: tuple[float, float], ratio: float) -> QImage:
    """Return a clear image for a text box and the outline round it."""
    pad = theme_tokens.px("stroke.overlay.outline")
    width, height = (math.ceil((side + 2 * pad + 1) * ratio) for side in size)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


@contextmanager
def _painting(image: QImage) -> Iterator[QPainter]:
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    yield painter
    painter.end()


def _keep(cache: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    cache[key] = value
    if len(cache) > _KEPT:
        cache.popitem(last=False)


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
