"""
Takes single frames out of a multi-frame object: each becomes a Part 10 object of one frame.

The object is parsed and its frames are located once; a frame then costs what a single image costs, so
that a clip of a thousand frames is decoded on demand, by the same code and the same child processes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from resources.translation import tr
from workstation.dicom.frame_headers import MAX_FRAMES
from workstation.dicom.header import header_of
from workstation.dicom.images.colour import SAMPLES_A_PIXEL, is_whole
from workstation.dicom.images.decode import frame_count, parse
from workstation.dicom.images.frame_attributes import integer
from workstation.dicom.images.overlays import keep_frame
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError, HostileInput

_PIXEL_KEYWORDS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_WHOLE_OBJECT: Final = (
    "PerFrameFunctionalGroupsSequence",
    "GridFrameOffsetVector",
    "FrameTimeVector",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    *_PIXEL_KEYWORDS,
)


class FrameReader:
    """The frames of one object held in memory as stored; safe to use from several threads."""

    def __init__(self, part10: bytes) -> None:
        try:
            with quiet():
                self._open(part10)
        except DecodeError:
            raise
        except Exception as exc:
            # pydicom reads values when they are asked for, and a broken one raises whatever it likes
            raise _damaged(type(exc).__name__) from exc

    def _open(self, part10: bytes) -> None:
        # text stays as it is stored: what cannot be decoded cannot be written again either
        dataset = parse(part10, stop_before_pixels=False)
        self.count = frame_count(dataset)
        if self.count > MAX_FRAMES:
            raise HostileInput(tr("The image claims a size that no real image has."), detail=f"{self.count} frames")
        keyword = next((name for name in _PIXEL_KEYWORDS if name in dataset), None)
        if keyword is None:
            raise DecodeError(tr("This object has no image."))
        self._keyword = keyword
        self._vr = str(dataset[keyword].VR)
        self._syntax = UID(str(dataset.file_meta.TransferSyntaxUID))
        self._groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
        self._planes = [] if self._groups else _planes(part10)
        self._bits = integer(dataset, "Rows", 0) * integer(dataset, "Columns", 0) * _bits_per_pixel(dataset, keyword)
        self._frames: list[bytes] = []
        self._pixels = b""
        if self._is_encapsulated:
            self._frames = self._located(dataset)
        else:
            self._pixels = dataset[keyword].value
            if is_whole(dataset, len(self._pixels)):
                self._bits = integer(dataset, "Rows", 0) * integer(dataset, "Columns", 0) * 24
        self._base = _without(dataset)

    @property
    def frame_bytes(self) -> int:
        """Return the size of one frame before compression."""
        return (self._bits + 7) // 8

    def part10(self, frame_number: int) -> bytes:
        """Return one frame (from 1) as an object of its own. Raises DecodeError for one that is not there."""
        if not 1 <= frame_number <= self.count:
            raise DecodeError(tr("The image has no frame {number}.", number=frame_number))
        try:
            with quiet():
                return self._alone(frame_number - 1)
        except DecodeError:
            raise
        except Exception as exc:
            raise _damaged(type(exc).__name__) from exc

    def _alone(self, index: int) -> bytes:
        single = _copied(self._base)
        if index < len(self._groups):
            single.PerFrameFunctionalGroupsSequence = [self._groups[index]]
        elif index < len(self._planes):
            values = self._planes[index]
            single.ImagePositionPatient = list(values["ImagePositionPatient"])
            single.ImageOrientationPatient = list(values["ImageOrientationPatient"])
        keep_frame(single, index)
        single.NumberOfFrames = 1
        if self._is_encapsulated:
            single.add_new(self._keyword, self._vr, encapsulate([self._encoded(index)]))
            single[self._keyword].is_undefined_length = True
        else:
            single.add_new(self._keyword, self._vr, self._plain(index))
            if self._syntax == DeflatedExplicitVRLittleEndian:
                single.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return _written(single)

    @property
    def _is_encapsulated(self) -> bool:
        return bool(self._syntax.is_encapsulated)

    def _located(self, dataset: Dataset) -> list[bytes]:
        offsets = None
        if dataset.get("ExtendedOffsetTable") and dataset.get("ExtendedOffsetTableLengths"):
            offsets = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
        found: list[bytes] = []
        try:
            for frame in generate_frames(dataset.PixelData, number_of_frames=self.count, extended_offsets=offsets):
                found.append(frame)
                if len(found) == self.count:
                    break
        except Exception as exc:
            # what came before the damage can be shown
            if not found:
                raise _damaged(type(exc).__name__) from exc
        return found

    def _encoded(self, index: int) -> bytes:
        if index >= len(self._frames):
            raise _damaged("frame missing")
        return self._frames[index]

    def _plain(self, index: int) -> bytes:
        first, last = index * self._bits, (index + 1) * self._bits
        if last > 8 * len(self._pixels):
            raise _damaged("truncated")
        part = self._pixels[first // 8 : -(-last // 8)]
        if first % 8 or last % 8:
            # single bits: a frame may begin within a byte
            bits = np.unpackbits(np.frombuffer(part, np.uint8), bitorder="little")[first % 8 :][: self._bits]
            part = np.packbits(bits, bitorder="little").tobytes()
        return part + b"\x00" * (len(part) % 2)


def one_frame(header: Dataset, frame_number: int, frame: bytes, transfer_syntax_uid: str) -> bytes:
    """
    Return a frame (from 1) as an object of its own: ``header`` without pixels, ``frame`` in the transfer syntax.

    Raises DecodeError where the frame cannot be what the header says.
    """
    count = frame_count(header)
    if not 1 <= frame_number <= count or count > MAX_FRAMES:
        raise DecodeError(tr("The image has no frame {number}.", number=frame_number))
    syntax = UID(transfer_syntax_uid)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.SpecificCharacterSet = "ISO_IR 192"
    bits = integer(header, "BitsAllocated", 8)
    single = _without(header)
    groups = list(header.get("PerFrameFunctionalGroupsSequence") or [])
    if frame_number <= len(groups):
        single.PerFrameFunctionalGroupsSequence = [groups[frame_number - 1]]
    keep_frame(single, frame_number - 1)
    single.NumberOfFrames = 1
    vr = "OB" if bits <= 8 or syntax.is_encapsulated else "OW"
    if syntax.is_encapsulated:
        single.add_new("PixelData", vr, encapsulate([frame]))
        single["PixelData"].is_undefined_length = True
    else:
        pixels = integer(header, "Rows", 0) * integer(header, "Columns", 0)
        if not frame or 8 * len(frame) != pixels * _bits_per_pixel(header, "PixelData"):
            raise _damaged("another length than the header says")
        single.add_new("PixelData", vr, frame + b"\x00" * (len(frame) % 2))
    return _written(single)


def _bits_per_pixel(dataset: Dataset, keyword: str) -> int:
    if keyword != "PixelData":
        return 32 if keyword == "FloatPixelData" else 64
    photometric = str(dataset.get("PhotometricInterpretation", "") or "").strip()
    samples = SAMPLES_A_PIXEL.get(photometric, integer(dataset, "SamplesPerPixel", 1))
    return int(integer(dataset, "BitsAllocated", 8) * samples)


def _planes(part10: bytes) -> list[Mapping[str, tuple[str, ...]]]:
    frames = header_of(parse(part10, stop_before_pixels=True)).frames
    return [frame.values for frame in frames] if all(frame.position is not None for frame in frames) else []


def _copied(dataset: Dataset) -> Dataset:
    """Return a dataset that can be changed without the other: a shallow copy of pydicom's shares its elements."""
    made = Dataset()
    made.update(dataset)
    made.file_meta = FileMetaDataset()
    made.file_meta.update(dataset.file_meta)
    return made


def _without(dataset: Dataset) -> Dataset:
    single = _copied(dataset)
    for keyword in _WHOLE_OBJECT:
        if keyword in single:
            delattr(single, keyword)
    return single


def _written(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _damaged(detail: Any) -> DecodeError:  # noqa: ANN401 - any word for the log
    return DecodeError(
        tr("The pixel data are damaged or cut off."),
        hint=tr("Ask the sender to send this image again."),
        detail=str(detail),
    )
