"""Lays the pictures of a stage into their cells: chest walls together, all at one scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from viewers.scene.camera import Camera
from viewers.scene.side_by_side import at_edge, at_one_scale, millimetres, replace_camera, upright_mammogram
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.hanging import Stage
from workstation.domain.hanging_cells import ChestWall
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.widgets.viewport_grid import ViewportGrid


class CellPictures:
    """What the reader moved, zoomed or turned since stays as it is; a reset brings back how it was laid."""

    def __init__(self, grid: ViewportGrid) -> None:
        self._grid = grid
        self._stage: Stage | None = None
        self._cells: Sequence[PlacedCell] = ()

    def lay(self, stage: Stage, cells: Sequence[PlacedCell], new: Collection[PlacedCell]) -> None:
        """Lay a stage out, what is ``new`` of it from nothing; pictures follow as they arrive."""
        self._stage, self._cells = stage, cells
        for cell in new:
            scene = self._scene(cell)
            if scene is None:
                continue
            if self._is_ours(cell) or scene.state.camera == scene.hung_camera:
                scene.set_camera(Camera())
            scene.hung_camera = Camera()
        self.arrange()

    def forget(self) -> None:
        """Forget the stage."""
        self._stage, self._cells = None, ()

    def arrange(self) -> None:
        """Lay out what is here and what the reader has not touched; what was touched returns to it by a reset."""
        if self._stage is None:
            return
        here = []
        for cell in self._cells:
            scene = self._scene(cell)
            if scene is None or not self._is_ours(cell):
                continue
            view, image = scene.view(self._grid.frame(cell.key).canvas.viewport), scene.image(scene.index)
            if view is None or image is None:
                continue
            upright = replace_camera(view, self._upright(cell, replace_camera(view, Camera())))
            here.append((cell, scene, upright, millimetres(image)))
        scaled = at_one_scale([(view, size) for _, _, view, size in here]) if self._stage.same_scale and here else None
        for at, (cell, scene, view, _size) in enumerate(here):
            shown = replace_camera(view, scaled[at] if scaled is not None else view.camera)
            camera = shown.camera
            if cell.hung.cell.chest_wall is not ChestWall.NONE:
                camera = at_edge(shown, cell.hung.cell.chest_wall.value)
            is_untouched = scene.state.camera == scene.hung_camera
            scene.hung_camera = camera
            if is_untouched:
                scene.set_camera(camera)
            self._grid.frame(cell.key).refresh()

    def _upright(self, cell: PlacedCell, view: SliceView) -> Camera:
        wall = cell.hung.cell.chest_wall
        if wall is ChestWall.NONE:
            return view.camera
        first = cell.hung.instances[0] if cell.hung.instances else None
        laterality, position = (first.laterality, first.view_position) if first is not None else ("", "")
        return replace(upright_mammogram(view, wall.value, laterality, position), zoom=1.0, pan=(0.0, 0.0))

    def _is_ours(self, cell: PlacedCell) -> bool:
        return self._stage is not None and (self._stage.same_scale or cell.hung.cell.chest_wall is not ChestWall.NONE)

    def _scene(self, cell: PlacedCell) -> StackScene | None:
        scene = self._grid.frame(cell.key).scene
        return scene if isinstance(scene, StackScene) else None
