"""
What a reader decides about findings, as functions from one list to the next.

Every function leaves the list that it was given as it is; who may decide, when, and what can be undone is
the reading session's affair.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from resources.translation import tr
from workstation.domain.errors import NotPermitted
from workstation.domain.finding import Decision, Finding, FindingList
from workstation.domain.finding_size import size_of_mark

if TYPE_CHECKING:
    from datetime import datetime

    from workstation.domain.observation import FollowUp

_OPEN: Final = frozenset({Decision.UNDECIDED, Decision.REJECTED})
_SAME_MM: Final = 0.05


def accepted(findings: FindingList, finding: Finding, *, by: str, at: datetime) -> tuple[FindingList, Finding]:
    """
    Accept one mark as it is; return the list and what the mark is now.

    Where the reader had found the same before, the mark confirms that finding: one remains, with both origins.
    """
    is_open = finding.decision in _OPEN and finding.own is None
    own = findings.own_at(finding) if is_open else None
    if own is None:
        taken, rest = finding.accepted(by=by, at=at), findings
    else:
        taken, rest = finding.confirming(own, by=by, at=at), findings.removed(own.tracking_uid)
    return rest.exchanged(finding.tracking_uid, taken), taken


def followed(
    findings: FindingList, tracking_uid: str, follow_up: FollowUp, *, by: str, at: datetime
) -> tuple[FindingList, Finding]:
    """
    Keep a finding as the same nodule as one of a prior, under the tracking UID that it had there.

    An undecided mark is accepted in the same act; where it takes in what the reader had found there, the pair has the
    reader's size.
    """
    finding = findings.get(tracking_uid)
    if finding.decision in _OPEN:
        findings, finding = accepted(findings, finding, by=by, at=at)
        follow_up = _as_sized(finding, follow_up)
    own_uid = finding.parted().tracking_uid
    elsewhere = {
        one.prior.tracking_uid
        for one in finding.confirmed
        if one.prior_study_instance_uid != follow_up.prior_study_instance_uid
    }
    # the tracking UID that another prior gave stays: older reports know the nodule by it
    wanted = finding.tracking_uid if finding.tracking_uid in elsewhere else follow_up.prior.tracking_uid
    taken = any(one.tracking_uid == wanted for one in findings.findings if one.tracking_uid != finding.tracking_uid)
    same = finding.followed(replace(follow_up, own_tracking_uid=own_uid), tracking_uid=own_uid if taken else wanted)
    return findings.exchanged(finding.tracking_uid, same), same


def _as_sized(finding: Finding, follow_up: FollowUp) -> FollowUp:
    """
    Return a pair that tells the size of a mark with that of the finding, where the reader gave it another.

    A pair that tells what was outlined there keeps its size and its volume: they are no mark's.
    """
    mark, size = finding.mark, finding.diameter_mm
    if mark is None or size is None or size == mark.diameter_mm:
        return follow_up
    told = follow_up.current.mean_diameter_mm
    is_of_mark = any(math.isclose(told, one, abs_tol=_SAME_MM) for one in (mark.diameter_mm, size_of_mark(mark).mm))
    return follow_up.resized(size) if is_of_mark else follow_up


def with_typed_pairs(findings: FindingList) -> FindingList:
    """Return the list whose pairs know the type that the reader says; drafts of former versions tell none there."""
    return replace(findings, findings=tuple(one.with_typed_pairs() for one in findings.findings))


def parted(findings: FindingList, tracking_uid: str, study_instance_uid: str = "") -> tuple[FindingList, Finding]:
    """Take back that a finding is the same nodule as one of a prior; of every prior where no study is named."""
    finding = findings.get(tracking_uid)
    alone = finding.parted_from(study_instance_uid) if study_instance_uid else finding.parted()
    taken = {one.tracking_uid for one in findings.findings if one is not finding}
    if alone.tracking_uid in taken:
        alone = replace(alone, tracking_uid=finding.parted().tracking_uid)
    return (findings if alone is finding else findings.exchanged(tracking_uid, alone)), alone


def placed_in(findings: FindingList, *, frame_of_reference_uid: str, series_instance_uid: str) -> FindingList:
    """
    Let a list without a place take it from the first finding of the reader's own.

    Raises NotPermitted for a point of another frame of reference: its millimetres do not compare.
    """
    if not findings.frame_of_reference_uid:
        findings = replace(findings, frame_of_reference_uid=frame_of_reference_uid)
    elif frame_of_reference_uid not in {"", findings.frame_of_reference_uid}:
        raise NotPermitted(
            tr("This series lies in another frame of reference than the other findings"),
            hint=tr("Add the finding on the series of the AI marks."),
        )
    return findings if findings.series_instance_uid else replace(findings, series_instance_uid=series_instance_uid)


def found_before_ai(findings: FindingList) -> bool | None:
    """Tell whether what the reader adds now was found before the AI was seen; None where it was never kept back."""
    return findings.revealed_at is None if findings.read_first else None


def looked_at_like(former: FindingList, now: FindingList) -> FindingList:
    """Return former decisions under what is shown now: nobody can unsee the AI."""
    return replace(
        former,
        read_first=now.read_first,
        revealed_at=now.revealed_at,
        revealed_by=now.revealed_by,
        operating_point=now.operating_point,
    )
