"""Reports of spine, brain and pulmonary arteries: a weighting is no vertebra, and a wrong level or side is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.helpers.norm import FOLDER, subject_of
from workstation.domain.norm.gate import norm_faults
from workstation.domain.norm.values import NormFault

REPORTS: list[dict[str, str]] = json.loads((FOLDER / "spine_brain_embolism.json").read_text(encoding="utf-8"))


def faults_of(one: dict[str, str]) -> tuple[NormFault, ...]:
    subject = subject_of(one["findings"], one["impression"], language=one["language"])
    return norm_faults(replace(subject, examination=one["examination"]))


@pytest.mark.parametrize("one", [one for one in REPORTS if one["is"] == "good"], ids=lambda one: one["impression"][:24])
def test_a_good_report_of_spine_brain_or_embolism_is_not_held_up(one: dict[str, str]) -> None:
    assert faults_of(one) == ()


@pytest.mark.parametrize(
    "one", [one for one in REPORTS if one["is"] == "fault"], ids=lambda one: one["impression"][:24]
)
def test_a_wrong_level_or_side_of_such_a_report_is_told(one: dict[str, str]) -> None:
    assert {"level_of_conclusion", "side_of_conclusion"} & {fault.rule for fault in faults_of(one)}
