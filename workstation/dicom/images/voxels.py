"""
The voxels of a sorted stack, read slice by slice in a pool of threads.

Plain 16-bit little endian slices are read straight into the volume; compressed slices are decoded by
GDCM where that lets the threads run side by side, else by the careful way of ``decode``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from resources.translation import tr, trn
from workstation.dicom.header import Header
from workstation.dicom.images.decode import decode_frame, read_dataset, rescaled
from workstation.dicom.images.fast_codecs import FAST, decode_words
from workstation.dicom.images.fast_reader import EXPLICIT, IMPLICIT, FastFile
from workstation.dicom.images.gdcm_fallback import FrameLayout, decode_stored
from workstation.domain.errors import DecodeError
from workstation.domain.ports import JobContext

# measured: pyjpegls holds the interpreter lock, GDCM does not
_POOLED_BY_GDCM: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 57, 70, 80, 81))
_INT16: Final = np.iinfo(np.int16)
_PORTIONS: Final = 48
"""Into how many tasks a series is divided: enough to share it evenly and to be cancelled within a moment."""

Voxels = npt.NDArray[np.int16] | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice to read: frame ``frame`` of a file, or of the bytes of one."""

    header: Header
    fast: FastFile | None
    source: Path | bytes
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """How the 16-bit words of an image become modality values: read from its header once for many images alike."""

    shape: tuple[int, int]
    bits: int
    is_signed: bool
    intercept: int

    @staticmethod
    def of(header: Header) -> Words:
        """Return what a header says of grey values of 16 bits whose rescale is an offset."""
        return Words(
            (header.integer("Rows"), header.integer("Columns")),
            header.integer("BitsStored"),
            header.integer("PixelRepresentation") == 1,
            int(_intercept(header)),
        )

    def rescale(self, stored: npt.NDArray[np.int16], target: npt.NDArray[np.int16]) -> bool:
        """Turn stored bit patterns into modality values, in place or not; False when they do not fit into int16."""
        bits, kind = self.bits, np.int16 if self.is_signed else np.uint16
        source, values = stored.view(kind), target.view(kind)
        if bits < 16:
            # unused high bits may hold anything, old overlays for one
            if self.is_signed:
                np.left_shift(source, 16 - bits, out=values)
                np.right_shift(values, 16 - bits, out=values)
            else:
                np.bitwise_and(source, np.uint16((1 << bits) - 1), out=values)
            source = values
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if self.is_signed else (0, (1 << bits) - 1)
        # each look at the values costs as much as reading them: only where the end in question may not fit
        if not _fits(low + self.intercept) and not _fits(int(source.min()) + self.intercept):
            return False
        if not _fits(high + self.intercept) and not _fits(int(source.max()) + self.intercept):
            return False
        if self.intercept:
            # modulo 2^16 the sum is right because the result was shown to fit
            np.add(source.view(np.uint16), np.uint16(self.intercept & 0xFFFF), out=target.view(np.uint16))
        elif source is not values:
            np.copyto(values, source)
        return True


def read_voxels(slices: Sequence[Slice], pool: ThreadPoolExecutor, job: JobContext | None) -> Voxels:
    """
    Return ``[z, y, x]`` modality values of slices in order: int16, float32 when they do not fit.

    Raises DecodeError, UnsupportedTransferSyntax, JobCancelled.
    """
    first = slices[0].header
    shape = (len(slices), first.integer("Rows"), first.integer("Columns"))
    if all(_whole(one.header) for one in slices):
        whole = np.empty(shape, dtype=np.int16)
        if _fill(whole, slices, pool, job):
            return whole
    fractional = np.empty(shape, dtype=np.float32)
    _fill(fractional, slices, pool, job)
    return fractional


def is_plain_slice(header: Header, pixel_length: int | None) -> bool:
    """Tell whether ``plain_slice`` reads an image: one frame of uncompressed 16-bit grey values with an offset."""
    return (
        sys.byteorder == "little"
        and header.transfer_syntax_uid in {IMPLICIT, EXPLICIT}
        and pixel_length == 2 * header.integer("Rows") * header.integer("Columns") > 0
        and header.integer("NumberOfFrames", 1) == 1
        and header.integer("SamplesPerPixel", 1) == 1
        and _has_words(header)
        and _whole(header)
    )


def plain_slice(words: Words, part10: bytes, pixel_offset: int) -> npt.NDArray[np.int16] | None:
    """Return the modality values of an image for which ``is_plain_slice`` holds, None when they do not fit int16."""
    target = np.empty(words.shape, dtype=np.int16)
    stored = np.frombuffer(part10, "<i2", target.size, pixel_offset).reshape(words.shape)
    return target if words.rescale(stored, target) else None


def _fill(target: Voxels, slices: Sequence[Slice], pool: ThreadPoolExecutor, job: JobContext | None) -> bool:
    """Fill the volume slice by slice; return False when a value does not fit the target's type."""
    # frames of one file: parse it once
    datasets = {id(one.source): read_dataset(one.source) for one in slices if one.frame == 1}

    def one(z: int) -> bool:
        if target.dtype == np.int16 and _is_plain(slices[z]):
            return _read_plain(slices[z], target[z])
        if target.dtype == np.int16 and _is_fast(slices[z]):
            try:
                return _read_fast(slices[z], target[z])
            except (RuntimeError, ValueError):
                pass  # the careful way says what is wrong, or succeeds
        return _put(_decoded(slices[z], datasets), slices[z].header, target[z])

    def portion(first: int) -> bool:
        return all(one(z) for z in range(first, min(first + step, len(slices))))

    # a task for each slice would cost more in handing over than a plain slice costs in reading
    step = max(1, len(slices) // _PORTIONS)
    futures = [pool.submit(portion, first) for first in range(0, len(slices), step)]
    try:
        for number, future in enumerate(futures, start=1):
            if not future.result():
                return False
            if job is not None:
                done = min(number * step, len(slices))
                job.raise_if_cancelled()
                job.progress(
                    done / len(slices),
                    trn(
                        "{done} of {total} image", "{done} of {total} images", len(slices), done=done, total=len(slices)
                    ),
                )
    finally:
        for future in futures:
            future.cancel()
    return True


def _whole(header: Header) -> bool:
    slope, intercept = _slope(header), _intercept(header)
    return (
        header.integer("BitsAllocated") <= 16
        and slope.is_integer()
        and intercept.is_integer()
        and abs(slope) < 2**15
        and abs(intercept) < 2**30
        and not header.text("ModalityLUTSequence")
    )


def _slope(header: Header) -> float:
    found = header.number("RescaleSlope")
    return 1.0 if found is None else found


def _intercept(header: Header) -> float:
    found = header.number("RescaleIntercept")
    return 0.0 if found is None else found


def _is_plain(one: Slice) -> bool:
    header, fast = one.header, one.fast
    expected = 2 * header.integer("Rows") * header.integer("Columns")
    return (
        sys.byteorder == "little"
        and fast is not None
        and header.transfer_syntax_uid in {IMPLICIT, EXPLICIT}
        and fast.pixel_length is not None
        and expected <= fast.pixel_length <= expected + 1
        and _has_words(header)
    )


def _is_fast(one: Slice) -> bool:
    return (
        one.fast is not None
        and one.fast.pixel_length is None
        and one.header.transfer_syntax_uid in FAST
        and _has_words(one.header)
    )


def _has_words(header: Header) -> bool:
    """Tell whether the pixels are grey values of 16 bits whose rescale is an offset."""
    return (
        header.integer("BitsAllocated") == 16
        and 0 < header.integer("BitsStored") <= 16
        and header.integer("HighBit") == header.integer("BitsStored") - 1
        and _slope(header) == 1.0
        and header.text("PhotometricInterpretation") in {"MONOCHROME1", "MONOCHROME2"}
    )


def _read_plain(one: Slice, target: npt.NDArray[np.int16]) -> bool:
    """Read stored values into the slice and add the intercept in place, while they are in the cache."""
    if one.fast is None:
        raise AssertionError("only plain files come here")
    words = Words.of(one.header)
    if isinstance(one.source, bytes):
        stored = np.frombuffer(one.source, "<i2", target.size, one.fast.pixel_offset).reshape(target.shape)
        return words.rescale(stored, target)
    _read_into(one.source, one.fast.pixel_offset, target)
    return words.rescale(target, target)


def _read_fast(one: Slice, target: npt.NDArray[np.int16]) -> bool:
    """Decode one compressed slice while other threads decode theirs."""
    header = one.header
    if one.fast is None:
        raise AssertionError("only files with known pixels come here")
    encoded = get_frame(_from(one.source, one.fast.pixel_offset), 0, number_of_frames=1)
    is_signed = header.integer("PixelRepresentation") == 1
    words = decode_words(encoded, header.transfer_syntax_uid, target.shape, is_signed=is_signed)
    return Words.of(header).rescale(words.view(np.int16), target)


def _read_into(source: Path, offset: int, target: npt.NDArray[np.int16]) -> None:
    with source.open("rb", buffering=0) as file:
        file.seek(offset)
        view = target.data.cast("B")
        done = 0
        while done < len(view):
            count = file.readinto(view[done:])
            if not count:
                raise DecodeError(tr("The pixel data are damaged or cut off."), detail="truncated")
            done += count


def _fits(value: int) -> bool:
    return _INT16.min <= value <= _INT16.max


def _decoded(one: Slice, datasets: Mapping[int, Dataset]) -> npt.NDArray[Any]:
    """Return one slice in modality values."""
    header = one.header
    if one.fast is not None and one.fast.pixel_length is None and header.transfer_syntax_uid in _POOLED_BY_GDCM:
        try:
            return _by_gdcm(one, one.fast)
        except (RuntimeError, ValueError):
            pass  # the careful way says what is wrong, or succeeds
    return decode_frame(datasets.get(id(one.source)) or one.source, one.frame).modality_values()


def _by_gdcm(one: Slice, fast: FastFile) -> npt.NDArray[Any]:
    header = one.header
    if header.text("ModalityLUTSequence"):
        raise ValueError("a modality LUT takes the careful way")
    if header.integer("HighBit") != header.integer("BitsStored") - 1:
        raise ValueError("samples above unused bits take the careful way")
    encoded = get_frame(_from(one.source, fast.pixel_offset), 0, number_of_frames=1)
    layout = FrameLayout(
        transfer_syntax_uid=header.transfer_syntax_uid,
        rows=header.integer("Rows"),
        columns=header.integer("Columns"),
        bits_allocated=header.integer("BitsAllocated"),
        bits_stored=header.integer("BitsStored"),
        is_signed=header.integer("PixelRepresentation") == 1,
    )
    return rescaled(decode_stored(encoded, layout), _slope(header), _intercept(header))


def _from(source: Path | bytes, offset: int) -> bytes:
    if isinstance(source, bytes):
        return source[offset:]
    with source.open("rb") as file:
        file.seek(offset)
        return file.read()


def _put(values: npt.NDArray[Any], header: Header, target: Voxels) -> bool:
    if values.shape != target.shape:
        raise DecodeError(tr("The pixel data are damaged or cut off."), detail=f"{header.transfer_syntax_uid} shape")
    if (
        target.dtype == np.int16
        and values.dtype != np.int16
        and (values.dtype.kind == "f" or not (_fits(int(values.min())) and _fits(int(values.max()))))
    ):
        return False
    target[...] = values
    return True
