"""Side tags are read as they stand."""

from __future__ import annotations

from pydicom.dataset import Dataset

from workstation.dicom.side import side_tags
from workstation.domain.side import SideTags


def test_the_tags_of_a_radiograph_are_read() -> None:
    dataset = Dataset()
    dataset.Modality, dataset.PatientOrientation = "DX", ["L", "F"]
    dataset.Laterality, dataset.ImageLaterality = "R", "L"
    dataset.BodyPartExamined, dataset.AnatomicalOrientationType = "HAND", "BIPED"
    dataset.SeriesDescription, dataset.ProtocolName = "Hand PA ", "left"

    expected = SideTags("DX", ("L", "F"), "R", "L", "HAND", "BIPED", ("Hand PA", "left"))
    assert expected == side_tags(dataset)


def test_absent_and_broken_tags_are_empty() -> None:
    dataset = Dataset()
    assert side_tags(dataset) == SideTags("")
    dataset.PatientOrientation = "L"
    assert side_tags(dataset).orientation == ("L",)
    dataset.PatientOrientation = None
    assert side_tags(dataset).orientation == ()
