"""The way of a case from registration to receipt, as a line of dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme


class StepState(Enum):
    """Where a step stands; said by shape, word and colour."""

    DONE = auto()
    NOW = auto()
    TODO = auto()
    RETURNED = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``note`` is the second line, such as time and actor."""

    word: str
    state: StepState
    note: str = ""


class StateLine(QWidget):
    """80 px high; steps are spread over the width."""

    def __init__(self) -> None:
        super().__init__()
        self._steps: tuple[Step, ...] = ()
        self.setFixedHeight(80)

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Replace the steps."""
        self._steps = tuple(steps)
        words = {StepState.DONE: tr("done"), StepState.NOW: tr("now"), StepState.TODO: tr("to do"),
                 StepState.RETURNED: tr("attention")}  # fmt: skip
        self.setAccessibleName(" → ".join(f"{s.word} ({words[s.state]}) {s.note}".rstrip() for s in self._steps))
        self.update()

    def steps(self) -> tuple[Step, ...]:
        """Return what is shown."""
        return self._steps

    def event(self, event: QEvent) -> bool:
        """Show the whole text of the step under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._steps:
            at = int((event.pos().x() - 24) * len(self._steps) / max(1, self.width() - 48))
            step = self._steps[min(max(at, 0), len(self._steps) - 1)]
            QToolTip.showText(event.globalPos(), f"{step.word}\n{step.note}".strip(), self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        if not self._steps:
            return
        width = (self.width() - 48) / len(self._steps)
        for at, step in enumerate(self._steps):
            left = 24 + at * width
            if at + 1 < len(self._steps):
                tone = "ok" if self._steps[at + 1].state is not StepState.TODO else "line2"
                painter.fillRect(QRectF(left + 28, 21, width - 36, 1), theme.color(tone))
            self._dot(painter, QPointF(left + 10, 22), step.state)
            tone, weight = {
                StepState.NOW: ("on.dark", 600),
                StepState.RETURNED: ("warn", 600),
                StepState.DONE: ("t1", None),
                StepState.TODO: ("t2", None),
            }[step.state]
            room = int(width) - 12
            word = paint.elided(step.word, room)
            paint.text(painter, QRectF(left, 36, room, 20), word, tone=tone, weight=weight)
            note = paint.elided(step.note, room, "caption")
            note_tone = "warn" if step.state is StepState.RETURNED else "t3"
            paint.text(painter, QRectF(left, 56, room, 16), note, role="caption", tone=note_tone)

    def _dot(self, painter: QPainter, centre: QPointF, state: StepState) -> None:
        theme = current_theme()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(centre.x() - 7, centre.y() - 7, 14, 14)
        if state is StepState.DONE:
            painter.setBrush(theme.color("ok.bg"))
            painter.drawEllipse(centre, 10, 10)
            paint_icon(painter, box, "check", theme.color("ok"))
        elif state is StepState.RETURNED:
            painter.setBrush(theme.color("warn.bg"))
            painter.drawEllipse(centre, 10, 10)
            paint_icon(painter, box, "arrow-go-back", theme.color("warn"))
        elif state is StepState.NOW:
            painter.setPen(QPen(theme.color("acc"), 2))
            painter.drawEllipse(centre, 9, 9)
            painter.setBrush(theme.color("acc"))
            painter.drawEllipse(centre, 4, 4)
        else:
            painter.setPen(QPen(theme.color("line2"), 1.5))
            painter.drawEllipse(centre, 9, 9)
