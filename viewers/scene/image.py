"""One decoded two-dimensional image as the viewers take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from viewers.scene.overlay_bits import OverlayBits
from viewers.scene.raster import VoiLut, Window
from viewers.scene.value_ranges import extent, percentile_range, window_over
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.overlays import OverlayPlane
from workstation.domain.geometry import ImagePlane
from workstation.domain.image_look import ShutterOutline
from workstation.domain.pixel_size import PixelSize
from workstation.domain.side import SideDoubt

_LARGE: Final = 1 << 20
"""Values of this many pixels are looked through in about 5 ms where they are of 16 bits, in 20 where they are not"""


@dataclass(frozen=True, eq=False)
class VoiChoice:
    """One of the windows or VOI LUTs that an image brings, with the maker's words for it."""

    voi: Window | VoiLut
    explanation: str = ""


@dataclass(frozen=True, eq=False)
class SliceImage:
    """
    Pixels of one frame with what display and measurement need.

    ``pixels`` is ``[row, column]`` after the modality transform, or ``[row, column, 3]`` uint8
    RGB. ``padding`` is an inclusive range in the same values, ``stored_padding`` that of the values as stored.
    ``plane`` is None without usable geometry; ``aspect`` (height over width of one pixel) then shapes the display.
    ``patient_orientation`` holds the letters of Patient Orientation (0020,0020) for images that
    have no plane; ``side_doubts`` say why only a burned-in marker may tell the side. ``lossy_ratio`` is the
    compression ratio of an irreversible image, ``lossy_method`` what did it, like ``JPEG``.
    ``choices`` are all windows and VOI LUTs of the image, ``voi`` the first of them. ``graphics``
    (the modality's overlays) and ``visible`` (False under a shutter, which shows as ``shutter_gray``)
    are ``[row, column]``; ``shutter`` are the shapes that make it. ``rescale`` is the slope and intercept that
    made the pixels, None where ``modality_table`` did. ``pixel_size`` says what a pixel measures where there is no
    plane, ``calibrated`` the same for the regions of an ultrasound picture, beside which nothing is measured in mm.
    ``overlay_groups`` are the groups (60xx) that ``graphics`` are of, ``overlays`` each of them where they are several.
    ``burned_in`` tells whether the pixels carry the patient's name, None where nobody knows. ``is_early`` is an image
    that was checked by no digest yet: it is looked at while its object is on the way, and nothing else.
    ``stored_range`` is the lowest and highest value that may be stored for such an image, before any transform; None
    where nothing says so.
    """

    pixels: npt.NDArray[Any]
    plane: ImagePlane | None = None
    sop_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    monochrome1: bool = False
    padding: tuple[float, float] | None = None
    voi: Window | VoiLut | None = None
    unit: str = ""
    aspect: float = 1.0
    patient_orientation: tuple[str, str] | None = None
    side_doubts: tuple[SideDoubt, ...] = ()
    lossy_ratio: float | None = None
    choices: tuple[VoiChoice, ...] = ()
    graphics: npt.NDArray[np.bool_] | None = None
    visible: npt.NDArray[np.bool_] | None = None
    shutter_gray: int = 0
    pixel_size: PixelSize | None = None
    frame_number: int = 1
    shutter: tuple[ShutterOutline, ...] = ()
    rescale: tuple[float, float] | None = (1.0, 0.0)
    modality_table: LookupTable | None = None
    overlay_groups: tuple[int, ...] = ()
    overlays: tuple[OverlayPlane, ...] = ()
    calibrated: tuple[PixelSize, ...] = ()
    burned_in: bool | None = None
    lossy_method: str = ""
    is_early: bool = False
    stored_range: tuple[int, int] | None = None
    stored_padding: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        is_color = self.pixels.ndim == 3 and self.pixels.shape[2] == 3 and self.pixels.dtype == np.uint8
        if self.pixels.ndim != 2 and not is_color:
            raise ValueError(f"pixels must be [row, column] or uint8 RGB, got {self.pixels.dtype} {self.pixels.shape}")
        if self.aspect <= 0:
            raise ValueError(f"aspect must be positive, got {self.aspect}")

    @property
    def is_color(self) -> bool:
        """Tell whether the pixels are RGB and pass without windowing."""
        return self.pixels.ndim == 3

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Return the number of columns."""
        return int(self.pixels.shape[1])

    @property
    def full_scale(self) -> tuple[float, float] | None:
        """Return the lowest and highest value that such an image can have, None where nothing says so."""
        if self.modality_table is not None:
            return 0.0, float(2**self.modality_table.bits - 1)
        if self.stored_range is None or self.rescale is None:
            return None
        slope, intercept = self.rescale
        ends = [value * slope + intercept for value in self.stored_range]
        return min(ends), max(ends)

    @cached_property
    def default_voi(self) -> Window | VoiLut:
        """Return the image's own VOI, or the 1st to 99th percentile where it brings none."""
        if self.voi is not None:
            return self.voi
        return Window(centre=128, width=256) if self.is_color else percentile_range(self.pixels, self.padding)

    @cached_property
    def full_window(self) -> Window | None:
        """Return the window over all values that are not padding, None for colours."""
        return None if self.is_color else window_over(self.pixels, self.value_range, self.padding)

    @cached_property
    def overlay_bits(self) -> OverlayBits | None:
        """Return where the overlays are drawn, None without any."""
        return None if self.graphics is None else OverlayBits(self.graphics)

    def prepared(self) -> Self:
        """
        Return the same image with its windows and the places of its overlays worked out, for the thread that made it.

        Fourteen million values of a film are too many for a turn of the window; those of small images are not.
        """
        if self.rows * self.columns >= _LARGE:
            _ = self.overlay_bits
        if self.pixels.size >= _LARGE and not self.is_color:
            _ = self.default_voi, self.value_range, self.full_window
        return self

    @cached_property
    def value_range(self) -> tuple[float, float] | None:
        """Return the lowest and the highest value that is neither padding nor no number; None without any."""
        return extent(self.pixels, self.padding)

    def scaled(self, factor: float, unit: str) -> SliceImage:
        """Return the image with its values times a factor; only for measuring, not for display."""
        pixels = self.pixels.astype(np.float32) * np.float32(factor)
        return replace(self, pixels=pixels, padding=self._padding_times(factor), unit=unit, voi=None, choices=())

    def part(self, rows: slice, columns: slice) -> npt.NDArray[Any]:
        """Return the values of a box of pixels, for measuring."""
        return self.pixels[rows, columns]

    def _padding_times(self, factor: float) -> tuple[float, float] | None:
        """Return the padding times a factor, rounded as the pixels are: else none of them would be padding."""
        if self.padding is None:
            return None
        low, high = (float(np.float32(end) * np.float32(factor)) for end in self.padding)
        return min(low, high), max(low, high)
