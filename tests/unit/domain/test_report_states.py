"""The states of a report, what may follow a signed one, and what receivers are told of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from tests.helpers.cases import NOON, READER, complete_values, report, template
from workstation.domain.annotation import AnnotationList
from workstation.domain.norm.values import NormOverride
from workstation.domain.report import ADDENDUM_TARGET, Blocker, BlockerKind, Report, SignedAddendum, signing_blockers
from workstation.domain.report_state import (
    ALLOWED_REPORT_TRANSITIONS,
    STATUS_CODES,
    ReportKind,
    ReportState,
    ReportStatus,
    ReturnCode,
    status_of,
)
from workstation.domain.succession import same_content, successor
from workstation.domain.workitem import OutputReference

LATER = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SR = OutputReference("1.2.3", "1.2.3.9", "1.2.840.10008.5.1.4.1.1.88.22", "1.2.3.9.1")
S = ReportState


def signed(before: Report | None = None) -> Report:
    start = before or report(values=complete_values())
    return replace(start.moved(S.FINAL, at=NOON), verifier=READER, signed_at=NOON)


def following(before: Report, kind: ReportKind, uid: str = "2.25.7") -> Report:
    return successor(
        before,
        kind,
        reason=" 左右写反 ",
        objects=(SR,),
        report_uid=uid,
        ups_instance_uid="2.25.8",
        author=READER,
        at=LATER,
    )


def test_only_the_steps_of_the_table_are_allowed() -> None:
    allowed = {(before, after) for before, targets in ALLOWED_REPORT_TRANSITIONS.items() for after in targets}

    assert allowed == {
        (S.DRAFTED, S.PRELIMINARY),
        (S.DRAFTED, S.FINAL),
        (S.DRAFTED, S.CANCELLED),
        (S.PRELIMINARY, S.RETURNED),
        (S.PRELIMINARY, S.FINAL),
        (S.PRELIMINARY, S.CANCELLED),
        (S.RETURNED, S.PRELIMINARY),
        (S.RETURNED, S.FINAL),
        (S.RETURNED, S.CANCELLED),
        (S.FINAL, S.ENTERED_IN_ERROR),
    }
    for before in S:
        for after in set(S) - ALLOWED_REPORT_TRANSITIONS[before]:
            with pytest.raises(ValueError, match="cannot become"):
                replace(report(), state=before).moved(after, at=LATER, reason="why")


@pytest.mark.parametrize("state", [S.CANCELLED, S.RETURNED, S.ENTERED_IN_ERROR])
def test_a_report_is_returned_cancelled_or_withdrawn_only_with_a_reason(state: ReportState) -> None:
    start = replace(report(), state=S.FINAL if state is S.ENTERED_IN_ERROR else S.PRELIMINARY)

    with pytest.raises(ValueError, match="with a reason"):
        start.moved(state, at=LATER, reason="  ")

    moved = start.moved(state, at=LATER, reason="写错了患者", codes=(ReturnCode.SIDE_OR_PART,))
    is_return = state is S.RETURNED
    assert (moved.return_reason, moved.ended_reason) == (("写错了患者", "") if is_return else ("", "写错了患者"))
    assert moved.return_codes == ((ReturnCode.SIDE_OR_PART,) if is_return else ())
    assert moved.is_closed is (not is_return)


def test_what_receivers_are_told_of_each_state() -> None:
    told = {
        (state, kind): (codes.fhir, codes.obr_25, codes.obx_11)
        for state in S
        for kind in ReportKind
        for codes in (STATUS_CODES[status_of(state, kind)],)
    }

    assert [told[state, ReportKind.ORIGINAL] for state in S] == [
        ("", "", ""),
        ("preliminary", "P", "P"),
        ("preliminary", "P", "P"),
        ("final", "F", "F"),
        ("cancelled", "X", "X"),
        ("entered-in-error", "X", "W"),
    ]
    assert told[S.FINAL, ReportKind.ADDENDUM] == ("appended", "C", "C")
    assert told[S.FINAL, ReportKind.CORRECTED] == ("corrected", "C", "C")
    assert told[S.FINAL, ReportKind.AMENDED] == ("amended", "C", "C")
    assert told[S.ENTERED_IN_ERROR, ReportKind.AMENDED] == ("entered-in-error", "X", "W")
    assert signed().status is ReportStatus.FINAL


def test_a_correction_is_a_new_draft_of_the_whole_content_that_names_what_it_replaces() -> None:
    before = signed()

    after = following(before, ReportKind.CORRECTED)

    assert (after.state, after.revision, after.verifier, after.signed_at) == (S.DRAFTED, 0, None, None)
    assert (after.report_uid, after.ups_instance_uid, after.change_reason) == ("2.25.7", "2.25.8", "左右写反")
    assert after.values == before.values
    assert after.predecessor is not None
    assert (after.predecessor.report_uid, after.predecessor.objects) == (before.report_uid, (SR,))
    assert after.with_values({"impression": "左肺"}, at=LATER).values == {"impression": "左肺"}
    assert before.predecessor is None


def test_an_addendum_takes_words_of_its_own_and_changes_nothing_else() -> None:
    addendum = following(signed(), ReportKind.ADDENDUM)
    acts: tuple[Callable[[], Report], ...] = (
        lambda: addendum.with_values({}, at=LATER),
        lambda: addendum.with_drawn(AnnotationList("1.2.3"), at=LATER),
        lambda: addendum.with_keys(addendum.keys, at=LATER),
        lambda: addendum.with_template(template(), at=LATER),
    )
    for act in acts:
        with pytest.raises(ValueError, match="immutable"):
            act()

    written = addendum.with_addendum("补充：随访 3 个月。", at=LATER)

    assert (written.addendum, written.revision) == ("补充：随访 3 个月。", 1)
    assert same_content(written, signed())
    assert not same_content(replace(written, values={"impression": "另一句"}), signed())
    override = NormOverride("residue", "impression", "____", "later", "expert", NOON)
    answered = written.with_overrides((override,), at=LATER)
    assert answered.norm_overrides == (replace(override, given_in="drafted"),)
    assert answered.answers_of("expert") == answered.norm_overrides
    assert following(signed(answered), ReportKind.CORRECTED).norm_overrides == ()
    assert following(signed(answered), ReportKind.CORRECTED).norm_found == ()
    for other in (following(signed(), ReportKind.AMENDED), signed(written)):
        with pytest.raises(ValueError, match="open addendum"):
            other.with_addendum("x", at=LATER)


def test_a_report_after_addenda_names_all_that_stands_together() -> None:
    first = signed()
    added = signed(following(first, ReportKind.ADDENDUM, "2.25.20").with_addendum("一", at=LATER))
    again = signed(following(added, ReportKind.ADDENDUM, "2.25.21").with_addendum("二", at=LATER))
    amended = signed(following(again, ReportKind.AMENDED, "2.25.22"))
    last = following(amended, ReportKind.CORRECTED, "2.25.23")

    assert [one.report_uid for one in amended.predecessors] == ["2.25.21", "2.25.20", first.report_uid]
    assert [one.report_uid for one in last.predecessors] == ["2.25.22"]
    assert amended.former_addenda == (
        SignedAddendum("一", READER.name, NOON),
        SignedAddendum("二", READER.name, NOON),
    )
    assert amended.addendum == ""


def test_nothing_follows_what_was_not_signed_and_nothing_without_a_reason() -> None:
    with pytest.raises(ValueError, match="only a signed report"):
        following(report(), ReportKind.ADDENDUM)
    with pytest.raises(ValueError, match="what it is"):
        following(signed(), ReportKind.ORIGINAL)
    with pytest.raises(ValueError, match="names it"):
        replace(report(), kind=ReportKind.AMENDED)
    with pytest.raises(ValueError, match="text of one"):
        replace(report(), addendum="x")


def test_an_addendum_is_signed_once_it_says_something_and_why() -> None:
    addendum = following(signed(), ReportKind.ADDENDUM)
    corrected = replace(following(signed(), ReportKind.CORRECTED), change_reason=" ")

    assert signing_blockers(addendum, template()) == (Blocker(BlockerKind.NO_ADDENDUM, ADDENDUM_TARGET),)
    assert signing_blockers(addendum.with_addendum("补充", at=LATER), template()) == ()
    assert signing_blockers(corrected, template()) == (Blocker(BlockerKind.NO_CHANGE_REASON, ADDENDUM_TARGET),)


def test_a_successor_survives_the_draft_on_disk_and_old_drafts_stay_readable() -> None:
    stored = TypeAdapter(Report)
    after = following(signed(), ReportKind.AMENDED)

    assert stored.validate_json(stored.dump_json(after)) == after
    former = stored.dump_python(report(), mode="json")
    for name in ("kind", "predecessors", "change_reason", "addendum", "former_addenda", "return_codes", "ended_reason"):
        del former[name]
    assert stored.validate_python(former) == report()
