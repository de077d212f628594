"""
Structure sets (RTSTRUCT) of other systems, read for display.

*Source:* PS3.3 A.19.3, C.8.8.5, C.8.8.6. Every structure keeps its frame of reference; contours without usable
points, of an unknown kind or of no named structure are left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.sr.common import read_part10
from workstation.domain.errors import DecodeError
from workstation.domain.structures import FloatArray, Structure, StructureSet

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"
MAXIMUM_POINTS: Final = 5_000_000
_CLOSED: Final = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
_OPEN: Final = frozenset({"OPEN_PLANAR", "OPEN_NONPLANAR"})


def read_structure_set(part10: bytes) -> StructureSet:
    """
    Read the contours, lines and points of an RTSTRUCT.

    Raises HostileInput: unreadable. DecodeError: not a structure set, or more points than can be drawn.
    """
    ds = read_part10(part10)
    if str(ds.get("SOPClassUID", "")) != RT_STRUCTURE_SET:
        raise DecodeError(tr("This object is not a structure set"))
    named = {_integer(roi.get("ROINumber")): roi for roi in ds.get("StructureSetROISequence") or ()}
    left, unusable = MAXIMUM_POINTS, 0
    drawn: list[tuple[str, Structure]] = []
    for roi in ds.get("ROIContourSequence") or ():
        number = _integer(roi.get("ReferencedROINumber"))
        read = _read(roi)
        unusable += read.unusable
        left -= read.size
        if left < 0:
            raise DecodeError(
                tr("This structure set is too large to be drawn"),
                hint=tr("The images can be read without it."),
            )
        if number not in named:
            unusable += read.count
        elif read.count:
            frame = str(named[number].get("ReferencedFrameOfReferenceUID", "") or "")
            name = str(named[number].get("ROIName", ""))
            drawn.append((frame, read.structure(number, name, _colour(roi), frame)))
    frames = Counter(frame for frame, _structure in drawn if frame)
    return StructureSet(
        origin=str(ds.get("SOPInstanceUID", "")),
        label=str(ds.get("StructureSetLabel", "")),
        frame_of_reference_uid=frames.most_common(1)[0][0] if frames else _frame_of_reference(ds, named),
        structures=tuple(structure for _frame, structure in drawn),
        unusable=unusable,
        sources=frozenset(_sources(ds)) - {""},
    )


@dataclass(slots=True)
class _Read:
    """What one structure is made of."""

    closed: list[FloatArray] = field(default_factory=list)
    open: list[FloatArray] = field(default_factory=list)
    points: list[FloatArray] = field(default_factory=list)
    unusable: int = 0

    @property
    def count(self) -> int:
        return len(self.closed) + len(self.open) + len(self.points)

    @property
    def size(self) -> int:
        return sum(len(one) for one in (*self.closed, *self.open, *self.points))

    def structure(self, number: int, name: str, colour: tuple[int, int, int] | None, frame: str) -> Structure:
        points = np.concatenate(self.points) if self.points else np.empty((0, 3))
        return Structure(number, name, tuple(self.closed), colour, tuple(self.open), points, frame)


def _read(roi: Dataset) -> _Read:
    read = _Read()
    known = (
        {"POINT": (read.points, 1)} | dict.fromkeys(_OPEN, (read.open, 2)) | dict.fromkeys(_CLOSED, (read.closed, 3))
    )
    for contour in roi.get("ContourSequence") or ():
        kept, least = known.get(str(contour.get("ContourGeometricType", "") or ""), (None, 0))
        points = _points(contour, least) if kept is not None else None
        if kept is None or points is None:
            read.unusable += 1
        else:
            kept.append(points)
    return read


def _points(contour: Dataset, least: int) -> FloatArray | None:
    try:
        points = np.asarray([float(value) for value in contour.get("ContourData") or ()])
    except (TypeError, ValueError):
        return None
    good = points.size >= 3 * least and points.size % 3 == 0 and np.isfinite(points).all()
    return points.reshape(-1, 3) if good else None


def _colour(roi: Dataset) -> tuple[int, int, int] | None:
    try:
        red, green, blue = (min(max(int(value), 0), 255) for value in roi.get("ROIDisplayColor") or ())
    except (TypeError, ValueError):
        return None
    return red, green, blue


def _frame_of_reference(ds: Dataset, named: dict[int, Dataset]) -> str:
    for item in named.values():
        uid = str(item.get("ReferencedFrameOfReferenceUID", ""))
        if uid:
            return uid
    for item in ds.get("ReferencedFrameOfReferenceSequence") or ():
        return str(item.get("FrameOfReferenceUID", ""))
    return str(ds.get("FrameOfReferenceUID", ""))


def _sources(ds: Dataset) -> Iterator[str]:
    """Return the series and images that the contours were drawn on, as the set names them for all of them."""
    for frame in ds.get("ReferencedFrameOfReferenceSequence") or ():
        for study in frame.get("RTReferencedStudySequence") or ():
            for series in study.get("RTReferencedSeriesSequence") or ():
                yield str(series.get("SeriesInstanceUID", "") or "")
                for image in series.get("ContourImageSequence") or ():
                    yield str(image.get("ReferencedSOPInstanceUID", "") or "")


def _integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return -1
