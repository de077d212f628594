"""Follow-up: the nodules of a case beside those of a prior, which may be the same, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.categories.values import mean_of_axes_mm
from workstation.domain.finding import Decision, Finding, FindingList, MarkEvidence, NoduleType
from workstation.domain.geometry import Point, distance_mm
from workstation.domain.mark import GrowthLimit
from workstation.domain.observation import FollowUp, NoduleObservation, limits_as_said
from workstation.domain.tracking import GATE_MM, Growth, MatchCandidate, doubling_range_days, growth, match_nodules

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeenNodule:
    """
    One nodule as it was measured in one study.

    ``diameter_mm`` is that of a sphere of its volume, or the only one known; ``mean_axis_mm`` the
    mean of long and short axis, None where no axes were measured. ``number`` is that of a finding
    of the open case, ``decided`` whether the reader has decided on it. ``growth_limits`` are the weaknesses of
    ``volume_mm3`` as they were measured, ``nodule_type`` what a person called it; ``limits`` follows from both.
    """

    tracking_uid: str
    centre_lps_mm: Point
    diameter_mm: float
    mean_axis_mm: float | None = None
    volume_mm3: float | None = None
    solid_diameter_mm: float | None = None
    nodule_type: NoduleType = NoduleType.UNSPECIFIED
    frame_of_reference_uid: str = ""
    number: int = 0
    decided: bool = True
    growth_limits: tuple[GrowthLimit, ...] = ()

    def __post_init__(self) -> None:
        if self.diameter_mm <= 0:
            raise ValueError("a diameter is positive")

    @property
    def size_mm(self) -> float:
        """Return the mean of the axes where they are known, the diameter otherwise."""
        return self.diameter_mm if self.mean_axis_mm is None else self.mean_axis_mm

    @property
    def limits(self) -> tuple[GrowthLimit, ...]:
        """Return the known weaknesses for which the volume is not compared over time (ADR 0017)."""
        return limits_as_said(self.growth_limits, self.nodule_type)

    def observed(self, on: date, *, by_axes: bool) -> NoduleObservation:
        """Return the nodule at a day, its size as the mean of its axes or as one diameter."""
        size = self.size_mm if by_axes else self.diameter_mm
        return NoduleObservation(
            self.tracking_uid,
            on,
            self.centre_lps_mm,
            size,
            self.volume_mm3,
            self.solid_diameter_mm,
            self.growth_limits,
            self.nodule_type,
        )


def are_by_axes(seen: Sequence[SeenNodule]) -> bool:
    """
    Tell whether the sizes of one nodule, oldest first, are the means of its axes, else single diameters.

    They are where a volume with a limit has axes, for the sphere of such a volume is as weak as it is; else where
    the first and the last, which are compared, have axes, and nothing between them is the sphere of a volume alone.
    """
    first, between, last = seen[0], seen[1:-1], seen[-1]
    if any(one.limits and one.mean_axis_mm is not None for one in seen):
        return True
    is_sphere = any(one.mean_axis_mm is None and one.volume_mm3 is not None for one in between)
    return first.mean_axis_mm is not None and last.mean_axis_mm is not None and not is_sphere


class PairState(StrEnum):
    """Where a line of the comparison stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    CARRIED = "carried"
    """The same by a pair that was confirmed in another study: both bear its tracking UID"""
    NEW = "new"
    ONLY_PRIOR = "only_prior"


@dataclass(frozen=True, slots=True)
class Compared:
    """
    One line: a nodule of the case, one of the prior, or both as a pair.

    ``gap_mm`` is their distance after registration, None where nothing places the prior in the case.
    ``ambiguous`` tells that another nodule lies nearly as near. ``is_placed`` tells whether the prior's places are
    known at all in the case; ``undecided`` is the mark that a model set at this place in the prior and nobody decided.
    """

    current: SeenNodule | None
    prior: SeenNodule | None
    state: PairState
    follow_up: FollowUp | None = None
    gap_mm: float | None = None
    ambiguous: bool = False
    is_placed: bool = True
    undecided: SeenNodule | None = None

    @property
    def key(self) -> str:
        """Return what names the line: the nodule of the case, else that of the prior."""
        seen = self.current or self.prior
        return seen.tracking_uid if seen is not None else ""

    @property
    def growth(self) -> Growth | None:
        """Return what became of the nodule, None without a pair."""
        return None if self.follow_up is None else growth(self.follow_up.prior, self.follow_up.current)

    @property
    def doubling_range_days(self) -> tuple[float, float | None] | None:
        """Return between which doubling times the true one lies, as ``tracking.doubling_range_days``."""
        return None if self.follow_up is None else doubling_range_days(self.follow_up.prior, self.follow_up.current)


@dataclass(frozen=True, slots=True)
class StudyDay:
    """Which study, and its day."""

    study_instance_uid: str
    on: date


def nodules_of(findings: FindingList, drawn: Iterable[Annotation] = ()) -> tuple[SeenNodule, ...]:
    """
    Return the nodules of the case that may be followed: every finding in the patient, shown and not rejected.

    The numbers are those of an outlined nodule drawn at the place, else of the mark where nobody
    changed its size, else the finding's diameter alone.
    """
    outlined = [one for one in drawn if one.kind is AnnotationKind.NODULE]
    return tuple(
        _of_finding(finding, finding.centre_lps_mm, finding.diameter_mm, findings, outlined)
        for finding in findings.displayed().findings
        if finding.decision is not Decision.REJECTED
        and finding.centre_lps_mm is not None
        and finding.diameter_mm is not None
    )


def nodule_of_annotation(one: Annotation) -> SeenNodule | None:
    """Return an outlined nodule, or a pair of axes, as a nodule; None for any other annotation."""
    long, short = one.measure(MeasureName.LONG_AXIS), one.measure(MeasureName.SHORT_AXIS)
    is_lesion = one.kind in {AnnotationKind.NODULE, AnnotationKind.BIDIRECTIONAL}
    if not is_lesion or long is None or short is None or long.unit != "mm":
        return None
    if one.basis is not None:
        return None  # measured on a film or an ultrasound picture: it has no place to be found again at
    volume, sphere = one.measure(MeasureName.VOLUME), one.measure(MeasureName.EQUIVALENT_DIAMETER)
    mean = mean_of_axes_mm(long.value, short.value)
    if mean <= 0:
        return None
    solid = [m.value for n in (MeasureName.SOLID_LONG_AXIS, MeasureName.SOLID_SHORT_AXIS) if (m := one.measure(n))]
    return SeenNodule(
        one.tracking_uid,
        _middle(one.points_lps_mm) if one.points_lps_mm else (0.0, 0.0, 0.0),
        mean if sphere is None else sphere.value,
        mean,
        None if volume is None else volume.value,
        mean_of_axes_mm(*solid) if len(solid) > 1 else next(iter(solid), None),
        frame_of_reference_uid=one.frame_of_reference_uid,
        growth_limits=one.growth_limits,
    )


def nodules_of_prior(reported: Iterable[SeenNodule], drawn: Iterable[Annotation]) -> tuple[SeenNodule, ...]:
    """
    Return the nodules of a prior: those of its reports, and those outlined in it now, which go before.

    What a report called one of them stays: an outline tells no type that a person said.
    """
    found = {one.tracking_uid: one for one in reported}
    for annotation in drawn:
        seen = nodule_of_annotation(annotation) if annotation.kind is AnnotationKind.NODULE else None
        if seen is not None and annotation.points_lps_mm:
            known = found.get(seen.tracking_uid, seen)
            found[seen.tracking_uid] = replace(seen, nodule_type=known.nodule_type)
    return tuple(found.values())


def compare(
    current: Sequence[SeenNodule],
    prior: Sequence[SeenNodule],
    *,
    case: StudyDay,
    before: StudyDay,
    prior_to_current: Matrix | None,
    confirmed: Mapping[str, FollowUp],
    chosen: Mapping[str, str],
    carried: Collection[str] = (),
    undecided: Sequence[SeenNodule] = (),
) -> tuple[Compared, ...]:
    """
    Return every nodule of both studies once, pairs and new ones in the order of the case, then the rest.

    ``confirmed`` are the reader's words by tracking UID of the case; ``chosen`` pairs that the reader
    asked for, by tracking UIDs, empty for "none of them". ``carried`` are the findings of the case that bear the
    tracking UID of a confirmed pair of another study. ``undecided`` are a model's marks of the prior that nobody
    decided: named where they lie, and paired on the reader's wish only. Whoever has the same tracking UID is paired;
    all others by distance where ``prior_to_current`` (4 x 4, LPS mm) places the prior in the case.
    """
    mine, theirs = {one.tracking_uid: one for one in current}, {one.tracking_uid: one for one in prior}
    known = {**{one.tracking_uid: one for one in undecided}, **theirs}
    lines: dict[str, Compared] = {}
    taken: set[str] = set()
    for uid, said in confirmed.items():
        if uid in mine and said.prior_study_instance_uid == before.study_instance_uid:
            lines[uid] = Compared(mine[uid], _prior_of(said, known), PairState.CONFIRMED, said)
            taken.add(said.prior.tracking_uid)
    wishes = {**{uid: uid for uid in mine if uid in theirs}, **chosen}
    for uid, other in wishes.items():
        if uid in lines or uid not in mine:
            continue
        if not other:
            lines[uid] = Compared(mine[uid], None, PairState.NEW)
        elif other in known and other not in taken:
            paired = _pair(mine[uid], known[other], case, before, prior_to_current)
            lines[uid] = replace(paired, state=PairState.CARRIED) if uid == other and uid in carried else paired
            taken.add(other)
    if prior_to_current is not None:
        free = [one.observed(before.on, by_axes=False) for one in prior if one.tracking_uid not in taken]
        open_ones = [one.observed(case.on, by_axes=False) for one in current if one.tracking_uid not in lines]
        for found in match_nodules(free, open_ones, prior_to_current).pairs:
            uid, other = found.current.tracking_uid, found.prior.tracking_uid
            lines[uid] = _pair(mine[uid], theirs[other], case, before, prior_to_current, found)
            taken.add(other)
    free_marks = [one for uid, one in known.items() if uid not in theirs and uid not in taken]
    told = [
        _with_mark(lines.get(one.tracking_uid) or Compared(one, None, PairState.NEW), free_marks, prior_to_current)
        for one in current
    ]
    is_placed = prior_to_current is not None
    alone = (one for one in prior if one.tracking_uid not in taken)
    return (*told, *(Compared(None, one, PairState.ONLY_PRIOR, is_placed=is_placed) for one in alone))


def _with_mark(line: Compared, marks: Sequence[SeenNodule], matrix: Matrix | None) -> Compared:
    """Return a line without a nodule of the prior with the undecided mark that lies nearest to its place."""
    seen = line.current
    if line.prior is not None or seen is None:
        return line
    if matrix is None:
        return replace(line, is_placed=False)
    away = {one.tracking_uid: distance_mm(_moved(one.centre_lps_mm, matrix), seen.centre_lps_mm) for one in marks}
    near = [
        one for one in marks if away[one.tracking_uid] <= GATE_MM + max(one.diameter_mm, seen.diameter_mm) / 2
    ]  # fmt: skip
    return replace(line, undecided=min(near, key=lambda one: away[one.tracking_uid], default=None))


def candidates(line: Compared, lines: Sequence[Compared], prior_to_current: Matrix | None) -> tuple[str, ...]:
    """Return the tracking UIDs of the prior's nodules that a line could be paired with, the nearest first."""
    seen = line.current
    if seen is None:
        return ()
    free = [one.prior for one in lines if one.prior is not None and (one.state is PairState.ONLY_PRIOR or one is line)]
    free += [] if line.undecided is None else [line.undecided]
    if prior_to_current is None:
        return tuple(one.tracking_uid for one in free)
    matrix = prior_to_current
    return tuple(
        one.tracking_uid
        for one in sorted(free, key=lambda one: distance_mm(_moved(one.centre_lps_mm, matrix), seen.centre_lps_mm))
    )


def _pair(
    current: SeenNodule,
    prior: SeenNodule,
    case: StudyDay,
    before: StudyDay,
    matrix: Matrix | None,
    found: MatchCandidate | None = None,
) -> Compared:
    by_axes = are_by_axes((prior, current))
    follow_up = None
    if case.on >= before.on:
        follow_up = FollowUp(
            before.study_instance_uid,
            prior.observed(before.on, by_axes=by_axes),
            current.observed(case.on, by_axes=by_axes),
            current.tracking_uid,
        )
    gap = None if matrix is None else distance_mm(_moved(prior.centre_lps_mm, matrix), current.centre_lps_mm)
    far = gap is not None and gap > GATE_MM + max(current.diameter_mm, prior.diameter_mm) / 2
    return Compared(current, prior, PairState.PROPOSED, follow_up, gap, far or (found is not None and found.ambiguous))


def _prior_of(said: FollowUp, known: Mapping[str, SeenNodule]) -> SeenNodule:
    """Return the prior's nodule as it is known, or as it was when the reader confirmed it."""
    then = said.prior
    return known.get(then.tracking_uid) or SeenNodule(
        then.tracking_uid,
        then.centre_lps_mm,
        then.mean_diameter_mm,
        None,
        then.volume_mm3,
        then.solid_diameter_mm,
        then.nodule_type,
        growth_limits=then.growth_limits,
    )


def _of_finding(
    finding: Finding, centre_lps_mm: Point, diameter_mm: float, findings: FindingList, outlined: Sequence[Annotation]
) -> SeenNodule:
    plain = SeenNodule(
        finding.tracking_uid,
        centre_lps_mm,
        diameter_mm,
        nodule_type=finding.nodule_type,
        frame_of_reference_uid=findings.frame_of_reference_uid,
        number=finding.number,
        decided=finding.decision is not Decision.UNDECIDED,
    )
    for one in outlined:
        drawn = nodule_of_annotation(one)
        if drawn is None or not one.points_lps_mm:
            continue
        if distance_mm(drawn.centre_lps_mm, centre_lps_mm) <= max(drawn.size_mm, diameter_mm) / 2:
            return replace(
                plain,
                diameter_mm=drawn.diameter_mm,
                mean_axis_mm=drawn.mean_axis_mm,
                volume_mm3=drawn.volume_mm3,
                solid_diameter_mm=drawn.solid_diameter_mm,
                growth_limits=drawn.growth_limits,
            )
    mark = finding.mark
    if mark is None or mark.evidence is None or mark.diameter_mm != diameter_mm:
        return plain
    return with_evidence(plain, mark.evidence)


def with_evidence(seen: SeenNodule, evidence: MarkEvidence) -> SeenNodule:
    """Return a nodule with what was measured at its mark."""
    return replace(
        seen,
        mean_axis_mm=_mean(evidence.long_axis_mm, evidence.short_axis_mm),
        volume_mm3=evidence.volume_mm3,
        solid_diameter_mm=_mean(evidence.solid_long_axis_mm, evidence.solid_short_axis_mm),
        growth_limits=evidence.growth_limits,
    )


def _mean(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else mean_of_axes_mm(first, second)


def _middle(points: Sequence[Point]) -> Point:
    """Return the middle of the first two points: of the long axis."""
    x, y, z = ((a + b) / 2 for a, b in zip(*points[:2], strict=True))
    return x, y, z


def _moved(point: Point, matrix: Matrix) -> Point:
    x, y, z = (matrix[:3, :3] @ point + matrix[:3, 3]).tolist()
    return x, y, z
