"""The report beside the images: what is filled, the impression, and the way to the report page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.keymap import key_of
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.composed_text import ComposedText
from workstation.ui.widgets.labels import ElidedLabel, label, rule
from workstation.ui.widgets.side_panel import rolling

_LABEL, _LABEL_SHARE = 88, 0.5
_LINE_PX, _TWO_LINES_PX = 30, 42
_ROOM_FOR_KEYS_PX = 376
_SIDES_PX, _BETWEEN_PX, _SAID_PX = 12, 8, 180
_ONE_LINE_PX, _OWN_LINE_PX = 48, 70
"""Height of the footer with its words beside the buttons, and above them"""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One field in one line; ``value`` is empty where nothing is filled yet."""

    key: str
    caption: str
    value: str
    required: bool
    attention: bool = False
    """Filled, but something is still open."""
    told: bool = True
    """Somebody said so: a tick tells what a person has confirmed, and nothing else"""

    def words(self) -> str:
        """Return the caption with the mark of what must be filled."""
        return f"{self.caption}\N{NO-BREAK SPACE}*" if self.required else self.caption


class ReportDock(QWidget):
    """Shows values, tells what was typed; never stores anything."""

    edited = Signal(str, str)
    """Field key, text; only the impression is written here."""
    report_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._key = ""
        self._filling = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.heading = _Heading()
        outer.addWidget(self.heading)
        outer.addWidget(rule())
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 4, 12, 8)
        column.setSpacing(0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        column.addLayout(self._rows)
        self._caption = label("", "caption", "t2")
        self._caption.setFixedHeight(28)
        column.addWidget(self._caption)
        self.impression = ComposedText()
        self.impression.setMinimumHeight(84)
        self.impression.setTabChangesFocus(True)
        self.impression.textChanged.connect(self._typed)
        column.addWidget(self.impression, 1)
        outer.addWidget(rolling(body), 1)

    def show_heading(self, template: str) -> None:
        """Name the template."""
        self.heading.show_text(template)

    def show_rows(self, rows: Sequence[ReportRow]) -> None:
        """Show the key fields."""
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        longest = max((paint.metrics("caption").horizontalAdvance(row.words()) for row in rows), default=0)
        for row in rows:
            line = _Row(row, longest + 12)
            line.pressed.connect(self.report_requested)
            self._rows.addWidget(line)

    def row_words(self) -> list[str]:
        """Return what the rows say."""
        found = (self._rows.itemAt(at).widget() for at in range(self._rows.count()))  # type: ignore[union-attr] # in range
        return [widget.accessibleName() for widget in found if widget is not None]

    def show_impression(self, key: str, caption: str, text: str, *, writable: bool, reason: str) -> None:
        """Show the impression; text that is being typed is left alone."""
        same = key == self._key
        self._key = key
        self._caption.setText(caption)
        self._caption.setVisible(bool(key))
        self.impression.setVisible(bool(key))
        self.impression.setReadOnly(not writable)
        self.impression.setAccessibleName(caption)
        self.impression.setToolTip(reason)
        self.impression.setPlaceholderText(tr("Write the impression here") if writable else reason)
        if self.impression.toPlainText() != text and not (same and self.impression.hasFocus()):
            self._filling = True
            self.impression.setPlainText(text)
            self._filling = False

    def clear(self) -> None:
        """Show nothing of any case; what was typed is with the session already."""
        self.show_heading("")
        self.show_rows(())
        self._key = ""
        self._filling = True
        self.impression.clear()
        self._filling = False
        self.show_impression("", "", "", writable=False, reason="")

    def _typed(self) -> None:
        if not self._filling and self._key:
            self.edited.emit(self._key, self.impression.toPlainText())


class DockFooter(QWidget):
    """
    When the draft was saved, and the buttons that lead to the report page.

    Where critical values are called the words stand in a line of their own: no button then lacks its word.
    """

    report_requested = Signal()
    finish_requested = Signal()
    """Somebody wants to finish the report: to its page, and there to what is missing first"""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_ONE_LINE_PX)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._row = row = QHBoxLayout()
        row.setSpacing(8)
        self._text = ElidedLabel("", "caption", "t3")
        row.addWidget(self._text, 1)
        self._column.addLayout(row)
        self.critical = Button(tr("Critical"), icon="alarm-warning", key="F8")  # red is for a value that runs
        self.critical.setToolTip(f"{tr('Critical value')} (F8)")
        self.critical.setAccessibleName(tr("Critical value"))
        row.addWidget(self.critical)
        self.report = Button(tr("Report"), icon="file-text", key="F4")
        self.finish = Button(tr("Sign"), "primary", icon="quill-pen", key=key_of("reading.finish", "Ctrl+Return"))
        self._is_lit = True
        self._has_own_line = self._is_roomy = False
        self.report.clicked.connect(self.report_requested)
        self.finish.clicked.connect(self.finish_requested)
        for button in (self.report, self.finish):
            row.addWidget(button)
        self._show_keys(roomy=False)  # the least width of a narrow dock is that without them
        self.offer_critical(offered=False)

    def offer_critical(self, *, offered: bool) -> None:
        """Show the button of critical values, with its word, or leave it out."""
        self.critical.setVisible(offered)
        self._has_own_line = offered
        self._row.removeWidget(self._text)
        self._column.removeWidget(self._text)
        if offered:
            self._column.insertWidget(0, self._text)
        else:
            self._row.insertWidget(0, self._text, 1)
        for button in (self.critical, self.report, self.finish):
            button.setSizePolicy(
                QSizePolicy.Policy.Expanding if offered else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed
            )
        self.setFixedHeight(_OWN_LINE_PX if offered else _ONE_LINE_PX)
        self._column.setContentsMargins(12, 4 if offered else 0, 12, 4 if offered else 0)
        self._show_keys(roomy=self._is_roomy)

    def _show_keys(self, *, roomy: bool) -> None:
        """Show key caps where there is room, then the key that finishes, then the whole word of critical values."""
        for button in (self.critical, self.report):
            button.show_key(shown=roomy)
        self._name_critical(tr("Critical"))
        self.finish.show_key(shown=roomy)
        if not roomy:
            return
        if not self._fits():
            self.finish.show_key(shown=False)
        self._name_critical(tr("Critical value"))
        if not self._fits():
            self._name_critical(tr("Critical"))

    def _name_critical(self, words: str) -> None:
        if words != self.critical.text():
            self.critical.set_text(words)
            self.critical.setAccessibleName(tr("Critical value"))

    def _fits(self) -> bool:
        """Tell whether the buttons have room, and what is said beside them where it has no line of its own."""
        beside = self.critical.sizeHint().width() if self._has_own_line else _SAID_PX
        wanted = beside + self.report.sizeHint().width() + self.finish.sizeHint().width()
        return wanted + 2 * (_SIDES_PX + _BETWEEN_PX) <= self.width()

    def show_ready(self, *, ready: bool) -> None:
        """Light the button that finishes only where nothing is missing."""
        self._is_lit = ready
        self.finish.show_kind("primary" if ready else "secondary")

    def looks_ready(self) -> bool:
        """Tell whether the button that finishes is lit."""
        return self._is_lit

    def say(self, text: str, tone: str = "t3") -> None:
        """Show what there is to know before the report is finished."""
        self._text.show_text(text, tone)

    def text(self) -> str:
        """Return what the footer says."""
        return self._text.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the words the room of the key caps in a narrow dock; the tooltips keep the keys."""
        super().resizeEvent(event)
        roomy = self._is_roomy = self.width() >= _ROOM_FOR_KEYS_PX
        self._show_keys(roomy=roomy)
        above = self._column.contentsMargins().top()
        self._column.setContentsMargins(12 if roomy else 8, above, 12 if roomy else 8, above)
        self._row.setSpacing(8 if roomy else 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the hairline above."""
        QPainter(self).fillRect(0, 0, self.width(), 1, current_theme().color("line"))


class _Heading(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(current_theme().px("tab.dock"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(12)
        self.title = label(tr("Report"), "h2", "t0")
        self._template = ElidedLabel("", "caption", "t2")
        row.addWidget(self.title)
        row.addWidget(self._template, 1)

    def show_text(self, template: str) -> None:
        self._template.show_text(template)


class _Row(QWidget):
    pressed = Signal()

    def __init__(self, row: ReportRow, wish_px: int) -> None:
        super().__init__()
        self._row, self._wish = row, wish_px
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        shown = row.value or tr("Not filled")
        self.setAccessibleName(f"{row.caption} {shown}")
        self.setToolTip(f"{row.caption}\n{shown}")

    def sizeHint(self) -> QSize:
        return QSize(240, _LINE_PX)

    @property
    def _column(self) -> int:
        return max(_LABEL, min(self._wish, int(self.width() * _LABEL_SHARE)))

    @property
    def wraps(self) -> bool:
        """Tell whether the caption needs a second line: cut it would name another field."""
        return paint.metrics("caption").horizontalAdvance(self._row.words()) > self._column - 8

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Grow by the line that the caption needs."""
        super().resizeEvent(event)
        self.setFixedHeight(_TWO_LINES_PX if self.wraps else _LINE_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        row = self._row
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("row.line"))
        column, line = self._column, self.height() - 1
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("t2"))
        wrapped = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(QRectF(0, 0, column - 8, line), wrapped, row.words())
        room = self.width() - column - 24
        missing = row.required and not row.value
        tone = "warn" if missing else "t1" if row.value else "t3"
        words = " ".join((row.value or tr("Not filled")).split())
        paint.text(painter, QRectF(column, 0, room + 4, line), paint.elided(words, room), tone=tone)
        if missing or row.attention or (row.value and row.told):
            fine = row.value and not row.attention
            icon, colour = ("check", "ok") if fine else ("error-warning", "warn")
            paint_icon(painter, QRectF(self.width() - 15, (line - 15) / 2, 15, 15), icon, theme.color(colour))
