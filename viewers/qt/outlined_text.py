"""Text with a dark outline on a dark ground, kept as small images because stroking glyphs is slow."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
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
    """
    A digit or a run between digits: outline and glyphs apart, so that no outline covers a neighbour's glyph.

    The outline is opaque: outlines that overlap would else darken each other, most of all round a decimal point.
    """

    text: str
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
        self._faces: dict[TextStyle, _Face] = {}

    def size(self, text: str, style: TextStyle) -> tuple[float, float]:
        """Return the width of a string and the height of its line box, outline and ground beside it not counted."""
        width = self._widths.get((text, style))
        if width is None:
            face = self._face(style)
            width = sum(face.advance(piece) for piece in _PIECES.findall(text))
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
        self._ground(painter, text, style)
        _row(painter, [(piece.outline, piece.advance) for piece in pieces])
        # one ground for all of it, as see-through as one outline
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.fillRect(image.rect(), color("overlay.outline"))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        _row(painter, [(piece.glyphs, piece.advance) for piece in pieces])
        painter.end()
        return image

    def _ground(self, painter: QPainter, text: str, style: TextStyle) -> None:
        """
        Lay one ground under the whole line box, so that lines below each other stand on one.

        Between outlines alone white stands like points and strokes of the words, and burnt-in lines run on.
        """
        pad = theme_tokens.px("stroke.overlay.outline")
        width, height = self.size(text, style)
        painter.fillRect(QRectF(0.5, pad, width + 2 * pad - 1, height), opaque("overlay.outline"))

    def _piece(self, text: str, style: TextStyle, ratio: float) -> _Piece:
        piece = self._pieces.get((text, style, ratio))
        if piece is None:
            piece = self._stroked(text, style, ratio)
            _keep(self._pieces, (text, style, ratio), piece)
        return piece

    def _stroked(self, text: str, style: TextStyle, ratio: float) -> _Piece:
        face, pad = self._face(style), theme_tokens.px("stroke.overlay.outline")
        size = self.size(text, style)
        path = QPainterPath()
        path.addText(QPointF(pad, face.base), face.font, text)
        # half of a stroke lies inside the letter; a pixel less, so that no line covers the tails of the line above
        pen = QPen(opaque("overlay.outline"), 2 * pad - 1)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        outline, glyphs = _canvas(size, ratio), _canvas(size, ratio)
        with _painting(outline) as painter:
            painter.strokePath(path, pen)
        with _painting(glyphs) as painter:
            painter.fillPath(path, color(style.token))
        return _Piece(text, outline, glyphs, face.advance(text))

    def _face(self, style: TextStyle) -> _Face:
        found = self._faces.get(style)
        if found is None:
            found = self._faces[style] = _Face(style)
        return found


class _Face:
    """A font and what is asked of it for every string; measuring letters is slow."""

    def __init__(self, style: TextStyle) -> None:
        self.font = role_font(style.role, bold=style.bold)
        self._metrics = metrics = QFontMetricsF(self.font)
        self._advances: OrderedDict[str, float] = OrderedDict()
        line = float(theme_tokens.font_role(style.role).line)
        self.base = theme_tokens.px("stroke.overlay.outline") + (line + metrics.ascent() - metrics.descent()) / 2
        """How far below the upper edge of an image the letters stand"""

    def advance(self, text: str) -> float:
        """Return how far a piece advances."""
        found = self._advances.get(text)
        if found is None:
            found = self._metrics.horizontalAdvance(text)
            _keep(self._advances, text, found)
        return found


def _canvas(size: tuple[float, float], ratio: float) -> QImage:
    """Return a clear image for a text box and the outline round it."""
    pad = theme_tokens.px("stroke.overlay.outline")
    width, height = (math.ceil((side + 2 * pad + 1) * ratio) for side in size)
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def _row(painter: QPainter, images: Iterable[tuple[QImage, float]]) -> None:
    """Paint images beside each other, each as far from the last as that one advances."""
    x = 0.0
    for image, advance in images:
        painter.drawImage(QPointF(x, 0), image)
        x += advance


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


def opaque(token: str) -> QColor:
    """Return a theme colour without its alpha."""
    value = theme_tokens.rgba(token)
    return QColor(value.red, value.green, value.blue)
