"""Colour images as RGB: palettes, YBR, and grey images whose upper values are colours. Source: PS3.3 C.7.6.3.1.2."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space

from resources.translation import tr
from workstation.dicom.images.frame_attributes import VoiWindow, integer
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.palette import palette, through_palette
from workstation.domain.errors import DecodeError

Pixels = npt.NDArray[Any]
_SATURATED: Final = 80.0
"""Beyond this exponent a sigmoid is at its end long since, and a float32 overflows"""
SAMPLES_A_PIXEL: Final = {"YBR_FULL_422": 2.0, "YBR_PARTIAL_422": 2.0, "YBR_PARTIAL_420": 1.5}
"""Samples stored for each pixel where neighbours share their chroma, uncompressed. Source: PS3.3 C.7.6.3.1.2"""
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
    dataset: Dataset,
    pixels: Pixels,
    windows: tuple[VoiWindow, ...],
    voi_luts: tuple[LookupTable, ...] = (),
    *,
    slope: float,
    intercept: float,
) -> Pixels:
    """
    Return the colours of an image whose grey values end where its palette begins.

    The palette maps stored values, the first window those after ``slope`` and ``intercept``, or else the first VOI
    LUT; without either the grey values fill the levels. *Source:* PS3.3 C.7.6.23, C.11.2.
    """
    tables = palette(dataset)
    if tables is None:
        raise DecodeError(tr("The colour palette of the image is missing or broken."))
    first = tables[0].first
    values = pixels.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if windows:
        share = _windowed(values, windows[0])
    elif voi_luts:
        share = voi_luts[0].apply(np.rint(values)) / np.float32(2 ** voi_luts[0].bits - 1)
    else:
        share = (values - intercept) / ((first - 1.0) * slope or 1.0)
    gray = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    mixed = np.repeat(gray[..., None], 3, axis=-1)
    coloured = pixels >= first
    mixed[coloured] = through_palette(pixels[coloured], tables)
    return mixed


def _windowed(values: Pixels, window: VoiWindow) -> Pixels:
    """Return the shares, 0 to 1 once clipped, of values in a window. Source: PS3.3 C.11.2.1.2, C.11.2.1.3."""
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        share: Pixels = 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -_SATURATED, _SATURATED)))
        return share
    if window.function != "LINEAR_EXACT":
        center, width = center - 0.5, width - 1.0
    return (values - center) / width + 0.5 if width else (values > center).astype(np.float32)


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
    if _photometric(dataset) != "YBR_FULL_422" or not isinstance(data, bytes) or not is_whole(dataset, len(data)):
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
    """Tell whether uncompressed pixels of so many bytes hold every sample of what says that pixels share chroma."""
    frames = max(1, integer(dataset, "NumberOfFrames", 1))
    pixels = integer(dataset, "Rows", 0) * integer(dataset, "Columns", 0) * frames
    return (
        _photometric(dataset) in SAMPLES_A_PIXEL
        and (integer(dataset, "SamplesPerPixel", 0), integer(dataset, "BitsAllocated", 0)) == (3, 8)
        and length >= 3 * pixels > 0
    )


def shared_chroma(dataset: Dataset, frame: int) -> tuple[Pixels, str] | None:
    """
    Return one uncompressed frame of the retired YBR_PARTIAL_422 with every sample, None for any other image.

    Stored are two luma of neighbouring pixels, then the CB and CR that both share (PS3.3 C.7.6.3.1.2). Raises
    DecodeError for YBR_PARTIAL_420, which the standard defines for compressed pixels only: no order is known.
    """
    name, data = _photometric(dataset), dataset.get("PixelData")
    rows, columns = integer(dataset, "Rows", 0), integer(dataset, "Columns", 0)
    if not name.startswith("YBR_PARTIAL") or not isinstance(data, bytes) or is_whole(dataset, len(data)):
        return None
    if name != "YBR_PARTIAL_422":
        raise DecodeError(
            tr("Images in the colours {name} cannot be shown.", name=name),
            hint=tr("Ask the sender for a copy in RGB."),
            detail="uncompressed",
        )
    length = rows * columns * 2
    if columns % 2 or integer(dataset, "BitsAllocated", 0) != 8 or len(data) < (frame + 1) * length:
        return None
    pairs = np.frombuffer(data, np.uint8, length, frame * length).reshape(rows, columns // 2, 4)
    pixels = np.empty((rows, columns, 3), dtype=np.uint8)
    pixels[..., 0] = pairs[..., :2].reshape(rows, columns)
    pixels[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
    return pixels, name


def _photometric(dataset: Dataset) -> str:
    return str(dataset.get("PhotometricInterpretation", "") or "").strip()


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
