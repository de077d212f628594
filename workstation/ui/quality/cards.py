"""One figure on a card: its name, the share, and the numbers it is counted from."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout

from workstation.domain.quality import Share
from workstation.ui.quality.words import counted_words, share_words
from workstation.ui.widgets.labels import label, set_tone

_HEIGHT: Final = 112
_BRACKETS: Final = re.compile(r"[(（][^()（）]*[)）]")
_JOINER: Final = "\u2060"
"""Forbids a break between the characters of a Chinese word, where a line may end anywhere"""


class FigureCard(QFrame):
    """A share; too few cases are told in a quiet tone instead of a number."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setMinimumHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(2)
        self._title = title
        column.addWidget(label(unbroken(title), "caption", "t2", wrap=True))
        self.value = label("", "display", "t0")
        self.note = label("", "caption", "t2", wrap=True)
        column.addStretch(1)
        column.addWidget(self.value)
        column.addWidget(self.note)

    def show_share(self, share: Share, extra: str = "") -> None:
        """Show a share with its numbers; ``extra`` is added to the small line."""
        known = share.value is not None
        self.value.setProperty("role", "display" if known else "title")
        self.value.setText(share_words(share))
        set_tone(self.value, "t0" if known else "t3")
        self.value.style().unpolish(self.value)
        self.value.style().polish(self.value)
        words = counted_words(share)
        self.note.setText(f"{words} · {extra}" if extra else words)
        self.setAccessibleName(f"{self._title}: {share_words(share)}, {words}")


def unbroken(title: str) -> str:
    """Return a title of which no line ends within brackets: "(indicator" alone names nothing."""
    return _BRACKETS.sub(lambda found: _JOINER.join(found[0].replace(" ", "\u00a0")), title)
