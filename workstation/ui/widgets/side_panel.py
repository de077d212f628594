"""What the panels beside the images share: ground, heading with a cross, a column that rolls."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import IconButton
from workstation.ui.widgets.labels import label

_LINE_PX: Final = 1
_LEAST_IMAGES_PX: Final = 480
"""Room that panels leave to the images; a single viewport needs 320"""


class SidePanel(QWidget):
    """A panel at one side of the images, with a hairline towards them; asks only to be closed."""

    closed = Signal()

    def __init__(self, heading: str, width_px: int, *, is_left: bool = True) -> None:
        super().__init__()
        self._is_left = is_left
        self.setFixedWidth(width_px)
        self.setAccessibleName(heading)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0 if is_left else _LINE_PX, 0, _LINE_PX if is_left else 0, 0)
        self.column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 4)
        head.addWidget(label(heading, "h2", "t0"), 1)
        self.shut = IconButton("close", tr("Close"), px=16, side=28)
        self.shut.clicked.connect(self.closed)
        head.addWidget(self.shut)
        self.column.addLayout(head)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground and the hairline."""
        paint_ground(self, is_left=self._is_left)


class SidePanels(QObject):
    """Keeps room for the images: what opens beside them closes what was opened before, as far as it must."""

    def __init__(self, images: QWidget) -> None:
        super().__init__(images)
        self._images = images
        self._open: list[SidePanel] = []

    def add(self, panel: SidePanel) -> None:
        """Watch a panel; it closes by its own signal."""
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what opens and closes; a page that goes and comes opens and closes nothing."""
        if isinstance(watched, SidePanel) and event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            if watched.isHidden():
                self._open = [one for one in self._open if one is not watched]
            elif watched not in self._open:
                self._make_room(watched)
        return super().eventFilter(watched, event)

    def _make_room(self, panel: SidePanel) -> None:
        left = self._images.width() - panel.width()
        for other in tuple(self._open):
            if left < _LEAST_IMAGES_PX:
                left += other.width()
                other.closed.emit()
        self._open.append(panel)


def first_stop(area: QWidget) -> QWidget | None:
    """Return where the keyboard enters an area, the cross of a panel last; None where it is out of sight or empty."""
    stops = [
        one
        for one in (area, *area.findChildren(QWidget))
        if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    shut = area.shut if isinstance(area, SidePanel) else None
    return next((one for one in stops if one is not shut), shut if shut in stops else None)


def paint_ground(panel: QWidget, *, is_left: bool) -> None:
    """Paint the ground of a panel and its hairline towards the images."""
    theme = current_theme()
    painter = QPainter(panel)
    painter.fillRect(panel.rect(), theme.color("bg1"))
    painter.fillRect(panel.width() - _LINE_PX if is_left else 0, 0, _LINE_PX, panel.height(), theme.color("line"))


def rolling(body: QWidget) -> QScrollArea:
    """Return a frameless area that rolls up and down over a body as wide as itself, and takes no keys."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(body)
    return area


def stacked(margins: tuple[int, int, int, int] = (0, 0, 0, 0), spacing: int = 0) -> tuple[QWidget, QVBoxLayout]:
    """Return a body and its column, whose rows stand at the top; rows are inserted before the last item."""
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(*margins)
    column.setSpacing(spacing)
    column.addStretch(1)
    return body, column


def take_away(widget: QWidget) -> None:
    """Take a widget out of sight now; it ends in the next turn of the window."""
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()
