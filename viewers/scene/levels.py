"""
The display levels of one image under one window, made as far as they are looked at.

A mammogram has fourteen million pixels and a viewport shows one: what a drag of the window costs is what is
on screen, and panning or zooming repaints what is there.
"""

from __future__ import annotations

import math

from viewers.scene.camera import PixelTransform
from viewers.scene.image import SliceImage
from viewers.scene.picture import burned
from viewers.scene.raster import Gray, GrayscaleTransform, to_gray
from viewers.scene.resample import reduced

Region = tuple[slice, slice]
_MARGIN = 2
"""Scaling blends a pixel with its neighbour."""


def seen(transform: PixelTransform, size: tuple[int, int], shape: tuple[int, ...]) -> Region:
    """Return rows and columns of an image of ``shape`` that a viewport of ``size`` (width, height) shows."""
    back = transform.inverted()
    corners = [back.apply(x, y) for x in (0, size[0]) for y in (0, size[1])]
    return _span([row for _, row in corners], shape[0]), _span([column for column, _ in corners], shape[1])


def _span(edges: list[float], length: int) -> slice:
    first = min(max(math.floor(min(edges)) - _MARGIN, 0), length)
    return slice(first, min(max(math.ceil(max(edges)) + _MARGIN + 1, first), length))


class Levels:
    """Levels of ``image`` under ``grayscale``; what is handed out is never changed."""

    def __init__(self, image: SliceImage, grayscale: GrayscaleTransform) -> None:
        self.image = image
        self.grayscale = grayscale
        self._region: Region | None = None
        self._part: Gray | None = None
        self._whole: Gray | None = None
        self._blocks: tuple[int, Gray] | None = None

    def whole(self) -> Gray:
        """Return all of them."""
        if self._whole is None:
            self._whole = burned(to_gray(self.image.pixels, self.grayscale), self.image)
            self._region = self._part = None
        return self._whole

    def blocks(self, factor: int) -> Gray:
        """Return the means of blocks of ``factor`` squared."""
        if self._blocks is None or self._blocks[0] != factor:
            self._blocks = factor, reduced(self.whole(), factor)
        return self._blocks[1]

    def of(self, region: Region) -> tuple[Gray, tuple[int, int]]:
        """Return the levels of at least a region, and the row and column of the first of them."""
        if self._whole is None and self._is_worth_cutting(region):
            if self._part is None or self._region is None:
                self._region, self._part = region, to_gray(self.image.pixels[region], self.grayscale)
            if _holds(self._region, region):
                return self._part, (self._region[0].start, self._region[1].start)
        return self.whole(), (0, 0)

    def _is_worth_cutting(self, region: Region) -> bool:
        """Tell whether less than half of the image is looked at; what is burned in has the size of the whole."""
        image = self.image
        pixels = (region[0].stop - region[0].start) * (region[1].stop - region[1].start)
        return image.graphics is None and image.visible is None and 2 * pixels < image.pixels.size


def _holds(outer: Region, inner: Region) -> bool:
    return all(one.start <= other.start and other.stop <= one.stop for one, other in zip(outer, inner, strict=True))
