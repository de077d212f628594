"""A code is read wherever the standard lets a maker put its value (PS3.3 8.1): short, long or as a URN."""

from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset

from worklist.hub.case_follower import detection_summary
from worklist.hub.ups_json import attribute, dataset
from workstation.dicom.objects.key_objects import rejected_by
from workstation.dicom.tracer import tracer_values
from workstation.dicom.view_code import code_of

PLACES = pytest.mark.parametrize("place", ["CodeValue", "LongCodeValue", "URNCodeValue"])


def item(place: str, value: str, scheme: str = "DCM") -> Dataset:
    made = Dataset()
    setattr(made, place, value)
    made.CodingSchemeDesignator, made.CodeMeaning = scheme, "as told"
    return made


@PLACES
def test_a_rejection_takes_its_images_out_of_use_wherever_its_title_is_coded(place: str) -> None:
    reference, image, note = Dataset(), Dataset(), Dataset()
    reference.ReferencedSOPInstanceUID = "1.9.1"
    image.ReferencedSOPSequence = [reference]
    note.ConceptNameCodeSequence = [item(place, "113001")]  # Rejected for Quality Reasons, PS3.16 CID 7010
    note.ContentSequence = [image]
    assert rejected_by(note) == {"1.9.1"}


@PLACES
def test_the_tracer_of_a_pet_is_known_wherever_its_code_stands(place: str) -> None:
    given, ds = Dataset(), Dataset()
    given.RadiopharmaceuticalCodeSequence = [item(place, "35321007", "SCT")]
    ds.RadiopharmaceuticalInformationSequence = [given]
    assert tracer_values(ds) == ("35321007", "SCT", "as told")


@PLACES
def test_the_view_of_a_mammogram_is_known_wherever_its_code_stands(place: str) -> None:
    assert code_of(item(place, "399162004", "SCT")) == ("SCT", "399162004")


@PLACES
def test_the_hub_reads_what_a_pre_read_found_wherever_its_concept_is_coded(place: str) -> None:
    told = {"series_instance_uid": "1.2.3", "algorithm": {"name": "x", "version": "1", "sha256": "ab"},
            "finding_count": 3}  # fmt: skip
    concept = dataset(attribute(place, "DETECTION_SUMMARY"))
    parameter = dataset(attribute("ConceptNameCodeSequence", concept), attribute("TextValue", json.dumps(told)))
    performed = dataset(attribute("PerformedProcessingParametersSequence", parameter))
    found = detection_summary(dataset(attribute("UnifiedProcedureStepPerformedProcedureSequence", performed)))
    assert found is not None
    assert found.finding_count == 3
