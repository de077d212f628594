"""One of three linked planes through a crosshair point of a volume: patient planes, turned ones, slabs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy.typing as npt

from resources.translation import tr
from viewers.scene import crosshair_arms, marks
from viewers.scene import reslice as numpy_reslice
from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions, ViewCaptions, mpr_interpolated
from viewers.scene.curved import CurvedPath
from viewers.scene.frame import Size, Source
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane, PlaneGrid, other_planes, plane_grid
from viewers.scene.oblique import ObliqueFrame, PlanePose, PlaneSet, posed_grid, posed_plane
from viewers.scene.overlay import Stroke
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window
from viewers.scene.reslice import ResliceRequest, coarser, no_patient
from viewers.scene.scene import Scene
from viewers.scene.slab import Slab
from viewers.scene.slab_image import MOST_SAMPLES, SlabImage
from viewers.scene.slice_view import SliceView
from viewers.scene.tilt import grid_facts
from viewers.scene.value_ranges import full_range, percentile_range
from viewers.scene.viewtext import location_text, plane_title
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

Reslicer = Callable[[ResliceRequest], npt.NDArray[Any]]

_WAY_MM: Final = 2.0
"""Length of the straight pieces a path is drawn with."""


class MprScene(Scene):
    """
    A plane through the crosshair, one of the three that share ``planes``.

    Patient planes that coincide with voxel layers snap to them, so that an axial plane of an
    axial series shows acquired pixels; all others say whether they are made of voxels or interpolated between them.
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
        planes: PlaneSet | None = None,
        default_voi: Window | VoiLut | None = None,
        monochrome1: bool = False,
    ) -> None:
        """``default_voi`` and ``monochrome1`` are those of the images that the volume is made of."""
        super().__init__(
            annotations=annotations,
            new_uid=new_uid,
            modality=modality,
            frame_of_reference_uid=volume.frame_of_reference_uid,
            series_instance_uid=volume.series_instance_uid,
            stack_number=volume.stack_number,
            captions=captions,
        )
        self.volume = self.measured_volume = volume
        self.plane = plane
        self.planes = planes or PlaneSet()
        self._grids = {each: plane_grid(volume, each) for each in MprPlane}
        self._standard_grid = self._grids[plane]
        self._facts = grid_facts(volume)
        self._reslicer = reslicer
        self._default = default_voi or (CT_PRESETS["3"].window if self.takes_ct_windows else None)
        self._monochrome1 = monochrome1
        self._padding = no_patient(volume)
        z, y, x = volume.voxels.shape
        middle = volume.lps_of(((x - 1) / 2, (y - 1) / 2, (z - 1) / 2))
        self.crosshair = (float(middle[0]), float(middle[1]), float(middle[2]))
        self._coordinate = 0.0
        self._place()
        self.planes.watch(self._place)

    # where the plane stands -----------------------------------------------------------------

    @property
    def pose(self) -> PlanePose:
        """Return how the plane was turned."""
        return self.planes.frame.poses[self.plane]

    @property
    def slab(self) -> Slab:
        """Return what is projected into the plane."""
        return self.planes.slabs[self.plane]

    @property
    def value_unit(self) -> str:
        """Return the unit of the voxels."""
        return self.volume.unit

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
        """Return what one picture stands for: the distance of neighbouring slices, or the slab's thickness."""
        return max(self.grid.step_mm, self.slab.thickness_mm) if self.slab.is_thick else self.grid.step_mm

    @property
    def is_interpolated(self) -> bool:
        """Tell whether the plane shows values that no voxel has, between voxels or over several of them."""
        return self.slab.is_thick or not self.grid.on_voxels

    @property
    def is_acquired(self) -> bool:
        """Tell whether the plane is an image as it was acquired."""
        return self.grid.acquired and not self.slab.is_thick

    @property
    def title(self) -> str:
        """Return the plane's name for the header."""
        name = plane_title(self.plane.value)
        return name if self.pose.is_standard else tr("{plane} turned", plane=name)

    def scroll_to(self, index: int) -> bool:
        """Show a slice, clamped to the volume; the crosshair follows."""
        before = self._coordinate
        self._coordinate = self.grid.coordinate_of(min(max(index, 0), self.count - 1))
        if self.crosshair is not None:
            self.crosshair = self._at_coordinate(self.crosshair)
        return self._coordinate != before

    def show_point(self, lps_mm: Point) -> None:
        """Show the plane through a patient point (nearest voxel layer) and put the crosshair there."""
        self.crosshair = lps_mm
        self._coordinate = self._snapped(self.pose.standard_point(lps_mm)[self.plane.axis])

    def turn(self, radians: float, *, only: MprPlane | None = None) -> None:
        """Turn the planes that cut this one about its normal through the crosshair; one of them with ``only``."""
        pivot = self.crosshair
        if pivot is not None:
            self.planes.change(self.planes.frame.turned(self.plane, pivot, radians, only=only))

    def stand_upright(self) -> None:
        """Return all three planes to axial, coronal and sagittal."""
        self.planes.change(ObliqueFrame())

    def set_slab(self, slab: Slab) -> None:
        """Show a thinner, thicker or differently projected slab."""
        self.planes.set_slab(self.plane, slab)

    def begin_path(self) -> None:
        """Let the next clicks draw a path for a curved plane."""
        self.planes.set_path(self.planes.path.begun())

    def end_path(self) -> CurvedPath | None:
        """Stop drawing; return the path when it has two points."""
        self.planes.set_path(self.planes.path.ended())
        return self.planes.path.path

    def reset(self) -> None:
        """Return to the series' own window, upright and fitted, as a thin plane."""
        super().reset()
        self.set_slab(Slab())
        self.stand_upright()

    def arm_at(self, viewport: Size, x: float, y: float, *, whole: bool) -> MprPlane | None:
        """Return the plane whose crosshair arm (``whole``) or grip lies under a viewport pixel."""
        if self.crosshair is None:
            return None
        view = self.view(viewport)
        centre = self._shown_crosshair(self.crosshair)
        return crosshair_arms.arm_at(view, centre, self._arms(view), (x, y), whole=whole)

    # what it shows --------------------------------------------------------------------------

    def displayed_plane(self) -> ImagePlane:
        """Return the image plane on screen."""
        return posed_plane(self.grid, self.plane, self._coordinate, self.pose)

    def view(self, viewport: Size) -> SliceView:
        """Return the displayed geometry."""
        return SliceView(self.grid.size, viewport, self.state.camera, self.displayed_plane())

    def measurable(self) -> SliceImage:
        """
        Return the displayed plane cut at the finest voxel spacing; outside the volume is padding.

        A slab is cut only where it is measured: all of it would hold up the window.
        """
        request = self._source()
        if request.slab is not None:
            return SlabImage.of(request, self._reslicer, self.frame_of_reference_uid, self._padding)
        return SliceImage(
            pixels=self._reslicer(request),
            plane=request.plane,
            frame_of_reference_uid=self.frame_of_reference_uid,
            padding=self._padding,
            unit=self.volume.unit,
        )

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:
        """
        Return the value of the voxel nearest to a viewport pixel, never an interpolated one.

        In a slab it is the projection that is on screen, because no single voxel is.
        """
        i, j, k = (math.floor(v + 0.5) for v in self.volume.ijk_of(self.view(viewport).lps_of(x, y)))
        depth, rows, columns = self.volume.voxels.shape
        if not (0 <= i < columns and 0 <= j < rows and 0 <= k < depth):
            return None
        if self.slab.is_thick:
            shown = self.displayed_plane()
            at = ImagePlane(self.view(viewport).lps_of(x, y), shown.right, shown.down, shown.spacing_mm)
            request = ResliceRequest(self.volume, at, (1, 1), self.slab.sampling(self.grid.spacing_mm))
            value = float(self._reslicer(request)[0, 0])
        else:
            value = float(self.volume.voxels[k, j, i])
        return None if self._padding[0] <= value <= self._padding[1] else (value, self.volume.unit)

    def full_range(self) -> Window:
        """Return the window over all values of the displayed plane; of a slab, over as many as can be had at once."""
        request = self._source()
        samples = request.size[0] * request.size[1] * (request.slab.count if request.slab is not None else 1)
        factor = math.ceil(math.sqrt(samples / MOST_SAMPLES))
        return full_range(self._reslicer(coarser(request, factor) if factor > 1 else request), self._padding)

    def _source(self) -> ResliceRequest:
        sampling = self.slab.sampling(self.grid.spacing_mm)
        return ResliceRequest(self.volume, self.displayed_plane(), self.grid.size, sampling)

    def _default_voi(self) -> Window | VoiLut:
        if self._default is None:
            middle = self.volume.voxels[self.volume.voxels.shape[0] // 2]
            self._default = percentile_range(middle, self._padding)
        return self._default

    def _grayscale(self, source: Source) -> GrayscaleTransform:
        return replace(
            super()._grayscale(source), inverse=self._monochrome1 != self.state.inverted, padding=self._padding
        )

    def _view_captions(self) -> ViewCaptions:
        plane = self.displayed_plane()
        return ViewCaptions(
            # no "k / N": only the stack's own slices have numbers that other viewers share. Where a plane lies takes
            # that line, the last to go; what is projected into it goes just before
            slice_position=location_text(plane, self.grid.size, self.crosshair),
            slab=self.slab.text(),
            location="" if self.slab.is_thick else self._facts.resampled_text(is_acquired=self.is_acquired),
            warnings=((mpr_interpolated(),) if self.is_interpolated else ()) + self._facts.warnings(),
        )

    def _detailed_labels(self) -> bool:
        return self.plane is MprPlane.AXIAL

    def _crosshair_strokes(self, view: SliceView, drawn: tuple[marks.MarkOutline, ...]) -> tuple[Stroke, ...]:
        if self.crosshair is None:
            return ()
        return crosshair_arms.strokes(view, self._shown_crosshair(self.crosshair), self._arms(view), drawn)

    def _guides(self, view: SliceView) -> tuple[Stroke, ...]:
        way = [view.viewport_of(point) for point in self._way]
        drawn = tuple(Stroke(start, end, "overlay.measure") for start, end in pairwise(way))
        if self.crosshair is None:
            return drawn
        centre = self._shown_crosshair(self.crosshair)
        return drawn + crosshair_arms.guides(view, centre, self._arms(view), self.planes.slabs)

    def _shown_crosshair(self, point: Point) -> Point:
        """Return where the arms cross: in the slices that the other planes show, which are the layers next to it."""
        if any(not pose.is_standard for pose in self.planes.frame.poses.values()):
            return point
        drawn = list(point)
        for other in other_planes(self.plane):
            grid = self._grids[other]
            if grid.layered:
                drawn[other.axis] = grid.coordinate_of(grid.index_of(point[other.axis]))
        return drawn[0], drawn[1], drawn[2]

    def _arms(self, view: SliceView) -> tuple[crosshair_arms.Arm, ...]:
        return crosshair_arms.arms(view, self.plane, self.planes.frame)

    def _place(self) -> None:
        """Stand where the shared frame says, with the crosshair in the plane."""
        path = self.planes.path.path
        self._way: list[Point] = [] if path is None else [(x, y, z) for x, y, z in path.positions(_WAY_MM).tolist()]
        self.grid: PlaneGrid = posed_grid(self.volume, self.plane, self._standard_grid, self.pose)
        if self.crosshair is not None:
            self._coordinate = self._snapped(self.pose.standard_point(self.crosshair)[self.plane.axis])

    def _snapped(self, coordinate: float) -> float:
        grid = self.grid
        if grid.layered:
            return grid.coordinate_of(grid.index_of(coordinate))
        return min(max(coordinate, grid.coordinate_of(0)), grid.coordinate_of(grid.count - 1))

    def _at_coordinate(self, lps_mm: Point) -> Point:
        """Return a point's projection along the way of scrolling onto the displayed slice."""
        standard = list(self.pose.standard_point(lps_mm))
        standard[self.plane.axis] = self._coordinate
        return self.pose.point((standard[0], standard[1], standard[2]))
