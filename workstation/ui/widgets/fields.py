"""Input fields with their label above and their message below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSpinBox,
    QStyle,
    QStyleOptionFrame,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from resources.translation import tr
from workstation.ui import paint
from workstation.ui.icons import icon, paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import IconButton, key_text
from workstation.ui.widgets.labels import label, set_tone

_TEXT_MARGIN: Final = 2
"""What Qt leaves left and right of the words of a line, inside its contents"""


class TextField(QWidget):
    """A labelled line of text; ``say`` puts a warning or an error below it."""

    changed = Signal(str)
    submitted = Signal()

    def __init__(self, caption: str, *, secret: bool = False, placeholder: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setAccessibleName(caption)
        self.edit.textChanged.connect(self._typed)
        self.edit.returnPressed.connect(self.submitted)
        self._message = label("", "caption", "bad", wrap=True)
        self._message.setVisible(False)
        column.addWidget(label(caption, "caption", "t3"))
        column.addWidget(self.edit)
        column.addWidget(self._message)
        if secret:
            self._hide_secret()

    def _hide_secret(self) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        toggle = self.edit.addAction(icon("eye-off", "t2"), QLineEdit.ActionPosition.TrailingPosition)
        toggle.setText(tr("Show the password"))
        toggle.setToolTip(tr("Show the password"))

        def switch() -> None:
            hidden = self.edit.echoMode() is QLineEdit.EchoMode.Password
            self.edit.setEchoMode(QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password)
            toggle.setIcon(icon("eye" if hidden else "eye-off", "t2"))

        toggle.triggered.connect(switch)

    def _typed(self, text: str) -> None:
        self.say("")
        self.changed.emit(text)

    def text(self) -> str:
        """Return what was typed."""
        return self.edit.text()

    def message(self) -> str:
        """Return the sentence below the field."""
        return self._message.text()

    def say(self, message: str, *, tone: str = "bad") -> None:
        """Show a sentence below the field with its border in the same colour; empty takes it away."""
        self._message.setText(message)
        self._message.setVisible(bool(message))
        set_tone(self._message, tone)
        state = tone if message else ""
        if self.edit.property("state") != state:
            self.edit.setProperty("state", state)
            self.edit.style().unpolish(self.edit)
            self.edit.style().polish(self.edit)


class TextLine(QLineEdit):
    """A line of text that ends in dots where it is cut and nobody writes in it; the tooltip has the whole."""

    def event(self, event: QEvent) -> bool:
        """Tell the whole text where it is cut."""
        if event.type() is QEvent.Type.ToolTip and not self.toolTip() and self.is_cut and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return super().event(event)

    @property
    def is_cut(self) -> bool:
        """Tell whether the field is too narrow for its text."""
        return self.fontMetrics().horizontalAdvance(self.text()) > self._room().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the field as ever, or, cut and without the keyboard, its frame and as many words as fit."""
        if self.hasFocus() or not self.is_cut:
            super().paintEvent(event)
            return
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
        room = self._room()
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def _room(self) -> QRect:
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        return inside.adjusted(_TEXT_MARGIN, 0, -_TEXT_MARGIN, 0)


class ChoiceBox(QComboBox):
    """A combo box with the arrow that a style sheet takes away; the wheel chooses only where the reader is."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to what scrolls: it must not choose another value in passing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the arrow over the field."""
        super().paintEvent(event)
        tone = "t2" if self.isEnabled() else "t3"
        box = QRectF(self.width() - 24, self.height() / 2 - 8, 16, 16)
        paint_icon(QPainter(self), box, "arrow-down-s", current_theme().color(tone))


class NumberBox(QSpinBox):
    """A spin box with the arrows that a style sheet takes away."""

    def __init__(self) -> None:
        super().__init__()
        self.lineEdit().setTextMargins(8, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint both arrows over the field."""
        super().paintEvent(event)
        painter = QPainter(self)
        tone = current_theme().color("t2" if self.isEnabled() else "t3")
        for name, middle in (("arrow-up-s", self.height() / 4 + 2), ("arrow-down-s", self.height() * 3 / 4 - 2)):
            paint_icon(painter, QRectF(self.width() - 19, middle - 7, 14, 14), name, tone)


class SearchBox(QLineEdit):
    """The search field of a page header: glass, placeholder, key hint and a button to clear."""

    def __init__(self, placeholder: str, key: str = "") -> None:
        super().__init__()
        self._key = key_text(key)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setToolTip(f"{placeholder} ({self._key})" if self._key else placeholder)
        right = paint.key_hint_width(self._key) + 12
        self.setTextMargins(26, 0, right, 0)
        self._clear = IconButton("close", tr("Clear the search"), px=14, side=24)
        self._clear.setParent(self)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the clear button at the right edge."""
        super().resizeEvent(event)
        self._clear.move(self.width() - 28, (self.height() - 24) // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint glass and key hint over the field."""
        super().paintEvent(event)
        painter = QPainter(self)
        middle = self.height() / 2
        paint_icon(painter, QRectF(12, middle - 8, 16, 16), "search", current_theme().color("t2"))
        if self._key and not self.text():
            paint.key_hint(painter, self.width() - paint.key_hint_width(self._key) - 10, middle, self._key, "t3")


def read_only(target: QLineEdit) -> QLineEdit:
    """Make a field show but not take text."""
    target.setReadOnly(True)
    target.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return target
