"""A dominant nodule that was typed and that no nodule of the table can be is told before the signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.full_reports import EVIDENCE
from workstation.domain.finding import Finding, Lobe, NoduleType
from workstation.domain.report import Person, Report
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.norm_gate import describe_fault, faults_of

SIGNER = Person("expert", "王启明", "远程诊断中心")
TEMPLATE = TemplateLibrary().get("ct-chest-nodule")


def nodule(number: int, mm: float, kind: NoduleType = NoduleType.UNSPECIFIED) -> Finding:
    """Return a nodule that a reader accepted and measured."""
    found = cases.ai_finding(number).accepted(by="expert", at=cases.NOON)
    return found.edited(diameter_mm=mm, nodule_type=kind, lobe=Lobe.RIGHT_UPPER, by="expert", at=cases.NOON)


def told(*findings: Finding, **values: str) -> list[str]:
    report = cases.report(*findings, values={"impression": "见上。", **values})
    return sentences(replace(report, template_id="ct-chest-nodule", language="en"))


def sentences(report: Report) -> list[str]:
    faults = faults_of(report, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    return [describe_fault(one, TEMPLATE) for one in faults if one.target.startswith("dominant")]


@pytest.mark.parametrize(
    ("long", "short", "doubted"),
    [("9", "7", False), ("10.6", "8.4", False), ("11", "8.2", True), ("20", "15", True), ("3", "2", True)],
)
def test_a_typed_size_may_differ_by_no_more_than_two_measurements_of_one_nodule(
    long: str,
    short: str,
    doubted: bool,  # noqa: FBT001 - a table
) -> None:
    assert bool(told(nodule(1, 8.0), dominant_long_mm=long, dominant_short_mm=short)) is doubted


def test_the_doubt_names_the_nodules_of_the_table() -> None:
    (said,) = told(nodule(1, 8.0), nodule(2, 5.0), dominant_long_mm="20", dominant_short_mm="15")
    assert said == "Long axis: “17.5 mm” is chosen, the report has “finding 1: 8.0 mm, 2: 5.0 mm”"


def test_any_nodule_of_the_table_may_be_the_dominant_one() -> None:
    assert told(nodule(1, 18.0), nodule(2, 8.0), dominant_long_mm="9", dominant_short_mm="7") == []


def test_a_type_is_held_against_the_nodule_of_the_typed_size() -> None:
    solid, glass = nodule(1, 18.0, NoduleType.SOLID), nodule(2, 8.0, NoduleType.GROUND_GLASS)
    size = {"dominant_long_mm": "9", "dominant_short_mm": "7"}
    assert told(solid, glass, dominant_type="ground_glass", **size) == []
    assert told(solid, glass, dominant_type="calcified", **size) == []
    assert told(solid, glass, dominant_type="solid", **size) == [
        "Type of the dominant nodule: “Solid” is chosen, the report has “finding 2: Ground-glass”"
    ]
    assert told(solid, glass, dominant_type="part_solid") != []
    assert told(solid, nodule(2, 8.0), dominant_type="part_solid") == []  # nobody said of which type the second is


def test_what_is_not_typed_or_stands_in_no_table_contradicts_nothing() -> None:
    assert told(nodule(1, 8.0)) == []
    assert told(nodule(1, 8.0), dominant_long_mm="20") == []
    assert told(nodule(1, 8.0), dominant_long_mm="x", dominant_short_mm="nan") == []
    assert told(dominant_long_mm="20", dominant_short_mm="15") == []


def test_a_size_by_volume_may_lie_farther_from_the_axes() -> None:
    """The mark of an algorithm has 16.1 mm of a volume or network, no axes."""
    mark = cases.ai_finding(1).accepted(by="expert", at=cases.NOON)
    assert told(mark, dominant_long_mm="15", dominant_short_mm="13") == []
    assert told(mark, dominant_long_mm="14", dominant_short_mm="11") != []


@pytest.mark.parametrize(
    ("long", "short", "doubted"),
    [
        ("18.6", "13.9", False),
        ("13.9", "18.6", False),
        ("17.5", "15.0", False),
        ("16.8", "16.8", True),  # the mean of an ellipse, and another nodule
        ("20.4", "13.9", True),
        ("18.6", "12.1", True),
    ],
)
def test_both_typed_axes_are_held_against_both_measured_ones(
    long: str,
    short: str,
    doubted: bool,  # noqa: FBT001 - a table
) -> None:
    """Two readers differ by at most 1.73 mm in an axis (Revel, Radiology 2004)."""
    evidence = replace(EVIDENCE, long_axis_mm=18.6, short_axis_mm=13.9)
    found = replace(cases.ai_finding(1), original=replace(cases.mark(), evidence=evidence))
    said = told(found.accepted(by="expert", at=cases.NOON), dominant_long_mm=long, dominant_short_mm=short)
    axes = " × ".join(sorted((f"{float(one):.1f}" for one in (long, short)), reverse=True))
    words = f"Long axis: “{axes} mm” is chosen, the report has “finding 1: 18.6 × 13.9 mm”"
    assert said == ([words] if doubted else [])


def test_a_lobe_or_side_in_the_impression_is_held_against_the_table() -> None:
    report = cases.report(nodule(1, 8.0, NoduleType.SOLID), values={"impression": "左肺下叶实性结节，约8.0mm。"})
    report = replace(report, template_id="ct-chest-nodule", language="zh_CN")
    faults = faults_of(report, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    assert {"side_of_conclusion"} <= {one.rule for one in faults}
