"""The opened case: decisions, undo, and nobody without the claim changes anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.helpers.cases import READER, FixedClock, Uids, ai_finding, report, row, study, template
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList
from workstation.domain.errors import NotPermitted
from workstation.domain.finding import Decision, Lobe, NoduleType, RejectReason
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage
from workstation.domain.known_prior import KnownPrior
from workstation.domain.report import BlockerKind, ReportState
from workstation.domain.workitem import Claim
from workstation.services.open_report import Changed
from workstation.services.reading_session import OpenedCase, ReadingSession

CLAIM = Claim("2.25.8", "2.25.99")
LENGTH = Annotation(
    uid="2.25.70",
    tracking_uid="2.25.70",
    kind=AnnotationKind.LENGTH,
    points_lps_mm=((0.0, 0.0, 0.0), (3.0, 4.0, 0.0)),
    frame_of_reference_uid="1.2.3.9",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
KEY = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.1")
OTHER_KEY = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.2")
LOOK = ImageLook(image=KEY, window_centre=40.0, window_width=400.0)


def session(*, claim: Claim | None = CLAIM) -> ReadingSession:
    case = OpenedCase(row(), study(), template(), report(ai_finding(1), ai_finding(2)), claim)
    return ReadingSession(case, READER, clock=FixedClock(), new_uid=Uids())


def decisions(opened: ReadingSession) -> list[Decision]:
    return [finding.decision for finding in opened.findings.findings]


def test_each_mark_is_decided_and_each_decision_can_be_taken_back() -> None:
    opened = session()
    opened.review.accept("2.25.1001")
    opened.review.reject("2.25.1002", RejectReason.VESSEL)

    assert decisions(opened) == [Decision.ACCEPTED, Decision.REJECTED]
    opened.review.undo()
    assert decisions(opened) == [Decision.ACCEPTED, Decision.UNDECIDED]
    opened.review.undo()
    assert decisions(opened) == [Decision.UNDECIDED, Decision.UNDECIDED]
    assert not opened.review.can_undo
    opened.review.undo()
    opened.review.redo()
    opened.review.redo()
    opened.review.redo()
    assert decisions(opened) == [Decision.ACCEPTED, Decision.REJECTED]
    assert not opened.review.can_redo


def test_a_new_decision_ends_the_redo_chain() -> None:
    opened = session()
    opened.review.accept("2.25.1001")
    opened.review.undo()
    opened.review.edit("2.25.1001", diameter_mm=15.1, nodule_type=NoduleType.SOLID, lobe=Lobe.RIGHT_UPPER)

    assert not opened.review.can_redo
    assert opened.findings.get("2.25.1001").lobe is Lobe.RIGHT_UPPER


def test_an_own_finding_is_added_with_the_next_number_and_rejecting_removes_it() -> None:
    opened = session()
    added = opened.review.add((1.0, 2.0, 3.0), 3.8)

    assert (added.number, added.decision, added.decided_by) == (3, Decision.ADDED, "resident")
    opened.review.reject(added.tracking_uid, RejectReason.OTHER)
    assert len(opened.findings.findings) == 2


def test_pages_are_told_what_changed_until_they_unsubscribe() -> None:
    opened = session()
    told: list[Changed] = []
    stop = opened.subscribe(told.append)
    opened.review.accept("2.25.1001")
    opened.set_value("impression", "右上肺结节")
    opened.set_value("impression", "右上肺结节")
    opened.set_annotations(AnnotationList(opened.study.study_instance_uid, (LENGTH,)))
    opened.moved_to(opened.report.moved(ReportState.FINAL, at=FixedClock().now()))
    stop()
    stop()
    opened.moved_to(opened.report)

    assert told == [Changed.FINDINGS, Changed.VALUES, Changed.ANNOTATIONS, Changed.STATE]
    assert opened.report.annotations == (LENGTH,)


def test_without_the_claim_nothing_changes() -> None:
    opened = session(claim=None)

    for act in (
        lambda: opened.review.accept("2.25.1001"),
        lambda: opened.set_value("impression", "x"),
        lambda: opened.set_annotations(AnnotationList(opened.study.study_instance_uid)),
        lambda: opened.review.add((0.0, 0.0, 0.0), 5.0),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert opened.read_only


def test_a_signed_report_is_read_only_even_for_its_signer() -> None:
    opened = session()
    opened.moved_to(replace(opened.report, state=ReportState.FINAL))

    with pytest.raises(NotPermitted):
        opened.review.accept("2.25.1001")


def test_a_field_the_template_does_not_have_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        session().set_value("nothing", "x")


def test_the_session_lists_what_blocks_the_signature() -> None:
    kinds = [blocker.kind for blocker in session().blockers]

    assert kinds == [BlockerKind.UNDECIDED_FINDING] * 2 + [BlockerKind.EMPTY_FIELD] * 2


def test_a_key_image_is_marked_unmarked_and_taken_back_step_by_step() -> None:
    opened, told = session(), list[Changed]()
    opened.subscribe(told.append)
    opened.toggle_key(KEY)
    opened.toggle_key(OTHER_KEY)
    opened.toggle_key(KEY)

    assert list(opened.report.key_images) == [OTHER_KEY]
    assert told == [Changed.KEY_IMAGES] * 3
    opened.undo_keys()
    assert list(opened.report.key_images) == [KEY, OTHER_KEY]
    opened.undo_keys()
    opened.redo_keys()
    assert list(opened.report.key_images) == [KEY, OTHER_KEY]
    opened.undo_keys()
    opened.undo_keys()
    opened.undo_keys()
    assert opened.report.key_images == ()
    opened.redo_keys()
    opened.toggle_key(OTHER_KEY)
    opened.redo_keys()
    assert list(opened.report.key_images) == [KEY, OTHER_KEY]


def test_nobody_without_the_claim_marks_an_image_or_leaves_a_look() -> None:
    opened = session(claim=None)

    with pytest.raises(NotPermitted):
        opened.toggle_key(KEY)
    opened.keep_looks((LOOK,))
    assert (opened.report.key_images, opened.report.image_looks) == ((), ())


def test_how_images_are_seen_is_kept_and_told_once() -> None:
    opened, told = session(), list[Changed]()
    opened.subscribe(told.append)
    opened.keep_looks((LOOK,))
    opened.keep_looks((LOOK,))

    assert opened.report.image_looks == (LOOK,)
    assert told == [Changed.LOOKS]


def test_a_prior_that_becomes_known_is_kept_with_the_report_and_is_no_writing() -> None:
    opened, heard = session(), list[Changed]()
    opened.subscribe(heard.append)
    older, newer = (KnownPrior(f"1.9.{n}", f"202{n}0101", "CT", "") for n in (4, 5))
    before = opened.report
    opened.know_priors((older,))
    opened.know_priors((newer, older))
    opened.know_priors((older,))

    assert opened.report.known_priors == (newer, older)
    assert heard == [Changed.PRIORS, Changed.PRIORS]
    assert (opened.report.revision, opened.report.updated_at) == (before.revision, before.updated_at)
    looking = session(claim=None)
    looking.know_priors((older,), listed={"1.9.4"})
    assert looking.report.known_priors == ()


def test_a_prior_that_was_withdrawn_is_known_no_more_and_one_that_is_only_not_comparable_stays() -> None:
    opened = session()
    older, newer = (KnownPrior(f"1.9.{n}", f"202{n}0101", "CT", "") for n in (4, 5))
    opened.know_priors((newer, older), listed={"1.9.4", "1.9.5"})
    opened.know_priors((), listed={"1.9.5", "1.9.7"})

    assert opened.report.known_priors == (newer,)
