"""The report as paper: page pictures on the dark desk, zoomed by the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from resources.translation import tr, trn
from workstation.ui.theme import current_theme

A4_WIDTH_PX: Final = 640
_GAP: Final = 16
_MARGIN: Final = 16
_A4_RATIO: Final = 297 / 210


class PaperView(QScrollArea):
    """
    Shows pages; ``width_changed(px)`` asks for pictures of another width.

    Where these come (``redrawn``) pages grow with them, so that nobody reads enlarged, blurred letters meanwhile.
    """

    width_changed = Signal(int)

    def __init__(self, *, redrawn: bool = False) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._pages = _Pages(redrawn=redrawn)
        self.setWidget(self._pages)
        self.setAccessibleName(tr("Preview of the report"))
        self.verticalScrollBar().setSingleStep(48)
        self._asked = 0

    def page_width_px(self) -> int:
        """Return the width in device pixels that pictures should have."""
        return round(self._pages.page_width * self.devicePixelRatioF())

    def show_pages(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
        """Show ``(height, width, 3)`` RGB pictures."""
        self._pages.show_pages(pictures)

    def show_message(self, text: str) -> None:
        """Show a sentence on an empty page."""
        self._pages.show_message(text)

    def message(self) -> str:
        """Return the sentence on the empty page, empty when pages are shown."""
        return self._pages.message

    @property
    def page_count(self) -> int:
        """Return how many pages are shown."""
        return len(self._pages.images)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the page to the width and ask for sharper pictures when it changed."""
        super().resizeEvent(event)
        room = self.viewport().width() - 2 * _MARGIN
        self._pages.page_width = max(200, min(A4_WIDTH_PX, room)) // 4 * 4  # whole device pixels at 125 and 150 %
        self._pages.fit()  # the pages there are can be rolled before sharper ones come
        if self.page_width_px() != self._asked:
            self._asked = self.page_width_px()
            self.width_changed.emit(self._asked)


class _Pages(QWidget):
    def __init__(self, *, redrawn: bool) -> None:
        super().__init__()
        self._redrawn = redrawn
        self._drawn_for = A4_WIDTH_PX
        """The page width for which the pictures were shown"""
        self.images: list[QImage] = []
        self.page_width = A4_WIDTH_PX
        self.message = ""

    def show_pages(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> None:
        self.message = ""
        self._drawn_for = self.page_width
        self.images = [
            QImage(p.data, p.shape[1], p.shape[0], p.strides[0], QImage.Format.Format_RGB888).copy() for p in pictures
        ]
        self.fit()

    def show_message(self, text: str) -> None:
        self.message = text
        self.images = []
        self.fit()

    def fit(self) -> None:
        """Take the height that the pages need at their width."""
        self.updateGeometry()
        self.setMinimumHeight(self.sizeHint().height())
        self.setAccessibleDescription(self.message or trn("{count} page", "{count} pages", len(self.images)))
        self.update()

    def _shown_width(self) -> int:
        """Return the width of the pages on screen: they shrink at once and grow with their new pictures."""
        return min(self.page_width, self._drawn_for) if self.images and self._redrawn else self.page_width

    def _page_height(self) -> int:
        """Return the height of a page; its pictures have a whole number of device pixels for each of ours."""
        if not self.images:
            return round(self._shown_width() * _A4_RATIO)
        return round(self.images[0].height() * self._shown_width() / self.images[0].width())

    def sizeHint(self) -> QSize:
        count = max(1, len(self.images))
        return QSize(self._shown_width() + 2 * _MARGIN, count * (self._page_height() + _GAP) + 2 * _MARGIN - _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        wide = self._shown_width()
        left = (self.width() - wide) // 4 * 2
        for at in range(max(1, len(self.images))):
            sheet = QRectF(left, _MARGIN + at * (self._page_height() + _GAP), wide, self._page_height())
            if not sheet.intersects(QRectF(event.rect())):
                continue
            painter.fillRect(sheet, theme.color("paper"))
            if at < len(self.images):
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
                painter.drawImage(sheet, self.images[at])
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            elif self.message:
                painter.setPen(theme.color("paper.text"))
                painter.setFont(theme.font("body"))
                words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(sheet.adjusted(40, 40, -40, -40), words, self.message)
