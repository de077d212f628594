"""
"No significant change since …": the sentence that a button writes, held against what was measured over time.

A nodule that the reader confirmed in that earlier study and that has grown or shrunk beyond the rule of growth (25 %
of volume, else 1.5 mm: ``domain/tracking.growth``) contradicts it, before it is written and before the signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from workstation.domain.finding import Finding
from workstation.domain.norm.values import NormDenial
from workstation.domain.report import Report
from workstation.domain.template import FieldType, ReportTemplate, Text
from workstation.domain.tracking import GrowthVerdict, growth

_SENTENCE: Final = Text("与 {date} 检查比较，未见明显变化。", "No significant change since {date}.")
_CHANGE: Final = Text(
    "{number}号 {before:.1f} → {now:.1f} mm {verdict}", "no. {number} {before:.1f} → {now:.1f} mm {verdict}"
)
_VERDICTS: Final = {
    GrowthVerdict.GROWN: Text("增大", "grown"),
    GrowthVerdict.SHRUNK: Text("缩小", "smaller"),
}


def unchanged_sentence(language: str, day: str) -> str:
    """Return the sentence in the language of the report; ``day`` as ISO 8601 writes it."""
    return _SENTENCE.get(language).format(date=day)


def measured_changes(report: Report, prior_study_instance_uid: str) -> tuple[str, ...]:
    """Return in the words of the report which nodules changed since that study, sizes as mean diameters in mm."""
    told = (_change(one, prior_study_instance_uid, report.language) for one in report.findings.reported)
    return tuple(one for one in told if one)


def unchanged_contradictions(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield each text that says so of a day on which a nodule was another size."""
    priors: dict[str, date] = {}
    for finding in report.findings.reported:
        if finding.follow_up is not None:
            priors[finding.follow_up.prior_study_instance_uid] = finding.follow_up.prior.observed_on
    for uid, day in priors.items():
        said, changes = unchanged_sentence(report.language, day.isoformat()), measured_changes(report, uid)
        for item in template.fields if changes else ():
            if item.type is FieldType.TEXT and said in report.values.get(item.key, ""):
                yield NormDenial(item.key, said, changes[0])


def _change(finding: Finding, prior_study_instance_uid: str, language: str) -> str:
    pair = finding.follow_up
    if pair is None or pair.prior_study_instance_uid != prior_study_instance_uid:
        return ""
    verdict = _VERDICTS.get(growth(pair.prior, pair.current).verdict)
    if verdict is None:
        return ""
    before, now = pair.prior.mean_diameter_mm, pair.current.mean_diameter_mm
    return _CHANGE.get(language).format(number=finding.number, before=before, now=now, verdict=verdict.get(language))
