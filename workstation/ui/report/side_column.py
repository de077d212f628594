"""The column at the right of the report page: each feature puts its panel at a place of its own."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

_GAP = 8
_LEAST_CHECKS = 168


class SidePlace(IntEnum):
    """Places from top to bottom; a hidden panel leaves no gap."""

    CRITICAL = 0
    CHECKS = 1
    VERSIONS = 2
    RETURN = 3


class SideColumn(QScrollArea):
    """Scrolls as a whole only where the panels do not fit even at their smallest."""

    critical_changed = Signal()
    """A critical value came or went"""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_GAP)
        self.setWidget(inner)
        self._panels: list[tuple[SidePlace, QWidget]] = []

    def put(self, place: SidePlace, panel: QWidget) -> None:
        """Add a panel below what lies at the same or an earlier place; the checks take the room that is left."""
        at = sum(other <= place for other, _panel in self._panels)
        self._panels.insert(at, (place, panel))
        is_checks = place is SidePlace.CHECKS
        self._column.insertWidget(at, panel, 1 if is_checks else 0)
        if is_checks:
            panel.setMinimumHeight(_LEAST_CHECKS)
        if place is SidePlace.CRITICAL:
            panel.installEventFilter(self)

    @property
    def has_critical(self) -> bool:
        """Tell whether a critical value is told here: its clock must not run unseen."""
        return any(place is SidePlace.CRITICAL and not panel.isHidden() for place, panel in self._panels)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell when the panel of critical values is shown or hidden."""
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self.critical_changed.emit()
        return super().eventFilter(watched, event)

    def panels(self) -> tuple[QWidget, ...]:
        """Return the panels from top to bottom."""
        return tuple(panel for _place, panel in self._panels)
