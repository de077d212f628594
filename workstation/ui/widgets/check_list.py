"""What blocks the signature, each line with a way to it, and what is in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.icons import icon_pixmap
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import icon_label, label

_RING: Final = 4
_ICONS: Final = {"ok": "checkbox-circle", "warn": "error-warning", "bad": "close-circle"}
"""By tone: in order, to be confirmed, kept back (DESIGN 4.15)"""


class CheckList(QScrollArea):
    """Lines are updated in place, so that the button under the focus stays where it is."""

    locate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(12, 8, 12 - _RING, 8)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(inner)
        self._lines: list[_Line] = []

    def show_checks(
        self, blocking: Sequence[tuple[str, str]], passed: Sequence[str], asking: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Show ``(target, sentence)`` rows in red, what asks for an answer in amber, and passed rules in green."""
        wanted = [("bad", text, target) for target, text in blocking]
        wanted += [("warn", text, target) for target, text in asking]
        wanted += [("ok", text, "") for text in passed]
        while len(self._lines) < len(wanted):
            line = _Line()
            line.locate_requested.connect(self.locate_requested)
            self._column.insertWidget(len(self._lines), line)
            self._lines.append(line)
        for line, (tone, text, target) in zip(self._lines, wanted, strict=False):
            line.show_check(text, target, tone)
            line.show()
        for line in self._lines[len(wanted) :]:
            line.hide()

    def lines(self) -> list[tuple[bool, str]]:
        """Return what is shown: whether it is in order, and the sentence."""
        return [(line.tone == "ok", line.text) for line in self._lines if not line.isHidden()]

    def tones(self) -> list[str]:
        """Return the tone of each line that is shown: ``bad``, ``warn`` or ``ok``."""
        return [line.tone for line in self._lines if not line.isHidden()]

    def locate(self, at: int) -> Button:
        """Return the button that leads to a line's field or finding."""
        return self._lines[at].locate


class _Line(QWidget):
    locate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.tone, self.text, self._target = "ok", "", ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, _RING, _RING, _RING)  # the focus ring lies outside the button, inside this line
        row.setSpacing(8)
        self._icon = icon_label(_ICONS["ok"], "ok", 16)
        self._icon.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._icon)
        self._words = label("", "body", "t1", wrap=True)
        self._words.setMinimumHeight(24)
        row.addWidget(self._words, 1)
        self.locate = Button(tr("Locate"), "ghost", small=True)
        self.locate.clicked.connect(lambda: self.locate_requested.emit(self._target))
        row.addWidget(self.locate)

    def show_check(self, text: str, target: str, tone: str) -> None:
        if (self.tone, self.text, self._target) == (tone, text, target):
            return
        self.tone, self.text, self._target = tone, text, target
        self._icon.setPixmap(icon_pixmap(_ICONS[tone], tone, 16, 2.0))
        self._words.setText(text)
        self.locate.setVisible(bool(target))
        self.locate.setAccessibleName(tr("Locate: {what}", what=text))
        self.setAccessibleName(text)
