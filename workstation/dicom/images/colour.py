"""Colour images as RGB: palettes, YBR, and grey images whose upper values are colours. Source: PS3.3 C.7.6.3.1.2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space

from resources.translation import tr
from workstation.dicom.images.frame_attributes import VoiWindow
from workstation.dicom.images.palette import palette, through_palette
from workstation.domain.errors import DecodeError

Pixels = npt.NDArray[Any]


def from_palette(dataset: Dataset, pixels: Pixels) -> Pixels:
    """Return the colours of a PALETTE COLOR image. Raises DecodeError without a usable palette."""
    tables = palette(dataset)
    if tables is None:
        raise DecodeError(
            tr("The colour palette of the image is missing or broken."),
            hint=tr("Ask the sender to send this image again."),
        )
    return through_palette(pixels, tables)


def partly_coloured(
    dataset: Dataset, pixels: Pixels, windows: tuple[VoiWindow, ...], *, slope: float, intercept: float
) -> Pixels:
    """
    Return the colours of an image whose grey values end where its palette begins.

    The palette maps stored values, the window those after ``slope`` and ``intercept``.
    """
    tables = palette(dataset)
    if tables is None:
        raise DecodeError(tr("The colour palette of the image is missing or broken."))
    first = tables[0].first
    if windows:
        low, width = windows[0].center - 0.5 - (windows[0].width - 1) / 2, max(windows[0].width - 1, 1.0)
    else:
        low, width = intercept, max((first - 1.0) * slope, 1.0)
    values = pixels.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    gray = np.rint(np.clip((values - low) / width, 0, 1) * 255).astype(np.uint8)
    mixed = np.repeat(gray[..., None], 3, axis=-1)
    coloured = pixels >= first
    mixed[coloured] = through_palette(pixels[coloured], tables)
    return mixed


def as_rgb(pixels: Pixels, photometric: str, bits_stored: int) -> Pixels:
    """Return 8-bit RGB of decoded colour samples, ``[row, column, sample]``."""
    if bits_stored > 8:
        pixels = pixels >> (bits_stored - 8)
    pixels = np.ascontiguousarray(pixels[..., :3], dtype=np.uint8)
    if photometric.startswith("YBR_PARTIAL"):
        return _from_partial(pixels)
    if photometric.startswith("YBR"):
        pixels = convert_color_space(pixels, "YBR_FULL", "RGB")
    return pixels


def _from_partial(pixels: Pixels) -> Pixels:
    """Return RGB of video levels, luma 16 to 235 and chroma 16 to 240. Source: PS3.3 C.7.6.3.1.2."""
    luma = (pixels[..., 0].astype(np.float32) - 16) * np.float32(255 / 219)
    blue, red = (pixels[..., n].astype(np.float32) - 128 for n in (1, 2))
    scale = np.float32(255 / 224)
    channels = (
        luma + 1.402 * scale * red,
        luma - scale * (0.344136 * blue + 0.714136 * red),
        luma + 1.772 * scale * blue,
    )
    rgb: Pixels = np.rint(np.clip(np.stack(channels, axis=-1), 0, 255)).astype(np.uint8)
    return rgb
