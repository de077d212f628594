"""The windows that the image on screen brings, in the window menu."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from viewers.scene import own_windows
from viewers.scene.scene import Scene
from workstation.ui.widgets.viewport_grid import ViewportGrid


class OwnWindowMenu:
    """Fills the end of a menu anew whenever it opens; offers nothing where an image leaves no choice."""

    def __init__(self, menu: QMenu, grid: ViewportGrid, cycle: QAction) -> None:
        self._menu, self._grid, self._cycle = menu, grid, cycle
        self._separator = menu.addSeparator()
        menu.addAction(cycle)
        self._made: list[QAction] = []

    def fill(self, scene: Scene | None) -> None:
        """Offer what the picture of a scene brings, with the one in force checked."""
        for one in self._made:
            self._menu.removeAction(one)
            one.deleteLater()
        choices = scene.windowing.own_choices if scene is not None else ()
        shown = scene.windowing.own_choice if scene is not None else None
        is_choice = len(choices) > 1
        self._separator.setVisible(is_choice)
        self._cycle.setVisible(is_choice)
        self._made = []
        for number, choice in enumerate(choices if is_choice else ()):
            entry = QAction(own_windows.words(choice, number + 1), self._menu)
            entry.setCheckable(True)
            entry.setChecked(choice is shown)
            entry.triggered.connect(partial(self._choose, number))
            self._menu.insertAction(self._cycle, entry)
            self._made.append(entry)

    def show_cycle(self) -> None:
        """Let the key of the cycle work again: an entry that is not shown has no key."""
        self._separator.setVisible(True)
        self._cycle.setVisible(True)

    def _choose(self, number: int) -> None:
        self._grid.active.show_own(number)
