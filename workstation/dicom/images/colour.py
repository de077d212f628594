"""Colour images as RGB: palettes, YBR, and grey images whose upper values are colours. Source: PS3.3 C.7.6.3.1.2."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space

from resources.translation import tr
from workstation.dicom.images.frame_attributes import VoiWindow, integer
from workstation.dicom.images.palette import palette, through_palette
from workstation.domain.errors import DecodeError

Pixels = npt.NDArray[Any]
_NEUTRAL: Final = 2
"""So far may the samples of a grey pixel lie apart: compression and rounding move them"""
_SURE_SHARE: Final = 0.1
_SURE_TIMES: Final = 4.0
"""What neutral pixels are taken for proof: a tenth of the picture, and four times as many as the other reading has"""


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


def whole_samples(dataset: Dataset, frame: int) -> tuple[Pixels, str] | None:
    """
    Return one frame of an image that calls itself YBR_FULL_422 and holds every sample, None for any other.

    Its length disproves the sampling and leaves open whether the samples are YBR_FULL or RGB; the neutral pixels that
    every picture has, a dark border for one, tell which (PS3.3 C.7.6.3.1.2). Raises DecodeError where they do not.
    """
    length = integer(dataset, "Rows", 0) * integer(dataset, "Columns", 0) * 3
    data = dataset.get("PixelData")
    if not isinstance(data, bytes) or not is_whole(dataset, len(data)):
        return None
    samples = np.frombuffer(data, np.uint8, length, frame * length)
    pixels = samples.reshape(integer(dataset, "Rows", 0), integer(dataset, "Columns", 0), 3)
    wide = pixels.astype(np.int16)
    neutral_ybr = float(np.mean(np.abs(wide[..., 1:] - 128).max(axis=-1) <= _NEUTRAL))
    neutral_rgb = float(np.mean(np.ptp(wide, axis=-1) <= _NEUTRAL))
    if max(neutral_ybr, neutral_rgb) < _SURE_SHARE or not (
        neutral_ybr > _SURE_TIMES * neutral_rgb or neutral_rgb > _SURE_TIMES * neutral_ybr
    ):
        raise DecodeError(
            tr("The image says that its colours are stored as {name}, but its length says otherwise.",
               name="YBR_FULL_422"),
            hint=tr("Ask the sender for a copy in RGB."),
            detail=f"neutral as YBR {neutral_ybr:.3f}, as RGB {neutral_rgb:.3f}",
        )  # fmt: skip
    return pixels, "YBR_FULL" if neutral_ybr > neutral_rgb else "RGB"


def is_whole(dataset: Dataset, length: int) -> bool:
    """Tell whether uncompressed pixels of so many bytes hold every sample of what calls itself YBR_FULL_422."""
    frames = max(1, integer(dataset, "NumberOfFrames", 1))
    pixels = integer(dataset, "Rows", 0) * integer(dataset, "Columns", 0) * frames
    return (
        str(dataset.get("PhotometricInterpretation", "") or "").strip() == "YBR_FULL_422"
        and (integer(dataset, "SamplesPerPixel", 0), integer(dataset, "BitsAllocated", 0)) == (3, 8)
        and length >= 3 * pixels > 0
    )


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
