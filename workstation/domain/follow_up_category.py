"""What the change of one nodule does to its Lung-RADS category, by size and growth alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workstation.domain.categories.lung_rads import Change, LungKind, LungNodule, LungRadsExam, change_of, lung_rads
from workstation.domain.categories.values import Unclassifiable
from workstation.domain.finding import NoduleType
from workstation.domain.follow_up import Compared
from workstation.domain.observation import NoduleObservation

_DAYS_A_MONTH: Final = 30.4375
_KINDS: Final = {
    NoduleType.SOLID: LungKind.SOLID,
    NoduleType.PART_SOLID: LungKind.PART_SOLID,
    NoduleType.GROUND_GLASS: LungKind.GROUND_GLASS,
}


def lung_rads_change(line: Compared) -> tuple[str, str] | None:
    """
    Return the category of the prior as a first screening and that of today, None where the table gives none.

    Size and growth alone: suspicious features and the pleura are for the reader to judge, so that the
    report's category may be higher or lower. The reader must have said the type; slow growth is left
    to the reader too.
    """
    pair, seen, growth = line.follow_up, line.current, line.growth
    if pair is None or seen is None or growth is None or seen.nodule_type not in _KINDS:
        return None
    kind = _KINDS[seen.nodule_type]
    try:
        before = _category(kind, Change.BASELINE, pair.prior)
        months = growth.days / _DAYS_A_MONTH
        change = _change(kind, pair.current, pair.prior, months)
        if change is Change.SLOWLY_GROWING:
            return None
        return before, _category(kind, change, pair.current, pair.prior, before, months)
    except Unclassifiable:
        return None


def lung_rads_series(nodule_type: NoduleType, seen: Sequence[NoduleObservation]) -> tuple[str, ...]:
    """
    Return the category of each observation, oldest first, as ``lung_rads_change`` gives it from one to the next.

    Empty where the table gives none, and from there on: what follows would rest on it.
    """
    found: list[str] = []
    for at, one in enumerate(seen):
        prior = seen[at - 1] if at else None
        known = nodule_type in _KINDS and (at == 0 or bool(found[-1]))
        found.append(_next(_KINDS[nodule_type], one, prior, found[-1] if at else "") if known else "")
    return tuple(found)


def _next(kind: LungKind, seen: NoduleObservation, prior: NoduleObservation | None, before: str) -> str:
    try:
        if prior is None:
            return _category(kind, Change.BASELINE, seen)
        months = (seen.observed_on - prior.observed_on).days / _DAYS_A_MONTH
        change = _change(kind, seen, prior, months)
        return "" if change is Change.SLOWLY_GROWING else _category(kind, change, seen, prior, before, months)
    except Unclassifiable:
        return ""


def _change(kind: LungKind, seen: NoduleObservation, prior: NoduleObservation, months: float) -> Change:
    """Compare the solid parts where they count, else the mean diameters. Raises Unclassifiable."""
    if kind is not LungKind.PART_SOLID:
        return change_of(seen.mean_diameter_mm, prior.mean_diameter_mm, months)
    if seen.solid_diameter_mm is None or prior.solid_diameter_mm is None:
        raise Unclassifiable("solid_diameter_mm")
    return change_of(seen.solid_diameter_mm, prior.solid_diameter_mm, months)


def _category(
    kind: LungKind,
    change: Change,
    seen: NoduleObservation,
    prior: NoduleObservation | None = None,
    before: str = "",
    months: float | None = None,
) -> str:
    nodule = LungNodule(
        kind=kind,
        change=change,
        mean_diameter_mm=seen.mean_diameter_mm,
        suspicious=False,
        solid_diameter_mm=seen.solid_diameter_mm,
        prior_category=before,
        prior_mean_diameter_mm=None if prior is None else prior.mean_diameter_mm,
        prior_solid_diameter_mm=None if prior is None else prior.solid_diameter_mm,
        months_since_prior=months,
    )
    return lung_rads(LungRadsExam(lesions=(nodule,), incomplete=None, other_significant=False)).category
