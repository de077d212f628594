"""What a signature asks of the critical values of a report: each was read back, or somebody answers for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from resources.translation import tr
from workstation.domain.critical import CriticalValue
from workstation.domain.errors import NotSignable
from workstation.domain.norm.values import NormOverride
from workstation.domain.report import Report

RULE: Final = "critical_open"
"""The rule of an override that answers for an open critical value; its target is the value's UID."""


def open_critical(report: Report) -> tuple[CriticalValue, ...]:
    """Return the critical values that nobody has read back and nobody answers for."""
    answered = {one.target for one in report.norm_overrides if one.rule == RULE}
    return tuple(one for one in report.critical_values if one.is_open and one.critical_uid not in answered)


def require_critical(report: Report) -> None:
    """Raise NotSignable naming every open critical value."""
    waiting = open_critical(report)
    if waiting:
        raise NotSignable(
            tr("Critical values without a read-back: {names}", names="; ".join(one.text for one in waiting)),
            hint=tr("Call the receiver through (F8), or answer for signing without it with a reason."),
            detail=" ".join(one.critical_uid for one in waiting),
        )


def answered_for(report: Report, reason: str, *, by: str, at: datetime) -> Report:
    """Return the report with its open critical values answered for; ValueError without a reason."""
    overrides = tuple(NormOverride(RULE, one.critical_uid, one.text, reason, by, at) for one in open_critical(report))
    return report.with_overrides(overrides, at=at)


def with_critical(report: Report, values: tuple[CriticalValue, ...]) -> Report:
    """Return the report with the critical values as the hub has them; its revision stays, nobody wrote anything."""
    return report if report.critical_values == values else replace(report, critical_values=values)
