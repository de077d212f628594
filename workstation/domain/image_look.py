"""Image looks: how a reader saw the images on which something was drawn or marked."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from workstation.domain.key_image import KeyImage

_MOST_ENTRIES: Final = 65536


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


@dataclass(frozen=True, slots=True)
class DisplayTable:
    """
    A lookup table small enough for a draft: input ``first + k`` gives entry ``k``, inputs beyond its ends those.

    ``bits`` are those of an entry. ``packed`` holds the differences of neighbours, deflated, as Base64: the
    curves of real machines rise in small steps. Source: PS3.3 C.11.1, C.11.2.
    """

    first: int
    bits: int
    packed: str

    @classmethod
    def of(cls, first: int, bits: int, entries: npt.NDArray[np.uint16]) -> Self:
        """Return a table of entries ``[k]``."""
        steps = np.diff(entries.astype("<u2"), prepend=np.zeros(1, dtype="<u2"))  # modulo 65536, as the sum below
        return cls(first, bits, base64.b64encode(zlib.compress(steps.tobytes())).decode())

    @property
    def entries(self) -> npt.NDArray[np.uint16]:
        """Return the entries ``[k]``."""
        steps = np.frombuffer(_unpacked(self.packed), dtype="<u2")
        return np.cumsum(steps, dtype=np.uint16)

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 16 or not -32768 <= self.first <= 65535:
            raise ValueError("a table maps 16-bit values to at most 16 bits")
        size = len(_unpacked(self.packed))
        if size % 2 or not 2 <= size <= 2 * _MOST_ENTRIES:
            raise ValueError(f"a table has 1 to {_MOST_ENTRIES} entries")


def _unpacked(packed: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), 2 * _MOST_ENTRIES + 2)
    except zlib.error as exc:
        raise ValueError("the entries of a table are damaged") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLook:
    """
    How one frame was shown.

    ``window_centre`` and ``window_width`` are in modality values, which are ``slope * stored +
    intercept`` in ``unit``, or what ``modality_table`` gives. ``voi_table`` takes the place of the window, which
    is its span then. A frame in colour has neither. ``inverse`` says that high values were dark, whatever the
    reason. ``overlay_groups`` are the modality's own graphics (60xx) that were seen over the image.
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
    modality_table: DisplayTable | None = None
    voi_table: DisplayTable | None = None
    is_colour: bool = False
    overlay_groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        numbers = (
            self.window_centre, self.window_width, self.slope, self.intercept, self.zoom, self.rotation_deg,
            *self.pan, *self.viewport, *self.top_left, *self.bottom_right, *self.pixel_size,
        )  # fmt: skip
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a look has finite numbers")
        if min(self.window_width, self.zoom, *self.viewport, *self.pixel_size) <= 0:
            raise ValueError("window, zoom, viewport and pixels have a size")
        if self.is_colour and (self.modality_table is not None or self.voi_table is not None or self.inverse):
            raise ValueError("colours go through no table and no inversion")
