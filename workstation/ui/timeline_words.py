"""A nodule over all its studies in words: what stands in the small table and under it."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.nodule_history import StudyNodules, Timeline, TimePoint
from workstation.domain.tracking import Growth, GrowthVerdict
from workstation.ui.follow_up_words import signed
from workstation.ui.widgets.nodule_timeline import TimelineFacts, TimelineRow

_TONES = {GrowthVerdict.GROWN: "warn", GrowthVerdict.STABLE: "t1", GrowthVerdict.SHRUNK: "ok"}
_NONE = "–"


def timeline_facts(found: Timeline, *, case_uid: str, hint: str = "") -> TimelineFacts:
    """Return a time-line as the panel shows it; ``hint`` says what is missing."""
    points, steps = found.points, (None, *found.steps)
    rows = tuple(
        _row(point, step, point.study_instance_uid == case_uid) for point, step in zip(points, steps, strict=True)
    )
    lines = []
    if found.whole is not None:
        lines.append(_line(tr("Since the first"), found.whole, found.whole_range_days))
        if len(points) > 2:
            lines.append(_line(tr("Last interval"), found.steps[-1], found.last_range_days))
        before, now = points[0].category, points[-1].category
        if before and now and before != now:
            lines.append((tr("Lung-RADS by size {before} → {now}", before=before, now=now), "t1"))
    title = tr("Over {count} studies", count=len(points)) if len(points) > 1 else tr("Over time")
    return TimelineFacts(title, rows if len(rows) > 1 else (), tuple(lines), hint)


def study_words(record: StudyNodules) -> str:
    """Return an earlier study as the list of priors names it: that nothing was confirmed is no word of its images."""
    date = record.day.on.isoformat()
    if not record.nodules:
        return tr("{date} · no nodule confirmed", date=date)
    return tr("{date} · nodules: {count}", date=date, count=len(record.nodules))


def _row(point: TimePoint, step: Growth | None, is_case: bool) -> TimelineRow:  # noqa: FBT001 - one of its facts
    seen = point.seen
    cells = (
        seen.observed_on.isoformat(),
        f"{seen.mean_diameter_mm:.1f}",
        _NONE if seen.volume_mm3 is None else f"{seen.volume_mm3:.0f}",
        "" if step is None else _change(step),
        point.category or _NONE,
    )
    tone = "t1" if step is None else _TONES[step.verdict]
    return TimelineRow(cells, seen.observed_on.toordinal(), seen.mean_diameter_mm, tone, is_case)


def _change(step: Growth) -> str:
    if step.volume_change_share is None:
        return f"{signed(step.diameter_change_mm)}\u2009mm"
    return f"{signed(step.volume_change_share * 100, 0)}\u2009%"


def _line(caption: str, change: Growth, range_days: tuple[float, float | None] | None) -> tuple[str, str]:
    words = (f"{caption} {_change(change)}", _doubling(change, range_days))
    return " · ".join(one for one in words if one), _TONES[change.verdict]


def _doubling(change: Growth, between: tuple[float, float | None] | None) -> str:
    """Return a doubling time with its range in few words, empty where there is none."""
    if between is None:
        return ""
    least, most = between
    if most is None or change.doubling_days is None:
        return tr("doubling over {days} d", days=f"{least:.0f}")
    days, least_days, most_days = (f"{one:.0f}" for one in (change.doubling_days, least, most))
    return tr("doubling {days} d ({least}–{most})", days=days, least=least_days, most=most_days)
