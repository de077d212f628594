"""How the pictures of a stage are shown: windows, projections, what is linked, and whose they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from viewers.scene.mpr_scene import MprScene
from viewers.scene.presets import CT_PRESETS
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, Slab
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.window_sharing import carried
from workstation.domain.hanging import Stage
from workstation.domain.hanging_cells import CellView
from workstation.domain.study import Study
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.widgets.viewport_grid import ViewportGrid


class StageDress:
    """Dresses scenes once they stand in their cells; what the reader changed since is not touched."""

    def __init__(self, grid: ViewportGrid) -> None:
        self._grid = grid
        self._warned: list[Scene] = []
        self.two_persons = ""
        """What is said in red about the persons on screen, empty when it is one"""

    def dress(self, cells: Sequence[PlacedCell], shown: Scene) -> None:
        """Give the pictures of cells the windows and projections that these ask for."""
        for cell in cells:
            scene, wanted = self._grid.frame(cell.key).scene, cell.hung.cell
            if isinstance(scene, MprScene):
                scene.set_slab(Slab(Projection.MIP, wanted.mip_mm) if wanted.mip_mm
                               else replace(scene.slab, projection=None))  # fmt: skip
            if isinstance(scene, VolumeScene) and wanted.view is CellView.MIP:
                scene.choose(VolumePreset.MIP)
            preset = CT_PRESETS.get(str(wanted.window_preset))
            if scene is not None and preset is not None and scene.takes_ct_windows:
                scene.set_window(preset.window)
            elif wanted.selector.prior and scene is not None:
                _take_window(scene, shown)

    def link(self, stage: Stage, cells: Sequence[PlacedCell], new: Collection[PlacedCell]) -> None:
        """
        Link what the stage links of what is ``new``: the reader may have unlinked the rest.

        Slices that stand beside themselves in another window keep their own.
        """
        links = self._grid.links
        scenes = [(cell, scene) for cell in cells if (scene := self._grid.frame(cell.key).scene) is not None]
        for cell, scene in scenes:
            if cell in new:
                links.set_linked(scene, linked=stage.linked)
            beside = {
                other.hung.cell.window_preset
                for other, one in scenes
                if one.series_instance_uid == scene.series_instance_uid
            }
            links.keep_window(scene, kept=len(beside) > 1)

    def warn(self, current: Study, beside: Sequence[Study], doubt_of: Callable[[Study], str]) -> None:
        """Say it in red in every viewport on screen when they show two persons."""
        doubts = [doubt for study in beside if (doubt := doubt_of(study))]
        self.take_warnings_back()
        self.two_persons = doubts[0] if doubts else ""
        if not doubts:
            return
        for scene in self._grid.scenes:
            if scene.study_instance_uid == current.study_instance_uid:
                scene.person_warning = doubts[0]
                self._warned.append(scene)

    def share_windows(self) -> None:
        """Let every picture share its window again: no stage asks for the same slices in two of them."""
        for scene in self._grid.scenes:
            self._grid.links.keep_window(scene, kept=False)

    def take_warnings_back(self) -> None:
        """Say nothing about persons: one is on screen."""
        for scene in self._warned:
            scene.person_warning = ""
        self._warned = []
        self.two_persons = ""


def _take_window(scene: Scene, shown: Scene) -> None:
    """Show a prior in the window that the reader looks at the case with."""
    window = carried(shown.window, shown, scene) if shown.state.voi is not None else None
    if window is not None:
        scene.set_window(window)
