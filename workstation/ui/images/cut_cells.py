"""Cells that are cut from volumes or fused: words while these come, then the picture, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.link_group import standing_at
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.note_scene import NoteScene
from viewers.scene.oblique import PlaneSet
from viewers.scene.scene import Scene
from workstation.domain.registration import moved
from workstation.ui.hanging_words import waiting_for_fusion, waiting_for_volume
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.cut_scenes import plane_scene, volume_scene
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.fused_cells import FusedCells
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.images.hung_volumes import HungVolume, HungVolumes


@dataclass(slots=True, eq=False)
class _Linked:
    """Planes of one volume that turn together, each kind once."""

    planes: PlaneSet = field(default_factory=PlaneSet)
    taken: set[MprPlane] = field(default_factory=set)


class CutCells(QObject):
    """Gives the cells of a stage their planes, volumes and overlays as they come."""

    placed = Signal(object)
    """``PlacedCell`` whose picture took the place of its words"""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._grid, self._images = context.page.grid, context.images
        self.volumes = HungVolumes(self, context.jobs, context.fusing.prepare if context.fusing is not None else None)
        self.volumes.uptake = lambda: self._images.suv.wanted
        self.fused = FusedCells(context)
        self.fused.changed.connect(self._update_fused)
        self._cells: Sequence[PlacedCell] = ()
        self._linked: dict[HungVolume, list[_Linked]] = {}
        self._unplaced: set[str] = set()
        """Viewports of this stage whose picture does not stand where the reader is, for it has not come"""
        # measurements hold on to the pixels they were made on
        self._reslicer = VtkReslicer(keeps=True)
        self.volumes.built.connect(self._changed)
        self.volumes.refused.connect(self._changed)
        self.volumes.prepared.connect(self._prepared)
        self._images.suv.changed.connect(self.volumes.prepare_anew)

    def begin(self, cells: Sequence[PlacedCell]) -> None:
        """Take the cells of a new stage."""
        self._cells, self._linked = tuple(cells), {}
        self._unplaced = {cell.key for cell in cells if cell.sources and cell.base is None}
        for cell in cells:
            if cell.volume is not None and isinstance(cell.base, MprScene):
                self._remember(cell.volume, cell.base)
        self.fused.begin([cell for cell in cells if cell.overlay is not None])

    def scene(self, cell: PlacedCell) -> Scene:
        """Return what a cell's own viewport shows now: the picture, else words."""
        return self._made(cell) or NoteScene(cell.note or (self._words(cell) if cell.sources else ""))

    def go_on(self) -> None:
        """Build what is complete already."""
        for hung in self.volumes.held:
            self.volumes.begin(hung)
        for cell in self._cells:
            self._update(cell)

    def came(self, stack: CellStack) -> None:
        """Go on with what is made of a stack of which slices came."""
        for hung in self.volumes.held:
            if hung.stack is stack:
                self.volumes.begin(hung)
        for cell in self._cells:
            if cell.stack is stack or any(one.stack is stack for one in cell.sources):
                self._update(cell)

    def close(self) -> None:
        """Let every volume go."""
        self._cells, self._linked = (), {}
        self.volumes.close()
        self.fused.close()
        self._reslicer.forget()

    def _prepared(self, hung: HungVolume) -> None:
        self._images.uptake_prepared.emit(hung)
        self._changed(hung)

    def _changed(self, hung: HungVolume) -> None:
        for cell in self._cells:
            if hung in cell.sources:
                self._update(cell)

    def _update_fused(self) -> None:
        for cell in self._cells:
            if cell.overlay is not None:
                self._update(cell)

    def _update(self, cell: PlacedCell) -> None:
        """Show what a cell has become."""
        if not cell.sources:
            return
        frame, made = self._grid.frame(cell.key), self._made(cell)
        if made is not None and frame.scene is not made:
            self._images.marks.dress(made)
            self._grid.set_scenes({cell.key: made})
            self.placed.emit(cell)
            self._unplaced.discard(cell.key)
            self._bring_along(made)
        elif made is not None and cell.key in self._unplaced:  # of voxels that the stage before held
            self._unplaced.discard(cell.key)
            self._bring_along(made)
        elif made is None and isinstance(frame.scene, NoteScene):
            frame.scene.text = self._words(cell)
        elif made is None:
            self._grid.set_scenes({cell.key: NoteScene(self._words(cell))})
        frame.refresh()

    def _bring_along(self, made: Scene) -> None:
        """
        Let a picture that came late stand where the reader is.

        While the picture in hand has not come either, or where it does not lead this one, that is where the series on
        screen stands: another stage went on from there, and none may lead the others to the middle of its volume.
        """
        active, links = self._grid.active, self._grid.links
        scene, shown = active.scene, self._images.shown
        has_come = all(self._grid.frame(key) is not active for key in self._unplaced)
        if scene is None or scene is made or not has_come or links.leads(scene, made) is None:
            point = None if shown is None else standing_at(shown.scene)
            matrix = None if shown is None else links.leads(shown.scene, made)
            if point is not None and matrix is not None:  # a level alone would leave the planes across in the middle
                made.show_point(moved(point, matrix))
            elif shown is not None:
                links.bring(shown.scene, made)
            return
        point = standing_at(scene)
        if point is not None:
            links.show_point(point, scene)
        else:
            links.follow(scene)

    def _made(self, cell: PlacedCell) -> Scene | None:
        """Return a cell's picture, None while it is on its way and where there is none."""
        if cell.base is None:
            cell.base = self._base(cell)
        if cell.base is None or cell.note or (cell.overlay is not None and not self.fused.lay(cell, cell.base)):
            return None
        return cell.base

    def _base(self, cell: PlacedCell) -> Scene | None:
        if cell.volume is None:
            return cell.stack.scene if cell.stack is not None else None
        hung, built = cell.volume, cell.volume.built
        if built is None:
            return None
        images = tuple(hung.images.values())
        if not cell.hung.cell.view.is_cut:
            return volume_scene(built.volume, hung.stack.scene, images)
        plane = MprPlane(cell.hung.cell.view.value)
        planes = self._planes(hung, plane)
        return plane_scene(
            built.volume, plane, hung.stack.scene, images, reslicer=self._reslicer, planes=planes
        )  # fmt: skip

    def _planes(self, hung: HungVolume, plane: MprPlane) -> PlaneSet:
        """Return what a plane turns with; one that hangs twice has a set of its own, for slabs of its own."""
        sets = self._linked.setdefault(hung, [])
        free = next((one for one in sets if plane not in one.taken), None)
        if free is None:
            free = _Linked()
            sets.append(free)
        free.taken.add(plane)
        return free.planes

    def _remember(self, hung: HungVolume, scene: MprScene) -> None:
        """Count a plane that goes on from the stage before among those that turn together."""
        sets = self._linked.setdefault(hung, [])
        mine = next((one for one in sets if one.planes is scene.planes), None)
        if mine is None:
            mine = _Linked(scene.planes)
            sets.append(mine)
        mine.taken.add(scene.plane)

    def _words(self, cell: PlacedCell) -> str:
        refused = next((one.refusal for one in cell.sources if one.refusal), "") or self.fused.refusal(cell)
        if refused:
            return refused
        coming = next((one for one in cell.sources if one.built is None), None)
        waiting = waiting_for_fusion() if cell.overlay is not None else waiting_for_volume(cell.hung.cell.view)
        return waiting if coming is None else f"{waiting} · {coming.progress}"
