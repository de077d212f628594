"""Nothing of the AI before one's own look, no mark lost below the point, and every act accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.cases import ALGORITHM, READER, FixedClock, Uids, mark, report, row, study, template
from tests.helpers.fakes import FakeAudit
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, Unreachable
from workstation.domain.finding import Decision, Finding, FindingList, RejectReason
from workstation.domain.report import BlockerKind, Report, ReportState, signing_blockers
from workstation.domain.tally import DecisionTally, tally_of
from workstation.domain.workitem import Claim
from workstation.services.reading_ai import ReadingAi
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.services.report_service import RecordDecisions, RevealAi
from workstation.storage.tallies import TallyFolder

CLAIM = Claim("2.25.8", "2.25.99")
POINTS = (("sensitive", 0.2), ("balanced", 0.5), ("specific", 0.8))


def scored(number: int, score: float) -> Finding:
    original = replace(mark(score), shown=score >= 0.5)
    return Finding(
        f"2.25.100{number}", number, original.centre_lps_mm, original.diameter_mm, Decision.UNDECIDED, original
    )


def marked(**changes: object) -> Report:
    made = report(scored(1, 0.9), scored(2, 0.6), scored(3, 0.3))
    algorithm = replace(ALGORITHM, operating_points=POINTS)
    return replace(made, findings=replace(made.findings, algorithm=algorithm, **changes))  # type: ignore[arg-type]  # fields of FindingList


def session(of: Report | None = None, *, read_first: bool = False, claim: Claim | None = CLAIM) -> ReadingSession:
    case = OpenedCase(row(), study(), template(), of or marked(), claim)
    return ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids(), read_first=read_first)


def numbers(found: FindingList) -> list[int]:
    return [finding.number for finding in found.findings]


def test_a_draft_that_was_past_the_reveal_shows_the_ai_again() -> None:
    seen = marked(read_first=True, revealed_at=FixedClock().now(), revealed_by="resident")
    assert not session(seen, read_first=True).ai_hidden
    decided = marked()
    accepted = decided.findings.findings[0].accepted(by="resident", at=FixedClock().now())
    decided = replace(decided, findings=decided.findings.replaced(accepted))
    assert not session(decided, read_first=True).ai_hidden
    handed_in = replace(marked(), state=ReportState.PRELIMINARY)
    assert not session(handed_in, read_first=True).ai_hidden


def test_who_only_looks_reads_first_as_well_and_may_reveal() -> None:
    opened = session(read_first=True, claim=None)
    assert (opened.ai_hidden, opened.displayed.algorithm, numbers(opened.displayed)) == (True, None, [])
    before = opened.report.updated_at
    opened.review.reveal()
    opened.review.reveal()
    assert (opened.ai_hidden, numbers(opened.displayed)) == (False, [1, 2])
    assert opened.report.updated_at == before


def test_an_undone_decision_does_not_hide_the_ai_again() -> None:
    opened = session(read_first=True)
    own = opened.review.add((1.0, 2.0, 3.0), 4.0)
    opened.review.reveal()
    opened.review.choose_operating_point("sensitive")
    opened.review.undo()
    assert (opened.ai_hidden, opened.findings.operating_point, numbers(opened.displayed)) == (
        False, "sensitive", [1, 2, 3],
    )  # fmt: skip
    opened.review.redo()
    assert opened.findings.get(own.tracking_uid).before_ai is True


def test_marks_below_the_point_block_nothing_and_are_kept() -> None:
    opened = session()
    opened.review.choose_operating_point("specific")
    opened.review.accept("2.25.1001")
    kinds = {blocker.kind for blocker in signing_blockers(opened.report, opened.template)}
    assert BlockerKind.UNDECIDED_FINDING not in kinds
    assert numbers(opened.findings) == [1, 2, 3]
    assert [f.number for f in opened.findings.below] == [2, 3]
    with pytest.raises(ValueError, match="no operating point"):
        opened.review.choose_operating_point("wild")


def test_hidden_marks_are_never_rejected_with_the_rest() -> None:
    opened = session()
    assert opened.review.reject_rest(RejectReason.VESSEL) == 2
    assert [f.decision for f in opened.findings.findings] == [
        Decision.REJECTED, Decision.REJECTED, Decision.UNDECIDED,
    ]  # fmt: skip
    assert opened.review.reject_rest(RejectReason.VESSEL) == 0
    assert session(read_first=True).review.reject_rest(RejectReason.OTHER) == 0
    with pytest.raises(NotPermitted):
        session(claim=None).review.reject_rest(RejectReason.OTHER)


def test_rejecting_the_rest_is_one_audited_act_and_a_later_decision_is_its_own() -> None:
    opened = session()
    opened.review.choose_operating_point("sensitive")
    opened.review.reject_rest(RejectReason.VESSEL)
    opened.review.accept("2.25.1002")
    audit = FakeAudit()
    RecordDecisions(audit)(opened.report)
    assert [detail for *_rest, detail in audit.recorded] == [
        "2.25.1002 accepted",
        "marks 1 3 rejected together vessel",
    ]


def test_marks_that_nobody_was_shown_are_counted_not_decided() -> None:
    opened = session()
    opened.review.reject_rest(RejectReason.ARTEFACT)
    audit = FakeAudit()
    RecordDecisions(audit)(opened.report)
    assert [detail for *_rest, detail in audit.recorded] == [
        "marks 1 2 rejected together artefact",
        "1 marks not shown at the operating point default",
    ]


def test_a_reveal_that_cannot_be_recorded_is_refused() -> None:
    audit = FakeAudit()
    RevealAi(audit)(marked(read_first=True))
    assert audit.recorded == [(AuditAction.AI_REVEALED, "1.2.3", 0, "0 own findings before 2 AI marks were shown")]
    audit.fail_with = Unreachable("The hub does not answer")
    with pytest.raises(Unreachable):
        RevealAi(audit)(marked(read_first=True))


def test_the_readers_own_rate_counts_each_case_once(tmp_path: Path) -> None:
    opened = session()
    opened.review.accept("2.25.1001")
    opened.review.reject("2.25.1002", RejectReason.VESSEL)
    known = ReadingAi(_NoCards(), TallyFolder(tmp_path))
    known.note(opened.report, "resident")
    known.note(opened.report, "resident")
    assert known.tally("resident", ALGORITHM.sha256) == DecisionTally(accepted=1, rejected=1, cases=1)
    assert known.tally("expert", ALGORITHM.sha256) == DecisionTally()
    assert known.card(ALGORITHM) is None
    assert (tally_of(opened.findings) + DecisionTally(2, 3, 4)).decided == 7


def test_a_damaged_count_counts_nothing(tmp_path: Path) -> None:
    folder = TallyFolder(tmp_path)
    folder.put("resident", "ab", "1.2.3", DecisionTally(1, 1, 1))
    next(tmp_path.rglob("*.json")).write_text("{")
    assert folder.total("resident", "ab") == DecisionTally()


class _NoCards:
    def cards(self) -> tuple[()]:
        return ()
