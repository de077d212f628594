"""Nobody writes or signs "no change since" over a nodule that was measured to have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers import cases
from workstation.domain.finding import Finding
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.report import Person, Report
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.norm_gate import faults_of
from workstation.services.unchanged_claim import measured_changes, unchanged_sentence

SIGNER = Person("expert", "王启明", "远程诊断中心")
TEMPLATE = TemplateLibrary().get("ct-chest-nodule")
CENTRE = (-57.0, 131.0, -520.5)


def followed(before_mm: float, now_mm: float) -> Finding:
    prior = NoduleObservation("2.25.9", date(2025, 11, 20), CENTRE, before_mm)
    now = NoduleObservation("2.25.1001", date(2026, 11, 20), CENTRE, now_mm)
    found = cases.ai_finding(1).accepted(by="expert", at=cases.NOON)
    return found.followed(FollowUp("1.2.9", prior, now, own_tracking_uid="2.25.1001"), tracking_uid="2.25.9")


def report(finding: Finding, impression: str, language: str = "zh_CN") -> Report:
    written = cases.report(finding, values={"impression": impression})
    return replace(written, template_id="ct-chest-nodule", language=language)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (6.0, 9.0, ("1号 6.0 → 9.0 mm 增大",)),
        (9.0, 6.0, ("1号 9.0 → 6.0 mm 缩小",)),
        (6.0, 7.5, ()),  # 1.5 mm is what measuring again may change
    ],
)
def test_a_change_counts_beyond_what_measuring_again_may_change(
    before: float, now: float, told: tuple[str, ...]
) -> None:
    written = report(followed(before, now), "见上。")
    assert measured_changes(written, "1.2.9") == told
    assert measured_changes(written, "1.2.8") == ()


@pytest.mark.parametrize(("language", "day", "held"), [
    ("zh_CN", "2025-11-20", ["1号 6.0 → 9.0 mm 增大"]),
    ("en", "2025-11-20", ["no. 1 6.0 → 9.0 mm grown"]),
    ("zh_CN", "2024-01-01", []),
])  # fmt: skip
def test_the_gate_holds_the_sentence_up_for_the_day_that_contradicts_it(
    language: str, day: str, held: list[str]
) -> None:
    written = report(followed(6.0, 9.0), unchanged_sentence(language, day), language)
    faults = faults_of(written, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    assert [one.against for one in faults if one.target == "impression" and "→" in one.against] == held


def test_a_stable_nodule_lets_the_sentence_pass() -> None:
    written = report(followed(6.0, 6.5), unchanged_sentence("zh_CN", "2025-11-20"))
    faults = faults_of(written, TEMPLATE, cases.study(), cases.row(), signer=SIGNER)
    assert [one for one in faults if "→" in one.against] == []
    assert measured_changes(report(cases.ai_finding(1).accepted(by="x", at=cases.NOON), ""), "1.2.9") == ()
