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
        ("T2加权像", set()),
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
