"""Painter helpers for everything QSS cannot draw; used alike by widgets and by delegates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTextLayout,
    QTextOption,
)

from workstation.domain.workitem import Priority
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme

V_CENTRE: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_CHIP_ICON: Final = 13
_CHIP_GAP: Final = 4
_CHIP_PADDING: Final = 6
_TINTS: Final = {  # kind: (background, foreground)
    "neutral": ("bg3", "t2"),
    "acc": ("acc.bg", "acc.text"),
    "ai": ("ai.bg", "ai"),
    "ok": ("ok.bg", "ok"),
    "warn": ("warn.bg", "warn"),
    "bad": ("bad.bg", "bad"),
    "info": ("info.bg", "info"),
}


@dataclass(frozen=True, slots=True)
class TimerLook:
    """How an SLA timer is shown: its text, colour token, icon and the filled part of its bar."""

    text: str
    tone: str
    icon: str
    bar: str
    fraction: float
    bold: bool


def metrics(role: str = "body", weight: int | None = None) -> QFontMetrics:
    """Return the metrics of a type role in the current theme; shared."""
    return _metrics(current_theme().families, role, weight)


@cache
def _metrics(_families: tuple[str, ...], role: str, weight: int | None) -> QFontMetrics:
    return QFontMetrics(current_theme().font(role, weight=weight))


def elided(text: str, width: int, role: str = "body") -> str:
    """Return the text, cut with an ellipsis at its end when it is wider than ``width``."""
    return metrics(role).elidedText(text, Qt.TextElideMode.ElideRight, max(width, 0))


def text(painter: QPainter, rect: QRectF, value: str, *, role: str = "body", tone: str = "t1",
         weight: int | None = None, align: Qt.AlignmentFlag = V_CENTRE) -> None:  # fmt: skip
    """Draw one line of text in a type role and a colour token."""
    theme = current_theme()
    painter.setFont(theme.font(role, weight=weight))
    painter.setPen(theme.color(tone))
    painter.drawText(rect, int(align) | int(Qt.TextFlag.TextSingleLine), value)


def in_two_lines(value: str, first: int, second: int, role: str = "body") -> tuple[str, str]:
    """
    Break a text into a line of ``first`` and one of ``second`` pixels; the second ends in an ellipsis where it is cut.

    A line ends where the writing allows it: Latin words stay whole, no Chinese line begins with a full stop.
    """
    layout = QTextLayout(value, current_theme().font(role))
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(first)
    # an index of Qt counts UTF-16 units: a rare character of a name or place takes two
    units = value.encode("utf-16-le")
    end = 2 * line.textLength()
    layout.endLayout()
    upper, rest = units[:end].decode("utf-16-le"), units[end:].decode("utf-16-le")
    return upper.rstrip(), elided(rest.lstrip(), second, role)


def focus_ring(painter: QPainter, rect: QRect) -> None:
    """Draw the 2 px accent ring just inside ``rect``; the caller leaves 2 px between it and the control."""
    theme = current_theme()
    width = theme.px("stroke.focus")
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("acc"), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), 6, 6)
    painter.restore()


def stripe(painter: QPainter, rect: QRectF, color: QColor, *, dashed: bool = False) -> None:
    """Draw the 4 px stripe at the left edge of ``rect``; dashed says "proposed"."""
    width = current_theme().px("stroke.stripe")
    if not dashed:
        painter.fillRect(QRectF(rect.left(), rect.top(), width, rect.height()), color)
        return
    top = rect.top()
    while top < rect.bottom():
        painter.fillRect(QRectF(rect.left(), top, width, min(6.0, rect.bottom() - top)), color)
        top += 10


def chip_width(icon: str, label: str, *, role: str = "caption") -> int:
    """Return the width of a chip."""
    words = metrics(role).horizontalAdvance(label) if label else 0
    glyph = _CHIP_ICON if icon else 0
    return words + glyph + (_CHIP_GAP if icon and label else 0) + 2 * _CHIP_PADDING


def paint_chip(
    painter: QPainter, rect: QRectF, kind: str, icon: str, label: str, *, weight: int | None = None
) -> QRectF:
    """Paint a 20 px chip at the left of ``rect``, centred in its height; return the chip's rectangle."""
    theme = current_theme()
    height = theme.px("chip")
    box = QRectF(rect.left(), rect.center().y() - height / 2, min(chip_width(icon, label), rect.width()), height)
    box.moveTop(round(box.top()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = theme.px("radius.control")
    if kind == "outline":
        tone = "t2"
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    else:
        background, tone = _TINTS[kind]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(background))
        painter.drawRoundedRect(box, radius, radius)
    left = box.left() + _CHIP_PADDING
    if icon:
        paint_icon(painter, QRectF(left, box.center().y() - _CHIP_ICON / 2, _CHIP_ICON, _CHIP_ICON), icon,
                   theme.color(tone))  # fmt: skip
        left += _CHIP_ICON + _CHIP_GAP
    if label:
        room = int(box.right() - left - _CHIP_PADDING + 1)
        text(painter, QRectF(left, box.top(), room + 4, height), elided(label, room + 1, "caption"),
             role="caption", tone=tone, weight=weight)  # fmt: skip
    return box


def progress(painter: QPainter, rect: QRectF, fraction: float, bar: str, *, track: str = "line2") -> None:
    """Paint a thin bar with round ends, filled from the left to ``fraction`` in [0, 1]."""
    theme = current_theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = rect.height() / 2
    painter.setBrush(theme.color(track))
    painter.drawRoundedRect(rect, radius, radius)
    if fraction > 0:
        painter.setBrush(theme.color(bar))
        painter.drawRoundedRect(
            QRectF(rect.left(), rect.top(), max(rect.height(), rect.width() * min(fraction, 1.0)), rect.height()),
            radius,
            radius,
        )


def hms(seconds: int) -> str:
    """Return ``HH:MM:SS`` of a non-negative number of seconds; hours may pass 99."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def timer_look(left_s: int, whole_s: int, *, warn_below: float = 0.25) -> TimerLook:
    """
    Return how the time left is shown (DESIGN 4.5).

    Args:
        left_s: seconds until due; negative once overdue.
        whole_s: seconds from arrival to due.
        warn_below: part of the whole time below which the timer turns amber.
    """
    if left_s < 0:
        return TimerLook(f"+{hms(-left_s)}", "bad", "error-warning", "bad", 1.0, bold=True)
    fraction = min(1.0, left_s / whole_s) if whole_s > 0 else 0.0
    if fraction < warn_below:
        return TimerLook(hms(left_s), "warn", "alarm-warning", "warn", fraction, bold=True)
    return TimerLook(hms(left_s), "t1", "timer", "ok", fraction, bold=False)


def timer(painter: QPainter, rect: QRectF, look: TimerLook) -> None:
    """Paint an 88 x 24 SLA timer at the left of ``rect``, centred in its height."""
    theme = current_theme()
    top = round(rect.center().y() - 12)
    width = min(88.0, rect.width())
    paint_icon(painter, QRectF(rect.left(), top + 1, 14, 14), look.icon, theme.color(look.tone))
    text(painter, QRectF(rect.left() + 19, top - 2, width - 19 + 8, 20), look.text, tone=look.tone,
         weight=600 if look.bold else None)  # fmt: skip
    progress(painter, QRectF(rect.left(), top + 20, width, 3), look.fraction, look.bar)


def outlined_text(
    painter: QPainter, at: QPointF, value: str, font: QFont, color: QColor, outline: QColor, width: float = 3.0
) -> None:
    """Draw text with a dark outline so that it reads on any image; ``at`` is the start of the baseline."""
    path = QPainterPath()
    path.addText(at, font, value)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, QPen(outline, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                                  Qt.PenJoinStyle.RoundJoin))  # fmt: skip
    painter.fillPath(path, color)
    painter.restore()


def ten_ticks(painter: QPainter, left: float, centre_y: float, filled: int, *, on: str = "ai") -> float:
    """Paint ten 3 x 10 ticks, ``filled`` of them lit; return the right edge."""
    theme = current_theme()
    lit, unlit = theme.color(on), QColor(theme.color(on))
    unlit.setAlphaF(0.22)
    for at in range(10):
        painter.fillRect(QRectF(left + at * 4, round(centre_y - 5), 3, 10), lit if at < filled else unlit)
    return left + 39


def ten_dots(painter: QPainter, left: float, centre_y: float, filled: int, *, on: str = "ai") -> float:
    """Paint ten 6 px dots, ``filled`` of them lit, the rest as rings; return the right edge."""
    theme = current_theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for at in range(10):
        box = QRectF(left + at * 8, centre_y - 3, 6, 6)
        if at < filled:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(on))
            painter.drawEllipse(box)
        else:
            painter.setPen(QPen(theme.color("t3"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
    return left + 78


def priority_mark(painter: QPainter, centre: QPointF, priority: Priority) -> None:
    """Paint the priority's shape: triangle STAT, lozenge urgent, ring routine."""
    theme = current_theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, y = centre.x(), centre.y()
    if priority is Priority.LOW:
        painter.setPen(QPen(theme.color("t2"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, 4.5, 4.5)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    if priority is Priority.HIGH:
        painter.setBrush(theme.color("bad"))
        painter.drawPolygon(QPolygonF([QPointF(x, y - 6), QPointF(x + 6.5, y + 5.5), QPointF(x - 6.5, y + 5.5)]))
    else:
        painter.setBrush(theme.color("warn"))
        painter.drawPolygon(QPolygonF([QPointF(x, y - 6), QPointF(x + 6, y), QPointF(x, y + 6), QPointF(x - 6, y)]))


def count_pill(painter: QPainter, left: float, centre_y: float, count: str, background: str, tone: str) -> float:
    """Paint an 18 px pill with a number; return its right edge."""
    theme = current_theme()
    width = max(18, metrics("caption").horizontalAdvance(count) + 12)
    box = QRectF(left, round(centre_y - 9), width, 18)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(background))
    painter.drawRoundedRect(box, 9, 9)
    text(painter, box, count, role="caption", tone=tone, align=Qt.AlignmentFlag.AlignCenter)
    return left + width


def key_hint_width(key: str) -> int:
    """Return the width of a key hint box."""
    return metrics("kbd").horizontalAdvance(key) + 12 if key else 0


def key_hint(painter: QPainter, left: float, centre_y: float, key: str, tone: str) -> None:
    """Paint a key name in its small box, in the colour of the control around it."""
    theme = current_theme()
    box = QRectF(left, round(centre_y - 9), key_hint_width(key), 18)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = QColor(theme.color(tone))
    edge.setAlphaF(0.45)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    text(painter, box, key, role="kbd", tone=tone, align=Qt.AlignmentFlag.AlignCenter)


def check_box(painter: QPainter, rect: QRect, *, checked: bool, enabled: bool, round_box: bool) -> None:
    """Paint a 16 px check box, or a round one for radio buttons."""
    theme = current_theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(1.0 if enabled else 0.42)
    box = QRectF(0, 0, 15, 15)
    box.moveCenter(QRectF(rect).center())
    painter.setPen(QPen(theme.color("acc" if checked else "line2"), 1))
    painter.setBrush(theme.color("acc" if checked and not round_box else "bg0"))
    radius = 7.5 if round_box else 3
    painter.drawRoundedRect(box, radius, radius)
    if checked and round_box:
        painter.setBrush(theme.color("acc"))
        painter.drawEllipse(box.center(), 4, 4)
    elif checked:
        paint_icon(painter, box.adjusted(1, 1, -1, -1), "check", theme.color("acc.on"))
    painter.restore()
