"""How urgent the open case is, above its images and above its report: its priority and the time left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QPointF, QRectF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.workitem import Priority
from workstation.ui import paint
from workstation.ui.widgets.worklist_words import priority_word


class SlaTimer(QWidget):
    """Time left until the report is due, told every second."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self._now = now
        self._due: datetime | None = None
        self._arrived: datetime | None = None
        self.setFixedSize(88, 24)
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self.update)

    def show_times(self, arrived: datetime | None, due: datetime | None) -> None:
        """Count down to ``due``; None stops."""
        self._arrived, self._due = arrived, due
        self.setVisible(due is not None)
        if due is None:
            self._tick.stop()
        else:
            self._tick.start()
            self.setToolTip(tr("Due {time}", time=due.astimezone().strftime("%m-%d %H:%M")))
        self.update()

    def look(self) -> paint.TimerLook | None:
        """Return what is painted now."""
        if self._due is None or self._arrived is None:
            return None
        left = int((self._due - self._now()).total_seconds())
        return paint.timer_look(left, int((self._due - self._arrived).total_seconds()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the timer."""
        look = self.look()
        if look is not None:
            paint.timer(QPainter(self), QRectF(self.rect()), look)
            self.setAccessibleName(look.text)


class PriorityMark(QWidget):
    """How urgent a case is: shape, colour and word (DESIGN 4.5)."""

    def __init__(self) -> None:
        super().__init__()
        self._priority: Priority | None = None
        self.setFixedSize(16, 24)

    def show_priority(self, priority: Priority | None) -> None:
        """Show a priority; None leaves nothing."""
        self._priority = priority
        word = priority_word(priority) if priority is not None else ""
        self.setFixedWidth(20 + paint.metrics("caption").horizontalAdvance(word) + 2)
        self.setAccessibleName(word)
        self.setToolTip(word)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint shape and word."""
        if self._priority is None:
            return
        painter = QPainter(self)
        paint.priority_mark(painter, QPointF(8, 12), self._priority)
        tone = {Priority.HIGH: "bad", Priority.MEDIUM: "warn", Priority.LOW: "t2"}[self._priority]
        box = QRectF(20, 0, self.width() - 20, self.height())
        paint.text(painter, box, self.accessibleName(), role="caption", tone=tone)
