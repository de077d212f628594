"""What the reader coded of a nodule (side, lobe, density) is held against what the texts tell of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.helpers.norm import FOLDER, subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormField, NormNodule, Role

ROWS = {
    "RUL": ("right", "upper", "右肺上叶", "right upper lobe"),
    "RML": ("right", "middle", "右肺中叶", "right middle lobe"),
    "RLL": ("right", "lower", "右肺下叶", "right lower lobe"),
    "LUL": ("left", "upper", "左肺上叶", "left upper lobe"),
    "LLL": ("left", "lower", "左肺下叶", "left lower lobe"),
    "?": ("", "", "", ""),
}
DENSITIES = {
    "": ("结节", "nodule"),
    "solid": ("实性结节", "solid nodule"),
    "part_solid": ("部分实性结节", "part-solid nodule"),
    "ground_glass": ("磨玻璃结节", "ground-glass nodule"),
}
RULES = {"nodule_side_in_text", "nodule_lobe_in_text", "nodule_density_in_text", "nodule_without_lobe"}
PLACES = {"side_of_conclusion", "lobe_of_conclusion", "density_of_conclusion", "size_of_conclusion"}


def table(coded: str) -> tuple[NormNodule, ...]:
    """Return "RUL solid 8; LLL" as the nodules of a table."""
    made = []
    for number, row in enumerate((part.split() for part in coded.split(";") if part.strip()), 1):
        side, lobe, _zh, _en = ROWS[row[0]]
        density = next((one for one in row[1:] if one in DENSITIES), "")
        sizes = tuple(float(one) for one in row[1:] if one[0].isdigit())
        made.append(NormNodule("nodules", f"2.25.{number}", f"{number}", coded, side, lobe, density, sizes))
    return tuple(made)


def told(coded: str, findings: str, impression: str, rules: set[str] = RULES) -> list[str]:
    """Return which of the rules find a fault; the words of the table count as findings, as in every report."""
    nodules = table(coded)
    language = "zh_CN" if any("\u4e00" <= char <= "\u9fff" for char in findings + impression) else "en"
    kinds = [DENSITIES[one.density] for one in nodules]
    rows = [ROWS[part.split()[0]] for part in coded.split(";") if part.strip()]
    sizes = [f"{max(one.sizes_mm):.1f} mm" if one.sizes_mm else "" for one in nodules]
    if language == "zh_CN":
        words = "。".join(f"{row[2]}{kind[0]}，{size}" for row, kind, size in zip(rows, kinds, sizes, strict=True))
    else:
        words = ". ".join(f"{kind[1]}, {row[3]}, {size}" for row, kind, size in zip(rows, kinds, sizes, strict=True))
    subject = subject_of(findings, impression, language=language)
    fields = (NormField("nodules", Role.FINDINGS, words), *subject.fields)
    asked = replace(subject, fields=fields, nodules=nodules)
    return [fault.rule for fault in norm_faults(asked) if fault.rule in rules]


TEXTS = json.loads((FOLDER / "coded_nodules.json").read_text(encoding="utf-8"))
GOOD = [(one["coded"], one["findings"], one["impression"]) for one in TEXTS["good"]]
BAD = [(one["coded"], one["findings"], one["impression"], one["rule"]) for one in TEXTS["bad"]]


@pytest.mark.parametrize(("coded", "findings", "impression"), GOOD)
def test_a_text_that_agrees_with_the_table_is_not_held_up(coded: str, findings: str, impression: str) -> None:
    assert told(coded, findings, impression) == []


@pytest.mark.parametrize(("coded", "findings", "impression", "rule"), BAD)
def test_a_text_that_contradicts_the_table_is_told_once(coded: str, findings: str, impression: str, rule: str) -> None:
    assert set(told(coded, findings, impression)) == {rule}


def test_what_another_rule_has_told_of_the_impression_is_not_told_twice() -> None:
    assert told("RUL solid 8", "", "左肺上叶实性结节。", RULES | PLACES) == ["side_of_conclusion"]
    assert told("RUL solid 8", "", "右肺上叶磨玻璃结节。", RULES | PLACES) == ["density_of_conclusion"]


def test_a_nodule_of_another_size_is_another_nodule() -> None:
    assert told("RUL solid 16.8", "左肺下叶实性结节，约4mm。", "左肺下叶小结节。") != []
    assert told("RUL solid 16.8", "左肺下叶实性结节，约4mm。", "左肺下叶小结节，4mm。") == []
    assert told("RUL solid 16.8", "右肺上叶磨玻璃结节，约4mm。", "双肺结节。") == []


def test_each_lobe_of_the_text_asks_for_one_nodule_of_the_table_only() -> None:
    assert told("?; ?; ?", "右肺上叶结节。", "右肺上叶结节。左肺下叶结节。") == ["nodule_without_lobe"] * 2
    assert told("?", "右肺上叶结节。", "左肺下叶结节。") == ["nodule_without_lobe"]


def test_a_missing_lobe_leads_to_the_finding_itself() -> None:
    subject = replace(subject_of("见表。", "右肺上叶结节。"), nodules=table("?"))
    (fault,) = [one for one in norm_faults(subject) if one.rule == "nodule_without_lobe"]
    assert (fault.target, fault.against) == ("2.25.1", "右肺上叶结节")
