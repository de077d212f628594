"""One of three linked orthogonal planes through a crosshair point of a volume."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from viewers.scene import reslice as numpy_reslice
from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions, ViewCaptions, mpr_interpolated
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane, image_plane, plane_grid
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import Window, full_range, percentile_range
from viewers.scene.reslice import OUTSIDE, ResliceRequest
from viewers.scene.scene import Scene, Size
from viewers.scene.slice_view import SliceView
from viewers.scene.viewtext import location_text
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

Reslicer = Callable[[ResliceRequest], npt.NDArray[Any]]


class MprScene(Scene):
    """
    A patient plane through the crosshair.

    Planes that coincide with voxel layers snap to them, so that an axial plane of an axial
    series shows acquired pixels; all others say that they are interpolated.
    """

    def __init__(
        self,
        volume: Volume,
        plane: MprPlane,
        *,
        annotations: Annotations,
        new_uid: Callable[[], str],
        modality: str = "CT",
        captions: StudyCaptions | None = None,
        reslicer: Reslicer = numpy_reslice.reslice,
    ) -> None:
        super().__init__(
            annotations=annotations,
            new_uid=new_uid,
            modality=modality,
            frame_of_reference_uid=volume.frame_of_reference_uid,
            series_instance_uid=volume.series_instance_uid,
            captions=captions,
        )
        self.volume = volume
        self.plane = plane
        self.grid = plane_grid(volume, plane)
        self._reslicer = reslicer
        self._default: Window | None = CT_PRESETS["3"].window if modality == "CT" else None
        z, y, x = volume.voxels.shape
        middle = volume.lps_of(((x - 1) / 2, (y - 1) / 2, (z - 1) / 2))
        self._coordinate = self._snapped(float(middle[plane.axis]))
        self.crosshair = (float(middle[0]), float(middle[1]), float(middle[2]))

    @property
    def count(self) -> int:
        """Return the number of slices across the volume."""
        return self.grid.count

    @property
    def index(self) -> int:
        """Return the displayed slice, from 0."""
        return self.grid.index_of(self._coordinate)

    @property
    def slice_step_mm(self) -> float:
        """Return the distance of neighbouring slices."""
        return self.grid.step_mm

    @property
    def is_interpolated(self) -> bool:
        """Tell whether the plane shows computed pixels rather than an acquired image."""
        return not self.grid.acquired

    def scroll_to(self, index: int) -> bool:
        """Show a slice, clamped to the volume; the crosshair follows."""
        before = self._coordinate
        self._coordinate = self.grid.coordinate_of(min(max(index, 0), self.count - 1))
        if self.crosshair is not None:
            self.crosshair = _with_axis(self.crosshair, self.plane.axis, self._coordinate)
        return self._coordinate != before

    def show_point(self, lps_mm: Point) -> None:
        """Show the plane through a patient point (nearest voxel layer) and put the crosshair there."""
        self.crosshair = lps_mm
        self._coordinate = self._snapped(lps_mm[self.plane.axis])

    def displayed_plane(self) -> ImagePlane:
        """Return the image plane on screen."""
        return image_plane(self.grid, self.plane, self._coordinate)

    def view(self, viewport: Size) -> SliceView:
        """Return the displayed geometry."""
        return SliceView(self.grid.size, viewport, self.state.camera, self.displayed_plane())

    def measurable(self) -> SliceImage:
        """Return the displayed plane cut at the finest voxel spacing; outside the volume is padding."""
        request = self._source()
        return SliceImage(
            pixels=self._reslicer(request),
            plane=request.plane,
            frame_of_reference_uid=self.frame_of_reference_uid,
            padding=(OUTSIDE, OUTSIDE),
            unit=self.volume.unit,
        )

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:
        """Return the value of the voxel nearest to a viewport pixel, never an interpolated one."""
        i, j, k = (math.floor(v + 0.5) for v in self.volume.ijk_of(self.view(viewport).lps_of(x, y)))
        depth, rows, columns = self.volume.voxels.shape
        if not (0 <= i < columns and 0 <= j < rows and 0 <= k < depth):
            return None
        return float(self.volume.voxels[k, j, i]), self.volume.unit

    def full_range(self) -> Window:
        """Return the window over all values of the displayed plane."""
        image = self.measurable()
        return full_range(image.pixels, image.padding)

    def _source(self) -> ResliceRequest:
        return ResliceRequest(self.volume, self.displayed_plane(), self.grid.size)

    def _default_voi(self) -> Window:
        if self._default is None:
            middle = self.volume.voxels[self.volume.voxels.shape[0] // 2]
            self._default = percentile_range(middle)
        return self._default

    def _view_captions(self) -> ViewCaptions:
        plane = self.displayed_plane()
        return ViewCaptions(
            # no "k / N": only the stack's own slices have numbers that other viewers share
            location=location_text(plane.origin, plane.normal),
            warnings=(mpr_interpolated(),) if self.is_interpolated else (),
        )

    def _detailed_labels(self) -> bool:
        return self.plane is MprPlane.AXIAL

    def _snapped(self, coordinate: float) -> float:
        grid = self.grid
        if grid.layered:
            return grid.coordinate_of(grid.index_of(coordinate))
        return min(max(coordinate, grid.coordinate_of(0)), grid.coordinate_of(grid.count - 1))


def _with_axis(point: Point, axis: int, value: float) -> Point:
    x, y, z = (value if n == axis else coordinate for n, coordinate in enumerate(point))
    return x, y, z
