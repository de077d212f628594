"""How critical values are said on the screen."""

from __future__ import annotations

from datetime import datetime

from resources.translation import tr
from workstation.domain.critical import CallMethod, CallOutcome, CriticalStage, CriticalValue
from workstation.domain.critical_clock import CriticalTimer, critical_timer

_MINUTE_S = 60


def clock_text(timer: CriticalTimer) -> str:
    """Return the time left as minutes and seconds, with a plus once it is over."""
    seconds = int(-timer.left_s) if timer.left_s < 0 else int(timer.left_s + 0.999)
    if timer.stage is CriticalStage.NOTIFIED:
        seconds = max(0, int(timer.total_s - timer.left_s))
    sign = "+" if timer.left_s < 0 and timer.stage is not CriticalStage.NOTIFIED else ""
    return f"{sign}{seconds // _MINUTE_S:02d}:{seconds % _MINUTE_S:02d}"


def clock_caption(timer: CriticalTimer) -> str:
    """Return the word below the clock."""
    if timer.stage is CriticalStage.NOTIFIED:
        return tr("to read-back")
    return tr("overdue") if timer.left_s < 0 else tr("left")


def stage_words(value: CriticalValue, now: datetime) -> tuple[str, str]:
    """Return where the clock stands as a sentence, and its tone."""
    remind, escalate = value.remind_after_s // _MINUTE_S, value.escalate_after_s // _MINUTE_S
    return {
        CriticalStage.RUNNING: (
            tr("Reminder after {remind} min, escalation after {escalate} min", remind=remind, escalate=escalate),
            "t2",
        ),
        CriticalStage.REMINDED: (
            tr("Reminded at {remind} min, escalates at {escalate} min", remind=remind, escalate=escalate),
            "warn",
        ),
        CriticalStage.ESCALATED: (tr("Over {escalate} min: escalated", escalate=escalate), "bad"),
        CriticalStage.NOTIFIED: (tr("Read back"), "ok"),
        CriticalStage.DISMISSED: (tr("Dismissed"), "t3"),
    }[critical_timer(value, now).stage]


def read_back_words(value: CriticalValue) -> tuple[str, str]:
    """Return whether it was read back, and the tone."""
    if value.is_open:
        return tr("Not confirmed"), "warn"
    if value.received is not None:
        return tr("Acknowledged by {name}", name=value.received.party.name), "ok"
    return tr("Confirmed, not signed by the receiver"), "warn"


def method_words(method: CallMethod) -> str:
    """Return how somebody was told."""
    return {
        CallMethod.PHONE: tr("Telephone"),
        CallMethod.IN_PERSON: tr("In person"),
        CallMethod.MESSAGE: tr("Message"),
    }[method]


def outcome_words(outcome: CallOutcome) -> str:
    """Return what became of a call."""
    return {
        CallOutcome.REACHED: tr("Reached"),
        CallOutcome.NO_ANSWER: tr("No answer"),
        CallOutcome.BUSY: tr("Busy"),
        CallOutcome.WRONG_NUMBER: tr("Wrong number"),
    }[outcome]


def last_call(value: CriticalValue) -> tuple[str, str]:
    """Return whom the last call went to, and how; dashes before the first."""
    if not value.calls:
        return "—", "—"
    call = value.calls[-1]
    who = " ".join(part for part in (call.receiver_role, call.receiver) if part.strip())
    how = " ".join(part for part in (method_words(call.method), call.number) if part.strip())
    if call.outcome is not CallOutcome.REACHED:
        how = f"{how} · {outcome_words(call.outcome)}"
    late = int(call.delay.total_seconds()) // _MINUTE_S
    if late:
        how = f"{how} · {tr('told the hub {minutes} min later', minutes=late)}"
    return who or "—", how
