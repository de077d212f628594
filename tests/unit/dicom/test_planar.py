"""A radiograph reaches a two-dimensional model as it was taken: values, polarity, size, patient."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from tests.helpers.models import refused
from workstation.dicom.images.planar import planar_image
from workstation.domain.errors import InputOutsideIntendedUse


def film(*, padding: int | None = None, inverted: bool = False, frames: int = 1, colour: bool = False) -> bytes:
    """Write a film of 3 rows and 4 columns with the stored values 0..11 and 100 for what lies beside the patient."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "1.2.5"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.4"
    dataset.Modality, dataset.BodyPartExamined, dataset.PatientAge = "DX", "CHEST", "061Y"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 3, 4, 3 if colour else 1
    dataset.ImagerPixelSpacing = [0.2, 0.1]
    dataset.BitsAllocated = dataset.BitsStored = 8 if colour else 16
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    if colour:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
        dataset.PixelData = bytes(36)
    else:
        dataset.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
        pixels = np.arange(12, dtype=np.uint16)
        if padding is not None:
            dataset.PixelPaddingValue = padding
            pixels[0] = padding
        dataset.PixelData = np.tile(pixels, frames).tobytes()
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.RescaleSlope, dataset.RescaleIntercept = 2, -1
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def test_a_film_keeps_its_values_its_pixel_size_and_whom_it_shows() -> None:
    image = planar_image(film())

    np.testing.assert_array_equal(image.pixels, [[-1, 1, 3, 5], [7, 9, 11, 13], [15, 17, 19, 21]])
    assert (image.sop_instance_uid, image.spacing_mm, image.bright_is_low) == ("1.2.5", (0.1, 0.2), False)
    assert (image.acquisition.modality, image.acquisition.body_part) == ("DX", "CHEST")
    assert image.acquisition.age_years == 61


@pytest.mark.parametrize(("inverted", "darkest"), [(False, 1.0), (True, 21.0)])
def test_what_lies_beside_the_patient_is_black_in_either_polarity(*, inverted: bool, darkest: float) -> None:
    image = planar_image(film(padding=100, inverted=inverted))

    assert image.bright_is_low is inverted
    assert image.pixels[0, 0] == darkest
    assert image.pixels.max() == 21.0


def test_colour_and_cine_are_no_radiographs() -> None:
    with refused(InputOutsideIntendedUse, "cannot read 2 frames"):
        planar_image(film(frames=2))
    with refused(InputOutsideIntendedUse, "cannot read a colour image"):
        planar_image(film(colour=True))


def test_a_real_dx_of_reversed_polarity_is_read(shared_data: Path) -> None:
    image = planar_image(shared_data / "dicom-zoo" / "highdicom" / "data" / "test_files" / "dx_image.dcm")

    # rows, columns, photometric interpretation and spacing as dcmdump states them
    assert image.acquisition.modality == "DX"
    assert (image.pixels.shape, image.bright_is_low) == ((169, 211), True)
    assert image.spacing_mm == (1.201199999999, 1.2)
