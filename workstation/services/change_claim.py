"""
"Change since the prior", held against what was measured then and now.

The nodule is the dominant one: of the typed axes, else the largest of the table. A pair that the reader confirmed
decides; without one the largest nodule that the newest signed prior tells of. What counts as a change is the rule of
growth (``domain/tracking``): 25 % of volume (BTS 2015), else 1.5 mm of the mean diameter (ACR Lung-RADS v2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workstation.domain.finding import Finding
from workstation.domain.finding_size import size_of
from workstation.domain.norm.values import NormDenial
from workstation.domain.report import Report, ReportState
from workstation.domain.template import ReportTemplate, Text
from workstation.domain.told_fields import day_words
from workstation.domain.tracking import GROWTH_MM, GrowthVerdict, growth
from workstation.services.dominant_nodule import LONG, typed_mean_mm

CHANGE: Final = "change"
_DENIED_BY: Final = {
    "stable": frozenset({GrowthVerdict.GROWN, GrowthVerdict.SHRUNK}),
    "growing": frozenset({GrowthVerdict.SHRUNK}),
    "smaller": frozenset({GrowthVerdict.GROWN}),
}
_PAIR: Final = Text(
    "{day} {before:.1f} mm → 本次 {now:.1f} mm（{change:+.1f} mm，{rule}）",
    "{before:.1f} mm on {day}, {now:.1f} mm now ({change:+.1f} mm, {rule})",
)
_LARGEST: Final = Text(
    "{day} 已签发报告最大结节 {before:.1f} mm → 本次 {now:.1f} mm（{change:+.1f} mm，{rule}）",
    "largest nodule {before:.1f} mm in the signed report of {day}, {now:.1f} mm now ({change:+.1f} mm, {rule})",
)
_BY_DIAMETER: Final = Text("阈值 1.5 mm，Lung-RADS v2022", "limit 1.5 mm, Lung-RADS v2022")
_BY_VOLUME: Final = Text("体积变化 {share:+.0%}，阈值 25%，BTS 2015", "volume {share:+.0%}, limit 25 %, BTS 2015")


def change_contradictions(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield the chosen change with the two sizes and the rule that deny it, in the words of the report."""
    fields = {one.key: one for one in template.fields}
    item = fields.get(CHANGE) if LONG in fields else None  # that of the dominant nodule, and of nothing else
    chosen = None if item is None else next((one for one in item.choices if one.key == _said(report)), None)
    denied_by = frozenset[GrowthVerdict]() if chosen is None else _DENIED_BY.get(chosen.key, frozenset())
    if chosen is None or not denied_by:
        return
    measured = _measured(report)
    if measured is not None and measured[0] in denied_by:
        yield NormDenial(CHANGE, chosen.label.get(report.language), measured[1])


def largest_nodule_mm(report: Report) -> float | None:
    """Return the mean diameter of the largest nodule that a signed report tells of; typed axes count before a table."""
    if report.state is not ReportState.FINAL:
        return None
    sizes = (size_of(one, report.drawn.annotations) for one in report.findings.reported)
    typed = typed_mean_mm(report)
    return typed if typed is not None else max((one.mm for one in sizes if one is not None), default=None)


def _said(report: Report) -> str:
    return report.values.get(CHANGE, "").strip()


def _measured(report: Report) -> tuple[GrowthVerdict, str] | None:
    """Return what became of the dominant nodule and its sizes in words, None where nothing was measured then."""
    sized = [(size.mm, one) for one in report.findings.reported if (size := size_of(one, report.drawn.annotations))]
    typed = typed_mean_mm(report)
    if any(one.follow_up is not None for _mm, one in sized):
        nearest = min(sized, key=lambda each: -each[0] if typed is None else abs(each[0] - typed))
        return _of_pair(nearest[1], report.language)
    now = typed if typed is not None else max((mm for mm, _one in sized), default=None)
    told = next((one for one in report.known_priors if one.largest_mm is not None), None)
    if now is None or told is None or told.largest_mm is None:
        return None
    change = round(now - told.largest_mm, 6)
    if abs(change) <= GROWTH_MM:
        return GrowthVerdict.STABLE, ""
    day = day_words(told.study_date)
    words = _LARGEST.get(report.language).format(
        day=day, before=told.largest_mm, now=now, change=change, rule=_BY_DIAMETER.get(report.language)
    )
    return (GrowthVerdict.GROWN if change > 0 else GrowthVerdict.SHRUNK), words


def _of_pair(finding: Finding, language: str) -> tuple[GrowthVerdict, str] | None:
    pair = finding.follow_up
    if pair is None:
        return None
    change = growth(pair.prior, pair.current)
    rule = _BY_DIAMETER.get(language)
    if change.volume_change_share is not None:
        rule = _BY_VOLUME.get(language).format(share=change.volume_change_share)
    before, now = pair.prior.mean_diameter_mm, pair.current.mean_diameter_mm
    words = _PAIR.get(language).format(
        day=pair.prior.observed_on.isoformat(), before=before, now=now, change=now - before, rule=rule
    )
    return change.verdict, words
