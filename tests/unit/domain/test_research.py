"""What nobody trusted vouches for never reaches a report, whatever the reader decided on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.helpers.cases import NOON, ai_finding, complete_values, mark, report, row, study, template
from workstation.dicom.sr.measurement_report import detection_sr, measurement_sr
from workstation.dicom.sr.structured_report import enhanced_sr
from workstation.domain.errors import NotSignable, TemplateViolation
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, RejectReason
from workstation.domain.model import ModelChoice, ModelRole
from workstation.domain.model_comparison import CaseComparison, ModelComparison, compare_marks
from workstation.domain.report import BlockerKind, Report, signing_blockers
from workstation.services.report_service import require_complete

RESEARCH = AlgorithmIdentity("stranger", "1.0.0", "0" * 64, research=True)
ADDED = Finding("2.25.5", 2, (0.0, 0.0, 0.0), 3.8, Decision.ADDED)
DECIDED = (
    ai_finding().accepted(by="expert", at=NOON),
    ai_finding().edited(by="expert", at=NOON, diameter_mm=9.0),
    ai_finding().rejected(RejectReason.VESSEL, by="expert", at=NOON),
)


def _with_research(*findings: Finding) -> Report:
    plain = report(*findings, values=complete_values())
    return replace(plain, findings=replace(plain.findings, algorithm=RESEARCH))


@pytest.mark.parametrize("finding", DECIDED)
def test_a_mark_of_a_research_model_blocks_the_signature_however_it_was_decided(finding: Finding) -> None:
    blockers = signing_blockers(_with_research(finding), template())

    assert [blocker.kind for blocker in blockers] == [BlockerKind.RESEARCH_MARK]


def test_the_reader_is_told_which_mark() -> None:
    with pytest.raises(NotSignable) as caught:
        require_complete(_with_research(DECIDED[0]), template())

    assert "AI mark 1 comes from a research model and cannot be reported" in caught.value.user_text


WRITERS: tuple[Callable[[Report], bytes], ...] = (
    lambda r: enhanced_sr(r, template(), study(), row()),
    lambda r: measurement_sr(r, study()),
    lambda r: detection_sr(study(), r.findings, at=NOON),
)


@pytest.mark.parametrize("write", WRITERS, ids=["report", "measurements", "pre-read"])
@pytest.mark.parametrize("findings", [(), (DECIDED[0],), (ADDED,)], ids=["none", "mark", "added"])
def test_no_dicom_object_takes_part_of_a_research_model(
    write: Callable[[Report], bytes], findings: tuple[Finding, ...]
) -> None:
    with pytest.raises(TemplateViolation) as caught:
        write(_with_research(*findings))

    assert caught.value.user_text == "Marks of a research model cannot be written into a report or result."


def test_what_a_person_added_beside_a_research_model_can_be_reported() -> None:
    cleaned = _with_research(DECIDED[0], ADDED).findings.without_research()

    assert cleaned.findings == (ADDED,)
    assert cleaned.algorithm is None


def test_a_trusted_model_keeps_its_marks() -> None:
    trusted = FindingList("1.2.3", algorithm=replace(RESEARCH, research=False), findings=DECIDED)

    assert trusted.without_research() is trusted
    assert trusted.for_research_only == ()


def test_the_active_model_is_no_shadow_of_itself() -> None:
    with pytest.raises(ValueError, match="shadow"):
        ModelChoice(active="a", shadow="a")

    choice = ModelChoice(active="a", shadow="b")
    assert [choice.role(name) for name in "abc"] == [ModelRole.ACTIVE, ModelRole.SHADOW, ModelRole.OFF]


def test_two_models_agree_where_their_marks_lie_within_half_a_diameter() -> None:
    near, far, other = mark(0.9), mark(0.8, (0.0, 0.0, 0.0)), mark(0.7, (-53.0, 131.0, -520.5))

    compared = compare_marks("1.2.3", (near, far), (other,))

    assert mark().diameter_mm / 2 > 4.0
    assert compared == CaseComparison("1.2.3", both=((near, other),), only_first=(far,), only_second=())


def test_one_mark_is_in_one_pair_only_and_the_nearest_pair_wins() -> None:
    place = (-57.0, 131.0, -520.5)
    first = (mark(0.9, place), mark(0.8, (-56.0, 131.0, -520.5)))
    second = (mark(0.7, (-56.1, 131.0, -520.5)),)

    compared = compare_marks("1.2.3", first, second)

    assert compared.both == ((first[1], second[0]),)
    assert compared.only_first == (first[0],)


def test_marks_below_the_threshold_are_not_compared() -> None:
    hidden = replace(mark(), shown=False)

    assert compare_marks("1.2.3", (hidden,), (mark(),)).only_second == (mark(),)


def test_agreement_is_the_share_of_common_marks() -> None:
    a, b = replace(RESEARCH, name="a"), replace(RESEARCH, name="b")
    both = compare_marks("1", (mark(),), (mark(),))
    alone = compare_marks("2", (mark(), mark(0.6, (0.0, 0.0, 0.0))), ())

    comparison = ModelComparison(a, b, (both, alone))

    assert comparison.agreement == pytest.approx(1 / 3)
    assert comparison.marks_per_case() == (1.5, 0.5)
    assert ModelComparison(a, b, ()).agreement is None
    assert ModelComparison(a, b, ()).marks_per_case() == (0.0, 0.0)
