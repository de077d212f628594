"""The forms of the categories ask for everything a table needs and assume nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.categories import input_name, input_value
from tests.helpers import cases
from workstation.domain.categories.values import Scheme, Unclassifiable
from workstation.domain.finding import NoduleType
from workstation.domain.mark import MarkEvidence
from workstation.services.category_forms import InputKind, LesionInput, classify, form_of, lesions_of

NODULE = {"kind": "solid", "change": "baseline", "mean_diameter_mm": "7", "suspicious": "no"}
EXAM = {"other_significant": "no"}


def test_the_form_of_lung_rads_asks_for_what_nobody_may_assume() -> None:
    form = form_of(Scheme.LUNG_RADS)
    required = [one.name for one in form.lesion("nodule") if one.required]

    assert required == ["kind", "change", "suspicious"]
    assert [kind for kind, _ in form.lesions] == ["nodule", "airway", "cyst"]
    assert form.modifiers == ("S",)
    assert {one.name: one.kind for one in form.lesion("nodule")}["mean_diameter_mm"] is InputKind.NUMBER


@pytest.mark.parametrize("scheme", list(Scheme))
def test_every_input_and_every_option_has_a_name_in_both_languages(scheme: Scheme) -> None:
    form = form_of(scheme)
    inputs = [*form.exam, *(one for _, lesion in form.lesions for one in lesion)]

    for one in inputs:
        assert input_name(one.name, "zh_CN") != input_name(one.name, "en")
        for option in one.options:
            assert input_value(option, "zh_CN")


def test_a_typed_form_gives_the_category_of_its_table() -> None:
    result = classify(Scheme.LUNG_RADS, EXAM, [LesionInput("nodule", NODULE)])

    assert (result.category, result.rule) == ("3", "solid_6_8")
    assert classify(Scheme.LUNG_RADS, EXAM | {"incomplete": "inflammatory"}).category == "0"
    assert classify(Scheme.PI_RADS, {}, [LesionInput("lesion", PROSTATE)]).category == "4"
    assert classify(Scheme.FLEISCHNER, INCIDENTAL).category == "6_12"
    assert classify(Scheme.BI_RADS, BREAST, [LesionInput("finding", SPICULATED)]).category == "5"


PROSTATE = {"zone": "peripheral", "t2": "3", "dwi": "3", "contrast": "positive"}
INCIDENTAL = {
    "kind": "solid",
    "multiple": "no",
    "risk": "low",
    "age_years": "60",
    "known_cancer": "no",
    "immunosuppressed": "no",
    "screening": "no",
    "mean_diameter_mm": "7",
}
BREAST = {"purpose": "diagnostic", "density": "c", "needs_more": "no"}
SPICULATED = {"side": "left", "descriptor": "spiculated_mass"}


@pytest.mark.parametrize(
    ("exam", "lesion", "missing"),
    [
        ({}, NODULE, "other_significant"),
        (EXAM, NODULE | {"suspicious": ""}, "suspicious"),
        (EXAM, NODULE | {"change": " "}, "change"),
        (EXAM, NODULE | {"mean_diameter_mm": "seven"}, "mean_diameter_mm"),
        (EXAM, NODULE | {"mean_diameter_mm": ""}, "mean_diameter_mm"),
    ],
)
def test_what_is_missing_is_named(exam: dict[str, str], lesion: dict[str, str], missing: str) -> None:
    with pytest.raises(Unclassifiable, match=missing):
        classify(Scheme.LUNG_RADS, exam, [LesionInput("nodule", lesion)])


def test_findings_bring_their_size_and_attenuation_and_no_judgement() -> None:
    finding = cases.ai_finding().edited(by="x", at=cases.NOON, nodule_type=NoduleType.SOLID, diameter_mm=7.04)
    untyped = cases.ai_finding(2)

    assert [one.values for one in lesions_of(Scheme.LUNG_RADS, [finding])] == [
        {"mean_diameter_mm": "7.0", "kind": "solid"}
    ]
    assert "kind" not in lesions_of(Scheme.C_LUNG_RADS, [untyped])[0].values
    assert lesions_of(Scheme.BI_RADS, [finding]) == ()


def test_the_size_of_a_lesion_is_the_mean_of_its_axes_and_never_a_diameter_by_volume() -> None:
    by_volume = replace(cases.mark(), diameter_mm=7.1)
    axes = MarkEvidence(long_axis_mm=10.0, short_axis_mm=6.0, volume_mm3=188.5)
    segmented = replace(cases.ai_finding(), original=replace(by_volume, evidence=axes), diameter_mm=7.1)
    by_network = replace(cases.ai_finding(2), original=by_volume, diameter_mm=7.1)

    found = lesions_of(Scheme.LUNG_RADS, [segmented, by_network])

    assert [one.values for one in found] == [{"mean_diameter_mm": "8.0"}, {}]
