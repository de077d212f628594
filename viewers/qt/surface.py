"""The interface of everything that turns a frame into a picture, and the raster surface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from resources import theme_tokens
from viewers.scene import reslice as numpy_reslice
from viewers.scene.camera import PixelTransform
from viewers.scene.frame import Frame
from viewers.scene.image import SliceImage
from viewers.scene.levels import Levels, seen
from viewers.scene.mpr_scene import Reslicer
from viewers.scene.picture import burned
from viewers.scene.raster import Gray, GrayscaleTransform, to_gray
from viewers.scene.resample import Resampler, is_upright, of_blocks, reduction
from viewers.scene.reslice import ResliceRequest, as_displayed, look_of_cut
from viewers.scene.volume_request import VolumeRequest


class RenderSurface(Protocol):
    """Turns frames into pictures; used on the main thread only."""

    def render(self, frame: Frame, ratio: float) -> QImage:
        """
        Return the picture without its overlay, ``ratio`` device pixels per logical pixel.

        Pixels beside the image are black (#000000). The image belongs to the caller.
        """
        ...


def device_size(frame: Frame, ratio: float) -> tuple[int, int]:
    """Return width and height of a frame in device pixels."""
    return max(1, round(frame.viewport[0] * ratio)), max(1, round(frame.viewport[1] * ratio))


class RasterSurface:
    """
    Lookup table, scaling and planes on the CPU; no GPU, no window system.

    ``reslicer`` cuts MPR planes: numpy by default, VTK's for interactive speed.
    """

    def __init__(self, reslicer: Reslicer = numpy_reslice.reslice) -> None:
        self._reslicer = reslicer
        self._resampler = Resampler()
        self._last: Levels | None = None

    def forget(self) -> None:
        """Let go of the last picture."""
        self._last = None

    def render(self, frame: Frame, ratio: float) -> QImage:
        """Return the picture: stacks scaled after the window, planes cut at the screen's own pixels."""
        frame, size = frame.at_once(), device_size(frame, ratio)
        if frame.source is None or frame.transform is None or frame.grayscale is None:
            picture = _black(size, QImage.Format.Format_Grayscale8)
        elif isinstance(frame.source, VolumeRequest):
            raise TypeError("volumes are rendered by ViewSurface")
        elif isinstance(frame.source, ResliceRequest):
            cut = self._reslicer(as_displayed(frame.source, frame.transform.scaled(ratio), size))
            picture = QImage(*size, QImage.Format.Format_Grayscale8)
            gray_view(picture)[:] = to_gray(cut, look_of_cut(frame.grayscale))
        elif frame.source.is_color:
            colors = rgb_image(burned(frame.source.pixels, frame.source))
            picture = painted(colors, frame.transform.scaled(ratio), size)
        else:
            picture = self._scaled(frame.source, frame.grayscale, frame.transform.scaled(ratio), size)
        picture.setDevicePixelRatio(ratio)
        return picture

    def _scaled(
        self, image: SliceImage, grayscale: GrayscaleTransform, transform: PixelTransform, size: tuple[int, int]
    ) -> QImage:
        if not is_upright(transform):
            return painted(gray_image(self._levels(image, grayscale).whole()), transform, size)
        levels, factor = self._levels(image, grayscale), reduction(transform)
        if factor > 1:
            gray, transform = levels.blocks(factor), of_blocks(transform, factor)
        else:
            gray, (row, column) = levels.of(seen(transform, size, image.pixels.shape))
            x, y = transform.apply(column, row)
            transform = replace(transform, tx=x, ty=y)
        picture = QImage(*size, QImage.Format.Format_Grayscale8)
        self._resampler.scale(gray, transform, gray_view(picture))
        return picture

    def _levels(self, image: SliceImage, grayscale: GrayscaleTransform) -> Levels:
        # panning and zooming repaint the same levels
        if self._last is None or self._last.image is not image or self._last.grayscale != grayscale:
            self._last = Levels(image, grayscale)
        return self._last


def gray_view(image: QImage) -> Gray:
    """Return the pixels of a Grayscale8 image as a writable ``[y, x]`` array; the image must outlive it."""
    buffer = np.frombuffer(image.bits(), dtype=np.uint8)
    return buffer.reshape(image.height(), image.bytesPerLine())[:, : image.width()]


def gray_image(gray: Gray) -> QImage:
    """Return a Grayscale8 image of ``[row, column]`` levels, with its own memory."""
    image = QImage(gray.shape[1], gray.shape[0], QImage.Format.Format_Grayscale8)
    gray_view(image)[:] = gray
    return image


def rgb_image(pixels: npt.NDArray[Any]) -> QImage:
    """Return an image of RGB ``[row, column, 3]``, with its own memory."""
    image = QImage(pixels.shape[1], pixels.shape[0], QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.bits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    lines[:, : 3 * image.width()] = pixels.reshape(image.height(), -1)
    return image


def _black(size: tuple[int, int], image_format: QImage.Format) -> QImage:
    picture = QImage(*size, image_format)
    picture.fill(QColor(theme_tokens.color("image.bg")))
    return picture


def painted(source: QImage, transform: PixelTransform, size: tuple[int, int]) -> QImage:
    """Paint an image under any transform; the slow road for free rotation and colour."""
    picture = _black(size, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    # the painter counts from the pixel's corner, the transform from its centre
    m = transform
    x, y = m.apply(-0.5, -0.5)
    painter.setTransform(QTransform(m.a, m.c, m.b, m.d, x, y))
    painter.drawImage(0, 0, source)
    painter.end()
    return picture
