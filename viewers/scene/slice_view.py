"""One image plane laid into one viewport: where patient points fall and which way is left."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from viewers.scene.camera import Camera, PixelTransform
from workstation.domain.geometry import ImagePlane, Point, edge_letters
from workstation.domain.side import patient_orientation

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True)
class SliceView:
    """
    Geometry of one displayed slice; a new one is made for every frame.

    ``size`` is (columns, rows), ``viewport`` (width, height) in logical pixels.
    """

    size: tuple[int, int]
    viewport: tuple[float, float]
    camera: Camera
    plane: ImagePlane | None = None
    aspect: float = 1.0
    patient_orientation: tuple[str, str] | None = None
    transform: PixelTransform = field(init=False)
    inverse: PixelTransform = field(init=False)

    def __post_init__(self) -> None:
        transform = self.camera.transform(self.size, self.pixel_size, self.viewport)
        object.__setattr__(self, "transform", transform)
        object.__setattr__(self, "inverse", transform.inverted())

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Return width and height of one pixel: millimetres with a plane, else relative."""
        return self.plane.spacing_mm if self.plane is not None else (1.0, self.aspect)

    @property
    def px_per_mm(self) -> float | None:
        """Return viewport pixels per millimetre, None without geometry."""
        if self.plane is None:
            return None
        return math.hypot(self.transform.a, self.transform.c) / self.plane.spacing_mm[0]

    @property
    def magnification(self) -> float:
        """Return viewport pixels per image column."""
        return math.hypot(self.transform.a, self.transform.c)

    def viewport_of(self, lps_mm: Point) -> tuple[float, float]:
        """Return the viewport pixel of a patient point's projection on the plane; ValueError without a plane."""
        return self.transform.apply(*self._need_plane().pixel_of(lps_mm))

    def lps_of(self, x: float, y: float) -> Point:
        """Return the patient point under a viewport pixel; ValueError without a plane."""
        return self._need_plane().lps_of(*self.inverse.apply(x, y))

    def pixel_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the image pixel (column, row) under a viewport pixel, None outside the image."""
        column, row = (math.floor(value + 0.5) for value in self.inverse.apply(x, y))
        return (column, row) if 0 <= column < self.size[0] and 0 <= row < self.size[1] else None

    def displayed_directions(self) -> tuple[Point, Point] | None:
        """Return the patient directions that point right and down on the screen, from the displayed matrix."""
        if self.plane is None:
            return None
        rightwards = self._patient_direction(self.inverse.a, self.inverse.c)
        return rightwards, self._patient_direction(self.inverse.b, self.inverse.d)

    def letters(self) -> dict[str, str]:
        """
        Return the orientation letters at ``left``, ``right``, ``top`` and ``bottom``; empty when unknown.

        Source: PS3.3 C.7.6.1.1.1, applied to the matrix on screen, never to tags after a flip.
        """
        directions = self.displayed_directions()
        if directions is not None:
            return edge_letters(*directions)
        named = patient_orientation(self.patient_orientation or ())
        return {} if named is None else self._letters_from_patient_orientation(*named)

    def _letters_from_patient_orientation(self, along_row: str, along_column: str) -> dict[str, str]:
        m = self.transform
        size = self.magnification
        # a letter pair names the row and the column direction only: between quarter turns nothing is known
        if min(abs(m.a), abs(m.c)) > 1e-6 * size:
            return {}
        if abs(m.a) > abs(m.c):
            right, down = _signed(along_row, m.a), _signed(along_column, m.d)
        else:
            right, down = _signed(along_column, m.b), _signed(along_row, m.c)
        return {"left": _opposite(right), "right": right, "top": _opposite(down), "bottom": down}

    def _patient_direction(self, columns: float, rows: float) -> Point:
        plane = self._need_plane()
        along, across = columns * plane.spacing_mm[0], rows * plane.spacing_mm[1]
        length = math.hypot(along, across)
        x, y, z = (
            (along * right + across * down) / length for right, down in zip(plane.right, plane.down, strict=True)
        )
        return x, y, z

    def _need_plane(self) -> ImagePlane:
        if self.plane is None:
            raise ValueError("this image has no place in the patient")
        return self.plane


def _signed(letters: str, sign: float) -> str:
    return letters if sign > 0 else _opposite(letters)


def _opposite(letters: str) -> str:
    return "".join(_OPPOSITE[letter] for letter in letters)
