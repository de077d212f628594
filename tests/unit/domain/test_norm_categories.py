"""A category that the text contradicts, or that other findings gave, is told; good reports are never held up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.norm import good_reports, subject_of
from workstation.domain.norm.category_rules import plain
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormCategory, NormFault, NormField, NormKind, NormSubject, Role

GOOD = good_reports()
FLEISCHNER_ZH = "Fleischner 2017（较3个月前无变化），建议3个月"
SEEDED_ZH = [
    ("lung-rads", "4A", "右肺上叶实性结节，Lung-RADS 2类。", "Lung-RADS 2类"),
    ("lung-rads", "4A", "右肺上叶实性结节，Lung-RADS v2022 分类：3类。", "Lung-RADS v2022 分类：3类"),
    ("lung-rads", "4A", "右肺上叶结节（LungRADS４B）。", "LungRADS４B"),
    ("lung-rads", "3", "右肺结节较前片 Lung-RADS 2类增大，现Lung-RADS 4A类。", "Lung-RADS 4A类"),
    ("lung-rads", "3", "Lung-RADS由2类升为4A类。", "Lung-RADS由2类升为4A类"),
    ("lung-rads", "2 S", "双肺结节，Lung-RADS 3S。", "Lung-RADS 3S"),
    ("c-lung-rads", "3", "右肺结节（C-Lung-RADS 2类）。", "C-Lung-RADS 2类"),
    ("bi-rads", "4B", "BI-RADS分类：右乳2类，左乳4A类。", "BI-RADS分类：右乳2类，左乳4A类"),
    ("bi-rads", "4A", "右乳BI-RADS 1类。左乳BI-RADS Ⅴ类。", "BI-RADS Ⅴ类"),
    ("bi-rads", "3", "双乳结节，4B类（BI-RADS）。", "4B类（BI-RADS"),
    ("bi-rads", "0", "左乳肿块，BI-RADS 四类。", "BI-RADS 四类"),
    ("pi-rads", "4", "右侧外周带结节，PI-RADS v2.1评分5分。", "PI-RADS v2.1评分5分"),
    ("pi-rads", "4", "前列腺结节，PI-RADS 2.1版评分：3分。", "PI-RADS 2.1版评分：3分"),
    ("lung-rads", "2", "右肺结节无变化Lung-RADS 4A类。", "Lung-RADS 4A类"),
    ("lung-rads", "2", "右肺结节未见明显变化Lung-RADS 4A类。", "Lung-RADS 4A类"),
    ("lung-rads", "2", "右肺结节较前增大Lung-RADS 4A类。", "Lung-RADS 4A类"),
    ("lung-rads", "2", "Lung-RADS 4A类结节未吸收。", "Lung-RADS 4A类"),
    ("lung-rads", "3", "由Lung-RADS 2类至4A类。", "Lung-RADS 2类至4A类"),
    ("lung-rads", "3", "Lung-RADS 由2类至4A类。", "Lung-RADS 由2类至4A类"),
    ("bi-rads", "2", "左乳BI-RADS 4a-4b类。", "BI-RADS 4a-4b类"),
    ("bi-rads", "3", "BI-RADS分类：右乳2类，左乳4A类～4B类。", "BI-RADS分类：右乳2类，左乳4A类～4B类"),
    ("bi-rads", "4A", "BI-RADS 4C~5类。", "BI-RADS 4C~5类"),
    ("bi-rads", "3", "双乳结节，4A-4B类（BI-RADS）。", "4A-4B类（BI-RADS"),
    ("bi-rads", "2", "BI-RADS 4B-4A类。", "BI-RADS 4B-4A类"),
    ("pi-rads", "3", "PI-RADS 4～5分。", "PI-RADS 4～5分"),
    ("pi-rads", "3", "PI-RADS 4至5分。", "PI-RADS 4至5分"),
    ("lung-rads", "3", "Lung-RADS由2至4A类。", "Lung-RADS由2至4A类"),
    ("fleischner", "6_12", "按Fleischner 2017指南，建议3-6个月复查CT。", "Fleischner 2017指南，建议3-6个月"),
    ("fleischner", "6_12", "按Fleischner 2017（较3个月前无变化），建议3个月复查。", FLEISCHNER_ZH),
    ("fleischner", "6_12", "按Fleischner 2017指南，无需随访。", "Fleischner 2017指南，无需随访"),
    ("fleischner", "none", "按Fleischner指南，12个月复查CT。", "Fleischner指南，12个月"),
]
SEEDED_EN = [
    ("lung-rads", "4A", "Solid nodule. Lung-RADS category 2.", "Lung-RADS category 2"),
    ("lung-rads", "3", "Previously Lung-RADS 2, now Lung-RADS 4A.", "Lung-RADS 4A"),
    ("lung-rads", "3", "Category 4A (Lung-RADS).", "Category 4A (Lung-RADS"),
    ("bi-rads", "4A", "BI-RADS category: left 4B, right 2.", "BI-RADS category: left 4B"),
    ("bi-rads", "2", "Final assessment: BI-RADS 3.", "BI-RADS 3"),
    ("bi-rads", "2", "Left: BI-RADS 4A-4B.", "BI-RADS 4A-4B"),
    ("lung-rads", "2", "Lung-RADS 4A nodule, not resolved.", "Lung-RADS 4A"),
    ("lung-rads", "2", "Lung-RADS 4A nodule has not resolved.", "Lung-RADS 4A"),
    ("lung-rads", "2", "Lung-RADS 4A nodule, first seen in 2024.", "Lung-RADS 4A"),
    ("pi-rads", "4", "PI-RADS v2.1 score 3.", "PI-RADS v2.1 score 3"),
    (
        "fleischner",
        "3_6_subsolid",
        "Per Fleischner 2017, CT in 6 to 12 months.",
        "Fleischner 2017, CT in 6 to 12 months",
    ),
    ("fleischner", "3_pet_biopsy", "Fleischner: no routine follow-up.", "Fleischner: no routine follow-up"),
]
RANGES = [
    ("bi-rads", "4A", "左乳BI-RADS 4a-b类。", "BI-RADS 4a-b类"),
    ("bi-rads", "4B", "左乳BI-RADS 4a-4b类。", "BI-RADS 4a-4b类"),
    ("bi-rads", "4B", "左乳BI-RADS 4A-4C类。", "BI-RADS 4A-4C类"),
    ("bi-rads", "4A", "左乳结节（BI-RADS 4a/b）。", "BI-RADS 4a/b"),
    ("bi-rads", "4A", "左乳结节，BI-RADS 4A/4B类。", "BI-RADS 4A/4B类"),
    ("bi-rads", "4A", "左乳结节，BI-RADS 4A或4B类。", "BI-RADS 4A或4B类"),
    ("bi-rads", "4B", "左乳结节，BI-RADS ４ａ～ｂ类。", "BI-RADS ４ａ～ｂ类"),
    ("bi-rads", "4A", "左乳结节，BI-RADS IVa-b类。", "BI-RADS IVa-b类"),
    ("bi-rads", "4A", "左乳结节，4a-b类（BI-RADS）。", "4a-b类（BI-RADS"),
    ("lung-rads", "4A", "Lung-RADS 3-4类。", "Lung-RADS 3-4类"),
    ("pi-rads", "5", "PI-RADS 4～5分。", "PI-RADS 4～5分"),
    ("bi-rads", "4A", "Left breast: BI-RADS 4A-4B.", "BI-RADS 4A-4B"),
    ("bi-rads", "4A", "Left breast: BI-RADS 4a-b.", "BI-RADS 4a-b"),
    ("bi-rads", "4B", "Left breast: BI-RADS 4A/B.", "BI-RADS 4A/B"),
    ("bi-rads", "4B", "Left breast: BI-RADS 4A or 4B.", "BI-RADS 4A or 4B"),
    ("bi-rads", "4B", "Left breast: BI-RADS 4A to 4B.", "BI-RADS 4A to 4B"),
    ("bi-rads", "4A", "左乳BI-RADS 4 a-b 类。", "BI-RADS 4 a-b 类"),
    ("bi-rads", "4A", "Left breast: category 4a-b (BI-RADS).", "category 4a-b (BI-RADS"),
]
GOOD_ZH = [
    ("bi-rads", "4A", "左乳BI-RADS 4A-B超引导下穿刺。"),
    ("bi-rads", "4C", "BI-RADS分类：右乳4a-b类，左乳4C类。"),
    ("bi-rads", "4B", "外院诊断BI-RADS 4a-b类，现BI-RADS 4B类。"),
    ("lung-rads", "4A", "右肺上叶实性结节，Lung-RADS 4A类，建议3个月复查。"),
    ("lung-rads", "4A", "右肺上叶实性结节，Lung-RADS v2022：4类。"),
    ("lung-rads", "4A", "右肺上叶结节，Lung-RADS 4A类；左肺下叶结节，Lung-RADS 2类。"),
    ("lung-rads", "4A", "右肺结节（C-Lung-RADS 2类）。"),
    ("lung-rads", "4A S", "Lung-RADS 4AS。"),
    ("lung-rads", "4A S", "Lung-RADS 4A S。"),
    ("lung-rads", "4A", "与2025-01-01 Lung-RADS 3类相比增大，现Lung-RADS 4A类。"),
    ("lung-rads", "4A", "原Lung-RADS 3类，现为4A类。"),
    ("lung-rads", "3", "Lung-RADS由4A类降为3类。"),
    ("lung-rads", "3", "Lung-RADS 3类，若增大按Lung-RADS 4A类处理。"),
    ("lung-rads", "2", "未见Lung-RADS 3类结节，Lung-RADS 4A类或以上者转诊。"),
    ("lung-rads", "3", "Lung-RADS 2022版筛查，6 mm结节。"),
    ("lung-rads", "2", "外院诊断 Lung-RADS 4A类。"),
    ("bi-rads", "4A", "BI-RADS分类：右乳2类，左乳4A类。"),
    ("bi-rads", "4A", "右乳BI-RADS 1类。左乳BI-RADS IVa类。"),
    ("bi-rads", "3", "BI-RADS 3类，甲状腺TI-RADS 4类。"),
    ("bi-rads", "3", "乳腺BI-RADS（第五版）评估见正文。"),
    ("pi-rads", "4", "右侧外周带结节，PI-RADS 4分（T2WI 4分，DWI 5分）。"),
    ("pi-rads", "4", "前列腺PI-RADS评分（5分制）4分。"),
    ("pi-rads", "4", "前列腺PI-RADS评分（1-5分）：4分。"),
    ("lung-rads", "3", "Lung-RADS 3类，6-12个月复查。"),
    ("lung-rads", "3", "Lung-RADS 3-6个月复查。"),
    ("lung-rads", "2", "2024年所见Lung-RADS 4A类结节已吸收；Lung-RADS 2类。"),
    ("lung-rads", "2", "无新发Lung-RADS 3类结节。"),
    ("lung-rads", "2", "较前Lung-RADS 3类好转，现Lung-RADS 2类。"),
    ("fleischner", "6_12", "根据Fleischner 2017（结节较3个月前无变化），建议6-12个月复查。"),
    ("fleischner", "6_12", "根据Fleischner 2017，与3-6个月之前相仿，建议6-12个月复查。"),
    ("fleischner", "6_12", "按Fleischner 2017指南，建议6-12个月复查CT，之后18-24个月复查。"),
    ("fleischner", "6_12", "按Fleischner 2017指南，建议6个月复查CT。"),
    ("fleischner", "none", "按Fleischner 2017指南，无需随访，12个月后体检。"),
    ("fleischner", "none", "按Fleischner 2017指南处理。"),
    ("fleischner", "6_12", "若增大，按Fleischner指南3个月复查。"),
    ("fleischner", "6_12", "此前按Fleischner指南3个月复查。"),
]
GOOD_EN = [
    ("lung-rads", "4A", "Solid nodule. Lung-RADS v2022 category 4A."),
    ("lung-rads", "4A", "Lung-RADS 4 and emphysema."),
    ("lung-rads", "3", "Previous Lung-RADS 4A, now Lung-RADS 3."),
    ("lung-rads", "3", "Lung-RADS changed from 4A to 3."),
    ("lung-rads", "3", "Lung-RADS 3. If it grows it would be Lung-RADS 4A."),
    ("bi-rads", "4B", "BI-RADS category: left 4B, right 2."),
    ("bi-rads", "2", "Assessed by BI-RADS 5th edition: BI-RADS 2."),
    ("bi-rads", "2", "No lesion of BI-RADS 3 or higher."),
    ("bi-rads", "2", "BI-RADS 2 - 12 month follow-up."),
    ("bi-rads", "2", "BI-RADS 2 or benign change."),
    ("bi-rads", "4B", "Changed from BI-RADS 4A to 4B."),
    ("bi-rads", "3", "BI-RADS 3-6 months follow-up."),
    ("lung-rads", "2", "Lung-RADS 4A nodule in 2024 resolved; Lung-RADS 2."),
    ("lung-rads", "2", "Lung-RADS 4A nodule resolved; Lung-RADS 2."),
    ("lung-rads", "2", "Lung-RADS 4A in 2024; Lung-RADS 2."),
    ("fleischner", "6_12", "Fleischner 2017, unchanged from 3 months ago: CT in 6 to 12 months."),
    ("pi-rads", "4", "PI-RADS 4/5 lesion of the peripheral zone."),
    ("fleischner", "6_12", "Per Fleischner 2017, CT in 6 to 12 months, then at 18 to 24 months."),
    ("fleischner", "none", "No follow-up is needed by Fleischner 2017."),
]


def told(scheme: str, chosen: str, impression: str, language: str) -> list[tuple[str, str, str]]:
    chinese = language.startswith("zh")
    subject = subject_of("双肺清晰。" if chinese else "The lungs are clear.", impression, language=language)
    held = replace(subject, categories=(NormCategory(scheme, chosen, f"{scheme} {chosen}"),))
    faults = [one for one in norm_faults(held) if one.rule.startswith("category")]
    assert {one.kind for one in faults} <= {NormKind.CONCLUSION}
    return [(one.rule, one.target, one.quote) for one in faults]


@pytest.mark.parametrize(("scheme", "chosen", "impression", "quote"), SEEDED_ZH)
def test_another_category_in_a_chinese_text_is_told(scheme: str, chosen: str, impression: str, quote: str) -> None:
    assert told(scheme, chosen, impression, "zh_CN") == [("category_in_text_differs", "impression", quote)]


@pytest.mark.parametrize(("scheme", "chosen", "impression", "quote"), SEEDED_EN)
def test_another_category_in_an_english_text_is_told(scheme: str, chosen: str, impression: str, quote: str) -> None:
    assert told(scheme, chosen, impression, "en") == [("category_in_text_differs", "impression", quote)]


@pytest.mark.parametrize(("scheme", "chosen", "impression", "quote"), RANGES)
def test_a_range_is_never_read_as_the_one_category_that_was_chosen(
    scheme: str, chosen: str, impression: str, quote: str
) -> None:
    language = "en" if impression.isascii() else "zh_CN"
    assert told(scheme, chosen, impression, language) == [("category_range_in_text", "impression", quote)]


def test_a_range_that_cannot_be_the_chosen_category_disagrees_with_it() -> None:
    expected = [("category_in_text_differs", "impression", "BI-RADS 4a-b类")]
    assert told("bi-rads", "4C", "左乳BI-RADS 4a-b类。", "zh_CN") == expected
    assert told("bi-rads", "2", "左乳BI-RADS 4a-b类。", "zh_CN") == expected


@pytest.mark.parametrize(("scheme", "chosen", "impression"), GOOD_ZH)
def test_a_chinese_text_that_agrees_is_never_held_up(scheme: str, chosen: str, impression: str) -> None:
    assert told(scheme, chosen, impression, "zh_CN") == []


@pytest.mark.parametrize(("scheme", "chosen", "impression"), GOOD_EN)
def test_an_english_text_that_agrees_is_never_held_up(scheme: str, chosen: str, impression: str) -> None:
    assert told(scheme, chosen, impression, "en") == []


@pytest.mark.parametrize(
    ("name", "scheme", "chosen"),
    [(name, "lung-rads", "3") for name in GOOD]
    + [(name, "bi-rads", "4B") for name in GOOD]
    + [(name, "pi-rads", "4") for name in GOOD]
    + [(name, "c-lung-rads", "2") for name in GOOD],
)
def test_the_good_reports_pass_with_their_categories(name: str, scheme: str, chosen: str) -> None:
    held = replace(GOOD[name], categories=(NormCategory(scheme, chosen, scheme),))

    assert norm_faults(held) == ()


def test_findings_that_changed_since_are_told_with_what_changed_and_lead_to_the_form() -> None:
    subject = subject_of("右肺上叶见实性结节。", "右肺上叶结节。")
    aged = NormCategory("lung-rads", "3", "Lung-RADS 3", "2 号由 8.0 mm 变为 12.4 mm")

    assert norm_faults(replace(subject, categories=(replace(aged, changed=""),))) == ()
    assert norm_faults(replace(subject, categories=(aged,))) == (
        NormFault(
            NormKind.CONCLUSION, "category_outdated", "category:lung-rads", "Lung-RADS 3", "2 号由 8.0 mm 变为 12.4 mm"
        ),
    )


def test_what_is_advised_is_read_and_history_is_not() -> None:
    one = NormCategory("lung-rads", "4A", "Lung-RADS 4A")
    advised = NormField("recommendation", Role.RECOMMENDATION, "按Lung-RADS 2类随访。")
    before = NormField("history", Role.BACKGROUND, "Lung-RADS 2类。")
    plain_subject = subject_of("双肺清晰。", "右肺结节。")

    def rules(field: NormField) -> list[str]:
        subject: NormSubject = replace(plain_subject, fields=(*plain_subject.fields, field), categories=(one,))
        return [fault.target for fault in norm_faults(subject) if fault.rule == "category_in_text_differs"]

    assert (rules(advised), rules(before)) == (["recommendation"], [])


@pytest.mark.parametrize(("said", "expected"), [("４ａ", "4A"), ("IV", "4"), ("Ⅲ", "3"), ("四", "4"), ("4X", "4X")])
def test_categories_are_read_however_they_are_written(said: str, expected: str) -> None:
    assert plain(said) == expected
