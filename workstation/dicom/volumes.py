"""
A series as one volume in patient space: read, ordered by position, in modality values.

Plain 16-bit little endian slices are read straight into the volume; compressed slices are decoded in a
pool, by GDCM where that lets the threads run side by side. What is no regular stack is refused in plain
words (``stack``); a refused series still shows as a stack of 2D images.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from resources.translation import tr
from workstation.dicom.assemble import stack_of
from workstation.dicom.decode import decode_frame, read_dataset, rescaled
from workstation.dicom.fast_reader import EXPLICIT, IMPLICIT, FastFile
from workstation.dicom.gdcm_fallback import FrameLayout, decode_stored
from workstation.dicom.header import Header
from workstation.dicom.source import WORKERS, alone_or_together, read_file_header
from workstation.dicom.stack import StackGeometry
from workstation.domain.errors import DecodeError, HostileInput, MissingGeometry, NotAVolume
from workstation.domain.geometry import affine
from workstation.domain.ports import JobContext
from workstation.domain.study import Series
from workstation.domain.volume import Volume

MAX_VOLUME_BYTES: Final = 4 << 30

# measured: pyjpegls holds the interpreter lock, GDCM does not
_POOLED_BY_GDCM: Final = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 57, 70, 80, 81))
_INT16: Final = np.iinfo(np.int16)

Voxels = npt.NDArray[np.int16] | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVolume:
    """A volume and what its positions say; ``geometry.warnings`` are for the reader."""

    volume: Volume
    geometry: StackGeometry


@dataclass(frozen=True, slots=True)
class _Slice:
    """One slice to read: frame ``frame`` of the file in ``header.path``."""

    header: Header
    fast: FastFile | None
    frame: int


class FileVolumeSource:
    """The ``VolumeSource`` port over local files."""

    def load(self, paths: Iterable[Path], job: JobContext) -> Volume:
        """Read and sort one series. Raises NotAVolume, MissingGeometry, UnsupportedTransferSyntax."""
        return load_volume(paths, job)


def load_volume(source: Series | Iterable[Path], job: JobContext | None = None) -> Volume:
    """
    Read one series as a volume, slices by rising position along the normal.

    Raises NotAVolume for several series or an irregular stack, MissingGeometry without positions or
    spacing, UnsupportedTransferSyntax, DecodeError for a damaged slice (none is left out), JobCancelled.
    """
    return read_volume(source, job).volume


def read_volume(source: Series | Iterable[Path], job: JobContext | None = None) -> LoadedVolume:
    """Read one series like ``load_volume`` and also return what its geometry says."""
    paths = _paths(source)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="volume") as pool:
        slices = _slices(list(alone_or_together(read_file_header, paths, pool)))
        if job is not None:
            job.raise_if_cancelled()
        headers = [one.header for one in slices]
        _check_pixels(headers)
        geometry = stack_of(headers)
        _check_regular(geometry)
        slices = [slices[n] for n in geometry.order]
        voxels = _voxels(slices, pool, job)
    first = slices[0].header
    plane = first.plane
    if plane is None or geometry.step is None:
        raise AssertionError("a regular stack has a plane and a step")
    matrix = affine(plane.origin, plane.right, plane.down, geometry.step, plane.spacing_mm)
    volume = Volume(
        voxels=voxels,
        ijk_to_lps=matrix,
        frame_of_reference_uid=first.text("FrameOfReferenceUID"),
        series_instance_uid=first.text("SeriesInstanceUID"),
        unit=first.text("RescaleType") or ("HU" if first.text("Modality") == "CT" else ""),
    )
    if job is not None:
        job.progress(1.0)
    return LoadedVolume(volume, geometry)


def _paths(source: Series | Iterable[Path]) -> list[Path]:
    if isinstance(source, Series):
        found = [Path(one.path) for one in source.instances if one.path is not None and one.rows and one.columns]
    else:
        found = [Path(path) for path in source]
    if not found:
        raise NotAVolume(tr("The series holds no images."))
    return found


def _slices(files: Sequence[tuple[Header, FastFile | None]]) -> list[_Slice]:
    unique: dict[str, tuple[Header, FastFile | None]] = {}
    for header, fast in files:
        if header.is_image:
            unique.setdefault(header.text("SOPInstanceUID"), (header, fast))
    if len({header.text("SeriesInstanceUID") for header, _ in unique.values()}) > 1:
        raise NotAVolume(tr("The files belong to more than one series."), hint=tr("Choose one series."))
    slices = []
    for header, fast in unique.values():
        count = max(1, header.integer("NumberOfFrames", 1))
        if count == 1:
            slices.append(_Slice(header, fast, 0))
        elif len(header.frames) == count:
            slices += [_Slice(_with_identity(header, frame), None, n) for n, frame in enumerate(header.frames)]
        else:
            raise MissingGeometry(tr("The frames of this image carry no positions."))
    return slices


def _with_identity(header: Header, frame: Header) -> Header:
    return Header(frame.values, header.transfer_syntax_uid, header.path)


def _check_pixels(headers: Sequence[Header]) -> None:
    if not headers:
        raise NotAVolume(tr("The series holds no images."))
    if any(header.integer("SamplesPerPixel", 1) != 1 for header in headers):
        raise NotAVolume(tr("Colour images make no volume."))
    first = headers[0]
    if first.integer("Rows") * first.integer("Columns") * len(headers) * 4 > MAX_VOLUME_BYTES:
        raise HostileInput(tr("The image claims a size that no real image has."))


def _check_regular(geometry: StackGeometry) -> None:
    texts = " ".join(blocker.text for blocker in geometry.blockers)
    codes = {blocker.code for blocker in geometry.blockers}
    if codes & {"position", "spacing"}:
        raise MissingGeometry(texts, hint=_stack_hint(), detail=",".join(sorted(codes)))
    if codes:
        raise NotAVolume(texts, hint=_stack_hint(), detail=",".join(sorted(codes)))
    if geometry.step is None:
        raise NotAVolume(tr("A single image makes no volume."), hint=_stack_hint())


def _stack_hint() -> str:
    return tr("The images can be read one by one; there is no reconstruction in other planes.")


def _voxels(slices: Sequence[_Slice], pool: ThreadPoolExecutor, job: JobContext | None) -> Voxels:
    first = slices[0].header
    shape = (len(slices), first.integer("Rows"), first.integer("Columns"))
    if all(_whole(one.header) for one in slices):
        whole = np.empty(shape, dtype=np.int16)
        if _fill(whole, slices, pool, job):
            return whole
    fractional = np.empty(shape, dtype=np.float32)
    _fill(fractional, slices, pool, job)
    return fractional


def _fill(target: Voxels, slices: Sequence[_Slice], pool: ThreadPoolExecutor, job: JobContext | None) -> bool:
    """Fill the volume slice by slice; return False when a value does not fit the target's type."""
    # frames of one file: parse it once
    multi_frame = {one.header.path for one in slices if one.frame} - {None}
    datasets = {path: read_dataset(Path(path)) for path in multi_frame if path}

    def one(z: int) -> bool:
        if target.dtype == np.int16 and _is_plain(slices[z]):
            return _read_plain(slices[z], target[z])
        return _put(_decoded(slices[z], datasets), slices[z].header, target[z])

    step = max(1, len(slices) // 50)
    futures = [pool.submit(one, z) for z in range(len(slices))]
    try:
        for done, future in enumerate(futures, start=1):
            if not future.result():
                return False
            if job is not None and done % step == 0:
                job.raise_if_cancelled()
                job.progress(done / len(slices), tr("{done} of {total} images", done=done, total=len(slices)))
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


def _is_plain(one: _Slice) -> bool:
    header, fast = one.header, one.fast
    expected = 2 * header.integer("Rows") * header.integer("Columns")
    return (
        sys.byteorder == "little"
        and fast is not None
        and header.transfer_syntax_uid in {IMPLICIT, EXPLICIT}
        and fast.pixel_length is not None
        and expected <= fast.pixel_length <= expected + 1
        and header.integer("BitsAllocated") == 16
        and 0 < header.integer("BitsStored") <= 16
        and header.integer("HighBit") == header.integer("BitsStored") - 1
        and _slope(header) == 1.0
        and header.text("PhotometricInterpretation") in {"MONOCHROME1", "MONOCHROME2"}
    )


def _read_plain(one: _Slice, target: npt.NDArray[np.int16]) -> bool:
    """Read stored values into the slice and add the intercept in place, while they are in the cache."""
    if one.fast is None or one.header.path is None:
        raise AssertionError("only plain files come here")
    _read_into(one.header.path, one.fast.pixel_offset, target)
    header, bits = one.header, one.header.integer("BitsStored")
    is_signed = header.integer("PixelRepresentation") == 1
    intercept = int(_intercept(header))
    stored = target if is_signed else target.view(np.uint16)
    if bits < 16:
        # unused high bits may hold anything, old overlays for one
        if is_signed:
            np.left_shift(stored, 16 - bits, out=stored)
            np.right_shift(stored, 16 - bits, out=stored)
        else:
            np.bitwise_and(stored, np.uint16((1 << bits) - 1), out=stored)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)
    if not (_fits(low + intercept) and _fits(high + intercept)):
        low, high = int(stored.min()), int(stored.max())
        if not (_fits(low + intercept) and _fits(high + intercept)):
            return False
    if intercept:
        # modulo 2^16 the sum is right because the result was shown to fit
        np.add(target.view(np.uint16), np.uint16(intercept & 0xFFFF), out=target.view(np.uint16))
    return True


def _read_into(path: str, offset: int, target: npt.NDArray[np.int16]) -> None:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - unbuffered, a slice at a time
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


def _decoded(one: _Slice, datasets: Mapping[str, Dataset]) -> npt.NDArray[Any]:
    """Return one slice in modality values."""
    header = one.header
    if header.path is None:
        raise AssertionError("files have paths")
    if one.fast is not None and one.fast.pixel_length is None and header.transfer_syntax_uid in _POOLED_BY_GDCM:
        try:
            return _by_gdcm(one, one.fast)
        except (RuntimeError, ValueError):
            pass  # the careful way says what is wrong, or succeeds
    return decode_frame(datasets.get(header.path) or Path(header.path), one.frame).modality_values()


def _by_gdcm(one: _Slice, fast: FastFile) -> npt.NDArray[Any]:
    header = one.header
    if header.text("ModalityLUTSequence"):
        raise ValueError("a modality LUT takes the careful way")
    with open(str(header.path), "rb") as file:  # noqa: PTH123 - pydicom's reader wants the rest as bytes
        file.seek(fast.pixel_offset)
        encoded = get_frame(file.read(), 0, number_of_frames=1)
    layout = FrameLayout(
        transfer_syntax_uid=header.transfer_syntax_uid,
        rows=header.integer("Rows"),
        columns=header.integer("Columns"),
        bits_allocated=header.integer("BitsAllocated"),
        bits_stored=header.integer("BitsStored"),
        is_signed=header.integer("PixelRepresentation") == 1,
    )
    return rescaled(decode_stored(encoded, layout), _slope(header), _intercept(header))


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
