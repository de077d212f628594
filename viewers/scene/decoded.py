"""Decoded DICOM frames as the images that scenes show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import VoiFunction, VoiLut, Window
from workstation.dicom.images.decode import DecodedFrame
from workstation.dicom.images.frame_attributes import VoiWindow
from workstation.dicom.images.lookup import LookupTable
from workstation.dicom.images.padding import modality_pixels
from workstation.domain.geometry import ImagePlane
from workstation.domain.pixel_size import PixelSize
from workstation.domain.side import SideDoubt


def slice_image(
    frame: DecodedFrame,
    *,
    plane: ImagePlane | None = None,
    sop_instance_uid: str = "",
    frame_number: int = 1,
    frame_of_reference_uid: str = "",
    aspect: float = 1.0,
    patient_orientation: tuple[str, str] | None = None,
    side_doubts: tuple[SideDoubt, ...] = (),
    lossy_ratio: float | None = None,
    lossy_method: str = "",
    pixel_size: PixelSize | None = None,
    calibrated: tuple[PixelSize, ...] = (),
    burned_in: bool | None = None,
) -> SliceImage:
    """Return the frame after its modality transform, with its windows, padding, overlays and shutter."""
    choices = () if frame.is_colour else _choices(frame)
    shutter = frame.shutter
    pixels, padding = modality_pixels(frame)
    return SliceImage(
        pixels=pixels,
        plane=plane,
        sop_instance_uid=sop_instance_uid,
        frame_of_reference_uid=frame_of_reference_uid,
        monochrome1=frame.photometric == "MONOCHROME1",
        padding=padding,
        stored_padding=None if frame.is_colour else frame.padding,
        voi=choices[0].voi if choices else None,
        unit=frame.unit,
        aspect=aspect,
        patient_orientation=patient_orientation,
        side_doubts=side_doubts,
        lossy_ratio=lossy_ratio if lossy_ratio is not None else 0.0 if frame.lossy else None,
        lossy_method=lossy_method,
        choices=choices,
        graphics=_graphics(frame),
        visible=None if shutter is None else shutter.visible,
        shutter_gray=0 if shutter is None else shutter.gray,
        pixel_size=pixel_size,
        calibrated=calibrated,
        burned_in=burned_in,
        frame_number=frame_number,
        shutter=() if shutter is None else shutter.outlines,
        rescale=None if frame.modality_lut is not None else (frame.slope, frame.intercept),
        modality_table=frame.modality_lut,
        stored_range=frame.stored_range,
        overlay_groups=tuple(dict.fromkeys(one.group for one in frame.overlays)),
        overlays=frame.overlays if len(frame.overlays) > 1 else (),
    ).prepared()


def window_of(found: VoiWindow) -> Window:
    """Return a window of the standard as the viewers use it; an unknown function counts as LINEAR."""
    known = found.function in set(VoiFunction)
    return Window(found.center, found.width, VoiFunction(found.function) if known else VoiFunction.LINEAR)


def voi_lut_of(table: LookupTable) -> VoiLut:
    """Return a VOI LUT of the standard as the viewers use it."""
    return VoiLut(table.first, table.values, table.bits)


def _choices(frame: DecodedFrame) -> tuple[VoiChoice, ...]:
    return (
        *(VoiChoice(window_of(one), one.explanation) for one in frame.windows),
        *(VoiChoice(voi_lut_of(one), one.explanation) for one in frame.voi_luts),
    )


def _graphics(frame: DecodedFrame) -> npt.NDArray[np.bool_] | None:
    rows, columns = frame.pixels.shape[:2]
    graphics: npt.NDArray[Any] | None = None
    for plane in frame.overlays:
        bits = plane.over(rows, columns)
        graphics = bits if graphics is None else graphics | bits
    return graphics
