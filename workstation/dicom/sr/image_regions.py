"""
Places on single images, and whole series, in measurement groups: written as boxes, read from what others drew.

*Source:* PS3.16 TID 1410, 1501; PS3.3 C.18.6 (SCOORD).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import SOURCE_OF_MEASUREMENT
from workstation.dicom.sr.common import code_dataset, uid_reference
from workstation.domain.image_place import BoxPx, ImagePlace

_PIXEL_CENTRE: Final = 0.5
"""SCOORD counts from the outer corner of the first pixel (PS3.3 C.18.6.1.1), we from its centre."""
_POINT_PX: Final = 8.0
"""Half the side of the box that stands for a single point, which has no size."""


def place_item(place: ImagePlace, sop_classes: Mapping[str, str]) -> Dataset:
    """
    Return a box as SCOORD selected from its image, a whole image as the image itself, a series by its UID.

    ``sop_classes`` maps SOP Instance UIDs of the study to their class. Raises ValueError for any other image.
    """
    if place.series_instance_uid:
        return uid_reference(code.SERIES, place.series_instance_uid)
    if place.box_px is None:
        return _image(place, sop_classes, "CONTAINS")
    left, top, right, bottom = (value + _PIXEL_CENTRE for value in place.box_px)
    flat = Dataset()
    flat.RelationshipType = "CONTAINS"
    flat.ValueType = "SCOORD"
    flat.ConceptNameCodeSequence = DicomSequence([code_dataset(code.IMAGE_REGION)])
    flat.GraphicType = "POLYLINE"
    flat.GraphicData = [left, top, right, top, right, bottom, left, bottom, left, top]
    flat.ContentSequence = DicomSequence([_image(place, sop_classes, "SELECTED FROM")])
    return flat


def template_of(place: ImagePlace) -> str:
    """Return the template of the group: planar measurements, or measurements without a region."""
    return "1501" if place.box_px is None else "1410"


def read_place(items: Iterable[Dataset]) -> ImagePlace | None:
    """
    Return where a group lies: the box round its first region, else the image that it names, else the series.

    None for neither; segments and images of measured values are no places.
    """
    known = list(items)
    for item in known:
        if item.get("ValueType") == "SCOORD" and (box := _box(item)) is not None:
            for child in item.get("ContentSequence") or ():
                if child.get("ValueType") == "IMAGE" and (found := _referenced(child, box)) is not None:
                    return found
    for item in known:
        if item.get("ValueType") == "IMAGE" and (found := _referenced(item, None)) is not None:
            return found
    for item in known:
        name = item.get("ConceptNameCodeSequence")
        if item.get("ValueType") == "UIDREF" and name and code_value(name[0]) == code.SERIES.value:
            return ImagePlace.whole_series(str(item.UID))
    return None


def _image(place: ImagePlace, sop_classes: Mapping[str, str], relationship: str) -> Dataset:
    if place.sop_instance_uid not in sop_classes:
        raise ValueError("a mark lies on an image of its own study")
    reference = Dataset()
    reference.ReferencedSOPClassUID = sop_classes[place.sop_instance_uid]
    reference.ReferencedSOPInstanceUID = place.sop_instance_uid
    if place.frame is not None:
        reference.ReferencedFrameNumber = place.frame
    image = Dataset()
    image.RelationshipType = relationship
    image.ValueType = "IMAGE"
    if relationship == "CONTAINS":
        image.ConceptNameCodeSequence = DicomSequence([code_dataset(SOURCE_OF_MEASUREMENT)])
    image.ReferencedSOPSequence = DicomSequence([reference])
    return image


def _referenced(image: Dataset, box_px: BoxPx | None) -> ImagePlace | None:
    references = image.get("ReferencedSOPSequence") or ()
    if not references or "ReferencedSegmentNumber" in references[0]:
        return None
    frames = references[0].get("ReferencedFrameNumber")
    first = frames if frames is None or isinstance(frames, int) else frames[0] if frames else None
    return ImagePlace(str(references[0].ReferencedSOPInstanceUID), None if first is None else int(first), box_px)


def _box(region: Dataset) -> BoxPx | None:
    given = region.get("GraphicData")
    values = [float(value) for value in given] if isinstance(given, Sequence) else []  # one number stands alone
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return None
    columns = [value - _PIXEL_CENTRE for value in values[::2]]
    rows = [value - _PIXEL_CENTRE for value in values[1::2]]
    kind = region.get("GraphicType")
    if kind == "CIRCLE" and len(values) >= 4:
        reach = math.hypot(columns[1] - columns[0], rows[1] - rows[0])
        columns, rows = [columns[0] - reach, columns[0] + reach], [rows[0] - reach, rows[0] + reach]
    elif kind == "ELLIPSE" and len(values) >= 8:
        columns, rows = _ellipse_reach(columns), _ellipse_reach(rows)
    left, right, top, bottom = min(columns), max(columns), min(rows), max(rows)
    if right <= left or bottom <= top:
        left, right, top, bottom = left - _POINT_PX, right + _POINT_PX, top - _POINT_PX, bottom + _POINT_PX
    # stored as 32-bit floats
    return round(left, 4), round(top, 4), round(right, 4), round(bottom, 4)


def _ellipse_reach(ends: list[float]) -> list[float]:
    """Return the lowest and highest coordinate of an ellipse from that of the ends of its two axes."""
    middle = sum(ends[:4]) / 4
    reach = math.hypot((ends[1] - ends[0]) / 2, (ends[3] - ends[2]) / 2)
    return [middle - reach, middle + reach]
