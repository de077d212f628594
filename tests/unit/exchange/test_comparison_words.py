"""What became of a nodule since the prior is told in the same words on paper, in the SR and to other systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.helpers.cases import NOON
from tests.helpers.consignments import consigned
from tests.helpers.full_reports import OBJECTS, TEMPLATE, worklist_row
from tests.helpers.papers import paper_study, printed, simple, squeezed, text_of
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.domain.mark import GrowthLimit
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.report import Report
from workstation.exchange.routes.report_body import finding_sentences

PLACE = (30.0, 60.0, -450.0)
BEFORE, NOW = date(2025, 11, 21), date(2026, 11, 21)
# 365 ln 2 / (3 ln(12 / 9)), and of 13.5 / 9 and 10.5 / 9
EXPECTED = {
    "zh_CN": "与 2025-11-21 比较：平均径由 9.0 mm 变为 12.0 mm（+3.0 mm），"
    "体积不作比较（亚实性结节，结节被扫描范围截断），按直径计算倍增时间约 293 天（208 至 547 天），较前增大。",
    "en": "Compared with 2025-11-21: mean diameter 9.0 mm then, 12.0 mm now (+3.0 mm), volumes not compared (subsolid, "
    "cut off at the end of the scan), doubling time by diameter about 293 days (208 to 547); larger.",
}


def grown(language: str) -> Report:
    """Return a report with a nodule of two drawn axes, ground glass by the reader's word and cut off in the prior."""
    x, y, z = PLACE
    lines = Annotation(
        uid="2.25.51",
        tracking_uid="2.25.52",
        kind=AnnotationKind.BIDIRECTIONAL,
        points_lps_mm=((x - 7, y, z), (x + 7, y, z), (x, y - 5, z), (x, y + 5, z)),
        measures=(Measure(MeasureName.LONG_AXIS, 14.0, "mm"), Measure(MeasureName.SHORT_AXIS, 10.0, "mm")),
        created_at=NOON,
    )
    said = FollowUp(
        "1.9",
        NoduleObservation("2.25.9", BEFORE, PLACE, 9.0, 382.0, growth_limits=(GrowthLimit.CUT_OFF,)),
        NoduleObservation("2.25.9", NOW, PLACE, 12.0, 905.0, nodule_type=NoduleType.GROUND_GLASS),
        "2.25.9",
    )
    nodule = Finding("2.25.9", 9, PLACE, 12.0, Decision.ADDED, nodule_type=NoduleType.GROUND_GLASS, follow_up=said)
    report = simple(language)
    findings = report.findings
    return replace(report, findings=replace(findings, findings=(*findings.findings, nodule)), annotations=(lines,))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_paper_sr_and_other_systems_tell_a_change_in_the_same_words(language: str, tmp_path: Path) -> None:
    report, expected = grown(language), EXPECTED[language]

    assert finding_sentences(consigned(report))["2.25.9"].endswith(expected)
    sr = dcmread(BytesIO(OBJECTS.enhanced_sr(report, TEMPLATE, paper_study(), worklist_row(paper_study()))))
    assert any(str(one.value).endswith(expected) for one in sr.iterall() if one.keyword == "TextValue")
    assert squeezed(expected) in squeezed(text_of(printed(report), tmp_path))
