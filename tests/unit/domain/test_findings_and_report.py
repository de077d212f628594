"""Findings and reports: nothing AI is signed undecided, nothing signed changes."""

from __future__ import annotations

import pytest

from tests.helpers.cases import NOON, ai_finding, complete_values, mark, report, template
from workstation.domain.finding import Decision, Finding, Lobe, Mark, NoduleType, RejectReason
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Blocker, BlockerKind, Report, ReportState, signing_blockers
from workstation.domain.template import Text


def test_editing_a_mark_keeps_what_the_model_said() -> None:
    edited = ai_finding().edited(by="expert", at=NOON, diameter_mm=15.1, nodule_type=NoduleType.SOLID)

    assert edited.decision is Decision.EDITED
    assert (edited.diameter_mm, edited.original) == (15.1, mark())
    assert edited.nodule_type is NoduleType.SOLID
    assert edited.lobe is Lobe.UNSPECIFIED


def test_accepting_an_edited_mark_does_not_forget_the_edit() -> None:
    edited = ai_finding().edited(by="expert", at=NOON, lobe=Lobe.RIGHT_UPPER)

    assert edited.accepted(by="expert", at=NOON).decision is Decision.EDITED
    assert ai_finding().accepted(by="expert", at=NOON).decision is Decision.ACCEPTED


def test_a_rejection_has_a_reason_and_does_not_count() -> None:
    rejected = ai_finding().rejected(RejectReason.VESSEL, by="expert", at=NOON, note="断面")

    assert not rejected.counts
    assert (rejected.reject_reason, rejected.reject_note) == (RejectReason.VESSEL, "断面")
    assert rejected.accepted(by="expert", at=NOON).reject_reason is None


def test_a_finding_added_by_the_reader_stays_the_readers_when_edited() -> None:
    added = Finding("2.25.5", 2, (0.0, 0.0, 0.0), 3.8, Decision.ADDED)

    assert added.edited(by="expert", at=NOON, diameter_mm=4.0).decision is Decision.ADDED
    assert added.accepted(by="expert", at=NOON).decision is Decision.ADDED


@pytest.mark.parametrize(
    ("diameter_mm", "decision", "original"),
    [
        (0.0, Decision.ADDED, None),
        (-1.0, Decision.UNDECIDED, mark()),
        (5.0, Decision.UNDECIDED, None),
        (5.0, Decision.ADDED, mark()),
        (5.0, Decision.REJECTED, mark()),
    ],
)
def test_an_impossible_finding_cannot_exist(diameter_mm: float, decision: Decision, original: Mark | None) -> None:
    with pytest.raises(ValueError, match=r"."):
        Finding("2.25.5", 1, (0.0, 0.0, 0.0), diameter_mm, decision, original)


@pytest.mark.parametrize(("diameter_mm", "score"), [(0.0, 0.5), (5.0, 1.2), (5.0, -0.1)])
def test_an_impossible_mark_cannot_exist(diameter_mm: float, score: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        Mark((0.0, 0.0, 0.0), diameter_mm, score, shown=True)


def test_the_list_counts_and_finds_its_findings() -> None:
    findings = report(ai_finding(1), ai_finding(2)).findings
    added = Finding("2.25.5", findings.next_number, (0.0, 0.0, 0.0), 3.8, Decision.ADDED)
    longer = findings.added(added)

    assert [f.number for f in longer.findings] == [1, 2, 3]
    assert longer.reported == (added,)
    assert longer.undecided == findings.findings
    assert longer.removed("2.25.5") == findings
    with pytest.raises(KeyError):
        findings.get("2.25.5")
    with pytest.raises(ValueError, match="added by a person"):
        findings.removed(findings.findings[0].tracking_uid)


def test_the_first_added_finding_of_an_empty_list_is_number_one() -> None:
    assert report().findings.next_number == 1


def test_an_undecided_mark_blocks_the_signature() -> None:
    undecided = report(ai_finding(), values=complete_values())

    assert signing_blockers(undecided, template()) == (Blocker(BlockerKind.UNDECIDED_FINDING, "2.25.1001"),)


def test_empty_required_fields_and_numbers_out_of_range_block_the_signature() -> None:
    values = {"technique": "  ", "ctdi": "400", "impression": "x"}

    assert signing_blockers(report(values=values), template()) == (
        Blocker(BlockerKind.EMPTY_FIELD, "technique"),
        Blocker(BlockerKind.OUT_OF_RANGE, "ctdi"),
    )
    assert signing_blockers(report(values={**complete_values(), "ctdi": "about 3"}), template()) == (
        Blocker(BlockerKind.OUT_OF_RANGE, "ctdi"),
    )
    assert signing_blockers(report(values={**complete_values(), "ctdi": "1.9"}), template()) == ()


def test_a_report_is_not_returned_without_a_reason() -> None:
    preliminary = report().moved(ReportState.PRELIMINARY, at=NOON)

    with pytest.raises(ValueError, match="with a reason"):
        preliminary.moved(ReportState.RETURNED, at=NOON, reason=" ")


def test_a_final_report_never_changes() -> None:
    final = report().moved(ReportState.FINAL, at=NOON)

    with pytest.raises(ValueError, match="immutable"):
        final.with_values({"impression": "other"}, at=NOON)
    assert report().with_values({"impression": "a"}, at=NOON).values == {"impression": "a"}


def test_measurements_of_another_study_cannot_enter_a_report() -> None:
    good = report()
    fields = {name: getattr(good, name) for name in Report.__slots__}

    with pytest.raises(ValueError, match="report's study"):
        Report(**fields | {"measurements": MeasurementSet("9.9.9")})


def test_template_texts_come_in_the_language_asked_for() -> None:
    assert Text("肺", "Lung").get("zh_CN") == "肺"
    assert Text("肺", "Lung").get("en") == "Lung"
    assert template().field("ctdi").unit == "mGy"
    with pytest.raises(KeyError):
        template().field("nothing")
