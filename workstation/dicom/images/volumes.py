"""
A series as one volume in patient space: read, ordered by position, in modality values.

What is no regular stack is refused in plain words (``stack``); a refused series still shows as a stack
of 2D images. ``voxels`` does the reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.translation import tr
from workstation.dicom.acquisition import acquisition_of
from workstation.dicom.header import Header
from workstation.dicom.images.assemble import stack_of
from workstation.dicom.images.fast_reader import FastFile
from workstation.dicom.images.frame_attributes import unit_named
from workstation.dicom.images.source import WORKERS, alone_or_together, read_file_header
from workstation.dicom.images.stack import StackGeometry
from workstation.dicom.images.voxels import Slice, read_voxels
from workstation.domain.errors import HostileInput, MissingGeometry, NotAVolume
from workstation.domain.geometry import affine
from workstation.domain.ports import JobContext
from workstation.domain.study import Series
from workstation.domain.volume import Volume

MAX_VOLUME_BYTES: Final = 4 << 30


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVolume:
    """A volume and what its positions say; ``geometry.warnings`` are for the reader."""

    volume: Volume
    geometry: StackGeometry


class InstanceVolumes:
    """The ``InstanceVolumeSource`` port: Part 10 files held in memory."""

    def from_instances(self, part10_files: Sequence[bytes], job: JobContext) -> Volume:
        """Decode and sort one series. Raises NotAVolume, MissingGeometry, UnsupportedTransferSyntax, HostileInput."""
        return _volume(list(part10_files), job).volume


def load_volume(source: Series | Iterable[Path], job: JobContext | None = None) -> Volume:
    """
    Read one series as a volume, slices by rising position along the normal.

    Raises NotAVolume for several series or an irregular stack, MissingGeometry without positions or
    spacing, UnsupportedTransferSyntax, DecodeError for a damaged slice (none is left out), JobCancelled.
    """
    return read_volume(source, job).volume


def read_volume(source: Series | Iterable[Path], job: JobContext | None = None) -> LoadedVolume:
    """Read one series like ``load_volume`` and also return what its geometry says."""
    return _volume(_paths(source), job)


def _volume(sources: Sequence[Path | bytes], job: JobContext | None) -> LoadedVolume:
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="volume") as pool:
        slices = _slices(sources, list(alone_or_together(read_file_header, sources, pool)))
        if job is not None:
            job.raise_if_cancelled()
        headers = [one.header for one in slices]
        _check_pixels(headers)
        geometry = stack_of(headers)
        _check_regular(geometry)
        slices = [slices[n] for n in geometry.order]
        voxels = read_voxels(slices, pool, job)
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
        unit=unit_named(
            first.text("RescaleType"),
            first.text("Modality"),
            first.text("SOPClassUID"),
            is_rescaled=first.number("RescaleIntercept") is not None,
        ),
        acquisition=acquisition_of(first),
    )
    if job is not None:
        job.progress(1.0)
    return LoadedVolume(volume, geometry)


def _paths(source: Series | Iterable[Path]) -> list[Path | bytes]:
    if isinstance(source, Series):
        found: list[Path | bytes] = [
            Path(one.path) for one in source.instances if one.path is not None and one.rows and one.columns
        ]
    else:
        found = [Path(path) for path in source]
    if not found:
        raise NotAVolume(tr("The series holds no images."))
    return found


def _slices(sources: Sequence[Path | bytes], files: Sequence[tuple[Header, FastFile | None]]) -> list[Slice]:
    unique: dict[str, Slice] = {}
    for source, (header, fast) in zip(sources, files, strict=True):
        if header.is_image:
            unique.setdefault(header.text("SOPInstanceUID"), Slice(header, fast, source))
    if len({one.header.text("SeriesInstanceUID") for one in unique.values()}) > 1:
        raise NotAVolume(tr("The files belong to more than one series."), hint=tr("Choose one series."))
    slices: list[Slice] = []
    for one in unique.values():
        header = one.header
        count = max(1, header.integer("NumberOfFrames", 1))
        if count == 1:
            slices.append(one)
        elif len(header.frames) == count:
            frames = (_with_identity(header, frame) for frame in header.frames)
            slices += [Slice(frame, None, one.source, n) for n, frame in enumerate(frames)]
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
