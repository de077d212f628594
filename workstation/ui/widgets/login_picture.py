"""The picture beside the sign-in form: a chest drawn by us as a stack of slices; no patient's image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.icons import icon_pixmap
from workstation.ui.stepwise import Stepwise
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import Logo, label

_SLICES: Final = 34
_MARKED: Final = 15
_POINTS: Final = 96


class LoginPicture(QWidget):
    """Logo at the top, the drawing in the middle, what the product promises at the foot."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self._drawing: QPixmap | None = None
        self._steps: Stepwise | None = None
        self._facts_width = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(80, 72, 80, 72)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(Logo(56))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(label("联阅 Lianyue", "display", "t0"))
        names.addWidget(label(tr("Remote reading workstation for imaging alliances"), "body", "t2"))
        top.addLayout(names, 1)
        column.addLayout(top)
        column.addStretch(1)
        column.addWidget(label(tr("Experts read and sign with certainty; every hospital gets the answer and learns."),
                               "title", "t0", wrap=True))  # fmt: skip
        column.addSpacing(4)
        facts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        facts.setSpacing(24)
        self._facts = facts
        for glyph, tone, text in (
            ("shield-check", "ok", tr("Signed reports that prove what was signed")),
            ("robot", "ai", tr("AI proposes, the physician decides")),
            ("links", "acc", tr("Every step in a chained audit trail")),
        ):
            pair = QHBoxLayout()
            pair.setSpacing(8)
            mark = label("")
            mark.setPixmap(icon_pixmap(glyph, tone, 16, 2.0))
            pair.addWidget(mark)
            pair.addWidget(label(text, "body", "t1"))
            self._facts_width += paint.metrics().horizontalAdvance(text) + 56
            pair.addStretch(1)
            facts.addLayout(pair)
        facts.addStretch(1)
        self.setMinimumWidth(1)  # the window decides, not the English words
        column.addLayout(facts)
        column.addSpacing(8)
        line = tr("Version {version} · for qualified medical staff only", version=version)
        column.addWidget(label(line, "caption", "t3"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the next paint."""
        self._drop()
        roomy = self.width() >= self._facts_width + 160
        wanted = QBoxLayout.Direction.LeftToRight if roomy else QBoxLayout.Direction.TopToBottom
        if self._facts.direction() is not wanted:
            self._facts.setDirection(wanted)
            self._facts.setSpacing(24 if roomy else 4)
        super().resizeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the drawing on black as far as it is; it is made once per size, slice by slice."""
        ratio = self.devicePixelRatioF()
        if self._drawing is None or self._drawing.devicePixelRatio() != ratio:
            self._drop()
            self._drawing = QPixmap(self.size() * ratio)
            self._drawing.setDevicePixelRatio(ratio)
            self._drawing.fill(current_theme().color("image.bg"))
            self._steps = Stepwise(_draw_chest(self._drawing, QRectF(self.rect())), self)
            self._steps.finished.connect(self.update)
            self._steps.start()
        QPainter(self).drawPixmap(0, 0, self._drawing)

    def _drop(self) -> None:
        self._drawing = None
        if self._steps is not None:
            self._steps.stop()
            self._steps.deleteLater()
            self._steps = None


def _draw_chest(target: QPixmap, area: QRectF) -> Iterator[None]:
    """Draw from the waist up, so that each slice lies on those below; the marked one comes last."""
    scale = min(area.width() / 1000, area.height() / 1000)
    order = [at for at in reversed(range(_SLICES)) if at != _MARKED]
    for at in (*order, _MARKED):
        middle = QPointF(area.center().x(), area.top() + area.height() * 0.49 + (at - _SLICES / 2) * 14.5 * scale)
        with QPainter(target) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            _draw_slice(painter, at, middle, scale)
            if at == _MARKED:
                _draw_mark(painter, QPointF(middle.x() - 128 * scale, middle.y() - 6 * scale), scale)
        yield


def _draw_slice(painter: QPainter, at: int, middle: QPointF, scale: float) -> None:
    theme = current_theme()
    depth = at / (_SLICES - 1)
    marked = at == _MARKED
    near = 1 - abs(depth - 0.45) * 1.5
    for shape, tone, weight in (("body", "t3", 0.28), ("left", "t1", 0.62), ("right", "t1", 0.62),
                                ("spine", "t2", 0.34)):  # fmt: skip
        outline = _outline(shape, depth, middle, scale)
        if outline is None:
            continue
        color = QColor(theme.color("acc" if marked else tone))
        color.setAlphaF(0.95 if marked else max(0.05, weight * near))
        painter.setPen(QPen(color, 1.8 if marked else 1.0))
        fill = QColor(theme.color("acc" if marked else "bg2"))
        fill.setAlphaF(0.10 if marked else 0.16 if shape in {"left", "right"} else 0.0)
        painter.setBrush(fill)
        painter.drawPolygon(outline)


def _draw_mark(painter: QPainter, place: QPointF, scale: float) -> None:
    theme = current_theme()
    fill = QColor(theme.color("ok"))
    fill.setAlphaF(0.3)
    painter.setBrush(fill)
    painter.setPen(QPen(theme.color("ok"), 2))
    painter.drawEllipse(place, 13 * scale, 9 * scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    ring = QColor(theme.color("ok"))
    ring.setAlphaF(0.35)
    painter.setPen(QPen(ring, 1))
    painter.drawEllipse(place, 24 * scale, 17 * scale)


def _outline(shape: str, depth: float, middle: QPointF, scale: float) -> QPolygonF | None:
    """Return one contour of a slice in a flat perspective; depth 0 = shoulders, 1 = waist."""
    swell = math.sin(math.pi * min(1.0, 0.22 + depth * 0.72))
    if shape == "body":
        width, height, x, power = (205 + 110 * swell) * scale, (62 + 30 * swell) * scale, 0.0, 2.6
    elif shape == "spine":
        width, height, x, power = 26 * scale, 13 * scale, 0.0, 2.2
        middle = QPointF(middle.x(), middle.y() + (40 + 18 * swell) * scale)
    else:
        if not 0.07 < depth < 0.9:
            return None
        lung = math.sin(math.pi * (depth - 0.07) / 0.83) ** 0.55
        side = -1 if shape == "left" else 1
        width, height, x, power = 104 * lung * scale, 56 * lung * scale, side * (72 + 58 * lung) * scale, 2.3
    points = []
    for n in range(_POINTS):
        angle = 2 * math.pi * n / _POINTS
        cos, sin = math.cos(angle), math.sin(angle)
        radius = (abs(cos) ** power + abs(sin) ** power) ** (-1 / power)
        dent = 1.0
        if shape in {"left", "right"}:
            inward = -1 if shape == "right" else 1
            dent = 1 - 0.34 * max(0.0, inward * cos) ** 3 * (0.6 + 0.4 * depth)  # the heart's place
        points.append(QPointF(middle.x() + x + width * radius * cos * dent, middle.y() + height * radius * sin))
    return QPolygonF(points)
