"""
What a signature asks of the critical values of a report: each was read back, or somebody answers for it.

What the report only suggests asks too: it is recognised, or its signer says why it is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from resources.translation import language, tr
from workstation.domain.critical import CriticalValue
from workstation.domain.critical_board import CriticalPort
from workstation.domain.critical_policy import CriticalPolicy, CriticalSuggestion
from workstation.domain.errors import NotSignable
from workstation.domain.finding import FindingList
from workstation.domain.norm.values import CRITICAL_OPEN, CRITICAL_SUGGESTED, NormOverride
from workstation.domain.report import Person, Report
from workstation.domain.template import ReportTemplate
from workstation.services.critical_service import new_suggestions
from workstation.services.patience import PATIENCE_S, answer_within


def open_critical(report: Report, signer_id: str) -> tuple[CriticalValue, ...]:
    """Return the critical values that nobody has read back and that this signer does not answer for."""
    answered = {one.target for one in report.answers_of(signer_id) if one.rule == CRITICAL_OPEN}
    return tuple(one for one in report.critical_values if one.is_open and one.critical_uid not in answered)


def require_critical(report: Report, signer_id: str) -> None:
    """Raise NotSignable naming every open critical value."""
    waiting = open_critical(report, signer_id)
    if waiting:
        raise NotSignable(
            tr("Critical values without a read-back: {names}", names="; ".join(one.text for one in waiting)),
            hint=tr("Call the receiver (F8), or answer for signing without it with a reason."),
            detail=" ".join(one.critical_uid for one in waiting),
        )


def answered_for(report: Report, reason: str, *, by: Person, at: datetime) -> Report:
    """Return the report with its open critical values answered for by its signer; ValueError without a reason."""
    overrides = tuple(
        NormOverride(CRITICAL_OPEN, one.critical_uid, one.text, reason, by.user_id, at, by_name=by.name)
        for one in open_critical(report, by.user_id)
    )
    return report.with_overrides(overrides, at=at)


def open_suggestions(
    report: Report, suggestions: Sequence[CriticalSuggestion], signer_id: str
) -> tuple[CriticalSuggestion, ...]:
    """
    Return the suggestions that this signer has not dismissed in this version; recognised ones are no longer any.

    A dismissal holds for the words of its field: an old dissection that becomes an acute one is asked for again.
    """
    answers = report.answers_of(signer_id)
    dismissed = {(one.target, one.against) for one in answers if one.rule == CRITICAL_SUGGESTED}
    return tuple(one for one in suggestions if (_target(one), _words(report, one)) not in dismissed)


def suggestions_dismissed(
    report: Report, suggestions: Sequence[CriticalSuggestion], reason: str, *, by: Person, at: datetime
) -> Report:
    """Return the report with the reason why its signer takes none of these for critical; ValueError without one."""
    overrides = tuple(
        NormOverride(
            CRITICAL_SUGGESTED, _target(one), in_words(one), reason, by.user_id, at, _words(report, one), by.name
        )
        for one in suggestions
    )
    return report.with_overrides(overrides, at=at)


def in_words(suggestion: CriticalSuggestion) -> str:
    """Return how a suggestion is told: what is only suspected as such."""
    return tr("Suspected: {finding}", finding=suggestion.text) if suggestion.suspected else suggestion.text


def _target(suggestion: CriticalSuggestion) -> str:
    return suggestion.entry.key or suggestion.text


def _words(report: Report, suggestion: CriticalSuggestion) -> str:
    """Return what its field says, empty for a mark of the AI."""
    return report.values.get(suggestion.target, "").strip()


@dataclass(frozen=True, slots=True)
class AskSuggestions:
    """
    What the report suggests by the policy of the hub, by the shipped one where the hub is silent.

    Form and impression only: which marks of the AI may speak depends on what the reader has been shown.
    """

    hub: CriticalPort
    shipped: CriticalPolicy
    patience_s: float = PATIENCE_S

    def __call__(self, report: Report, template: ReportTemplate, signer_id: str) -> None:
        """Raise NotSignable naming every suggestion that was neither recognised nor dismissed."""
        policy = answer_within(self.hub.policy, self.patience_s) or self.shipped
        found = new_suggestions(
            policy, report.critical_values, template, report.values, FindingList(report.study_instance_uid), language()
        )
        waiting = open_suggestions(report, found, signer_id)
        if waiting:
            raise NotSignable(
                tr("The report suggests critical values: {names}", names="; ".join(map(in_words, waiting))),
                hint=tr("Recognise them (F8), or say why they are none."),
                detail=" ".join(one.entry.key for one in waiting),
            )


@dataclass(frozen=True, slots=True)
class AskCritical:
    """What the hub knows of the critical values of a case by now: somebody else may have recognised one meanwhile."""

    hub: CriticalPort
    patience_s: float = PATIENCE_S

    def __call__(self, report: Report) -> Report:
        """Return the report with the values of the hub beside those told nowhere else yet; as it is in silence."""
        board = answer_within(lambda: self.hub.of_case(report.ups_instance_uid), self.patience_s)
        if board is None:
            return report
        found = {one.critical_uid: one for one in report.critical_values}
        found |= {notice.value.critical_uid: notice.value for notice in board.notices}
        return with_critical(report, tuple(sorted(found.values(), key=lambda one: one.recognised_at)))


def with_critical(report: Report, values: tuple[CriticalValue, ...]) -> Report:
    """Return the report with the critical values as the hub has them; its revision stays, nobody wrote anything."""
    return report if report.critical_values == values else replace(report, critical_values=values)
