"""One series of the open case on its way to the screen, and where a reader stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtGui import QImage

from viewers.scene.captions import Identity
from viewers.scene.image import SliceImage
from viewers.scene.looks import seen_voi
from viewers.scene.raster import GrayscaleTransform, to_gray
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.view_state import ViewState
from workstation.domain.frames import frames_kept
from workstation.domain.geometry import Point
from workstation.domain.study import Series
from workstation.services.fusion_service import PreparedOverlay
from workstation.services.image_service import BuiltVolume

_THUMB_PX = 56


@dataclass(slots=True, eq=False)
class ShownSeries:
    """A series as far as it is here. Features may keep their own scenes of it in ``scenes``, by viewport key."""

    series: Series
    scene: StackScene
    warnings: tuple[str, ...]
    failed: dict[int, str] = field(default_factory=dict)
    """Why slices (from 0) cannot be shown"""
    built: BuiltVolume | None = None
    scenes: dict[str, Scene] = field(default_factory=dict)
    refusal: str = ""
    """Why there is no volume"""
    was_seen: bool = False
    """Whether it has its window and its picture in the list, which the first image brings that is seen"""
    prepared: PreparedOverlay | None = None
    """A PET's volume in uptake values, or in its own unit with the reason why"""

    @property
    def series_instance_uid(self) -> str:
        """Return the series."""
        return self.series.series_instance_uid

    @property
    def key(self) -> str:
        """Return what names this stack in the list of series."""
        return self.series.key

    @property
    def cached(self) -> tuple[bool, ...]:
        """Return, slice by slice, whether it is here."""
        arrived = self.scene.arrived
        return tuple(index in arrived for index in range(self.scene.count))

    @property
    def missing(self) -> tuple[int, ...]:
        """Return the slices that neither arrived nor failed."""
        missing = sorted(set(range(self.scene.count)) - self.scene.arrived - set(self.failed))
        # frames that come on demand come and go: their stream must know all of them
        return tuple(range(self.scene.count)) if missing and self.series.stacks else tuple(missing)

    @property
    def images(self) -> dict[int, SliceImage]:
        """Return the slices that are here."""
        return {n: image for n in sorted(self.scene.arrived) if (image := self.scene.image(n)) is not None}

    @property
    def comes_and_goes(self) -> bool:
        """Tell whether it has more frames than are held at once."""
        first = next(iter(self.images.values()), None)
        is_on_demand = first is not None and self.scene.is_on_demand
        return first is not None and is_on_demand and frames_kept(first.pixels.nbytes) < self.scene.count

    @property
    def size(self) -> int:
        """Return the bytes of its pixels."""
        return sum(image.pixels.nbytes for image in self.images.values())


@dataclass(frozen=True, slots=True, eq=False)
class ImagePlace:
    """Where a reader stands in a series, with its pixels: a language switch must not cost them."""

    series_key: str
    images: dict[int, SliceImage]
    built: BuiltVolume | None
    layout: str
    views: dict[str, tuple[ViewState, int]]
    """By viewport: how it is shown, and its slice from 0"""
    crosshair: Point | None
    identity: Identity


def thumbnail(image: SliceImage, scene: Scene, ratio: float) -> QImage:
    """
    Return a picture of at most 56 px times ``ratio`` from every n-th pixel, in the reader's window.

    What lies under the image's shutter, a burned-in name perhaps, is as hidden here as in the image itself.
    """
    step = max(1, round(max(image.rows, image.columns) / (_THUMB_PX * ratio)))
    part = image.pixels[::step, ::step]
    if not image.is_color:
        # the window is for the image's own values, also while a presentation state shows others
        voi = seen_voi(scene, image) if isinstance(scene, StackScene) else scene.voi
        part = to_gray(np.ascontiguousarray(part), GrayscaleTransform(voi, image.monochrome1, image.padding))
    part = np.array(part, dtype=np.uint8, order="C")
    if image.visible is not None:
        part[~image.visible[::step, ::step]] = image.shutter_gray
    if image.is_color:
        colours = QImage(part.data, part.shape[1], part.shape[0], 3 * part.shape[1], QImage.Format.Format_RGB888).copy()
        colours.setDevicePixelRatio(max(part.shape) / _THUMB_PX)
        return colours
    picture = QImage(part.data, part.shape[1], part.shape[0], part.shape[1], QImage.Format.Format_Grayscale8).copy()
    picture.setDevicePixelRatio(max(part.shape) / _THUMB_PX)
    return picture
