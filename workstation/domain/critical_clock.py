"""The clock of a critical value, and the national indicator that is counted from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from workstation.domain.critical import ESCALATE_AFTER, CriticalStage, CriticalState, CriticalValue


@dataclass(frozen=True, slots=True)
class CriticalTimer:
    """What the ring shows; ``left_s`` is negative once the time is over."""

    stage: CriticalStage
    left_s: float
    total_s: float

    @property
    def fraction_left(self) -> float:
        """Return the part of the ring that is still drawn, in [0, 1]."""
        return min(1.0, max(0.0, self.left_s / self.total_s))


def critical_timer(value: CriticalValue, now: datetime) -> CriticalTimer:
    """
    Return what the clock of a critical value says at ``now``, a time of the hub.

    Once it was read back, the clock stands at the moment of the read-back.
    """
    at = now if value.confirmed_at is None else value.confirmed_at
    elapsed_s = (at - value.recognised_at).total_seconds()
    if value.state is CriticalState.DISMISSED:
        stage = CriticalStage.DISMISSED
    elif not value.is_open:
        stage = CriticalStage.NOTIFIED
    elif elapsed_s >= value.escalate_after_s:
        stage = CriticalStage.ESCALATED
    elif elapsed_s >= value.remind_after_s:
        stage = CriticalStage.REMINDED
    else:
        stage = CriticalStage.RUNNING
    return CriticalTimer(stage, value.escalate_after_s - elapsed_s, float(value.escalate_after_s))


@dataclass(frozen=True, slots=True)
class NotificationShare:
    """
    National indicator 4: how many critical values were notified in time.

    ``unsigned`` were read back in time and are not counted, for one side or both have not signed.
    """

    total: int
    in_time: int
    still_open: int
    unsigned: int = 0

    @property
    def share(self) -> float | None:
        """Return the part that was notified in time, None without any critical value."""
        return self.in_time / self.total if self.total else None


def notification_share(values: Iterable[CriticalValue], *, within: timedelta = ESCALATE_AFTER) -> NotificationShare:
    """
    Count the critical values that were read back ``within`` the time from their recognition, with both names to it.

    A notification is complete when both sides have time, content and name on record: the time is that of the
    read-back, a signature may follow. Dismissed ones do not count; one that nobody has read back is not in time.

    *Source:* indicator 4 of the national radiology quality indicators, 2024.
    """
    counted = [value for value in values if value.state is not CriticalState.DISMISSED]
    told = [
        value
        for value in counted
        if value.confirmed_at is not None and value.confirmed_at - value.recognised_at <= within
    ]
    signed = sum(value.is_signed_by_both for value in told)
    return NotificationShare(len(counted), signed, sum(value.is_open for value in counted), len(told) - signed)
