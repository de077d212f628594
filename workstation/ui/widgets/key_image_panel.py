"""The key images of the case beside the images: thumbnail, where it is, a way there and out of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from resources.translation import tr
from workstation.domain.key_image import KeyImage
from workstation.ui import paint
from workstation.ui.icons import paint_icon
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import IconButton
from workstation.ui.widgets.labels import label, rule
from workstation.ui.widgets.side_panel import SidePanel, rolling, stacked, take_away

WIDTH_PX: Final = 264
_THUMB: Final = 56
_ROW: Final = 68


@dataclass(frozen=True, slots=True, eq=False)
class KeyImageRow:
    """One key image; ``picture`` is None until its pixels were on screen."""

    image: KeyImage
    words: str
    detail: str = ""
    picture: QImage | None = None


class KeyImagePanel(SidePanel):
    """Shows and asks."""

    jump_asked = Signal(object)
    """``KeyImage``"""
    remove_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__(tr("Key images"), WIDTH_PX)
        self.rows: list[KeyImageLine] = []
        outer = self.column
        outer.addWidget(rule())
        self._empty = label(tr("Press K on an image to mark it. Key images go out with the report."), "caption", "t2",
                            wrap=True)  # fmt: skip
        self._empty.setContentsMargins(12, 8, 12, 8)
        outer.addWidget(self._empty)
        body, self._column = stacked()
        outer.addWidget(rolling(body), 1)
        self.hide()

    def show_images(self, images: Sequence[KeyImageRow], *, read_only: bool) -> None:
        """Show these key images in the order in which they were marked."""
        for line in self.rows:
            take_away(line)
        self.rows = []
        for at, row in enumerate(images):
            line = KeyImageLine(row)
            line.remove.setVisible(not read_only)
            line.pressed.connect(partial(self.jump_asked.emit, row.image))
            line.remove.clicked.connect(partial(self.remove_asked.emit, row.image))
            self.rows.append(line)
            self._column.insertWidget(at, line)
        self._empty.setVisible(not images)


class KeyImageLine(QWidget):
    """One key image; a click or Enter goes there."""

    pressed = Signal()

    def __init__(self, row: KeyImageRow) -> None:
        super().__init__()
        self.row = row
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"{row.words} {row.detail}".strip())
        self.setToolTip("\n".join(part for part in (row.words, row.detail) if part))
        self.remove = IconButton("close", tr("No longer a key image"), px=14, side=24)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 8, 0)
        line.addStretch(1)
        line.addWidget(self.remove)

    def sizeHint(self) -> QSize:
        """Return the size of a row."""
        return QSize(WIDTH_PX, _ROW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the image."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for the image with Enter or Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint picture, words and the hairline below."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.fillRect(self.rect(), theme.color("bg2"))
        box = QRectF(10, 6, _THUMB, _THUMB)
        painter.fillRect(box, theme.color("image.bg"))
        if self.row.picture is not None:
            size = self.row.picture.deviceIndependentSize()
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(box.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self.row.picture)
        else:
            paint_icon(
                painter, QRectF(box.center().x() - 10, box.center().y() - 10, 20, 20), "image", theme.color("t3")
            )
        room = self.width() - 76 - 40
        paint.text(painter, QRectF(76, 12, room, 20), paint.elided(self.row.words, room), tone="t0")
        detail = paint.elided(self.row.detail, room, "caption")
        paint.text(painter, QRectF(76, 34, room, 18), detail, role="caption", tone="t2")
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("row.line"))
        if self.hasFocus():
            painter.fillRect(QRectF(0, 0, self.width(), 2), theme.color("acc"))
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), theme.color("acc"))
