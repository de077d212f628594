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


def assigned(scheme: Scheme, exam: dict[str, str], kind: str, **lesion: str) -> AssignedCategory:
    result = classify(scheme, exam, [LesionInput(kind, lesion)])
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
