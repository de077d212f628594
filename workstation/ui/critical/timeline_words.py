"""The acts of critical values as a report's time-line tells them."""

from __future__ import annotations

from typing import Final

from resources.translation import tr
from workstation.domain.dispatch import TimelineEvent, TimelineStep

CRITICAL_STEPS: Final = frozenset(step for step in TimelineStep if step.value.startswith("critical_"))


def critical_words(event: TimelineEvent) -> tuple[str, str, str]:
    """Return what was done in words, its colour token and its icon."""
    who, receiver = event.who, event.route
    return {
        TimelineStep.CRITICAL_RECOGNISED: (
            tr("Critical value recognised by {name}", name=who), "bad", "alarm-warning"),
        TimelineStep.CRITICAL_REMINDED: (tr("Critical value: reminder, nobody has read it back"), "warn", "timer"),
        TimelineStep.CRITICAL_ESCALATED: (tr("Critical value: time is over, escalated"), "bad", "alarm-warning"),
        TimelineStep.CRITICAL_TRIED: (
            tr("Critical value: {name} called, nobody was reached", name=who), "warn", "phone"),
        TimelineStep.CRITICAL_CALLED: (
            tr("Critical value: {name} told {receiver}, no read-back yet", name=who, receiver=receiver), "warn",
            "phone"),
        TimelineStep.CRITICAL_READ_BACK: (
            tr("Critical value: {receiver} read back to {name}", name=who, receiver=receiver), "ok", "phone"),
        TimelineStep.CRITICAL_ACKNOWLEDGED: (
            tr("Critical value acknowledged by {name}, {site}", name=who, site=receiver), "ok", "check-double"),
        TimelineStep.CRITICAL_CLOSED: (tr("Critical value closed by {name}", name=who), "ok", "check"),
        TimelineStep.CRITICAL_DISMISSED: (tr("Critical value dismissed by {name}", name=who), "t2", "close"),
    }[event.step]  # fmt: skip


def critical_detail(event: TimelineEvent) -> str:
    """Return what was found or said; the lines of the clock and of closing need none."""
    silent = {TimelineStep.CRITICAL_REMINDED, TimelineStep.CRITICAL_ESCALATED, TimelineStep.CRITICAL_CLOSED}
    if event.step in silent or not event.detail:
        return ""
    said = {TimelineStep.CRITICAL_READ_BACK, TimelineStep.CRITICAL_ACKNOWLEDGED}
    return tr("“{words}”", words=event.detail) if event.step in said else event.detail
