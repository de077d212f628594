"""Levels are read however they are written, and a disc is never two vertebrae."""

from __future__ import annotations

import pytest

from tests.helpers.norm import subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.levels import kind_of, levels_in, vertebrae_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L4/5椎间盘", {"L4/5"}),
        ("L5/S1", {"L5/S1"}),
        ("L5/1椎间盘", {"L5/S1"}),
        ("C7/T1", {"C7/T1"}),
        ("腰5/骶1椎间盘", {"L5/S1"}),
        ("骶1/2椎间隙", {"S1/2"}),
        ("L3/4、4/5及L5/S1椎间盘", {"L3/4", "L4/5", "L5/S1"}),
        ("颈3/4、4/5、5/6椎间盘", {"C3/4", "C4/5", "C5/6"}),
        ("L3-S1椎间盘膨出", {"L3/4", "L4/5", "L5/S1"}),
        ("L4-5椎间盘", {"L4/5"}),
        ("C3-C6", {"C3", "C4", "C5", "C6"}),
        ("C6-C3", {"C3", "C6"}),
        ("C8-T2椎体", {"C8", "T2"}),
        ("S1-S9椎体", {"S1", "segment 9"}),
        ("第12胸椎椎体", {"T12"}),
        ("第十二胸椎", {"T12"}),
        ("第1、2腰椎", {"L1", "L2"}),
        ("胸十一椎体", {"T11"}),
        ("胸12、腰1椎体压缩", {"T12", "L1"}),
        ("L4，5mm结节", {"L4"}),
        ("L4,5", {"L4"}),
        ("腰3、4、5椎体", {"L3", "L4", "L5"}),
        ("肝S8见结节", {"segment 8"}),
        ("T2椎体", {"T2"}),
        ("胸2椎体", {"T2"}),
        ("T2-3椎间盘", {"T2/3"}),
        ("T12压缩骨折", {"T12"}),
        ("T2高度变扁，T1等椎体骨折", {"T1", "T2"}),
        ("T2椎体呈长T1长T2信号", {"T2"}),
        ("T2水平脊髓T2高信号", {"T2"}),
        ("T1-T2水平占位，T1等T2高", {"T1", "T2"}),
        ("Cord compression at T2, T1 and T2 vertebral bodies T1 dark", {"T1", "T2"}),
        ("T2 high-grade compression, mass at T4", {"T2", "T4"}),
        ("S1神经根，L5 nerve root, L4 root", set()),
        ("T2加权像", set()),
        ("T2呈高信号", set()),
        ("T2  \n 呈高信号", set()),
        ("T1、T2均呈高信号", set()),
        ("T1：低信号，T2：高信号", set()),
        ("T1WI/T2WI、T1/2WI、T2、FLAIR；FLAIR及T2，压脂T2", set()),
        ("长 T1 长 T2 信号，长T1、T2信号，T1上呈低信号，T1C+、T1+C", set()),
        ("T2 hyperintense, T1-weighted, T1- and T2-weighted images", set()),
        ("Hypointense on T1, T2 bright, low T1 and high T2 signal, T1 low, T2 high", set()),
        ("T3 bronchial carcinoma; rectal cancer, T3; stage T2", set()),
        ("直肠癌（T3），T4肺癌，前列腺癌T2c，分期为T3", set()),
        ("乳腺癌T2、T4骨转移，肺癌，T8椎体转移", {"T2", "T4", "T8"}),
        ("L1椎体内见长T1长T2信号", {"L1"}),
        ("T1N0M0", set()),
        ("胸6个月", set()),
        ("第5、7-9肋", {"rib 5", "rib 7", "rib 8", "rib 9"}),
        ("左侧第五、六前肋", {"rib 5", "rib 6"}),
        ("左5肋骨折", {"rib 5"}),
        ("右手第3掌骨", {"metacarpal 3"}),
        ("左足第5跖骨基底部", {"metatarsal 5"}),
        ("第2掌指关节", {"knuckle 2"}),
        ("右手示指远节，第5趾", {"finger 2", "toe 5"}),
        ("左手第2近节指骨，右足拇趾", {"finger 2", "toe 1"}),
        ("5th to 7th ribs", {"rib 5", "rib 6", "rib 7"}),
        ("T12-L1 disc", {"T12/L1"}),
    ],
)
def test_levels_are_read_however_they_are_written(text: str, expected: set[str]) -> None:
    assert levels_in(text) == expected


def test_only_levels_of_one_kind_can_contradict_each_other() -> None:
    assert [kind_of(one) for one in ("L4", "L4/5", "rib 5", "metacarpal 3")] == [
        "vertebra",
        "disc",
        "rib",
        "metacarpal",
    ]
    assert vertebrae_of("L4/5") == {"L4", "L5"}
    assert vertebrae_of("L5/S1") == {"L5", "S1"}
    assert vertebrae_of("L4") == frozenset()


@pytest.mark.parametrize(
    ("findings", "impression", "expected"),
    [
        ("L4/5椎间盘突出。", "L5/S1椎间盘突出。", ["level_of_conclusion"]),
        ("L4/5椎间盘突出。", "L5椎体缘受压。", []),
        ("L4、L5椎体间椎间盘突出。", "L4/5椎间盘突出。", []),
        ("腰4椎体滑脱，腰4/5椎间盘膨出。", "腰5椎体滑脱。", ["level_of_conclusion"]),
        ("胸12、腰1椎体压缩性骨折。", "胸12椎体压缩性骨折。", ["missing_in_conclusion"]),
        ("胸12、腰1椎体压缩性骨折。", "多发椎体压缩性骨折（胸12等）。", []),
        ("第3-5肋骨骨折。", "第3、4、5肋骨骨折。", []),
        ("第3-5肋骨骨折。", "第3、4肋骨骨折。", ["missing_in_conclusion"]),
        ("胸12椎体骨折。", "腰1椎体骨折。", ["level_of_conclusion"]),
        ("左侧第5肋骨折。第7肋骨陈旧骨折。", "左侧第5肋骨折。", []),
    ],
)
def test_the_conclusion_names_the_levels_of_the_findings(findings: str, impression: str, expected: list[str]) -> None:
    assert [fault.rule for fault in norm_faults(subject_of(findings, impression))] == expected
