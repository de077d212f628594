"""A thick slab as an image to measure on: its values are cut where somebody asks for them, never the whole plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable
from viewers.scene.reslice import ResliceRequest
from workstation.domain.geometry import ImagePlane

Reslicer = Callable[[ResliceRequest], npt.NDArray[Any]]

MOST_SAMPLES: Final = 800_000
"""Positions of the volume read at once: 46 ms at 58 ns each, which an oblique cut takes on one old core."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SlabImage(SliceImage):
    """``pixels`` have the size of the plane and hold nothing: ``part`` cuts what is measured."""

    request: ResliceRequest
    reslicer: Reslicer
    factor: float = 1.0

    @classmethod
    def of(
        cls, request: ResliceRequest, reslicer: Reslicer, frame_of_reference_uid: str, padding: tuple[float, float]
    ) -> SlabImage:
        """Return the slab of a request; ``padding`` is what shows no patient (``no_patient``)."""
        columns, rows = request.size
        return cls(
            pixels=np.broadcast_to(np.zeros((), request.volume.voxels.dtype), (rows, columns)),
            plane=request.plane,
            frame_of_reference_uid=frame_of_reference_uid,
            padding=padding,
            unit=request.volume.unit,
            request=request,
            reslicer=reslicer,
        )

    def part(self, rows: slice, columns: slice) -> npt.NDArray[Any]:
        """Return the values of a box of pixels. Raises NotMeasurable for one that would hold up the window."""
        height, width = max(0, rows.stop - rows.start), max(0, columns.stop - columns.start)
        slab, plane = self.request.slab, self.request.plane
        if height * width * (slab.count if slab is not None else 1) > MOST_SAMPLES:
            raise NotMeasurable(
                tr("This region is too large to be measured through so thick a slab."),
                hint=tr("Draw it smaller, or make the slab thinner."),
            )
        if height * width == 0:
            return self.pixels[rows, columns]
        corner = ImagePlane(plane.lps_of(columns.start, rows.start), plane.right, plane.down, plane.spacing_mm)
        values = self.reslicer(replace(self.request, plane=corner, size=(width, height)))
        return values if self.factor == 1.0 else values.astype(np.float32) * np.float32(self.factor)

    def scaled(self, factor: float, unit: str) -> SliceImage:
        """Return the slab with its values times a factor."""
        return replace(self, factor=self.factor * factor, padding=self._padding_times(factor), unit=unit)
