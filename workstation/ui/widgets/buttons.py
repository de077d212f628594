"""Buttons in five kinds, icon buttons, filter pills and the segmented choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme

_KINDS: Final = {  # kind: (normal, hover, pressed, border, text); "" paints nothing
    "primary": ("acc", "acc.hover", "acc.press", "", "acc.on"),
    "secondary": ("bg3", "button.hover", "bg2", "line2", "t1"),
    "ghost": ("", "bg3", "bg2", "", "t2"),
    "danger": ("bad.bg", "danger.hover", "danger.press", "bad.line", "bad"),
    "accept": ("ok.bg", "ok.hover", "ok.press", "ok.line", "ok"),
}
_DISABLED: Final = 0.42
_PALE: Final = 0.22
"""How much is left of the fill of a disabled primary button"""
_ICON: Final = 16
_GAP: Final = 6
_PADDING: Final = 12


def key_text(key: str) -> str:
    """Return a key sequence as people write it on a key cap: ``Ctrl+Shift+N`` becomes ``Ctrl ⇧ N``."""
    shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) if key else ""
    words = {
        "Shift": "⇧", "Return": "↵", "Backspace": "⌫", "Up": "↑", "Down": "↓", "Left": "←", "Right": "→",
        "PgDown": "PgDn",
    }  # fmt: skip
    return " ".join(words.get(part, part) for part in shown.replace("++", "+Plus").split("+")) if shown else ""


class Button(QPushButton):
    """
    A push button: kind, icon, text and key hint.

    ``key`` is only shown; the command that owns the key triggers it.
    """

    def __init__(
        self, text: str, kind: str = "secondary", *, icon: str = "", key: str = "", small: bool = False
    ) -> None:
        super().__init__(text)
        self._kind, self._icon, self._small = kind, icon, small
        self._whole_key = self._key = key_text(key)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self.setToolTip(f"{text} ({self._key})" if self._key else text)
        self.setAccessibleName(text)
        self.setMinimumSize(self.sizeHint())

    def enable(self, enabled: bool, reason: str = "") -> None:  # noqa: FBT001 - the state is the subject here
        """Enable, or disable with the reason as tooltip; never grey out silently."""
        self.setEnabled(enabled)
        self.setToolTip(self.text() if enabled or not reason else reason)

    def set_text(self, text: str, icon: str | None = None) -> None:
        """Replace the text and optionally the icon."""
        self.setText(text)
        self._icon = self._icon if icon is None else icon
        self.setAccessibleName(text)
        self.setMinimumSize(self.sizeHint())
        self.updateGeometry()
        self.update()

    def show_kind(self, kind: str) -> None:
        """Look like another kind: what is not ready to be done is not lit."""
        if kind != self._kind:
            self._kind = kind
            self.setMinimumSize(self.sizeHint())
            self.updateGeometry()
            self.update()

    @property
    def shown_key(self) -> str:
        """Return the key on the button as it is written there, empty for none."""
        return self._key

    def show_key(self, *, shown: bool) -> None:
        """Show the key inside the button, or leave it to the tooltip where there is little room."""
        key = self._whole_key if shown else ""
        if key != self._key:
            self._key = key
            self.setMinimumSize(self.sizeHint())
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size for icon, text and key hint."""
        width = paint.metrics("body", self._weight()).horizontalAdvance(self.text()) + 1
        width += (_ICON + (_GAP if self.text() else 0)) if self._icon else 0
        width += 8 + paint.key_hint_width(self._key) if self._key else 0
        theme = current_theme()
        height = theme.px("button.s" if self._small else "button")
        return QSize(max(height, width + 2 * (8 if self._small else _PADDING)), height)

    def minimumSizeHint(self) -> QSize:
        """Never cut the text."""
        return self.sizeHint()

    def _weight(self) -> int | None:
        return 600 if self._kind == "primary" else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the button in its present state."""
        theme = current_theme()
        normal, hover, pressed, border, tone = _KINDS[self._kind]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_pale = self._kind == "primary" and not self.isEnabled()
        if not self.isEnabled():
            painter.setOpacity(_PALE if is_pale else _DISABLED)
        fill = normal
        if self.isEnabled() and (self.isDown() or self.isChecked()):
            fill = pressed
        elif self.isEnabled() and self.underMouse():
            fill = hover
            tone = "t1" if self._kind == "ghost" else tone
        radius = theme.px("radius.control")
        painter.setBrush(theme.color(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color(border), 1) if border else Qt.PenStyle.NoPen)
        inset = 0.5 if border else 0
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)
        if is_pale:  # dark letters on a fading blue cannot be read: light ones on less of it can
            painter.setOpacity(1.0)
            tone = "t2"
        elif not self.isEnabled():  # only the ground fades: the words say what waits for what
            painter.setOpacity(1.0)
            tone = "t3"
        self._content(painter, tone)

    def _content(self, painter: QPainter, tone: str) -> None:
        words = paint.metrics("body", self._weight()).horizontalAdvance(self.text()) + 1
        icon = (_ICON + (_GAP if self.text() else 0)) if self._icon else 0
        hint = 8 + paint.key_hint_width(self._key) if self._key else 0
        left = (self.width() - words - icon - hint) / 2
        middle = self.height() / 2
        if self._icon:
            paint_icon(painter, QRectF(left, middle - _ICON / 2, _ICON, _ICON), self._icon, current_theme().color(tone))
            left += icon
        paint.text(painter, QRectF(left, 0, words + 4, self.height()), self.text(), tone=tone, weight=self._weight())
        if self._key:
            paint.key_hint(painter, left + words + 8, middle, self._key, tone)


class IconButton(QToolButton):
    """A square button with an icon only; the tooltip and the accessible name carry its word and key."""

    def __init__(self, icon: str, text: str, *, key: str = "", px: int = 18, side: int | None = None) -> None:
        super().__init__()
        self._icon, self._px = icon, px
        size = side or current_theme().px("tool.button")
        self.setFixedSize(size, size)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        shown = key_text(key)
        self.setToolTip(f"{text} ({shown})" if shown else text)
        self.setAccessibleName(text)

    def set_icon(self, icon: str) -> None:
        """Replace the icon."""
        self._icon = icon
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the button; checked is accent on its tint."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(_DISABLED)
        fill, tone = "", "t2"
        if self.isChecked():
            fill, tone = "acc.bg", "acc.text"
        elif self.isEnabled() and (self.underMouse() or self.isDown()):
            fill, tone = ("bg2" if self.isDown() else "bg3"), "t1"
        if fill:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(fill))
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        side = self._px
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        paint_icon(painter, box, self._icon, theme.color(tone))


class Pill(QAbstractButton):
    """A 28 px filter pill; ``menu`` adds the small arrow."""

    def __init__(self, text: str, *, menu: bool = False, icon: str = "") -> None:
        super().__init__()
        self._menu, self._icon = menu, icon
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Replace the text."""
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size for text, icon and arrow."""
        width = paint.metrics("body").horizontalAdvance(self.text()) + 1 + 26
        return QSize(width + (20 if self._menu else 0) + (20 if self._icon else 0), current_theme().px("pill"))

    def minimumSizeHint(self) -> QSize:
        """Never cut the text."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the pill; on = accent tint."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        tone = "acc.text" if on else "t1"
        fill = "acc.bg" if on else ("bg2" if self.underMouse() else "")
        painter.setPen(QPen(theme.color("pill.on.line" if on else "line2"), 1))
        painter.setBrush(theme.color(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 13.5, 13.5)
        left = 13.0
        if self._icon:
            paint_icon(painter, QRectF(left, 7, 14, 14), self._icon, theme.color(tone))
            left += 20
        paint.text(painter, QRectF(left, 0, self.width() - left, self.height()), self.text(), tone=tone)
        if self._menu:
            paint_icon(painter, QRectF(self.width() - 26, 7, 14, 14), "arrow-down-s", theme.color(tone))


class SegmentedChoice(QWidget):
    """A row of 30 px segments of which one is chosen."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], value: str = "") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _Segment] = {}
        for at, (key, text) in enumerate(choices):
            segment = _Segment(text, first=at == 0, last=at == len(choices) - 1)
            self._group.addButton(segment)
            self._buttons[key] = segment
            segment.clicked.connect(lambda _on=False, key=key: self.chosen.emit(key))
            row.addWidget(segment)
        row.addStretch(1)
        self.choose(value)

    def value(self) -> str:
        """Return the chosen key, empty when nothing is chosen."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def take_focus(self) -> None:
        """Put the cursor on the chosen segment, else on the first."""
        button = self._buttons.get(self.value()) or next(iter(self._buttons.values()))
        button.setFocus(Qt.FocusReason.TabFocusReason)

    def choose(self, key: str) -> None:
        """Choose without telling anybody; an unknown key chooses nothing."""
        self._group.setExclusive(False)
        for each, button in self._buttons.items():
            button.setChecked(each == key)
        self._group.setExclusive(True)


class _Segment(QAbstractButton):
    def __init__(self, text: str, *, first: bool, last: bool) -> None:
        super().__init__()
        self._first, self._last = first, last
        self.setText(text)
        self.setCheckable(True)
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self._with_padding(12)

    def minimumSizeHint(self) -> QSize:
        return self._with_padding(4)

    def _with_padding(self, px: int) -> QSize:
        return QSize(paint.metrics("body", 600).horizontalAdvance(self.text()) + 2 * px, 30)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        box.setLeft(box.left() if self._first else -8)
        box.setRight(box.right() if self._last else self.width() + 8)
        painter.setPen(QPen(theme.color("line2"), 1))
        painter.setBrush(theme.color("acc.bg" if on else "bg2" if self.underMouse() else "bg1"))
        painter.drawRoundedRect(box, 4, 4)
        if not self._last:
            painter.drawLine(self.width() - 1, 1, self.width() - 1, self.height() - 2)
        if self.hasFocus():  # the next key acts here
            painter.setPen(QPen(theme.color("acc"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), 3, 3)
        paint.text(painter, QRectF(self.rect()), self.text(), tone="on.dark" if on else "t1",
                   weight=600 if on else None, align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
