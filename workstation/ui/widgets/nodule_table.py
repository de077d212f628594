"""The table of accepted findings in the report form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.theme import current_theme

_HEAD: Final = 28
_ROW: Final = 32
_BAR: Final = 3
"""Width of the mark at the row that the fields below are about"""
_PLAIN: Final = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})


@dataclass(frozen=True, slots=True)
class NoduleRow:
    """
    One accepted finding as the table shows it; ``slice_number`` counts from 1.

    ``options`` are what was said of it, by field; ``asked`` are the keys of the fields that are asked of it.
    """

    tracking_uid: str
    number: int
    words: str
    diameter: str
    slice_number: str
    options: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


class NoduleTable(QWidget):
    """
    Accepted findings: number, place and type, mean diameter, slice.

    Click, or arrow keys and Enter, choose one to be shown on the images.
    """

    chosen = Signal(str)
    current_changed = Signal(int)
    current_lost = Signal()
    """The finding that the keys acted on is not in the table any more"""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[NoduleRow, ...] = ()
        self._current = 0
        self._hovered = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Accepted findings"))

    def show_rows(self, rows: Sequence[NoduleRow]) -> None:
        """Replace the rows; the keys go on to act on the same finding as long as it is there."""
        if self._rows == tuple(rows):
            return
        former = self._rows[self._current].tracking_uid if self._rows else ""
        self._rows = tuple(rows)
        found = next((at for at, row in enumerate(self._rows) if row.tracking_uid == former), None)
        self._current = min(self._current, max(0, len(self._rows) - 1)) if found is None else found
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if rows else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if rows else Qt.CursorShape.ArrowCursor)
        self.setToolTip(tr("Show the finding on the images (Enter)") if rows else "")
        self.setAccessibleDescription("; ".join(f"{r.number} {r.words} {r.diameter}" for r in rows))
        self.updateGeometry()
        self.update()
        if former and found is None:
            self.current_changed.emit(self._current)
            self.current_lost.emit()

    def rows(self) -> tuple[NoduleRow, ...]:
        """Return what is shown."""
        return self._rows

    @property
    def current(self) -> int:
        """Return the row that the keys act on, counted from 0."""
        return self._current

    def go_to(self, at: int) -> bool:
        """Let the keys act on another row; False where there is none."""
        if not 0 <= at < len(self._rows):
            return False
        if at != self._current:
            self._current = at
            self.current_changed.emit(at)
            self.update()
        return True

    def sizeHint(self) -> QSize:
        """Return header plus rows."""
        return QSize(320, _HEAD + _ROW * max(1, len(self._rows)) + 2)

    def minimumSizeHint(self) -> QSize:
        """Never hide a row."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the table."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg0"))
        painter.fillRect(0, 0, self.width(), _HEAD, theme.color("bg2"))
        right = self.width() - 12
        slices, sizes = right - 72, right - 184
        paint.text(painter, QRectF(12, 0, 20, _HEAD), "#", role="caption", tone="t3")
        self._head(painter, tr("Place · type"), 40, sizes - 8, Qt.AlignmentFlag.AlignLeft)
        self._head(painter, tr("Mean diameter"), sizes, slices, Qt.AlignmentFlag.AlignRight)
        self._head(painter, tr("Slice"), slices, right, Qt.AlignmentFlag.AlignRight)
        vertical = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if not self._rows:
            paint.text(painter, QRectF(12, _HEAD, right, _ROW), tr("No accepted finding"), tone="t3")
        for at, row in enumerate(self._rows):
            top = _HEAD + _ROW * at
            if (self.hasFocus() and at == self._current) or at == self._hovered:
                painter.fillRect(1, top, self.width() - 2, _ROW, theme.color("sel"))
            painter.fillRect(1, top, self.width() - 2, 1, theme.color("row.line"))
            if at == self._current and len(self._rows) > 1:
                painter.fillRect(1, top + 1, _BAR, _ROW - 1, theme.color("acc"))
            paint.text(painter, QRectF(12, top, 24, _ROW), str(row.number))
            room = sizes - 8 - 40
            paint.text(painter, QRectF(40, top, room, _ROW), paint.elided(row.words, room))
            paint.text(painter, QRectF(sizes, top, slices - sizes, _ROW), row.diameter, align=vertical)
            paint.text(painter, QRectF(slices, top, 72, _ROW), row.slice_number, tone="t2", align=vertical)
        painter.setPen(QPen(theme.color("acc" if self.hasFocus() else "line"), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _head(self, painter: QPainter, words: str, left: int, right: int, align: Qt.AlignmentFlag) -> None:
        shown = paint.elided(words, right - left, "caption")
        paint.text(painter, QRectF(left, 0, right - left, _HEAD), shown, role="caption", tone="t3",
                   align=align | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip

    def _row_at(self, y: float) -> int:
        at = int((y - _HEAD) // _ROW)
        return at if 0 <= at < len(self._rows) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the pointer."""
        self._hovered = self._row_at(event.position().y())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Light up nothing."""
        self._hovered = -1
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        at = self._row_at(event.position().y())
        if at >= 0:
            self.go_to(at)
            self.chosen.emit(self._rows[at].tracking_uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, choose with Enter."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and self.go_to(self._current + step):
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and event.modifiers() in _PLAIN and self._rows:
            self.chosen.emit(self._rows[self._current].tracking_uid)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the chosen row."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the chosen row."""
        super().focusOutEvent(event)
        self.update()
