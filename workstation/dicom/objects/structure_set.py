"""
Structure sets (RTSTRUCT) of other systems, read for display.

*Source:* PS3.3 A.19.3, C.8.8.5, C.8.8.6. Contours with another geometry than CLOSED_PLANAR are left out.
"""

from __future__ import annotations

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
    structures = []
    for roi in ds.get("ROIContourSequence") or ():
        number = _integer(roi.get("ReferencedROINumber"))
        contours = tuple(_contours(roi))
        left -= sum(len(contour) for contour in contours)
        if left < 0:
            raise DecodeError(
                tr("This structure set is too large to be drawn"),
                hint=tr("The images can be read without it."),
            )
        if contours and number in named:
            structures.append(Structure(number, str(named[number].get("ROIName", "")), contours, _colour(roi)))
    return StructureSet(
        origin=str(ds.get("SOPInstanceUID", "")),
        label=str(ds.get("StructureSetLabel", "")),
        frame_of_reference_uid=_frame_of_reference(ds, named),
        structures=tuple(structures),
    )


def _contours(roi: Dataset) -> list[FloatArray]:
    found = []
    for contour in roi.get("ContourSequence") or ():
        if contour.get("ContourGeometricType") not in _CLOSED or contour.get("ContourData") is None:
            continue
        try:
            points = np.asarray([float(value) for value in contour.ContourData])
        except (TypeError, ValueError):
            continue
        if points.size >= 9 and points.size % 3 == 0 and np.isfinite(points).all():
            found.append(points.reshape(-1, 3))
    return found


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
