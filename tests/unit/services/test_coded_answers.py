"""What is answered in coded fields is held against the findings, the categories and the text of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers import cases
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.finding_traits import each_of, refreshed, with_option
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.report import Person, Report
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.category_forms import LesionInput, classify
from workstation.services.norm_gate import describe_fault, faults_of

SIGNER = Person("expert", "王启明", "远程诊断中心")
LIBRARY = TemplateLibrary()


def told(report: Report) -> list[str]:
    template = LIBRARY.get(report.template_id)
    faults = faults_of(report, template, cases.study(), cases.row(), signer=SIGNER)
    mine = {"category_of_side_differs", "side_missing_in_conclusion", "category_in_text_differs", "denied_by_choice"}
    return [describe_fault(one, template) for one in faults if one.rule in mine]


def assigned(scheme: Scheme, exam: dict[str, str], of: str, **lesion: str) -> AssignedCategory:
    result = classify(scheme, exam, [LesionInput(of, lesion)])
    return AssignedCategory(result, result.label, "r", "m", "expert", cases.NOON)


def mammogram(impression: str, *categories: AssignedCategory, **breasts: str) -> Report:
    texts = {"right_breast": "右乳未见肿块。", "left_breast": "左乳外上象限肿块，边缘毛刺。", "impression": impression}
    return replace(
        cases.report(values={**texts, **breasts}), template_id="mg-breast", language="en", categories=categories
    )


@pytest.mark.parametrize(
    ("impression", "right", "left", "expected"),
    [
        ("左乳肿块，考虑恶性。", "c1", "c5", []),
        (
            "左乳肿块，考虑恶性。",
            "c5",
            "c1",
            ["Impression: The impression does not tell of the side of “Right BI-RADS 5”"],
        ),
        (
            "左乳肿块，考虑恶性。",
            "c1",
            "c2",
            ["Left BI-RADS: “Left BI-RADS 2” but the report has BI-RADS 5"],
        ),
        (
            "左乳肿块，BI-RADS 5类。",
            "c1",
            "c4c",
            [
                "Left BI-RADS: “Left BI-RADS 4C” but the report has BI-RADS 5",
                "Impression: “左乳肿块，BI-RADS 5类” but the report has Left BI-RADS 4C",
            ],
        ),
        ("左乳肿块，考虑恶性。", "absent", "c5", []),
        ("左乳肿块，考虑恶性。", "", "", []),
    ],
)
def test_the_category_of_each_breast_is_held_against_form_and_text(
    impression: str, right: str, left: str, expected: list[str]
) -> None:
    exam = {"purpose": "diagnostic", "density": "b", "needs_more": "no"}
    five = assigned(Scheme.BI_RADS, exam, "finding", side="left", descriptor="spiculated_mass")

    assert told(mammogram(impression, five, right_category=right, left_category=left)) == expected


def test_the_text_is_held_against_the_breasts_before_anything_is_computed() -> None:
    report = mammogram("考虑BI-RADS 5类。", right_category="c1", left_category="c2")
    assert told(report) == ["Impression: “BI-RADS 5类” but the report has Left BI-RADS 2"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("growing", []),
        ("", []),
        ("stable", ["Lung nodules: “No. 1 Change Stable” is chosen, the report has “Growing”"]),
        ("baseline", ["Lung nodules: “No. 1 Change Baseline” is chosen, the report has “Growing”"]),
    ],
)
def test_a_change_that_a_confirmed_prior_contradicts_holds_the_signature_up(said: str, expected: list[str]) -> None:
    asked = each_of(LIBRARY.get("ct-chest-nodule"))
    change = next(one for one in asked if one.key == "change")
    before = with_option(cases.ai_finding(1).accepted(by="expert", at=cases.NOON), change, said, by="x", at=cases.NOON)
    centre = (-57.0, 131.0, -520.5)
    prior = NoduleObservation("2.25.9", date(2025, 11, 20), centre, 6.0)
    now = NoduleObservation("2.25.1001", date(2026, 11, 20), centre, 9.0)
    grown = before.followed(FollowUp("1.2.9", prior, now, own_tracking_uid="2.25.1001"), tracking_uid="2.25.9")
    report = cases.report(values={"impression": "右肺结节。"})
    findings = refreshed(replace(report.findings, findings=(grown,)), asked)

    assert told(replace(report, template_id="ct-chest-nodule", language="en", findings=findings)) == expected


PROSTATE = assigned(Scheme.PI_RADS, {}, "lesion", zone="peripheral", t2="3", dwi="4", contrast="negative")
NODULE = {"change": "baseline", "suspicious": "no"}
LUNG = assigned(
    Scheme.LUNG_RADS, {"other_significant": "no"}, "nodule",
    kind="part_solid", mean_diameter_mm="9", solid_diameter_mm="5", **NODULE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("template", "category", "values", "expected"),
    [
        ("mr-prostate", PROSTATE, {"zone": "peripheral", "t2_score": "s3", "dwi_score": "s4", "dce": "negative"}, []),
        ("mr-prostate", PROSTATE, {"zone": "", "t2_score": ""}, []),
        (
            "mr-prostate",
            PROSTATE,
            {"t2_score": "s5", "dwi_score": "s2"},
            [
                "T2 score: “5” is chosen, the report has “PI-RADS 4: 3”",
                "Diffusion score: “2” is chosen, the report has “PI-RADS 4: 4”",
            ],
        ),
        (
            "mr-prostate",
            PROSTATE,
            {"zone": "transition", "dce": "positive"},
            [
                "Zone of the lesion: “Transition” is chosen, the report has “PI-RADS 4: peripheral”",
                "Dynamic contrast: “Positive” is chosen, the report has “PI-RADS 4: negative”",
            ],
        ),
        (
            "ct-chest-nodule",
            LUNG,
            {
                "dominant_type": "part_solid",
                "dominant_long_mm": "10.6",
                "dominant_short_mm": "7.8",
                "solid_part_mm": "5.4",
            },
            [],
        ),
        ("ct-chest-nodule", LUNG, {"dominant_type": "calcified", "dominant_long_mm": "20"}, []),
        (
            "ct-chest-nodule",
            LUNG,
            {"dominant_type": "solid", "dominant_long_mm": "10", "dominant_short_mm": "6", "solid_part_mm": "6.1"},
            [
                "Type of the dominant nodule: “Solid” is chosen, the report has “Lung-RADS 3: part-solid”",
                "Long axis: “mean diameter (mm) 8.0” is chosen, the report has “Lung-RADS 3: 9”",
                "Mean diameter of the solid part: “6.1” is chosen, the report has “Lung-RADS 3: 5”",
            ],
        ),
    ],
)
def test_what_a_category_was_computed_from_is_what_the_fields_say(
    template: str, category: AssignedCategory, values: dict[str, str], expected: list[str]
) -> None:
    report = cases.report(values={"impression": "见上。", **values})
    assert told(replace(report, template_id=template, language="en", categories=(category,))) == expected


WITHOUT_DIFFUSION = assigned(Scheme.PI_RADS, {}, "lesion", zone="peripheral", t2="4", contrast="negative")


@pytest.mark.parametrize(
    ("category", "values", "expected"),
    [
        (
            WITHOUT_DIFFUSION,
            {"t2_score": "s4", "dwi_score": "s5"},
            ["Diffusion score: “5” is chosen, the report has “PI-RADS 4: scored without diffusion”"],
        ),
        (
            WITHOUT_DIFFUSION,
            {"dwi_quality": "adequate"},
            ["Quality of diffusion: “Adequate” is chosen, the report has “PI-RADS 4: scored without diffusion”"],
        ),
        (
            PROSTATE,
            {"dwi_quality": "inadequate", "dwi_score": "s4"},
            ["Quality of diffusion: “Inadequate” is chosen, the report has “PI-RADS 4: diffusion scored 4”"],
        ),
        (WITHOUT_DIFFUSION, {"dwi_quality": "inadequate", "t2_score": "s4"}, []),
        (PROSTATE, {"dwi_quality": "adequate", "dwi_score": "s4"}, []),
    ],
)
def test_a_prostate_scored_without_diffusion_is_held_against_what_the_fields_say_of_diffusion(
    category: AssignedCategory, values: dict[str, str], expected: list[str]
) -> None:
    report = cases.report(values={"impression": "见上。", **values})
    assert told(replace(report, template_id="mr-prostate", language="en", categories=(category,))) == expected


def test_a_prostate_without_a_lesion_needs_no_score_of_diffusion() -> None:
    result = classify(Scheme.PI_RADS, {}, [])
    none = AssignedCategory(result, result.label, "r", "m", "expert", cases.NOON)
    report = cases.report(values={"dwi_quality": "adequate", "impression": "未见可疑病灶。"})
    assert told(replace(report, template_id="mr-prostate", categories=(none,))) == []


def test_a_score_of_any_of_several_lesions_is_no_contradiction() -> None:
    lesions = [
        LesionInput("lesion", {"zone": "peripheral", "t2": score, "dwi": score, "contrast": "negative"})
        for score in ("3", "5")
    ]
    result = classify(Scheme.PI_RADS, {}, lesions)
    both = AssignedCategory(result, result.label, "r", "m", "expert", cases.NOON)
    report = replace(cases.report(values={"t2_score": "s3"}), template_id="mr-prostate", categories=(both,))

    assert told(report) == []
    assert len(told(replace(report, values={"t2_score": "s4"}))) == 1
