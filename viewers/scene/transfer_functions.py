"""What becomes visible in a volume rendering, and how: presets as data, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from resources.translation import tr
from viewers.scene.raster import Window

Color = tuple[float, float, float]
"""Red, green, blue from 0 to 1."""

SHIFT_STEP: Final = 25.0
"""One step of the keys ``[`` and ``]``, in units of the voxels."""


class VolumePreset(StrEnum):
    """Renderings of a volume; all but the projection need Hounsfield units."""

    BONE = "bone"
    VESSELS = "vessels"
    SKIN = "skin"
    LUNG = "lung"
    MIP = "mip"


@dataclass(frozen=True, slots=True)
class TransferFunction:
    """
    Opacity per millimetre and colour by voxel value; between the points both run straight.

    ``is_projection`` shows the highest value along each ray instead of light and shade;
    ``is_shaded`` lights surfaces.
    ``rationale`` tells why the points lie where they do.
    """

    opacity: tuple[tuple[float, float], ...]
    color: tuple[tuple[float, Color], ...]
    rationale: str
    is_projection: bool = False
    is_shaded: bool = True

    def __post_init__(self) -> None:
        for points in (self.opacity, self.color):
            values = [point[0] for point in points]
            if len(values) < 2 or values != sorted(set(values)):
                raise ValueError(f"points must ascend, got {values}")
        if any(not 0 <= opacity <= 1 for _, opacity in self.opacity):
            raise ValueError(f"opacity must lie in 0 to 1, got {self.opacity}")

    @property
    def background(self) -> Color:
        """Return what is seen beside the volume: what a projection shows where there is nothing, else black."""
        return self.color[0][1] if self.is_projection else (0.0, 0.0, 0.0)

    def shifted(self, by: float) -> TransferFunction:
        """Return the function with its thresholds moved up by a value."""
        return replace(
            self,
            opacity=tuple((value + by, opacity) for value, opacity in self.opacity),
            color=tuple((value + by, color) for value, color in self.color),
        )


TRANSFER_FUNCTIONS: Final[Mapping[VolumePreset, TransferFunction]] = MappingProxyType(
    {
        VolumePreset.BONE: TransferFunction(
            opacity=((160.0, 0.0), (260.0, 0.25), (600.0, 0.7), (3000.0, 0.95)),
            color=((160.0, (0.62, 0.38, 0.26)), (320.0, (0.90, 0.78, 0.60)), (900.0, (1.0, 0.97, 0.92))),
            rationale="Spongy bone begins near 150 HU, compact bone lies above 700 HU; enhanced blood below 300 HU "
            "stays thin so that it does not hide ribs.",
        ),
        VolumePreset.VESSELS: TransferFunction(
            opacity=((130.0, 0.0), (200.0, 0.35), (450.0, 0.75), (700.0, 0.25), (3000.0, 0.3)),
            color=((130.0, (0.45, 0.08, 0.06)), (260.0, (0.85, 0.22, 0.16)), (650.0, (0.98, 0.86, 0.72))),
            rationale="Enhanced blood lies between 150 and 500 HU, unenhanced blood (40 HU) and muscle (60 HU) below; "
            "compact bone is thinned and paled so that vessels in front of it are told apart.",
        ),
        VolumePreset.SKIN: TransferFunction(
            opacity=((-350.0, 0.0), (-150.0, 0.5), (50.0, 0.85), (3000.0, 0.95)),
            color=((-350.0, (0.72, 0.48, 0.38)), (0.0, (0.93, 0.73, 0.62)), (300.0, (1.0, 0.92, 0.84))),
            rationale="The surface between air (-1000 HU) and fat or skin (-100 to 50 HU) crosses -300 HU; the couch's "
            "foam lies below it.",
        ),
        VolumePreset.LUNG: TransferFunction(
            opacity=((-965.0, 0.0), (-910.0, 0.012), (-780.0, 0.03), (-600.0, 0.012), (-450.0, 0.0), (3000.0, 0.0)),
            color=((-965.0, (0.10, 0.20, 0.34)), (-850.0, (0.36, 0.58, 0.78)), (-600.0, (0.96, 0.94, 0.88))),
            rationale="Aerated lung lies between -950 and -700 HU and fills decimetres, the rim between air and skin "
            "passes through the same values in a millimetre: a thin veil without light shows the one and not the "
            "other. Emphysema is darker, denser lung brighter; vessels and chest wall are left out.",
            is_shaded=False,
        ),
        VolumePreset.MIP: TransferFunction(
            opacity=((0.0, 1.0), (1.0, 1.0)),
            color=((0.0, (0.0, 0.0, 0.0)), (1.0, (1.0, 1.0, 1.0))),
            rationale="The window itself: its lower end is black, its upper end white.",
            is_projection=True,
            is_shaded=False,
        ),
    }
)


def presets_for(unit: str) -> tuple[VolumePreset, ...]:
    """Return the presets that make sense for a unit: thresholds in Hounsfield units only for those."""
    return tuple(VolumePreset) if unit == "HU" else (VolumePreset.MIP,)


def transfer_function(preset: VolumePreset, shift: float, window: Window, *, inverse: bool = False) -> TransferFunction:
    """
    Return what a preset shows: thresholds moved by ``shift``, a projection through the window.

    ``inverse`` shows a projection dark on light, as a PET is read; surfaces have no such thing.
    """
    function = TRANSFER_FUNCTIONS[preset]
    if not function.is_projection:
        return function.shifted(shift)
    low, high = window.centre - window.width / 2, window.centre + window.width / 2
    first, last = ((1.0,) * 3, (0.0,) * 3) if inverse else ((0.0,) * 3, (1.0,) * 3)
    return replace(function, opacity=((low, 1.0), (high, 1.0)), color=((low, first), (high, last)))


def preset_title(preset: VolumePreset) -> str:
    """Return the translated name of a preset."""
    titles = {
        VolumePreset.BONE: tr("Bones"),
        VolumePreset.VESSELS: tr("Vessels"),
        VolumePreset.SKIN: tr("Skin"),
        VolumePreset.LUNG: tr("Lungs"),
        VolumePreset.MIP: tr("MIP"),
    }
    return titles[preset]
