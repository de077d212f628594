"""One radiograph as the image that a two-dimensional model reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from resources.translation import tr
from workstation.dicom.acquisition import acquisition_of
from workstation.dicom.header import header_of
from workstation.dicom.images.decode import decode_frame, frame_count, read_dataset
from workstation.dicom.pixel_size import pixel_size_of
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.model import PlanarImage


def planar_image(source: Path | bytes) -> PlanarImage:
    """
    Read one grey image in modality values; padding becomes as dark as the darkest of the patient.

    Raises InputOutsideIntendedUse for colour and for several frames, and what ``decode_frame`` raises.
    """
    dataset = read_dataset(source)
    count = frame_count(dataset)
    if count != 1:
        raise InputOutsideIntendedUse(tr("A model for single images cannot read {count} frames.", count=count))
    frame = decode_frame(dataset)
    if frame.is_colour:
        raise InputOutsideIntendedUse(tr("A model for radiographs cannot read a colour image."))
    pixels = np.array(frame.modality_values(), dtype=np.float32)
    bright_is_low = frame.photometric == "MONOCHROME1"
    if frame.padding is not None:
        low, high = frame.padding
        padded = (frame.pixels >= low) & (frame.pixels <= high)
        if padded.any() and not padded.all():
            # black on the screen: the high end where bright is low
            shown = pixels[~padded]
            pixels[padded] = shown.max() if bright_is_low else shown.min()
    size = pixel_size_of(dataset)
    return PlanarImage(
        pixels,
        str(dataset.get("SOPInstanceUID", "") or ""),
        acquisition_of(header_of(dataset)),
        bright_is_low,
        None if size is None else size.spacing_mm,
    )
