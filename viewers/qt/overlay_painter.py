"""Paints an overlay over any surface's picture: text, letters, marks, callipers, crosshair, scale bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF, QRegion

from resources import theme_tokens
from viewers.qt.caption_places import CaptionPlaces, PlacedCaption, caption_style
from viewers.qt.foreign_painter import paint_foreign
from viewers.qt.label_places import DOT_PX, LOZENGE, MEASURE, LabelPlaces, mark_style, place_of
from viewers.qt.outlined_text import OutlinedText, TextStyle, color, role_font
from viewers.qt.tint_painter import paint_tint
from viewers.scene.colour_bar import ColourBar
from viewers.scene.labels import Rect
from viewers.scene.marks import MarkOutline, MarkShape
from viewers.scene.overlay import Calliper, Letter, Overlay, Stroke
from viewers.scene.scale_bar import ScaleBar, bar_clear_of
from workstation.domain.colour_map import ColourTable

_CALLIPER_PX: Final = 1.25
_UNDER_PX: Final = 2.0
_PROBE_ARM_PX: Final = 6.0
_EDGE_PX: Final = 2.0
_APART_PX: Final = 4
_VALUE_GAP_PX: Final = 6.0
"""Between a colour bar and its values"""
_BAR_WORDS_PX: Final = 20.0
"""How far above a scale bar its words begin"""
_STAR_PX: Final = 14.0
_STAR_GAP_PX: Final = 4.0
_STAR_WAIST: Final = 0.42
_BADGE_TOP_PX: Final = 28.0
_BADGE_WORDS_FROM_PX: Final = 240.0


class OverlayPainter:
    """Paints overlays in logical pixels; keeps rendered strings between frames."""

    def __init__(self) -> None:
        self._text = _shared_text()
        self._places = LabelPlaces(self._text)
        self._captions = CaptionPlaces(self._text)

    def paint(self, painter: QPainter, overlay: Overlay, viewport: tuple[float, float]) -> None:
        """Paint everything, text last so that no line runs through it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if overlay.tint is not None:
            paint_tint(painter, overlay.tint)
        placed = self._captions.of(overlay.captions, viewport)
        letters, captions = self._text_places(overlay, viewport, placed)
        bars = [self._bar_place(bar, [*captions, *letters], viewport[0]) for bar in overlay.scale_bars]
        words = [*letters, *captions, *(self._bar_rect(bar) for bar in bars), *self._colour_rects(overlay.colour_bar)]
        self._strokes_between(painter, (*overlay.crosshair, *overlay.guides), words, viewport)
        paint_foreign(painter, self._text, overlay.foreign, viewport)
        for mark in overlay.marks:
            _mark(painter, mark)
        for calliper in overlay.callipers:
            _calliper(painter, calliper)
        for bar in bars:
            self._scale_bar(painter, bar)
        if overlay.colour_bar is not None:
            self._colour_bar(painter, overlay.colour_bar)
        for letter, rect in zip(overlay.letters, letters, strict=True):
            self._text.draw(painter, rect.x, rect.y, letter.text, _LETTER)
        for one in placed:
            self._text.draw(painter, one.box.x, one.box.y, one.line.text, caption_style(one.line))
        self._labels(painter, overlay, viewport, [*captions, *letters])
        if overlay.badge:
            self._badge(painter, overlay.badge, viewport)
        if overlay.message:
            _message(painter, overlay.message, viewport)

    def label_places(self, overlay: Overlay, viewport: tuple[float, float]) -> tuple[tuple[str, Rect], ...]:
        """Return where each label of marks and measurements goes; what ``paint`` paints."""
        letters, captions = self._text_places(overlay, viewport)
        return self._places.of(overlay, viewport, [*captions, *letters])

    def _text_places(
        self, overlay: Overlay, viewport: tuple[float, float], placed: Sequence[PlacedCaption] | None = None
    ) -> tuple[list[Rect], list[Rect]]:
        """Return the boxes of the orientation letters and of the captions; ``placed`` where those are known."""
        width, height = viewport
        if placed is None:
            placed = self._captions.of(overlay.captions, viewport)
        captions = [one.box for one in placed]
        letters = [_clear_of(captions, self._letter_rect(letter, width), height) for letter in overlay.letters]
        return letters, captions

    def _labels(self, painter: QPainter, overlay: Overlay, viewport: tuple[float, float], text: Sequence[Rect]) -> None:
        places = self._places.of(overlay, viewport, text)
        for number, (words, rect) in enumerate(places):
            style = mark_style(overlay.marks[number]) if number < len(overlay.marks) else MEASURE
            for row, line in enumerate(words.split("\n")):
                step = theme_tokens.font_role(style.role).line
                self._text.draw(painter, rect.x, rect.y + row * step, line, style)

    def _strokes_between(
        self, painter: QPainter, strokes: Sequence[Stroke], words: Sequence[Rect], viewport: tuple[float, float]
    ) -> None:
        """Draw lines that end before letters and words: on a line of its own colour a letter or a minus is misread."""
        if not strokes:
            return
        painter.save()
        whole = QRectF(0, 0, *viewport)
        free = QRegion(whole.toAlignedRect())
        for one in words:
            box = QRectF(one.x, one.y, one.width, one.height)
            box = _to_the_edge(box.adjusted(-_APART_PX, -_APART_PX, _APART_PX, _APART_PX), whole)
            free -= QRegion(box.toAlignedRect())
        painter.setClipRegion(free, Qt.ClipOperation.IntersectClip)
        self._strokes(painter, strokes)
        painter.restore()

    def _strokes(self, painter: QPainter, strokes: Iterable[Stroke]) -> None:
        width = theme_tokens.px("stroke.hairline")
        for stroke in strokes:
            (x1, y1), (x2, y2) = stroke.start, stroke.end
            upright = abs(x1 - x2) < 1e-6 or abs(y1 - y2) < 1e-6
            if upright and not stroke.dashed:
                # on pixel centres an upright hairline is one sharp pixel instead of two grey ones
                _upright_line(painter, *_centred(x1, y1), *_centred(x2, y2), width, color(stroke.token))
                continue
            pen = QPen(color(stroke.token), width)
            if stroke.dashed:
                pen.setDashPattern(theme_tokens.dash("dash.slab"))
            painter.setPen(pen)
            start, end = (_centred(x1, y1), _centred(x2, y2)) if upright else ((x1, y1), (x2, y2))
            painter.drawLine(QPointF(*start), QPointF(*end))

    def _letter_rect(self, letter: Letter, viewport_width: float) -> Rect:
        width, height = self._text.size(letter.text, _LETTER)
        # oblique planes have up to three letters, which must not run out of the viewport
        x = min(max(letter.x - width / 2, _EDGE_PX), viewport_width - _EDGE_PX - width)
        return Rect(x, letter.y - height / 2, width, height)

    def _bar_place(self, bar: ScaleBar, texts: Sequence[Rect], viewport_width: float) -> ScaleBar:
        """Return the bar where its words have room: within the viewport and clear of the other text."""
        width, _height = self._text.size(bar.text, TextStyle())
        x = max(_EDGE_PX, min(bar.x, viewport_width - _EDGE_PX - max(width, bar.length_px)))
        return bar_clear_of(replace(bar, x=x), texts, width)

    def _bar_rect(self, bar: ScaleBar) -> Rect:
        """Return what a bar covers with its words."""
        width, _height = self._text.size(bar.text, TextStyle())
        return Rect(bar.x, bar.y - _BAR_WORDS_PX, max(width, bar.length_px), _BAR_WORDS_PX)

    def _scale_bar(self, painter: QPainter, bar: ScaleBar) -> None:
        x, y, end = round(bar.x) + 0.5, round(bar.y) + 0.5, round(bar.x + bar.length_px) + 0.5
        ends = [(x, y - 3, x, y + 3), (end, y - 3, end, y + 3), (x, y, end, y)] if bar.length_px else []
        for stroke, width in ((color("overlay.outline"), 1 + _UNDER_PX), (color("overlay.text"), 1)):
            for each in ends:
                _upright_line(painter, *each, width, stroke)
        self._text.draw(painter, x, y - _BAR_WORDS_PX, bar.text, TextStyle())

    def _badge(self, painter: QPainter, words: str, viewport: tuple[float, float]) -> None:
        """Paint a star and the words below the upper letter; the star alone where there is little room."""
        width, height = self._text.size(words, _LETTER)
        room = viewport[0] >= _BADGE_WORDS_FROM_PX
        left = (viewport[0] - _STAR_PX - (_STAR_GAP_PX + width if room else 0)) / 2
        painter.setPen(_pen(color("overlay.outline"), _UNDER_PX))
        painter.setBrush(QBrush(color(_LETTER.token)))
        painter.drawPolygon(_star(left + _STAR_PX / 2, _BADGE_TOP_PX + height / 2, _STAR_PX / 2))
        if room:
            self._text.draw(painter, left + _STAR_PX + _STAR_GAP_PX, _BADGE_TOP_PX, words, _LETTER)

    def _colour_rects(self, bar: ColourBar | None) -> list[Rect]:
        """Return what a colour bar covers with its values: a line that pointed at one would be read as that value."""
        if bar is None:
            return []
        width = max(self._text.size(text, _BAR)[0] for _y, text in bar.ticks)
        height = self._text.size(bar.legend.title, _BAR)[1]
        left, top, bottom = bar.x - _VALUE_GAP_PX - width, bar.y - height / 2, bar.y + bar.height + height / 2
        return [Rect(left, top, bar.x + bar.width - left, bottom - top)]

    def _colour_bar(self, painter: QPainter, bar: ColourBar) -> None:
        target = QRectF(round(bar.x), round(bar.y), bar.width, round(bar.height))
        painter.fillRect(target.adjusted(-1, -1, 1, 1), color("overlay.outline"))
        painter.drawImage(target, _strip(bar.legend.colours))
        for y, text in bar.ticks:
            width, height = self._text.size(text, _BAR)
            self._text.draw(painter, bar.x - _VALUE_GAP_PX - width, y - height / 2, text, _BAR)
        width, height = self._text.size(bar.legend.title, _BAR)
        self._text.draw(painter, bar.x + bar.width - width, bar.y - 1.8 * height, bar.legend.title, _BAR)


def _star(x: float, y: float, radius: float) -> QPolygonF:
    """Return a star of five points round a place, one of them up."""
    points = []
    for step in range(10):
        reach = radius if step % 2 == 0 else radius * _STAR_WAIST
        angle = math.radians(36 * step - 90)
        points.append(QPointF(x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return QPolygonF(points)


def _strip(colours: ColourTable) -> QImage:
    """Return a column of all colours, the last on top; the image has its own memory."""
    column = np.ascontiguousarray(colours[::-1])
    return QImage(column.data, 1, len(column), 3, QImage.Format.Format_RGB888).copy()


@cache
def _shared_text() -> OutlinedText:
    """Return the strings that all viewports share: each is stroked once, not once for every viewport."""
    return OutlinedText()


_BAR: Final = TextStyle()
_LETTER: Final = TextStyle("letter", "overlay.letter")


def _clear_of(captions: Sequence[Rect], letter: Rect, viewport_height: float) -> Rect:
    """Return the letter moved towards the middle until no caption runs into it: which side this is reads alone."""
    from_above = letter.y + letter.height / 2 < viewport_height / 2
    for _ in captions:
        hit = next((one for one in captions if _touch(one, letter)), None)
        if hit is None:
            break
        y = hit.y + hit.height if from_above else hit.y - letter.height
        letter = Rect(letter.x, y, letter.width, letter.height)
    return letter


def _to_the_edge(box: QRectF, whole: QRectF) -> QRectF:
    """Return a box stretched to the nearest edge, so that no stub of a line is left behind it."""
    to_left, to_top = box.left() - whole.left(), box.top() - whole.top()
    to_right, to_bottom = whole.right() - box.right(), whole.bottom() - box.bottom()
    nearest = min(to_left, to_top, to_right, to_bottom)
    return box.adjusted(
        -to_left if nearest == to_left else 0,
        -to_top if nearest == to_top else 0,
        to_right if nearest == to_right else 0,
        to_bottom if nearest == to_bottom else 0,
    )


def _touch(one: Rect, other: Rect) -> bool:
    beside = one.x + one.width + _APART_PX <= other.x or other.x + other.width + _APART_PX <= one.x
    return not (beside or one.y + one.height <= other.y or other.y + other.height <= one.y)


def _mark(painter: QPainter, mark: MarkOutline) -> None:
    width = theme_tokens.px(f"stroke.{mark.style.stroke}")
    if mark.style.fill_opacity and not mark.corners:  # a box is large: its tissue keeps its grey
        tint = color(mark.style.token)
        tint.setAlphaF(mark.style.fill_opacity)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(tint))
        _outline(painter, mark)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = _pen(color(mark.style.token), width)
    if mark.style.dashed:
        # Qt counts dashes in pen widths
        pen.setDashPattern([length / width for length in theme_tokens.dash("dash.proposed")])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    for stroke in (_pen(color("overlay.outline"), width + _UNDER_PX), pen):
        painter.setPen(stroke)
        _outline(painter, mark)
    if mark.selected:
        painter.setPen(_pen(color("acc"), theme_tokens.px("stroke.hairline")))
        place = place_of(mark)
        painter.drawRect(QRectF(place.x, place.y, place.width, place.height))
        painter.setPen(_pen(color("overlay.outline"), 1))
        painter.setBrush(QBrush(color("acc")))
        for x, y in mark.corners:  # what is drawn with handles can be taken hold of
            painter.drawRect(QRectF(x - DOT_PX / 2, y - DOT_PX / 2, DOT_PX, DOT_PX))


def _outline(painter: QPainter, mark: MarkOutline) -> None:
    if mark.corners:
        # a box stays a box, decided or not: its rim is what the model said, and turns with the image
        box_corners = [QPointF(x, y) for x, y in mark.corners]
        painter.drawPolygon(QPolygonF(box_corners))
        if mark.style.shape is MarkShape.CROSSED_BOX:
            painter.drawLine(box_corners[3], box_corners[1])
        return
    r = mark.radius_px
    box = QRectF(mark.x - r, mark.y - r, 2 * r, 2 * r)
    if mark.style.shape is MarkShape.CIRCLE:
        painter.drawEllipse(box)
    elif mark.style.shape is MarkShape.ROUNDED:
        painter.drawRoundedRect(box, r * 0.6, r * 0.6)
        if painter.brush().style() == Qt.BrushStyle.NoBrush:
            _dotted_axis(painter, box)
    elif mark.style.shape is MarkShape.LOZENGE:
        centre = box.center()
        reach = r * LOZENGE
        corners = [(0, -reach), (reach, 0), (0, reach), (-reach, 0)]
        painter.drawPolygon(QPolygonF([centre + QPointF(x, y) for x, y in corners]))
    else:
        painter.drawRect(box)
        if mark.style.shape is MarkShape.CROSSED_BOX:
            painter.drawLine(box.bottomLeft(), box.topRight())


def _dotted_axis(painter: QPainter, box: QRectF) -> None:
    solid = painter.pen()
    dotted = QPen(solid)
    dotted.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(dotted)
    painter.drawLine(box.topLeft() + QPointF(4, 4), box.bottomRight() - QPointF(4, 4))
    painter.setPen(solid)


def _calliper(painter: QPainter, calliper: Calliper) -> None:
    line = color("acc") if calliper.selected else color("overlay.measure")
    drawn = [[QPointF(*point) for point in line] for line in (calliper.outline, *calliper.others)]
    if len(drawn[0]) == 1:
        _probe(painter, drawn[0][0], line)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (_pen(color("overlay.outline"), _CALLIPER_PX + _UNDER_PX), _pen(line, _CALLIPER_PX)):
        painter.setPen(pen)
        for points in drawn:
            painter.drawPolyline(QPolygonF(points))
    painter.setPen(_pen(color("overlay.outline"), 1))
    painter.setBrush(QBrush(line))
    for handle in calliper.handles:
        painter.drawEllipse(QPointF(*handle), DOT_PX / 2, DOT_PX / 2)


def _probe(painter: QPainter, at: QPointF, line: QColor) -> None:
    for pen in (_pen(color("overlay.outline"), _CALLIPER_PX + _UNDER_PX), _pen(line, _CALLIPER_PX)):
        painter.setPen(pen)
        painter.drawLine(at - QPointF(_PROBE_ARM_PX, 0), at + QPointF(_PROBE_ARM_PX, 0))
        painter.drawLine(at - QPointF(0, _PROBE_ARM_PX), at + QPointF(0, _PROBE_ARM_PX))


def _message(painter: QPainter, text: str, viewport: tuple[float, float]) -> None:
    painter.setFont(role_font("body"))
    painter.setPen(color("t2"))
    flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
    painter.drawText(QRectF(24, 0, viewport[0] - 48, viewport[1]), flags, text)


def _pen(stroke: QColor, width: float) -> QPen:
    pen = QPen(stroke, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _centred(x: float, y: float) -> tuple[float, float]:
    return round(x - 0.5) + 0.5, round(y - 0.5) + 0.5


def _upright_line(painter: QPainter, x1: float, y1: float, x2: float, y2: float, width: float, fill: QColor) -> None:
    """Fill what a pen with square caps would stroke: many times faster than stroking."""
    left, top, right, bottom = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
    painter.fillRect(QRectF(left - width / 2, top - width / 2, right - left + width, bottom - top + width), fill)
