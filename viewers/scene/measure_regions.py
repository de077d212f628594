"""
The pixels inside drawn regions, their statistics and their histogram.

Left out is what is no measured value: padding, what is no number, and what a shutter hides: the image's own, or that of
the presentation state that it is shown by. The standard speaks of a shutter for display only (PS3.3 C.7.6.11); here no
number is told of pixels that the reader does not see, collimator blades most often. Areas and perimeters are those that
were drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable, has_value
from workstation.domain import outline
from workstation.domain.annotation import PixelPoint, Statistics
from workstation.domain.geometry import ImagePlane, Point, distance_mm
from workstation.domain.volume import Volume

FloatArray = npt.NDArray[np.float64]
PERCENTILES: Final = (5, 25, 50, 75, 95)
MOST_BINS: Final = 50
AT_ONCE_VOXELS: Final = 200_000
"""A sphere of so many voxels is read in about 5 ms on a core of 2020"""
AT_ONCE_PIXELS: Final = 1_000_000
"""The box of a region of so many pixels is read in about 6 ms on a core of 2020; a whole mammogram in 60"""
_RIM = 1e-9
"""A hair of slack keeps pixels that lie exactly on the rim in, whatever the rounding."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of pixel values in bins of one width; bin ``n`` begins at ``first + n * bin_width``."""

    first: float
    bin_width: float
    counts: tuple[int, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values inside a region: numbers, counts, and pairs of a percentile with its value."""

    statistics: Statistics
    histogram: Histogram
    percentiles: tuple[tuple[int, float], ...]


def pixel_outline(plane: ImagePlane, points: Sequence[Point]) -> FloatArray:
    """Return points as (column, row) on a plane, projected at right angles."""
    return np.array([plane.pixel_of(point) for point in points], dtype=np.float64)


def in_polygon(image: SliceImage, plane: ImagePlane, points: Sequence[Point]) -> FloatArray:
    """Return the values of the pixels whose centres lie in a polygon, as far as they are seen and a number."""
    ring = pixel_outline(plane, points)
    x, y, box = _box(image, ring.min(axis=0), ring.max(axis=0))
    # towards the middle by a hair: centres on the rim count on every side, not on two of four
    middle = ring.mean(axis=0)
    inside = outline.inside_grid(middle + (ring - middle) * (1 + _RIM), x.astype(np.float64), y.astype(np.float64))
    return _kept(box, inside, image, x, y)


def in_ellipse(image: SliceImage, plane: ImagePlane, points: Sequence[Point]) -> FloatArray:
    """Return the values of the pixels whose centres lie in an ellipse given by centre and two semi-axis ends."""
    centre, first, second = pixel_outline(plane, points)
    spacing = np.array(plane.spacing_mm)
    axes = np.array([(first - centre) * spacing, (second - centre) * spacing])
    squares = (axes**2).sum(axis=1)
    if squares.min() == 0:
        return np.empty(0)
    # half extents of an ellipse with semi-axes u, v are sqrt(u^2 + v^2) per coordinate
    reach = np.sqrt((axes**2).sum(axis=0)) / spacing
    x, y, box = _box(image, centre - reach - _RIM, centre + reach + _RIM)
    # at every move of the pointer: (way along u)^2 + (way along v)^2 multiplied out, so that few arrays are as large
    # as the box
    u, v = axes / squares[:, None]
    away_x, away_y = (x - centre[0]) * spacing[0], (y - centre[1]) * spacing[1]
    squared = ((u[0] ** 2 + v[0] ** 2) * away_x**2) + ((u[1] ** 2 + v[1] ** 2) * away_y**2)[:, None]
    mixed = 2 * (u[0] * u[1] + v[0] * v[1])
    if mixed:
        squared += np.multiply.outer(mixed * away_y, away_x)
    return _kept(box, squared <= 1 + _RIM, image, x, y)


def ellipse_extremes(
    centre: PixelPoint, first: PixelPoint, second: PixelPoint
) -> tuple[PixelPoint, PixelPoint, PixelPoint, PixelPoint]:
    """Return the left, right, upper and lower (column, row) of an ellipse with two semi-axis ends, however turned."""
    middle = np.array(centre)
    axes = np.array([first, second]) - middle
    reach = np.maximum(np.linalg.norm(axes, axis=0), _RIM)
    # the point of the rim that lies farthest along a coordinate
    across, down = (axes * (axes[:, at] / reach[at])[:, None] for at in (0, 1))
    ways = [sign * way.sum(axis=0) for way in (across, down) for sign in (-1.0, 1.0)]
    left, right, top, bottom = ((float(x), float(y)) for x, y in (middle + way for way in ways))
    return left, right, top, bottom


def in_sphere(volume: Volume, centre: Point, surface: Point) -> FloatArray:
    """Return the values of the voxels whose centres lie in a sphere, whatever the grid's spacing and turn."""
    radius = distance_mm(centre, surface)
    inverse = np.linalg.inv(volume.ijk_to_lps)
    middle = volume.ijk_of(centre)
    # the extent of a ball along an index axis is the length of that row of the inverse
    reach = radius * np.linalg.norm(inverse[:3, :3], axis=1)
    last = np.array(volume.voxels.shape[::-1]) - 1
    low = np.clip(np.ceil(middle - reach - _RIM), 0, last + 1).astype(np.int64)
    high = np.clip(np.floor(middle + reach + _RIM), -1, last).astype(np.int64)
    box = volume.voxels[low[2] : high[2] + 1, low[1] : high[1] + 1, low[0] : high[0] + 1]
    # at every move of the pointer: no array but the distance is as large as the box
    x, y, z = (np.arange(a, b + 1) - at for a, b, at in zip(low, high, middle, strict=True))
    z, y, x = np.ix_(z, y, x)
    squared = sum((a * x + b * y + c * z) ** 2 for a, b, c in volume.ijk_to_lps[:3, :3].tolist())
    inside = box[squared <= radius**2 * (1 + _RIM)]
    return np.asarray(inside[has_value(inside, volume.padding)], dtype=np.float64)


def is_large_sphere(volume: Volume, centre: Point, surface: Point) -> bool:
    """Tell whether the voxels of a sphere take longer to read than a turn of the window has."""
    voxel_mm3 = abs(float(np.linalg.det(volume.ijk_to_lps[:3, :3])))
    voxels = 4 / 3 * math.pi * distance_mm(centre, surface) ** 3 / voxel_mm3
    return min(voxels, volume.voxels.size) > AT_ONCE_VOXELS


def is_large_region(image: SliceImage, plane: ImagePlane, points: Sequence[Point], *, is_ellipse: bool) -> bool:
    """Tell whether the pixels of a region take longer to read than a turn of the window has."""
    ring = pixel_outline(plane, points)
    if is_ellipse:  # a centre and the ends of both semi-axes: the other ends lie opposite
        ring = np.concatenate([ring[1:], 2 * ring[0] - ring[1:]])
    low = np.clip(ring.min(axis=0), 0, (image.columns, image.rows))
    high = np.clip(ring.max(axis=0), 0, (image.columns, image.rows))
    return bool(np.prod(high - low) > AT_ONCE_PIXELS)


def statistics(values: FloatArray, unit: str) -> Statistics:
    """Return the statistics of at least one value. Raises NotMeasurable for none."""
    if values.size == 0:
        raise NotMeasurable(tr("No pixel lies inside the region."), hint=tr("Draw a larger region."))
    return Statistics(
        mean=float(values.mean()),
        standard_deviation=float(values.std()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        count=int(values.size),
        unit=unit,
    )


def histogram(values: FloatArray, unit: str, *, bin_width: float = 10.0) -> Histogram:
    """Return how often values occur, in bins that begin at multiples of their width."""
    if bin_width <= 0:
        raise ValueError(f"bin_width must be positive, got {bin_width}")
    if values.size == 0:
        raise NotMeasurable(tr("No pixel lies inside the region."), hint=tr("Draw a larger region."))
    bins = np.floor(values / bin_width).astype(np.int64)
    first = int(bins.min())
    return Histogram(first * bin_width, bin_width, tuple(np.bincount(bins - first).tolist()), unit)


def distribution(values: FloatArray, unit: str) -> Distribution:
    """
    Return what the panel of a region shows, its numbers from ``statistics``; bins have a round width.

    Percentiles lie between two values where they must. Raises NotMeasurable for no value.
    """
    found = statistics(values, unit)
    told = np.percentile(values, PERCENTILES).tolist()
    counted = histogram(values, unit, bin_width=round_bin_width(values))
    return Distribution(found, counted, tuple(zip(PERCENTILES, told, strict=True)))


def round_bin_width(values: FloatArray) -> float:
    """Return 1, 2 or 5 times a power of ten, so that at most 50 bins hold the values; at least 1 for whole numbers."""
    reach = float(values.max() - values.min())
    is_whole = bool((values == np.rint(values)).all())
    least = max(reach / (MOST_BINS - 2), 1.0 if is_whole else 0.0)  # the first and the last bin begin outside
    if least == 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - _RIM))


def _box(
    image: SliceImage, low: FloatArray, high: FloatArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Return the columns and rows of the image between two (column, row) corners, and their pixels."""
    x = np.arange(max(0, math.ceil(low[0] - _RIM)), min(image.columns - 1, math.floor(high[0] + _RIM)) + 1)
    y = np.arange(max(0, math.ceil(low[1] - _RIM)), min(image.rows - 1, math.floor(high[1] + _RIM)) + 1)
    if x.size == 0 or y.size == 0:
        return x, y, image.pixels[:0, :0].reshape(y.size, x.size, *image.pixels.shape[2:])
    return x, y, image.part(slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1))


def _kept(
    box: npt.NDArray[Any],
    inside: npt.NDArray[np.bool_],
    image: SliceImage,
    x: npt.NDArray[np.int64],
    y: npt.NDArray[np.int64],
) -> FloatArray:
    """Return the values ``inside`` a box of columns ``x`` and rows ``y`` that are any, and are not under a shutter."""
    if image.visible is not None and box.size:
        inside = inside & image.visible[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    values = box[inside]
    return np.asarray(values[has_value(values, image.padding)], dtype=np.float64)
