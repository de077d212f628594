"""The form of BI-RADS begins with what was answered for each finding of the mammogram."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.sr.codedict import codes

from resources.finding_names import finding_name
from tests.helpers import cases
from tests.helpers.films import film_study
from workstation.domain.finding import Decision, Finding, FindingList
from workstation.domain.finding_traits import each_of, refreshed, with_option
from workstation.domain.image_place import ImagePlace
from workstation.domain.template import Code
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.breast_lesions import breast_lesions
from workstation.services.category_forms import LesionInput

STUDY = film_study(("R", "MLO"), ("L", "CC"), ("", "CC"))
BREAST = each_of(TemplateLibrary().get("mg-breast"))


def described(label: str = "mass", image: str = "1.2.3.1.1", **options: str) -> Finding:
    place = ImagePlace(image, box_px=(10.0, 20.0, 30.0, 60.0))
    finding = Finding("2.25.7", 1, None, None, Decision.ADDED, on_image=place, label=label)
    for key, option in options.items():
        item = next(one for one in BREAST if one.key == key)
        finding = with_option(finding, item, option, by="expert", at=cases.NOON)
    return refreshed(FindingList("1.2.3", findings=(finding,)), BREAST).findings[0]


@pytest.mark.parametrize(
    ("label", "options", "descriptor"),
    [
        ("mass", {"margin": "spiculated", "shape": "irregular"}, "spiculated_mass"),
        ("mass", {"margin": "indistinct", "shape": "irregular"}, "irregular_indistinct_mass"),
        ("mass", {"margin": "microlobulated", "shape": "oval"}, "indistinct_mass"),
        ("mass", {"margin": "obscured", "density": "fat"}, "partly_circumscribed_mass"),
        ("mass", {"margin": "circumscribed", "density": "fat"}, "fat_containing"),
        ("mass", {"margin": "circumscribed", "shape": "round"}, "circumscribed_mass"),
        ("mass", {"margin": "circumscribed", "shape": "irregular"}, ""),  # no entry of the table
        ("mass", {}, ""),
        ("calcifications", {"morphology": "fine_linear"}, "fine_linear_calcification"),
        ("suspicious_calcification", {"morphology": "amorphous"}, "amorphous_calcification"),
        ("calcifications", {}, ""),
        ("intramammary_lymph_node", {}, "intramammary_node"),
        ("suspicious_lymph_node", {}, ""),  # nothing that a table of the breast calls benign
        ("architectural_distortion", {}, "architectural_distortion"),
        ("asymmetry", {}, ""),
    ],
)
def test_the_answers_give_the_descriptor_and_leave_open_what_they_do_not_say(
    label: str, options: dict[str, str], descriptor: str
) -> None:
    expected = {"side": "right"} | ({"descriptor": descriptor} if descriptor else {})
    assert breast_lesions((described(label, **options),), STUDY) == (LesionInput("finding", expected, "2.25.7"),)


def test_the_side_is_that_of_the_image_and_is_asked_for_where_no_image_says_it() -> None:
    found = [
        breast_lesions((described("intramammary_lymph_node", f"1.2.3.{n}.1"),), STUDY)[0].values for n in (2, 3, 9)
    ]
    assert [one.get("side") for one in found] == ["left", None, None]


def test_what_nobody_named_and_what_lies_in_no_image_is_no_lesion_of_the_breast() -> None:
    assert breast_lesions((described("abnormality"), cases.ai_finding(1)), STUDY) == ()
    nodule = replace(cases.ai_finding(1), traits=described("intramammary_lymph_node").traits)
    assert breast_lesions((nodule,), STUDY)[0].values == {"descriptor": "intramammary_node"}


def test_a_lymph_node_that_nobody_placed_is_neither_benign_nor_intramammary() -> None:
    assert described("lymph_node").traits == ()
    assert breast_lesions((described("lymph_node"),), STUDY) == ()


@pytest.mark.parametrize(
    ("label", "options", "name", "value"),
    [
        ("intramammary_lymph_node", {}, "IntramammaryLymphNode", "443808008"),
        ("suspicious_lymph_node", {}, "AxillaryAdenopathy", "127189005"),
        ("calcifications", {"distribution": "diffuse"}, "CalcificationOfBreast", "309587003"),
        ("suspicious_calcification", {"distribution": "segmental"}, "CalcificationOfBreast", "309587003"),
    ],
)
def test_the_code_of_a_kind_says_no_more_than_was_answered(
    label: str, options: dict[str, str], name: str, value: str
) -> None:
    kind = next(one for one in described(label, **options).traits if one.key == "kind")

    assert kind.code == Code(value, "SCT", getattr(codes.SCT, name).meaning)
    assert getattr(codes.SCT, name).value == value


def test_every_kind_of_finding_on_a_mammogram_has_a_name_for_the_reader() -> None:
    kinds = next(one for one in BREAST if one.key == "kind").choices
    labels = [(choice.label.zh, choice.label.en.lower()) for choice in kinds]
    assert labels == [(finding_name(one.key, "zh_CN"), finding_name(one.key, "en")) for one in kinds]
