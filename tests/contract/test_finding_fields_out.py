"""What was answered for each finding stands in SR, FHIR and PDF, in words and in codes."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.observation import Observation
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.helpers.cases import NOON, report
from tests.helpers.films import film_study
from tests.helpers.full_reports import OBJECTS, dciodvfy_errors
from tests.helpers.papers import paper_study, printed, simple, squeezed, text_of
from tests.helpers.tid_rows import faults
from workstation.dicom.sr.report_words import finding_sentence
from workstation.domain.finding import Decision, Finding, FindingList
from workstation.domain.finding_traits import each_of, refreshed, with_option
from workstation.domain.image_place import ImagePlace
from workstation.domain.report import Report
from workstation.domain.template import Code, Text
from workstation.domain.trait import Trait
from workstation.exchange.routes.fhir_fields import with_traits
from workstation.exchange.templates.library import TemplateLibrary

OWN = Trait("ours", "odd_option", Text("本院项", "Our item"), Text("甲", "First"), Code("OURS", "99SITE", "Our item"))


def answered(report: Report, template: str, **options: str) -> Report:
    """Return the report whose first finding has these answers, and one of a site's own that no scheme has."""
    items = each_of(TemplateLibrary().get(template))
    findings = refreshed(report.findings, items)
    first = findings.reported[0]
    for key, option in options.items():
        item = next(one for one in items if one.key == key)
        first = with_option(first, item, option, by="expert", at=NOON)
    findings = findings.replaced(replace(first, traits=(*first.traits, OWN)))
    return replace(report, findings=refreshed(findings, items))


def lung(language: str = "zh_CN") -> Report:
    return answered(simple(language), "ct-chest", margin="spiculated", change="growing")


def breast() -> Report:
    place = ImagePlace("1.2.3.1.1", box_px=(10.0, 20.0, 30.0, 60.0))
    mass = Finding("2.25.7", 1, None, None, Decision.ADDED, on_image=place, label="mass", decided_by="expert")
    made = replace(report(), findings=FindingList("1.2.3", findings=(mass,)))
    return answered(made, "mg-breast", shape="irregular", margin="spiculated", density="high")


def reader_group(content: bytes) -> dict[str, tuple[str, str]]:
    """Return what the first group of the reader says in codes, by concept."""
    ds = dcmread(BytesIO(content))
    measured = next(item for item in ds.ContentSequence if _name(item) == "126010")
    group = next(one for one in measured.ContentSequence if _session(one) == "Reader")
    return {
        _name(item): (item.ConceptCodeSequence[0].CodeValue, item.ConceptCodeSequence[0].CodingSchemeDesignator)
        for item in group.ContentSequence
        if item.ValueType == "CODE"
    }


def _name(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _session(group: Dataset) -> str:
    return next((str(item.TextValue) for item in group.ContentSequence if _name(item) == "C67447"), "")


def test_margin_and_change_of_a_nodule_are_coded_in_its_measurement_group() -> None:
    content = OBJECTS.measurement_sr(lung(), paper_study())
    found = reader_group(content)

    assert (found["111037"], found["111021"]) == (("112136", "DCM"), ("15454001", "SCT"))
    assert found["OURS"] == ("ODD_OPTION", "99LIANYUE")
    assert found["NODULE_TYPE"] == ("SOLID", "99LIANYUE")  # once: the group says the type by itself
    assert faults(dcmread(BytesIO(content))) == []


@pytest.mark.dcmtk
def test_shape_margin_and_density_of_a_breast_mass_are_coded_and_so_is_that_it_is_one(tmp_path: Path) -> None:
    content = OBJECTS.measurement_sr(breast(), film_study())
    found = reader_group(content)

    assert found["121071"] == ("129788004", "SCT")
    assert [found[key] for key in ("107644003", "111037", "111035")] == [
        ("49608001", "SCT"), ("129742005", "SCT"), ("129744006", "SCT")
    ]  # fmt: skip
    assert faults(dcmread(BytesIO(content))) == []
    path = tmp_path / "breast.dcm"
    path.write_bytes(content)
    assert dciodvfy_errors(path) == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh_CN", "边缘毛刺，较前增大，本院项甲。"),
        ("en", " Margin: Spiculated, Change: Growing, Our item: First."),
    ],
)
def test_the_words_of_a_finding_say_what_was_answered(language: str, expected: str) -> None:
    made = lung(language)
    first = made.findings.reported[0]
    assert finding_sentence(first, made.findings, paper_study(), language).endswith(expected)


def test_the_table_on_paper_has_what_was_answered(tmp_path: Path) -> None:
    words = squeezed(text_of(printed(lung()), tmp_path))
    assert "右肺上叶实性结节：边缘毛刺" in words


def test_the_observation_of_a_finding_has_a_component_for_each_answer() -> None:
    first = lung().findings.reported[0]
    told: dict[str, Any] = with_traits(
        {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, first, "zh_CN"
    )
    components = {one["code"]["coding"][0]["code"]: one["valueCodeableConcept"] for one in told["component"]}
    assert components["111037"]["coding"][0]["code"] == "112136"
    assert components["111037"]["text"] == "毛刺"
    assert components["NODULE_TYPE"]["text"] == "实性"
    assert components["OURS"] == {"text": "甲"}
    Observation.model_validate(told)
    bare = replace(first, traits=())
    assert with_traits({"component": []}, bare, "zh_CN") == {"component": []}
