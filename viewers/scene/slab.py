"""Thick slabs: several parallel samples behind each pixel put together into one value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr

THICKNESSES_MM: Final = (2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 80.0, 120.0)
"""Steps of the keys ``[`` and ``]``."""


class Projection(StrEnum):
    """How the samples of one pixel become its value."""

    MIP = "mip"
    MINIP = "minip"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class SlabSampling:
    """``count`` samples ``spacing_mm`` apart along the plane's normal, centred on the plane."""

    projection: Projection
    count: int
    spacing_mm: float

    @property
    def offsets_mm(self) -> npt.NDArray[np.float64]:
        """Return the distances of the samples from the plane."""
        offsets: npt.NDArray[np.float64] = np.arange(self.count, dtype=np.float64) - (self.count - 1) / 2
        return offsets * self.spacing_mm

    def thinned(self, factor: int) -> SlabSampling:
        """Return the same slab with fewer samples, for a picture while something moves."""
        count = max(1, math.ceil(self.count / factor))
        return replace(self, count=count, spacing_mm=self.spacing_mm * self.count / count)


@dataclass(frozen=True, slots=True)
class Slab:
    """
    A projection through ``thickness_mm``; ``projection`` None shows the thin plane.

    The thickness is kept while the plane is thin, so that the reader comes back to it.
    """

    projection: Projection | None = None
    thickness_mm: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.thickness_mm <= THICKNESSES_MM[-1]:
            raise ValueError(f"slab thickness {self.thickness_mm} mm is outside 0 to {THICKNESSES_MM[-1]}")

    @property
    def is_thick(self) -> bool:
        """Tell whether more than the plane itself is shown."""
        return self.projection is not None

    def following(self) -> Slab:
        """Return the next of plane, MIP, MinIP, mean (key M)."""
        order = (None, *Projection)
        return replace(self, projection=order[(order.index(self.projection) + 1) % len(order)])

    def thicker(self, steps: int = 1) -> Slab:
        """Return the slab some steps thicker, thinner when negative; a thin plane begins with the thinnest MIP."""
        if self.projection is None:
            return Slab(Projection.MIP, THICKNESSES_MM[0]) if steps > 0 else self
        nearest = min(range(len(THICKNESSES_MM)), key=lambda n: abs(THICKNESSES_MM[n] - self.thickness_mm))
        at = nearest + steps
        if at < 0:
            # thinner than the thinnest slab is the plane
            return Slab(None, self.thickness_mm)
        return replace(self, thickness_mm=THICKNESSES_MM[min(at, len(THICKNESSES_MM) - 1)])

    def sampling(self, step_mm: float) -> SlabSampling | None:
        """Return the samples no further apart than ``step_mm`` that share the thickness evenly; None for a plane."""
        if self.projection is None:
            return None
        count = max(1, math.ceil(self.thickness_mm / step_mm - 1e-6))
        return SlabSampling(self.projection, count, self.thickness_mm / count)

    def text(self) -> str:
        """Return ``MIP 10 mm`` for the corner and the header, empty for a thin plane."""
        if self.projection is None:
            return ""
        return f"{projection_title(self.projection)} {self.thickness_mm:g} mm"


def projection_title(projection: Projection) -> str:
    """Return the translated name of a projection."""
    return {Projection.MIP: tr("MIP"), Projection.MINIP: tr("MinIP"), Projection.MEAN: tr("Mean")}[projection]
