"""A straightened path in one viewport; scrolling turns it about the path."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions, ViewCaptions, mpr_interpolated
from viewers.scene.curved import CurvedPath, Straightened, straighten
from viewers.scene.curved_letters import curved_letters, do_sides_change
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.marks import MarkOutline
from viewers.scene.overlay import Stroke
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import VoiLut, Window
from viewers.scene.reslice import no_patient
from viewers.scene.scale_bar import ScaleBar
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.value_ranges import full_range, percentile_range
from workstation.domain.geometry import Point
from workstation.domain.volume import Volume

_TURN_DEG: Final = 5.0
_HALF_WIDTH_MM: Final = 40.0


class CurvedScene(Scene):
    """
    The band along a path, laid straight from top to bottom.

    Every pixel knows its patient point, so that values and the crosshair are right; distances
    are true along the path only and are not measured here.
    """

    def __init__(
        self,
        volume: Volume,
        path: CurvedPath,
        *,
        annotations: Annotations,
        new_uid: Callable[[], str],
        modality: str = "CT",
        captions: StudyCaptions | None = None,
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
        self.volume = volume
        self.path = path
        self._index = 0
        self._made: tuple[int, Volume, Straightened, SliceImage] | None = None
        self._default = default_voi or (CT_PRESETS["3"].window if self.takes_ct_windows else None)
        self._monochrome1 = monochrome1

    @property
    def value_unit(self) -> str:
        """Return the unit of the voxels."""
        return self.volume.unit

    @property
    def count(self) -> int:
        """Return the number of turns about the path."""
        return round(180.0 / _TURN_DEG)

    @property
    def index(self) -> int:
        """Return the turn shown, from 0."""
        return self._index

    @property
    def slice_step_mm(self) -> float:
        """Return the distance of neighbouring pixels."""
        return self._straightened().step_mm

    @property
    def title(self) -> str:
        """Return the name for the header."""
        return tr("Curved")

    def scroll_to(self, index: int) -> bool:
        """Turn the band about its path; after half a circle the same picture would be mirrored, so there it ends."""
        before, self._index = self._index, min(max(index, 0), self.count - 1)
        return self._index != before

    def show_point(self, lps_mm: Point) -> None:
        """Mark the place of the path that is nearest to a patient point."""
        self.crosshair = lps_mm

    def view(self, viewport: Size) -> SliceView:
        """Return the displayed geometry: without a plane, because the picture is bent."""
        image = self.measurable()
        return SliceView((image.columns, image.rows), viewport, self.state.camera)

    def measurable(self) -> SliceImage:
        """Return the straightened values; without a plane nothing in millimetres can be taken from them."""
        self._straightened()
        assert self._made is not None  # noqa: S101 - just made
        return self._made[3]

    def point_at(self, viewport: Size, x: float, y: float) -> Point | None:
        """Return the patient point under a viewport pixel."""
        return self._straightened().lps_of(*self.view(viewport).inverse.apply(x, y))

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:
        """Return the value of the voxel nearest to a viewport pixel, never an interpolated one."""
        place = self.point_at(viewport, x, y)
        if place is None:
            return None
        i, j, k = (math.floor(v + 0.5) for v in self.volume.ijk_of(place))
        depth, rows, columns = self.volume.voxels.shape
        if not (0 <= i < columns and 0 <= j < rows and 0 <= k < depth):
            return None
        value = self.volume.voxels[k, j, i]
        return (float(value), self.volume.unit) if self.volume.shows_patient(value) else None

    def full_range(self) -> Window:
        """Return the window over all values of the band."""
        image = self.measurable()
        return full_range(image.pixels, image.padding)

    def _straightened(self) -> Straightened:
        if self._made is None or self._made[0] != self._index or self._made[1] is not self.volume:
            band = straighten(self.volume, self.path, half_width_mm=_HALF_WIDTH_MM, turn_deg=self._index * _TURN_DEG)
            image = SliceImage(
                band.values,
                None,
                padding=no_patient(self.volume),
                unit=self.volume.unit,
                monochrome1=self._monochrome1,
            )
            self._made = self._index, self.volume, band, image
        return self._made[2]

    def _source(self) -> SliceImage:
        return self.measurable()

    def _image(self) -> SliceImage:
        return self.measurable()

    def _default_voi(self) -> Window | VoiLut:
        if self._default is None:
            middle = self.volume.voxels[self.volume.voxels.shape[0] // 2]
            self._default = percentile_range(middle, self.volume.padding)
        return self._default

    def _view_captions(self) -> ViewCaptions:
        length = f"{self.path.length_mm:.0f}"
        return ViewCaptions(
            slice_position=tr("Curved, turned {degrees}°", degrees=f"{self._index * _TURN_DEG:g}"),
            location=tr("Path {mm} mm, sides change along it", mm=length)
            if do_sides_change(self._straightened())
            else tr("Path {mm} mm", mm=length),
            warnings=(mpr_interpolated(),),
        )

    def _letters(self, view: SliceView) -> dict[str, str]:
        return curved_letters(view, self._straightened())

    def _scale_bars(self, view: SliceView) -> tuple[ScaleBar, ...]:  # noqa: ARG002 - none is true in every direction
        return ()

    def _crosshair_strokes(self, view: SliceView, drawn: tuple[MarkOutline, ...]) -> tuple[Stroke, ...]:  # noqa: ARG002 - no marks
        if self.crosshair is None:
            return ()
        row = self._straightened().row_of(self.crosshair)
        left, right = view.transform.apply(-0.5, row), view.transform.apply(view.size[0] - 0.5, row)
        return (Stroke(left, right, "plane.3d"),)
