"""Who answered for which fault before a signature and why, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from resources.translation import tr
from workstation.domain.norm.values import CRITICAL_OPEN, CRITICAL_SUGGESTED, NormFault, NormKind, NormOverride
from workstation.domain.report import Person, Report
from workstation.domain.template import ReportTemplate
from workstation.services.norm_gate import describe_fault


@dataclass(frozen=True, slots=True)
class Answer:
    """One override as it is shown: what it is about, who gave it when, and why."""

    what: str
    who: str
    reason: str


def answered(report: Report, faults: Iterable[NormFault], reason: str, *, by: Person, at: datetime) -> Report:
    """Return the report with these faults answered for by its reader; ValueError without a reason."""
    overrides = tuple(
        NormOverride(one.rule, one.target, one.quote, reason, by.user_id, at, against=one.against, by_name=by.name)
        for one in faults
    )
    return report.with_overrides(overrides, at=at)


def answers(overrides: Iterable[NormOverride], template: ReportTemplate) -> tuple[Answer, ...]:
    """Return the overrides in words, in the order in which they were given."""
    return tuple(_answer(one, template) for one in overrides)


def answer_lines(overrides: Iterable[NormOverride], template: ReportTemplate) -> tuple[str, ...]:
    """Return one line for each override: what, by whom, when and why."""
    return tuple(
        tr("{what}. Answered for by {who}: {reason}", what=one.what, who=one.who, reason=one.reason)
        for one in answers(overrides, template)
    )


def signing_lines(report: Report, signer_id: str, template: ReportTemplate) -> tuple[str, ...]:
    """
    Return what is answered for under this signature, then what others or former versions said, marked as void.

    Each person's newest answer for a fault stands for those that this person gave before.
    """
    own = _newest(report.answers_of(signer_id))
    former = {key: one for key, one in _newest(report.former_answers(signer_id)).items() if key not in own}
    void = (
        tr("{answer} (does not count for your signature)", answer=line)
        for line in answer_lines(former.values(), template)
    )
    return (*answer_lines(own.values(), template), *void)


def _newest(overrides: Iterable[NormOverride]) -> dict[tuple[str, ...], NormOverride]:
    return {(one.by, one.rule, one.target, one.quote, one.against): one for one in overrides}


def _answer(override: NormOverride, template: ReportTemplate) -> Answer:
    if override.rule == CRITICAL_OPEN:
        what = tr("Critical value without a read-back: {name}", name=override.quote)
    elif override.rule == CRITICAL_SUGGESTED:
        what = tr("Suggested as a critical value: {name}", name=override.quote)
    else:  # the kind is not part of the sentence
        fault = NormFault(NormKind.CONCLUSION, override.rule, override.target, override.quote, override.against)
        what = describe_fault(fault, template)
    at = override.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return Answer(what, f"{override.by_name or override.by} {at}", " ".join(override.reason.split()))
