"""The key images of a report by name, each a way to the image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.key_image import KeyImage
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label, rule
from workstation.ui.widgets.side_panel import rolling, stacked, take_away

_HEIGHT_PX = 168


class KeyImageLinks(QWidget):
    """Hidden where there is none."""

    chosen = Signal(object)
    """``KeyImage``"""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Button] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule())
        self._title = label("", "h2", "t0")
        self._title.setContentsMargins(12, 8, 12, 4)
        column.addWidget(self._title)
        body, self._column = stacked((8, 0, 8, 8), spacing=2)
        scroll = rolling(body)
        scroll.setMaximumHeight(_HEIGHT_PX)
        column.addWidget(scroll)
        self.hide()

    def show_images(self, images: Sequence[tuple[KeyImage, str]]) -> None:
        """Show images with their words, in the order in which they were marked."""
        for link in self.links:
            take_away(link)
        self.links = []
        for at, (image, words) in enumerate(images):
            link = Button(words, "ghost", icon="star", small=True)
            link.clicked.connect(partial(self.chosen.emit, image))
            self.links.append(link)
            self._column.insertWidget(at, link)
        self._title.setText(tr("Key images · {count}", count=len(images)))
        self.setVisible(bool(images))
