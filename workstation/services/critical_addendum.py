"""The critical-value addendum from the record of the call: the reader checks words instead of typing them again."""

from __future__ import annotations

from typing import Final

from workstation.dicom.sr.critical_words import critical_lines, reported
from workstation.dicom.sr.report_words import local_time
from workstation.domain.critical import CallMethod, CallOutcome, CallRecord, CriticalValue
from workstation.domain.report import Report
from workstation.services.reading_session import ReadingSession

TEMPLATE_ID: Final = "critical-addendum"
_LEVELS: Final = {"RID49480": "cat1", "RID49481": "cat2", "RID49482": "cat3"}
_METHODS: Final = {
    CallMethod.PHONE: "telephone",
    CallMethod.IN_PERSON: "in_person",
    CallMethod.MESSAGE: "system",
}
_ROLES: Final = (("nurse", ("护", "nurse")), ("physician", ("医", "physician", "doctor")))
"""The role of the receiver is told in free words; what they do not say is chosen as another role."""


def record_words(report: Report) -> str:
    """Return what was recorded of the critical values in the report's language, empty where there is none."""
    lines = (line for value in reported(report) for line in critical_lines(value, report.language))
    return "\n".join(lines)


def fill_from_record(session: ReadingSession) -> bool:
    """Fill the empty fields of the addendum template from the newest record; tell whether anything was filled."""
    values = reported(session.report)
    if session.read_only or session.template.template_id != TEMPLATE_ID or not values:
        return False
    newest = max(values, key=lambda value: value.recognised_at)
    known = {item.key for item in session.template.fields}
    filled = False
    for key, text in record_values(newest).items():
        if key in known and text and not session.report.values.get(key, "").strip():
            session.set_value(key, text)
            filled = True
    return filled


def record_values(value: CriticalValue) -> dict[str, str]:
    """
    Return the fields of the template that the record answers; what it does not say is not among them.

    The call that was read back counts, else the last one that reached somebody; without any the receiver's own
    acknowledgement.
    """
    found = {
        "level": _LEVELS[value.level.value],
        "critical_finding": value.text,
        "recognised_at": local_time(value.recognised_at),
        "read_back": "no" if value.is_open else "yes",
    }
    call = _telling(value)
    if call is not None:
        return found | {
            "notifier": call.notifier.name,
            "receiver": call.receiver,
            "receiver_role": _role(call.receiver_role),
            "call_number": call.number,
            "received_at": local_time(call.at),
            "method": _METHODS[call.method],
            "read_back_text": call.read_back_text or value.acknowledgement,
        }
    if value.received is not None:
        return found | {
            "notifier": value.notified.party.name if value.notified is not None else value.recognised_by.name,
            "receiver": value.received.party.name,
            "received_at": local_time(value.received.at),
            "method": "system",
            "read_back_text": value.acknowledgement,
        }
    return found


def _telling(value: CriticalValue) -> CallRecord | None:
    reached = [call for call in value.calls if call.outcome is CallOutcome.REACHED]
    return next((call for call in reached if call.read_back), reached[-1] if reached else None)


def _role(words: str) -> str:
    said = words.casefold()
    if not said.strip():
        return ""
    return next((role for role, marks in _ROLES if any(mark in said for mark in marks)), "other")
