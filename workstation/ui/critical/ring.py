"""The ring of a critical value: what is left of its ten minutes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workstation.domain.critical import CriticalStage
from workstation.domain.critical_clock import CriticalTimer
from workstation.ui import paint
from workstation.ui.critical.words import clock_caption, clock_text
from workstation.ui.theme import current_theme

SIDE: Final = 88
_STROKE: Final = 6
_TONES: Final = {
    CriticalStage.RUNNING: "acc",
    CriticalStage.REMINDED: "warn",
    CriticalStage.ESCALATED: "bad",
    CriticalStage.NOTIFIED: "ok",
    CriticalStage.DISMISSED: "line2",
}
_SIXTEENTHS: Final = 16
_WHOLE: Final = 360


class CriticalRing(QWidget):
    """88 px square; amber after the reminder, red and full after the escalation."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(SIDE, SIDE)
        self._timer: CriticalTimer | None = None

    def show_timer(self, timer: CriticalTimer) -> None:
        """Show what the clock says."""
        shown = self._timer
        self._timer = timer
        if shown is None or (clock_text(shown), shown.stage) != (clock_text(timer), timer.stage):
            self.setAccessibleName(f"{clock_text(timer)} {clock_caption(timer)}")
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint track, arc and time."""
        if self._timer is None:
            return
        theme, timer = current_theme(), self._timer
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = _STROKE / 2 + 1
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        painter.setPen(QPen(theme.color("line2"), _STROKE))
        painter.drawEllipse(box)
        tone = _TONES[timer.stage]
        part = timer.fraction_left if timer.stage in {CriticalStage.RUNNING, CriticalStage.REMINDED} else 1.0
        pen = QPen(theme.color(tone), _STROKE)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(box, 90 * _SIXTEENTHS, -round(part * _WHOLE * _SIXTEENTHS))
        words = QRectF(0, SIDE / 2 - 20, SIDE, 24)
        painter.setFont(theme.font("h1"))
        painter.setPen(theme.color("t0"))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, clock_text(timer))
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("t2"))
        below = QRectF(_STROKE, SIDE / 2 + 3, SIDE - 2 * _STROKE, 18)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, paint.elided(clock_caption(timer), SIDE - 20, "caption"))
