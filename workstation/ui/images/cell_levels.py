"""Where stacks of a stage open: at the place in the patient that the series on screen shows, not each at its middle."""

from __future__ import annotations

from collections.abc import Iterable

from viewers.scene.scene import Scene
from workstation.ui.images.cell_images import CellStack
from workstation.ui.widgets.viewport_grid import ViewportGrid


class CellLevels:
    """A stack tells with its first image in which frame of reference it lies; whoever moved it before is left."""

    def __init__(self, grid: ViewportGrid) -> None:
        self._grid = grid
        self._waiting: dict[CellStack, int] = {}
        """Stacks that have not been brought anywhere, with the slice that they opened with"""

    def expect(self, new: Iterable[CellStack]) -> None:
        """Take stacks that were put on screen just now."""
        self._waiting |= {stack: stack.scene.index for stack in new}

    def forget(self) -> None:
        """Forget the case."""
        self._waiting = {}

    def bring(self, shown: Scene, on_screen: Iterable[CellStack]) -> None:
        """Bring the stacks whose place is known by now to where the series on screen stands."""
        if not shown.frame_of_reference_uid:
            return
        kept = set(on_screen)
        for stack, opened_at in list(self._waiting.items()):
            if stack in kept and not stack.scene.frame_of_reference_uid:
                continue
            del self._waiting[stack]
            if stack in kept and stack.scene.index == opened_at:
                self._grid.links.bring(shown, stack.scene)
