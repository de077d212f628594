"""One nodule over all studies of a person: what was on record of it, and what became of it from study to study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from workstation.domain.finding import NoduleType
from workstation.domain.follow_up import SeenNodule, StudyDay, are_by_axes
from workstation.domain.follow_up_category import lung_rads_series
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.tracking import Growth, doubling_range_days, growth

_SAME_MM = 1e-6


@dataclass(frozen=True, slots=True)
class StudyNodules:
    """The nodules that a person stands behind in the reports of one study."""

    day: StudyDay
    nodules: tuple[SeenNodule, ...] = ()


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One nodule in one study; ``category`` is its Lung-RADS by size and growth alone, empty for none."""

    study_instance_uid: str
    seen: NoduleObservation
    category: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    One nodule in all its studies, oldest first, its sizes of one kind.

    Only what readers confirmed is in it: the pairs of this case, and equal tracking UIDs of former reports.
    """

    points: tuple[TimePoint, ...] = ()

    @property
    def steps(self) -> tuple[Growth, ...]:
        """Return the change from each study to the next; one fewer than points."""
        return tuple(growth(a.seen, b.seen) for a, b in zip(self.points, self.points[1:], strict=False))

    @property
    def whole(self) -> Growth | None:
        """Return the change from the first study to the last, None for a single one."""
        return growth(self.points[0].seen, self.points[-1].seen) if len(self.points) > 1 else None

    @property
    def whole_range_days(self) -> tuple[float, float | None] | None:
        """Return between which doubling times that of the whole time lies, as ``tracking.doubling_range_days``."""
        return doubling_range_days(self.points[0].seen, self.points[-1].seen) if len(self.points) > 1 else None

    @property
    def last_range_days(self) -> tuple[float, float | None] | None:
        """Return between which doubling times that of the last interval lies."""
        return doubling_range_days(self.points[-2].seen, self.points[-1].seen) if len(self.points) > 1 else None

    def told_by(self, said: FollowUp) -> FollowUp:
        """Return the reader's word with every size of the time-line, all of one kind."""
        at = {point.study_instance_uid: point.seen for point in self.points}
        prior = at.get(said.prior_study_instance_uid, said.prior)
        current = self.points[-1].seen if self.points else said.current
        others = tuple(point.seen for point in self.points[:-1] if point.seen is not prior)
        return replace(said, prior=prior, current=current, others=others)


def timeline(
    seen: SeenNodule, records: Iterable[StudyNodules], *, case: StudyDay | None, said: Sequence[FollowUp] = ()
) -> Timeline:
    """
    Return the time-line of a nodule.

    ``seen`` is one of the open ``case``, with the reader's confirmed words on it, or one of a prior where there is no
    case. Without a confirmed word a nodule of the case stands alone, whatever lies at its place in a prior: what
    nobody confirmed is not counted. Studies after the case are left out.
    """
    known = {one.prior.tracking_uid for one in said} | ({seen.tracking_uid} if said or case is None else set())
    found: dict[str, tuple[date, SeenNodule]] = {}
    for record in records:
        day = record.day
        if case is not None and (day.study_instance_uid == case.study_instance_uid or day.on > case.on):
            continue
        own = {one.prior.tracking_uid for one in said if one.prior_study_instance_uid == day.study_instance_uid}
        there = {one.tracking_uid: one for one in record.nodules if one.tracking_uid in (own or known)}
        if there:
            found[day.study_instance_uid] = day.on, next(iter(there.values()))
    for one in said:
        found.setdefault(one.prior_study_instance_uid, (one.prior.observed_on, _then(one, seen)))
    ordered = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    placed = [(uid, on, nodule) for uid, (on, nodule) in ordered]
    if case is not None:
        placed.append((case.study_instance_uid, case.on, seen))
    by_axes = are_by_axes([nodule for _uid, _on, nodule in placed])
    observed = [(uid, nodule.observed(on, by_axes=by_axes)) for uid, on, nodule in placed]
    categories = lung_rads_series(_kind(seen, placed), [one for _uid, one in observed])
    return Timeline(
        tuple(TimePoint(uid, one, category) for (uid, one), category in zip(observed, categories, strict=True))
    )


def _then(said: FollowUp, seen: SeenNodule) -> SeenNodule:
    """Return the prior's nodule as it was when the reader confirmed it, where no report tells of it."""
    then, size = said.prior, said.prior.mean_diameter_mm
    by_axes = seen.mean_axis_mm is not None and abs(said.current.mean_diameter_mm - seen.mean_axis_mm) < _SAME_MM
    return SeenNodule(
        then.tracking_uid,
        then.centre_lps_mm,
        size,
        size if by_axes else None,
        then.volume_mm3,
        then.solid_diameter_mm,
        then.nodule_type,
        growth_limits=then.growth_limits,
    )


def _kind(seen: SeenNodule, placed: Sequence[tuple[str, date, SeenNodule]]) -> NoduleType:
    """Return the type that the reader said, or the last one on record."""
    said = [nodule.nodule_type for _uid, _on, nodule in placed if nodule.nodule_type is not NoduleType.UNSPECIFIED]
    return seen.nodule_type if seen.nodule_type is not NoduleType.UNSPECIFIED or not said else said[-1]
