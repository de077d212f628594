"""
Grayscale softcopy presentation states: how a reader saw the images on which he drew, and what he drew.

What the standard's attributes cannot hold to the last bit (they are decimal strings of 16 characters, whole
pixels and quarter turns) lies beside them in one private element that only this product reads.
*Source:* PS3.3 A.33.1, C.10.4 to C.10.7, C.11.8, C.11.10, C.11.11, C.11.12; PS3.4 N.2.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import format_number_as_ds

from workstation.dicom.objects.drawn_graphics import LAYER, graphic_annotation
from workstation.dicom.objects.exact_look import add_exact
from workstation.dicom.sr.common import add_equipment, add_time, part10, patient_and_study, uid_from
from workstation.domain.annotation import Annotation
from workstation.domain.image_look import ImageLook, ShutterKind, ShutterOutline
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Person
from workstation.domain.study import Study

GRAYSCALE_STATE: Final = "1.2.840.10008.5.1.4.1.1.11.1"
SERIES_NUMBER: Final = 9006
_LABEL: Final = "READER"
_WHITE: Final = 65535
_LEVEL: Final = 257


def presentation_states(
    looks: Iterable[ImageLook], annotations: Sequence[Annotation], study: Study, *, at: datetime, author: Person
) -> tuple[bytes, ...]:
    """
    Return one Part 10 state for each series; more where its images differ in what a state says once for all.

    That is rotation, mirroring, inversion, modality transform and shutter. Looks of images outside the study
    are left out. The same looks at the same time give the same bytes. Raises TemplateViolation for text that
    cannot be stored.
    """
    images = StudyImages(study)
    known = [look for look in looks if images.get(look.image.sop_instance_uid, look.image.frame) is not None]
    drawn: dict[KeyImage, list[Annotation]] = {}
    for one in annotations:
        for found in images.of(one):
            drawn.setdefault(found.image, []).append(one)
    known.sort(key=_global_part)
    return tuple(
        _state(list(group), drawn, images, study, at=at, author=author) for _, group in groupby(known, key=_global_part)
    )


def _global_part(look: ImageLook) -> tuple[str, int, bool, bool, float, float, str, str, int]:
    return (
        look.image.series_instance_uid, _turned(look), look.flipped, look.inverse, look.slope, look.intercept,
        look.unit, repr(look.shutter), look.shutter_gray,
    )  # fmt: skip


def _state(
    looks: Sequence[ImageLook],
    drawn: Mapping[KeyImage, Sequence[Annotation]],
    images: StudyImages,
    study: Study,
    *,
    at: datetime,
    author: Person,
) -> bytes:
    first = looks[0]
    content = Dataset()
    content.ReferencedSeriesSequence = DicomSequence([_series(looks)])
    _add_shutter(content, first)
    content.DisplayedAreaSelectionSequence = DicomSequence(_area(look, images) for look in looks)
    graphics = [found for look in looks if (found := _graphics(look, drawn, images)) is not None]
    if graphics:
        content.GraphicAnnotationSequence = DicomSequence(graphics)
        content.GraphicLayerSequence = DicomSequence([_layer()])
    content.ImageHorizontalFlip = "Y" if first.flipped else "N"
    content.ImageRotation = _turned(first)
    content.RescaleIntercept = format_number_as_ds(first.intercept)
    content.RescaleSlope = format_number_as_ds(first.slope)
    content.RescaleType = first.unit[:16] or "US"
    content.SoftcopyVOILUTSequence = DicomSequence(map(_window, looks))
    content.PresentationLUTShape = "INVERSE" if first.inverse else "IDENTITY"
    add_exact(content, looks)
    ds = patient_and_study(study)
    digest = hashlib.sha256(json.dumps(content.to_json_dict(), sort_keys=True).encode()).hexdigest()
    ds.SOPClassUID = GRAYSCALE_STATE
    ds.SOPInstanceUID = uid_from(study.study_instance_uid, "display", digest, at.isoformat())
    ds.Modality = "PR"
    ds.SeriesInstanceUID = uid_from(study.study_instance_uid, "display", author.user_id)
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Display of marked images"
    ds.Laterality = ""
    ds.InstanceNumber = 1
    ds.ContentLabel = _LABEL
    ds.ContentDescription = "As the reader saw it"
    ds.ContentCreatorName = author.name
    add_equipment(ds, author.organisation)
    add_time(ds, at)
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.ContentDate, ds.ContentTime
    del ds.ContentDate, ds.ContentTime
    ds.update(content)
    return part10(ds)


def reference(image: KeyImage) -> Dataset:
    """Return the item that names an image, and its frame where it has several."""
    item = Dataset()
    item.ReferencedSOPClassUID = image.sop_class_uid
    item.ReferencedSOPInstanceUID = image.sop_instance_uid
    if image.frame is not None:
        item.ReferencedFrameNumber = image.frame
    return item


def _series(looks: Sequence[ImageLook]) -> Dataset:
    """Name every instance once, with all its frames."""
    frames: dict[tuple[str, str], list[int]] = {}
    for look in looks:
        image = look.image
        frames.setdefault((image.sop_class_uid, image.sop_instance_uid), [])
        if image.frame is not None:
            frames[image.sop_class_uid, image.sop_instance_uid].append(image.frame)
    item = Dataset()
    item.SeriesInstanceUID = looks[0].image.series_instance_uid
    item.ReferencedImageSequence = DicomSequence()
    for (sop_class_uid, uid), numbers in frames.items():
        one = Dataset()
        one.ReferencedSOPClassUID = sop_class_uid
        one.ReferencedSOPInstanceUID = uid
        if numbers:
            one.ReferencedFrameNumber = numbers
        item.ReferencedImageSequence.append(one)
    return item


def _area(look: ImageLook, images: StudyImages) -> Dataset:
    """Return the corners on screen as the numbers of their pixels, from 1; the margin round the image is left out."""
    found = images.get(look.image.sop_instance_uid, look.image.frame)
    size = (0, 0) if found is None else (found.columns, found.rows)
    item = Dataset()
    item.ReferencedImageSequence = DicomSequence([reference(look.image)])
    top_left, bottom_right = zip(*map(_whole_pixels, look.top_left, look.bottom_right, size), strict=True)
    item.DisplayedAreaTopLeftHandCorner = list(top_left)
    item.DisplayedAreaBottomRightHandCorner = list(bottom_right)
    item.PresentationSizeMode = "SCALE TO FIT"
    across, down = look.pixel_size
    if look.is_spaced:
        item.PresentationPixelSpacing = [format_number_as_ds(down), format_number_as_ds(across)]
    else:
        item.PresentationPixelAspectRatio = [round(1000 * down / across), 1000]
    return item


def _whole_pixels(start: float, end: float, count: int) -> tuple[int, int]:
    """Return the first and the last pixel of the image, from 1, between two edges; mirrored images run backwards."""
    inwards = 0.5 if start <= end else -0.5
    most = count or max(1, round(max(start, end)) + 1)  # an unknown size bounds nothing
    first, last = (min(max(round(value) + 1, 1), most) for value in (start + inwards, end - inwards))
    return first, last


def _window(look: ImageLook) -> Dataset:
    item = Dataset()
    item.ReferencedImageSequence = DicomSequence([reference(look.image)])
    item.WindowCenter = format_number_as_ds(look.window_centre)
    item.WindowWidth = format_number_as_ds(look.window_width)
    if look.window_function != "LINEAR":
        item.VOILUTFunction = look.window_function
    return item


def _graphics(look: ImageLook, drawn: Mapping[KeyImage, Sequence[Annotation]], images: StudyImages) -> Dataset | None:
    found = images.get(look.image.sop_instance_uid, look.image.frame)
    marks = drawn.get(look.image, ())
    return graphic_annotation(marks, found, reference(look.image)) if found is not None and marks else None


def _layer() -> Dataset:
    layer = Dataset()
    layer.GraphicLayer = LAYER
    layer.GraphicLayerOrder = 1
    layer.GraphicLayerDescription = "Drawn by the reader"
    return layer


def _turned(look: ImageLook) -> int:
    """
    Return the nearest quarter turn, clockwise.

    A state turns first and mirrors what it sees, our camera mirrors first.
    """
    turn = -look.rotation_deg if look.flipped else look.rotation_deg
    return round(turn / 90) % 4 * 90


def _add_shutter(ds: Dataset, look: ImageLook) -> None:
    if not look.shutter:
        return
    ds.ShutterShape = [one.kind.value for one in look.shutter]
    for one in look.shutter:
        _add_outline(ds, one)
    ds.ShutterPresentationValue = min(look.shutter_gray * _LEVEL, _WHITE)


def _add_outline(ds: Dataset, one: ShutterOutline) -> None:
    numbers = list(one.numbers)
    match one.kind:
        case ShutterKind.RECTANGULAR:
            ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = numbers[:2]
            ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = numbers[2:]
        case ShutterKind.CIRCULAR:
            ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = numbers[:2], numbers[2]
        case ShutterKind.POLYGONAL:
            ds.VerticesOfThePolygonalShutter = numbers
