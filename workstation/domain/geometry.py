"""Patient-space geometry of image planes; plain numpy, patient millimetres (LPS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Point = tuple[float, float, float]
"""A point or direction in DICOM patient coordinates (L, P, S), millimetres for points."""

_POSITIVE = ("L", "P", "H")
_NEGATIVE = ("R", "A", "F")
_LETTER_THRESHOLD = 1e-4
_PARALLEL = 1e-3
"""Largest difference of the direction cosines of parallel planes, about 0.06 degrees; what is written is rounded"""


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """
    Where one displayed or stored 2D image lies in the patient.

    ``origin`` is the centre of pixel (column 0, row 0). ``right`` is the unit direction of
    growing column index, ``down`` of growing row index. ``spacing_mm`` is (between columns,
    between rows), that is (Pixel Spacing[1], Pixel Spacing[0]).
    Source: PS3.3 C.7.6.2.1.1.
    """

    origin: Point
    right: Point
    down: Point
    spacing_mm: tuple[float, float]

    def __post_init__(self) -> None:
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"spacing_mm must be positive, got {self.spacing_mm}")

    @property
    def normal(self) -> Point:
        """Return ``right x down``, the unit direction away from the viewer of a standard axial image."""
        (a, b, c), (d, e, f) = self.right, self.down
        return b * f - c * e, c * d - a * f, a * e - b * d

    def faces_as(self, other: ImagePlane) -> bool:
        """Tell whether two planes are parallel, within about 0.06 degrees; which side is in front does not count."""
        if self.right == other.right and self.down == other.down:
            return True
        one, two = self.normal, other.normal
        side = 1.0 if _dot(one, two) > 0 else -1.0
        return all(abs(a - side * b) <= _PARALLEL for a, b in zip(one, two, strict=True))

    def lps_of(self, column: float, row: float) -> Point:
        """Return the patient point of a (fractional) pixel index."""
        along, across = column * self.spacing_mm[0], row * self.spacing_mm[1]
        (x, y, z), (a, b, c), (d, e, f) = self.origin, self.right, self.down
        return x + along * a + across * d, y + along * b + across * e, z + along * c + across * f

    def pixel_of(self, lps_mm: Point) -> tuple[float, float]:
        """Return the (column, row) of the point's orthogonal projection on this plane."""
        offset = _difference(lps_mm, self.origin)
        return _dot(offset, self.right) / self.spacing_mm[0], _dot(offset, self.down) / self.spacing_mm[1]

    def distance_mm(self, lps_mm: Point) -> float:
        """Return the signed distance of a point from this plane along ``normal``."""
        return _dot(_difference(lps_mm, self.origin), self.normal)


def direction_letters(direction: Point) -> str:
    """
    Name a patient direction by the letters L R A P H F, strongest component first.

    Source: PS3.3 C.7.6.1.1.1; components below 1e-4 are dropped.
    """
    order = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join(
        _POSITIVE[axis] if direction[axis] > 0 else _NEGATIVE[axis]
        for axis in order
        if abs(direction[axis]) > _LETTER_THRESHOLD
    )


def edge_letters(right: Point, down: Point) -> dict[str, str]:
    """Return the letters at the ``left``, ``right``, ``top`` and ``bottom`` edge of a displayed image."""
    return {
        "left": direction_letters(_negated(right)),
        "right": direction_letters(right),
        "top": direction_letters(_negated(down)),
        "bottom": direction_letters(down),
    }


def plane_name(normal: Point, *, threshold: float = 0.8) -> str:
    """
    Return ``axial``, ``sagittal``, ``coronal`` or ``oblique`` for a plane's normal.

    The 0.8 threshold is a viewer convention (Weasis); the standard sets none.
    """
    strongest = max(range(3), key=lambda axis: abs(normal[axis]))
    if abs(normal[strongest]) <= threshold:
        return "oblique"
    return ("sagittal", "coronal", "axial")[strongest]


def distance_mm(first: Point, second: Point) -> float:
    """Return the distance of two patient points in millimetres."""
    return float(np.linalg.norm(np.subtract(first, second)))


def affine(
    origin: Point, right: Point, down: Point, step: Point, spacing_mm: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """
    Build the 4 x 4 matrix from (column, row, slice) indices to LPS millimetres.

    ``step`` is the full vector from one slice to the next; it need not be along the normal.
    """
    matrix = np.eye(4)
    matrix[:3, 0] = np.multiply(right, spacing_mm[0])
    matrix[:3, 1] = np.multiply(down, spacing_mm[1])
    matrix[:3, 2] = step
    matrix[:3, 3] = origin
    return matrix


def _difference(first: Point, second: Point) -> Point:
    return first[0] - second[0], first[1] - second[1], first[2] - second[2]


def _dot(first: Point, second: Point) -> float:
    # plain floats: numpy takes ten times as long for three numbers, and this runs in every frame
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


def _negated(direction: Point) -> Point:
    return -direction[0], -direction[1], -direction[2]
