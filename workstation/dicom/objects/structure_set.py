"""
Structure sets (RTSTRUCT) of other systems, read for display.

*Source:* PS3.3 A.19.3, C.8.8.5, C.8.8.6. Contours that are not closed, and structures in another frame of
reference than most, are left out and counted.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.sr.common import read_part10
from workstation.domain.errors import DecodeError
from workstation.domain.structures import FloatArray, LeftOut, Structure, StructureSet

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"
MAXIMUM_POINTS: Final = 5_000_000
_CLOSED: Final = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
_WHY: Final = {"POINT": LeftOut.POINT, "OPEN_PLANAR": LeftOut.OPEN, "OPEN_NONPLANAR": LeftOut.OPEN}


def read_structure_set(part10: bytes) -> StructureSet:
    """
    Read the closed contours of an RTSTRUCT.

    Raises HostileInput: unreadable. DecodeError: not a structure set, or more points than can be drawn.
    """
    ds = read_part10(part10)
    if str(ds.get("SOPClassUID", "")) != RT_STRUCTURE_SET:
        raise DecodeError(tr("This object is not a structure set"))
    named = {_integer(roi.get("ROINumber")): roi for roi in ds.get("StructureSetROISequence") or ()}
    left = MAXIMUM_POINTS
    gone: Counter[LeftOut] = Counter()
    drawn: list[tuple[str, Structure]] = []
    for roi in ds.get("ROIContourSequence") or ():
        number = _integer(roi.get("ReferencedROINumber"))
        contours = tuple(_contours(roi, gone))
        left -= sum(len(contour) for contour in contours)
        if left < 0:
            raise DecodeError(
                tr("This structure set is too large to be drawn"),
                hint=tr("The images can be read without it."),
            )
        if number not in named:
            gone[LeftOut.DAMAGED] += len(contours)
        elif contours:
            frame = str(named[number].get("ReferencedFrameOfReferenceUID", "") or "")
            name = str(named[number].get("ROIName", ""))
            drawn.append((frame, Structure(number, name, contours, _colour(roi))))
    frames = Counter(frame for frame, _structure in drawn if frame)
    frame = frames.most_common(1)[0][0] if frames else _frame_of_reference(ds, named)
    here = tuple(structure for own, structure in drawn if own in {"", frame})
    gone[LeftOut.OTHER_FRAME] = len(drawn) - len(here)
    return StructureSet(
        origin=str(ds.get("SOPInstanceUID", "")),
        label=str(ds.get("StructureSetLabel", "")),
        frame_of_reference_uid=frame,
        structures=here,
        left_out=tuple((why, gone[why]) for why in LeftOut if gone[why]),
    )


def _contours(roi: Dataset, gone: Counter[LeftOut]) -> list[FloatArray]:
    found = []
    for contour in roi.get("ContourSequence") or ():
        kind = str(contour.get("ContourGeometricType", "") or "")
        points = _points(contour) if kind in _CLOSED else None
        if points is None:
            gone[_WHY.get(kind, LeftOut.DAMAGED)] += 1
        else:
            found.append(points)
    return found


def _points(contour: Dataset) -> FloatArray | None:
    try:
        points = np.asarray([float(value) for value in contour.get("ContourData") or ()])
    except (TypeError, ValueError):
        return None
    good = points.size >= 9 and points.size % 3 == 0 and np.isfinite(points).all()
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


def _integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return -1
