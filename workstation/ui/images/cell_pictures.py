"""Lays the pictures of a stage into their cells: chest walls of mammograms together, all at one scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from viewers.scene.camera import Camera
from viewers.scene.side_by_side import (
    at_edge,
    at_one_scale,
    is_chest_wall_known,
    millimetres,
    off_scale,
    replace_camera,
    upright_mammogram,
)
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.hanging import Stage
from workstation.domain.hanging_cells import ChestWall
from workstation.domain.mammograms import wall_of
from workstation.domain.study import Instance
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.widgets.viewport_grid import ViewportGrid


class CellPictures:
    """
    What the reader moved, zoomed or turned since stays as it is; a reset brings back how it was laid.

    Mammograms are laid in every layout, whether or not a protocol speaks of their chest walls.
    """

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
            if self._is_ours(cell, scene) or scene.state.camera == scene.hung_camera:
                scene.set_camera(Camera())
            scene.hung_camera = Camera()
        self.arrange()

    def forget(self) -> None:
        """Forget the stage."""
        self._say_scales(())
        self._stage, self._cells = None, ()

    def scrolled(self, key: str) -> None:
        """Lay out anew where another mammogram of one series came on screen: each has a chest wall of its own."""
        for cell in self._cells:
            scene = self._scene(cell) if cell.key == key else None
            if scene is not None and scene.count > 1 and self._wall(cell, scene) is not ChestWall.NONE:
                self.arrange()

    def arrange(self) -> None:
        """Lay out what is here and what the reader has not touched; what was touched returns to it by a reset."""
        if self._stage is None:
            return
        here = []
        self._say_scales(())
        seen = self._grid.visible_keys()  # one that is maximised is fitted by itself
        for cell in self._cells:
            scene = self._scene(cell) if cell.key in seen else None
            if scene is None or not self._is_ours(cell, scene):
                continue
            view, image = scene.view(self._grid.frame(cell.key).canvas.viewport), scene.image(scene.index)
            if view is None or image is None:
                continue
            wall = self._wall(cell, scene)
            upright = replace_camera(view, self._upright(cell, scene, wall, replace_camera(view, Camera())))
            here.append((cell, scene, wall, upright, millimetres(image)))
        sizes = [(view, size) for _, _, _, view, size in here]
        cameras = at_one_scale(sizes)
        self._say_scales([one[1] for one, is_off in zip(here, off_scale(sizes), strict=True) if is_off])
        for (cell, scene, wall, view, _size), scaled in zip(here, cameras, strict=True):
            shown = replace_camera(view, scaled)
            camera = shown.camera
            if wall is not ChestWall.NONE and (cell.hung.cell.chest_wall is wall or is_chest_wall_known(shown)):
                camera = at_edge(shown, wall.value)
            is_untouched = scene.state.camera == scene.hung_camera
            scene.hung_camera = camera
            if is_untouched:
                scene.set_camera(camera)
            self._grid.frame(cell.key).refresh()

    def _say_scales(self, unknown: Collection[StackScene]) -> None:
        """Let the captions of those say that they stand at no known scale, and of no others."""
        for cell in self._cells:
            scene = self._scene(cell)
            if scene is not None:
                scene.is_off_scale = any(scene is one for one in unknown)

    def _upright(self, cell: PlacedCell, scene: StackScene, wall: ChestWall, view: SliceView) -> Camera:
        if wall is ChestWall.NONE:
            return view.camera
        shown = self._instance(cell, scene)
        laterality, position = (shown.laterality, shown.view_position) if shown is not None else ("", "")
        return replace(upright_mammogram(view, wall.value, laterality, position), zoom=1.0, pan=(0.0, 0.0))

    def _wall(self, cell: PlacedCell, scene: StackScene) -> ChestWall:
        """Return where the chest wall goes: where the protocol says so, else by the side of a mammogram."""
        if cell.hung.cell.chest_wall is not ChestWall.NONE or cell.hung.series is None:
            return cell.hung.cell.chest_wall
        return wall_of(cell.hung.series, scene.ref(scene.index).sop_instance_uid)

    def _is_ours(self, cell: PlacedCell, scene: StackScene) -> bool:
        return self._stage is not None and (self._stage.same_scale or self._wall(cell, scene) is not ChestWall.NONE)

    def _instance(self, cell: PlacedCell, scene: StackScene) -> Instance | None:
        """Return the image on screen, else the first of the cell."""
        uid = scene.ref(scene.index).sop_instance_uid
        shown = (one for one in cell.hung.instances if one.sop_instance_uid == uid)
        return next(shown, cell.hung.instances[0] if cell.hung.instances else None)

    def _scene(self, cell: PlacedCell) -> StackScene | None:
        scene = self._grid.frame(cell.key).scene
        return scene if isinstance(scene, StackScene) else None
