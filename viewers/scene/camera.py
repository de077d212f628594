"""Zoom, pan, rotation and flip of a two-dimensional view, and the matrix they make."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LEAST_ZOOM = 0.1
_ZOOM_LIMITS = (LEAST_ZOOM, 40.0)


@dataclass(frozen=True, slots=True)
class PixelTransform:
    """
    Affine map from image pixel ``(column, row)`` to viewport pixel ``(x, y)``.

    Image pixel centres lie at integers; the viewport's first pixel covers 0 to 1.
    ``x = a * column + b * row + tx`` and ``y = c * column + d * row + ty``.
    """

    a: float
    b: float
    c: float
    d: float
    tx: float
    ty: float

    def apply(self, column: float, row: float) -> tuple[float, float]:
        """Map an image pixel to the viewport."""
        return self.a * column + self.b * row + self.tx, self.c * column + self.d * row + self.ty

    def inverted(self) -> PixelTransform:
        """Return the map from viewport pixel to image pixel."""
        determinant = self.a * self.d - self.b * self.c
        a, b, c, d = self.d / determinant, -self.b / determinant, -self.c / determinant, self.a / determinant
        return PixelTransform(a, b, c, d, -(a * self.tx + b * self.ty), -(c * self.tx + d * self.ty))

    def scaled(self, ratio: float) -> PixelTransform:
        """Return the map to viewport pixels that are ``ratio`` times finer (device pixels)."""
        return PixelTransform(*(value * ratio for value in (self.a, self.b, self.c, self.d, self.tx, self.ty)))


@dataclass(frozen=True, slots=True)
class Camera:
    """
    How an image is laid into its viewport.

    ``zoom`` 1 fits the image. ``pan`` moves it by viewport pixels. The image is first mirrored
    left to right when ``flipped``, then turned clockwise by ``rotation_deg``.
    """

    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0
    flipped: bool = False

    def __post_init__(self) -> None:
        if not _ZOOM_LIMITS[0] <= self.zoom <= _ZOOM_LIMITS[1]:
            raise ValueError(f"zoom {self.zoom} is outside {_ZOOM_LIMITS}")

    def panned(self, dx: float, dy: float) -> Camera:
        """Return the camera moved by viewport pixels."""
        return replace(self, pan=(self.pan[0] + dx, self.pan[1] + dy))

    def zoomed(self, factor: float, *, from_centre: tuple[float, float] = (0.0, 0.0)) -> Camera:
        """Return the camera zoomed about a viewport point given relative to the viewport's centre."""
        zoom = min(max(self.zoom * factor, _ZOOM_LIMITS[0]), _ZOOM_LIMITS[1])
        ratio = zoom / self.zoom
        x = from_centre[0] + (self.pan[0] - from_centre[0]) * ratio
        y = from_centre[1] + (self.pan[1] - from_centre[1]) * ratio
        return replace(self, zoom=zoom, pan=(x, y))

    def rotated(self, degrees: float) -> Camera:
        """Return the camera with the displayed picture turned clockwise."""
        return replace(self, rotation_deg=(self.rotation_deg + degrees) % 360.0)

    def flipped_horizontally(self) -> Camera:
        """Return the camera with the displayed picture mirrored left to right."""
        return replace(self, flipped=not self.flipped, rotation_deg=-self.rotation_deg % 360.0)

    def flipped_vertically(self) -> Camera:
        """Return the camera with the displayed picture mirrored top to bottom."""
        return self.flipped_horizontally().rotated(180.0)

    def transform(
        self, size: tuple[int, int], pixel_size: tuple[float, float], viewport: tuple[float, float]
    ) -> PixelTransform:
        """
        Return the matrix for an image of ``(columns, rows)`` in a viewport of ``(width, height)``.

        ``pixel_size`` is the physical (or relative) width and height of one pixel, so that
        unequal spacing is shown undistorted.
        """
        cos, sin = _turn(self.rotation_deg)
        width, height = size[0] * pixel_size[0], size[1] * pixel_size[1]
        boxed = abs(cos) * width + abs(sin) * height, abs(sin) * width + abs(cos) * height
        scale = self.zoom * min(viewport[0] / boxed[0], viewport[1] / boxed[1])
        mirror = -1.0 if self.flipped else 1.0
        a, b = cos * mirror * pixel_size[0] * scale, -sin * pixel_size[1] * scale
        c, d = sin * mirror * pixel_size[0] * scale, cos * pixel_size[1] * scale
        column, row = (size[0] - 1) / 2, (size[1] - 1) / 2
        x, y = viewport[0] / 2 + self.pan[0], viewport[1] / 2 + self.pan[1]
        return PixelTransform(a, b, c, d, x - a * column - b * row, y - c * column - d * row)


def _turn(degrees: float) -> tuple[float, float]:
    """Return cosine and sine, exact at quarter turns so that those stay on the fast path."""
    quarters, rest = divmod(degrees % 360.0, 90.0)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters)]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
