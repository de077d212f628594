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

    ``unsigned`` were read back in time and are not counted, for one side or both have not signed; ``told_late`` are
    not, for the hub heard of the call long after it and the receiver did not acknowledge in time either.
    """

    total: int
    in_time: int
    still_open: int
    unsigned: int = 0
    told_late: int = 0

    @property
    def share(self) -> float | None:
        """Return the part that was notified in time, None without any critical value."""
        return self.in_time / self.total if self.total else None


def notification_share(values: Iterable[CriticalValue], *, within: timedelta = ESCALATE_AFTER) -> NotificationShare:
    """
    Count the critical values that were read back ``within`` the time from their recognition, with both names to it.

    A notification is complete when both sides have time, content and name on record: the time is that of the
    read-back, a signature may follow. Dismissed ones do not count; one that nobody has read back is not in time. A call
    that was told long after it (``TOLD_LATE``) counts only where the receiver acknowledged in time as well.

    *Source:* indicator 4 of the national radiology quality indicators, 2024.
    """
    counted = [value for value in values if value.state is not CriticalState.DISMISSED]
    told = [
        value
        for value in counted
        if value.confirmed_at is not None and value.confirmed_at - value.recognised_at <= within
    ]
    proven = [value for value in told if _is_proven(value, within)]
    signed = sum(value.is_signed_by_both for value in proven)
    still_open = sum(value.is_open for value in counted)
    return NotificationShare(len(counted), signed, still_open, len(proven) - signed, len(told) - len(proven))


def _is_proven(value: CriticalValue, within: timedelta) -> bool:
    """Tell whether more than the notifier's later word says that it was read back in time."""
    limit = value.recognised_at + within
    if value.received is not None and value.received.at <= limit:
        return True
    return any(call.read_back and call.at <= limit and not call.is_told_late for call in value.calls)
