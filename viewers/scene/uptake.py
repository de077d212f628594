"""Uptake values of a PET on screen: its pixels stay as they were stored, what is read off them is told in SUV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from viewers.scene.image import SliceImage
from viewers.scene.overlay import signed
from viewers.scene.raster import VoiFunction, VoiLut, Window
from workstation.domain.colour_map import DEFAULT_SUV_SCALE, SUV_SCALES, ValueScale
from workstation.domain.frames import FrameRef
from workstation.domain.suv import SuvScale, SuvType

_FIRST_KEY = 2


@dataclass(frozen=True, slots=True)
class Uptake:
    """
    ``factor`` turns a value after the modality transform into the uptake value named ``label``.

    ``own`` holds the factors of slices that have one of their own; ``factor`` is then that of the first slice, and
    windows are told in its values.
    """

    label: str
    factor: float
    warnings: tuple[str, ...] = ()
    own: Mapping[FrameRef, float] = field(default_factory=dict)
    unit: str = SuvType.BW.measured_unit
    """The unit of what is measured, as annotations keep it"""

    @classmethod
    def of(cls, scale: SuvScale) -> Uptake | None:
        """Return the uptake of a series, None where its slices have their own factors and do not say which."""
        own: dict[FrameRef, float] = {}
        if scale.factor is None:
            own = dict(zip(scale.places, scale.factors, strict=False))
            if len(own) != len(scale.factors):
                return None
        kind, doubts = scale.suv_type, tuple(one.text for one in scale.warnings)
        return cls(kind.label, scale.factors[0], doubts, own, kind.measured_unit)

    def factor_of(self, image: SliceImage) -> float | None:
        """Return the factor of one image, ``factor`` for a plane cut from a volume; None where none is known."""
        if not self.own or not image.sop_instance_uid:
            return self.factor
        return self.own.get(FrameRef(image.sop_instance_uid, image.frame_number))

    def displayed(self, voi: Window | VoiLut, image: SliceImage) -> Window | VoiLut:
        """Return the window under which one image shows the uptake values that the window stands for."""
        factor = self.factor_of(image)
        if factor is None or factor == self.factor or not isinstance(voi, Window):
            return voi
        ratio = self.factor / factor
        return replace(voi, centre=voi.centre * ratio, width=voi.width * ratio)

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

    def read(self, value: float, unit: str, image: SliceImage | None) -> tuple[float, str]:
        """Return a stored value (of a plane where no image is given) as uptake, as it is where no factor is known."""
        factor = self.factor if image is None else self.factor_of(image)
        return (value, unit) if factor is None else (round(value * factor, 2), self.unit)

    def measured(self, image: SliceImage) -> SliceImage:
        """Return an image with uptake values for pixels; only for measuring, not for display."""
        factor = self.factor_of(image)
        return image if factor is None else image.scaled(factor, self.unit)
