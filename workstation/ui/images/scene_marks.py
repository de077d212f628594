"""Keeps every scene of the open case dressed with the findings as they stand."""

from __future__ import annotations

from collections.abc import Callable

from viewers.scene.scene import Scene
from workstation.domain.finding import FindingList
from workstation.ui.widgets.viewport_grid import ViewportGrid


class SceneMarks:
    """Which findings are drawn, which is chosen, and whether rejected ones show."""

    def __init__(self, grid: ViewportGrid) -> None:
        self._grid = grid
        self._findings: FindingList | None = None
        self._selected = ""
        self._show_rejected = False
        self.also: list[Callable[[Scene], None]] = []
        """What features put on every scene; they take it back themselves when the case goes"""

    def clear(self) -> None:
        """Forget the findings of the case."""
        self._findings, self._selected, self._show_rejected = None, "", False

    def show_findings(self, findings: FindingList, *, selected: str) -> None:
        """Draw the findings as they stand now."""
        self._findings, self._selected = findings, selected
        self._grid.change(self.dress)

    def show_rejected(self, *, shown: bool) -> None:
        """Draw or hide rejected marks."""
        self._show_rejected = shown
        self._grid.change(self.dress)

    def dress(self, scene: Scene) -> None:
        """Give a scene the marks; every new scene needs it once."""
        scene.findings = self._findings
        scene.selected_finding = self._selected
        scene.show_rejected = self._show_rejected
        scene.show_marks = self._grid.marks_shown
        for dress in self.also:
            dress(scene)
