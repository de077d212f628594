"""
Softcopy presentation states in grey and colour: how a reader saw the images on which he drew, and what he drew.

What the standard's attributes cannot hold to the last bit (they are decimal strings of 16 characters, whole
pixels and quarter turns) lies beside them in one private element that only this product reads.
*Source:* PS3.3 A.33.1, A.33.2, C.10.4 to C.10.7, C.11.7, C.11.10 to C.11.12; PS3.4 N.2.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import format_number_as_ds

from workstation.dicom.objects.drawn_graphics import LAYER, graphic_annotation
from workstation.dicom.objects.exact_look import add_exact
from workstation.dicom.objects.presentation import COLOUR_STATE, GRAYSCALE_STATE
from workstation.dicom.objects.presentation_transforms import (
    add_colours,
    add_modality_transform,
    add_shutter,
    voi_item,
)
from workstation.dicom.sr.common import add_equipment, add_time, part10, patient_and_study, uid_from
from workstation.dicom.sr.storable import storable_name
from workstation.domain.annotation import Annotation
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Person
from workstation.domain.study import Study

SERIES_NUMBER: Final = 9006
OVERLAY_LAYER: Final = "OVERLAY"
_LABEL: Final = "READER"
_RATIO: Final = 10_000
"""Largest denominator of a ratio: one of two decimal strings comes back as it was"""
_ACTIVATION: Final = 0x1001
"""Overlay Activation Layer (60xx,1001)"""


def presentation_states(
    looks: Iterable[ImageLook], annotations: Sequence[Annotation], study: Study, *, at: datetime, author: Person
) -> tuple[bytes, ...]:
    """
    Return one Part 10 state for each series; more where its images differ in what a state says once for all.

    That is rotation, mirroring, inversion, modality transform, overlays and shutter. Looks of images outside the study
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


def _global_part(look: ImageLook) -> tuple[Any, ...]:
    """Return what a state says once, in an order of its own."""
    return (
        look.image.series_instance_uid, _turned(look), look.flipped, look.inverse, look.slope, look.intercept,
        look.unit, repr(look.shutter), look.shutter_gray, look.is_colour, repr(look.modality_table),
        look.overlay_groups,
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
    add_shutter(content, first)
    content.DisplayedAreaSelectionSequence = DicomSequence(_area(look, images) for look in looks)
    graphics = [found for look in looks if (found := _graphics(look, drawn, images)) is not None]
    layers = []
    if graphics:
        content.GraphicAnnotationSequence = DicomSequence(graphics)
        layers.append(_layer(LAYER, "Drawn by the reader"))
    for group in first.overlay_groups:
        content.add_new((group, _ACTIVATION), "CS", OVERLAY_LAYER)
    if first.overlay_groups:
        layers.append(_layer(OVERLAY_LAYER, "Graphics of the modality"))
    if layers:
        for order, layer in enumerate(layers, 1):
            layer.GraphicLayerOrder = order
        content.GraphicLayerSequence = DicomSequence(layers)
    content.ImageHorizontalFlip = "Y" if first.flipped else "N"
    content.ImageRotation = _turned(first)
    if first.is_colour:
        add_colours(content)
    else:
        add_modality_transform(content, first)
        content.SoftcopyVOILUTSequence = DicomSequence(voi_item(look, reference(look.image)) for look in looks)
        content.PresentationLUTShape = "INVERSE" if first.inverse else "IDENTITY"
    add_exact(content, looks)
    ds = patient_and_study(study)
    digest = hashlib.sha256(json.dumps(content.to_json_dict(), sort_keys=True).encode()).hexdigest()
    ds.SOPClassUID = COLOUR_STATE if first.is_colour else GRAYSCALE_STATE
    ds.SOPInstanceUID = uid_from(study.study_instance_uid, "display", digest, at.isoformat())
    ds.Modality = "PR"
    ds.SeriesInstanceUID = uid_from(study.study_instance_uid, "display", author.user_id)
    ds.SeriesNumber = SERIES_NUMBER
    ds.SeriesDescription = "Display of marked images"
    ds.Laterality = ""
    ds.InstanceNumber = 1
    ds.ContentLabel = _LABEL
    ds.ContentDescription = "As the reader saw it"
    ds.ContentCreatorName = storable_name(author.name)
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
        ratio = Fraction(down / across).limit_denominator(_RATIO)
        item.PresentationPixelAspectRatio = [max(ratio.numerator, 1), ratio.denominator]
    return item


def _whole_pixels(start: float, end: float, count: int) -> tuple[int, int]:
    """Return the first and the last pixel of the image, from 1, between two edges; mirrored images run backwards."""
    inwards = 0.5 if start <= end else -0.5
    most = count or max(1, round(max(start, end)) + 1)  # an unknown size bounds nothing
    first, last = (min(max(round(value) + 1, 1), most) for value in (start + inwards, end - inwards))
    return first, last


def _graphics(look: ImageLook, drawn: Mapping[KeyImage, Sequence[Annotation]], images: StudyImages) -> Dataset | None:
    found = images.get(look.image.sop_instance_uid, look.image.frame)
    marks = drawn.get(look.image, ())
    return graphic_annotation(marks, found, reference(look.image)) if found is not None and marks else None


def _layer(name: str, description: str) -> Dataset:
    layer = Dataset()
    layer.GraphicLayer = name
    layer.GraphicLayerDescription = description
    return layer


def _turned(look: ImageLook) -> int:
    """
    Return the nearest quarter turn, clockwise.

    A state turns first and mirrors what it sees, our camera mirrors first.
    """
    turn = -look.rotation_deg if look.flipped else look.rotation_deg
    return round(turn / 90) % 4 * 90
