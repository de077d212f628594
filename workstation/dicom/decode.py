"""
One frame of any image as stored values with everything the display pipeline needs.

pydicom with its plug-ins decodes first, GDCM (SimpleITK) second. Sizes are checked before anything is
allocated. Library errors become ``DecodeError`` here and nowhere else.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import UID

from resources.translation import tr
from workstation.dicom.charset import decode_dataset
from workstation.dicom.gdcm_fallback import FrameLayout, decode_stored
from workstation.dicom.lookup import LookupTable, lookup_table, palette
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError, HostileInput, UnsupportedTransferSyntax

MAX_FRAME_BYTES: Final = 1 << 30
"""No single frame of a clinical image comes near; a header that asks for more is broken or hostile."""
MAX_FRAMES: Final = 100_000

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class VoiWindow:
    """One window of the VOI list, in modality values. Source: PS3.3 C.11.2."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """
    A decoded frame before the modality transform.

    ``pixels`` is ``(rows, columns)`` of stored integers (or floats), or ``(rows, columns, 3)`` uint8
    when ``photometric`` is ``RGB``; palettes and YBR have become RGB. ``padding`` is the inclusive
    range of stored values that show no patient. ``lossy`` says that the image was compressed with loss.
    """

    pixels: Pixels
    photometric: str
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    modality_lut: LookupTable | None = None
    padding: tuple[int, int] | None = None
    windows: tuple[VoiWindow, ...] = ()
    voi_luts: tuple[LookupTable, ...] = ()
    bits_stored: int = 16
    is_signed: bool = False
    lossy: bool = False

    @property
    def is_colour(self) -> bool:
        """Return whether the frame is RGB; windows do not apply to it."""
        return self.photometric == "RGB"

    def modality_values(self) -> Pixels:
        """
        Return the values after the modality transform: LUT, or slope and intercept.

        int16 or int32 where slope and intercept are whole numbers, float32 otherwise.
        """
        if self.is_colour:
            return self.pixels
        if self.modality_lut is not None:
            return self.modality_lut.apply(self.pixels)
        return rescaled(self.pixels, self.slope, self.intercept)


def rescaled(stored: Pixels, slope: float, intercept: float) -> Pixels:
    """Return ``slope * stored + intercept``: int16 where it fits, else int32; float32 for fractions."""
    if stored.dtype.kind == "f" or not (slope.is_integer() and intercept.is_integer()):
        return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if abs(slope) > 2**20 or abs(intercept) > 2**30 or stored.dtype.itemsize > 2:
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    wide = stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
    limits = np.iinfo(np.int16)
    fits = wide.size == 0 or (int(wide.min()) >= limits.min and int(wide.max()) <= limits.max)
    return wide.astype(np.int16) if fits else wide


def read_header(source: Path | str | bytes, *, assumed: str | None = None) -> Dataset:
    """
    Read a dataset up to the pixels, text decoded. Raises DecodeError when it is not DICOM.

    ``assumed`` is the character set setting of the source, see ``charset``.
    """
    return _read(source, stop_before_pixels=True, assumed=assumed)


def read_dataset(source: Path | str | bytes, *, assumed: str | None = None) -> Dataset:
    """Read a whole dataset, text decoded. Raises DecodeError when it is not DICOM."""
    return _read(source, stop_before_pixels=False, assumed=assumed)


def decode_frame(source: Dataset | bytes | Path, frame: int = 0) -> DecodedFrame:
    """
    Decode one frame, counted from 0.

    Raises UnsupportedTransferSyntax (its text names the syntax), HostileInput beyond the size limits,
    DecodeError for missing, truncated or broken pixel data.
    """
    dataset = source if isinstance(source, Dataset) else read_dataset(source)
    _check(dataset, frame)
    pixels, photometric = _stored(dataset, frame)
    if photometric == "PALETTE COLOR":
        pixels, photometric = _through_palette(dataset, pixels), "RGB"
    elif pixels.ndim == 3:
        pixels, photometric = _as_rgb(pixels, photometric, int(dataset.get("BitsStored", 8) or 8)), "RGB"
    is_signed = dataset.get("PixelRepresentation") == 1
    groups = _functional_groups(dataset, frame)
    transform = groups.get("PixelValueTransformationSequence", dataset)
    return DecodedFrame(
        pixels=pixels,
        photometric=photometric,
        slope=_number(transform.get("RescaleSlope"), 1.0),
        intercept=_number(transform.get("RescaleIntercept"), 0.0),
        unit=_unit(dataset, transform),
        modality_lut=_first_table(dataset.get("ModalityLUTSequence"), is_signed=is_signed),
        padding=_padding(dataset),
        windows=_windows(groups.get("FrameVOILUTSequence", dataset)),
        voi_luts=_tables(dataset.get("VOILUTSequence"), is_signed=is_signed),
        bits_stored=int(dataset.get("BitsStored", 0) or dataset.get("BitsAllocated", 16)),
        is_signed=is_signed,
        lossy=str(dataset.get("LossyImageCompression", "") or "") == "01",
    )


def _read(source: Path | str | bytes, *, stop_before_pixels: bool, assumed: str | None) -> Dataset:
    dataset = parse(source, stop_before_pixels=stop_before_pixels)
    decode_dataset(dataset, assumed=assumed)
    return dataset


def parse(source: Path | str | bytes, *, stop_before_pixels: bool) -> Dataset:
    """Read a dataset with its text still undecoded, for callers that keep the character set doubts."""
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with quiet():
            try:
                dataset: Dataset = pydicom.dcmread(file, stop_before_pixels=stop_before_pixels)
            except InvalidDicomError:
                dataset = _without_preamble(source, stop_before_pixels=stop_before_pixels)
    except DecodeError:
        raise
    except (OSError, EOFError) as exc:
        raise DecodeError(tr("The file cannot be read."), detail=type(exc).__name__) from exc
    except Exception as exc:
        raise DecodeError(tr("The file is not a readable DICOM object."), detail=type(exc).__name__) from exc
    return dataset


def _without_preamble(source: Path | str | bytes, *, stop_before_pixels: bool) -> Dataset:
    """Accept bare datasets, which old exports write, when they name a SOP Instance."""
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    dataset = pydicom.dcmread(file, force=True, stop_before_pixels=stop_before_pixels)
    if "SOPInstanceUID" not in dataset or "SOPClassUID" not in dataset:
        raise DecodeError(tr("The file is not a readable DICOM object."))
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = UID(
            "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
        )
    return dataset


def _check(dataset: Dataset, frame: int) -> None:
    rows, columns = int(dataset.get("Rows", 0) or 0), int(dataset.get("Columns", 0) or 0)
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")) or not (
        rows and columns
    ):
        raise DecodeError(tr("This object has no image."))
    samples, bits = int(dataset.get("SamplesPerPixel", 1) or 1), int(dataset.get("BitsAllocated", 8) or 8)
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    if rows * columns * samples * max(8, bits) // 8 > MAX_FRAME_BYTES or frames > MAX_FRAMES or samples > 4:
        raise HostileInput(tr("The image claims a size that no real image has."), detail=f"{rows}x{columns}x{samples}")
    if not 0 <= frame < max(1, frames):
        raise DecodeError(tr("The image has no frame {number}.", number=frame + 1))


def _stored(dataset: Dataset, frame: int) -> tuple[Pixels, str]:
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID", "") if hasattr(dataset, "file_meta") else ""))
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2") or "MONOCHROME2").strip()
    problem: Exception | None = None
    try:
        with quiet():
            pixels, meta = get_decoder(syntax).as_array(dataset, index=frame, raw=False)
        # native byte order: big endian files decode to '>i2'
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False), str(meta["photometric_interpretation"])
    except Exception as exc:  # noqa: BLE001 - plug-ins raise anything
        problem = exc
    if syntax in _GDCM_SYNTAXES:
        try:
            return _by_gdcm(dataset, frame, syntax), photometric
        except (RuntimeError, ValueError, struct.error) as exc:
            problem = exc
    if _no_reader(syntax):
        name = syntax.name if syntax else tr("unknown")
        raise UnsupportedTransferSyntax(
            tr("Images compressed as {name} cannot be shown.", name=name),
            hint=tr("Ask the sender for an uncompressed or JPEG 2000 copy."),
            detail=str(syntax),
        ) from problem
    raise DecodeError(
        tr("The pixel data are damaged or cut off."),
        hint=tr("Ask the sender to send this image again."),
        detail=f"{syntax.name}: {type(problem).__name__}",
    ) from problem


def _no_reader(syntax: UID) -> bool:
    """Return whether neither library knows the syntax (GDCM has no MPEG, HTJ2K or JPIP)."""
    try:
        available = bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        available = False
    return not available and syntax not in _GDCM_SYNTAXES


_GDCM_SYNTAXES: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)) | {
    "1.2.840.10008.1.2.5"
}


def _by_gdcm(dataset: Dataset, frame: int, syntax: UID) -> Pixels:
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    offsets = None
    if dataset.get("ExtendedOffsetTable") and dataset.get("ExtendedOffsetTableLengths"):
        offsets = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    encoded = get_frame(dataset.PixelData, frame, number_of_frames=frames, extended_offsets=offsets)
    layout = FrameLayout(
        transfer_syntax_uid=str(syntax),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        samples=int(dataset.get("SamplesPerPixel", 1)),
        bits_allocated=int(dataset.BitsAllocated),
        bits_stored=int(dataset.BitsStored),
        is_signed=dataset.get("PixelRepresentation") == 1,
    )
    return decode_stored(encoded, layout)


def _through_palette(dataset: Dataset, pixels: Pixels) -> Pixels:
    tables = palette(dataset)
    if tables is None:
        raise DecodeError(tr("The colour palette of the image is missing or broken."))
    channels = [table.apply(pixels) >> (8 if table.bits > 8 else 0) for table in tables]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _as_rgb(pixels: Pixels, photometric: str, bits_stored: int) -> Pixels:
    if bits_stored > 8:
        pixels = pixels >> (bits_stored - 8)
    pixels = np.ascontiguousarray(pixels[..., :3], dtype=np.uint8)
    if photometric.startswith("YBR"):
        pixels = convert_color_space(pixels, "YBR_FULL", "RGB")
    return pixels


def _functional_groups(dataset: Dataset, frame: int) -> dict[str, Dataset]:
    """Return the first items of the frame's functional groups; per frame wins over shared."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    found: dict[str, Dataset] = {}
    for groups in [*(dataset.get("SharedFunctionalGroupsSequence") or [])[:1], *per_frame[frame : frame + 1]]:
        for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            items = groups.get(name)
            if items:
                found[name] = items[0]
    return found


def _unit(dataset: Dataset, transform: Dataset) -> str:
    declared = str(transform.get("RescaleType", "") or dataset.get("Units", "") or "")
    return declared or ("HU" if dataset.get("Modality") == "CT" else "")


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    value = _whole(dataset.get("PixelPaddingValue"))
    if value is None:
        return None
    limit = _whole(dataset.get("PixelPaddingRangeLimit"))
    limit = value if limit is None else limit
    return min(value, limit), max(value, limit)


def _windows(item: Dataset) -> tuple[VoiWindow, ...]:
    centers, widths = _many(item.get("WindowCenter")), _many(item.get("WindowWidth"))
    function = str(item.get("VOILUTFunction", "") or "LINEAR")
    names = [str(name) for name in _many(item.get("WindowCenterWidthExplanation"))]
    found = []
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        c, w = _number(center, np.nan), _number(width, np.nan)
        # LINEAR needs a width of at least 1, the others more than 0 (PS3.3 C.11.2.1.2)
        if np.isfinite(c) and np.isfinite(w) and (w >= 1 or (w > 0 and function != "LINEAR")):
            found.append(VoiWindow(c, w, function, names[n] if n < len(names) else ""))
    return tuple(found)


def _tables(sequence: Any, *, is_signed: bool) -> tuple[LookupTable, ...]:  # noqa: ANN401 - pydicom values have no static type
    found = (lookup_table(item, is_signed=is_signed) for item in sequence or [])
    return tuple(table for table in found if table is not None)


def _first_table(sequence: Any, *, is_signed: bool) -> LookupTable | None:  # noqa: ANN401 - pydicom values have no static type
    tables = _tables(sequence, is_signed=is_signed)
    return tables[0] if tables else None


def _many(value: Any) -> list[Any]:  # noqa: ANN401 - pydicom values have no static type
    if value is None or value == "":
        return []
    return [value] if isinstance(value, (str, int, float)) else list(value)


def _number(value: Any, default: float) -> float:  # noqa: ANN401 - pydicom values have no static type
    try:
        number = float(value)
    except (TypeError, ValueError):
        return default
    return number if np.isfinite(number) else default


def _whole(value: Any) -> int | None:  # noqa: ANN401 - pydicom values have no static type
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
