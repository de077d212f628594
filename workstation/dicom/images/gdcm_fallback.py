"""
Decoding one compressed frame with GDCM (inside SimpleITK), for what pydicom's plug-ins cannot read.

The frame travels as a minimal Secondary Capture object without any patient data, in memory where the
system has anonymous files (Linux), else in a private temporary file that is removed at once. GDCM lets
other Python threads run while it decodes, which pyjpegls does not; series loading relies on that.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

_SECONDARY_CAPTURE: Final = UID("1.2.840.10008.5.1.4.1.1.7")
_THROW_AWAY_UID: Final = UID("2.25.1")
_PIXEL_DATA: Final = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_EMPTY_OFFSETS: Final = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
_SEQUENCE_END: Final = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """The pixel module of one frame."""

    transfer_syntax_uid: str
    rows: int
    columns: int
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    is_signed: bool = False


def decode_stored(frame: bytes, layout: FrameLayout) -> npt.NDArray[Any]:
    """
    Return the stored values ``(rows, columns[, samples])`` of one encapsulated frame.

    Colour comes back as coded (no conversion). Raises RuntimeError when GDCM cannot read it.
    """
    import SimpleITK  # noqa: PLC0415 - 0.3 s to import, needed by few files

    with _as_file(_part10(frame, layout)) as name:
        image = SimpleITK.ReadImage(name, imageIO="GDCMImageIO")
        pixels = np.asarray(SimpleITK.GetArrayFromImage(image))
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    if pixels.size != int(np.prod(shape)):
        raise RuntimeError(f"decoded to shape {pixels.shape}, header says {shape}")
    kind = "i" if layout.is_signed else "u"
    return pixels.reshape(shape).astype(f"{kind}{layout.bits_allocated // 8}", copy=False)


def _part10(frame: bytes, layout: FrameLayout) -> bytes:
    padded = frame if len(frame) % 2 == 0 else frame + b"\x00"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(padded))
    return b"".join((_prefix(layout), _PIXEL_DATA, _EMPTY_OFFSETS, item, padded, _SEQUENCE_END))


@functools.lru_cache(maxsize=16)
def _prefix(layout: FrameLayout) -> bytes:
    """Build everything before the pixels once per series."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _SECONDARY_CAPTURE
    meta.MediaStorageSOPInstanceUID = _THROW_AWAY_UID
    meta.TransferSyntaxUID = UID(layout.transfer_syntax_uid)
    dataset = FileDataset("", Dataset(), preamble=bytes(128), file_meta=meta)
    dataset.SOPClassUID = _SECONDARY_CAPTURE
    dataset.SOPInstanceUID = _THROW_AWAY_UID
    dataset.SamplesPerPixel = layout.samples
    # RGB keeps GDCM from converting colours: that is done in one place, by us
    dataset.PhotometricInterpretation = "MONOCHROME2" if layout.samples == 1 else "RGB"
    if layout.samples > 1:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = layout.rows, layout.columns
    dataset.BitsAllocated, dataset.BitsStored = layout.bits_allocated, layout.bits_stored
    dataset.HighBit = layout.bits_stored - 1
    dataset.PixelRepresentation = int(layout.is_signed)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("frame")
        try:
            os.write(fd, content)
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
        return
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "frame.dcm")  # noqa: PTH118 - GDCM wants a string
        with open(name, "wb") as file:  # noqa: PTH123 - ditto
            file.write(content)
        yield name
