"""Dialogs: scrim, header with the fact, body, hint box, footer; Esc cancels, Enter is the primary."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from resources.translation import tr
from workstation.ui.shadow import REACH, paint_shadow
from workstation.ui.theme import current_theme
from workstation.ui.turn import shared_turn
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.labels import icon_label, label, rule

AROUND = 160
"""Header, footer, padding and a little of the window around a dialog"""


class Scrim(QWidget):
    """Dims the window under a dialog."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the veil."""
        QPainter(self).fillRect(self.rect(), current_theme().color("scrim"))


class HintBox(QFrame):
    """A bulb and a sentence on a blue tint."""

    def __init__(self, text: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(icon_label("lightbulb", "acc.text"), 0, Qt.AlignmentFlag.AlignTop)
        self.text = label(text, "body", "t1", wrap=True)
        row.addWidget(self.text, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the tint."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("notice.info"))
        painter.drawRoundedRect(self.rect(), 6, 6)


class Dialog(QDialog):
    """
    The base of every dialog.

    Put content into ``body``; ``set_primary`` makes the right-hand button, ``add_left`` a ghost on
    the left. The title says the fact. Window modal, with a scrim over the window.
    """

    def __init__(self, parent: QWidget | None, title: str, *, icon: str = "", tone: str = "warn",
                 width: int | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        theme = current_theme()
        self._scrim: Scrim | None = None
        self._window = parent.window() if parent is not None else None
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(REACH, REACH, REACH, REACH)
        card = _Card()
        card.setFixedWidth(width or theme.px("dialog.hint"))
        outer.addWidget(card)
        self._card = card
        column = QVBoxLayout(card)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._header(title, icon, tone))
        column.addWidget(rule())
        self.body = QVBoxLayout()
        self.body.setContentsMargins(20, 16, 20, 16)
        self.body.setSpacing(12)
        self.case = label("", "body", "t0", wrap=True)
        self.case.setAccessibleName(tr("Patient"))
        self.case.hide()
        self.body.addWidget(self.case)
        column.addLayout(self.body)
        column.addWidget(rule())
        column.addWidget(self._footer())
        self.primary: Button | None = None

    def name_case(self, words: str) -> None:
        """Say whose case this is about, above everything else (``patient_words.case_words``)."""
        self.case.setText(words)
        self.case.setVisible(bool(words))

    def add_scrolled(self, content: QWidget) -> None:
        """Put content into the body that scrolls where the window has no room for it: the buttons stay in reach."""
        self.fit_scrolled(self.scroll_area(content))

    def scroll_area(self, content: QWidget) -> QScrollArea:
        """Put an area that scrolls into the body; say ``fit_scrolled`` once its content is whole."""
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(area)
        area.setWidget(content)
        return area

    def fit_scrolled(self, area: QScrollArea) -> None:
        """Give the area the height of its content, or what the window has room for."""
        content = area.widget()
        if content is None:
            return
        wanted = content.sizeHint().height() + 8
        room = wanted if self._window is None else self._window.height() - AROUND
        area.setFixedHeight(max(120, min(wanted, room)))

    def _header(self, title: str, icon: str, tone: str) -> QWidget:
        bar = QWidget()
        bar.setFixedHeight(current_theme().px("dialog.header"))
        row = QHBoxLayout(bar)
        row.setContentsMargins(20, 0, 12, 0)
        row.setSpacing(8)
        if icon:
            row.addWidget(icon_label(icon, tone, 18))
        row.addWidget(label(title, "h1", "t0"), 1)
        shut = IconButton("close", tr("Close"), key="Esc", px=16, side=28)
        shut.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        shut.clicked.connect(self.reject)
        row.addWidget(shut)
        return bar

    def _footer(self) -> QWidget:
        bar = QWidget()
        bar.setFixedHeight(current_theme().px("dialog.footer"))
        row = QHBoxLayout(bar)
        row.setContentsMargins(20, 0, 20, 0)
        row.setSpacing(8)
        self._left = QHBoxLayout()
        self._right = QHBoxLayout()
        self._right.setSpacing(8)
        row.addLayout(self._left)
        row.addStretch(1)
        row.addLayout(self._right)
        self.cancel = Button(tr("Cancel"), "secondary", key="Esc")
        self.cancel.clicked.connect(self.reject)
        self._right.addWidget(self.cancel)
        return bar

    def set_primary(self, text: str, *, icon: str = "", danger: bool = False) -> Button:
        """Make the button that Enter presses; a destructive one never has the focus at the start."""
        self.primary = Button(text, "danger" if danger else "primary", icon=icon, key="" if danger else "Enter")
        self.primary.clicked.connect(self.accept)
        self._right.addWidget(self.primary)
        (self.cancel if danger else self.primary).setFocus()
        return self.primary

    def add_left(self, text: str) -> Button:
        """Add a ghost button at the left of the footer."""
        button = Button(text, "ghost")
        self._left.addWidget(button)
        return button

    def add_hint(self, text: str) -> HintBox:
        """Add the hint box at the end of the body."""
        hint = HintBox(text)
        self.body.addWidget(hint)
        return hint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button with the focus, else the primary; text fields keep their Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            focus = self.focusWidget()
            if isinstance(focus, QPlainTextEdit | QTextEdit):
                return
            target = focus if isinstance(focus, Button) else self.primary
            if target is not None and target.isEnabled():
                target.click()
            return
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Stand in the middle of the window, and dim it."""
        super().showEvent(event)
        if self._window is not None and self._scrim is None:
            self.stand_in_the_middle()
            shared_turn().add(self._dim)

    def _dim(self) -> bool:
        """Lay the scrim, which paints the whole window anew, in a turn after the dialog's own; all at once."""
        if isValid(self) and self._window is not None and self._scrim is None and self.isVisible():
            self._scrim = Scrim(self._window)
            # a dialog that goes with its page never says done; its scrim would cover the window for good
            self.destroyed.connect(self._scrim.deleteLater)
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the shadow of the card."""
        paint_shadow(QPainter(self), QRectF(self._card.geometry()))

    def stand_in_the_middle(self) -> None:
        """Take the size of the content, and the middle of the window."""
        for holder in (self.body.parentWidget(), self):
            inner = holder.layout() if holder is not None else None
            if inner is not None:
                inner.activate()
        self.adjustSize()
        if self._window is not None:
            centre = self._window.frameGeometry().center()
            self.move(centre.x() - self.width() // 2, centre.y() - self.height() // 2)

    def done(self, result: int) -> None:
        """Take the scrim away with the dialog."""
        if self._scrim is not None:
            self._scrim.hide()
            self._scrim.deleteLater()
            self._scrim = None
        super().done(result)


class _Card(QFrame):
    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = theme.px("radius.dialog")
        painter.setPen(theme.color("line2"))
        painter.setBrush(theme.color("bg2"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), radius, radius)
        footer = self.rect().adjusted(1, self.height() - theme.px("dialog.footer"), -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("bg1"))
        painter.drawRoundedRect(footer, radius - 1, radius - 1)
        painter.fillRect(footer.adjusted(0, 0, 0, -radius), theme.color("bg1"))


class ConfirmDialog(Dialog):
    """Asks before an act: the fact, what follows, the act's own verb on the button."""

    def __init__(self, parent: QWidget | None, title: str, text: str, act: str, *, hint: str = "",
                 danger: bool = False, lines: Sequence[str] = ()) -> None:  # fmt: skip
        super().__init__(parent, title, icon="error-warning", tone="bad" if danger else "warn")
        self.body.addWidget(label(text, "body", "t1", wrap=True))
        for line in lines:
            self.body.addWidget(label(f"· {line}", "body", "t2", wrap=True))
        if hint:
            self.add_hint(hint)
        self.set_primary(act, danger=danger)


class MessageDialog(Dialog):
    """Tells a fact that stops the person, with the way on; one button."""

    def __init__(self, parent: QWidget | None, title: str, text: str, *, hint: str = "") -> None:
        super().__init__(parent, title, icon="error-warning", tone="bad")
        self.body.addWidget(label(text, "body", "t1", wrap=True))
        if hint:
            self.add_hint(hint)
        self.cancel.hide()
        self.set_primary(tr("OK"))
