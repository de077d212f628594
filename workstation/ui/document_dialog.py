"""A document of another system to read: its text as text, or the pages of its PDF; nothing in it is executed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.dialogs import Dialog
from workstation.ui.untranslated import is_untranslated
from workstation.ui.widgets.labels import label
from workstation.ui.widgets.long_text import LongText
from workstation.ui.widgets.paper_view import PaperView

_WIDTH = 760
_HEIGHT = 520


class DocumentDialog(Dialog):
    """``text`` is shown in plain letters; pages come later by ``paper.show_pages``."""

    def __init__(self, parent: QWidget | None, title: str, source: Sequence[str], *, text: str, pages: bool) -> None:
        super().__init__(parent, title, icon="file-text", tone="acc", width=_WIDTH)
        self.body.addWidget(label(" · ".join(source), "caption", "t2", wrap=True))
        if not pages and is_untranslated(text):
            words = tr("Stored in another language: headings and words are shown as they are, not translated.")
            self.body.addWidget(label(words, "caption", "warn", wrap=True))
        self.words = LongText(text or tr("The document has no text"))
        self.words.setAccessibleName(title)
        self.words.setVisible(not pages)
        self.paper = PaperView()
        self.paper.setAccessibleName(title)
        self.paper.setVisible(pages)
        self.paper.show_message(tr("Drawing the pages…"))
        room = QWidget()
        room.setMinimumHeight(_HEIGHT)  # the style sheet sets that of the text field itself
        column = QVBoxLayout(room)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.paper)
        self.body.addWidget(room, 1)
        self.add_hint(tr("Shown as it was stored: reading it changes nothing here."))
        self.cancel.hide()
        self.set_primary(tr("Close"))

    def show_pages(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Show the pages."""
        self.paper.show_pages(pictures)
