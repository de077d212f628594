"""
Softcopy presentation states: how another workstation wanted an image to look, applied read-only.

What a state leaves out is identity: the image's own window and its MONOCHROME1 do not count while a
state is applied. Sources: PS3.4 N.2 (transforms), PS3.3 A.33, C.10.4 to C.10.7, C.11.4 to C.11.7, C.11.15.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.images.frame_attributes import (
    VoiWindow,
    declared_unit,
    integer,
    number,
    tables_of,
    unit_named,
    windows_of,
)
from workstation.dicom.images.lookup import LookupTable, table_of
from workstation.dicom.images.overlays import OverlayPlane, overlay_planes
from workstation.dicom.images.shutter import Shutter, shutter_on_frame
from workstation.dicom.objects.exact_look import ExactLook, exact_look
from workstation.dicom.quiet import quiet
from workstation.domain.errors import DecodeError
from workstation.domain.frames import FrameRef

GRAYSCALE_STATE: Final = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR_STATE: Final = "1.2.840.10008.5.1.4.1.1.11.2"
_OVERLAY_GROUPS: Final = range(0x6000, 0x6020, 2)
_ACTIVATION, _ROWS = 0x1001, 0x0010
PixelPoint = tuple[float, float]
"""Column and row of the image, 0 at the centre of the first pixel."""


class SizeMode(StrEnum):
    """Presentation Size Mode (0070,0100)."""

    SCALE_TO_FIT = "SCALE TO FIT"
    TRUE_SIZE = "TRUE SIZE"
    MAGNIFY = "MAGNIFY"


class Space(StrEnum):
    """What the points of an annotation count: pixels of the image, or parts of the displayed area."""

    IMAGE = "image"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Graphic:
    """
    One annotation. ``points`` are (column, row) pixels from 0, or parts (x, y) of the displayed area.

    ``kind`` is Graphic Type (POINT, POLYLINE, INTERPOLATED, CIRCLE: centre and a point on it, ELLIPSE: ends
    of both axes) or TEXT at its first point.
    """

    kind: str
    points: tuple[PixelPoint, ...]
    space: Space = Space.IMAGE
    filled: bool = False
    text: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """
    The part of the image that is shown: corners as pixels (column, row) from 0, both included.

    ``spacing_mm`` (between columns, between rows) is how large a pixel shall be on the screen in TRUE SIZE, ``aspect``
    the height over the width that it shall have in all modes; None where the state does not tell. Source: PS3.3 C.10.4.
    """

    top_left: PixelPoint
    bottom_right: PixelPoint
    mode: SizeMode = SizeMode.SCALE_TO_FIT
    magnification: float | None = None
    spacing_mm: tuple[float, float] | None = None
    aspect: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FramePresentation:
    """
    How one frame is shown. ``window`` and ``voi_lut`` None mean identity over the modality range.

    ``slope``, ``intercept`` or ``modality_lut`` turn stored values into those that the window is in, of ``unit``. What
    the first values of tables are is told by the image: a state has no Pixel Representation, and where its syntax keeps
    no types, numbers below 0 are read as 65536 more.

    ``rotation`` (0, 90, 180, 270 degrees clockwise) comes first, then what it gave is mirrored left to
    right where ``flipped`` (PS3.3 C.10.6).
    """

    window: VoiWindow | None = None
    voi_lut: LookupTable | None = None
    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: LookupTable | None = None
    unit: str = ""
    inverse: bool = False
    presentation_lut: LookupTable | None = None
    rotation: int = 0
    flipped: bool = False
    area: DisplayedArea | None = None
    graphics: tuple[Graphic, ...] = ()
    shutter: Shutter | None = None
    overlays: tuple[OverlayPlane, ...] = ()
    image_overlays: tuple[int, ...] = ()
    """Groups (60xx) of the image's own graphics that the state shows"""
    is_colour: bool = False
    profile: bytes = b""
    """How a state for colour takes the colours of the image, an ICC profile"""
    exact: ExactLook | None = None
    """What a state of our own rounds; only where the rounded numbers are still the same"""


@dataclass(frozen=True, slots=True, eq=False)
class PresentationState:
    """A state and whose work it is; ``created`` is ``YYYYMMDDHHMMSS`` or shorter."""

    sop_instance_uid: str
    label: str
    description: str
    creator: str
    created: str
    _dataset: Dataset

    def shows(self, frame: FrameRef) -> bool:
        """Tell whether the state speaks of a frame at all."""
        series = self._dataset.get("ReferencedSeriesSequence") or []
        images = (image for one in series for image in one.get("ReferencedImageSequence") or [])
        return any(_names(image, frame) for image in images)

    @property
    def images(self) -> tuple[str, ...]:
        """Return the SOP Instance UIDs of the images that the state speaks of."""
        series = self._dataset.get("ReferencedSeriesSequence") or []
        found = (image for one in series for image in one.get("ReferencedImageSequence") or [])
        return tuple(dict.fromkeys(str(image.get("ReferencedSOPInstanceUID", "")) for image in found))

    def of(self, frame: FrameRef, rows: int, columns: int) -> FramePresentation | None:
        """
        Return how a frame of the given size is shown, None when the state does not speak of it.

        Raises DecodeError for a state that asks for what is not done here.
        """
        if not self.shows(frame):
            return None
        with quiet():
            return _presentation(self._dataset, frame, rows, columns)


def presentation_state(dataset: Dataset) -> PresentationState:
    """Read a Grayscale or Color Softcopy Presentation State. Raises DecodeError for any other object."""
    kind = str(dataset.get("SOPClassUID", ""))
    if kind not in {GRAYSCALE_STATE, COLOUR_STATE}:
        raise DecodeError(tr("This is not a presentation state for one image."), detail=kind)
    return PresentationState(
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
        label=str(dataset.get("ContentLabel", "") or ""),
        description=str(dataset.get("ContentDescription", "") or ""),
        creator=str(dataset.get("ContentCreatorName", "") or ""),
        created=f"{dataset.get('PresentationCreationDate', '')}{dataset.get('PresentationCreationTime', '')}"[:14],
        _dataset=dataset,
    )


def _presentation(dataset: Dataset, frame: FrameRef, rows: int, columns: int) -> FramePresentation:
    if dataset.get("MaskSubtractionSequence") and str(dataset.get("RecommendedViewingMode", "")) != "NAT":
        # without the mask everything else of the state, the window for one, means nothing (PS3.4 N.2, PS3.3 C.11.13)
        raise DecodeError(tr("The presentation state subtracts a mask image, which is not done here"))
    voi = _for(dataset.get("SoftcopyVOILUTSequence"), frame) or Dataset()
    slope = number(dataset.get("RescaleSlope"), 1.0)
    windows = windows_of(voi, has_fractions=not slope.is_integer())
    exact = exact_look(dataset, frame)
    if exact is not None and windows and exact.fits(windows[0].center, windows[0].width):
        unrounded = replace(windows[0], center=exact.window_centre, width=exact.window_width)
        windows = (unrounded,)
    modality = tables_of(dataset.get("ModalityLUTSequence"), is_signed=False)[:1]
    luts = tables_of(voi.get("VOILUTSequence"), is_signed=False)
    shape, table = _presentation_lut(dataset)
    overlays = overlay_planes(dataset, frame.frame_number - 1)
    area = _area(_for(dataset.get("DisplayedAreaSelectionSequence"), frame))
    aspect = 1.0 if area is None or area.aspect is None else area.aspect
    return FramePresentation(
        window=windows[0] if windows else None,
        voi_lut=None if windows or not luts else luts[0],
        slope=slope,
        intercept=number(dataset.get("RescaleIntercept"), 0.0),
        modality_lut=modality[0] if modality else None,
        unit=unit_named(declared_unit(dataset, dataset), "", "", is_rescaled=False),
        inverse=shape == "INVERSE",
        presentation_lut=table,
        rotation=integer(dataset, "ImageRotation", 0) % 360,
        flipped=str(dataset.get("ImageHorizontalFlip", "") or "N") == "Y",
        area=area,
        graphics=tuple(_graphics(dataset, frame)),
        shutter=shutter_on_frame(dataset, overlays, (rows, columns), aspect),
        overlays=_activated(dataset, overlays),
        image_overlays=tuple(
            one for one in _OVERLAY_GROUPS if _is_activated(dataset, one) and (one, _ROWS) not in dataset
        ),
        is_colour=str(dataset.get("SOPClassUID", "")) == COLOUR_STATE,
        profile=bytes(dataset.get("ICCProfile") or b""),
        exact=exact,
    )


def _names(item: Dataset, frame: FrameRef) -> bool:
    if str(item.get("ReferencedSOPInstanceUID", "")) != frame.sop_instance_uid:
        return False
    numbers = item.get("ReferencedFrameNumber")
    if numbers is None or numbers == "":
        return True
    listed: Iterable[Any] = [numbers] if isinstance(numbers, (int, str)) else numbers
    try:
        return frame.frame_number in {int(one) for one in listed}
    except (TypeError, ValueError):
        return False


def _concerns(item: Dataset, frame: FrameRef) -> bool:
    """Tell whether an item of a per-image sequence is for a frame; one without references is for all."""
    images = item.get("ReferencedImageSequence")
    return not images or any(_names(image, frame) for image in images)


def _for(sequence: Any, frame: FrameRef) -> Dataset | None:  # noqa: ANN401 - pydicom values have no static type
    return next((item for item in sequence or [] if _concerns(item, frame)), None)


def _presentation_lut(dataset: Dataset) -> tuple[str, LookupTable | None]:
    for item in (dataset.get("PresentationLUTSequence") or [])[:1]:
        return "", table_of(item.get("LUTDescriptor"), item.get("LUTData"), is_signed=False)
    return str(dataset.get("PresentationLUTShape", "") or "IDENTITY"), None


def _area(item: Dataset | None) -> DisplayedArea | None:
    if item is None:
        return None
    corners = [item.get(f"DisplayedArea{name}HandCorner") for name in ("TopLeft", "BottomRight")]
    try:
        (left, top), (right, bottom) = ((float(x), float(y)) for x, y in corners)
    except (TypeError, ValueError):
        return None
    mode = str(item.get("PresentationSizeMode", "") or "")
    ratio = number(item.get("PresentationPixelMagnificationRatio"), 0.0)
    spacing_mm = _pair(item.get("PresentationPixelSpacing"))
    shape = spacing_mm or _pair(item.get("PresentationPixelAspectRatio"))
    return DisplayedArea(
        (left - 1, top - 1),
        (right - 1, bottom - 1),
        SizeMode(mode) if mode in set(SizeMode) else SizeMode.SCALE_TO_FIT,
        ratio if ratio > 0 else None,
        spacing_mm,
        None if shape is None else shape[1] / shape[0],
    )


def _pair(values: Any) -> tuple[float, float] | None:  # noqa: ANN401 - pydicom values have no static type
    """Return (across, down) of a pair that is stored down first; None where it is broken."""
    try:
        down, across = (number(one, 0.0) for one in values)
    except (TypeError, ValueError):
        return None
    return (across, down) if min(across, down) > 0 else None


def _activated(dataset: Dataset, overlays: tuple[OverlayPlane, ...]) -> tuple[OverlayPlane, ...]:
    """Return the overlays that the state puts on a layer; a bitmap shutter is not drawn."""
    return tuple(one for one in overlays if _is_activated(dataset, one.group))


def _is_activated(dataset: Dataset, group: int) -> bool:
    return (group, _ACTIVATION) in dataset and bool(dataset[group, _ACTIVATION].value)


def _graphics(dataset: Dataset, frame: FrameRef) -> Iterator[Graphic]:
    for item in dataset.get("GraphicAnnotationSequence") or []:
        if not _concerns(item, frame):
            continue
        layer = str(item.get("GraphicLayer", "") or "")
        for one in item.get("GraphicObjectSequence") or []:
            space = _space(one.get("GraphicAnnotationUnits"))
            points = _points(one.get("GraphicData"), space)
            kind = str(one.get("GraphicType", "") or "")
            if points and kind in {"POINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE"}:
                yield Graphic(kind, points, space, str(one.get("GraphicFilled", "") or "N") == "Y", layer=layer)
        for one in item.get("TextObjectSequence") or []:
            text = str(one.get("UnformattedTextValue", "") or "").strip()
            anchored = one.get("AnchorPoint") is not None
            space = _space(one.get("AnchorPointAnnotationUnits" if anchored else "BoundingBoxAnnotationUnits"))
            points = _points(one.get("AnchorPoint" if anchored else "BoundingBoxTopLeftHandCorner"), space)
            if text and points:
                yield Graphic("TEXT", points[:1], space, text=text, layer=layer)


def _space(units: Any) -> Space:  # noqa: ANN401 - pydicom values have no static type
    return Space.DISPLAY if str(units or "PIXEL") == "DISPLAY" else Space.IMAGE


def _points(data: Any, space: Space) -> tuple[PixelPoint, ...]:  # noqa: ANN401 - pydicom values have no static type
    try:
        pairs = np.array([float(one) for one in data], dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        return ()
    if not np.isfinite(pairs).all():
        return ()
    if space is Space.IMAGE:
        pairs -= 0.5  # 0\0 is the outer corner of the first pixel (PS3.3 C.10.5.1.2)
    return tuple((float(x), float(y)) for x, y in pairs)
