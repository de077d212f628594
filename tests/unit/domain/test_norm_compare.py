"""The norm gate: sites, places, grades and amounts of the conclusion are those of the findings."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest

from tests.helpers.norm import subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormField, NormKind, Role


def faults(findings: str, impression: str, *, advice: str = "", background: str = "") -> list[tuple[str, str]]:
    subject = subject_of(findings, impression, background=background)
    advised = NormField("recommendation", Role.RECOMMENDATION, advice)
    found = norm_faults(replace(subject, sex="", fields=(*subject.fields, advised)))
    return [(fault.rule, fault.quote) for fault in found]


@pytest.mark.parametrize(
    ("findings", "impression"),
    [
        ("左乳外上象限见簇状钙化。", "右乳外上象限钙化。"),
        ("左侧肾上腺增粗。", "右侧肾上腺增生。"),
        ("左侧上颌窦黏膜增厚。", "右侧上颌窦炎。"),
        ("右侧乳突气房内见液性密度。", "左侧乳突炎。"),
        ("左侧股动脉管腔闭塞。", "右侧股动脉闭塞。"),
        ("左侧大脑中动脉M1段未显影。", "右侧大脑中动脉闭塞。"),
        ("右侧第5肋骨见溶骨性破坏。", "左侧肋骨转移瘤。"),
        ("左肺下叶支气管囊状扩张。", "右肺下叶支气管扩张。"),
        ("左侧上颌窦清晰，右侧黏膜增厚。", "左侧上颌窦炎。"),
        ("左侧上颌窦黏膜增厚。", "右侧上颌窦炎可能。"),
    ],
)
def test_the_other_side_of_any_paired_site_is_caught(findings: str, impression: str) -> None:
    assert faults(findings, impression) == [("side_of_conclusion", impression.rstrip("。"))]


@pytest.mark.parametrize(
    ("findings", "impression"),
    [
        ("上颌窦黏膜增厚。", "右侧上颌窦炎。"),
        ("双侧上颌窦清晰。", "右侧上颌窦炎。"),
        ("左侧上颌窦黏膜增厚。右侧见积液。", "双侧上颌窦炎。"),
        ("左侧，上颌窦及乳突黏膜增厚。", "左侧乳突炎。"),
        ("左侧见少许积液，上颌窦。", "左侧上颌窦炎。"),
        ("左侧上颌窦黏膜增厚。肝内见钙化。", "左侧上颌窦炎。"),
        ("左侧大脑中动脉闭塞。", "右侧大脑中动脉供血区异常。"),
        ("右侧：腺体内见低回声结节。左侧：腺体内见无回声囊肿。", "双侧乳腺结节。"),
    ],
)
def test_a_side_that_was_left_open_or_told_later_contradicts_nothing(findings: str, impression: str) -> None:
    assert faults(findings, impression) == []


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("左乳外上象限见钙化。", "左乳内下象限钙化。", "左乳内下象限钙化"),
        ("内侧半月板后角撕裂。", "外侧半月板后角撕裂。", "外侧半月板后角撕裂"),
        ("前交叉韧带断裂。", "后交叉韧带断裂。", "后交叉韧带断裂"),
    ],
)
def test_another_quadrant_meniscus_or_lobe_is_caught(findings: str, impression: str, expected: str) -> None:
    assert faults(findings, impression) == [("place_of_conclusion", expected)]


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("右侧胸腔少量积液。", "右侧胸腔大量积液。", "右侧胸腔大量积液"),
        ("前降支狭窄约30%。", "前降支狭窄约80%。", "约80%"),
        ("左侧额叶血肿，约20ml。", "左侧额叶血肿，约200ml。", "200ml"),
        ("左侧额叶血肿，约20ml。", "左侧额叶血肿，约70ml。", "70ml"),
    ],
)
def test_another_grade_share_or_volume_is_caught(findings: str, impression: str, expected: str) -> None:
    assert faults(findings, impression) == [("amount_of_conclusion", expected)]


@pytest.mark.parametrize(
    ("findings", "impression"),
    [
        ("右侧胸腔少量积液，左侧胸腔大量积液。", "右侧少量胸腔积液，左侧大量胸腔积液。"),
        ("右侧胸腔积液。", "右侧胸腔大量积液。"),
        ("右侧胸腔少-中量积液。", "右侧胸腔中等量积液。"),
        ("前降支狭窄约50%～69%。", "前降支狭窄约60%。"),
        ("前降支狭窄约30%。", "前降支狭窄<50%。"),
        ("左侧额叶血肿，约32ml。", "左侧额叶血肿，约30ml。"),
    ],
)
def test_an_estimate_of_the_same_amount_passes(findings: str, impression: str) -> None:
    assert faults(findings, impression) == []


def test_a_volume_with_a_slipped_point_is_a_fault_of_the_unit() -> None:
    found = norm_faults(subject_of("左侧额叶血肿，约20ml。", "左侧额叶血肿，约200ml。"))

    assert [fault.kind for fault in found] == [NormKind.UNIT]


def test_what_the_findings_deny_is_not_concluded_of_the_same_place() -> None:
    assert faults("纵隔及双肺门淋巴结未见肿大。", "纵隔淋巴结肿大。") == [("denied_by_findings", "纵隔淋巴结肿大")]
    assert faults("肝内未见占位。", "肝占位。") == [("denied_by_findings", "肝占位")]
    assert faults("纵隔淋巴结未见肿大。", "左侧腋窝淋巴结肿大。") == []
    assert faults("淋巴结未见肿大。", "左侧腋窝淋巴结肿大。") == [("denied_by_findings", "左侧腋窝淋巴结肿大")]
    assert faults("肝脏表面光滑。", "肝占位。") == []


def test_an_intimal_flap_is_not_normal_and_a_cortical_step_is_a_fracture() -> None:
    assert faults("腹主动脉腔内见内膜片。", "未见异常。") == [("normal_despite_findings", "未见异常")]
    assert faults("右侧第6肋骨骨皮质欠连续。", "右侧第6肋骨骨折。") == []
    assert faults("左侧乳腺缺如，双侧乳腺对称。", "左乳术后。") == [("absent_organ", "双侧乳腺对称")]
    assert faults("结节大小约0.8mm×0.6cm。", "结节。") == [("mixed_units", "0.8mm×0.6cm")]


def test_an_addendum_and_a_recommendation_are_read_for_words_that_are_wrong_by_themselves() -> None:
    expected = ["impossible_part", "impossible_part", "wrong_unit", "wrong_unit"]
    words = "左肺中叶见结节8米，CT值50mm；L9。扫描视野500mm。"

    assert [rule for rule, _quote in faults("双肺清晰。", "未见异常。", background=words)] == expected
    assert [rule for rule, _quote in faults("双肺清晰。", "未见异常。", advice=words)] == [
        *expected,
        "implausible_size",
    ]


def test_what_is_advised_is_advised_for_a_side_and_a_lobe_of_the_report() -> None:
    found, concluded = "左肺下叶见结节，约8mm。", "左肺下叶结节。"

    assert faults(found, concluded, advice="建议右肺上叶穿刺。") == [("side_of_conclusion", "建议右肺上叶穿刺")]
    assert faults(found, concluded, advice="建议3月后复查左肺下叶结节。") == []
    assert faults("右侧上颌窦黏膜增厚。", "右侧上颌窦炎。", advice="建议左侧上颌窦穿刺。") == [
        ("side_of_conclusion", "建议左侧上颌窦穿刺")
    ]
    assert faults(found, concluded, advice="建议左肺上叶结节穿刺。") == [("lobe_of_conclusion", "建议左肺上叶结节穿刺")]


def test_a_check_of_a_long_report_costs_milliseconds_and_grows_with_its_length() -> None:
    text = "左侧上颌窦黏膜增厚，右侧胸腔少量积液，前降支狭窄约30%，左乳外上象限见钙化，血肿约20ml。" * 10
    subject, twice = subject_of(text, text), subject_of(text * 4, text * 4)
    norm_faults(subject)

    def cost(one: object) -> float:
        began = process_time()
        norm_faults(one)  # type: ignore[arg-type]  # both are subjects
        return process_time() - began

    assert min(cost(twice) for _ in range(3)) < 12 * min(cost(subject) for _ in range(3))
