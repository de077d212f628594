"""Paints a translucent picture over the image: as small as it was computed, laid on by the painter's matrix."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPolygonF, QTransform

from viewers.scene.overlay import Tint


def paint_tint(painter: QPainter, tint: Tint) -> None:
    """Paint inside the rim of the image; the painter is left as it was."""
    painter.save()
    rim = QPainterPath()
    rim.addPolygon(QPolygonF([QPointF(x, y) for x, y in tint.within]))
    rim.closeSubpath()
    painter.setClipPath(rim)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    m = tint.transform
    painter.setTransform(QTransform(m.a, m.c, m.b, m.d, m.tx, m.ty), combine=True)
    pixels = np.ascontiguousarray(tint.rgba)
    rows, columns = pixels.shape[:2]
    picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    # a pixel's centre lies at its integer, the painter's in the middle of a unit square
    painter.drawImage(QPointF(-0.5, -0.5), picture)
    painter.restore()
