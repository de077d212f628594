"""The three linked planes through the volume of the series on screen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.qt.view_surface import ViewSurface
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.oblique import PlaneSet
from workstation.domain.errors import WorkstationError
from workstation.ui.images.cut_scenes import plane_scene
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.notice import Notice, Severity
from workstation.ui.widgets.tiling import PLANES, Layout

_NOTICE = "planes"
_CROSS_SECTIONAL = frozenset({"CT", "MR", "PT", "NM"})


class MprPlanes(QObject):
    """Makes the planes when the volume is built and shows them to whoever reads in three planes."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._wanted = False
        # measurements hold on to the pixels they were made on
        self._reslicer = VtkReslicer(keeps=True)
        if self._page.preferences.planes_on_gpu:
            for key in PLANES:
                self._page.grid.frame(key).canvas.set_surface(ViewSurface(window_planes=True))
        self._images.series_shown.connect(self._series_shown)
        self._images.volume_built.connect(self._built)
        self._images.volume_refused.connect(self._refused)
        self._page.grid.layout_changed.connect(self._layout_chosen)

    def _series_shown(self, shown: ShownSeries) -> None:
        self._page.notices.clear_notice(_NOTICE)
        self._offer(shown)

    def _offer(self, shown: ShownSeries) -> None:
        if all(key in shown.scenes for key in PLANES):
            self._page.grid.set_scenes(shown.scenes)
            self._page.enable_planes("")
        else:
            self._page.enable_planes(shown.refusal or tr("follows when all slices are here"))

    def _built(self, shown: ShownSeries) -> None:
        if shown.built is None:
            return
        planes, images = PlaneSet(), tuple(shown.images.values())
        for plane in MprPlane:
            scene = plane_scene(
                shown.built.volume, plane, shown.scene, images, reslicer=self._reslicer, planes=planes
            )  # fmt: skip
            self._images.marks.dress(scene)
            shown.scenes[plane.value] = scene
        grid = self._page.grid
        self._offer(shown)
        if shown.scene.crosshair is not None:
            grid.show_point(shown.scene.crosshair)
        else:
            for plane in MprPlane:  # their lines show the slice that is shown, not the volume's middle
                grid.links.bring(shown.scene, shown.scenes[plane.value])
        if grid.layout_choice == Layout.ONE and (self._wanted or not grid.touched):
            grid.choose_layout(Layout.MPR)

    def _refused(self, shown: ShownSeries, error: WorkstationError) -> None:
        self._page.enable_planes(shown.refusal)
        if shown.series.modality not in _CROSS_SECTIONAL:
            return  # nobody expects planes of an ultrasound clip or a radiograph
        self._page.notices.show_notice(Notice(_NOTICE, Severity.DEGRADED, error.user_text, error.hint))

    def _layout_chosen(self, layout: object) -> None:
        # the choice outlives the case: who reads in three planes gets them again
        if self._page.grid.touched:
            self._wanted = layout == Layout.MPR
