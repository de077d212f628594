"""Decoded DICOM frames as the images that scenes show."""

from __future__ import annotations

from viewers.scene.image import SliceImage
from viewers.scene.raster import VoiFunction, VoiLut, Window
from workstation.dicom.decode import DecodedFrame
from workstation.domain.geometry import ImagePlane


def slice_image(
    frame: DecodedFrame,
    *,
    plane: ImagePlane | None = None,
    sop_instance_uid: str = "",
    frame_of_reference_uid: str = "",
    aspect: float = 1.0,
    patient_orientation: tuple[str, str] | None = None,
    lossy_ratio: float | None = None,
) -> SliceImage:
    """Return the frame after its modality transform, with its own first window or VOI LUT and its padding."""
    return SliceImage(
        pixels=frame.modality_values(),
        plane=plane,
        sop_instance_uid=sop_instance_uid,
        frame_of_reference_uid=frame_of_reference_uid,
        monochrome1=frame.photometric == "MONOCHROME1",
        padding=_padding(frame),
        voi=_voi(frame),
        unit=frame.unit,
        aspect=aspect,
        patient_orientation=patient_orientation,
        lossy_ratio=lossy_ratio if lossy_ratio is not None else 0.0 if frame.lossy else None,
    )


def _padding(frame: DecodedFrame) -> tuple[float, float] | None:
    # through a modality LUT padding may share its output with patient values: better shown than lost
    if frame.padding is None or frame.modality_lut is not None or frame.is_colour:
        return None
    ends = [value * frame.slope + frame.intercept for value in frame.padding]
    return min(ends), max(ends)


def _voi(frame: DecodedFrame) -> Window | VoiLut | None:
    if frame.windows:
        first = frame.windows[0]
        known = first.function in set(VoiFunction)
        return Window(first.center, first.width, VoiFunction(first.function) if known else VoiFunction.LINEAR)
    if frame.voi_luts:
        table = frame.voi_luts[0]
        return VoiLut(table.first, table.values, table.bits)
    return None
