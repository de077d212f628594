"""Rendered frames for consumers without a DICOM viewer, under their display shutters (PS3.18 8.3.5, 10.4.1.1.4)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut

from worklist.hub.errors import BadRequest
from worklist.hub.media_types import NotAcceptable
from worklist.hub.wado import decoded_frame
from workstation.dicom.images.frame_attributes import frame_aspect, functional_groups
from workstation.dicom.images.overlays import overlay_planes
from workstation.dicom.images.shutter import shutter_on_frame

MAX_VIEWPORT: Final = 8192
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"

_FUNCTIONS: Final = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What the query parameters ask for; sizes in pixels, 0 where left out."""

    window: tuple[float, float, str] | None = None
    quality: int = 90
    viewport: tuple[int, int] = (0, 0)
    source: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)


def parse(parameters: Mapping[str, str]) -> Rendering:
    """Read ``window``, ``viewport`` and ``quality``. Raises BadRequest."""
    try:
        quality = int(parameters.get("quality", "90"))
        window = _window(parameters["window"]) if parameters.get("window") else None
        size, source = _viewport(parameters.get("viewport", ""))
    except ValueError as exc:
        raise BadRequest(f"a rendering parameter is wrong: {exc}") from exc
    if not 1 <= quality <= 100:
        raise BadRequest("quality lies between 1 and 100")
    return Rendering(window, quality, size, source)


def _window(text: str) -> tuple[float, float, str]:
    centre, width, *function = text.split(",")
    name = function[0].strip().lower() if function else "linear"
    if name not in _FUNCTIONS or len(function) > 1:
        raise ValueError("the window function is linear, linear-exact or sigmoid")
    values = float(centre), float(width)
    if not np.isfinite(values).all() or values[1] < (1 if name == "linear" else 1e-9):
        raise ValueError("the window width is too small")
    return values[0], values[1], _FUNCTIONS[name]


def _viewport(
    text: str,
) -> tuple[tuple[int, int], tuple[float | None, float | None, float | None, float | None]]:
    if not text:
        return (0, 0), (None, None, None, None)
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in {2, 6}:
        raise ValueError("the viewport has two or six values")
    width, height = int(parts[0]), int(parts[1])
    if not (1 <= width <= MAX_VIEWPORT and 1 <= height <= MAX_VIEWPORT):
        raise ValueError(f"the viewport is 1 to {MAX_VIEWPORT} pixels wide and high")
    rest = [float(part) if part else None for part in parts[2:]] + [None] * (6 - len(parts))
    if any(value is not None and not np.isfinite(value) for value in rest) or 0.0 in {rest[2], rest[3]}:
        raise ValueError("the source region is empty")
    return (width, height), (rest[0], rest[1], rest[2], rest[3])


def rendered(dataset: Dataset, frame: int, wanted: Rendering, media_type: str) -> bytes:
    """Return frame ``frame`` (from 1) as PNG or JPEG, grey or RGB with 8 bits. Raises NotAcceptable, BadRequest."""
    pixels = decoded_frame(dataset, frame - 1)
    try:
        values = _shut(_eight_bit(pixels, dataset, wanted), dataset, frame - 1)
    except Exception as exc:  # a hostile window or look-up table raises whatever it likes
        raise NotAcceptable(f"the image cannot be shown: {type(exc).__name__}") from exc
    image = _placed(Image.fromarray(values), wanted)
    out = io.BytesIO()
    if media_type == PNG:
        image.save(out, "PNG", compress_level=1)
    else:
        image.save(out, "JPEG", quality=wanted.quality)
    return out.getvalue()


def _eight_bit(pixels: npt.NDArray[Any], dataset: Dataset, wanted: Rendering) -> npt.NDArray[np.uint8]:
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        return _eight_bit_colour(apply_color_lut(pixels, dataset))
    if dataset.get("SamplesPerPixel", 1) == 3:
        return _eight_bit_colour(pixels)
    return _eight_bit_grey(pixels, dataset, wanted)


def _shut(values: npt.NDArray[np.uint8], dataset: Dataset, frame: int) -> npt.NDArray[np.uint8]:
    """Hide what lies under the shutter of a frame from 0, a name that is burned into the pixels perhaps."""
    groups = functional_groups(dataset, frame)
    item = groups.get("FrameDisplayShutterSequence", dataset)
    if "ShutterShape" not in item:
        return values
    shutter = shutter_on_frame(item, overlay_planes(dataset, frame), values.shape, frame_aspect(dataset, groups))
    if shutter is None:
        return values
    hidden = values.copy()
    hidden[~shutter.visible] = shutter.gray
    return hidden


def _eight_bit_colour(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    return (pixels.astype(np.uint32) >> (8 * (pixels.dtype.itemsize - 1))).astype(np.uint8)


def _eight_bit_grey(pixels: npt.NDArray[Any], dataset: Dataset, wanted: Rendering) -> npt.NDArray[np.uint8]:
    """Modality LUT, window or VOI LUT, then MONOCHROME1 inverted (PS3.4 N.2)."""
    modality = np.asarray(apply_modality_lut(pixels, dataset), dtype=np.float64)
    if wanted.window is not None:
        grey = windowed(modality, *wanted.window)
    elif "WindowCenter" in dataset and "WindowWidth" in dataset and not dataset.get("VOILUTSequence"):
        centre, width = _first(dataset.WindowCenter), _first(dataset.WindowWidth)
        function = str(dataset.get("VOILUTFunction") or "LINEAR")
        grey = windowed(modality, centre, max(width, 1.0), function)
    else:
        stretched = np.asarray(
            apply_voi_lut(modality.astype(np.int64), dataset) if dataset.get("VOILUTSequence") else modality,
            dtype=np.float64,
        )
        low, high = float(stretched.min()), float(stretched.max())
        grey = (stretched - low) * (255.0 / (high - low)) if high > low else np.zeros_like(stretched)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        grey = 255.0 - grey
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def windowed(values: Floats, centre: float, width: float, function: str) -> Floats:
    """Return values mapped to [0, 255]. *Source:* PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        return 255.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700, 700)))
    if function == "LINEAR_EXACT":
        return np.clip(((values - centre) / width + 0.5) * 255.0, 0.0, 255.0)
    if width <= 1:
        return np.where(values > centre - 0.5, 255.0, 0.0)
    return np.clip(((values - (centre - 0.5)) / (width - 1.0) + 0.5) * 255.0, 0.0, 255.0)


def _first(value: Any) -> float:  # noqa: ANN401 - one number or several
    return float(value[0] if isinstance(value, (list, tuple)) or hasattr(value, "__getitem__") else value)


def _placed(image: Image.Image, wanted: Rendering) -> Image.Image:
    """Cut the source region, flip where its size is negative, and scale into the viewport, aspect kept."""
    left, top, width, height = wanted.source
    x, y = left or 0.0, top or 0.0
    w = width if width is not None else image.width - x
    h = height if height is not None else image.height - y
    if (x, y, w, h) != (0, 0, image.width, image.height):
        box = (int(x), int(y), int(min(x + abs(w), image.width)), int(min(y + abs(h), image.height)))
        if x < 0 or y < 0 or box[2] <= box[0] or box[3] <= box[1]:
            raise BadRequest("the source region lies outside the image")
        image = image.crop(box)
        if w < 0:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if h < 0:
            image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if wanted.viewport == (0, 0):
        return image
    scale = min(wanted.viewport[0] / image.width, wanted.viewport[1] / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BILINEAR)
