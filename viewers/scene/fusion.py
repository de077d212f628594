"""
A coloured overlay on an image: PET over CT or MR, in the patient's own millimetres.

A ``FusedLayer`` belongs to a scene (``Scene.fuse``); stacks and planes of any kind then show it without being
another kind of scene, so that tools, measurements and marks go on as before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from viewers.scene import reslice as numpy_reslice
from viewers.scene.colour_bar import Legend, round_values
from viewers.scene.fusion_cut import OverlayCut, Reslicer, overlay_cut
from viewers.scene.image import SliceImage
from viewers.scene.raster import Gray, GrayscaleTransform, to_gray
from viewers.scene.reslice import ResliceRequest, look_of_cut
from viewers.scene.slab import SlabSampling
from workstation.domain.colour_map import (
    DEFAULT_SUV_SCALE,
    ColourMap,
    ValueScale,
    colour_table,
)
from workstation.domain.errors import NotRegistrable
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.registration import Origin, Registrations, laid_into
from workstation.domain.suv import SuvRefusal, SuvScale
from workstation.domain.volume import Volume

_ONE: Final = 256
"""Alpha is a fixed-point number with 8 fractional bits in 16, so that a blend is one pass of whole numbers."""


@dataclass(frozen=True, slots=True)
class FusionLook:
    """How an overlay is shown: ``alpha`` 0 shows the image alone, 1 the overlay alone."""

    scale: ValueScale
    colour_map: ColourMap = ColourMap.HOT_IRON
    alpha: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.alpha <= 1.0:
            raise ValueError(f"alpha {self.alpha} is outside 0 to 1")


@dataclass(frozen=True, slots=True)
class _Place:
    """What decides where an overlay is cut; equal places have equal cuts."""

    plane: ImagePlane
    size: tuple[int, int]
    slab: SlabSampling | None


class FusedLayer:
    """
    An overlay that lies in the frame of reference of the image under it.

    ``look`` may be exchanged at any time. Not thread-safe: call on the main thread. Make it with ``fused_layer``.
    """

    def __init__(
        self,
        volume: Volume,
        look: FusionLook,
        *,
        label: str = "",
        is_suv: bool = False,
        warnings: tuple[str, ...] = (),
        reslicer: Reslicer = numpy_reslice.reslice,
    ) -> None:
        """``label`` names the values, like ``SUVbw``."""
        self.volume = volume
        self.look = look
        self.label = label
        self.is_suv = is_suv
        self.warnings = warnings
        self.series = ""
        """What lies over the image, in words"""
        self.apart = ""
        """How long before or after the image it was acquired; a gap that matters is among the warnings"""
        self._reslicer = reslicer
        self._cut: tuple[_Place, OverlayCut] | None = None
        self._base: tuple[ResliceRequest, npt.NDArray[Any]] | None = None

    @property
    def frame_of_reference_uid(self) -> str:
        """Return the frame of reference in which it may be shown."""
        return self.volume.frame_of_reference_uid

    def over(self, source: SliceImage | ResliceRequest, grayscale: GrayscaleTransform) -> SliceImage:
        """
        Return the picture of the image with the overlay: an RGB image on the same plane and pixels.

        Colour images and images without a place in the patient stay as they are. A plane through a thick slab takes
        as long as its two cuts; viewports take them from ``PlanePictures``.
        """
        if isinstance(source, ResliceRequest):
            gray = to_gray(self._cut_base(source), look_of_cut(grayscale))
            cut = self._overlay(_Place(source.plane, source.size, source.slab))
            return SliceImage(
                blended(gray, cut, self.look),
                source.plane,
                frame_of_reference_uid=source.volume.frame_of_reference_uid,
            )
        if source.is_color or source.plane is None:
            return source
        cut = self._overlay(_Place(source.plane, (source.columns, source.rows), None))
        rgb = blended(to_gray(source.pixels, grayscale), cut, self.look)
        return replace(source, pixels=rgb, padding=None, voi=None, choices=(), monochrome1=False)

    @property
    def words(self) -> str:
        """Return what lies over the image and how, for the corner: ``PET AC · Hot iron 50 % · 12 min apart``."""
        strength = f"{self.look.colour_map.full_name} {round(self.look.alpha * 100)} %"
        return " · ".join(part for part in (self.series, strength, self.apart) if part)

    def value_at(self, lps_mm: Point) -> float | None:
        """Return the value of the voxel nearest to a patient point, None outside, on padding and on no number."""
        i, j, k = (math.floor(v + 0.5) for v in self.volume.ijk_of(lps_mm))
        depth, rows, columns = self.volume.voxels.shape
        inside = 0 <= i < columns and 0 <= j < rows and 0 <= k < depth
        if not inside or not self.volume.shows_patient(self.volume.voxels[k, j, i]):
            return None
        value = float(self.volume.voxels[k, j, i])
        return value if math.isfinite(value) else None

    def value_text(self, lps_mm: Point) -> str:
        """Return the value under the pointer in words, empty outside."""
        value = self.value_at(lps_mm)
        return "" if value is None else f"{self.label} {_number(value)}".lstrip()

    @property
    def kind(self) -> str:
        """Return what the header of a viewport calls it."""
        return tr("Fused")

    def legend(self) -> Legend:
        """Return the colour bar of the present look."""
        scale = self.look.scale
        values = round_values(scale)
        places = tuple((scale.high - value) / (scale.high - scale.low) for value in values)
        return Legend(colour_table(self.look.colour_map), tuple(map(_mark, values)), self.label, places)

    def _overlay(self, place: _Place) -> OverlayCut:
        # a look that changes, or a window, needs no new cut
        if self._cut is None or self._cut[0] != place:
            request = ResliceRequest(self.volume, place.plane, place.size, place.slab)
            self._cut = place, overlay_cut(request, self._reslicer)
        return self._cut[1]

    def _cut_base(self, request: ResliceRequest) -> npt.NDArray[Any]:
        kept = self._base
        if kept is None or not _same_cut(kept[0], request):
            kept = self._base = request, self._reslicer(request)
        return kept[1]


def blended(gray: Gray, cut: OverlayCut, look: FusionLook) -> npt.NDArray[np.uint8]:
    """Return RGB ``[row, column, 3]`` of grey levels ``[row, column]`` and the overlay cut on the same pixels."""
    alpha = round(look.alpha * _ONE)
    entries = look.scale.positions(cut.values)
    colours = _weighted(look.colour_map, alpha)[entries]
    weights = np.where(cut.inside, np.uint16(_ONE - alpha), np.uint16(_ONE))
    colours[~cut.inside] = 0
    colours += (gray * weights)[:, :, None]
    colours >>= 8
    mixed: npt.NDArray[np.uint8] = colours.astype(np.uint8)
    return mixed


def fused_layer(
    overlay: Volume,
    base_uid: str,
    registrations: Registrations,
    *,
    suv: SuvScale | SuvRefusal | None = None,
    look: FusionLook | None = None,
    reslicer: Reslicer = numpy_reslice.reslice,
) -> FusedLayer:
    """
    Return an overlay ready for scenes of one frame of reference.

    ``overlay`` holds uptake values (``suv_volume``) where ``suv`` is a scale, the stored unit otherwise. ``look``
    None asks ``default_look``, which reads all voxels of what is no uptake. Raises NotRegistrable while nobody
    accepted how the two frames lie to each other.
    """
    own_uid = overlay.frame_of_reference_uid
    matrix = registrations.matrix(own_uid, base_uid)
    if matrix is None:
        raise NotRegistrable(
            tr("The two series lie in different frames of reference."), hint=tr("Register them, or align them by hand.")
        )
    warnings: list[str] = []
    registration = registrations.between(own_uid, base_uid)
    if registration is not None:
        by_hand = registration.origin is Origin.BY_HAND
        warnings.append(tr("Overlay aligned by hand") if by_hand else tr("Overlay registered: check alignment"))
        overlay = laid_into(overlay, matrix, base_uid)
    if isinstance(suv, SuvScale):
        warnings += [one.text for one in suv.warnings]
        look = look or default_look(overlay, suv)
        return FusedLayer(
            overlay, look, label=suv.suv_type.label, is_suv=True, warnings=tuple(warnings), reslicer=reslicer
        )
    if suv is not None:
        warnings.append(tr("No SUV: {reason}", reason=suv.text))
    look = look or default_look(overlay, suv)
    return FusedLayer(overlay, look, label=overlay.unit, warnings=tuple(warnings), reslicer=reslicer)


def default_look(overlay: Volume, suv: SuvScale | SuvRefusal | None = None) -> FusionLook:
    """Return how an overlay is shown at first; a scale of uptake values never where there are none."""
    return FusionLook(DEFAULT_SUV_SCALE if isinstance(suv, SuvScale) else _own_scale(overlay))


def _own_scale(volume: Volume) -> ValueScale:
    """Return the scale from zero, or the lowest value, to the hottest thousandth."""
    seen = volume.voxels[:: max(1, volume.voxels.shape[0] // 64)]
    if volume.padding is not None or np.issubdtype(seen.dtype, np.floating):
        seen = seen[volume.shows_patient(seen) & np.isfinite(seen)]
    if not seen.size:
        return ValueScale(0.0, 1.0)
    low, high = min(0.0, float(seen.min())), float(np.percentile(seen, 99.9))
    return ValueScale(low, high if high > low else low + 1.0)


@lru_cache(maxsize=64)
def _weighted(colour_map: ColourMap, alpha: int) -> npt.NDArray[np.uint16]:
    table: npt.NDArray[np.uint16] = colour_table(colour_map).astype(np.uint16) * np.uint16(alpha)
    table.flags.writeable = False
    return table


def _same_cut(first: ResliceRequest, second: ResliceRequest) -> bool:
    return first.volume is second.volume and (first.plane, first.size, first.slab) == (
        second.plane,
        second.size,
        second.slab,
    )


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _mark(value: float) -> str:
    """Return a value beside the colour bar, in three figures at most where it has places behind the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
