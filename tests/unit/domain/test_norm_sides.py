"""The BI-RADS chosen for each breast is that of the text and of the form; good reports are never held up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.norm import good_reports, subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormCategory, NormFault, NormKind, NormSide

GOOD = good_reports()


def sides(right: str, left: str) -> tuple[NormSide, ...]:
    """Return the two fields: "" for an absent breast, "-" for one that is not filled yet."""
    told = (("right", "右乳", right), ("left", "左乳", left))
    return tuple(
        NormSide(f"{side}_category", side, "bi-rads", value, f"{name} BI-RADS {value}")
        for side, name, value in told
        if value != "-"
    )


def told(right: str, left: str, impression: str, computed: str = "", findings: str = "") -> list[tuple[str, str, str]]:
    language = "zh_CN" if any("一" <= letter <= "鿿" for letter in impression) else "en"
    held = replace(subject_of(findings, impression, language=language), sides=sides(right, left))
    if computed:
        held = replace(held, categories=(NormCategory("bi-rads", computed, f"BI-RADS {computed}"),))
    rules = {
        "category_of_side_differs", "side_missing_in_conclusion", "category_in_text_differs", "category_range_in_text",
    }  # fmt: skip
    return [(one.rule, one.quote, one.against) for one in norm_faults(held) if one.rule in rules]


@pytest.mark.parametrize(
    ("right", "left", "computed", "label"),
    [
        ("1", "2", "5", "左乳 BI-RADS 2"),
        ("4C", "2", "4B", "右乳 BI-RADS 4C"),
        ("6", "4A", "6", "左乳 BI-RADS 4A"),  # a proven cancer hides no other suspicious finding
        ("3", "0", "4A", "左乳 BI-RADS 0"),
        ("", "2", "3", "左乳 BI-RADS 2"),
        ("-", "5", "4B", "左乳 BI-RADS 5"),
    ],
)
def test_the_worse_breast_has_the_category_of_the_form(right: str, left: str, computed: str, label: str) -> None:
    faults = told(right, left, "双乳所见如上。", computed)
    assert [one for one in faults if one[0] == "category_of_side_differs"] == [
        ("category_of_side_differs", label, f"BI-RADS {computed}")
    ]


@pytest.mark.parametrize(
    ("right", "left", "computed"),
    [("1", "5", "5"), ("6", "2", "6"), ("0", "3", "0"), ("", "4B", "4B"), ("-", "2", "5"), ("", "", "1")],
)
def test_breasts_that_agree_with_the_form_or_are_not_filled_yet_pass(right: str, left: str, computed: str) -> None:
    assert told(right, left, "双乳肿块。", computed) == []


@pytest.mark.parametrize(
    ("right", "left", "impression", "quote", "against"),
    [
        ("1", "2", "左乳肿块，BI-RADS 5类。", "左乳肿块，BI-RADS 5类", "左乳 BI-RADS 2"),
        ("4A", "2", "BI-RADS分类：右乳2类，左乳4A类。", "BI-RADS分类：右乳2类", "右乳 BI-RADS 4A"),
        ("2", "3", "右乳囊肿，BI-RADS 2类。左乳BI-RADS 2类。", "左乳BI-RADS 2类", "左乳 BI-RADS 3"),
        ("2", "2", "BI-RADS 2类（左乳），BI-RADS 3类（右乳）。", "BI-RADS 3类", "右乳 BI-RADS 2"),
        ("2", "3", "右乳肿块（左乳术后），BI-RADS 4A类。", "右乳肿块（左乳术后），BI-RADS 4A类", "右乳 BI-RADS 2"),
        ("3", "2", "BI-RADS 2 right BI-RADS 3 left.", "BI-RADS 2", "右乳 BI-RADS 3"),
        ("2", "1", "Right breast: BI-RADS 3.", "Right breast: BI-RADS 3", "右乳 BI-RADS 2"),
        ("1", "2", "考虑BI-RADS 5类。", "BI-RADS 5类", "左乳 BI-RADS 2"),
        ("1", "2", "双乳增生，BI-RADS 3类。", "BI-RADS 3类", "左乳 BI-RADS 2"),
        ("2", "2", "右乳肿块较左乳明显，BI-RADS 3类。", "BI-RADS 3类", "右乳 BI-RADS 2"),
    ],
)
def test_another_category_of_a_breast_in_the_text_is_told(
    right: str, left: str, impression: str, quote: str, against: str
) -> None:
    assert ("category_in_text_differs", quote, against) in told(right, left, impression)


@pytest.mark.parametrize(
    ("impression", "quote", "against"),
    [
        ("右乳BI-RADS 4a-b类。左乳BI-RADS 5类。", "右乳BI-RADS 4a-b类", "右乳 BI-RADS 4A"),
        ("双乳肿块，BI-RADS 4C-5类。", "BI-RADS 4C-5类", "左乳 BI-RADS 5"),
    ],
)
def test_a_range_of_a_breast_is_told_although_the_chosen_category_lies_in_it(
    impression: str, quote: str, against: str
) -> None:
    assert told("4A", "5", impression) == [("category_range_in_text", quote, against)]


@pytest.mark.parametrize(
    ("right", "left", "impression"),
    [
        ("2", "4A", "BI-RADS分类：右乳2类，左乳4A类。"),
        ("2", "5", "双乳散在良性钙化，BI-RADS 2类。左乳肿块，BI-RADS 5类。"),
        ("1", "4C", "左乳肿块，BI-RADS 4C类；左乳结节，BI-RADS 3类；右乳BI-RADS 1类。"),
        ("2", "3", "右乳肿块较左乳明显，BI-RADS 3类。"),
        ("2", "3", "左乳结节，较前右乳BI-RADS 5类相比缩小，现BI-RADS 3类。"),
        ("2", "4B", "左乳肿块，BI-RADS 4类。"),
        ("3", "2", "BI-RADS 2 left BI-RADS 3 right."),
        ("2", "3", "BI-RADS 3类（左乳），BI-RADS 2类（右乳）。"),
        ("", "2", "左乳BI-RADS 2类。"),
        ("-", "2", "BI-RADS 5类。"),
        ("2", "2", "未见BI-RADS 3类病变，BI-RADS 2类。"),
    ],
)
def test_a_text_that_agrees_with_both_breasts_passes(right: str, left: str, impression: str) -> None:
    assert told(right, left, impression) == []


@pytest.mark.parametrize(
    ("right", "left", "impression", "missing"),
    [
        ("5", "1", "左乳肿块，考虑恶性。", "右乳 BI-RADS 5"),
        ("4A", "2", "右乳未见异常，建议复查，左乳钙化。", "右乳 BI-RADS 4A"),
        ("1", "4C", "右乳囊肿，左乳未见异常，BI-RADS 1类。", "左乳 BI-RADS 4C"),
        ("6", "1", "No abnormality in the right breast.", "右乳 BI-RADS 6"),
        ("1", "4B", "Left breast: no mass. Right breast cyst.", "左乳 BI-RADS 4B"),
        ("4B", "1", "1.右乳：未见异常。2.左乳：肿块。", "右乳 BI-RADS 4B"),
    ],
)
def test_a_suspicious_breast_that_the_impression_leaves_out_is_told(
    right: str, left: str, impression: str, missing: str
) -> None:
    assert ("side_missing_in_conclusion", missing, "") in told(right, left, impression)


@pytest.mark.parametrize(
    ("right", "left", "impression"),
    [
        ("1", "5", "左乳肿块，考虑恶性。"),
        ("4B", "5", "双乳肿块，考虑恶性。"),
        ("1", "4A", "左乳未见肿块但局部结构扭曲。"),
        ("1", "4B", "左乳簇状无定形钙化。"),
        ("1", "4B", "左乳肿块未见钙化。"),
        ("4A", "1", "Mass without calcification in the right breast."),
        ("3", "0", "双乳腺体致密。"),
        ("1", "5", ""),  # not written yet
    ],
)
def test_a_suspicious_breast_that_the_impression_tells_of_passes(right: str, left: str, impression: str) -> None:
    assert told(right, left, impression) == []


def test_a_wrong_breast_counts_as_a_fault_of_the_side() -> None:
    held = replace(subject_of("左乳肿块。", "左乳肿块，考虑恶性。"), sides=sides("5", "1"))
    missing = NormFault(NormKind.SIDE, "side_missing_in_conclusion", "impression", "右乳 BI-RADS 5")
    assert missing in norm_faults(held)


@pytest.mark.parametrize("name", GOOD)
def test_the_good_reports_pass_with_their_breasts(name: str) -> None:
    assert norm_faults(replace(GOOD[name], sides=sides("1", "4B" if name == "mammo" else "2"))) == ()
