"""Image looks: how a reader saw the images on which something was drawn or marked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.key_image import KeyImage


class ShutterKind(StrEnum):
    """Shutter Shape (0018,1600)."""

    RECTANGULAR = "RECTANGULAR"
    CIRCULAR = "CIRCULAR"
    POLYGONAL = "POLYGONAL"


@dataclass(frozen=True, slots=True)
class ShutterOutline:
    """
    One shape of a display shutter, counted from 1 as the standard does.

    ``numbers`` are left, right, upper and lower edge; or row and column of the centre and the radius;
    or row and column of each vertex. Source: PS3.3 C.7.6.11.
    """

    kind: ShutterKind
    numbers: tuple[int, ...]

    def __post_init__(self) -> None:
        wanted = {ShutterKind.RECTANGULAR: 4, ShutterKind.CIRCULAR: 3}.get(self.kind)
        count = len(self.numbers)
        if count != wanted if wanted is not None else count < 6 or count % 2:
            raise ValueError(f"a {self.kind} shutter does not have {count} numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLook:
    """
    How one grayscale frame was shown.

    ``window_centre`` and ``window_width`` are in modality values, which are ``slope * stored +
    intercept`` in ``unit``. ``inverse`` says that high values were dark, whatever the reason.
    ``zoom`` 1 fits the image into a ``viewport`` of (width, height); ``pan`` is in its pixels; the
    image is mirrored left to right where ``flipped``, then turned clockwise. ``top_left`` and
    ``bottom_right`` are the (column, row) under the viewport's corners, pixel centres at integers.
    ``pixel_size`` is (between columns, between rows), millimetres where ``is_spaced``, else a ratio.
    """

    image: KeyImage
    window_centre: float
    window_width: float
    window_function: str = "LINEAR"
    inverse: bool = False
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0
    flipped: bool = False
    viewport: tuple[float, float] = (1.0, 1.0)
    top_left: tuple[float, float] = (0.0, 0.0)
    bottom_right: tuple[float, float] = (0.0, 0.0)
    pixel_size: tuple[float, float] = (1.0, 1.0)
    is_spaced: bool = False
    shutter: tuple[ShutterOutline, ...] = ()
    shutter_gray: int = 0

    def __post_init__(self) -> None:
        numbers = (
            self.window_centre, self.window_width, self.slope, self.intercept, self.zoom, self.rotation_deg,
            *self.pan, *self.viewport, *self.top_left, *self.bottom_right, *self.pixel_size,
        )  # fmt: skip
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a look has finite numbers")
        if min(self.window_width, self.zoom, *self.viewport, *self.pixel_size) <= 0:
            raise ValueError("window, zoom, viewport and pixels have a size")
