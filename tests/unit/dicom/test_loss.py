"""An image that lost detail says how, and none passes for whole because a tag is missing."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import JPEG2000, UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

from workstation.dicom.loss import Loss, loss_of


def written(syntax: UID = ExplicitVRLittleEndian, **tags: object) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("tags", "loss"),
    [
        ({}, None),
        ({"LossyImageCompression": "00", "LossyImageCompressionRatio": "9"}, None),
        ({"LossyImageCompression": "01"}, Loss()),
        ({"LossyImageCompressionRatio": "12.5", "LossyImageCompressionMethod": "ISO_15444_1"}, Loss(12.5, "JPEG 2000")),
        (
            {"LossyImageCompressionRatio": ["4", "9"], "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_14495_1"]},
            Loss(9.0, "JPEG-LS"),
        ),
        ({"LossyImageCompressionMethod": "WAVELET"}, Loss(0.0, "WAVELET")),
        ({"LossyImageCompressionRatio": "-3"}, Loss()),
    ],
)
def test_the_last_step_tells_ratio_and_method(tags: dict[str, object], loss: Loss | None) -> None:
    marked = tags if not tags or "LossyImageCompression" in tags else {"LossyImageCompression": "01", **tags}
    assert loss_of(written(ExplicitVRLittleEndian, **marked)) == loss


def test_baseline_jpeg_is_lossy_whatever_the_tags_say() -> None:
    assert loss_of(written(JPEGBaseline8Bit)) == Loss(0.0, "JPEG")
    assert loss_of(written(JPEGBaseline8Bit, LossyImageCompression="00")) == Loss(0.0, "JPEG")
    assert loss_of(written(JPEG2000)) is None


def test_a_dataset_without_a_file_and_a_broken_ratio_are_read() -> None:
    dataset = Dataset()
    assert loss_of(dataset) is None
    dataset.LossyImageCompression = "01"
    dataset.add_new(0x00282112, "LO", "many")
    assert loss_of(dataset) == Loss()
