"""
One frame of any image as stored values with everything the display pipeline needs.

pydicom with its plug-ins decodes first, GDCM (SimpleITK) second. Sizes are checked before anything is
allocated. Library errors become ``DecodeError`` here and nowhere else.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
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
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from resources.translation import tr
from workstation.dicom.charset import decode_dataset
from workstation.dicom.frame_headers import MAX_FRAMES
from workstation.dicom.images.colour import as_rgb, from_palette, partly_coloured, shared_chroma, whole_samples
from workstation.dicom.images.frame_attributes import (
    VoiWindow,
    frame_aspect,
    functional_groups,
    integer,
    number,
    padding_of,
    tables_of,
    unit_of,
    windows_of,
)
from workstation.dicom.images.gdcm_fallback import FrameLayout, decode_stored
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.overlays import OverlayPlane, overlay_planes
from workstation.dicom.images.palette import is_supplemental
from workstation.dicom.images.shutter import Shutter, shutter_on_frame
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError, HostileInput, UnsupportedTransferSyntax

MAX_FRAME_BYTES: Final = 1 << 30
"""No single frame of a clinical image comes near; a header that asks for more is broken or hostile."""
_RETIRED: Final = frozenset({"ARGB", "CMYK", "HSV"})
"""Photometric interpretations that DICOM has given up; nothing says how they were meant."""

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """
    A decoded frame before the modality transform.

    ``pixels`` is ``(rows, columns)`` of stored integers (or floats), or ``(rows, columns, 3)`` uint8
    when ``photometric`` is ``RGB``; palettes and YBR have become RGB. ``padding`` is the inclusive
    range of stored values that show no patient. ``lossy`` says that the image was compressed with loss.
    ``overlays`` are graphics of the modality, ``shutter`` hides what must not be seen.
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
    overlays: tuple[OverlayPlane, ...] = ()
    shutter: Shutter | None = None

    @property
    def is_colour(self) -> bool:
        """Return whether the frame is RGB; windows do not apply to it."""
        return self.photometric == "RGB"

    def modality_values(self) -> Pixels:
        """
        Return the values after the modality transform: LUT, or slope and intercept.

        int16, uint16 or int32 where slope and intercept are whole numbers, float32 otherwise.
        """
        if self.is_colour:
            return self.pixels
        if self.modality_lut is not None:
            return self.modality_lut.apply(self.pixels)
        return rescaled(self.pixels, self.slope, self.intercept)

    @property
    def stored_range(self) -> tuple[int, int] | None:
        """Return the lowest and highest value that the header lets be stored, None for colours and floats."""
        if self.is_colour or self.pixels.dtype.kind == "f":
            return None
        half = 2 ** (self.bits_stored - 1)
        return (-half, half - 1) if self.is_signed else (0, 2 * half - 1)


def rescaled(stored: Pixels, slope: float, intercept: float) -> Pixels:
    """Return ``slope * stored + intercept``: int16 or uint16 where one fits, else int32; float32 for fractions."""
    if stored.dtype.kind == "f" or not (slope.is_integer() and intercept.is_integer()):
        return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    if abs(slope) > 2**20 or abs(intercept) > 2**30 or stored.dtype.itemsize > 2:
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    wide = stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
    low, high = (int(wide.min()), int(wide.max())) if wide.size else (0, 0)
    for kind in (np.int16, np.uint16):
        # pictures of 16 bits go through a table of 64k levels, wider ones are computed pixel by pixel
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return wide.astype(kind)
    return wide


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
    try:
        with quiet():
            return _decoded(dataset, frame)
    except DecodeError:
        raise
    except MemoryError as exc:
        raise HostileInput(tr("The image claims a size that no real image has."), detail="MemoryError") from exc
    except Exception as exc:
        # pydicom reads values when they are asked for, and a broken one raises whatever it likes
        raise DecodeError(
            tr("The description of the image is broken."), hint=_send_again(), detail=type(exc).__name__
        ) from exc


def _decoded(dataset: Dataset, frame: int) -> DecodedFrame:
    _check(dataset, frame)
    pixels, photometric = _stored(dataset, frame)
    groups = functional_groups(dataset, frame)
    transform = groups.get("PixelValueTransformationSequence", dataset)
    slope, intercept = number(transform.get("RescaleSlope"), 1.0), number(transform.get("RescaleIntercept"), 0.0)
    has_fractions = not float(slope).is_integer()
    voi = groups.get("FrameVOILUTSequence", dataset)  # windows, tables or both (PS3.3 C.7.6.16.2.10, C.7.6.16.2.10b)
    windows = windows_of(voi, has_fractions=has_fractions)
    is_signed = dataset.get("PixelRepresentation") == 1
    bits_stored = integer(dataset, "BitsStored", 0) or integer(dataset, "BitsAllocated", 16)
    # the values that leave a modality transform say how the first value that a VOI LUT maps is read
    voi_luts = tables_of(
        voi.get("VOILUTSequence"),
        is_signed=_modality_is_signed(dataset, slope, intercept, bits_stored),
    )
    if photometric == "PALETTE COLOR":
        pixels, photometric = from_palette(dataset, pixels), "RGB"
    elif pixels.ndim == 3:
        pixels, photometric = as_rgb(pixels, photometric, integer(dataset, "BitsStored", 8)), "RGB"
    elif is_supplemental(dataset, _frame_presentation(groups)):
        pixels, photometric = (
            partly_coloured(dataset, pixels, windows, voi_luts, slope=slope, intercept=intercept),
            "RGB",
        )
    modality_lut = tables_of(dataset.get("ModalityLUTSequence"), is_signed=is_signed)[:1]
    overlays = overlay_planes(dataset, frame, lambda: _with_unused_bits(dataset, frame))
    return DecodedFrame(
        pixels=pixels,
        photometric=photometric,
        slope=slope,
        intercept=intercept,
        unit=unit_of(dataset, transform),
        modality_lut=modality_lut[0] if modality_lut else None,
        padding=padding_of(dataset),
        windows=windows,
        voi_luts=voi_luts,
        bits_stored=bits_stored,
        is_signed=is_signed,
        lossy=str(dataset.get("LossyImageCompression", "") or "") == "01",
        overlays=overlays,
        shutter=shutter_on_frame(
            groups.get("FrameDisplayShutterSequence", dataset), overlays, pixels.shape, frame_aspect(dataset, groups)
        ),
    )


def _modality_is_signed(dataset: Dataset, slope: float, intercept: float, bits_stored: int) -> bool:
    """Tell whether values below zero may leave the modality transform; what leaves a LUT is unsigned."""
    if dataset.get("ModalityLUTSequence"):
        return False
    return bool(dataset.get("PixelRepresentation") == 1) or min(0.0, slope * (2**bits_stored - 1)) + intercept < 0


def _frame_presentation(groups: Mapping[str, Dataset]) -> str:
    for name in ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "USImageDescriptionSequence"):
        if name in groups and (found := str(groups[name].get("PixelPresentation", "") or "")):
            return found
    return ""


def _read(source: Path | str | bytes, *, stop_before_pixels: bool, assumed: str | None) -> Dataset:
    dataset = parse(source, stop_before_pixels=stop_before_pixels)
    try:
        with quiet():
            decode_dataset(dataset, assumed=assumed)
    except Exception as exc:
        raise DecodeError(
            tr("The file is not a readable DICOM object."), hint=_send_again(), detail=type(exc).__name__
        ) from exc
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
        raise DecodeError(tr("The file cannot be read."), hint=_send_again(), detail=type(exc).__name__) from exc
    except Exception as exc:
        raise DecodeError(
            tr("The file is not a readable DICOM object."), hint=_send_again(), detail=type(exc).__name__
        ) from exc
    return dataset


def _without_preamble(source: Path | str | bytes, *, stop_before_pixels: bool) -> Dataset:
    """Accept bare datasets, which old exports write, when they name a SOP Instance."""
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    dataset = pydicom.dcmread(file, force=True, stop_before_pixels=stop_before_pixels)
    if "SOPInstanceUID" not in dataset or "SOPClassUID" not in dataset:
        raise DecodeError(tr("The file is not a readable DICOM object."), hint=_send_again())
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = UID(
            "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
        )
    return dataset


def _check(dataset: Dataset, frame: int) -> None:
    rows, columns = integer(dataset, "Rows", 0), integer(dataset, "Columns", 0)
    if not any(name in dataset for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")) or not (
        rows and columns
    ):
        raise DecodeError(
            tr("This object has no image."), hint=tr("Reports, documents and plans are listed beside the images.")
        )
    samples, bits = integer(dataset, "SamplesPerPixel", 1), integer(dataset, "BitsAllocated", 8)
    frames = frame_count(dataset)
    if rows * columns * samples * max(8, bits) // 8 > MAX_FRAME_BYTES or frames > MAX_FRAMES or samples > 4:
        raise HostileInput(tr("The image claims a size that no real image has."), detail=f"{rows}x{columns}x{samples}")
    if not 0 <= frame < frames:
        raise DecodeError(tr("The image has no frame {number}.", number=frame + 1))
    photometric = str(dataset.get("PhotometricInterpretation", "") or "").strip()
    if photometric in _RETIRED or samples not in {1, 3}:
        raise DecodeError(
            tr("Images in the colours {name} cannot be shown.", name=photometric or samples),
            hint=tr("Ask the sender for a copy in RGB."),
            detail=f"{photometric}, {samples} samples",
        )


def _send_again() -> str:
    return tr("Ask the sender to send this image again.")


def frame_count(dataset: Dataset) -> int:
    """Return the number of frames. Raises DecodeError when the file states it unreadably."""
    try:
        value = dataset.get("NumberOfFrames")
        return 1 if value is None or value == "" else max(1, int(value))
    except (TypeError, ValueError) as exc:
        raise DecodeError(tr("The number of frames in the file is unreadable."), hint=_send_again()) from exc


def _stored(dataset: Dataset, frame: int) -> tuple[Pixels, str]:
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID", "") if hasattr(dataset, "file_meta") else ""))
    photometric = str(dataset.get("PhotometricInterpretation", "MONOCHROME2") or "MONOCHROME2").strip()
    problem: Exception | None = None
    whole = whole_samples(dataset, frame) or shared_chroma(dataset, frame) if syntax in _LITTLE else None
    if whole is not None:
        return whole
    try:
        with quiet():
            pixels, meta = get_decoder(syntax).as_array(dataset, index=frame, raw=False)
        photometric = str(meta["photometric_interpretation"])
        below = _bits_below(dataset)
        if below and photometric.startswith("MONOCHROME"):
            return _aligned(dataset, _words(dataset, frame, syntax), below, syntax), photometric
        # native byte order: big endian files decode to '>i2'
        return pixels.astype(pixels.dtype.newbyteorder("="), copy=False), photometric
    except Exception as exc:  # noqa: BLE001 - plug-ins raise anything
        problem = exc
    if syntax in _GDCM_SYNTAXES:
        try:
            below = _bits_below(dataset) if photometric.startswith("MONOCHROME") else 0
            pixels = _by_gdcm(dataset, frame, syntax, is_whole_word=below > 0)
            return _aligned(dataset, pixels, below, syntax) if below else pixels, photometric
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
        hint=_send_again(),
        detail=f"{syntax.name}: {type(problem).__name__}",
    ) from problem


def _bits_below(dataset: Dataset) -> int:
    """Return how many bits lie below the stored ones, as High Bit could say until 2004 (PS3.5 8.1.1, PS3.3 C.7.6.3)."""
    allocated, stored = integer(dataset, "BitsAllocated", 0), integer(dataset, "BitsStored", 0)
    high = integer(dataset, "HighBit", stored - 1)
    return high + 1 - stored if 0 < stored <= high < allocated else 0


def _aligned(dataset: Dataset, words: Pixels, below: int, syntax: UID) -> Pixels:
    """Return the stored values of words in which so many other bits lie below them, and perhaps some above."""
    if syntax.is_encapsulated and (words & ((1 << below) - 1)).any():
        below = 0  # the stream holds the samples alone, whatever the header says: their last bits are in use
    bits, stored = words.dtype.itemsize * 8, integer(dataset, "BitsStored", 0)
    # the sign comes along to the right in a signed type
    aligned: Pixels = words << (bits - stored - below) >> (bits - stored)
    return aligned


_LITTLE: Final = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", DeflatedExplicitVRLittleEndian})
"""Syntaxes whose pixel data are samples, byte after byte"""


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


def _by_gdcm(dataset: Dataset, frame: int, syntax: UID, *, is_whole_word: bool) -> Pixels:
    frames = frame_count(dataset)
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
        bits_stored=int(dataset.BitsAllocated if is_whole_word else dataset.BitsStored),
        is_signed=dataset.get("PixelRepresentation") == 1,
    )
    return decode_stored(encoded, layout)


def _with_unused_bits(dataset: Dataset, frame: int) -> Pixels:
    """Return the pixels of an uncompressed frame as they lie in the file."""
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID", "") if hasattr(dataset, "file_meta") else ""))
    if syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian:
        raise ValueError("compressed pixels have no unused bits")
    return _words(dataset, frame, syntax)


def _words(dataset: Dataset, frame: int, syntax: UID) -> Pixels:
    options: dict[str, Any] = {"index": frame, "raw": True, "correct_unused_bits": False}
    with quiet():
        pixels, _ = get_decoder(syntax).as_array(dataset, **options)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
