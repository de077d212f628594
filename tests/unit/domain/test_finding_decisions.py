"""What a reader decides about findings: one space for all of a case, one size and type for a nodule and its pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from workstation.domain.errors import NotPermitted
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence, NoduleType
from workstation.domain.finding_decisions import followed, placed_in, with_typed_pairs
from workstation.domain.observation import FollowUp, NoduleObservation

EMPTY = FindingList("1.2.3")


def test_a_list_without_a_place_takes_it_from_the_first_finding_of_the_readers_own() -> None:
    placed = placed_in(EMPTY, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.4")

    assert (placed.frame_of_reference_uid, placed.series_instance_uid) == ("1.2.9", "1.2.4")
    again = placed_in(placed, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.5")
    assert again.series_instance_uid == "1.2.4"


def test_a_point_of_another_frame_of_reference_is_refused_and_says_where_to_go() -> None:
    placed = placed_in(EMPTY, frame_of_reference_uid="1.2.9", series_instance_uid="1.2.4")

    with pytest.raises(NotPermitted, match="another frame of reference") as refused:
        placed_in(placed, frame_of_reference_uid="1.2.8", series_instance_uid="1.2.4")
    assert refused.value.hint == "Add the finding on the series of the AI marks."


AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
AXES = MarkEvidence(long_axis_mm=18.0, short_axis_mm=14.4)
MARK = Mark((0, 0, 0), 16.1, 0.9, shown=True, evidence=AXES)
AI = Finding("x", 1, (0, 0, 0), 16.1, Decision.UNDECIDED, MARK)
OWN = Finding("y", 2, (1, 0, 0), 14.0, Decision.ADDED, nodule_type=NoduleType.GROUND_GLASS)


def pair(now_mm: float) -> FollowUp:
    before = NoduleObservation("a", date(2026, 1, 1), (0, 0, 0), 8.0, 268.0)
    return FollowUp("1.9", before, NoduleObservation("x", date(2026, 7, 1), (0, 0, 0), now_mm, 2000.0), "x")


@pytest.mark.parametrize(
    ("own", "told_mm", "kept_mm"),
    [
        (OWN, 16.1, 14.0),
        (OWN, 16.2, 14.0),  # the mean of the mark's axes
        (OWN, 13.2, 13.2),  # outlined there
        (replace(OWN, diameter_mm=16.1), 16.2, 16.2),
    ],
)
def test_a_pair_of_a_mark_never_tells_another_size_than_the_readers_finding_that_the_mark_takes_in(
    own: Finding, told_mm: float, kept_mm: float
) -> None:
    _, found = followed(FindingList("1.3", findings=(AI, own)), "x", pair(told_mm), by="w", at=AT)
    said = found.follow_up
    assert said is not None
    assert (said.current.mean_diameter_mm, said.current.nodule_type) == (kept_mm, NoduleType.GROUND_GLASS)
    assert (said.current.volume_mm3 is None) == (kept_mm != told_mm)


def test_a_finding_without_a_mark_keeps_the_size_of_its_pair_and_gives_it_its_type() -> None:
    _, found = followed(FindingList("1.3", findings=(OWN,)), "y", pair(16.1), by="w", at=AT)
    said = found.follow_up
    assert said is not None
    assert (said.current.mean_diameter_mm, said.current.nodule_type) == (16.1, NoduleType.GROUND_GLASS)


def test_pairs_of_a_former_draft_take_the_type_of_their_finding_and_others_stay() -> None:
    older = replace(pair(14.0), prior_study_instance_uid="1.8")
    former = replace(OWN, follow_up=pair(14.0), also=(older,))
    found = with_typed_pairs(FindingList("1.3", findings=(former, AI)))
    assert [one.current.nodule_type for one in found.findings[0].confirmed] == [NoduleType.GROUND_GLASS] * 2
    assert found.findings[1] == AI
