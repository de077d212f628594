"""The pictures of a case in the preview strip: as many as fit beside the words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.thumbnail import Thumbnail
from workstation.ui import paint
from workstation.ui.theme import current_theme
from workstation.ui.widgets.labels import ElidedLabel, label

TILE_PX: Final = 136
GAP_PX: Final = 8
MOST: Final = 4


class PreviewTiles(QWidget):
    """Shows what it is given; how many of them is the strip's to say."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(6)
        column.addWidget(label(tr("Images"), "h2", "t0"))
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        self.tiles = [_Tile() for _at in range(MOST)]
        for tile in self.tiles:
            row.addWidget(tile)
        column.addLayout(row)
        self._failed = label(
            tr("The pictures could not be fetched; the case can be opened."), "caption", "t2", wrap=True
        )
        column.addWidget(self._failed)
        column.addStretch(1)
        self._room, self._count = MOST, 0
        self.show_pictures(())

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not self._count and not self._failed.isVisibleTo(self)

    def show_pictures(self, pictures: tuple[Thumbnail, ...] | None) -> None:
        """Show these; None says that they could not be had."""
        self._failed.setVisible(pictures is None)
        self._count = len(pictures or ())
        for at, tile in enumerate(self.tiles):
            tile.show_picture(pictures[at] if pictures is not None and at < len(pictures) else None)
        self._fit()

    def show_at_most(self, count: int) -> None:
        """Show no more than so many."""
        self._room = count
        self._fit()

    def _fit(self) -> None:
        for at, tile in enumerate(self.tiles):
            tile.setVisible(at < min(self._room, self._count))


class _Tile(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setFixedWidth(TILE_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, TILE_PX + 4, 0, 0)
        self._words = ElidedLabel("", "caption", "t2")
        column.addWidget(self._words)

    def sizeHint(self) -> QSize:
        return QSize(TILE_PX, TILE_PX + 24)

    def show_picture(self, one: Thumbnail | None) -> None:
        """Show a picture with what it is, or nothing."""
        self._pixmap = QPixmap()
        if one is None:
            return
        if one.jpeg:
            self._pixmap.loadFromData(one.jpeg)
        words = " ".join(part for part in (one.modality, one.description) if part)
        self._words.show_text(f"{words} · {one.instances}" if one.instances > 1 else words)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current_theme(), QPainter(self)
        place = QRectF(0, 0, TILE_PX, TILE_PX)
        painter.fillRect(place, theme.color("image.bg"))
        if self._pixmap.isNull():
            paint.text(painter, place, tr("No picture"), tone="t2", align=Qt.AlignmentFlag.AlignCenter)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = QSize(self._pixmap.size()).scaled(TILE_PX, TILE_PX, Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (TILE_PX - size.width()) / 2, (TILE_PX - size.height()) / 2
        painter.drawPixmap(QRectF(left, top, size.width(), size.height()), self._pixmap, QRectF(self._pixmap.rect()))
