"""No report calls itself the first beside a prior, and no screening CT of the lungs ends without its category."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers.norm import subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormCategory, NormChoice, NormField, NormNodule, NormPrior, NormSubject, Role

PRIORS = (NormPrior("2025-06-01 CT"), NormPrior("2025-12-08 CT 胸部低剂量 LDCT", is_reported=True))
LUNG = ("lung-rads", "c-lung-rads", "fleischner")
NODULE = NormNodule("nodules", "2.25.1", "1号", "1号 结节", "right", "upper")


def compared(words: str) -> NormSubject:
    """Return a report that says this of earlier exams."""
    subject = subject_of("右肺上叶结节。" if "\u4e00" <= words[0] <= "\u9fff" else "Right upper lobe nodule.", "")
    return replace(subject, fields=(*subject.fields, NormField("comparison", Role.BACKGROUND, words)))


def told(subject: NormSubject, rule: str) -> list[tuple[str, str]]:
    return [(one.quote, one.against) for one in norm_faults(subject) if one.rule == rule]


@pytest.mark.parametrize(
    ("words", "quote"),
    [
        ("无可供对比的既往检查。", "无可供对比的既往检查"),
        ("无前片对比。", "无前片对比"),
        ("未见既往影像资料。", "未见既往影像资料"),
        ("首次检查。", "首次检查"),
        ("无。", "无"),
        ("首次", "首次"),
        ("None.", "None"),
        ("基线CT。", "基线CT"),
        ("No prior examination available for comparison.", "No prior examination"),
        ("There are no prior studies for comparison.", "no prior studies"),
        ("Comparison: none.", "Comparison: none"),
        ("Baseline screening CT.", "Baseline screening CT"),
    ],
)
def test_no_prior_is_not_said_beside_one_and_the_reported_one_is_named(words: str, quote: str) -> None:
    subject = compared(words)
    assert told(subject, "first_despite_prior") == []
    assert told(replace(subject, priors=PRIORS), "first_despite_prior") == [(quote, "2025-12-08 CT 胸部低剂量 LDCT")]
    unreported = replace(subject, priors=PRIORS[:1])
    assert told(unreported, "first_despite_prior") == [(quote, "2025-06-01 CT")]


@pytest.mark.parametrize(
    "words",
    [
        "与 2025-12-08 的检查比较。",
        "与首次检查比较，右肺上叶结节增大。",
        "首次检查（2024-01-05）未见结节。",
        "无对比剂过敏史。",
        "结节为首次发现。",
        "Compared with the baseline CT of 2024-01-05.",
        "No prior surgery.",
        "No previous malignancy.",
    ],
)
def test_a_comparison_or_a_first_exam_of_then_is_no_contradiction(words: str) -> None:
    assert told(replace(compared(words), priors=PRIORS), "first_despite_prior") == []


def test_a_chosen_baseline_is_held_against_a_known_prior() -> None:
    chosen = replace(compared("与 2025-12-08 的检查比较。"), firsts=(NormChoice("change", "与前片比较：首次"),))
    assert told(chosen, "first_despite_prior") == []
    (fault,) = [one for one in norm_faults(replace(chosen, priors=PRIORS)) if one.rule == "first_despite_prior"]
    assert (fault.target, fault.quote) == ("change", "与前片比较：首次")


def screened(examination: str, *, impression: str = "右肺上叶结节。", question: str = "") -> NormSubject:
    subject = subject_of("右肺上叶结节。", impression)
    return replace(subject, examination=examination, question=question, asked_categories=LUNG)


def asks(subject: NormSubject) -> list[str]:
    faults = norm_faults(subject)
    return [one.rule for one in faults if one.rule.endswith("without_category") and one.target == "category:lung-rads"]


@pytest.mark.parametrize(
    ("examination", "question", "asked"),
    [
        ("CT 肺结节低剂量筛查 CHEST", "", True),
        ("CT 胸部平扫", "肺癌高危人群筛查", True),
        ("CT lung cancer screening", "", True),
        ("CT 胸部平扫", "咳嗽 2 周", False),
        ("CT 胸部低剂量 LDCT", "", False),
        ("CT 胸部平扫", "新冠筛查", False),
    ],
)
def test_what_is_called_a_screening_asks_for_lung_rads(examination: str, question: str, asked: bool) -> None:  # noqa: FBT001 - a table
    subject = screened(examination, question=question)
    assert asks(subject) == (["screening_without_category"] if asked else [])
    assert asks(replace(subject, asked_categories=())) == []


def test_a_category_in_the_form_or_in_the_text_answers_a_screening() -> None:
    subject = screened("CT 肺癌筛查")
    of_a_follow_up = NormCategory("fleischner", "3_6", "Fleischner")
    assert asks(replace(subject, categories=(NormCategory("c-lung-rads", "2", "C-Lung-RADS 2"),))) == []
    assert asks(replace(subject, categories=(of_a_follow_up,))) == ["screening_without_category"]
    assert asks(screened("CT 肺癌筛查", impression="右肺上叶结节，Lung-RADS 4A类。")) == []


def test_a_low_dose_with_a_nodule_asks_for_any_category() -> None:
    subject = replace(screened("CT 胸部低剂量 LDCT"), nodules=(NODULE,))
    of_a_follow_up = NormCategory("fleischner", "3_6", "Fleischner")
    assert asks(subject) == ["low_dose_without_category"]
    assert asks(replace(subject, categories=(of_a_follow_up,))) == []
    assert asks(replace(subject, examination="CT 胸部平扫")) == []
