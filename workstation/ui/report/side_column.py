"""The column at the right of the report page: each feature puts its panel at a place of its own."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import Qt
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

    def panels(self) -> tuple[QWidget, ...]:
        """Return the panels from top to bottom."""
        return tuple(panel for _place, panel in self._panels)
