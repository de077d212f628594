"""Uptake values of a PET on screen: its pixels stay as they were stored, what is read off them is told in SUV."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from viewers.scene.image import SliceImage
from viewers.scene.overlay import signed
from viewers.scene.raster import VoiFunction, Window
from workstation.domain.colour_map import DEFAULT_SUV_SCALE, SUV_SCALES, ValueScale
from workstation.domain.suv import SuvScale

UNIT = "SUV"
"""The unit of what is measured, as annotations keep it"""
_FIRST_KEY = 2


@dataclass(frozen=True, slots=True)
class Uptake:
    """``factor`` turns a value after the modality transform into the uptake value named ``label``."""

    label: str
    factor: float
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, scale: SuvScale) -> Uptake | None:
        """Return the uptake of a series whose slices share one factor, else None."""
        factor = scale.factor
        return None if factor is None else cls(scale.suv_type.label, factor, tuple(one.text for one in scale.warnings))

    @property
    def first_window(self) -> Window:
        """Return what is shown at first: SUV 0 to 5."""
        return self.window(DEFAULT_SUV_SCALE)

    def window(self, scale: ValueScale) -> Window:
        """Return the window of stored values that shows uptake values from black to white."""
        low, high = scale.low / self.factor, scale.high / self.factor
        return Window((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT)

    def preset(self, key: str) -> Window | None:
        """Return the window behind a digit from 2 on, None where there is none."""
        at = int(key) - _FIRST_KEY
        return self.window(SUV_SCALES[at]) if 0 <= at < len(SUV_SCALES) else None

    def words(self, window: Window) -> str:
        """Return a window of stored values as ``SUVbw 0–5``."""
        ends = ((window.centre + side * window.width / 2) * self.factor for side in (-1, 1))
        return f"{self.label} " + "\u2013".join(signed(end, 0 if abs(end - round(end)) < 0.005 else 2) for end in ends)

    def carried(self, window: Window, to: Uptake) -> Window:
        """Return the window that shows another series with the same uptake values."""
        ratio = self.factor / to.factor
        return replace(window, centre=window.centre * ratio, width=window.width * ratio)

    def measured(self, image: SliceImage) -> SliceImage:
        """Return an image with uptake values for pixels; only for measuring, not for display."""
        padding = None if image.padding is None else (image.padding[0] * self.factor, image.padding[1] * self.factor)
        pixels = image.pixels.astype(np.float32) * np.float32(self.factor)
        return replace(image, pixels=pixels, padding=padding, unit=UNIT, voi=None, choices=())
